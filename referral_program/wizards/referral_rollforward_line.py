from odoo import api, fields, models


class ReferralRollforwardLine(models.TransientModel):
    """What was owed to one partner, what moved it, and what is owed after that."""

    _name = "referral.rollforward.line"
    _description = "Participant in a Referral Roll-Forward"
    _inherit = ["referral.rollforward.figures"]
    _order = "currency_id, program_id, name, id"

    program_id = fields.Many2one("referral.program", required=True, ondelete="cascade")
    participant_id = fields.Many2one(
        "referral.participant",
        ondelete="cascade",
        help="Empty if the items' partner does not take part in the program.",
    )
    partner_id = fields.Many2one("res.partner", "Client", ondelete="cascade")
    name = fields.Char()

    @api.depends("name", "participant_id")
    @api.depends_context("lang")
    def _compute_display_name(self):
        for line in self:
            line.display_name = line._label()
            if not line.participant_id:
                line.display_name = self.env._(
                    "%(partner)s (not a participant)", partner=line._label()
                )

    def _label(self):
        """Return whose row it is, as people read it."""
        self.ensure_one()
        return self.name or self.env._("Without a partner")

    def _movement_domain(self):
        return [
            *super()._movement_domain(),
            ("program_id", "=", self.program_id.id),
            ("partner_id", "=", self.partner_id.id),
        ]
