from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import formatLang

from .integrity import CHECKS


class ReferralIntegrityFinding(models.Model):
    """A record that breaks a check, as it was at that moment."""

    _name = "referral.integrity.finding"
    _description = "Finding of an Integrity Check"
    _inherit = ["referral.log.mixin"]
    _log_access = False
    _order = "run_id desc, id"
    _rec_name = "check_name"

    run_id = fields.Many2one("referral.integrity.run", "Run", required=True, index=True)
    program_id = fields.Many2one(related="run_id.program_id")
    company_id = fields.Many2one(related="run_id.company_id")
    started_on = fields.Datetime(related="run_id.started_on", string="Checked On")
    check_name = fields.Char("Check", required=True)
    title = fields.Char("Rule Checked", compute="_compute_title")
    reason = fields.Char("Reason Code")
    text = fields.Char("Reference", help="A name or number to find it.")
    description = fields.Char("What Is Wrong", compute="_compute_title")
    res_model = fields.Char("Kind of Record", required=True)
    res_id = fields.Many2oneReference(
        "Record ID", model_field="res_model", required=True
    )
    record_name = fields.Char(
        "Record", help="What the record was called at that moment."
    )
    participant_id = fields.Many2one("referral.participant")
    has_amounts = fields.Boolean()
    expected = fields.Float("Expected Amount", digits=(16, 6))
    found = fields.Float("Amount Found", digits=(16, 6))
    expected_text = fields.Char("Should Be", compute="_compute_amounts")
    found_text = fields.Char("Found", compute="_compute_amounts")

    @api.depends("check_name", "reason", "text")
    @api.depends_context("lang")
    def _compute_title(self):
        for finding in self:
            check = CHECKS.get(finding.check_name)
            finding.title = self.env._(check.title) if check else finding.check_name
            reason = check and check.reasons.get(finding.reason)
            finding.description = ": ".join(
                filter(None, (reason and self.env._(reason), finding.text))
            )

    @api.depends("expected", "found", "has_amounts")
    @api.depends_context("lang")
    def _compute_amounts(self):
        for finding in self:
            for name in ("expected", "found"):
                finding[f"{name}_text"] = finding.has_amounts and self._exact(
                    finding[name]
                )

    def _exact(self, amount):
        """Return an amount with two to six decimals, as many as it has."""
        decimals = f"{amount:.6f}".rstrip("0").partition(".")[2]
        return formatLang(self.env, amount, digits=max(2, len(decimals)))

    def action_open_record(self):
        """Open the record that this is about.

        :raise UserError: if it is gone
        """
        self.ensure_one()
        record = self.env[self.res_model].browse(self.res_id).exists()
        if not record:
            raise UserError(
                self.env._(
                    "%(record)s no longer exists.", record=self.record_name or self.text
                )
            )
        return record._get_records_action()


class ReferralIntegrityResult(models.Model):
    """What one check of a run came to."""

    _name = "referral.integrity.result"
    _description = "Result of an Integrity Check"
    _inherit = ["referral.log.mixin"]
    _log_access = False
    _order = "run_id desc, is_failed desc, finding_count desc, id"
    _rec_name = "check_name"

    run_id = fields.Many2one("referral.integrity.run", "Run", required=True, index=True)
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
