"""Orders that say who brought the client."""

from odoo.exceptions import ValidationError
from odoo.tests import Form, tagged

from .ordering import OrderCase


@tagged("post_install", "-at_install")
class TestOrders(OrderCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.stranger = cls._partner("Stranger")
        cls.salesman = cls._user("salesman", "sales_team.group_sale_salesman")

    def _referrals(self, partner=None):
        return self.env["referral.referral"].search(
            [("partner_id", "=", (partner or self.stranger).id)]
        )

    def _quotation(self, **values):
        return self._order("2026-01-05", 1000, self.stranger, confirmed=False, **values)

    def _confirm(self, order, user=None):
        with self.on("2026-01-06"):
            order.with_user(user or self.env.user).action_confirm()

    def test_a_salesman_types_the_code(self):
        order = self._quotation(user_id=self.salesman.id)
        with Form(order.with_user(self.salesman)) as form:
            form.referral_code = self.participant.code
        self.assertFalse(self._referrals())
        self._confirm(order, self.salesman)
        referral = self._referrals()
        self.assertEqual(referral.participant_id, self.participant)
        self.assertEqual(referral.source, "code")
        self.assertEqual(str(referral.date_start), "2026-01-06")
        self.assertIn("brought by the code", order.message_ids[0].body)
        self._pay(self._bill(order, "2026-01-10"), "2026-01-10")
        self.assertEarned("2026-01", self.participant, "90")

    def test_a_code_that_nobody_has(self):
        with self.assertRefused(ValidationError, "has the code “nobody”"):
            self._quotation(referral_code="nobody")

    def test_the_code_of_another_company(self):
        other = self._program(self.setup_other_company()["company"])
        stranger = self._participant("Elsewhere", program=other)
        with self.assertRefused(ValidationError, "has the code"):
            self._quotation(referral_code=stranger.code)

    def test_whoever_was_a_customer_before_is_not_bound(self):
        self._paid("2025-06-01", 100, self.stranger)
        order = self._quotation(referral_code=self.participant.code)
        self._confirm(order)
        self.assertFalse(self._referrals())
        self.assertIn("was a customer before", order.message_ids[0].body)
        refusal = self.env["referral.refusal"].search(
            [("partner_id", "=", self.stranger.id)]
        )
        self.assertEqual(refusal.reason, "existing_customer")

    def test_a_code_in_an_old_cart_makes_no_new_client(self):
        code = self.participant.code
        cart = self._order("2025-05-01", 10, self.stranger, confirmed=False)
        self._paid("2025-06-01", 100, self.stranger)
        cart.referral_code = code
        self._confirm(self._quotation(referral_code=code))
        self.assertFalse(self._referrals())

    def test_whoever_is_bound_already_stays_so(self):
        self._referral(self.participant, self.stranger)
        other = self._participant("Other")
        order = self._quotation(referral_code=other.code)
        before = len(self.env["referral.refusal"].search([]))
        self._confirm(order)
        self.assertEqual(self._referrals().participant_id, self.participant)
        self.assertEqual(len(self.env["referral.refusal"].search([])), before + 1)

    def test_a_further_order_says_nothing_anew(self):
        for _order in range(2):
            self._confirm(self._quotation(referral_code=self.participant.code))
        self.assertEqual(len(self._referrals()), 1)
        self.assertFalse(
            self.env["referral.refusal"].search([("partner_id", "=", self.stranger.id)])
        )

    def test_a_copied_order_has_no_code(self):
        order = self._quotation(referral_code=self.participant.code)
        self.assertFalse(order.copy().referral_code)
