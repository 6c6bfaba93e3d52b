from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import SQL

from ..balance import ledger

#: What the kinds are computed from.
SOURCES = {
    "account.move": [
        "referral_accrual_id",
        "referral_redemption_id",
        "reversed_entry_id",
    ],
    "account.move.line": [
        "account_id",
        "balance",
        "company_id",
        "date",
        "name",
        "parent_state",
        "partner_id",
    ],
    "referral.accrual": ["program_id"],
    "referral.participant": ["partner_id", "program_id"],
    "referral.program": ["active", "company_id", "liability_account_id"],
    "referral.withdrawal": ["bill_id"],
    "res.company": ["parent_id"],
}


class AccountMoveLine(models.Model):
    """What an item on a program's liability account is."""

    _inherit = "account.move.line"

    referral_kind = fields.Selection(
        [
            ("accrual", "Referral accrual"),
            ("withdrawn", "Referral withdrawal"),
            ("spent", "Payment with the referral balance"),
            ("adjusted", "Correction of a referral balance"),
        ],
        "Referral Movement",
        compute="_compute_referral_kind",
        search="_search_referral_kind",
        help="What moved the liability to the participants; empty for all items that "
        "are not posted on a referral program's liability account.",
    )

    def _compute_referral_kind(self):
        kinds = {}
        if self.ids:
            self._flush_referral_kinds()
            kinds = dict(
                self.env.execute_query(
                    SQL(
                        "SELECT id, kind FROM (%s) item WHERE id IN %s",
                        ledger.kinds(),
                        tuple(self.ids),
                    )
                )
            )
        for item in self:
            item.referral_kind = kinds.get(item._origin.id, False)

    @api.model
    def _search_referral_kind(self, operator, value):
        if operator != "in":
            return NotImplemented
        self._flush_referral_kinds()
        found = Domain(
            "id",
            "in",
            SQL(
                "(SELECT id FROM (%s) item WHERE kind = ANY(%s))",
                ledger.kinds(),
                [kind for kind in value if kind],
            ),
        )
        if False in value:
            found |= Domain(
                "id", "not in", SQL("(SELECT id FROM (%s) item)", ledger.kinds())
            )
        return found

    @api.model
    def _flush_referral_kinds(self):
        for model, names in SOURCES.items():
            self.env[model].flush_model(names)
