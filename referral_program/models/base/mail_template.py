from odoo import models

from ...tools.roles import check_role

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
        # sudo: whose template it is has to be known before it may be changed
        if OWN_MODELS.isdisjoint(self.sudo().mapped("model")):
            return
        check_role(
            self.env,
            self.env._(
                "Only an administrator of the referral program may change its e-mail "
                "templates."
            ),
            "referral_program.group_administrator",
        )
