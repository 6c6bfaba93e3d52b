from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL

from ...tools.actions import window


class AccountMove(models.Model):
    """What an invoice shows of the program: what its lines earned, and why."""

    _inherit = "account.move"

    referral_line_count = fields.Integer(
        compute="_compute_referral_line_count",
        groups="referral_program.group_reader",
    )
    referral_explained = fields.Boolean(
        compute="_compute_referral_explained",
        groups="referral_program.group_reader",
        help="A referral program can explain what the lines earned, and why.",
    )

    # === COMPUTE METHODS === #

    @api.depends("move_type", "state", "company_id")
    def _compute_referral_explained(self):
        for move in self:
            move.referral_explained = (
                move.is_sale_document()
                and (move.state == "posted" or move.referral_line_count)
                and bool(move._referral_program())
            )

    def _referral_program(self):
        """Return the program that counts the company's invoices, if there is one.

        An active one comes first. None, if the user may not read it.
        """
        self.ensure_one()
        pairs, _bank = self.env["referral.program"]._counting()
        programs = self.env["referral.program"].with_context(active_test=False)
        return programs.search(
            [
                (
                    "id",
                    "in",
                    [
                        program
                        for program, company in pairs
                        if company == self.company_id.id
                    ],
                )
            ],
            order="active desc, id",
            limit=1,
        )

    def _compute_referral_line_count(self):
        counts = dict(
            self.env["referral.accrual.line"]._read_group(
                [("group_key", "in", self._referral_groups().ids)],
                ["group_key"],
                ["__count"],
            )
        )
        for move in self:
            move.referral_line_count = counts.get(move._referral_groups().id, 0)

    # === ACTION METHODS === #

    def action_referral_why(self):
        """Explain what the lines of this invoice and its credit notes earned.

        :raise AccessError: if the user may not read the invoice or the program
        :raise UserError: if no program counts the company's invoices
        """
        self.ensure_one()
        self.check_access("read")
        program = self._referral_program()
        if not program:
            raise UserError(
                self.env._(
                    "No referral program counts the invoices of %(company)s.",
                    company=self.company_id.display_name,
                )
            )
        groups = SQL(
            "SELECT UNNEST(%s) AS group_id", self._referral_groups().ids or [0]
        )
        return self.env["referral.explain"]._ask(program, groups)

    def action_view_referral_lines(self):
        """Open what this invoice and its credit notes gave."""
        return window(
            self.env,
            "referral_accrual_line_action",
            [("group_key", "in", self._referral_groups().ids)],
        )
