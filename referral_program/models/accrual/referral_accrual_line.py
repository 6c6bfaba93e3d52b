from odoo import api, fields, models
from odoo.exceptions import UserError


class UnboundMany2one(fields.Many2one):
    """A relation without a foreign key in the database.

    Checking six of them for each line takes four times as long as writing the
    lines. What they would guard is guarded where it could be lost: whatever an
    accrual used cannot be deleted, contacts are merged with their evidence, and
    an invoice line may go because its evidence outlives it.
    """

    def update_db_foreign_key(self, model, column):
        """Make none."""


class ReferralAccrualLine(models.Model):
    """The evidence: one invoice line's part of a compensation.

    Written by the accrual in one statement, never edited and never deleted once
    posted. It keeps number, label, client and dates of the invoice line, which
    may be gone one day.
    """

    _name = "referral.accrual.line"
    _description = "Referral Accrual Line"
    _inherit = ["referral.immutable.mixin"]
    _log_access = False
    _order = "accrual_id desc, id"
    _rec_name = "name"

    accrual_id = UnboundMany2one("referral.accrual", required=True, ondelete="restrict")
    compensation_id = UnboundMany2one(
        "referral.compensation",
        "Participant's Month",
        required=True,
        ondelete="restrict",
        index=True,
    )
    participant_id = UnboundMany2one(
        "referral.participant", required=True, ondelete="restrict"
    )
    referral_id = UnboundMany2one(
        "referral.referral", required=True, ondelete="restrict"
    )
    is_further = fields.Boolean(
        "Further Referral",
        help="Earned in addition to the client's referrer: another level of the "
        "program.",
    )
    terms_id = UnboundMany2one(
        "referral.program.terms", required=True, ondelete="restrict"
    )
    program_id = fields.Many2one(related="accrual_id.program_id")
    company_id = fields.Many2one(related="accrual_id.company_id")
    currency_id = fields.Many2one(related="accrual_id.currency_id")
    period_start = fields.Date(related="accrual_id.period_start", string="Month")
    state = fields.Selection(related="accrual_id.state")

    # What the line was
    move_line_id = UnboundMany2one(
        "account.move.line", "Invoice Line", ondelete="set null"
    )
    move_id = fields.Many2one(related="move_line_id.move_id", string="Invoice")
    line_key = fields.Integer(
        "Invoice Line ID", help="Kept after the invoice line is deleted."
    )
    group_key = fields.Integer(
        "Invoice ID",
        index=True,
        help="The invoice; for a credit note, the one it reverses.",
    )
    partner_id = UnboundMany2one("res.partner", "Client")
    contact_id = UnboundMany2one(
        "res.partner",
        "Invoiced Contact",
        help="To whom the invoice was addressed when it was accrued.",
    )
    product_id = UnboundMany2one("product.product", "Product")
    product_categ_id = fields.Many2one(
        related="product_id.categ_id", string="Product Category"
    )
    move_name = fields.Char("Invoice Number")
    name = fields.Char("Label")
    invoice_date = fields.Date(
        help="The date of the invoice that the group begins with."
    )
    document_date = fields.Date(help="The date of the invoice or credit note itself.")
    start_date = fields.Date("Service From")
    end_date = fields.Date("Service To")

    # What it earned
    paid = fields.Float(
        "Paid (%)",
        digits=(16, 6),
        aggregator=None,
        help="The share of the invoice that was paid on the month's last day.",
    )
    rendered = fields.Float(
        "Rendered (%)",
        digits=(16, 6),
        aggregator=None,
        help="The share of the service that was rendered on the month's last day.",
    )
    share = fields.Float(
        "Eligible (%)",
        digits=(16, 6),
        aggregator=None,
        help="For a credit note or a negative line: the share of what it lowers that "
        "earns.",
    )
    base = fields.Monetary(
        help="The part that was newly paid and rendered, in the company's currency."
    )
    rate = fields.Float(
        "Rate (%)",
        digits=(16, 6),
        aggregator=None,
        help="In percent: the rate of the terms; for a reversal, the average rate "
        "that was credited.",
    )
    amount = fields.Monetary(
        "Compensation",
        help="In the company's currency, with 6 decimals: only the month's sum is "
        "rounded.",
    )

    # a line comes once in an accrual, and once for each further referral; also finds
    # a line's evidence
    _line_unique = models.UniqueIndex(
        "(line_key, accrual_id, (CASE WHEN is_further THEN referral_id ELSE 0 END))"
    )

    @api.depends("move_name", "name")
    def _compute_display_name(self):
        for line in self:
            line.display_name = " · ".join(filter(None, (line.move_name, line.name)))

    def _reversing(self):
        """Return those that reverse what the same line was credited before.

        An instalment of a credit note lowers the month, but reverses nothing.
        """
        lowering = self.filtered(lambda line: line.amount < 0)
        earlier = self.search(
            [("line_key", "in", lowering.mapped("line_key")), ("amount", "!=", 0)]
        ).grouped(lambda line: (line.line_key, line.referral_id))
        return lowering.filtered(
            lambda line: any(
                other.amount > 0 and other.period_start < line.period_start
                for other in earlier.get((line.line_key, line.referral_id), ())
            )
        )

    def action_open_invoice(self):
        """Open the invoice of this line."""
        self.ensure_one()
        self.check_access("read")
        if not self.move_id:
            raise UserError(
                self.env._(
                    "The line of invoice %(number)s no longer exists.",
                    number=self.move_name,
                )
            )
        return self.move_id._get_records_action()
