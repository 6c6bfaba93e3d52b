"""Sheets of an audit file: stored data on the left with its hash, formulas beside."""

import hashlib
from dataclasses import dataclass
from datetime import date, datetime, time

from xlsxwriter.utility import xl_col_to_name
from xlsxwriter.worksheet import Worksheet

from ..tools.canonical import canonical_row, clean_text

#: Rows of data on one sheet; a workbook holds 1,048,576 with the heading.
MAX_ROWS = 1_000_000
#: The format of the heading over cells of a format.
HEADS = {
    "exact": "head_number",
    "money": "head_number",
    "share": "head_number",
    "count": "head_number",
    "check": "head_check",
}
HEAD_HEIGHT = 28


@dataclass(frozen=True)
class Column:
    """A column: its heading, its width in characters, its format."""

    heading: str
    width: int
    style: str = ""


class PlainWorksheet(Worksheet):
    """A worksheet whose formulas use no function younger than Excel 2010.

    To look for those takes a fifth of the time of a large month.
    """

    def _prepare_formula(self, formula, expand_future_functions=False):
        return formula.removeprefix("=")


class Sheet:
    """A sheet that is written row by row.

    Stored data stands in the first ``stored`` columns and enters the hash;
    formulas stand to the right of it and do not.
    """

    def __init__(self, workbook, formats, name, stored, hash_from=0):
        """:param int hash_from: the first row, from 0, that enters the hash"""
        self.sheet = workbook.add_worksheet(name, PlainWorksheet)
        self.formats = formats
        self.name = self.sheet.get_name()
        self.stored = stored
        self.hash_from = hash_from
        self.row = 0
        self._hash = hashlib.sha256()

    @property
    def last_column(self):
        return xl_col_to_name(self.stored - 1)

    def sha256(self):
        """Return the hash of the rows written so far."""
        return self._hash.hexdigest()

    def reference(self, cells):
        """Return cells of this sheet as formulas of others name them."""
        name = self.name.replace("'", "''")
        return f"'{name}'!{cells}"

    def add(self, values, styles=(), formulas=()):
        """Write a row.

        :param values: stored values, and headings of formulas; missing ones are empty
        :param styles: names of formats, of values and then of formulas
        :param formulas: pairs of a formula and its value; an empty one leaves out
            its column
        :return int: the row's number as formulas write it
        """
        values = [
            clean_text(value) if isinstance(value, str) else value for value in values
        ]
        missing = max(self.stored + len(formulas), len(values)) - len(styles)
        styles = [*styles, *[""] * missing]
        for column, value in enumerate(values):
            self._write(column, value, self.formats.get(styles[column]))
        for column, (formula, value) in enumerate(formulas, self.stored):
            style = self.formats.get(styles[column])
            if formula:
                self.sheet.write_formula(self.row, column, formula, style, value)
        if self.row >= self.hash_from:
            blank = [None] * (self.stored - len(values))
            stored = [*values[: self.stored], *blank]
            self._hash.update(canonical_row(stored).encode())
        self.row += 1
        return self.row

    def head(self, headings, styles):
        """Write a row of headings, high enough for two lines of text."""
        self.sheet.set_row(self.row, HEAD_HEIGHT)
        return self.add(headings, styles)

    def _write(self, column, value, style):
        sheet, row = self.sheet, self.row
        if value is None or value == "":
            if style:
                sheet.write_blank(row, column, None, style)
        elif isinstance(value, str):
            # never by write(), which makes formulas of some texts
            sheet.write_string(row, column, value, style)
        elif isinstance(value, date):
            sheet.write_datetime(
                row, column, datetime.combine(value, time()), self.formats["date"]
            )
        else:
            sheet.write_number(row, column, value, style)


class Table:
    """Rows of one kind, on as many sheets as they need.

    Other sheets name its cells by the number of the row of data, from 0.
    """

    def __init__(self, workbook, formats, name, stored, computed, count):
        """Add the sheets.

        :param list stored: the columns of stored data
        :param list computed: the columns of formulas
        :param int count: how many rows there will be
        """
        self.columns = [*stored, *computed]
        self.styles = [column.style for column in self.columns]
        self.sheets = [
            Sheet(
                workbook,
                formats,
                name if number == 1 else f"{name} {number}",
                len(stored),
                hash_from=1,
            )
            for number in range(1, max(1, -(-count // MAX_ROWS)) + 1)
        ]
        for sheet in self.sheets:
            self._begin(sheet)
        self.count = count
        self.index = 0
        #: how many of the rows written so far do not agree
        self.wrong = 0

    def _begin(self, sheet):
        for column, of in enumerate(self.columns):
            sheet.sheet.set_column(column, column, of.width)
        headings = [column.heading for column in self.columns]
        styles = [
            ("formula_" if column >= sheet.stored else "") + HEADS.get(of.style, "head")
            for column, of in enumerate(self.columns)
        ]
        sheet.head(headings, styles)
        sheet.sheet.freeze_panes(1, 0)

    def add(self, values, formulas):
        """Write the next row of data.

        :param formulas: a function of the row's number that returns pairs of a
            formula and its value; the last one tells whether the row agrees
        """
        sheet = self.sheets[self.index // MAX_ROWS]
        computed = formulas(sheet.row + 1)
        sheet.add(values, self.styles, computed)
        self.index += 1
        self.wrong += not computed[-1][1]

    def ranges(self, letter, first=0, last=None):
        """Return the cells of a column in some rows of data, sheet by sheet.

        :param int first: the first row of data, from 0
        :param int last: the last one, inclusive; that of the table if left out
        :return list: such as ``["'Lines'!$B$2:$B$9"]``
        """
        last = self.count - 1 if last is None else last
        found = []
        for number, sheet in enumerate(self.sheets):
            start = max(first - number * MAX_ROWS, 0)
            end = min(last - number * MAX_ROWS, MAX_ROWS - 1)
            if start <= end:
                found.append(
                    sheet.reference(f"${letter}${start + 2}:${letter}${end + 2}")
                )
        return found

    def sum(self, letter):
        """Return a formula's part that sums a whole column."""
        return f"SUM({','.join(self.ranges(letter)) or 0})"

    def sum_where(self, letter, key, value, first, last):
        """Return a formula's part that sums where another column has a value.

        Only rows of data from ``first`` to ``last`` are looked at: all would make
        the workbook slow.
        """
        return (
            "+".join(
                f"SUMIFS({summed},{keys},{value})"
                for summed, keys in zip(
                    self.ranges(letter, first, last),
                    self.ranges(key, first, last),
                    strict=True,
                )
            )
            or "0"
        )

    def number_of(self, letter):
        """Return a formula's part that counts the numbers of a column."""
        return f"COUNT({','.join(self.ranges(letter))})" if self.count else "0"

    def count_where(self, letter, value):
        """Return a formula's part that counts where a column has a value."""
        return (
            "+".join(f"COUNTIF({cells},{value})" for cells in self.ranges(letter))
            or "0"
        )
