from dateutil.relativedelta import relativedelta

from odoo import SUPERUSER_ID, models
from odoo.tools import clean_context, format_date, formataddr, html2plaintext

#: Days before the credit day on which an accrual that is not posted is an alarm.
ALARM_DAYS = 2
ALARM = "referral_program.mail_activity_credit_alarm"
WATCH = "ir_cron_watch"
#: Activities about these records are the officer's; all others are the accountant's.
OFFICER_MODELS = ("referral.participant", "referral.referral")


class ReferralProgram(models.Model):
    """Who is told: a colleague who is there, in the company and in the role, now."""

    _inherit = "referral.program"

    def _prepare_mail_vals(self):
        """Return what makes a mail the company's own, whoever causes it.

        Without an address of the company's the client who causes a mail would be its
        sender: OdooBot is, as of all that the system writes.
        """
        company = self.sudo().company_id  # sudo: whose mail it is, is no secret
        values = {"author_id": company.partner_id.id}
        if not company.email_formatted:
            root = self.env.ref("base.partner_root").sudo()
            sender = company.default_from_email or root.email or ""
            values["email_from"] = formataddr((company.name, sender))
        return values

    def _mail_template(self, name):
        """Return a mail template, whose mails no request's context holds up or turns.

        :param str name: its external id
        :return: in superuser mode; empty if somebody deleted it
        """
        template = self.env.ref(name, raise_if_not_found=False)
        # sudo: whoever causes a mail need not be allowed to send it
        template = (template or self.env["mail.template"]).sudo()
        return template.with_env(template.env(context=clean_context(self.env.context)))

    def _accountant(self):
        """Return the user who gets activities about accruals."""
        return self._told(self.responsible_id, self._able("group_accountant"))

    def _officer(self):
        """Return the user who gets activities about verification."""
        return self._told(self.officer_id, self._able("group_officer"))

    def _told(self, named, able):
        """Return the one named if they are able, else another one, else OdooBot.

        What OdooBot gets is handed over as soon as somebody has the role.
        """
        root = self.env["res.users"].browse(SUPERUSER_ID)
        return named & able or able[:1] or root

    def _able(self, group):
        """Return the active users of the company in one of the program's groups."""
        self.ensure_one()
        # sudo: who is told does not depend on who runs the accrual
        users = self.env.ref(f"referral_program.{group}").sudo().all_user_ids
        return users.filtered(
            lambda user: user.active and self.company_id in user.company_ids
        ).with_env(self.env)

    def _plan_for(self, user, record, activity_type, note=""):
        """Plan an activity of today for a user, about a record of this program."""
        record.activity_schedule(
            activity_type, date_deadline=self._today(), note=note, user_id=user.id
        )

    def _schedule_once(self, activity_type, deadline, note):
        """Plan an activity for the accountant unless the same is open already."""
        kind = self.env.ref(activity_type)
        same = self.activity_ids.filtered(
            lambda activity: activity.activity_type_id == kind
            and html2plaintext(activity.note) == html2plaintext(note)
        )
        if not same:
            self.activity_schedule(
                activity_type,
                date_deadline=deadline,
                note=note,
                user_id=self._accountant().id,
            )

    # === HANDING OVER === #

    def _activities(self, domain):
        """Return the open activities of the program's own kinds, of all programs.

        :return: ``mail.activity`` in superuser mode
        """
        # sudo: others' activities are not everybody's to read
        activities = self.sudo().env["mail.activity"]
        kinds = self._own_ids("mail.activity.type")
        return activities.search([("activity_type_id", "in", kinds), *domain])

    def _own_ids(self, model):
        """Return the ids of the records of a model that came with the addon."""
        # sudo: external ids are not everybody's to read
        names = (
            self.sudo()
            .env["ir.model.data"]
            .search_fetch(
                [("module", "=", "referral_program"), ("model", "=", model)], ["res_id"]
            )
        )
        return names.mapped("res_id")

    def _hand_over(self, activities, leaving=None):
        """Give what the activities' users cannot do any more to colleagues.

        :param activities: ``mail.activity``; those of other programs stay
        :param leaving: users who are about to go, although they are still there
        """
        self.ensure_one()
        for model, own in activities.grouped("res_model").items():
            records = self.env[model].browse(own.mapped("res_id")).exists()
            if model != self._name:
                records = records.filtered(lambda record: record.program_id == self)
            else:
                records &= self
            named, group = self._role(model)
            able = self._able(group) - (leaving or named.browse())
            for activity in own.filtered(
                lambda one, ids=records.ids: one.res_id in ids
            ):
                if activity.user_id not in able:
                    activity.user_id = self._told(named, able)

    def _role(self, model):
        """Return who is named for activities about a model's records, and the group."""
        if model in OFFICER_MODELS:
            return self.officer_id, "group_officer"
        return self.responsible_id, "group_accountant"

    def _hand_over_from(self, users):
        """Hand over what these users have to do, before they go."""
        activities = self._activities([("user_id", "in", users.ids)])
        if activities:
            # sudo: whoever archives a user need not see the programs
            programs = self.sudo().with_context(active_test=False)
            for program in programs.search([]):  # pylint: disable=no-search-all
                program._hand_over(activities, leaving=users)

    # === THE DAILY LOOK === #

    def _cron_watch(self):
        """See to it that somebody knows what has to be done, whatever else runs.

        A scheduled action of its own: where that of the accruals is switched off,
        somebody is told all the same that a month has to be credited.
        """
        programs = self.search([])  # pylint: disable=no-search-all
        steps = [(program, program._watch) for program in programs]
        self._in_turn(steps, "watch", WATCH)

    def _watch(self):
        self._hand_over_stale()
        self._warn_before_credit_day()

    def _hand_over_stale(self):
        """Hand over activities whose users have left the company or the role."""
        for is_officers, group in (
            (True, "group_officer"),
            (False, "group_accountant"),
        ):
            self._hand_over(
                self._activities(
                    [
                        (
                            "res_model",
                            "in" if is_officers else "not in",
                            OFFICER_MODELS,
                        ),
                        ("user_id", "not in", self._able(group).ids),
                    ]
                )
            )

    def _warn_before_credit_day(self):
        """Raise an alarm if a month is not posted shortly before its credit day."""
        self.ensure_one()
        self._take_for_step()
        period = self._next_period()
        if not period or not self._is_over(period):
            return
        deadline = self._credit_date(period)
        if self._today() < deadline - relativedelta(days=ALARM_DAYS):
            return
        kind = self.env.ref(ALARM)
        if self.activity_ids.filtered(
            lambda one: one.activity_type_id == kind and one.date_deadline == deadline
        ):
            return
        self = self.with_context(lang=self._accountant().lang)  # noqa: PLW0642
        self.activity_schedule(
            ALARM,
            date_deadline=deadline,
            note=self.env._(
                "%(month)s has to be credited by %(date)s and is not posted.",
                month=format_date(self.env, period, date_format="LLLL y"),
                date=format_date(self.env, deadline),
            ),
            user_id=self._accountant().id,
        )

    def _credit_date(self, period_start):
        """Return the day by which a month has to be credited."""
        return (period_start + relativedelta(months=1)).replace(day=self.credit_day)
