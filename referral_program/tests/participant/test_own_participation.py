"""An officer decides nothing about a participation of their own."""

from odoo.exceptions import UserError
from odoo.tests import tagged

from ..common import JoiningCase


@tagged("post_install", "-at_install")
class TestOwnParticipation(JoiningCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.program.four_eyes = "able"
        cls.company_of_vera = cls._partner("Firm of Vera", email="firm@vera.example")
        cls.vera, cls.other = (
            cls._user(name, "referral_program.group_officer,base.group_partner_manager")
            for name in ("own_vera", "own_boris")
        )
        cls.vera.partner_id.parent_id = cls.company_of_vera
        cls.client = cls._partner("Client")

    def setUp(self):
        super().setUp()
        self.waiting = self._submitted(partner=self.company_of_vera)

    def assertNotByVera(self, action):
        refused = self.assertRefused(
            UserError, "Firm of Vera is your own participation.*own_boris"
        )
        with refused, self.cr.savepoint():
            action(self.vera)
        self.env.invalidate_all()

    def test_does_not_verify_it(self):
        document = self.waiting.document_ids.filtered(lambda d: d.state == "submitted")
        for action in (
            lambda user: document.with_user(user).action_approve(),
            lambda user: self.waiting.with_user(user).action_approve_documents(),
        ):
            self.assertNotByVera(action)
            self.assertEqual(document.state, "submitted")
        document.sudo()._update_state("approved")
        self.assertNotByVera(
            lambda user: self.waiting.with_user(user).action_activate()
        )
        self.waiting.with_user(self.other).action_activate()
        self.assertEqual(self.waiting.state, "active")
        self.waiting._update_state("suspended", "Test")
        self.assertNotByVera(lambda user: self.waiting.with_user(user).action_resume())
        self.assertEqual(self.waiting.state, "suspended")

    def test_an_administrator_does_not_make_it_active(self):
        self.vera.group_ids += self.env.ref("referral_program.group_administrator")
        another = self._partner("Firm of Vera")
        self.vera.partner_id.parent_id = another
        self.assertNotByVera(
            lambda user: (
                self.env["referral.participant"]
                .with_user(user)
                .create(
                    {
                        "program_id": self.program.id,
                        "partner_id": another.id,
                        "type_id": self._type("legal_entity_resident").id,
                        "state": "active",
                    }
                )
            )
        )

    def test_does_not_bind_clients_to_it(self):
        self.waiting.action_approve_documents()
        referrals = self.env["referral.referral"]
        values = {
            "participant_id": self.waiting.id,
            "partner_id": self.client.id,
            "date_start": "2026-01-01",
        }
        self.assertNotByVera(lambda user: referrals.with_user(user).create(values))
        elsewhere = self._referral(self._participant("Anna"), self.client, "2026-01-01")
        self.assertNotByVera(
            lambda user: elsewhere.with_user(user)._move(
                self.waiting.with_user(user), elsewhere.date_start, "Test"
            )
        )
        elsewhere._update_state("cancelled")
        own = referrals.with_user(self.other).create({**values, "state": "pending"})
        self.assertNotByVera(lambda user: own.with_user(user).action_approve())
        own.with_user(self.other).action_approve()
        self.assertEqual(own.state, "active")
        earlier = {"date_start": "2025-01-01"}
        self.assertNotByVera(lambda user: own.with_user(user).write(earlier))

    def test_the_only_officer_does(self):
        administrator = self.env.ref("referral_program.group_administrator")
        # sudo: it is the administrator's own role
        self.env.user.sudo().group_ids -= administrator
        self.other.sudo().active = False
        for document in self.waiting.with_user(self.vera).document_ids:
            document._log_reading("view")
        self.waiting.with_user(self.vera).action_approve_documents()
        self.assertEqual(self.waiting.state, "active")
