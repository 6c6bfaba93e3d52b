from datetime import timedelta

from odoo import models


class ReferralParticipant(models.Model):
    """The texts that participants have accepted, or have to accept still."""

    _inherit = "referral.participant"

    def _compute_agreements_current(self):
        for program, participants in self.grouped("program_id").items():
            # sought once for all
            current = self.env["referral.agreement"]._current(
                program.company_id, program._today()
            )
            for participant in participants:
                blocking = participant._agreements_to_accept(True, current)
                participant.agreements_current = not blocking

    def _agreements_to_accept(self, blocking=False, current=None):
        """Return the texts in force that the participant has not accepted.

        A new version blocks when the program's grace period after its first day is
        over; at once, if the participant accepted no version of its kind.

        :param bool blocking: only those whose grace period is over
        :param current: the texts in force, if known; a ``referral.agreement``, too
        :return: ``referral.agreement`` records
        """
        self.ensure_one()
        agreements = self.env["referral.agreement"]
        # sudo: who may see the participant may know what they accepted
        accepted = self.sudo().acceptance_ids.agreement_id
        today = self.program_id._today()
        current = current or agreements._current(self.company_id, today)
        missing = current - accepted
        if not blocking:
            return missing
        grace = timedelta(days=self.program_id.agreement_grace_days)
        return missing.filtered(
            # whoever accepted no version at all has nothing to be graceful about
            lambda agreement: agreement.date_from + grace <= today
            or agreement.kind not in accepted.mapped("kind")
        )
