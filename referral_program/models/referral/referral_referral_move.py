from dateutil.relativedelta import relativedelta

from odoo import models
from odoo.exceptions import UserError
from odoo.tools import format_date

from ...tools.roles import check_role


class ReferralReferral(models.Model):
    """Correcting who referred a client, from some day on."""

    _inherit = "referral.referral"

    def _credited_since(self, day):
        """Return what was credited for invoices of a day and later.

        :param date day: inclusive
        :return float: in the program's currency, rounded
        """
        self.check_access("read")
        if not self or not day:
            return 0.0
        # sudo: officers see the amounts of referrals, not all evidence
        lines = self.env["referral.accrual.line"].sudo()
        [(amount,)] = lines._read_group(
            [
                ("referral_id", "in", self.ids),
                ("invoice_date", ">=", day),
                ("accrual_id.state", "=", "posted"),
            ],
            [],
            ["amount:sum"],
        )
        return self.currency_id.round(amount or 0.0)

    def _move(self, participant, day, reason):
        """Give a client's invoices from a day on to another participant.

        :param participant: the ``referral.participant`` who referred the client
        :param date day: the first day whose invoices move; the referral's own first
            day for all of them
        :param str reason: kept in the history of both
        :return: the other participant's ``referral.referral``
        :raise AccessError: for others than officers
        :raise UserError: if it cannot be moved so
        """
        self.ensure_one()
        check_role(
            self.env,
            self.env._("Only an officer may move referrals. Ask one to do it."),
            "referral_program.group_officer",
        )
        self.check_access("write")
        participant.check_access("write")
        self._check_can_move(participant, day)
        (self.participant_id | participant)._check_not_ones_own()
        before = self.participant_id
        # sudo: a participant is changed here only, where it is said and recorded
        referral = self.sudo()
        if day <= referral.date_start:
            referral.participant_id = participant
        else:
            referral = referral._split(participant, day)
        self._record_move(referral, before, day, reason)
        return referral.sudo(False)

    def _check_participant_can_change(self, participant_id):
        """Refuse to give a client to somebody else without a reason on record."""
        self.env["referral.participant"].browse(participant_id).check_access("read")
        if self.filtered(lambda r: r.participant_id.id != participant_id):
            raise UserError(
                self.env._(
                    "To give a client to another participant, press “Move to…” on the "
                    "referral."
                )
            )

    def _check_can_move(self, participant, day):
        if self.state == "cancelled":
            raise UserError(self.env._("A cancelled referral cannot be moved."))
        if participant == self.participant_id:
            raise UserError(self.env._("Choose another participant."))
        if participant.program_id != self.program_id:
            raise UserError(self.env._("Choose a participant of the same program."))
        if day < self.date_start or (self.date_end and day > self.date_end):
            raise UserError(
                self.env._(
                    "Choose a day of the referral: it began on %(start)s and ends on "
                    "%(end)s.",
                    start=format_date(self.env, self.date_start),
                    end=format_date(self.env, self.date_end)
                    if self.date_end
                    else self.env._("no day yet"),
                )
            )
        if self.state == "pending" and day != self.date_start:
            raise UserError(
                self.env._(
                    "The referral still waits for approval: move it as a whole, or "
                    "approve it first."
                )
            )

    def _split(self, participant, day):
        """End the referral before a day, and begin another one with it."""
        vals = {
            "participant_id": participant.id,
            "partner_id": self.partner_id.id,
            "date_start": day,
            "date_end": self.date_end,
            "state": self.state,
            "source": self.source,
        }
        self.date_end = day - relativedelta(days=1)
        # one that is still to end holds until then
        if self.state == "active" and self._is_over():
            self._update_state("ended")
        return self.create(vals)

    def _record_move(self, moved, before, day, reason):
        """Keep in the history of both referrals and participants what was moved."""
        for record in self | moved, before | moved.participant_id:
            for each in record.sudo():
                each.message_post(
                    body=self.env._(
                        "%(client)s was moved from %(old)s to %(new)s, with invoices "
                        "from %(day)s on. Reason: %(reason)s",
                        client=self.partner_id.display_name,
                        old=before.display_name,
                        new=moved.participant_id.display_name,
                        day=format_date(self.env, day),
                        reason=reason,
                    ),
                    author_id=self.env.user.partner_id.id,
                )

    def _ask_to_move(self, participant, day, reason):
        """Plan an activity for the officer, who decides about moving the referral.

        The parameters and errors are those of :meth:`_move`.
        """
        self.ensure_one()
        self.check_access("read")
        participant.check_access("read")
        self._check_can_move(participant, day)
        user = self.env.user
        # sudo: who asks need not be allowed to write referrals
        self.sudo()._tell_officer(
            lambda env: env._(
                "%(user)s asks to move %(client)s from %(old)s to %(new)s, with "
                "invoices from %(day)s on: %(reason)s. If it is right, press “Move "
                "to…”.",
                user=user.name,
                client=self.partner_id.display_name,
                old=self.participant_id.display_name,
                new=participant.display_name,
                day=format_date(env, day),
                reason=reason,
            )
        )
