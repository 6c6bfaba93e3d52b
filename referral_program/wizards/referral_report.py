from dateutil.relativedelta import relativedelta

from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.fields import Domain

from ..tools.actions import window

#: Rows that fit into a document which somebody may still want to read.
MAX_ROWS = {"pdf": 5_000, "xlsx": 200_000}
#: What is printed of which model.
MODELS = {
    "compensation": "referral.compensation",
    "payout": "referral.payout",
    "cost": "referral.program.cost",
}
ACTIONS = {
    "compensation": "referral_program.referral_compensation_register_action",
    "payout": "referral_program.referral_payout_action",
    "cost": "referral_program.referral_program_cost_action",
}


class ReferralReportWizard(models.TransientModel):
    """A register or report of a period: on the screen, as PDF or as a workbook.

    It only reads, with the rights of whoever asks.
    """

    _name = "referral.report.wizard"
    _description = "Print a Referral Report"
    _inherit = ["referral.table.report"]
    _route = "report"

    kind = fields.Selection(
        [
            ("compensation", "Compensation Register"),
            ("payout", "Payouts"),
            ("cost", "Cost of the Program"),
        ],
        "Report",
        required=True,
        default="compensation",
    )
    date_from = fields.Date(
        "From", required=True, default=lambda self: self._last_month(months=12)
    )
    date_to = fields.Date(
        "To",
        required=True,
        default=lambda self: self._last_month(months=1, end=True),
        help="Inclusive.",
    )
    date_kind = fields.Selection(
        [
            ("requested_on", "Requested"),
            ("billed_on", "Billed"),
            ("paid_on", "Paid"),
        ],
        "Date to Use",
        required=True,
        default="requested_on",
        help="Which date of a payout has to be in the period.",
    )
    posted_only = fields.Boolean(
        default=True, help="Leave out months that wait for review."
    )
    company_ids = fields.Many2many(
        "res.company",
        required=True,
        default=lambda self: self.env.companies,
        domain=lambda self: [("id", "in", self.env.companies.ids)],
    )
    selected_ids = fields.Json(default=lambda self: self._default_selected_ids())
    selected_count = fields.Integer(compute="_compute_selected_count")

    def _last_month(self, months, end=False):
        day = self._today().replace(day=1)
        day -= relativedelta(months=months)
        return fields.Date.end_of(day, "month") if end else day

    def _today(self):
        return self.env["referral.program"]._today_in(self.env.company)

    def _default_selected_ids(self):
        """Return the rows that are selected on the screen, if there are any."""
        kind = self.env.context.get("default_kind")
        if self.env.context.get("active_model") != MODELS.get(kind):
            return False
        return self.env.context.get("active_ids") or False

    @api.depends("selected_ids")
    def _compute_selected_count(self):
        for wizard in self:
            wizard.selected_count = len(wizard.selected_ids or [])

    @api.constrains("date_from", "date_to")
    def _check_dates(self):
        for wizard in self:
            if wizard.date_from > wizard.date_to:
                raise ValidationError(
                    self.env._("The period ends before it begins. Correct the dates.")
                )

    # === WHAT IS IN IT === #

    def _domain(self):
        """Return the domain of the rows: the selected ones, or those of the period."""
        self.ensure_one()
        if self.selected_ids:
            return [("id", "in", self.selected_ids)]
        companies = [("company_id", "in", self.company_ids.ids)]
        return [*companies, *getattr(self, f"_{self.kind}_domain")()]

    def _month_domain(self, name):
        """The months that the period touches, both ends included."""
        return [
            (name, ">=", self.date_from.replace(day=1)),
            (name, "<=", self.date_to),
        ]

    def _compensation_domain(self):
        posted = [("state", "=", "posted")] if self.posted_only else []
        return [*self._month_domain("period_start"), *posted]

    def _payout_domain(self):
        first, after = self.date_from, self.date_to + relativedelta(days=1)
        if self.date_kind != "requested_on":
            return [(self.date_kind, ">=", first), (self.date_kind, "<", after)]
        # moments as strings, for the client; each is of the day where its program is
        text = fields.Datetime.to_string
        programs = self.env["referral.program"].with_context(active_test=False)
        found = programs.search([("company_id", "in", self.company_ids.ids)])
        return Domain.OR(
            [
                ("program_id", "=", program.id),
                ("requested_on", ">=", text(program._beginning_of(first))),
                ("requested_on", "<", text(program._beginning_of(after))),
            ]
            for program in found
        )

    def _cost_domain(self):
        return self._month_domain("month")

    # === OUTPUT === #

    def action_show(self):
        """Show the same rows on the screen."""
        self.ensure_one()
        return window(self.env, ACTIONS[self.kind], self._domain())

    def action_pdf(self):
        """Download the report as PDF."""
        return self._download("pdf")

    def action_xlsx(self):
        """Download the report as a workbook."""
        return self._download("xlsx")

    def _download(self, kind):
        self._check_size(kind)
        return super()._download(kind)

    def _read_file(self, kind):
        self._check_size(kind)
        return super()._read_file(kind)

    def _check_size(self, kind):
        """Refuse what nobody could read.

        :raise UserError: if there are too many rows for this kind of document
        """
        if self.kind == "cost":
            return  # sums only
        count = self.env[MODELS[self.kind]].search_count(
            self._domain(), limit=MAX_ROWS[kind] + 1
        )
        if count > MAX_ROWS[kind]:
            raise UserError(
                self.env._(
                    "There are more than %(limit)s rows. Choose a shorter period, or "
                    "the workbook, which holds more.",
                    limit=MAX_ROWS[kind],
                )
            )

    def _file_name(self, kind):
        self.ensure_one()
        return f"referral-{self.kind}-{self.date_from}-{self.date_to}.{kind}"
