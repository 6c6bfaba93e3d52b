from odoo import api, fields, models

from .integrity import CHECKS


class ReferralIntegrityResult(models.Model):
    """What one check of a run came to."""

    _name = "referral.integrity.result"
    _description = "Result of an Integrity Check"
    _inherit = ["referral.log.mixin"]
    _log_access = False
    _order = "run_id desc, is_failed desc, finding_count desc, id"
    _rec_name = "check_name"

    run_id = fields.Many2one(
        "referral.integrity.run", "Run", required=True, index=True, ondelete="restrict"
    )
    check_name = fields.Char("Check", required=True)
    title = fields.Char("Rule Checked", compute="_compute_title")
    description = fields.Char("Why", compute="_compute_title")
    is_failed = fields.Boolean("Failed")
    finding_count = fields.Integer("Findings")
    problem = fields.Char(help="Why the check could not be done.")

    @api.depends("check_name")
    @api.depends_context("lang")
    def _compute_title(self):
        for result in self:
            check = CHECKS.get(result.check_name)
            result.title = self.env._(check.title) if check else result.check_name
            result.description = self.env._(check.help) if check else False

    def action_view_findings(self):
        """Open what these checks found."""
        action = self.run_id.action_view_findings()
        action["domain"].append(("check_name", "in", self.mapped("check_name")))
        return action
