from odoo import fields, models
from odoo.exceptions import UserError


class ReferralWithdrawal(models.Model):
    """Four eyes: who may approve a withdrawal, and who had a part in it."""

    _inherit = "referral.withdrawal"

    involved_ids = fields.Many2many(
        "res.users",
        "referral_withdrawal_involved_rel",
        string="Handled By",
        readonly=True,
        copy=False,
        help="Staff who requested it, settled it or confirmed its account: somebody "
        "else approves it.",
    )

    def _involve(self):
        """Keep that the environment's user had a part in these withdrawals."""
        # sudo: accountants change withdrawals by buttons only
        self.sudo().involved_ids |= self.env.user

    def _why_not_by(self, user):
        """Return why somebody else than a user has to approve, or an empty text.

        :param user: the ``res.users`` who approves, or has approved
        """
        self.ensure_one()
        if self.program_id._somebody_else("group_accountant", user) is None:
            return ""
        # sudo: accountants read no documents; it is asked only who verified them
        withdrawal = self.sudo()
        participant = withdrawal.participant_id
        verified = participant.document_ids.filtered(
            lambda document: document.state in ("approved", "destroyed")
        )
        names = {"withdrawal": withdrawal.name, "user": user.name}
        if participant._is_ones_own(user):
            return self.env._(
                "%(withdrawal)s: %(user)s belongs to this client.", **names
            )
        if user in withdrawal.involved_ids:
            return self.env._(
                "%(withdrawal)s: %(user)s requested it, settled it or confirmed its "
                "account.",
                **names,
            )
        if user in verified.reviewer_id:
            return self.env._(
                "%(withdrawal)s: %(user)s approved the participant's documents.",
                **names,
            )
        if user == withdrawal.bank_account_id.referral_truster_id:
            return self.env._("%(withdrawal)s: %(user)s trusted the account.", **names)
        return ""

    def _not_by_me(self):
        """Return for each of these that somebody else has to approve, why, and who can.

        What another one has approved already needs no second approval.
        """
        user, role = self.env.user, "group_accountant"
        return {
            withdrawal: withdrawal.program_id._explain_alone(role, user, why)
            for withdrawal in self._to_approve()
            if (why := withdrawal._why_not_by(user))
        }

    def _to_approve(self):
        """Return those that nobody has approved, or somebody who may not."""
        return self.filtered(
            lambda w: w.state == "requested"
            and (not w.approved_on or w.approver_id and w._why_not_by(w.approver_id))
        )

    def _check_not_by_me(self):
        """Refuse to approve what somebody else has to.

        :raise UserError: saying why, and who else can
        """
        for problem in self._not_by_me().values():
            raise UserError(problem)

    def _check_approved_by_another(self):
        """Refuse to bill what was approved by somebody who had a part in it since.

        :raise UserError: saying why
        """
        self.ensure_one()
        approver = self.approver_id
        if approver and (why := self._why_not_by(approver)):
            self.program_id._refuse_alone("group_accountant", approver, why)
