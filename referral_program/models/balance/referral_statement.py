from odoo import api, fields, models
from odoo.tools import format_date, formatLang

from ...tools.actions import download
from ...tools.columns import write_columns
from ...tools.counting import count_of
from ...tools.failures import BUSY

MAIL = "referral_program.mail_template_statement"
STATEMENTS = "ir_cron_statements"


class ReferralStatement(models.Model):
    """A participant's month, frozen when its accrual is posted.

    The figures are those of the general ledger at that moment; whatever comes into
    the month later comes out in the next statement. Its documents are made when
    somebody first asks for them, and are the same bytes from then on.
    """

    _name = "referral.statement"
    _description = "Referral Statement"
    _inherit = ["referral.immutable.mixin", "referral.mail.mixin"]
    _log_access = False
    _order = "period_start desc, id desc"
    _rec_names_search = ["name", "participant_id"]

    name = fields.Char("Number", required=True)
    participant_id = fields.Many2one("referral.participant", required=True)
    accrual_id = fields.Many2one("referral.accrual", required=True, index=True)
    compensation_id = fields.Many2one(
        "referral.compensation",
        ondelete="restrict",
        help="Empty if the month credited and reversed nothing.",
    )
    program_id = fields.Many2one("referral.program", required=True)
    company_id = fields.Many2one("res.company", required=True)
    currency_id = fields.Many2one("res.currency", required=True)
    partner_id = fields.Many2one(related="participant_id.partner_id", string="Client")
    period_start = fields.Date("Month", required=True)
    lang = fields.Char("Language", required=True, help="The documents' language.")

    opening = fields.Monetary(
        "Opening Balance", help="The closing balance of the statement before."
    )
    accrued = fields.Monetary(help="The compensation for the month's services.")
    reversed = fields.Monetary(
        help="What was credited in excess before, as a negative amount."
    )
    withdrawn = fields.Monetary(help="Bills of withdrawals, net of reversals.")
    used_for_invoices = fields.Monetary(
        "Used for invoices",
        help="Own invoices paid from the balance, net of those undone.",
    )
    adjusted = fields.Monetary(
        "Adjustments",
        help="All other entries, and changes to an earlier month after its statement "
        "was made.",
    )
    closing = fields.Monetary(
        "Closing Balance",
        help="The ledger's balance at the month's end when the statement was made.",
    )
    base = fields.Monetary(related="compensation_id.base")

    made_on = fields.Datetime(required=True)
    mailed_on = fields.Datetime()

    _accrual_unique = models.UniqueIndex("(participant_id, accrual_id)")
    _name_unique = models.UniqueIndex("(program_id, name)")
    _participant_month_idx = models.Index("(participant_id, period_start)")
    _figures_tie = models.Constraint(
        "CHECK (opening + accrued + reversed + withdrawn + used_for_invoices + adjusted"
        " = closing)",
        "The figures of a statement do not add up.",
    )

    def _refusal(self):
        return self.env._(
            "A statement is what was reported to the participant for a month, so it "
            "cannot be edited or deleted. Later changes appear in the next statement."
        )

    @api.depends("name", "period_start")
    @api.depends_context("lang")
    def _compute_display_name(self):
        for statement in self:
            statement.display_name = f"{statement.name}, {statement._month()}"

    # === MAKING THEM === #

    def _cron_statements(self):
        """Make the statements of all posted months, then write to the participants.

        As a scheduled action it commits each month and each batch of mails, and
        goes on where it was interrupted. A program that fails does not stop the
        others.
        """
        programs = self.env["referral.program"]
        # sudo: statements are made by the program, nobody may write them
        due = self.env["referral.accrual"].sudo()
        due = due.search(
            [("state", "=", "posted"), ("statements_on", "=", False)],
            order="period_start, id",
        )
        steps = [(one.program_id, one._make_statements_in_job) for one in due]
        programs._in_turn(steps, "statements", STATEMENTS)
        try:
            self.sudo()._mail_due()
        except BUSY as error:
            if not programs._in_job():
                raise
            programs._give_way(error, STATEMENTS)

    # === MAIL === #

    def _by_mail_template(self):
        return {MAIL: self}

    def _mail(self, template):
        result = super()._mail(template)
        write_columns(self, mailed_on=fields.Datetime.now())
        return result

    def _is_credit(self):
        """Tell whether the month's compensation is above zero."""
        return self.currency_id.compare_amounts(self.accrued + self.reversed, 0) > 0

    # === WHAT IT TELLS === #

    def _month(self):
        """Return the month as the viewer reads it: January 2026."""
        self.ensure_one()
        return format_date(self.env, self.period_start, date_format="LLLL y")

    def _date(self, day, date_format=False):
        """Return a date as the viewer reads it, in digits unless a format is named."""
        return format_date(self.env, day, date_format=date_format)

    def _money(self, amount):
        """Return an amount with its currency, as the viewer reads it."""
        self.ensure_one()
        return self.participant_id._money(amount, self.currency_id)

    def _figures(self):
        """Return the rows of the summary: field's name, label and amount.

        Adjustments are there only if there are any.
        """
        self.ensure_one()
        labels = {
            "opening": self.env._("Opening balance"),
            "accrued": self.env._("Compensation accrued"),
            "reversed": self.env._("Reversed"),
            "withdrawn": self.env._("Withdrawn"),
            "used_for_invoices": self.env._("Used for own invoices"),
            "adjusted": self.env._("Adjustments"),
            "closing": self.env._("Closing balance"),
        }
        return [
            (name, label, self[name])
            for name, label in labels.items()
            if self[name] or name != "adjusted"
        ]

    def _amount(self, amount):
        """Return an amount in the currency's decimals: it is exact in the evidence."""
        self.ensure_one()
        # a zero has no sign
        digits = self.currency_id.decimal_places
        return formatLang(self.env, round(amount, digits) + 0.0, digits=digits)

    def _share(self, value, most=2):
        """Return a percentage with as many decimals as it has, at most some."""
        text = f"{value:.{most}f}".rstrip("0")
        decimals = len(text.partition(".")[2])
        return formatLang(self.env, value + 0.0, digits=decimals)

    def _lines(self, limit=None, offset=0):
        """Return the evidence, client by client, the oldest invoices first."""
        self.ensure_one()
        # sudo: whoever may have the statement may have its evidence
        lines = self.env["referral.accrual.line"].sudo()
        if not self.sudo().compensation_id:
            return lines
        return lines.search(
            self._line_domain(),
            order="referral_id, invoice_date, move_name, id",
            limit=limit,
            offset=offset,
        )

    def _line_domain(self):
        return [("compensation_id", "=", self.sudo().compensation_id.id)]

    def _subtotals(self):
        """Return what each client gave.

        :return dict: referral → (number of lines, base, amount)
        """
        self.ensure_one()
        if not self.sudo().compensation_id:
            return {}
        # sudo: as in :meth:`_lines`
        lines = self.env["referral.accrual.line"].sudo()
        return {
            referral: (count, base, amount)
            for referral, count, base, amount in lines._read_group(
                self._line_domain(),
                ["referral_id"],
                ["__count", "base:sum", "amount:sum"],
            )
        }

    # === ACTION METHODS === #

    def action_download_pdf(self):
        """Download the month's PDF."""
        return self._download("pdf")

    def action_download_xlsx(self):
        """Download the month's workbook."""
        return self._download("xlsx")

    def _download(self, kind):
        self.ensure_one()
        return download(f"/referral/statement/{self.id}/{kind}")

    def action_view_lines(self):
        """Open the evidence."""
        return self.compensation_id.action_view_lines()


class ReferralParticipant(models.Model):
    """The participant's monthly statements."""

    _inherit = "referral.participant"

    statement_ids = fields.One2many(
        "referral.statement", "participant_id", "Statements"
    )
    statement_count = fields.Integer(
        compute=count_of("statement_count", "referral.statement", "participant_id")
    )

    def action_view_statements(self):
        """Open the monthly statements of these participants."""
        return self._window("referral_statement_action")
