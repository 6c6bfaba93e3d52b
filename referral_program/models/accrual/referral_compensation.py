from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL

from ...tools.actions import window_of
from ...tools.amounts import exact


class ReferralCompensation(models.Model):
    """What one participant earned in one accrual: one item of its journal entry.

    Made by the accrual and never edited; its amount is the sum of its lines,
    rounded half up once to the company's currency.
    """

    _name = "referral.compensation"
    _description = "Referral Compensation"
    _inherit = ["referral.immutable.mixin"]
    _log_access = False
    _order = "accrual_id desc, amount desc, id"
    _rec_names_search = ["participant_id", "accrual_id"]

    accrual_id = fields.Many2one("referral.accrual", required=True)
    participant_id = fields.Many2one("referral.participant", required=True, index=True)
    type_id = fields.Many2one(
        related="participant_id.type_id", string="Participant Type"
    )
    program_id = fields.Many2one(related="accrual_id.program_id")
    company_id = fields.Many2one(related="accrual_id.company_id")
    currency_id = fields.Many2one(related="accrual_id.currency_id")
    period_start = fields.Date(related="accrual_id.period_start", string="Month")
    state = fields.Selection(related="accrual_id.state")
    base = fields.Monetary(
        help="What the clients newly paid for and used, less refunds."
    )
    amount = fields.Monetary(
        "Compensation",
        help="What the participant earned; negative if more was reversed.",
    )
    accrued = fields.Monetary(
        help="The compensation for the month's services, rounded; the rest of the "
        "compensation is a reversal of what was credited in excess before."
    )
    move_line_id = fields.Many2one(
        "account.move.line",
        "Journal Item",
        ondelete="restrict",
        index="btree_not_null",
        help="The item on the liability account; empty if the amount is zero.",
    )
    move_id = fields.Many2one(related="move_line_id.move_id", string="Journal Entry")
    line_ids = fields.One2many("referral.accrual.line", "compensation_id", "Evidence")

    _participant_unique = models.UniqueIndex("(accrual_id, participant_id)")

    @api.depends("participant_id", "accrual_id")
    def _compute_display_name(self):
        for compensation in self:
            compensation.display_name = (
                f"{compensation.participant_id.display_name}, "
                f"{compensation.accrual_id.display_name}"
            )

    def _post_step(self):
        """Post the entry of those of a batch that none credits yet, and commit it.

        Others may be at further batches of the month at the same time: two that are
        at the same compensation cannot both link it.

        :raise ConcurrencyError: if somebody has the program
        """
        program = self.accrual_id.program_id
        if program._in_job():
            program._take_for_step()
        else:
            program._share_for_step()
        if left := self.filtered(lambda c: not c.move_line_id):
            left.accrual_id._post_entry(left)
        program._checkpoint()

    def action_view_lines(self):
        """Open the evidence of these compensations."""
        return window_of(self, "referral_accrual_line_action", "compensation_id")

    def action_view_item(self):
        """Open the journal item on the liability account.

        :raise UserError: if there is none, because nothing came out
        """
        self.ensure_one()
        if not self.move_line_id:
            raise UserError(
                self.env._(
                    "There is no journal entry: the compensation is zero, or not "
                    "posted yet."
                )
            )
        return self.move_line_id._get_records_action()

    def action_why(self):
        """Explain the lines of this compensation, as of its month's last day."""
        self.ensure_one()
        self.check_access("read")
        groups = SQL(
            "SELECT DISTINCT group_key AS group_id FROM referral_accrual_line"
            " WHERE compensation_id = %s",
            self.id,
        )
        keep = SQL(
            "line.line_key IN (SELECT line_key FROM referral_accrual_line"
            " WHERE compensation_id = %s)",
            self.id,
        )
        return self.env["referral.explain"]._ask(
            self.program_id, groups, keep, self.accrual_id.period_end
        )

    def _event_data(self):
        """Return what the provider's system is told: what the month gave or took."""
        accrual, currency = self.accrual_id, self.participant_id.currency_id
        return {
            "month": fields.Date.to_string(accrual.period_start),
            "amount": exact(self.amount, currency.decimal_places),
            "currency": currency.name,
        }
