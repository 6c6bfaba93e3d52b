"""Each accrual of a test is expected by the explanation, line by line."""

from odoo import fields


class Expected:
    """Before a month is accrued, ask why; then compare all of its lines.

    Whatever the tests of the accrual do, the explanation has to agree with it: in base,
    rate and amount, for whom, and in how much is paid and rendered.
    """

    def _why(self, as_of, program=None, **values):
        """Ask about all invoices, or those that ``values`` say; return the rows.

        :param as_of: the day, or its ISO text
        """
        explain = self.env["referral.explain"].create(
            {
                "program_id": (program or self.program).id,
                "as_of": as_of,
                "date_from": False,
                "date_to": False,
                **values,
            }
        )
        explain._explain_chosen()
        return explain.row_ids

    def _accrue(self, month, program=None, on=None):
        program = program or self.program
        start = fields.Date.to_date(f"{month}-01")
        if program.accrual_ids.filtered(lambda a: a.period_start == start):
            return super()._accrue(month, program, on)
        end = fields.Date.end_of(start, "month")
        rows = self._why(end, program)
        expected = {
            self._key(row): self._said(row) for row in rows if row.base or row.amount
        }
        self.assertTrue(all(text.endswith(".") for text in rows.mapped("explanation")))
        accrual = super()._accrue(month, program, on)
        given = {self._key(line): self._said(line) for line in accrual.line_ids}
        self.assertEqual(expected, given, month)
        return accrual

    def _key(self, row):
        """Return what comes once in a month: a line, and a further referral's."""
        return row.line_key, row.is_further and row.referral_id.id

    def _said(self, row):
        """Return what a row of an explanation, or a line of evidence, says."""
        numbers = ("base", "amount", "rate", "paid", "rendered")
        return (
            row.participant_id.id,
            row.referral_id.id,
            row.terms_id.id,
            *(round(row[name], 6) for name in numbers),
        )
