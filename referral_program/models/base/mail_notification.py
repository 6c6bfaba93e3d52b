from odoo import models
from odoo.exceptions import AccessError
from odoo.fields import Domain


class MailNotification(models.Model):
    """Who is written to by the program is seen by who wrote it, and who gets it.

    Odoo shows all employees who gets which messages, and from whom: so they would
    learn who takes part, and who asks.
    """

    _inherit = "mail.notification"

    def _check_access(self, operation):
        result = super()._check_access(operation)
        if self.env.su:
            return result
        # sudo: what a message is about has to be known before it may be told
        others = self.sudo() - self.sudo().filtered_domain(self._concerned_domain())
        others = self.browse(others.ids)
        if not others:
            return result
        forbidden = others | (result[0] if result else self.browse())
        return forbidden, lambda: AccessError(
            self.env._("Only those concerned see who is written to by the program.")
        )

    def _search(self, domain, *args, bypass_access=False, **kwargs):
        if not self.env.su and not bypass_access:
            domain = Domain(domain) & self._concerned_domain()
        return super()._search(domain, *args, bypass_access=bypass_access, **kwargs)

    def _concerned_domain(self):
        """Return the domain of what is not of the program, or the user's own."""
        own = self.env.user.partner_id.ids
        return (
            Domain("mail_message_id", "not any!", [("model", "=like", "referral.%")])
            | Domain("res_partner_id", "in", own)
            | Domain("author_id", "in", own)
        )
