from odoo import api, fields, models
from odoo.exceptions import UserError

from ...tools.actions import window
from ..participant.referral_agreement import KINDS


class ReferralProgram(models.Model):
    """What has to be done before a program can run, as far as the data tell.

    Nobody ticks a step off: each is done when what it asks for is there, and is open
    again when it is not there any more.
    """

    _inherit = "referral.program"

    steps = fields.Json("First Steps", compute="_compute_steps")
    is_ready = fields.Boolean(
        compute="_compute_steps",
        help="The program has everything that it needs to run.",
    )

    @api.depends(
        "company_id",
        "journal_id",
        "expense_account_id",
        "liability_account_id",
        "bill_journal_id",
        "tz",
        "terms_ids.date_from",
    )
    @api.depends_context("lang", "uid")
    def _compute_steps(self):
        facts = self._steps_facts()
        for program in self:
            done = program._steps_done(facts)
            steps = [
                {
                    "name": name,
                    "label": label,
                    "text": text,
                    "done": bool(done[name]),
                    "optional": name == "mail",
                    # whoever may not go there is told only what is missing
                    "open": ["step", name] if may_open else False,
                    "button": self.env._("Open it") if done[name] else button,
                    "key": name,
                }
                for name, label, text, button, may_open in self._describe_steps()
            ]
            program.is_ready = all(s["done"] for s in steps if not s["optional"])
            program.steps = {
                "steps": steps,
                "count": self.env._(
                    "%(done)s of %(all)s done",
                    done=sum(step["done"] for step in steps),
                    all=len(steps),
                ),
            }

    def _describe_steps(self):
        """Return name, title, text and button of each step, and who may open it."""
        can = self._may_open_steps()
        return [
            (
                "accounting",
                self.env._("Journals and accounts"),
                self.env._("Where compensation, debts and vendor bills are booked."),
                self.env._("Choose"),
                can["administrator"],
            ),
            (
                "timezone",
                self.env._("Time zone"),
                self.env._(
                    "Where the program is: which day is today, and when a month is "
                    "over."
                ),
                self.env._("Choose"),
                can["administrator"],
            ),
            (
                "terms",
                self.env._("Terms"),
                self.env._(
                    "The percentage, its first day, and the services that earn it."
                ),
                self.env._("View the terms"),
                True,
            ),
            (
                "agreements",
                self.env._("Agreements"),
                self.env._("Both texts for participants are published and in force."),
                self.env._("Read and publish"),
                True,
            ),
            (
                "types",
                self.env._("Participant types and documents"),
                self.env._("Who may take part, and which documents they need."),
                self.env._("View the types"),
                True,
            ),
            (
                "calendar",
                self.env._("Working calendar"),
                self.env._(
                    "The company's working days, by which the promised verification "
                    "time is counted."
                ),
                self.env._("Open the calendar"),
                can["calendar"],
            ),
            (
                "actions",
                self.env._("Scheduled actions"),
                self.env._(
                    "Accruals, bills, estimates and statements run automatically."
                ),
                self.env._("Switch them on"),
                can["system"],
            ),
            (
                "mail",
                self.env._("Outgoing mail"),
                self.env._(
                    "Your own mail server sends the e-mails to participants. Optional."
                ),
                self.env._("Add a server"),
                can["system"],
            ),
            (
                "participant",
                self.env._("First participant"),
                self.env._("Enroll a client who recommends you, or let clients join."),
                self.env._("Enroll"),
                True,
            ),
        ]

    def _may_open_steps(self):
        return {
            "administrator": self.has_access("write"),
            "calendar": self.env["resource.calendar"].has_access("read"),
            "system": self.env["ir.cron"].has_access("write"),
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
            "actions": not self._actions_off(),
            "mail": env["ir.mail_server"].search_count([], limit=1),
            "participants": dict(
                env["referral.participant"]._read_group(
                    [("program_id", "in", self.ids)], ["program_id"], ["__count"]
                )
            ),
        }

    def _actions_off(self):
        """Return the addon's scheduled actions that are switched off."""
        # sudo: as above
        return self._scheduled_actions().filtered(lambda action: not action.active)

    def _scheduled_actions(self):
        """Return the addon's scheduled actions, in superuser mode."""
        # sudo: as above
        names = self.env["ir.model.data"].sudo()
        found = names.search_fetch(
            [("module", "=", "referral_program"), ("model", "=", "ir.cron")], ["res_id"]
        )
        actions = self.env["ir.cron"].sudo().with_context(active_test=False)
        return actions.search([("id", "in", found.mapped("res_id"))])

    def _steps_done(self, facts):
        """Return which steps are done, by name."""
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
        return {
            "accounting": program.journal_id
            and program.expense_account_id
            and program.liability_account_id
            and program.bill_journal_id,
            "timezone": program.tz,
            "terms": any(
                terms.date_from and terms.date_from <= today
                for terms in program.terms_ids
            ),
            "agreements": kinds == {kind for kind, _label in KINDS},
            "types": facts["types"],
            "calendar": program.company_id.resource_calendar_id.attendance_ids,
            "actions": facts["actions"],
            "mail": facts["mail"],
            "participant": facts["participants"].get(program._origin),
        }

    # === WHERE TO DO IT === #

    def _open_step(self, key):
        """Return the action that opens the place where a step is done."""
        openers = {
            "accounting": self._open_accounting,
            "timezone": self._open_timezone,
            "terms": self._open_terms,
            "agreements": self._open_agreements,
            "types": self._open_types,
            "calendar": self._open_calendar,
            "actions": self._open_actions,
            "mail": self._open_mail,
            "participant": self._open_participant,
        }
        if key not in openers:
            raise UserError(self.env._("There is no such step."))
        return openers[key]()

    def _open_accounting(self):
        return self._open_form("accounting", self.env._("Journals and accounts"))

    def _open_timezone(self):
        return self._open_form("timezone", self.env._("Time zone"))

    def _open_form(self, form, name):
        """Return the action that opens one of the program's small forms."""
        view = self.env.ref(f"referral_program.referral_program_view_form_{form}")
        return {
            "type": "ir.actions.act_window",
            "name": name,
            "res_model": self._name,
            "res_id": self.id,
            "views": [(view.id, "form")],
            "target": "new",
        }

    def _open_terms(self):
        return window(
            self.env,
            "referral_program_terms_action",
            [("program_id", "=", self.id)],
            context={"default_program_id": self.id},
        )

    def _open_agreements(self):
        return window(
            self.env,
            "referral_agreement_action",
            [("company_id", "in", (False, self.company_id.id))],
        )

    def _open_types(self):
        return window(self.env, "referral_participant_type_action")

    def _open_calendar(self):
        calendar = self.company_id.resource_calendar_id
        if calendar:
            return calendar._get_records_action()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Working calendar"),
            "res_model": "resource.calendar",
            "views": [(False, "list"), (False, "form")],
        }

    def _open_actions(self):
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Scheduled actions"),
            "res_model": "ir.cron",
            "views": [(False, "list"), (False, "form")],
            "domain": [("id", "in", self._scheduled_actions().ids)],
            "context": {"active_test": False},
        }

    def _open_mail(self):
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Outgoing mail"),
            "res_model": "ir.mail_server",
            "views": [(False, "list"), (False, "form")],
        }

    def _open_participant(self):
        return window(
            self.env,
            "referral_participant_action",
            [("program_id", "=", self.id)],
            context={"default_program_id": self.id},
        )
