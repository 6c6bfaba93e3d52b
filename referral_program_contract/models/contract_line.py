from odoo import models


class ContractLine(models.Model):
    _inherit = "contract.line"

    def _prepare_invoice_line(self):
        """The period that is billed stands in the text only: it becomes the service's
        own, by whose days it is rendered."""
        vals = super()._prepare_invoice_line()
        if not vals or vals.get("display_type", "product") != "product":
            return vals
        start, end, _next = self._get_period_to_invoice(
            self.last_date_invoiced, self.recurring_next_date
        )
        if start and end:
            vals.setdefault("start_date", start)
            vals.setdefault("end_date", end)
        return vals
