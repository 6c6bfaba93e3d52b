from odoo import api, fields, models
from odoo.tools import format_datetime

from ...tools.actions import window_of

ACTIVITY = "referral_program.mail_activity_integrity"


class ReferralIntegrityRun(models.Model):
    """What the integrity check found at a moment: everything ties, or what does not.

    Accountants have the right to write, so that they may discuss it and mark its
    activity done; the record itself never changes.
    """

    _name = "referral.integrity.run"
    _description = "Referral Integrity Check"
    _inherit = [
        "referral.log.mixin",
        "referral.sight.mixin",
        "mail.thread",
        "mail.activity.mixin",
    ]
    _order = "started_on desc, id desc"
    _rec_names_search = ["program_id"]

    program_id = fields.Many2one(
        "referral.program", required=True, readonly=True, index=True
    )
    company_id = fields.Many2one(related="program_id.company_id")
    currency_id = fields.Many2one(related="program_id.currency_id")
    origin = fields.Selection(
        [
            ("accrual", "A posted accrual"),
            ("button", "A button"),
            ("nightly", "The schedule"),
        ],
        "Started By",
        required=True,
        readonly=True,
    )
    accrual_id = fields.Many2one(
        "referral.accrual",
        readonly=True,
        ondelete="restrict",
        help="The accrual whose participants, evidence and invoices were checked. "
        "Empty if everything was.",
    )
    user_id = fields.Many2one("res.users", "User", readonly=True, ondelete="restrict")
    started_on = fields.Datetime(required=True, readonly=True)
    duration = fields.Float("Seconds", readonly=True, digits=(16, 2))
    state = fields.Selection(
        [("passed", "All checks passed"), ("failed", "Some checks failed")],
        "Result",
        required=True,
        readonly=True,
        index=True,
    )
    check_count = fields.Integer("Checks", readonly=True)
    finding_count = fields.Integer(
        "Findings",
        readonly=True,
        help="All findings, including those that are not listed.",
    )
    chain_number = fields.Integer(
        "Months in the Chain",
        readonly=True,
        help="How long the chain of hashes was at this moment.",
    )
    chain_head = fields.Char(
        "Last Month's Hash",
        readonly=True,
        help="The hash of the last posted month at this time: if somebody rewrites "
        "the chain, later checks no longer find it.",
    )
    result_ids = fields.One2many("referral.integrity.result", "run_id", "Results")
    finding_ids = fields.One2many("referral.integrity.finding", "run_id", "Listed")

    @api.depends("program_id", "started_on")
    @api.depends_context("lang", "tz")
    def _compute_display_name(self):
        for run in self:
            run.display_name = self.env._(
                "Integrity check of %(moment)s",
                moment=format_datetime(self.env, run.started_on, dt_format="short"),
            )

    def _tell_accountant(self):
        """Plan an activity if something does not tie, unless one is open already.

        So does a notice of something new. A run over everything that passes closes it.
        """
        self.ensure_one()
        kind = self.env.ref(ACTIVITY)
        waiting = self.search(
            [
                ("program_id", "=", self.program_id.id),
                ("activity_ids.activity_type_id", "=", kind.id),
            ]
        )
        notices = self._new_notices()
        if (self.state == "failed" or notices) and not waiting:
            accountant = self.program_id._accountant()
            in_language = self.with_context(lang=accountant.lang)
            failed = in_language.result_ids.filtered("is_failed")
            failed |= notices.with_env(in_language.env)
            titles = ", ".join(failed.mapped("title"))
            self.program_id._plan_for(accountant, self, ACTIVITY, titles)
        elif not self.accrual_id and not self.result_ids.filtered(
            lambda result: result.is_failed or result.finding_count
        ):
            waiting.activity_feedback(
                [ACTIVITY],
                feedback=self.env._("A later check of everything passed."),
            )

    def _new_notices(self):
        """Return the notices of more than the run before has noticed."""
        before = self.search(
            [
                ("program_id", "=", self.program_id.id),
                ("accrual_id", "=", self.accrual_id.id),
                ("id", "<", self.id),
            ],
            limit=1,
            order="id desc",
        )
        known = {
            result.check_name: result.finding_count for result in before.result_ids
        }
        return self.result_ids.filtered(
            lambda result: not result.is_failed
            and result.finding_count > known.get(result.check_name, 0)
        )

    def action_view_findings(self):
        """Open what these runs found."""
        return window_of(self, "referral_integrity_finding_action", "run_id")
