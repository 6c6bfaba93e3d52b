from odoo import api, fields, models
from odoo.exceptions import UserError

from ...tools import secrets
from ..participant.referral_agreement import KINDS

#: Steps in which somebody decides: whatever the addon comes with is only a proposal.
DECISIONS = (
    "place",
    "people",
    "accounting",
    "payments",
    "terms",
    "agreements",
    "types",
    "calendar",
)
#: Steps that are decided in a form of their own, which confirms them.
FORMS = ("place", "people", "accounting", "payments", "terms")
#: Steps that are shown only while something is wrong.
ALARMS = ("key", "actions")
#: Steps that a program can do without.
OPTIONAL = ("mail", "sign_up")


class ReferralProgram(models.Model):
    """What has to be done until the first month is posted, by whom, and where.

    A decision is done when its data are there and somebody has confirmed them; what
    only has to be there is done when it is. A program that has credited a month has
    been decided about. Each step is open again when its data are not there any more.
    """

    _inherit = "referral.program"

    steps = fields.Json("First Steps", compute="_compute_steps")
    is_ready = fields.Boolean(
        compute="_compute_steps",
        help="The program has everything that it needs, and has credited a month.",
    )
    steps_confirmed = fields.Json(
        "Confirmed Steps",
        readonly=True,
        copy=False,
        help="The names of the steps that somebody has confirmed. The history says "
        "who and when.",
    )

    @api.depends(
        "company_id",
        "journal_id",
        "expense_account_id",
        "liability_account_id",
        "bill_journal_id",
        "tz",
        "officer_id",
        "responsible_id",
        "steps_confirmed",
        "terms_ids.date_from",
    )
    @api.depends_context("lang", "uid")
    def _compute_steps(self):
        facts = self._steps_facts()
        can = self._may_open_steps()
        for program in self:
            there = program._steps_there(facts)
            done = program._steps_done(there)
            who = program._steps_people()
            steps = [
                {
                    "name": name,
                    "label": label,
                    "text": text,
                    "who": who[role],
                    "done": done[name],
                    "optional": name in OPTIONAL,
                    # whoever may not go there is told only what is missing
                    "open": ["step", name] if can.get(name, True) else False,
                    "button": self.env._("Open it") if done[name] else button,
                    "confirm": name in DECISIONS
                    and name not in FORMS
                    and there[name]
                    and not done[name]
                    and can["place"],
                    "key": name,
                }
                for name, label, text, button, role in program._describe_steps()
                if name not in ALARMS or not done[name]
            ]
            program.is_ready = all(s["done"] for s in steps if not s["optional"])
            program.steps = {
                "steps": steps,
                "count": self.env._(
                    "%(done)s of %(all)s done",
                    done=sum(step["done"] for step in steps),
                    all=len(steps),
                ),
                "confirm": self.env._("Confirm"),
            }

    def _may_open_steps(self):
        """Return which steps are not for everybody, and whether the user opens them."""
        administrator = self.has_access("write")
        system = self.env["ir.cron"].has_access("write")
        return {
            "key": False,  # not in Odoo at all
            **dict.fromkeys(FORMS, administrator),
            "calendar": self.env["resource.calendar"].has_access("read"),
            "actions": system,
            **dict.fromkeys(OPTIONAL, system),
        }

    # === WHAT IS DONE === #

    def _steps_facts(self):
        """Return what the steps look at: so many queries for any number of programs."""
        # sudo: whether something is there is told to whoever sees the program
        env = self.sudo().env
        agreements = env["referral.agreement"].search_fetch(
            [
                ("state", "=", "published"),
                ("company_id", "in", [False, *self.company_id.ids]),
            ],
            ["kind", "company_id", "date_from"],
        )
        return {
            "agreements": agreements,
            "types": env["referral.participant.type"].search_count(
                [("can_join", "=", True), ("requirement_ids", "!=", False)], limit=1
            ),
            "actions": all(self._scheduled_actions().mapped("active")),
            "mail": env["ir.mail_server"].search_count([], limit=1),
            "sign_up": env["res.users"]._get_signup_invitation_scope() == "b2c",
            "participants": dict(
                env["referral.participant"]._read_group(
                    [
                        ("program_id", "in", self.ids),
                        ("state", "in", ("active", "suspended")),
                    ],
                    ["program_id"],
                    ["__count"],
                )
            ),
            # a month without anybody's compensation shows nothing
            "months": dict(
                env["referral.accrual"]._read_group(
                    [
                        ("program_id", "in", self.ids),
                        ("state", "=", "posted"),
                        ("compensation_ids", "!=", False),
                    ],
                    ["program_id"],
                    ["__count"],
                )
            ),
        }

    def _scheduled_actions(self):
        """Return the addon's scheduled actions, in superuser mode."""
        # sudo: as above
        actions = self.env["ir.cron"].sudo().with_context(active_test=False)
        return actions.search([("id", "in", self._own_ids("ir.cron"))])

    def _steps_there(self, facts):
        """Return for which steps everything is there, by name."""
        self.ensure_one()
        # sudo: as above
        program = self.sudo()
        today = program._today()
        kinds = {
            agreement.kind
            for agreement in facts["agreements"]
            if agreement.date_from <= today
            and agreement.company_id
            in (program.company_id.browse(), program.company_id)
        }
        there = {
            "key": secrets.is_ready(),
            "place": program.tz and program.company_id.country_id,
            "people": program.officer_id.active and program.responsible_id.active,
            "accounting": program.journal_id
            and program.expense_account_id
            and program.liability_account_id
            and program.bill_journal_id,
            "payments": True,
            "terms": any(terms.date_from for terms in program.terms_ids),
            "agreements": kinds == {kind for kind, _label in KINDS},
            "types": facts["types"],
            "calendar": program.company_id.resource_calendar_id.attendance_ids,
            "actions": facts["actions"],
            **{name: facts[name] for name in OPTIONAL},
            "participant": facts["participants"].get(program._origin),
            "month": facts["months"].get(program._origin),
        }
        return {name: bool(value) for name, value in there.items()}

    def _steps_done(self, there):
        """Return which steps are done, by name.

        :param dict there: as :meth:`_steps_there` returns it
        """
        self.ensure_one()
        confirmed = self.sudo().steps_confirmed or []  # sudo: as above
        return {
            name: value
            and (name not in DECISIONS or name in confirmed or there["month"])
            for name, value in there.items()
        }

    # === DECIDING === #

    def action_confirm_step(self, key=False):
        """Keep that somebody has decided what a step asks for.

        :param str key: one of ``DECISIONS``
        :return dict: the action that closes the step's form
        :raise UserError: if there is no such step, or something of it is missing
        """
        self.ensure_one()
        self.check_access("write")
        if key not in DECISIONS:
            raise UserError(self._no_such_step())
        if not self._steps_there(self._steps_facts())[key]:
            raise UserError(self.env._("Something is missing here: fill it in first."))
        confirmed = self.steps_confirmed or []
        if key not in confirmed:
            self.steps_confirmed = [*confirmed, key]
            self._message_log(
                body=self.env._("Confirmed: %(step)s", step=self._step_title(key)),
                author_id=self.env.user.partner_id.id,
            )
        return {"type": "ir.actions.act_window_close"}

    def _no_such_step(self):
        return self.env._("There is no such step.")
