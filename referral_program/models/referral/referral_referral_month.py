from odoo import fields, models
from odoo.tools import SQL


class ReferralReferralMonth(models.Model):
    """What a referral brought in a month: the sum of its evidence, once posted.

    Kept so that a page about thousands of referrals does not add up the evidence of
    years. Never edited, like the evidence itself.
    """

    _name = "referral.referral.month"
    _description = "Referral's Month"
    _inherit = ["referral.immutable.mixin"]
    _log_access = False
    _order = "accrual_id desc, id"

    referral_id = fields.Many2one("referral.referral", required=True)
    accrual_id = fields.Many2one("referral.accrual", required=True)
    program_id = fields.Many2one(related="accrual_id.program_id")
    company_id = fields.Many2one(related="accrual_id.company_id")
    currency_id = fields.Many2one(related="accrual_id.currency_id")
    period_start = fields.Date(related="accrual_id.period_start", string="Month")
    participant_id = fields.Many2one(related="referral_id.participant_id")
    base = fields.Monetary(help="What the client newly paid for and used.")
    amount = fields.Float(
        "Compensation",
        digits=(16, 6),
        help="Exact: a participant's month is rounded as a whole.",
    )

    _referral_unique = models.UniqueIndex("(referral_id, accrual_id)")

    def _store(self, accrual):
        """Add up the evidence of an accrual that has just been posted."""
        self.env.cr.execute(
            SQL(
                """
                INSERT INTO referral_referral_month
                       (referral_id, accrual_id, base, amount)
                SELECT line.referral_id, %(accrual)s, SUM(line.base), SUM(line.amount)
                  FROM referral_compensation compensation
                  JOIN referral_accrual_line line
                    ON line.compensation_id = compensation.id
                 WHERE compensation.accrual_id = %(accrual)s
                 GROUP BY line.referral_id
                """,
                accrual=accrual.id,
            )
        )
        self.invalidate_model()
