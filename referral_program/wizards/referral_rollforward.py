from collections import defaultdict

from odoo import Command, api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.fields import Domain
from odoo.tools import SQL, format_date
from odoo.tools.date_utils import end_of, start_of

from ..models.balance import ledger
from ..tools.actions import dialog, window

#: The columns, from left to right.
FIGURES = ("opening", *ledger.MOVEMENTS, "closing")
#: What stands beside them, as the general ledger has it.
LEDGER = ("ledger", "open_items")
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
    _rec_names_search = ["program_ids"]
    _inherit = ["referral.table.report"]
    _route = "rollforward"

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
        today = self.env["referral.program"]._today_in(self.env.company)
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

    @api.depends("line_ids")
    def _compute_line_count(self):
        for wizard in self:
            wizard.line_count = len(wizard.line_ids)

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
        """Compute the rows and their totals anew from the ledger.

        :raise UserError: if the first day comes after the last one
        :raise AccessError: if a program or a company is not the user's
        """
        self.ensure_one()
        self._check_scope()
        lines = self._read_lines()
        totals = self._read_totals(lines)
        # sudo: the rows are nobody's to edit
        self.sudo().write(
            {
                "line_ids": [Command.clear(), *map(Command.create, lines)],
                "total_ids": [Command.clear(), *map(Command.create, totals)],
                "computed_on": fields.Datetime.now(),
            }
        )

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

    def _read_lines(self):
        """Return the rows' values: one for each partner in each program."""
        lines = defaultdict(lambda: dict.fromkeys(FIGURES, 0.0))
        for *key, amount in self._read_movements("opening"):
            if amount:
                lines[tuple(key)]["opening"] = amount
        for *key, kind, amount in self._read_movements("period", "kind"):
            lines[tuple(key)][kind] = amount
        for line in lines.values():
            line["closing"] = sum(line.values())
        partners = [partner.id for *_key, partner in lines if partner]
        return [
            {
                "program_id": program.id,
                "currency_id": currency.id,
                "participant_id": participant.id,
                "partner_id": partner.id,
                # sudo: contacts of a sales team may be closed to others
                "name": partner.sudo().with_prefetch(partners).complete_name,
                **line,
            }
            for (program, currency, participant, partner), line in lines.items()
        ]

    def _read_movements(self, figure, *groupby):
        return self.env["referral.liability.movement"]._read_group(
            [*self._movement_domain(), *self._figure_domain(figure)],
            ["program_id", "currency_id", "participant_id", "partner_id", *groupby],
            ["amount:sum"],
        )

    def _read_totals(self, lines):
        """Return the totals' values: for each currency, beside the ledger's side."""
        totals = defaultdict(lambda: dict.fromkeys((*FIGURES, *LEDGER), 0.0))
        for line in lines:
            for name in FIGURES:
                totals[line["currency_id"]][name] += line[name]
        for currency, name, amount in self._read_ledger():
            totals[currency.id][name] += amount
        for total in totals.values():
            total["difference"] = round(total["closing"] - total["ledger"], 6)
        return [
            {"currency_id": currency, **total} for currency, total in totals.items()
        ]

    def _read_ledger(self):
        """Yield what the general ledger says: currency, name of the field and amount.

        It knows neither programs, participants nor kinds. What is open of an item on
        a day is what is open now, and what was settled after that day.
        """
        domain = self._ledger_domain()
        # sudo: only sums are told, of companies and programs that are the user's
        items = self.env["account.move.line"].sudo()
        for currency, balance, still_open in items._read_group(
            domain, ["company_currency_id"], ["balance:sum", "amount_residual:sum"]
        ):
            yield currency, "ledger", -balance
            yield currency, "open_items", -still_open
        for side, sign in (("debit_move_id", -1), ("credit_move_id", 1)):
            later = [("max_date", ">", self.date_to), (side, "any", domain)]
            for currency, amount in items.env["account.partial.reconcile"]._read_group(
                later, [f"{side}.company_currency_id"], ["amount:sum"]
            ):
                yield currency, "open_items", sign * amount

    def _ledger_domain(self):
        """Return the domain of all items on the accounts until the last day."""
        accounts = SQL(
            """
            SELECT account_id, ARRAY_AGG(company_id) FROM (%s) ledger
             WHERE program_id = ANY(%s) AND company_id = ANY(%s)
             GROUP BY account_id
            """,
            ledger.ACCOUNTS,
            self.program_ids.ids,
            self.company_ids.ids,
        )
        booked = Domain.OR(
            Domain("account_id", "=", account) & Domain("company_id", "in", companies)
            for account, companies in self.env.execute_query(accounts)
        )
        until = Domain("parent_state", "=", "posted") & Domain(
            "date", "<=", self.date_to
        )
        return booked & until

    # === WHAT A FIGURE CONSISTS OF === #

    def _movement_domain(self):
        """Return the domain of all movements of these programs and companies."""
        self.ensure_one()
        return [
            ("program_id", "in", self.program_ids.ids),
            ("company_id", "in", self.company_ids.ids),
        ]

    def _figure_domain(self, figure="period"):
        """Return the domain of a figure's days and kind, or of the whole period."""
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

    # === ACTION METHODS === #

    def action_show(self):
        """Compute it and show it."""
        self._refresh()
        view = "referral_rollforward_view_form_result"
        return dialog(self, self.display_name, view, target="current")

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
