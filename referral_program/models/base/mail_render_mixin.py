from odoo import api, models


class MailRenderMixin(models.AbstractModel):
    _inherit = "mail.render.mixin"

    @api.model
    def _render_template(self, template_src, model, res_ids, *args, **kwargs):
        """Tell of the program's records only what one may read: in previews, too.

        Templates ask what is looked up in superuser mode, such as whose language it
        is; and what was read once in a request is not judged again.
        """
        if (model or "").startswith("referral."):
            self.env[model].browse(res_ids).check_access("read")
        return super()._render_template(template_src, model, res_ids, *args, **kwargs)
