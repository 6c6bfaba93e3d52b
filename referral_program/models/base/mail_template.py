from odoo import models
from odoo.exceptions import AccessError

from ...tools.roles import check_role


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

        :raise AccessError: for anybody but administrators of all programs: the mails
            of all of them are written by the same templates
        """
        # sudo: whose template it is has to be known before it may be changed
        models_of = self.sudo().mapped(lambda template: template.model or "")
        if not any(model.startswith("referral.") for model in models_of):
            return
        check_role(
            self.env,
            self.env._(
                "Only an administrator of the referral program may change its e-mail "
                "templates."
            ),
            "referral_program.group_administrator",
        )
        if not self.env["referral.shared.mixin"]._may_change_shared():
            raise AccessError(
                self.env._(
                    "The e-mail templates are shared by all companies that have a "
                    "referral program, and you may not access all of them."
                )
            )
