from odoo import fields, models


class ReferralFormerContact(models.Model):
    """Contacts from whom a membership was moved to another contact.

    Their items on the liability account stay where they were booked, and stay the
    participant's: the entry of the move brings them to zero. So does whatever is
    booked on them later, as when an old payment is undone.
    """

    _name = "referral.former.contact"
    _description = "Former Contact of a Participant"
    _order = "id desc"

    participant_id = fields.Many2one(
        "referral.participant", required=True, index=True, ondelete="cascade"
    )
    program_id = fields.Many2one(
        related="participant_id.program_id", store=True, index=True
    )
    partner_id = fields.Many2one("res.partner", "Contact", required=True)
    move_id = fields.Many2one(
        "account.move",
        "Journal Entry",
        index="btree_not_null",
        ondelete="restrict",
        help="The entry that moved the balance; empty if there was none.",
    )

    _partner_unique = models.UniqueIndex("(program_id, partner_id)")
