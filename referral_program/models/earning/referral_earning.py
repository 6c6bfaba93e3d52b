from dataclasses import replace

from odoo import models
from odoo.exceptions import UserError
from odoo.tools import SQL

from .conditions import ACCRUED

#: The tables that say what came in, see ``_make_received``.
RECEIVED = ("root", "member", "money", "credit")


class ReferralEarning(models.AbstractModel):
    """What each invoice line has earned by a day: the rule of accrual as SQL.

    One query serves whoever asks: the accrual stores what it finds, an explanation
    shows it, estimate and forecast sum it. It reads temporary tables, each a plain
    ``SELECT`` with a method of its own, made in this order:

    ``root``   a row for each group: the document that reverses nothing
    ``member`` a row for each posted document of a group
    ``money``  what came in on its invoices, and whether any of it was credit
    ``credit`` what credit notes of other groups are worth, where there are any
    ``past``   what earlier accruals credited to each line
    ``group``  whose referral it is, which terms hold, how much is paid

    and then the lines: judged (``_reasons``, ``_bases``, ``_rendered``), followers
    spread over what they lower, compared with what was credited, priced (``_rates``).

    To extend the rule, inherit this model and override one of the methods named in
    ``docs/extending.md``, with ``super()``. Each returns plain data with pieces of
    SQL.

    Amounts are in the company's currency with 6 decimals, rates in percent, dates
    inclusive. Everything is ``numeric``: no floating point.
    """

    _name = "referral.earning"
    _description = "Referral Earning"

    # === OVERRIDE POINTS === #

    def _reasons(self):
        """Return why a line earns nothing: the first that holds is the reason.

        :return: a list of (code, label, condition); the condition is SQL over
            ``line`` (the line with its group's facts, see ``_line_columns``) and
            ``terms`` (those that hold for it)
        """
        return [
            (
                "no_referral",
                self.env._("Client has no referrer"),
                SQL("line.referral_id IS NULL AND line.first_day IS NULL"),
            ),
            (
                "before_referral",
                self.env._("Invoiced before the referral began"),
                SQL("line.referral_id IS NULL AND line.invoice_date < line.first_day"),
            ),
            (
                "after_referral",
                self.env._("Invoiced after the referral ended"),
                SQL("line.referral_id IS NULL"),
            ),
            (
                "self_referral",
                self.env._("Participant and client are the same"),
                SQL("line.self_referral"),
            ),
            (
                "territory",
                self.env._("Client in another country"),
                SQL("line.abroad"),
            ),
            (
                "no_terms",
                self.env._("No terms in force"),
                SQL("terms.id IS NULL"),
            ),
            *self._line_reasons(),
        ]

    def _line_reasons(self):
        """Return the reasons that lie in the line itself, as ``_reasons`` does."""
        return [
            (
                "advance",
                self.env._("Down payment: the service earns when it is invoiced"),
                SQL("line.is_advance"),
            ),
            (
                "excluded_category",
                self.env._("Category excluded by the terms"),
                SQL("excluded.categ_id IS NOT NULL"),
            ),
            (
                "discounted",
                self.env._("Discounted"),
                SQL(
                    "terms.exclude_discounted AND line.root_sign > 0"
                    " AND (line.discounted OR line.discount > 0)"
                ),
            ),
        ]

    def _bases(self):
        """Return what a line can earn on.

        :return: a list of (code of the terms' base, label, SQL over ``line``): the
            amount in the company's currency at the root's rate, positive on invoices
        """
        return [
            ("untaxed", self.env._("Amount without tax"), SQL("-line.balance")),
            (
                "total",
                self.env._("Amount with tax"),
                SQL(
                    "CASE WHEN line.price_subtotal = 0 THEN -line.balance ELSE"
                    " -line.balance * line.price_total / line.price_subtotal END"
                ),
            ),
        ]

    def _rendered(self, conditions):
        """Return how much of a line is rendered, from 0 to 1: SQL over ``line``."""
        return SQL(
            """
            CASE WHEN line.line_key IS NULL THEN 0
                 WHEN grp.postpaid THEN 1
                 WHEN line.start_date IS NULL OR line.end_date IS NULL
                 THEN CASE WHEN grp.rendered_date <= %(end)s THEN 1 ELSE 0 END
                 ELSE (%(until)s)::numeric / (%(days)s) END
            """,
            end=conditions.end,
            until=self._days("line", conditions.end),
            days=self._days("line"),
        )

    def _line_joins(self):
        """Return further joins to the invoice lines, ``item``, in SQL."""
        return SQL()

    def _line_columns(self):
        """Return further columns of invoice lines by name: SQL over ``item``.

        ``start_date`` and ``end_date`` are the service period, which Odoo's
        Enterprise edition keeps in other fields.
        """
        names = self.env["account.move.line"]._fields
        columns = {"is_advance": SQL("FALSE")}
        for own, other in (
            ("start_date", "deferred_start_date"),
            ("end_date", "deferred_end_date"),
        ):
            parts = [
                SQL.identifier("item", name)
                for name in (own, other)
                if name in names and names[name].store
            ]
            columns[own] = SQL("COALESCE(%s)", SQL(", ").join(parts))
        return columns

    # === TABLES === #

    def _make_tables(self, conditions, scope):
        """Have the groups' facts at hand in temporary tables.

        :param Conditions conditions: what to compute by
        :param SQL scope: a ``SELECT`` of the ids of the groups
        """
        self._check_bases(conditions)
        self._make_received(conditions, scope)
        self._make_table(
            conditions.table("past"),
            self._past_query(conditions, scope),
            ("group_id", "line_key"),
        )
        self._make_table(
            conditions.table("group"),
            self._group_query(conditions),
            ("group_id", "counts"),
        )
        self._further_tables(conditions, scope)

    def _make_received(self, conditions, scope):
        """Have the groups' documents and the money on them in temporary tables.

        They are the ``RECEIVED`` ones, which :meth:`_paid_query` reads.

        :param Conditions conditions: what to compute by
        :param SQL scope: a ``SELECT`` of the ids of the groups
        """
        self._make_table(
            conditions.table("root"),
            self._root_query(conditions, scope),
            ("group_id", "client_id", "root_sign", "posted"),
        )
        self._make_money(conditions)
        self._make_credit(conditions)

    def _make_money(self, conditions):
        """Make the tables of the groups' documents, and of the money on them."""
        self._make_table(
            conditions.table("member"),
            self._member_query(conditions),
            ("group_id", "move_id", "sign", "on_root"),
        )
        self._make_table(
            conditions.table("money"), self._money_query(conditions), ("group_id",)
        )

    def _drop_tables(self, conditions, names=None):
        """Drop what :meth:`_make_tables` made, or those tables only."""
        if names is None:
            further = ("further", "further_past") if self._further(conditions) else ()
            names = (*RECEIVED, "past", "group", *further)
        tables = map(conditions.table, names)
        self.env.cr.execute(SQL("DROP TABLE %s", SQL(", ").join(tables)))

    def _make_table(self, table, query, planned_by=()):
        """Store a query's rows for the statements after it.

        :param SQL table: its name
        :param tuple planned_by: the columns whose statistics the planner needs
        """
        self.env.cr.execute(SQL("CREATE TEMPORARY TABLE %s AS %s", table, query))
        if planned_by:
            columns = SQL(", ").join(map(SQL.identifier, planned_by))
            self.env.cr.execute(SQL("ANALYZE %s (%s)", table, columns))

    def _check_bases(self, conditions):
        """Refuse terms whose base nobody knows.

        :raise UserError: naming the base
        """
        known = [code for code, _label, _amount in self._bases()]
        unknown = self.env.execute_query(
            SQL(
                "SELECT base FROM %s WHERE program_id = %s AND base <> ALL(%s) LIMIT 1",
                SQL.identifier(conditions.terms),
                conditions.program_id,
                known,
            )
        )
        if unknown:
            raise UserError(
                self.env._(
                    "The terms of this program earn on “%(base)s”, which no installed "
                    "app defines. Install the app again, or choose another base.",
                    base=unknown[0][0],
                )
            )

    # === SMALL PARTS === #

    def _days(self, alias, until=None):
        """Return how many days a service has, both ends included, in SQL.

        :param str alias: the relation with ``start_date`` and ``end_date``
        :param date until: count only the days up to this one, inclusive
        """
        start = SQL.identifier(alias, "start_date")
        end = SQL.identifier(alias, "end_date")
        if until is None:
            return SQL("%s - %s + 1", end, start)
        return SQL("GREATEST(0, LEAST(%s, %s) - %s + 1)", end, until, start)

    def _counted(self, conditions):
        """Return which rows of the evidence, ``line``, say what was credited."""
        if conditions.evidence != ACCRUED:
            return SQL()
        return SQL(
            """
            AND line.accrual_id IN (
                SELECT id FROM referral_accrual
                 WHERE program_id = %s AND id <> %s AND period_end <= %s %s)
            """,
            conditions.program_id,
            conditions.accrual_id,
            conditions.end,
            SQL("AND state = 'posted'") if conditions.posted_only else SQL(),
        )

    def _reason_case(self):
        """Return the SQL of a line's reason, or NULL if it earns."""
        return SQL(
            "CASE %s END",
            SQL(" ").join(
                SQL("WHEN %s THEN %s", condition, code)
                for code, _label, condition in self._reasons()
            ),
        )

    def _base_case(self):
        """Return the SQL of what a line can earn on, by its terms."""
        return SQL(
            "CASE terms.base %s END",
            SQL(" ").join(
                SQL("WHEN %s THEN %s", code, amount)
                for code, _label, amount in self._bases()
            ),
        )

    def _what_occurs(self, conditions):
        """Return the conditions with what need not be computed left out."""
        [[has_inactive]] = self.env.execute_query(
            SQL(
                "SELECT EXISTS (SELECT FROM referral_participant WHERE program_id = %s"
                " AND state IN ('suspended', 'rejected', 'closed'))"
                " OR EXISTS (SELECT FROM %s WHERE is_pending)",
                conditions.program_id,
                conditions.table("group"),
            )
        )
        return replace(conditions, has_inactive=has_inactive)
