from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL

#: What the program itself notes about a client.
NOTED = frozenset({"link_id", "first_paid_on", "joined_told", "paid_told"})


class ReferralReferral(models.Model):
    """Which link brought the client, and whether they have become one who pays."""

    _inherit = "referral.referral"

    link_id = fields.Many2one(
        "referral.link",
        "Named Link",
        readonly=True,
        copy=False,
        index="btree_not_null",
        tracking=True,
        help="The participant's link that the client followed; empty for the one "
        "without a name, and for clients who followed none.",
    )
    first_paid_on = fields.Date(
        "First Payment Noticed",
        readonly=True,
        copy=False,
        help="The day on which the program noticed the client's first payment for "
        "something that counts.",
    )

    @api.model_create_multi
    def create(self, vals_list):
        if not self.env.su:
            # not by way of the context either
            noted = dict.fromkeys(NOTED, False)
            vals_list = [{**vals, **noted} for vals in vals_list]
        return super().create(vals_list)

    def write(self, vals):
        if not self.env.su and NOTED & vals.keys():
            raise UserError(
                self.env._(
                    "The program itself notes which link a client followed, and when "
                    "they first paid."
                )
            )
        if "participant_id" in vals:
            # the link is the one's whose client it is not any more
            vals = {**vals, "link_id": False}
        return super().write(vals)

    def _note_first_payments(self, program, lines):
        """Note which clients have paid for something that counts.

        :param program: the ``referral.program`` whose lines they are
        :param SQL lines: the ``SELECT`` of what the open lines have earned
        """
        self.flush_model(["first_paid_on"])
        self.env.cr.execute(
            SQL(
                """
                UPDATE referral_referral referral
                   SET first_paid_on = %(today)s
                 WHERE referral.program_id = %(program)s
                   AND referral.first_paid_on IS NULL
                   AND (referral.id IN (
                        SELECT line.referral_id
                          FROM (%(lines)s) line
                         WHERE line.paid > 0 AND line.reason IS NULL)
                    OR EXISTS (
                        SELECT FROM referral_referral_month month
                         WHERE month.referral_id = referral.id AND month.base > 0))
                """,
                today=program._today(),
                program=program.id,
                lines=lines,
            )
        )
        self.invalidate_model(["first_paid_on"])
