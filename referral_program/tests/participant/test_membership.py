"""Whose a membership is: contacts that take part stay themselves; accounts close."""

from odoo.exceptions import UserError
from odoo.tests import tagged
from odoo.tools import mute_logger

from ..common import ReferralCommon


@tagged("post_install", "-at_install")
class TestMembership(ReferralCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.person = cls._partner("Olga", is_company=False)
        cls.member = cls._participant(
            partner_id=cls.person.id,
            type_id=cls.env.ref(
                "referral_program.participant_type_individual_resident"
            ).id,
        )
        cls.company_of_olga = cls._partner("Olga LLC")

    def assertStaysItself(self):
        self.assertEqual(self.person.commercial_partner_id, self.person)
        self.assertEqual(self.member.partner_id, self.person)

    # === Parents === #

    def test_a_participant_is_not_put_under_a_company(self):
        with self.assertRefused(UserError, "Olga: takes part in a referral program"):
            self.person.parent_id = self.company_of_olga
        with self.assertRefused(UserError, "takes part"):
            self.company_of_olga.write({"child_ids": [(4, self.person.id)]})
        self.assertStaysItself()

    def test_whoever_edits_contacts_is_told(self):
        user = self._user("contacts", "base.group_user,base.group_partner_manager")
        with self.assertRefused(
            UserError, "Move to Another Contact.*new contact for the person"
        ):
            self.person.with_user(user).parent_id = self.company_of_olga
        self.assertStaysItself()

    def test_after_compensations_and_withdrawals_neither(self):
        client = self._partner("Client")
        self._referral(self.member, client, "2026-01-01")
        self._paid("2026-01-10", 1_000_000, client)
        self.assertEarned("2026-01", self.member, 90_000)
        with self.assertRefused(UserError, "takes part"):
            self.person.parent_id = self.company_of_olga
        self.assertEqual(self.member._balance(), 90_000)

    def test_a_participating_company_may_have_a_parent(self):
        """A company with a parent is a client of its own all the same."""
        firm = self._participant("Firm")
        firm.partner_id.parent_id = self.company_of_olga
        self.assertEqual(firm.partner_id.commercial_partner_id, firm.partner_id)
        with self.assertRefused(UserError, "Firm: takes part"):
            firm.partner_id.is_company = False

    def test_what_does_not_move_anybody_is_allowed(self):
        self.person.write({"parent_id": False, "is_company": False, "vat": "12"})
        self.person.is_company = True
        self.assertStaysItself()

    # === Merges === #

    def _merge(self, contacts, into):
        wizard = self.env["base.partner.merge.automatic.wizard"].create({})
        wizard._merge(contacts.ids, into)
        self.env.invalidate_all()

    def test_merged_with_a_stranger_the_membership_moves_as_a_whole(self):
        client = self._partner("Client")
        self._referral(self.member, client, "2026-01-01")
        self._paid("2026-01-10", 1_000_000, client)
        self.assertEarned("2026-01", self.member, 90_000)
        twin = self._partner("Olga again", is_company=False)
        self._merge(self.person | twin, twin)
        self.assertEqual(self.member.partner_id, twin)
        self.assertEqual(self.member._balance(), 90_000)
        self.assertLedger(self.program)

    def test_not_merged_into_a_companys_contact(self):
        contact = self.env["res.partner"].create(
            {"name": "Olga", "parent_id": self.company_of_olga.id}
        )
        for into in (contact, self.person):
            with (
                self.subTest(into=into),
                self.assertRefused(UserError, "takes part"),
                self.cr.savepoint(),
            ):
                self._merge(self.person | contact, into)
        self.env.invalidate_all()
        self.assertStaysItself()

    # === Portal accounts === #

    def _user_of(self, login, **values):
        user = self._user(login, "base.group_portal")
        user.partner_id.write({"email": f"{login}@example.com", **values})
        return user

    def _leaving(self):
        user = self._user_of("leaving", is_company=True)
        participant = self._participant(partner_id=user.partner_id.id)
        participant.with_user(user).sudo()._accept(participant._agreements_to_accept())
        return user, participant

    def _leave(self, user):
        with self.on("2026-02-02"):
            user._deactivate_portal_user()
        self.env.invalidate_all()

    def _told(self, participant):
        kind = self.env.ref("referral_program.mail_activity_account_closed")
        self.assertEqual(participant.activity_ids.activity_type_id, kind)
        return participant.activity_ids.note

    def test_a_closed_account_stops_the_link(self):
        user, participant = self._leaving()
        self.assertTrue(participant.link_active)
        self._leave(user)
        self.assertFalse(participant.link_active)
        self.assertIn("nobody else", self._told(participant))
        found = self.env["referral.participant"]._find_by_code(participant.code)
        self.assertFalse(found)
        with self.on("2026-02-05"):
            referral, reason = self.env["referral.referral"]._bind(
                participant, self._partner("Newcomer"), "link"
            )
        self.assertEqual((bool(referral), reason), (False, "participant_inactive"))
        officer = self._user("account_officer", "referral_program.group_officer")
        participant.with_user(officer).action_reopen_account()
        self.assertTrue(participant.link_active)
        self.assertFalse(participant.activity_ids)

    def test_what_the_link_brought_before_goes_on(self):
        user, participant = self._leaving()
        client = self._partner("Client")
        self._referral(participant, client, "2026-01-01")
        self._leave(user)
        self._paid("2026-02-10", 1000, client)
        self.assertEarned("2026-02", participant, 90)

    def test_one_of_two_who_leaves_stops_nothing(self):
        user, participant = self._leaving()
        colleague = self._user_of("colleague", parent_id=user.partner_id.id)
        participant._add_person("colleague", "viewer")
        self._leave(colleague)
        self.assertTrue(participant.link_active)
        self.assertIn("Others still act", self._told(participant))
        self.assertNotIn("None of them", self._told(participant))

    def test_the_last_owner_who_leaves_is_told_to_the_officer(self):
        user, participant = self._leaving()
        self._user_of("colleague", parent_id=user.partner_id.id)
        participant._add_person("colleague", "finance")
        self._leave(user)
        self.assertTrue(participant.link_active)
        self.assertIn("None of them is an owner", self._told(participant))

    def test_a_colleague_who_never_acted_is_told_to_nobody(self):
        user, participant = self._leaving()
        colleague = self._user_of("colleague", parent_id=user.partner_id.id)
        self._leave(colleague)
        self.assertFalse(participant.activity_ids)

    def test_a_closed_account_can_be_deleted(self):
        """The proof of what was accepted stays, with the name of who did."""
        user, participant = self._leaving()
        acceptances = participant.acceptance_ids
        self.assertEqual(acceptances.user_id, user)
        name = f"{user.name} (leaving)"
        self._leave(user)
        with mute_logger("odoo.sql_db"):
            user.unlink()
            self.env.flush_all()
        self.env.invalidate_all()
        self.assertFalse(user.exists())
        self.assertEqual(participant.acceptance_ids, acceptances)
        self.assertEqual(set(acceptances.mapped("user_name")), {name})
        self.assertFalse(acceptances.user_id)

    def test_a_participant_does_not_open_the_link_again(self):
        user, participant = self._leaving()
        self._leave(user)
        with self.assertRefused(UserError, "set by the program"):
            participant.with_user(
                self._user("own_officer", "referral_program.group_officer")
            ).account_closed_on = False
