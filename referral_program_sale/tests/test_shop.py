"""Visitors of the shop who came by a participant's link."""

from odoo.tests import HttpCase, tagged

from odoo.addons.referral_program.tests.portal.test_portal import BROWSER

from .ordering import OrderCase


@tagged("post_install", "-at_install")
class TestShop(OrderCase, HttpCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        # sudo: who sets the shop up need not be who sells
        cls.website = cls.env["website"].sudo().search([], limit=1)
        cls.website.company_id = cls.company
        cls.service = cls._product(list_price=1000, invoice_policy="order")
        cls.service.sudo().is_published = True

    def _visit(self, participant):
        self.url_open(
            f"/referral/{participant.code}", headers=BROWSER, allow_redirects=False
        )

    def _fill_cart(self):
        """Return the order that a visitor's cart is."""
        answer = self.make_jsonrpc_request(
            "/shop/cart/add",
            {
                "product_template_id": self.service.product_tmpl_id.id,
                "product_id": self.service.id,
                "quantity": 1,
            },
        )
        self.assertTrue(answer)
        return self.env["sale.order"].search(
            [("website_id", "=", self.website.id)], order="id desc", limit=1
        )

    def _check_out(self, order):
        """Have a guest name themselves, and the payment provider confirm."""
        guest = self._partner("Guest", email="guest@example.org")
        order.partner_id = guest
        with self.on("2026-01-06"):
            order.action_confirm()
        return guest

    def _bound(self, guest):
        return self.env["referral.referral"].search([("partner_id", "=", guest.id)])

    def test_a_guest_is_bound_by_the_order(self):
        self._visit(self.participant)
        order = self._fill_cart()
        self.assertEqual(order.referral_code, self.participant.code)
        self.assertTrue(order.referral_by_link)
        guest = self._check_out(order)
        referral = self._bound(guest)
        self.assertEqual(referral.participant_id, self.participant)
        self.assertEqual(referral.source, "link")
        self._pay(self._bill(order, "2026-01-10"), "2026-01-10")
        self.assertEarned("2026-01", self.participant, "90")

    def test_a_guest_who_came_by_nobody_s_link(self):
        order = self._fill_cart()
        self.assertFalse(order.referral_code)
        self.assertFalse(self._bound(self._check_out(order)))

    def test_an_employee_who_opened_a_link_brings_nobody(self):
        order = self._fill_cart()
        seller = self._user("seller", "sales_team.group_sale_salesman_all_leads")
        self.authenticate(seller.login, seller.login)
        self._visit(self.participant)
        self.make_jsonrpc_request(
            "/web/dataset/call_kw/sale.order/write",
            {
                "model": "sale.order",
                "method": "write",
                "args": [order.ids, {"partner_id": self._partner("Guest").id}],
                "kwargs": {},
            },
        )
        self.assertEqual(order.partner_id.name, "Guest")
        self.assertFalse(order.referral_code)

    def test_who_orders_without_a_name_is_nobodys_client(self):
        """What costs nothing is ordered without an address, by Odoo's public user."""
        self.website.sudo().prevent_zero_price_sale = False
        self.service.list_price = 0
        self._visit(self.participant)
        order = self._fill_cart()
        self.assertEqual(order.referral_code, self.participant.code)
        self.url_open("/shop/payment/validate", allow_redirects=False)
        self.env.invalidate_all()
        self.assertEqual(order.state, "sale")
        nobody = self.website.user_id.sudo().partner_id
        self.assertEqual(order.partner_id, nobody)
        self.assertFalse(self._bound(nobody))

    def test_another_companys_link_keeps_nobody_from_buying(self):
        """The link leads there by whatever shop's address somebody gives it."""
        other = self._program(self.setup_other_company()["company"])
        stranger = self._participant("Elsewhere", program=other)
        self._visit(stranger)
        order = self._fill_cart()
        self.assertEqual(order.order_line.product_id, self.service)
        self.assertFalse(order.referral_code)
        order.partner_id = self._partner("Guest")
        self.assertFalse(order.referral_code)

    def test_a_program_may_ask_guests_to_sign_up(self):
        self.program.bind_by_order = False
        self._visit(self.participant)
        order = self._fill_cart()
        guest = self._check_out(order)
        self.assertFalse(self._bound(guest))
        self._pay(self._bill(order, "2026-01-10"), "2026-01-10")
        # long after the order was invoiced
        referrals = self.env["referral.referral"]
        with self.on("2026-03-20"):
            referral, reason = referrals._bind(self.participant, guest, "link")
            self.assertFalse(reason)
        self.assertEqual(referral.participant_id, self.participant)

    def test_a_salesman_makes_no_old_customer_a_new_one(self):
        """Neither the code of an old order, nor its day, is what they say it is."""
        self.program.bind_by_order = False
        salesman = self._user("sales", "sales_team.group_sale_salesman_all_leads")
        old = self._order("2024-01-05", 10, self._partner("Old customer"))
        self._bill(old, "2024-01-05")
        guest = old.partner_id
        self._visit(self.participant)
        clicked = self._fill_cart()
        clicked.partner_id = guest
        with self.on("2026-01-06"):
            clicked.action_confirm()
        own = {"referral_code": self.participant.code, "referral_by_link": True}
        for order, vals in (
            (old, own),
            (old, {**own, "date_order": "2024-01-01 12:00:00"}),
            (clicked, {"date_order": "2024-01-01 12:00:00"}),
        ):
            sent = {**vals, "referral_ordered_on": "2024-01-01"}
            for field, value in sent.items():
                order.with_user(salesman).write({field: value})
            with self.on("2026-03-20"):
                _referral, reason = self.env["referral.referral"]._bind(
                    self.participant, guest, "link"
                )
            self.assertEqual(reason, "existing_customer", vals)

    def test_signing_up_by_another_link_does_not_help(self):
        self.program.bind_by_order = False
        self._visit(self.participant)
        order = self._fill_cart()
        guest = self._check_out(order)
        self._bill(order, "2026-01-10")
        other = self._participant("Other")
        with self.on("2026-03-20"):
            _referral, reason = self.env["referral.referral"]._bind(
                other, guest, "link"
            )
        self.assertEqual(reason, "existing_customer")
