from odoo import models
from odoo.exceptions import AccessError


class MailMessage(models.Model):
    """What was said and what changed stays as it was written.

    Odoo lets whoever gets a message rewrite it, and whoever follows a record write more
    of them, clients included: past the page's limits, and without anybody being told.
    """

    _inherit = "mail.message"

    def _check_access(self, operation):
        result = super()._check_access(operation)
        if self.env.su or operation == "read":
            return result
        # sudo: what a message is about has to be known before it may be changed
        ours = self.sudo().filtered(lambda one: (one.model or "")[:9] == "referral.")
        if self.env.user.share:
            kept = ours
        elif operation == "write":
            kept = ours.filtered(lambda one: not one._is_own_comment(self.env.user))
        else:
            kept = ours.filtered(lambda _one: operation == "unlink")
        return self._with_kept(result, self.browse(kept.ids))

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
