from odoo import api, fields, models
from odoo.exceptions import UserError

from ...tools.roles import check_role
from .integrity.chain import PART_REASONS, broken_query

#: Where the chain ends: only posting writes it.
HEAD_FIELDS = frozenset({"chain_length", "chain_head"})


class ReferralProgram(models.Model):
    """Where a program's chain of hashes ends, and whether it is intact."""

    _inherit = "referral.program"

    chain_length = fields.Integer(
        "Months in the Chain",
        readonly=True,
        copy=False,
        help="How many posted months have a hash, so that a deletion of the last one "
        "is noticed.",
    )
    chain_head = fields.Char(
        "Last Month's Hash",
        readonly=True,
        copy=False,
        help="The hash of the last posted month. Kept outside of Odoo, on a printed "
        "report for instance, it proves all months up to it.",
    )

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        for vals in vals_list:
            self._check_no_head(vals)
        return super().create(vals_list)

    def write(self, vals):
        self._check_no_head(vals)
        return super().write(vals)

    def _check_no_head(self, vals):
        if not HEAD_FIELDS.isdisjoint(vals):
            raise UserError(
                self.env._(
                    "The chain of hashes can be written only by posting accruals."
                )
            )

    # === VERIFICATION === #

    def _verify_chain(self):
        """Compare everything that was posted with its hashes.

        :return: a dictionary with ``problems``, texts about the chain as a whole, and
            ``months``: for each posted accrual, in order, a dictionary with
            ``accrual`` and ``problems``
        """
        self.ensure_one()
        self.env.flush_all()
        broken = {}
        for row in self.env.execute_query_dict(broken_query(self._books())):
            key = row["res_model"], row["res_id"]
            reason = PART_REASONS[row["reason"]]
            broken.setdefault(key, []).append(self.env._(reason))
        accruals = self.env["referral.accrual"].search(
            [
                ("program_id", "=", self.id),
                "|",
                ("state", "=", "posted"),
                ("hash", "!=", False),
            ],
            order="period_start, id",
        )
        return {
            "problems": broken.get((self._name, self.id), []),
            "months": [
                {
                    "accrual": accrual,
                    "problems": broken.get((accrual._name, accrual.id), []),
                }
                for accrual in accruals
            ],
        }

    def _check_may_verify(self):
        """Refuse whoever is neither an auditor nor an accountant of the program.

        :raise AccessError: for anybody else
        """
        check_role(
            self.env,
            self.env._("Only auditors and accountants may verify the accruals."),
            "referral_program.group_auditor",
            "referral_program.group_accountant",
        )

    # === ACTION METHODS === #

    @api.model
    def action_verify_chain(self):
        """Open the report about the chains of the user's companies."""
        self._check_may_verify()
        programs = self.with_context(active_test=False).search(
            [("company_id", "in", self.env.companies.ids)]
        )
        if not programs:
            raise UserError(self.env._("Your companies have no referral program."))
        report = self.env.ref("referral_program.referral_hash_chain_report")
        return report.report_action(programs, config=False)
