"""One time zone per program decides which day it is, whoever looks and wherever."""

from datetime import date, datetime

from odoo.exceptions import UserError
from odoo.tests import tagged

from ..clock import freeze_time
from ..common import OneReferralCase

#: Still the evening of 31 January in Los Angeles, and already 1 February in London.
NIGHT = "2026-02-01 03:00:00"
#: Already the morning of 1 February in Vladivostok, and still 31 January in London.
EVENING = "2026-01-31 20:00:00"


@tagged("post_install", "-at_install")
class TestDays(OneReferralCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.participant.referral_ids.date_start = "2026-01-01"
        cls.accountant = cls._user("days", "referral_program.group_accountant")

    def _due(self, moment, zone):
        """Press the button, and run the scheduled action, at a moment (UTC).

        :param str zone: where whoever presses the button is
        :return: the months that are posted then
        """
        program = self.program.with_user(self.accountant).with_context(tz=zone)
        with freeze_time(moment):
            try:
                program.action_accrue_next()
            except UserError as refusal:
                self.assertIn("not over yet", str(refusal))
            self.env["referral.program"].with_context(tz=zone)._cron_accrue()
        return [str(accrual.period_start) for accrual in self.program.accrual_ids]

    def test_the_month_ends_later_in_los_angeles(self):
        self._paid("2026-01-10")
        self.program.tz = "America/Los_Angeles"
        for zone in ("UTC", "America/Los_Angeles", "Asia/Vladivostok"):
            self.assertEqual(self._due(NIGHT, zone), [], zone)
        self.assertEqual(self._due("2026-02-01 07:59:59", "Asia/Vladivostok"), [])
        self.assertEqual(self._due("2026-02-01 08:00:00", "UTC"), ["2026-01-01"])
        self.assertEqual(self.participant._balance(), 90)

    def test_the_month_ends_earlier_in_vladivostok(self):
        self._paid("2026-01-10")
        self.program.tz = "Asia/Vladivostok"
        self.assertEqual(self._due("2026-01-31 13:59:59", "Asia/Kamchatka"), [])
        self.assertEqual(self._due(EVENING, "America/Los_Angeles"), ["2026-01-01"])
        self.assertEqual(self.participant._balance(), 90)

    def test_a_new_clients_first_day(self):
        for zone, moment, day in (
            ("America/Los_Angeles", NIGHT, date(2026, 1, 31)),
            ("Asia/Vladivostok", EVENING, date(2026, 2, 1)),
        ):
            self.program.tz = zone
            with freeze_time(moment):
                referral, _reason = self.env["referral.referral"]._bind(
                    self.participant, self._partner(f"Client in {zone}"), "link"
                )
                by_hand = self.env["referral.referral"].with_context(tz="UTC")
                given = by_hand.with_company(self.company).default_get(["date_start"])
            self.assertEqual(referral.date_start, day)
            self.assertEqual(given["date_start"], day)

    def test_a_claims_first_day_is_that_of_the_registration(self):
        self.program.tz = "America/Los_Angeles"
        claimed = self._partner("Claimed", email="claimed@example.com")
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE res_partner SET create_date = %s WHERE id = %s", [NIGHT, claimed.id]
        )
        claimed.invalidate_recordset(["create_date"])
        with self.on("2026-02-02"):
            self.env["referral.claim"]._take(self.participant, claimed.email)
        self.env["referral.claim"]._cron_look_into()
        [referral] = self.participant.referral_ids.filtered(
            lambda one: one.partner_id == claimed
        )
        self.assertEqual(referral.date_start, date(2026, 1, 31))

    def test_the_alarm_before_the_credit_day(self):
        self.program.write({"tz": "Asia/Vladivostok", "posting_policy": "review"})
        self._paid("2026-01-10")
        self._accrue("2026-01")
        kind = self.env.ref("referral_program.mail_activity_credit_alarm")
        for moment, count in (
            ("2026-02-12 13:59:59", 0),
            ("2026-02-12 14:00:00", 1),  # the 13th there, two days before the 15th
        ):
            with freeze_time(moment):
                self.env["referral.program"]._cron_accrue()
            alarms = self.program.activity_ids.filtered(
                lambda activity: activity.activity_type_id == kind
            )
            self.assertEqual(len(alarms), count, moment)

    def test_statements_and_numbers(self):
        """A statement made, and money asked for, on New Year's morning there."""
        self.program.tz = "Asia/Vladivostok"
        self._paid("2026-11-10", 1_000_000)
        self._accrue("2026-11", on="2026-12-01")
        with freeze_time("2026-12-31 20:00:00"):
            self.program.accrual_ids._make_statements()
            self.participant._accept(self.participant._agreements_to_accept())
            account = self.env["res.partner.bank"].create(
                {
                    "acc_number": "40702810938000000001",
                    "partner_id": self.participant.partner_id.id,
                }
            )
            withdrawal = self.env["referral.withdrawal"]._request(
                self.participant, 10_000, account, by_staff=True
            )
        [statement] = self.participant.statement_ids
        self.assertEqual(statement._report_values()["made_on"], "01/01/2027")
        self.assertRegex(withdrawal.name, "^WD/2027/")

    def test_the_day_on_which_verification_is_due(self):
        self.program.tz = "America/Los_Angeles"
        self.participant.sudo().verification_deadline = NIGHT
        self.participant._schedule_verification()
        self.assertEqual(self.participant.activity_ids.date_deadline, date(2026, 1, 31))

    def test_other_days_that_are_offered(self):
        """Of a text, of terms, of reports: today is where the program is."""
        self.program.tz = "America/Los_Angeles"
        env = self.env["referral.program"].with_company(self.company).env
        with freeze_time(NIGHT):
            text = env["referral.agreement"].default_get(["date_from"])
            terms = env["referral.program.terms"].default_get(["date_from"])
            report = env["referral.report.wizard"].default_get(["date_from", "date_to"])
            rollforward = env["referral.rollforward"].new({"period": "this_month"})
            self.assertEqual(rollforward.date_to, date(2026, 1, 31))
        self.assertEqual(text["date_from"], date(2026, 1, 31))
        self.assertEqual(terms["date_from"], date(2026, 1, 1))
        self.assertEqual(report["date_to"], date(2025, 12, 31))

    # === Where the time zone comes from === #

    def _new_program(self, company_zone=False, user_zone=False):
        company = self._create_company(name=f"Company {company_zone} {user_zone}")
        company.partner_id.tz = company_zone
        creator = self._user(
            f"creator {company.id}", "referral_program.group_administrator"
        )
        creator.write({"tz": user_zone, "company_ids": [(4, company.id)]})
        programs = self.env["referral.program"].with_user(creator)
        return programs.with_company(company).create(
            {"name": "New", "company_id": company.id}
        )

    def test_the_companys_then_the_makers_then_none(self):
        for zones, expected in (
            (("Europe/Moscow", "Asia/Tokyo"), "Europe/Moscow"),
            ((False, "Asia/Tokyo"), "Asia/Tokyo"),
            ((False, False), False),
        ):
            program = self._new_program(*zones)
            self.assertEqual(program.tz, expected)
        action = program.action_open_figure("step", "place")
        self.assertEqual(action["res_id"], program.id)

    def test_that_of_odoobot_says_nothing(self):
        self.env.ref("base.user_root").tz = "UTC"
        company = self._create_company(name="By a script")
        company.partner_id.tz = False
        programs = self.env["referral.program"].with_user(1)
        program = programs.create({"name": "New", "company_id": company.id})
        self.assertFalse(program.tz)
        with freeze_time(EVENING):
            here = program.with_context(tz="Asia/Vladivostok")
            self.assertEqual(here._today(), date(2026, 1, 31), "UTC for everybody")

    def test_a_chosen_one_stays(self):
        self.program.tz = "Asia/Tokyo"
        self.company.partner_id.tz = "Europe/Moscow"
        self.assertEqual(self.program.tz, "Asia/Tokyo")

    def test_days_begin_at_midnight_there(self):
        self.program.tz = "Europe/Berlin"
        for day, moment in (
            (date(2026, 3, 29), datetime(2026, 3, 28, 23)),
            (date(2026, 3, 30), datetime(2026, 3, 29, 22)),  # in summer time
        ):
            self.assertEqual(self.program._beginning_of(day), moment)
            self.assertEqual(self.program._day_of(moment), day)

    def test_how_long_documents_are_kept_is_said_in_words(self):
        self.env["res.lang"]._activate_lang("ru_RU")
        for days, english, russian in (
            (1095, "3 years", "3 года"),
            (365, "1 year", "1 год"),
            (400, "400 days", "400 дней"),
            (0, "0 days", "0 дней"),
        ):
            self.program.retention_days = days
            self.assertEqual(self.program._retention_text(), english)
            in_russian = self.program.with_context(lang="ru_RU")
            self.assertEqual(in_russian._retention_text(), russian)
