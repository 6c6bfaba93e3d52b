from odoo import models
from odoo.exceptions import UserError

from ...tools.actions import dialog, window
from ...tools.secrets import COMMAND, VARIABLE
from .referral_program_steps import FORMS

#: Who does a step.
SERVER, ADMINISTRATOR, OFFICER, ACCOUNTANT = (
    "server",
    "administrator",
    "officer",
    "accountant",
)

#: Where the steps without a form are done: an action, and its domain for a program.
PLACES = {
    "agreements": (
        "referral_agreement_action",
        lambda program: [("company_id", "in", (False, program.company_id.id))],
    ),
    "types": ("referral_participant_type_action", lambda _program: []),
    "calendar": ("resource.action_resource_calendar_form", lambda _program: []),
    "actions": (
        "base.ir_cron_act",
        lambda program: [("id", "in", program._scheduled_actions().ids)],
    ),
    "mail": ("base.action_ir_mail_server_list", lambda _program: []),
    "sign_up": ("base_setup.action_general_configuration", lambda _program: []),
    "participant": (
        "referral_participant_action",
        lambda program: [("program_id", "=", program.id)],
    ),
    "month": (
        "referral_accrual_action",
        lambda program: [("program_id", "=", program.id)],
    ),
}


class ReferralProgram(models.Model):
    """The first steps in words: what each asks for, who does it, and where."""

    _inherit = "referral.program"

    # === IN WORDS === #

    def _describe_steps(self):
        """Return name, title, text, button and role of each step, in their order."""
        return [*self._describe_decisions(), *self._describe_deeds()]

    def _describe_decisions(self):
        return [
            (
                "key",
                self.env._("Key for documents"),
                self.env._(
                    "Documents cannot be uploaded yet: the server has no key to "
                    "encrypt them with. Make one (%(command)s), put it in the "
                    "environment of the server as %(variable)s, keep a copy apart from "
                    "the database's backups, and restart Odoo.",
                    command=COMMAND,
                    variable=VARIABLE,
                ),
                False,
                SERVER,
            ),
            (
                "place",
                self.env._("Country and time zone"),
                self.env._(
                    "Who is a resident, which day is today, and when a month is over."
                ),
                self.env._("Choose"),
                ADMINISTRATOR,
            ),
            (
                "people",
                self.env._("Officer and accountant"),
                self.env._("Who verifies participants, and who closes the months."),
                self.env._("Choose"),
                ADMINISTRATOR,
            ),
            (
                "accounting",
                self.env._("Journals and accounts"),
                self.env._("Where compensation, debts and vendor bills are booked."),
                self.env._("Choose"),
                ADMINISTRATOR,
            ),
            (
                "payments",
                self.env._("Payments and bonuses"),
                self.env._(
                    "Which journals are bonuses that earn nothing, when an invoice is "
                    "paid, and who posts a month."
                ),
                self.env._("Choose"),
                ADMINISTRATOR,
            ),
            (
                "terms",
                self.env._("Rate, first day and minimum withdrawal"),
                self.env._(
                    "From which day on invoices earn, how much, and from which amount "
                    "on participants are paid."
                ),
                self.env._("Choose"),
                ADMINISTRATOR,
            ),
            (
                "agreements",
                self.env._("Agreements"),
                self.env._(
                    "Both texts that participants accept: read them, and replace them "
                    "by your own."
                ),
                self.env._("Read"),
                ADMINISTRATOR,
            ),
            (
                "types",
                self.env._("Participant types and documents"),
                self.env._("Who may take part, and which documents they need."),
                self.env._("View the types"),
                ADMINISTRATOR,
            ),
            (
                "calendar",
                self.env._("Working calendar"),
                self.env._(
                    "The company's working days, by which the promised verification "
                    "time is counted."
                ),
                self.env._("Open the calendar"),
                ADMINISTRATOR,
            ),
        ]

    def _describe_deeds(self):
        return [
            (
                "actions",
                self.env._("Scheduled actions"),
                self.env._(
                    "Accruals, bills, estimates and statements run automatically."
                ),
                self.env._("Switch them on"),
                ADMINISTRATOR,
            ),
            (
                "mail",
                self.env._("Outgoing mail"),
                self.env._(
                    "Your own mail server sends the e-mails to participants. Optional."
                ),
                self.env._("Add a server"),
                ADMINISTRATOR,
            ),
            (
                "sign_up",
                self.env._("Free sign-up"),
                self.env._(
                    "Visitors who follow a referral link can make an account "
                    "themselves: in the settings, below Permissions, set Customer "
                    "Account to Free sign up. Optional: otherwise they have to ask "
                    "you for an account."
                ),
                self.env._("Open the settings"),
                ADMINISTRATOR,
            ),
            (
                "participant",
                self.env._("First participant active"),
                self.env._(
                    "Enroll a client and invite them to the portal, or let clients "
                    "join; then verify their documents. Register whom they brought "
                    "under Referrals."
                ),
                self.env._("Enroll"),
                OFFICER,
            ),
            (
                "month",
                self.env._("First month posted"),
                self.env._(
                    "When a month is over, it is computed by itself within a day, or "
                    "at once by Accrue Next Month: look at it and post it. Done once a "
                    "participant has been credited."
                ),
                self.env._("Open the months"),
                ACCOUNTANT,
            ),
        ]

    def _steps_people(self):
        """Return who does the steps of each role, in words."""
        self.ensure_one()
        # sudo: whoever sees the program need not read users
        officer, accountant = self.sudo().officer_id, self.sudo().responsible_id
        return {
            SERVER: self.env._("Whoever runs the server"),
            ADMINISTRATOR: self.env._("Administrator"),
            OFFICER: self._role_and_name(
                self.env._("Verification Officer"), officer.name
            ),
            ACCOUNTANT: self._role_and_name(self.env._("Accountant"), accountant.name),
        }

    def _role_and_name(self, role, name):
        return f"{role}: {name}" if name else role

    # === WHERE IT IS DONE === #

    def _open_step(self, key):
        """Return the action that opens the place where a step is done."""
        if key in FORMS:
            return self._open_form(key)
        if key not in PLACES:
            raise UserError(self._no_such_step())
        calendar = self.company_id.resource_calendar_id
        if key == "calendar" and calendar:
            return calendar._get_records_action()
        if key == "month" and self.next_period_due:
            return self._get_records_action()  # its button accrues the month
        action, domain = PLACES[key]
        context = {
            "default_program_id": self.id,
            "active_test": key != "actions",
            "module": "general_settings",  # which of Odoo's settings are shown
        }
        # Odoo's own windows say what the step is
        title = {"name": self._step_title(key)} if "." in action else {}
        return window(self.env, action, domain(self), context, **title)

    def _open_form(self, key):
        """Return the action that opens the form of a step, over the page."""
        view = f"referral_program_view_form_{key}"
        return dialog(self, self._step_title(key), view)

    def _step_title(self, key):
        return next(label for name, label, *_ in self._describe_steps() if name == key)
