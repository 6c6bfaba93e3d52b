from odoo import api, models
from odoo.exceptions import UserError
from odoo.tools import SQL


class BasePartnerMergeAutomaticWizard(models.TransientModel):
    _inherit = "base.partner.merge.automatic.wizard"

    def _merge(self, partner_ids, dst_partner=None, extra_checks=True):
        self._check_one_participant(partner_ids)
        return super()._merge(partner_ids, dst_partner, extra_checks)

    @api.model
    def _check_one_participant(self, partner_ids):
        """Refuse to make one client of two who take part in the same program.

        :raise UserError: naming them; each has a balance, documents and evidence
        """
        # sudo: whoever merges contacts need not be of the program's staff
        participants = self.env["referral.participant"].sudo()
        found = participants.search([("partner_id", "in", partner_ids)])
        for program, members in found.grouped("program_id").items():
            if len(members) > 1:
                raise UserError(
                    self.env._(
                        "%(participants)s each take part in %(program)s, with a "
                        "balance of their own, so they cannot be merged. Close and "
                        "settle one participation, and archive that contact instead.",
                        participants=", ".join(members.mapped("display_name")),
                        program=program.display_name,
                    )
                )

    @api.model
    def _update_foreign_keys(self, src_partners, dst_partner):
        result = super()._update_foreign_keys(src_partners, dst_partner)
        # evidence has no foreign key that the wizard could follow
        self.env.cr.execute(
            SQL(
                "UPDATE referral_accrual_line SET partner_id = %s"
                " WHERE partner_id IN %s",
                dst_partner.id,
                tuple(src_partners.ids),
            )
        )
        self.env["referral.statement.mark"]._mark_partner(dst_partner)
        # invoices and bonds change hands in SQL, without an event
        self.env["referral.mark"]._mark_everything()
        return result
