"""The way of a participant in a real browser: joining, review, link, sign-up."""

from odoo.tests import tagged

from .test_portal import PortalCase

TYPES = (
    "individual_resident",
    "individual_tax_resident",
    "individual_nonresident",
    "legal_entity_resident",
    "legal_entity_nonresident",
    "sole_trader_resident",
    "state_organization_resident",
)


@tagged("post_install", "-at_install")
class TestTours(PortalCase):
    def test_join_as_each_type(self):
        for name in TYPES:
            with self.subTest(type=name):
                user = self._portal_user(f"tour_{name}")
                self.start_tour(
                    "/my/referral", f"referral_join_{name}", login=user.login
                )
                participant = self.env["referral.participant"].search(
                    [("partner_id", "=", user.partner_id.id)]
                )
                self.assertEqual(participant.state, "submitted")
                self.assertEqual(participant.type_id, self._type(name))
                self.assertEqual(len(participant.acceptance_ids), 2)

    def test_who_cannot_join_is_told_why(self):
        self.start_tour(
            "/my/referral/join", "referral_cannot_join", login=self.owner.login
        )

    def test_rejection_and_resubmission(self):
        participant = self._membership(self.owner, "individual_resident")
        document = participant.document_ids[0]
        document._reject("The stamp is cut off")
        self.start_tour("/my/referral", "referral_resubmission", login=self.owner.login)
        self.assertEqual(document.state, "submitted")

    def test_officer_approves(self):
        self.owner.partner_id.name = "Tour Client"
        participant = self._membership(self.owner)
        self.start_tour(
            "/odoo/action-referral_program.referral_participant_verification_action",
            "referral_officer",
            login=self.officer.login,
        )
        self.assertEqual(participant.state, "active")

    def test_materials_are_found_and_copied(self):
        participant = self._membership(self.owner)
        participant.action_approve_documents()
        self.start_tour("/my/referral", "referral_materials", login=self.owner.login)

    def test_link_sign_up_referral(self):
        self.env["ir.config_parameter"].sudo().set_param(
            "auth_signup.invitation_scope", "b2c"
        )
        self.program.target_url = "/web/signup"
        anna = self._participant("Anna")
        self.start_tour(f"/referral/{anna.code}?utm_source=tour", "referral_sign_up")
        user = (
            self.env["res.users"].sudo().search([("login", "=", "toured@example.net")])
        )
        referral = self.env["referral.referral"].search(
            [("partner_id", "=", user.partner_id.id)]
        )
        self.assertEqual(referral.participant_id, anna)
        self.assertEqual(referral.source, "link")

    def test_money_pages(self):
        participant = self._participant(partner_id=self.owner.partner_id.id)
        self._accept_all(participant)
        client = self._partner("Client of Owner")
        self._referral(participant, client)
        self._paid("2026-01-10", 1_000_000, partner=client)
        self._accrue("2026-01")
        invoice = self._invoice(self.owner.partner_id, "2026-02-01", 4_000)
        self.start_tour("/my/referral", "referral_money", login=self.owner.login)
        withdrawal = participant.withdrawal_ids
        self.assertEqual(withdrawal.amount, 12_000)
        self.assertEqual(withdrawal.state, "cancelled")
        self.assertEqual(
            withdrawal.bank_account_id.sanitized_acc_number, "40702810100000000004"
        )
        self.assertEqual(invoice.amount_residual, 0)
        self.assertEqual(participant.balance, 86_000)
        self.assertFalse(participant.mail_statement)

    def test_accountant_bills_and_redeems(self):
        participant = self._participant("Tour Participant")
        self._accept_all(participant)
        client = self._partner("Client of Owner")
        self._referral(participant, client)
        self._paid("2026-01-10", 1_000_000, partner=client)
        self._accrue("2026-01")
        account = self.env["res.partner.bank"].create(
            {
                "acc_number": "40702810100000000004",
                "partner_id": participant.partner_id.id,
                "allow_out_payment": True,
            }
        )
        withdrawal = self.env["referral.withdrawal"]._request(
            participant, 12_000, account
        )
        self.start_tour(
            "/odoo/action-referral_program.referral_withdrawal_action",
            "referral_accountant",
            login=self.accountant.login,
        )
        self.assertEqual(withdrawal.state, "billed")
        self.assertEqual(participant.balance, 78_000)
