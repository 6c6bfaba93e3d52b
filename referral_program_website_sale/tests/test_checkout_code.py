"""A code that a visitor of the shop types, who came without a link."""

import re

from lxml import html

from odoo.tests import HttpCase, tagged

from odoo.addons.referral_program_sale.tests.ordering import OrderCase

UNKNOWN = "Nobody has this code"


@tagged("post_install", "-at_install")
class TestCheckoutCode(OrderCase, HttpCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        # sudo: who sets the shop up need not be who sells
        cls.website = cls.env["website"].sudo().search([], limit=1)
        cls.website.company_id = cls.company
        cls.service = cls._product(list_price=1000, invoice_policy="order")
        cls.service.sudo().is_published = True

    def setUp(self):
        super().setUp()
        answer = self.make_jsonrpc_request(
            "/shop/cart/add",
            {
                "product_template_id": self.service.product_tmpl_id.id,
                "product_id": self.service.id,
                "quantity": 1,
            },
        )
        self.assertTrue(answer)
        self.order = self.env["sale.order"].search(
            [("website_id", "=", self.website.id)], order="id desc", limit=1
        )

    def _type(self, code, page="/shop/cart", status=200, more=()):
        """Send the form of the cart; return the page that it leads to."""
        text = self.url_open("/shop/cart").text
        form = re.search(r'action="/referral/shop/code".*?</form>', text, re.DOTALL)
        token = re.search(r'name="csrf_token" value="([^"]+)"', form.group()).group(1)
        answer = self.url_open(
            "/referral/shop/code",
            data={"csrf_token": token, "code": code, "page": page, **dict(more)},
        )
        self.assertEqual(answer.status_code, status)
        self.env.invalidate_all()
        return answer

    def test_a_code_binds_the_guest(self):
        answer = self._type(f" {self.participant.code} ")
        self.assertNotIn(UNKNOWN, answer.text)
        self.assertIn(f'value="{self.participant.code}"', answer.text)
        self.assertEqual(self.order.referral_code, self.participant.code)
        self.assertFalse(self.order.referral_by_link)
        guest = self._partner("Guest", email="guest@example.org")
        self.order.partner_id = guest
        with self.on("2026-01-06"):
            self.order.action_confirm()
        referral = self.env["referral.referral"].search([("partner_id", "=", guest.id)])
        self.assertEqual(referral.participant_id, self.participant)
        self.assertEqual(referral.source, "code")
        self._pay(self._bill(self.order, "2026-01-10"), "2026-01-10")
        self.assertEarned("2026-01", self.participant, "90")

    def test_an_empty_code_takes_it_off(self):
        self._type(self.participant.code)
        answer = self._type(" ")
        self.assertNotIn(UNKNOWN, answer.text)
        self.assertFalse(self.order.referral_code)

    def test_whatever_is_typed_is_answered(self):
        self._type(self.participant.code)
        for typed in (
            "nobody",
            "' OR 1=1 --",
            "%",
            "<script>alert(1)</script>",
            "x" * 100_000,
            "٣",
        ):
            with self.subTest(typed[:20]):
                answer = self._type(typed)
                self.assertIn(UNKNOWN, answer.text)
                self.assertNotIn("<script>alert", answer.text)
                self.assertEqual(self.order.referral_code, self.participant.code)

    def test_a_wrong_code_is_kept_to_be_corrected(self):
        self._type(self.participant.code)
        for typed in ("O8AR & sons", "код+50%", 'x"y', "x" * 100):
            with self.subTest(typed):
                form = html.fromstring(self._type(typed).content).xpath(
                    "//form[contains(@class, 'o_referral_code')]"
                )[0]
                field = form.xpath(".//input[@name='code']")[0]
                self.assertEqual(field.get("value"), typed[:64])
                error = form.get_element_by_id(field.get("aria-describedby"))
                self.assertIn(UNKNOWN, error.text_content())
        cart = self.url_open("/shop/cart").text
        self.assertIn(f'value="{self.participant.code}"', cart)

    def test_what_no_browser_sends_is_refused(self):
        self._type(self.participant.code)
        self._type("\x00", status=400)
        self._type(f"{self.participant.code}\x00", status=400)
        self._type("nobody", status=400, more={"self": "1"})
        self.assertEqual(self.order.referral_code, self.participant.code)

    def test_an_address_of_thousands_of_digits_is_no_error(self):
        """The website's menus take what an address ends with for an id."""
        answer = self.url_open(f"/referral/report/1/{'9' * 5000}")
        self.assertEqual(answer.status_code, 404)

    def test_a_file_is_no_code(self):
        text = self.url_open("/shop/cart").text
        token = re.search(
            r'csrf_token: "([^"]+)"|name="csrf_token" value="([^"]+)"', text
        )
        answer = self.url_open(
            "/referral/shop/code",
            data={"csrf_token": token.group(1) or token.group(2)},
            files={"code": ("code.txt", b"code")},
        )
        self.assertEqual(answer.status_code, 200)
        self.assertIn(UNKNOWN, answer.text)

    def test_it_leads_back_to_the_shop_only(self):
        answer = self._type("nobody", page="https://example.org/shop/cart")
        self.assertEqual(answer.url.partition("?")[0], self.base_url() + "/shop/cart")

    def test_a_code_of_another_company_s_program(self):
        company = self.setup_other_company()["company"]
        other = self._participant("Elsewhere", program=self._program(company))
        answer = self._type(other.code)
        self.assertIn(UNKNOWN, answer.text)
        self.assertFalse(self.order.referral_code)

    def test_who_came_by_a_link_is_not_asked(self):
        # sudo: only the shop says so
        self.order.sudo().write(
            {"referral_code": self.participant.code, "referral_by_link": True}
        )
        self.assertNotIn("o_referral_code", self.url_open("/shop/cart").text)

    def test_without_a_program_nobody_is_asked(self):
        self.assertIn("o_referral_code", self.url_open("/shop/cart").text)
        self.program.active = False
        self.assertNotIn("o_referral_code", self.url_open("/shop/cart").text)
