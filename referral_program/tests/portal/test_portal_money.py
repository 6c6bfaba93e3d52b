"""Balance, referrals, withdrawing and paying in the portal, and who must not get in."""

import re

from odoo.exceptions import RedirectWarning
from odoo.tests import tagged

from .test_portal import PortalCase

MONEY_PAGES = (
    "/my/referral/referrals",
    "/my/referral/withdraw",
)


@tagged("post_install", "-at_install")
class MoneyPortalCase(PortalCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.mine = cls._membership_with_money(cls.owner, "Client of Owner")
        cls.theirs = cls._membership_with_money(cls.other, "Client of Other")
        cls.account = cls._bank_account(cls.mine)
        cls.foreign_account = cls._bank_account(cls.theirs)
        for participant in cls.mine | cls.theirs:
            client = participant.referral_ids.partner_id
            cls._paid("2026-01-10", 1_000_000, partner=client)
        cls._accrue("2026-01")

    @classmethod
    def _membership_with_money(cls, user, client_name):
        """Return an active membership whose client paid a million in January."""
        participant = cls._participant(partner_id=user.partner_id.id)
        participant._accept(participant._agreements_to_accept())
        cls._referral(participant, cls._partner(client_name))
        return participant

    @classmethod
    def _bank_account(cls, participant):
        return cls.env["res.partner.bank"].create(
            {
                "acc_number": "40702810100000000004",
                "partner_id": participant.partner_id.id,
                "allow_out_payment": True,
            }
        )

    def _form(self, path, data, page="/my/referral/withdraw"):
        """Send a form with the token of a page."""
        token = re.search(
            r'name="csrf_token" value="([^"]+)"', self.url_open(page).text
        ).group(1)
        return self.url_open(
            path, data={"csrf_token": token, **data}, allow_redirects=False
        )

    def _confirmation(self, response):
        """Return what the confirmation page would send."""
        return dict(
            re.findall(
                r'type="hidden" name="(amount|account|key)" value="([^"]*)"',
                response.text,
            )
        )

    def _error(self, response, field="amount"):
        found = re.search(rf'id="error_{field}">([^<]*)<', response.text)
        return found and found.group(1).replace("\N{NO-BREAK SPACE}", " ")


@tagged("post_install", "-at_install")
class TestPortalMoney(MoneyPortalCase):
    # === Pages === #

    def test_overview_says_how_the_money_stands(self):
        self._login(self.owner)
        text = self._get("/my/referral").text
        amount = r'o_referral_(?:balance|available)"[^>]*>.*?oe_currency_value">([^<]+)'
        self.assertEqual(re.findall(amount, text), ["90,000.00", "90,000.00"])
        self.assertIn("Compensation for January 2026", text)
        self.assertIn("<svg", text)

    def test_referrals_are_ones_own_and_masked(self):
        self._login(self.owner)
        text = self._get("/my/referral/referrals").text
        self.assertIn("Cl*** o*** Ow***", text)
        self.assertNotIn("Client of", text)
        self.assertIn("90,000.00", text)
        self.program.mask_names = False
        text = self._get("/my/referral/referrals").text
        self.assertIn("Client of Owner", text)
        self.assertNotIn("Client of Other", text)
        one = self._get(f"/my/referral/referrals/{self.mine.referral_ids.id}")
        self.assertIn("January 2026", one.text)

    def test_empty_states(self):
        fresh = self._participant(partner_id=self.stranger.partner_id.id)
        fresh._accept(fresh._agreements_to_accept())
        self._login(self.stranger)
        self.assertIn("Nobody has signed up", self._get("/my/referral/referrals").text)
        self.assertIn(
            "Your available balance is still lower",
            self._get("/my/referral/withdraw").text,
        )
        self.assertIn("Nothing yet", self._get("/my/referral").text)

    def test_who_has_no_membership_is_sent_to_the_landing(self):
        for user in (self.stranger, self.employee):
            self._login(user)
            for path in MONEY_PAGES:
                response = self._get(path)
                self.assertEqual(response.status_code, 303)
                self.assertTrue(response.headers["Location"].endswith("/my/referral"))
            for path in (
                f"/my/referral/referrals/{self.mine.referral_ids.id}",
                f"/my/referral/pay/{self._own_invoice().id}",
            ):
                self.assertEqual(self._get(path).status_code, 404)

    def test_others_referrals_and_invoices_are_not_there(self):
        self._login(self.other)
        for path in (
            f"/my/referral/referrals/{self.mine.referral_ids.id}",
            "/my/referral/referrals/0",
            f"/my/referral/pay/{self._own_invoice().id}",
            "/my/referral/pay/999999999",
        ):
            self.assertEqual(self._get(path).status_code, 404, path)
        # claims are answered the same whatever there is
        pending = self._referral(self.theirs, self._partner("Claimed"), state="pending")
        path = f"/my/referral/referrals/{pending.id}"
        self.assertEqual(self._get(path).status_code, 404)

    def test_a_draft_is_no_invoice_to_pay(self):
        draft = self._own_invoice(posted=False)
        self._login(self.owner)
        self.assertEqual(self._get(f"/my/referral/pay/{draft.id}").status_code, 404)

    def test_public_visitors_are_sent_to_log_in(self):
        self._login(None)
        for path in (*MONEY_PAGES, "/my/referral/pay/1", "/my/referral/referrals/1"):
            response = self._get(path)
            self.assertEqual(response.status_code, 303, path)
            self.assertIn("/web/login", response.headers["Location"])

    # === Withdrawing === #

    def _ask(self, **data):
        return self._form("/my/referral/withdraw", {"account": self.account.id, **data})

    def test_asked_confirmed_and_kept_once(self):
        self._login(self.owner)
        page = self._ask(amount="12 000,50")
        self.assertIn("Please confirm", page.text)
        self.assertIn("40702810100000000004", page.text)
        self.assertFalse(self.mine.withdrawal_ids)
        sent = self._confirmation(page)
        self.assertEqual(sent["amount"], "12000.50")
        for _twice in range(2):
            response = self._form("/my/referral/withdraw/confirm", sent)
            self.assertIn("/my/referral/withdraw?done=", response.headers["Location"])
        self.assertEqual(self.mine.withdrawal_ids.amount, 12_000.50)
        self.assertEqual(self.mine.withdrawal_ids.requester_id, self.owner)
        self.assertEqual(self.mine.available_balance, 77_999.50)
        history = self._get("/my/referral/withdraw").text
        self.assertIn(self.mine.withdrawal_ids.name, history)

    def test_amounts_are_checked_as_typed_and_again(self):
        self._login(self.owner)
        for typed, error in (
            ("", "Enter an amount such as"),
            ("ten", "Enter an amount such as"),
            ("-10000", "Enter an amount such as"),
            ("1e5", "Enter an amount such as"),
            ("1,20,00.00", "Enter an amount such as"),
            ("12.000,000.00", "Enter an amount such as"),
            (
                "9999.99",
                "The minimum withdrawal is $ 10,000.00. Enter at least that amount.",
            ),
            ("90000.01", "Only $ 90,000.00 is available."),
            ("10000.001", "Amounts in USD can have at most 2 decimals."),
        ):
            self.assertEqual(self._error_start(self._ask(amount=typed)), error, typed)
            response = self._form(
                "/my/referral/withdraw/confirm",
                {"amount": typed, "account": self.account.id, "key": "k"},
            )
            self.assertEqual(self._error_start(response), error, typed)
        self.assertFalse(self.mine.withdrawal_ids)

    def _error_start(self, response):
        error = self._error(response) or ""
        return "Enter an amount such as" if "such as" in error else error

    def test_only_ones_own_accounts(self):
        self._login(self.owner)
        for account in (self.foreign_account.id, 0, 999999999, "x", ""):
            page = self._ask(amount="12000", account=account)
            self.assertTrue(self._error(page, "account"), account)
            response = self._form(
                "/my/referral/withdraw/confirm",
                {"amount": "12000", "account": account, "key": "k"},
            )
            self.assertEqual(response.status_code, 200)
        self.assertFalse(self.mine.withdrawal_ids)

    def test_new_accounts_are_checked_and_not_trusted(self):
        self._login(self.owner)
        for number, bic, error in (
            ("40702810200000000004", "044525225", "do not match"),
            ("40702810100000000004", "", "nine digits"),
            ("4070281010000000000", "044525225", "do not match"),
            ("DE75512108001245126198", "", "IBAN"),
            ("DE75512108001245126199", "Give me the money", "BIC"),
        ):
            page = self._ask(amount="12000", account="new", number=number, bic=bic)
            self.assertIn(error, self._error(page, "account"), number)
        before = self.mine._payee_accounts()
        page = self._ask(
            amount="12000", account="new", number="DE75 5121 0800 1245 1261 99"
        )
        added = self.mine._payee_accounts() - before
        self.assertEqual(added.sanitized_acc_number, "DE75512108001245126199")
        self.assertFalse(added.allow_out_payment)
        self._form("/my/referral/withdraw/confirm", self._confirmation(page))
        withdrawal = self.mine.withdrawal_ids
        self.assertEqual(withdrawal.bank_account_id, added)
        self.assertTrue(withdrawal.activity_ids)
        # the same again is not a second one
        self._ask(amount="12000", account="new", number="DE75512108001245126199")
        self.assertEqual(self.mine._payee_accounts(), before | added)

    def _add_account(self, user, number, bic, bank):
        self._login(user)
        page = self._ask(
            amount="12000", account="new", number=number, bic=bic, bank=bank
        )
        return page, self.env["res.partner.bank"].search(
            [("sanitized_acc_number", "=", number.replace(" ", ""))]
        )

    def test_nobody_names_a_bank_for_others(self):
        banks = self.env["res.bank"].search([])
        number = "40702810400000000005"
        page, evil = self._add_account(self.owner, number, "044525225", "Not Sber")
        self.assertIn("Not Sber 044525225", page.text)
        page, mine = self._add_account(self.other, number, "044525225", "Sber")
        self.assertNotIn("Not Sber", page.text)
        mine -= evil
        self.assertEqual(self.env["res.bank"].search([]), banks)
        self.assertEqual(
            (evil._referral_bank(), mine._referral_bank()),
            ("Not Sber 044525225", "Sber 044525225"),
        )
        # a bank that staff know stays what they call it
        bank = banks.create({"name": "Deutsche Bank", "bic": "DEUTDEFF"})
        _page, new = self._add_account(
            self.owner, "DE75512108001245126199", "deutdeff", "My Bank"
        )
        self.assertEqual(new.bank_id, bank)
        self.assertEqual(bank.name, "Deutsche Bank")

    def test_choosing_the_bank_that_was_entered_is_no_change_of_the_account(self):
        page, account = self._add_account(
            self.owner, "DE75512108001245126199", "DEUTDEFF", "Deutsche"
        )
        self._form("/my/referral/withdraw/confirm", self._confirmation(page))
        withdrawal = self.mine.withdrawal_ids
        self.assertEqual(withdrawal.requested_bank, "Deutsche DEUTDEFF")
        banks = self.env["res.bank"]
        account.bank_id = banks.create({"name": "Deutsche Bank", "bic": "DEUTDEFF"})
        self.assertFalse(withdrawal.account_changed)
        account.bank_id = banks.create({"name": "Thieves", "bic": "COBADEFF"})
        self.assertTrue(withdrawal.account_changed)

    def test_a_withdrawal_tells_its_steps(self):
        self.program.bill_payment_term_id = self.env.ref(
            "account.account_payment_term_15days"
        )
        with self.on("2026-03-05"):
            withdrawal = self.env["referral.withdrawal"]._request(
                self.mine, 20_000, self.account
            )
        self.assertEqual(
            [(text, str(day)) for text, day in withdrawal._portal_steps()],
            [("requested", "2026-03-05")],
        )
        with self.on("2026-03-06"):
            withdrawal.action_bill()
        self._login(self.owner)
        page = self.url_open("/my/referral/withdraw").text
        for text in ("Being paid", "payment expected by", "03/21/2026"):
            self.assertIn(text, page)
        self.assertNotIn(">Billed<", page)
        self._pay(withdrawal.bill_id, "2026-03-10")
        self.assertEqual(withdrawal.state, "paid")
        self.assertEqual(
            [(text, str(day)) for text, day in withdrawal._portal_steps()],
            [
                ("requested", "2026-03-05"),
                ("approved", "2026-03-06"),
                ("document issued", "2026-03-06"),
                ("paid", "2026-03-10"),
            ],
        )

    def test_cancelled_by_its_owner_only(self):
        withdrawal = self.env["referral.withdrawal"]._request(
            self.mine, 20_000, self.account
        )
        path = f"/my/referral/withdraw/{withdrawal.id}/cancel"
        self._login(self.other)
        self.assertEqual(self._form(path, {}).status_code, 404)
        self.assertEqual(withdrawal.state, "requested")
        self._login(self.owner)
        without_token = self.url_open(path, data={"sent": "1"})
        self.assertEqual(without_token.status_code, 400)
        self.assertEqual(withdrawal.state, "requested")
        self._form(path, {})
        self.assertEqual(withdrawal.state, "cancelled")
        self.assertIn("already decided", self._form(path, {}).text)

    def test_ask_and_cancel_ends_after_five_a_day(self):
        for _number in range(5):
            self.env["referral.withdrawal"]._request(
                self.mine, 20_000, self.account
            )._cancel()
        self._login(self.owner)
        accounts = self.mine._payee_accounts()
        page = self._ask(amount="12000", account="new", number="DE75512108001245126199")
        self.assertIn("At most 5 withdrawals", self._error(page))
        self.assertEqual(self.mine._payee_accounts(), accounts)
        page = self._ask_anyway()
        self.assertIn("At most 5 withdrawals", self._error(page))
        self.assertEqual(len(self.mine.withdrawal_ids), 5)

    def test_a_changed_account_is_told(self):
        self.env["referral.withdrawal"]._request(self.mine, 20_000, self.account)
        self.account.acc_holder_name = "Somebody Else"
        self._login(self.owner)
        self.assertIn(
            "the account was changed", self._get("/my/referral/withdraw").text
        )

    def test_suspended_participants_are_told_why_not(self):
        self.mine._update_state("suspended", "Test")
        self._login(self.owner)
        page = self._get("/my/referral/withdraw").text
        self.assertIn("Your participation is suspended.", page)
        self.assertNotIn('name="amount"', page)
        response = self._ask_anyway()
        self.assertFalse(self.mine.withdrawal_ids)
        self.assertEqual(response.status_code, 200)

    def _ask_anyway(self):
        return self._form(
            "/my/referral/withdraw/confirm",
            {"amount": "12000", "account": self.account.id, "key": "k"},
            page="/my/referral",
        )

    # === Paying own invoices === #

    def _own_invoice(self, **values):
        return self._invoice(self.owner.partner_id, "2026-02-01", 4_000, **values)

    def test_paid_once_from_the_invoices_own_page(self):
        invoice = self._own_invoice()
        clerk = self.env["res.partner"].create(
            {"name": "Clerk", "parent_id": self.owner.partner_id.id}
        )
        also_own = self._invoice(clerk, "2026-02-01", 10)
        self._login(self.owner)
        link = f"/my/referral/pay/{invoice.id}"
        self.assertIn(link, self._get(f"/my/invoices/{invoice.id}").text)
        overview = self._get("/my/referral").text
        for own in invoice | also_own:
            self.assertIn(f"/my/referral/pay/{own.id}", overview)
        page = self._form(link, {"amount": "1,500"}, page=link)
        sent = self._confirmation(page)
        for _twice in range(2):
            response = self._form(link, sent, page="/my/referral")
            self.assertIn(f"/my/invoices/{invoice.id}", response.headers["Location"])
        self.assertEqual(invoice.amount_residual, 2_500)
        self.assertEqual(self.mine.balance, 88_500)
        self.assertEqual(len(self.mine.redemption_ids), 1)

    def test_amounts_of_payments_are_checked(self):
        invoice = self._own_invoice()
        self._login(self.owner)
        link = f"/my/referral/pay/{invoice.id}"
        for typed, error in (
            ("", "such as"),
            ("0", "above zero"),
            ("4000.01", "is still to be paid"),
            ("90001", "is available"),
        ):
            for key in ({}, {"key": "k"}):
                page = self._form(link, {"amount": typed, **key}, page=link)
                self.assertIn(error, self._error(page), typed)
        self.assertFalse(self.mine.redemption_ids)

    def test_what_another_app_has_against_the_entry_is_told(self):
        said, way_on = "The journal has no number.", "Set it up"

        def refuse(_moves, **_options):
            raise RedirectWarning(said, 1, way_on)

        invoice = self._own_invoice()
        self._login(self.owner)
        link = f"/my/referral/pay/{invoice.id}"
        self.patch(self.registry["account.move"], "_post", refuse)
        page = self._form(link, {"amount": "1", "key": "k"}, page=link)
        self.assertIn("has no number", self._error(page))
        self.assertFalse(self.mine.redemption_ids)

    def test_what_is_confirmed_is_what_is_taken(self):
        euro = self._enable_currency("EUR")
        euro.rate_ids = False
        self.env["res.currency.rate"].create(
            {
                "name": "2026-01-01",
                "rate": 1 / 90.9,
                "currency_id": euro.id,
                "company_id": self.program.company_id.id,
            }
        )
        invoice = self._own_invoice(currency_id=euro.id)
        self._login(self.owner)
        link = f"/my/referral/pay/{invoice.id}"
        for typed in ("0.46", "0.90"):
            page = self._form(link, {"amount": typed}, page=link)
            self.assertIn("smallest amount in EUR", self._error(page))
        sent = self._confirmation(self._form(link, {"amount": "1.81"}, page=link))
        self.assertEqual(sent["amount"], "0.91")
        self._form(link, sent, page="/my/referral")
        self.assertEqual(invoice.amount_residual, 3_999.99)
        self.assertEqual(self.mine.balance, 89_999.09)

    def test_no_button_where_it_does_not_work(self):
        invoice = self._own_invoice()
        token = invoice._portal_ensure_token()
        link = f"/my/referral/pay/{invoice.id}"
        for user in (None, self.other, self.employee):
            self._login(user)
            page = self._get(f"/my/invoices/{invoice.id}?access_token={token}").text
            self.assertIn("o_portal_sidebar", page)
            self.assertNotIn(link, page)
        self._login(self.owner)
        self.program.redemption_allowed = False
        self.assertNotIn(link, self._get(f"/my/invoices/{invoice.id}").text)

    # === Self-billing === #

    def test_a_self_billing_document_is_in_the_portal(self):
        withdrawals = self.env["referral.withdrawal"]
        usual = withdrawals._request(self.mine, 10_000, self.account)
        usual.action_bill()
        self.program.self_billing = True
        withdrawal = withdrawals._request(self.mine, 20_000, self.account)
        withdrawal.action_bill()
        self._login(self.owner)
        self.assertNotIn("document</", self._get("/my/referral/withdraw").text)
        with self.enter_registry_test_mode():
            self.env.ref("account.ir_cron_account_move_send").method_direct_trigger()
        self.env.invalidate_all()
        address = f"/my/invoices/{withdrawal.bill_id.id}?report_type=pdf&download=true"
        page = self._get("/my/referral/withdraw").text
        self.assertEqual(
            re.findall(r'href="([^"]+)"[^>]*>Self-billing document', page),
            [address.replace("&", "&amp;")],
        )
        answer = self._get(address)
        self.assertEqual(answer.content, withdrawal.bill_id.invoice_pdf_report_id.raw)
        self.assertIn(b"Self Billing", answer.content)
        self._login(self.other)
        answer = self._get(address)
        self.assertNotIn(withdrawal.bill_id.name, answer.text)

    # === Mail === #

    def test_mails_are_chosen(self):
        self._login(self.owner)
        self._form("/my/referral/mail", {"mail_statement": "1"}, page="/my/referral")
        self.assertTrue(self.mine.mail_statement)
        self._form("/my/referral/mail", {}, page="/my/referral")
        self.assertFalse(self.mine.mail_statement)
        self.assertTrue(self.theirs.mail_statement)

    def test_mails_about_withdrawals_cannot_be_switched_off(self):
        self._login(self.owner)
        self._form("/my/referral/mail", {"mail_withdrawal": ""}, page="/my/referral")
        last = self.env["referral.withdrawal"]._request(self.mine, 10_000, self.account)
        for _twice in range(2):
            last._cron_mail()
            self.assertEqual(
                self._mails(last), [f"We received your request {last.name}"]
            )
