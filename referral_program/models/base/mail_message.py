from odoo import models
from odoo.exceptions import AccessError

from ...tools.roles import has_role

#: What says whose words a message has, and of what kind.
AUTHORSHIP = frozenset({"author_id", "message_type"})


class MailMessage(models.Model):
    """What was said and what changed stays as it was written.

    Odoo lets whoever gets a message rewrite it, and whoever follows a record write more
    of them, clients included: past the page's limits, and without anybody being told.
    Nor does it ask whose words they are.
    """

    _inherit = "mail.message"

    def _check_access(self, operation):
        result = super()._check_access(operation)
        if self.env.su or operation == "read":
            return result
        ours, user = self._of_referrals(), self.env.user
        if user.share or operation == "unlink":
            kept = ours
        elif operation == "write":
            kept = ours.filtered(lambda one: not one._is_own_comment(user))
        elif has_role(self.env, "base.group_system"):  # brings others' mail
            kept = ours.browse()
        else:
            kept = ours.filtered(lambda one: one.author_id != user.partner_id)
        return self._with_kept(result, self.browse(kept.ids))

    def write(self, vals):
        result = super().write(vals)
        if not self.env.su and not AUTHORSHIP.isdisjoint(vals):
            # one's own words do not become another's
            self.browse(self._of_referrals().ids).check_access("write")
        return result

    def _of_referrals(self):
        """Return those that are about the program's records, in superuser mode."""
        # sudo: what a message is about has to be known before it may be changed
        return self.sudo().filtered(lambda one: (one.model or "")[:9] == "referral.")

    def _with_kept(self, result, kept):
        """Return what is refused, and the error: what was, and what is kept as well.

        :param result: what Odoo's own check of access returned
        :param kept: messages, or values of a history
        """
        if not kept:
            return result
        forbidden = kept | (result[0] if result else kept.browse())

        def error():
            return AccessError(
                self.env._(
                    "Messages of the referral program stay as they were written. Write "
                    "another one."
                )
            )

        return forbidden, error

    def _is_own_comment(self, user):
        return self.message_type == "comment" and self.author_id == user.partner_id
