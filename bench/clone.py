"""Cloning invoices with their credit notes and payments in SQL.

Odoo makes about five invoices a second; this makes thousands. Each table's rows
are copied as they are, except for ids, names and dates: copy ``n`` of a row gets
its id plus ``n`` times the number of ids that the rows to be cloned span, and so
does each reference between cloned rows.
"""

from typing import NamedTuple

from odoo.tools import SQL

from .seed import CLIENT, MONTH

#: Copies made by one statement, to keep its list of checks to be done short.
CHUNK = 200
#: References between cloned rows: the table that a column refers to.
REFERENCES = {
    "move_id": "account_move",
    "invoice_id": "account_move",
    "reversed_entry_id": "account_move",
    "referral_root_id": "account_move",
    "origin_payment_id": "account_payment",
    "payment_id": "account_payment",
    "full_reconcile_id": "account_full_reconcile",
    "debit_move_id": "account_move_line",
    "credit_move_id": "account_move_line",
    "account_move_line_id": "account_move_line",
    "object_id": "account_move_line",
}
#: Columns whose value in a clone depends on nothing but the column's name.
VALUES = {
    "partner_id": "target.partner_id",
    "commercial_partner_id": "target.partner_id",
    "partner_shipping_id": "target.partner_id",
    "invoice_partner_display_name": "target.partner_name",
    "agent_id": "target.agent_id",
    "sequence_number": "source.sequence_number + target.copy * target.seeds",
    "sequence_prefix": "replace(source.sequence_prefix, target.old_year, "
    "target.new_year)",
}
#: Texts that hold the name of the invoice or of its payment.
TEXTS = ("name", "move_name", "ref", "memo", "payment_reference")
#: Dates that stay when a clone belongs to another month.
UNMOVED = ("create_date", "write_date", "auto_post_until")


class Table(NamedTuple):
    """A table to clone.

    :ivar joins: what leads from its rows, named ``source``, to the invoices',
        credit notes' and payments' entries, named ``entry``
    """

    name: str
    joins: str


BY_ENTRY = "JOIN bench_entry entry ON entry.move_id = source.move_id"
BY_LINE = """JOIN account_move_line line ON line.id = source.{}
             JOIN bench_entry entry ON entry.move_id = line.move_id"""
TABLES = (
    Table("account_move", "JOIN bench_entry entry ON entry.move_id = source.id"),
    Table("account_payment", BY_ENTRY),
    Table("account_move_line", BY_ENTRY),
    Table(
        "account_full_reconcile",
        "JOIN (SELECT DISTINCT full_reconcile_id, debit_move_id "
        "FROM account_partial_reconcile) part ON part.full_reconcile_id = source.id "
        + BY_LINE.format("debit_move_id").replace("source.", "part."),
    ),
    Table("account_partial_reconcile", BY_LINE.format("debit_move_id")),
    Table(
        "account_move__account_payment",
        "JOIN bench_entry entry ON entry.move_id = source.invoice_id",
    ),
    Table("account_move_line_account_tax_rel", BY_LINE.format("account_move_line_id")),
    Table("account_invoice_line_agent", BY_LINE.format("object_id")),
)


