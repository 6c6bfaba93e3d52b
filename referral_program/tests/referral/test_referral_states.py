"""A referral's states, and that every model's states have one door."""

from datetime import date

from psycopg2.errors import CheckViolation

from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged
from odoo.tools import mute_logger

from ..common import OneReferralCase


@tagged("post_install", "-at_install")
class TestReferralStates(OneReferralCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.referral = cls.participant.referral_ids
        cls.officer = cls._user("states_officer", "referral_program.group_officer")

    def assertRefusedByDatabase(self, change):
        with (
            self.assertRaises(CheckViolation),
            mute_logger("odoo.sql_db"),
            self.cr.savepoint(),
        ):
            change()
            self.env.flush_all()

    def test_officers_write_no_state(self):
        referral = self.referral.with_user(self.officer)
        for state in ("pending", "active", "ended", "cancelled"):
            with self.assertRefused(UserError, "with the buttons"):
                referral.write({"state": state})
            with self.assertRefused(UserError, "with the buttons"):
                referral.write({"state": state, "date_end": "2026-01-31"})
        self.assertEqual(self.referral.state, "active")

    def test_who_ended_has_a_last_day(self):
        """One without went on earning, while the portal called it over."""
        referrals = self.env["referral.referral"].with_user(self.officer)
        client = self._partner("Second")
        vals = {
            "participant_id": self.participant.id,
            "partner_id": client.id,
            "date_start": "2026-01-01",
            "state": "ended",
        }
        self.assertRefusedByDatabase(lambda: referrals.create(vals))
        ended = referrals.create({**vals, "date_end": "2026-01-31"})
        self.assertRefusedByDatabase(lambda: ended.write({"date_end": False}))
        self._paid("2026-01-31", partner=client)
        self._paid("2026-02-01", partner=client)
        self.assertEarned("2026-01", self.participant, 90)
        self._accrue("2026-02")
        self.assertEqual(self.participant._balance(), 90)

    def test_ending_gives_a_last_day(self):
        with self.on("2026-01-20"):
            referral = self.referral.with_user(self.officer)
            referral.action_end()
            self.assertEqual(
                (referral.state, referral.date_end), ("ended", date(2026, 1, 20))
            )
            self.assertFalse(referral._is_over(), "today's invoices count")
        with self.on("2026-01-21"):
            self.assertTrue(referral._is_over())
        self._paid("2026-01-20")
        self._paid("2026-01-21")
        self.assertEarned("2026-01", self.participant, 90)

    def test_ending_lets_nothing_go_on_longer(self):
        self.referral.date_end = "2026-01-10"
        with self.on("2026-01-20"):
            self.referral.action_end()
        self.assertEqual(self.referral.date_end, date(2026, 1, 10))
        self._paid("2026-01-15")
        self.assertFalse(self._accrue("2026-01").compensation_ids)

    def test_one_that_is_to_come_ends_on_its_first_day(self):
        self.referral.date_start = "2026-03-01"
        with self.on("2026-01-20"):
            self.referral.action_end()
        self.assertEqual(self.referral.date_end, date(2026, 3, 1))

    def test_what_is_reopened_goes_on(self):
        with self.on("2026-01-20"):
            self.referral.action_end()
        self._paid("2026-01-25")
        self._accrue("2026-01")
        self.assertEqual(self.participant._balance(), 0)
        with self.on("2026-02-10"):
            referral = self.referral.with_user(self.officer)
            referral.action_reopen()
            self.assertFalse(referral._is_over())
        self.assertEqual((referral.state, referral.date_end), ("active", False))
        self.assertEarned("2026-02", self.participant, 90)

    def test_states_go_only_where_they_may(self):
        allowed = {
            ("pending", "active"),
            ("pending", "cancelled"),
            ("active", "pending"),
            ("active", "ended"),
            ("active", "cancelled"),
            ("ended", "active"),
            ("ended", "cancelled"),
        }
        states = ("pending", "active", "ended", "cancelled")
        client = self._partner("Second")
        for old in states:
            for new in states:
                with self.subTest(old=old, new=new), self.cr.savepoint() as savepoint:
                    last = "2026-01-31" if old == "ended" else False
                    referral = self._referral(
                        self.participant, client, state=old, date_end=last
                    )
                    if (old, new) in allowed:
                        referral._update_state(new)
                        self.assertEqual(referral.state, new)
                    else:
                        with self.assertRefused(UserError, "cannot become"):
                            referral._update_state(new)
                    savepoint.rollback()
                    self.env.invalidate_all()

    def test_only_officers_press_the_buttons(self):
        reader = self._user("states_reader", "referral_program.group_reader")
        referral = self.referral.with_user(reader)
        for button in (referral.action_end, referral.action_cancel):
            with self.assertRaises(AccessError):
                button()
        self.assertEqual(self.referral.state, "active")

    # === All models === #

    def test_every_state_has_one_door(self):
        found = {}
        for name, model in self.env.registry.items():
            field = model._fields.get("state")
            if not name.startswith("referral.") or not field or field.compute:
                continue
            if model._transient:
                continue
            doors = [kind for kind in model.__mro__ if "_update_state" in vars(kind)]
            found[name] = len(doors)
        # written once with the record, or read from other tables
        without_door = {"referral.integrity.run", "referral.payout"}
        self.assertEqual({n for n, doors in found.items() if not doors}, without_door)
        self.assertEqual(
            {name for name, doors in found.items() if doors},
            {
                "referral.accrual",
                "referral.agreement",
                "referral.document",
                "referral.event",
                "referral.participant",
                "referral.question",
                "referral.referral",
            },
        )
        self.assertEqual(max(found.values()), 1, found)
