from odoo import models
from odoo.exceptions import AccessError

#: What the program writes about by itself.
OWN_MODELS = frozenset(
    {"referral.participant", "referral.withdrawal", "referral.statement"}
)


class MailTemplate(models.Model):
    _inherit = "mail.template"

    def write(self, vals):
        self._check_referral_template()
        return super().write(vals)

    def _update_field_translations(self, *args, **kwargs):
        self._check_referral_template()
        return super()._update_field_translations(*args, **kwargs)

    def unlink(self):
        self._check_referral_template()
        return super().unlink()

    def _check_referral_template(self):
        """Keep the program's mails from those who could make them tell too much.

        They are written in superuser mode, because the portal's users cause them.

        :raise AccessError: for anybody but the program's administrators
        """
        if self.env.su or self.env.user.has_group(
            "referral_program.group_administrator"
        ):
            return
        # sudo: whose template it is has to be known before it may be changed
        if not OWN_MODELS.isdisjoint(self.sudo().mapped("model")):
            raise AccessError(
                self.env._(
                    "Only an administrator of the referral program changes its mails."
                )
            )
