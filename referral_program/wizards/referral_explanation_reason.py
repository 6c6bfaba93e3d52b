from odoo import fields, models
from odoo.tools import SQL


class ReferralExplanation(models.TransientModel):
    """Why a line gave nothing, or not all: one definition for whoever shows it."""

    _inherit = "referral.explanation"

    reason = fields.Selection(
        selection="_selection_reason", help="Why the line has not earned all of it."
    )
    waits = fields.Boolean(
        help="The reason passes by itself: the line is not excluded, but not yet due."
    )
    state = fields.Selection(
        [("full", "In Full"), ("part", "In Part"), ("nothing", "Nothing")],
        "Earned",
        help="How much of the full base was credited or will be by the next accrual.",
    )

    def _selection_reason(self):
        """Return the accrual's own reasons, and what is told beside them."""
        own = self.env["referral.earning"]._reasons()
        reasons = {code: label for code, label, _condition in own} | {
            "participant_inactive": self.env._("Participant rejected or closed"),
            "bonus": self.env._("Settled by bonus"),
            "not_money": self.env._("Settled by non-cash means"),
            "refunded": self.env._("Refunded in full"),
            "zero": self.env._("Nothing to earn: the amount is zero"),
            "moved": self.env._("Client moved to another participant"),
            "gone": self.env._("No longer on a posted invoice"),
            # not all of it yet
            "not_paid": self.env._("Not paid in full yet"),
            "not_matched": self.env._("Payment not matched by the bank yet"),
            "not_rendered": self.env._("Not rendered in full yet"),
            "referral_pending": self.env._("Waits: referral not approved yet"),
            "participant_suspended": self.env._("Waits: participant suspended"),
        }
        return list(reasons.items())

    def _waiting(self):
        """Return the codes of the reasons that pass by themselves."""
        return (
            "not_paid",
            "not_matched",
            "not_rendered",
            "referral_pending",
            "participant_suspended",
        )

    def _reason(self):
        """Return the reason: the accrual's own, or what a line still waits for."""
        return SQL(
            """
            CASE WHEN line.reason = 'participant_inactive'
                      AND participant.state = 'suspended' THEN 'participant_suspended'
                 WHEN line.reason IS NOT NULL THEN line.reason
                 WHEN line.full_base = 0 THEN 'zero'
                 WHEN ABS(line.earned) >= ABS(line.full_base) THEN NULL
                 WHEN grp.net <= 0 THEN 'refunded'
                 WHEN line.paid > line.rendered THEN 'not_rendered'
                 WHEN settled.unmatched > 0 THEN 'not_matched'
                 WHEN grp.money + settled.unpaid >= grp.net
                 THEN CASE WHEN settled.bonus > 0 THEN 'bonus' ELSE 'not_money' END
                 ELSE 'not_paid' END
            """
        )

    def _state(self):
        """Return how much of the full base gives something, credited or pending."""
        return SQL(
            """
            CASE WHEN line.credited_base + line.base = 0 THEN 'nothing'
                 WHEN ABS(line.credited_base + line.base) < ABS(line.full_base)
                 THEN 'part'
                 ELSE 'full' END
            """
        )
