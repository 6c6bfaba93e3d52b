from odoo import models


class ReferralCompensation(models.Model):
    """Jobs: a month's entries."""

    _name = "referral.compensation"
    _inherit = ["referral.compensation", "referral.job.mixin"]


class ReferralWithdrawal(models.Model):
    """Jobs: bills, and mails about withdrawals."""

    _name = "referral.withdrawal"
    _inherit = ["referral.withdrawal", "referral.job.mixin"]


class ReferralRedemption(models.Model):
    """Jobs: mails about payments from the balance."""

    _name = "referral.redemption"
    _inherit = ["referral.redemption", "referral.job.mixin"]


class ReferralStatement(models.Model):
    """Jobs: mails and documents."""

    _name = "referral.statement"
    _inherit = ["referral.statement", "referral.job.mixin"]


class ReferralEvent(models.Model):
    """Jobs: deliveries."""

    _name = "referral.event"
    _inherit = ["referral.event", "referral.job.mixin"]
