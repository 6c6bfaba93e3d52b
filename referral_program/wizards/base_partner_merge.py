from odoo import models
from odoo.exceptions import UserError
from odoo.tools import SQL


class BasePartnerMergeAutomaticWizard(models.TransientModel):
    _inherit = "base.partner.merge.automatic.wizard"

    def _merge(self, partner_ids, dst_partner=None, extra_checks=True):
        self._check_one_participant(partner_ids)
        partners = self.env["res.partner"].browse(partner_ids).exists()
        inner = partners.filtered(lambda own: own.commercial_partner_id not in partners)
        self.env["referral.representative"]._check_contacts_stay(
            partners | inner._along()
        )
        with self.env["referral.referral"]._following_contacts(partners):
            result = super()._merge(partner_ids, dst_partner, extra_checks)
            self.env.invalidate_all()  # much was changed in SQL
        return result

    def _check_one_participant(self, partner_ids):
        """Refuse to make one client of two who take part in the same program.

        :raise UserError: naming them; each has a balance, documents and evidence
        """
        # sudo: whoever merges contacts need not be of the program's staff
        participants = self.env["referral.participant"].sudo()
        found = participants.search(
            [
                "|",
                ("partner_id", "in", partner_ids),
                ("former_contact_ids.partner_id", "in", partner_ids),
            ]
        )
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

    def _update_foreign_keys(self, src_partners, dst_partner):
        self._check_participant_stays_a_client(src_partners, dst_partner)
        self._let_older_referrals_hold(src_partners, dst_partner)
        result = super()._update_foreign_keys(src_partners, dst_partner)
        # evidence has no foreign key that the wizard could follow
        for column in map(SQL.identifier, ("partner_id", "contact_id")):
            self.env.cr.execute(
                SQL(
                    "UPDATE referral_accrual_line SET %s = %s WHERE %s IN %s",
                    column,
                    dst_partner.id,
                    column,
                    tuple(src_partners.ids),
                )
            )
        self._forget_former_contacts(dst_partner)
        self.env["referral.statement.mark"]._mark_partner(dst_partner)
        # invoices and referrals change hands in SQL, without an event
        clients = dst_partner | dst_partner.commercial_partner_id
        self.env["referral.mark"]._mark_partners(clients)
        return result

    def _check_participant_stays_a_client(self, src_partners, dst_partner):
        """Refuse to make a participant a contact of some company.

        :raise UserError: saying who takes part
        """
        if dst_partner.commercial_partner_id != dst_partner:
            participants = self.env["referral.participant"]
            participants._check_stay_themselves(src_partners)

    def _forget_former_contacts(self, partner):
        """Forget former contacts that were merged with their participant's own."""
        self.env.cr.execute(
            SQL(
                """
                DELETE FROM referral_former_contact former
                 USING referral_participant participant
                 WHERE participant.id = former.participant_id
                   AND participant.partner_id = former.partner_id
                   AND former.partner_id = %s
                """,
                partner.id,
            )
        )

    def _let_older_referrals_hold(self, src_partners, dst_partner):
        """End the later referrals of clients who are about to become one.

        Before they are: the database has one open referral for a client.
        """
        client = dst_partner.commercial_partner_id
        # sudo: whoever merges contacts need not see referrals
        referrals = self.env["referral.referral"].sudo()
        coming = referrals.search(
            [
                "|",
                ("partner_id", "in", src_partners.ids),
                ("partner_id.commercial_partner_id", "=", client.id),
            ]
        )
        coming._let_older_hold(client_of=lambda referral: client)
        coming.flush_recordset()
