from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.tools import SQL, format_date, formatLang
from odoo.tools.date_utils import end_of, start_of

from ..models.balance import ledger
from ..tools.actions import window

#: The columns, from left to right.
FIGURES = ("opening", *ledger.MOVEMENTS, "closing")
#: What a preset is: which unit of time, and how many of it ago.
PRESETS = {
    "this_month": ("month", 0),
    "last_month": ("month", 1),
    "this_quarter": ("quarter", 0),
    "last_quarter": ("quarter", 1),
    "this_year": ("year", 0),
    "last_year": ("year", 1),
}


class ReferralRollforward(models.TransientModel):
    """The liability to the participants from one day to another, by participant.

    Everything goes by accounting dates, so that the closing balance is the general
    ledger's on the last day. The rows are computed when it is shown and whenever it
    is downloaded; what has no partner, or one that does not take part, has its rows
    too.
    """

    _name = "referral.rollforward"
    _description = "Referral Roll-Forward"

    period = fields.Selection(
        [
            ("this_month", "This month"),
            ("last_month", "Last month"),
            ("this_quarter", "This quarter"),
            ("last_quarter", "Last quarter"),
            ("this_year", "This year"),
            ("last_year", "Last year"),
            ("custom", "Other days"),
        ],
        required=True,
        default="last_month",
    )
    date_from = fields.Date(
        "From",
        compute="_compute_dates",
        store=True,
        precompute=True,
        readonly=False,
        required=True,
        help="The first day of the period; the opening balance is at the end of the "
        "day before.",
    )
    date_to = fields.Date(
        "To",
        compute="_compute_dates",
        store=True,
        precompute=True,
        readonly=False,
        required=True,
        help="The last day of the period; the closing balance is at the end of that "
        "day.",
    )
    program_ids = fields.Many2many(
        "referral.program",
        "referral_rollforward_program_rel",
        string="Programs",
        context={"active_test": False},
        default=lambda self: self._readable_programs(),
    )
    company_ids = fields.Many2many(
        "res.company",
        "referral_rollforward_company_rel",
        string="Companies",
        default=lambda self: self.env.companies,
        domain=lambda self: [("id", "in", self.env.companies.ids)],
        help="The companies whose journal items count. A program's balances are those "
        "of its company and all of its branches together.",
    )
    line_ids = fields.One2many(
        "referral.rollforward.line", "rollforward_id", "Participants", readonly=True
    )
    total_ids = fields.One2many(
        "referral.rollforward.total", "rollforward_id", "Totals", readonly=True
    )
    line_count = fields.Integer("Rows", compute="_compute_line_count")
    computed_on = fields.Datetime("As of", readonly=True)

    # === COMPUTE METHODS === #

    @api.depends("period")
    def _compute_dates(self):
        today = fields.Date.context_today(self)
        for wizard in self:
            if wizard.period in PRESETS:
                unit, ago = PRESETS[wizard.period]
                day = start_of(today, unit)
                for _back in range(ago):
                    day = start_of(fields.Date.subtract(day, days=1), unit)
                wizard.date_from, wizard.date_to = day, end_of(day, unit)
            else:
                wizard.date_from = wizard.date_from or start_of(today, "month")
                wizard.date_to = wizard.date_to or today

    @api.depends("total_ids")
    def _compute_line_count(self):
        for wizard in self:
            wizard.line_count = sum(wizard.total_ids.mapped("line_count"))

    @api.depends("date_from", "date_to")
    @api.depends_context("lang")
    def _compute_display_name(self):
        for wizard in self:
            wizard.display_name = self.env._(
                "Roll-forward, %(period)s", period=wizard._period_text()
            )

    def _readable_programs(self):
        programs = self.env["referral.program"].with_context(active_test=False)
        return programs.search([("company_id", "in", self.env.companies.ids)])

    # === COMPUTING === #

    def _refresh(self):
        """Compute the rows and their totals anew from the ledger, by two queries.

        :raise UserError: if the first day comes after the last one
        :raise AccessError: if a program or a company is not the user's
        """
        self.ensure_one()
        self._check_scope()
        self.env.flush_all()
        for table in ("referral_rollforward_line", "referral_rollforward_total"):
            self.env.cr.execute(
                SQL(
                    "DELETE FROM %s WHERE rollforward_id = %s",
                    SQL.identifier(table),
                    self.id,
                )
            )
        self.env.cr.execute(self._lines_query())
        self.env.cr.execute(self._totals_query())
        self.env["referral.rollforward.line"].invalidate_model(flush=False)
        self.env["referral.rollforward.total"].invalidate_model(flush=False)
        self.invalidate_recordset(["line_ids", "total_ids", "line_count"])
        self.computed_on = fields.Datetime.now()

    def _check_scope(self):
        if self.date_from > self.date_to:
            raise UserError(
                self.env._("The first day is after the last one. Correct the dates.")
            )
        self.program_ids.check_access("read")
        if self.company_ids - self.env.companies:
            raise AccessError(
                self.env._(
                    "Choose among the companies that are switched on in the company "
                    "menu."
                )
            )

    def _scope(self):
        """Return the values that all queries need."""
        return {
            "rollforward": self.id,
            "programs": self.program_ids.ids,
            "companies": self.company_ids.ids,
            "date_from": self.date_from,
            "date_to": self.date_to,
            "user": self.env.uid,
            "now": fields.Datetime.now(),
        }

    def _lines_query(self):
        """Return the ``INSERT`` of a row for each partner in each program."""
        return SQL(
            """
            INSERT INTO referral_rollforward_line
                   (rollforward_id, program_id, currency_id, participant_id,
                    partner_id, name, opening, accrued, taken_back, withdrawn, spent,
                    adjusted, closing, create_uid, create_date, write_uid, write_date)
            SELECT %(rollforward)s, program_id, currency_id, participant_id, partner_id,
                   partner.complete_name,
                   COALESCE(SUM(amount) FILTER (WHERE kind = 'opening'), 0),
                   COALESCE(SUM(amount) FILTER (WHERE kind = 'accrued'), 0),
                   COALESCE(SUM(amount) FILTER (WHERE kind = 'taken_back'), 0),
                   COALESCE(SUM(amount) FILTER (WHERE kind = 'withdrawn'), 0),
                   COALESCE(SUM(amount) FILTER (WHERE kind = 'spent'), 0),
                   COALESCE(SUM(amount) FILTER (WHERE kind = 'adjusted'), 0),
                   SUM(amount),
                   %(user)s, %(now)s, %(user)s, %(now)s
              FROM (
                SELECT ledger.program_id, item.company_currency_id AS currency_id,
                       participant.id AS participant_id, item.partner_id,
                       'opening' AS kind, -SUM(item.balance) AS amount
                  FROM %(items)s
                 WHERE ledger.program_id = ANY(%(programs)s)
                   AND ledger.company_id = ANY(%(companies)s)
                   AND item.date < %(date_from)s
                 GROUP BY 1, 2, 3, 4
                 UNION ALL
                SELECT program_id, currency_id, participant_id, partner_id, kind,
                       SUM(amount)
                  FROM (%(movements)s) movement
                 WHERE program_id = ANY(%(programs)s)
                   AND company_id = ANY(%(companies)s)
                   AND date BETWEEN %(date_from)s AND %(date_to)s
                 GROUP BY 1, 2, 3, 4, 5
              ) figure
              LEFT JOIN res_partner partner ON partner.id = figure.partner_id
             GROUP BY program_id, currency_id, participant_id, partner_id, partner.id
            HAVING BOOL_OR(kind <> 'opening' OR amount <> 0)
            """,
            items=ledger.ITEMS,
            movements=ledger.movements(),
            **self._scope(),
        )

    def _totals_query(self):
        """Return the ``INSERT`` of each currency's sums, and of what they tie with.

        The ledger's side knows neither programs, participants nor kinds. What is open
        of an item on a day is what is open now, and what was settled after that day.
        """
        return SQL(
            """
            WITH booked AS (
                SELECT item.id, item.company_currency_id AS currency_id, item.balance,
                       item.amount_residual
                  FROM account_move_line item
                 WHERE (item.account_id, item.company_id) IN (
                       SELECT account_id, company_id FROM (%(accounts)s) ledger
                        WHERE program_id = ANY(%(programs)s)
                          AND company_id = ANY(%(companies)s))
                   AND item.parent_state = 'posted'
                   AND item.date <= %(date_to)s
            ), later AS (
                SELECT debit_move_id AS id, amount FROM account_partial_reconcile
                 WHERE max_date > %(date_to)s
                 UNION ALL
                SELECT credit_move_id, -amount FROM account_partial_reconcile
                 WHERE max_date > %(date_to)s
            ), settled AS (
                SELECT booked.currency_id, SUM(later.amount) AS amount
                  FROM booked JOIN later USING (id)
                 GROUP BY booked.currency_id
            ), ledger AS (
                SELECT booked.currency_id, -SUM(booked.balance) AS balance,
                       -SUM(booked.amount_residual)
                           - COALESCE(MAX(settled.amount), 0) AS open_items
                  FROM booked LEFT JOIN settled USING (currency_id)
                 GROUP BY booked.currency_id
            ), total AS (
                SELECT currency_id, COUNT(*) AS line_count,
                       SUM(opening) AS opening, SUM(accrued) AS accrued,
                       SUM(taken_back) AS taken_back, SUM(withdrawn) AS withdrawn,
                       SUM(spent) AS spent, SUM(adjusted) AS adjusted,
                       SUM(closing) AS closing
                  FROM referral_rollforward_line
                 WHERE rollforward_id = %(rollforward)s
                 GROUP BY currency_id
            )
            INSERT INTO referral_rollforward_total
                   (rollforward_id, currency_id, line_count, opening, accrued,
                    taken_back, withdrawn, spent, adjusted, closing, ledger,
                    difference, open_items, create_uid, create_date, write_uid,
                    write_date)
            SELECT %(rollforward)s, currency_id, COALESCE(line_count, 0),
                   COALESCE(opening, 0), COALESCE(accrued, 0), COALESCE(taken_back, 0),
                   COALESCE(withdrawn, 0), COALESCE(spent, 0), COALESCE(adjusted, 0),
                   COALESCE(closing, 0), COALESCE(balance, 0),
                   COALESCE(closing, 0) - COALESCE(balance, 0), COALESCE(open_items, 0),
                   %(user)s, %(now)s, %(user)s, %(now)s
              FROM total FULL JOIN ledger USING (currency_id)
            """,
            accounts=ledger.ACCOUNTS,
            **self._scope(),
        )

    # === WHAT A FIGURE CONSISTS OF === #

    def _movement_domain(self):
        """Return the domain of all movements of these programs and companies."""
        self.ensure_one()
        return [
            ("program_id", "in", self.program_ids.ids),
            ("company_id", "in", self.company_ids.ids),
        ]

    def _figure_domain(self, figure=None):
        """Return the domain of a figure's days and kind; by default the period's."""
        if figure == "opening":
            return [("date", "<", self.date_from)]
        days = [("date", "<=", self.date_to)]
        if figure == "closing":
            return days
        days.append(("date", ">=", self.date_from))
        if figure in ledger.MOVEMENTS:
            days.append(("kind", "=", figure))
        return days

    # === WHAT IT TELLS === #

    def _period_text(self):
        """Return the period as the viewer reads it."""
        self.ensure_one()
        return self.env._(
            "%(date_from)s to %(date_to)s",
            date_from=format_date(self.env, self.date_from),
            date_to=format_date(self.env, self.date_to),
        )

    @api.model
    def _labels(self):
        """Return the columns' headings."""
        return {
            "opening": self.env._("Opening Balance"),
            "accrued": self.env._("Accrued"),
            "taken_back": self.env._("Reversed"),
            "withdrawn": self.env._("Withdrawn"),
            "spent": self.env._("Used for invoices"),
            "adjusted": self.env._("Adjusted"),
            "closing": self.env._("Closing Balance"),
        }

    def _amount(self, amount, currency):
        """Return an amount without its currency, as the viewer reads it."""
        return formatLang(self.env, amount, digits=currency.decimal_places)

    # === ACTION METHODS === #

    def action_show(self):
        """Compute it and show it."""
        self._refresh()
        return {
            "type": "ir.actions.act_window",
            "name": self.display_name,
            "res_model": self._name,
            "res_id": self.id,
            "view_mode": "form",
            "views": [
                (
                    self.env.ref(
                        "referral_program.referral_rollforward_view_form_result"
                    ).id,
                    "form",
                )
            ],
        }

    def action_view_lines(self):
        """Open the rows by participant, as a list and as a pivot."""
        self.ensure_one()
        return window(
            self.env,
            "referral_rollforward_line_action",
            [("rollforward_id", "=", self.id)],
            # a group's sums are those of all its rows, and of one currency
            {"search_default_by_currency": True},
            name=self.display_name,
        )

    def action_view_movements(self):
        """Open all journal items of the period."""
        self.ensure_one()
        return window(
            self.env,
            "referral_liability_movement_action",
            [*self._movement_domain(), *self._figure_domain()],
        )

    def action_download_pdf(self):
        """Download it as a PDF, computed anew."""
        return self._download("pdf")

    def action_download_xlsx(self):
        """Download it as a workbook, computed anew."""
        return self._download("xlsx")

    def _download(self, kind):
        self.ensure_one()
        return {
            "type": "ir.actions.act_url",
            "url": f"/referral/rollforward/{self.id}/{kind}",
            "target": "download",
        }