class Cloner:
    """Clones the seed's invoices month by month.

    :param clients: a list of (partner id, name, agent's partner id or None), to
        whom the clones are given in turn
    """

    def __init__(self, env, clients):
        self.cr = env.cr
        self.copies = 0
        self._store_clients(clients)
        self._find_entries()
        self.tables = [table for table in TABLES if self._columns(table.name)]
        self.spans = {table.name: self._span(table) for table in self.tables}
        self._skip_checks_if_allowed()

    def clone(self, count, months_back=0):
        """Make so many invoices, with what belongs to them, in one month."""
        self._make_targets(count, months_back)
        self.cr.execute("SELECT MIN(copy), MAX(copy) FROM bench_target")
        first, last = self.cr.fetchone()
        statement = self._statement()
        for start in range(first, last + 1, CHUNK):
            self.cr.execute(statement % {"from": start, "to": start + CHUNK - 1})
        self.copies = last
        self.cr.execute("DROP TABLE bench_target")

    def finish(self):
        """Let ids that Odoo gives from now on follow the clones' ids."""
        for table in self.tables:
            if "id" in self._columns(table.name):
                self.cr.execute(
                    f"SELECT setval(pg_get_serial_sequence('{table.name}', 'id'), "
                    f"MAX(id)) FROM {table.name}"
                )

    # === What to clone, and to whom it goes === #

    def _store_clients(self, clients):
        self.cr.execute(
            "CREATE TEMPORARY TABLE bench_client "
            "(number serial, partner_id int, name varchar, agent_id int)"
        )
        for partner_id, name, agent_id in clients:
            self.cr.execute(
                SQL(
                    "INSERT INTO bench_client (partner_id, name, agent_id) "
                    "VALUES (%s, %s, %s)",
                    partner_id,
                    name,
                    agent_id,
                )
            )

    def _find_entries(self):
        """Collect the seed's invoices, each with its credit note and payment."""
        self.cr.execute(
            SQL(
                """
                CREATE TEMPORARY TABLE bench_pair AS
                SELECT ROW_NUMBER() OVER (ORDER BY invoice.id) - 1 AS pair,
                       invoice.id AS invoice_id, invoice.name AS invoice_name,
                       credit.id AS credit_id, credit.name AS credit_name,
                       payment.move_id AS payment_id, payment.name AS payment_name
                  FROM account_move invoice
                  JOIN res_partner client ON client.id = invoice.partner_id
                  LEFT JOIN account_move credit
                    ON credit.reversed_entry_id = invoice.id
                  LEFT JOIN account_move__account_payment link
                    ON link.invoice_id = invoice.id
                  LEFT JOIN account_payment payment ON payment.id = link.payment_id
                 WHERE invoice.move_type = 'out_invoice' AND client.name = %s
                """,
                CLIENT,
            )
        )
        self.cr.execute(
            """
            CREATE TEMPORARY TABLE bench_entry AS
            SELECT pair, invoice_id AS move_id FROM bench_pair
             UNION ALL
            SELECT pair, credit_id FROM bench_pair WHERE credit_id IS NOT NULL
             UNION ALL
            SELECT pair, payment_id FROM bench_pair WHERE payment_id IS NOT NULL
            """
        )
        self.cr.execute("ANALYZE bench_pair; ANALYZE bench_entry; ANALYZE bench_client")

    def _make_targets(self, count, months_back):
        """Make a row for each clone: its copy, its client, its names and month."""
        year = MONTH.year + (MONTH.month - 1 - months_back) // 12
        self.cr.execute(
            f"""
            CREATE TEMPORARY TABLE bench_target AS
            SELECT numbered.*,
                   -{months_back} AS months,
                   '/{MONTH.year}/' AS old_year, '/{year}/' AS new_year,
                   client.partner_id, client.name AS partner_name, client.agent_id,
                   {_renamed("invoice_name", year)} AS new_invoice,
                   {_renamed("credit_name", year)} AS new_credit,
                   {_renamed("payment_name", year)} AS new_payment
              FROM (SELECT pair.*, seeds,
                           {self.copies} + 1 + number / seeds AS copy,
                           1 + number % clients AS client
                      FROM (SELECT COUNT(*) AS seeds FROM bench_pair) a,
                           (SELECT COUNT(*) AS clients FROM bench_client) b,
                           generate_series(0, {count} - 1) number
                      JOIN bench_pair pair
                        ON pair.pair = number % (SELECT COUNT(*) FROM bench_pair)
                   ) numbered
              JOIN bench_client client ON client.number = numbered.client
            """
        )
        self.cr.execute("CREATE INDEX ON bench_target (copy, pair)")
        self.cr.execute("ANALYZE bench_target")

    # === The statement === #

    def _statement(self):
        """Return one statement that clones all tables.

        One, because their references go both ways and are checked at its end.
        """
        parts = [
            f"c{number} AS ({self._insert(table)})"
            for number, table in enumerate(self.tables)
        ]
        return "WITH " + ", ".join(parts) + " SELECT"

    def _insert(self, table):
        columns = self._columns(table.name)
        values = [
            self._value(table, column, kind) + f' AS "{column}"'
            for column, kind in columns.items()
        ]
        return f"""
            INSERT INTO {table.name} ({", ".join(f'"{c}"' for c in columns)})
            SELECT {", ".join(values)}
              FROM {table.name} source
              {table.joins}
              JOIN bench_target target
                ON target.pair = entry.pair
               AND target.copy BETWEEN %(from)s AND %(to)s
        """

    def _value(self, table, column, kind):
        """Return the expression of a clone's column."""
        own = f'source."{column}"'
        target = table.name if column == "id" else REFERENCES.get(column)
        if column == "matching_number":
            return self._matching_number(own)
        if target in self.spans:
            return f"({own} + target.copy * {self.spans[target]})"
        if column in VALUES:
            return f"CASE WHEN {own} IS NOT NULL THEN {VALUES[column]} END"
        if column in TEXTS:
            for document in ("invoice", "credit", "payment"):
                own = (
                    f"replace({own}, COALESCE(target.{document}_name, '/'), "
                    f"COALESCE(target.new_{document}, '/'))"
                )
            return own
        if kind == "date" and column not in UNMOVED:
            return f"({own} + make_interval(months => target.months))::date"
        return own

    def _matching_number(self, own):
        """Return the expression of a clone's number of what it is matched with.

        That is the full reconciliation, or the first part of one that is not full.
        """
        full = self.spans["account_full_reconcile"]
        part = self.spans["account_partial_reconcile"]
        return (
            f"CASE WHEN {own} LIKE 'P%%' "
            f"THEN 'P' || (substr({own}, 2)::int + target.copy * {part}) "
            f"ELSE ({own}::int + target.copy * {full})::text END"
        )

    def _columns(self, table):
        """Return the columns of a table and their types; nothing without it."""
        self.cr.execute(
            "SELECT column_name, data_type FROM information_schema.columns "
            "WHERE table_schema = 'public' AND table_name = %s "
            "ORDER BY ordinal_position",
            [table],
        )
        return dict(self.cr.fetchall())

    def _span(self, table):
        """Return by how much the ids of one copy differ from the next one's."""
        if "id" not in self._columns(table.name):
            return 0
        self.cr.execute(
            f"SELECT COALESCE(MAX(source.id) - MIN(source.id) + 1, 0) "
            f"FROM {table.name} source {table.joins}"
        )
        return self.cr.fetchone()[0]

    def _skip_checks_if_allowed(self):
        """Only a superuser may switch references' checks off; others wait longer."""
        self.cr.execute("SELECT rolsuper FROM pg_roles WHERE rolname = current_user")
        if self.cr.fetchone()[0]:
            self.cr.execute("SET LOCAL session_replication_role = replica")


def _renamed(name, year):
    """Return the expression of a clone's name: the next numbers, in its own year."""
    number = f"(right({name}, 5)::int + copy * seeds)"
    return (
        f"replace(left({name}, -5), '/{MONTH.year}/', '/{year}/') || "
        f"to_char({number}, CASE WHEN {number} < 100000 THEN 'FM00000' "
        "ELSE 'FM999999999' END)"
    )
