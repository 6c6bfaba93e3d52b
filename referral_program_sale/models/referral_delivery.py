from odoo import fields, models
from odoo.tools import SQL

#: How Odoo knows what was delivered when nobody but a person says so.
BY_HAND = ("manual", "analytic")


class ReferralDelivery(models.Model):
    """What of an order's line was delivered on a day; Odoo keeps no dates of it.

    A row for each day on which that changed. Lines that have rows are those that are
    invoiced as ordered, and whose delivery Odoo measures: by timesheets, transfers or
    milestones.
    """

    _name = "referral.delivery"
    _description = "Delivery of an Order's Line"
    _log_access = False
    _rec_name = "order_line_id"
    _order = "order_line_id, date"

    order_line_id = fields.Many2one(
        "sale.order.line", required=True, ondelete="cascade"
    )
    company_id = fields.Many2one(related="order_line_id.company_id")
    date = fields.Date(required=True)
    share = fields.Float(
        digits=(16, 6), required=True, help="Of the ordered quantity, 0 to 1."
    )

    _line_date_unique = models.UniqueIndex("(order_line_id, date)")

    def _note(self, lines):
        """Keep what of orders' lines is delivered now; they are measured ones."""
        programs = self.env["referral.program"].sudo()
        days = {}
        for company in lines.company_id:
            program = programs.search(
                [("company_id", "parent_of", company.id)], limit=1
            )
            days[company] = program._today() if program else fields.Date.today()
        rows = [
            (line.id, days[line.company_id], line._referral_delivered())
            for line in lines
        ]
        self.env.cr.execute(
            SQL(
                """
                INSERT INTO referral_delivery (order_line_id, date, share)
                VALUES %s
                ON CONFLICT (order_line_id, date) DO UPDATE SET share = EXCLUDED.share
                """,
                SQL(", ").join(SQL("%s", row) for row in rows),
            )
        )
        self.invalidate_model(["share"])


class SaleOrderLine(models.Model):
    _inherit = "sale.order.line"

    def write(self, vals):
        result = super().write(vals)
        if "product_uom_qty" in vals:
            self._note_delivery()
        return result

    def _compute_qty_delivered(self):
        result = super()._compute_qty_delivered()
        self._note_delivery()
        return result

    def _note_delivery(self):
        # sudo: whoever delivers need not see invoices
        lines = self.sudo().filtered(
            lambda line: line.id
            and not line.display_type
            and line.qty_delivered_method not in BY_HAND
            and line.product_id.invoice_policy == "order"
        )
        if lines:
            self.env["referral.delivery"]._note(lines)
            self.env["referral.mark"]._mark_moves(lines.invoice_lines.move_id)

    def _referral_delivered(self):
        """Return which share of the ordered quantity is delivered, 0 to 1."""
        self.ensure_one()
        if not self.product_uom_qty:
            return 1.0
        return max(0.0, min(1.0, self.qty_delivered / self.product_uom_qty))
