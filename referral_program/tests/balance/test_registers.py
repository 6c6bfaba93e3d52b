"""Registers of compensations and payouts: figures, prints, and who may have them."""

import io

from lxml import etree
from openpyxl import load_workbook

from odoo import Command
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import HttpCase, new_test_user, tagged
from odoo.tools.pdf import PdfFileReader

from .test_withdrawals import MoneyCase


@tagged("post_install", "-at_install")
class RegisterCase(MoneyCase):
    """January gave 90,000; a second company's program counts in euro."""

    def _wizard(self, kind, start="2026-01-01", end="2026-12-31", user=None, **values):
        wizards = self.env["referral.report.wizard"]
        if user:
            wizards = wizards.with_user(user)
        return wizards.create(
            {
                "kind": kind,
                "date_from": start,
                "date_to": end,
                "company_ids": [Command.set(self.company.ids)],
                **values,
            }
        )

    def _report(self, *args, **values):
        with self.on("2026-12-31"):
            return self._wizard(*args, **values)._report()

    def _cells(self, kind, *names, **values):
        """Return some columns of the rows of a report's only table."""
        [table] = self._report(kind, **values)["tables"]
        return [tuple(row[name] for name in names) for row in table["rows"]]

    def _euro_program(self):
        """A second company, in euro, whose participant earned 9.00 in January."""
        company = self._create_company(name="Euro company")
        company.currency_id = self.env.ref("base.EUR")
        self.env.user.company_ids |= company
        program = self._program(company)
        participant = self._participant("Euro participant", program)
        client = self._partner("Euro client")
        self._referral(participant, client)
        data = self.collect_company_accounting_data(company)
        product = self.env["product.product"].create(
            {
                "name": "Euro service",
                "type": "service",
                "taxes_id": False,
                "property_account_income_id": data["default_account_revenue"].id,
            }
        )
        self._use_outstanding_account(data["default_journal_bank"])
        invoice = self._invoice(
            client,
            "2026-01-10",
            [self._line(100, product=product.with_company(company))],
            company_id=company.id,
            journal_id=data["default_journal_sale"].id,
        )
        self._pay(invoice, "2026-01-11", journal=data["default_journal_bank"])
        self._accrue("2026-01", program)
        return program


@tagged("post_install", "-at_install")
class TestCompensationRegister(RegisterCase):
    def test_a_row_for_each_month_and_participant(self):
        invoice = self._client_invoice()
        self._credit_note(invoice, "2026-02-03", 100_000)
        self._accrue("2026-02")
        cells = self._cells("compensation", "month", "base", "amount", "state")
        self.assertEqual(
            [(str(month), *rest) for month, *rest in cells],
            [
                ("2026-01-01", 1_000_000, 90_000, "Posted"),
                ("2026-02-01", -100_000, -9_000, "Posted"),
            ],
        )
        [table] = self._report("compensation")["tables"]
        self.assertEqual(table["totals"], {"base": 900_000, "amount": 81_000})
        entries = [row["entry"] for row in table["rows"]]
        self.assertEqual(
            entries,
            self.program.accrual_ids.sorted("period_start").move_ids.mapped("name"),
        )

    def test_months_that_the_period_touches(self):
        for start, end, count in (
            ("2026-01-31", "2026-01-31", 1),
            ("2025-12-01", "2025-12-31", 0),
            ("2026-02-01", "2026-03-31", 0),
            ("2025-12-31", "2026-01-01", 1),
        ):
            tables = self._report("compensation", start, end)["tables"]
            found = sum(len(table["rows"]) for table in tables)
            self.assertEqual(found, count, (start, end))
        with self.assertRefused(ValidationError, "ends before it begins"):
            self._wizard("compensation", "2026-02-01", "2026-01-31")

    def test_what_waits_for_review_only_if_asked(self):
        self.program.posting_policy = "review"
        self._give(500_000, "2026-02")
        self.assertEqual(self._cells("compensation", "amount"), [(90_000,)])
        cells = self._cells("compensation", "amount", "state", posted_only=False)
        self.assertEqual(cells, [(90_000, "Posted"), (45_000, "Computed")])

    def test_currencies_are_never_added(self):
        euro = self._euro_program()
        both = [Command.set((self.company | euro.company_id).ids)]
        tables = self._report("compensation", company_ids=both)["tables"]
        self.assertEqual(
            [(table["title"], table["totals"]["amount"]) for table in tables],
            [("EUR", 9), ("USD", 90_000)],
        )
        self.assertIn("company", tables[0]["rows"][0])
        names = [column["name"] for column in tables[0]["columns"]]
        self.assertIn("company", names)

    def test_selected_rows_only(self):
        self._give(500_000, "2026-02")
        [january, _february] = self.participant.compensation_ids.sorted("period_start")
        wizards = self.env["referral.report.wizard"].with_context(
            active_model="referral.compensation",
            active_ids=january.ids,
            default_kind="compensation",
        )
        wizard = wizards.create({})
        self.assertEqual(wizard.selected_count, 1)
        [table] = wizard._report()["tables"]
        self.assertEqual([row["amount"] for row in table["rows"]], [90_000])
        # rows of something else are no selection
        other = wizards.with_context(active_model="res.partner").create({})
        self.assertFalse(other.selected_ids)

    def test_journal_item_behind_a_row(self):
        compensation = self.participant.compensation_ids
        action = compensation.action_view_item()
        self.assertEqual(action["res_id"], compensation.move_line_id.id)
        self.program.posting_policy = "review"
        self._give(500_000, "2026-02")
        waiting = self.participant.compensation_ids - compensation
        with self.assertRefused(UserError, "There is no journal entry"):
            waiting.action_view_item()

    def test_groups_on_the_screen(self):
        self._give(500_000, "2026-02")
        groups = self.env["referral.compensation"].formatted_read_group(
            [("company_id", "=", self.company.id), ("state", "=", "posted")],
            ["period_start:month", "type_id"],
            ["amount:sum"],
        )
        self.assertEqual([group["amount:sum"] for group in groups], [90_000, 45_000])


@tagged("post_install", "-at_install")
class TestPayouts(RegisterCase):
    FIELDS = ("name", "amount", "reserved", "taken", "payable", "state")

    def _payouts(self):
        self.env.invalidate_all()
        return self.env["referral.payout"].search(
            [("participant_id", "=", self.participant.id)], order="id"
        )

    def test_withdrawals_and_redemptions_side_by_side(self):
        requested = self._request(12_000)
        refused = self._request(10_000)
        refused._refuse("Test")
        billed = self._billed(20_000)
        paid = self._billed(15_000, "2026-03-10")
        self._pay(paid.bill_id, "2026-03-20")
        invoice = self._invoice(self.participant.partner_id, "2026-03-06", 700)
        with self.on("2026-03-06"):
            redeemed = self.env["referral.redemption"]._redeem(
                self.participant, invoice, 700
            )
        undone_invoice = self._invoice(self.participant.partner_id, "2026-03-07", 300)
        with self.on("2026-03-07"):
            undone = self.env["referral.redemption"]._redeem(
                self.participant, undone_invoice, 300
            )
            undone.action_undo()
        expected = {
            requested.name: (12_000, 12_000, 0, 0, "Requested"),
            refused.name: (10_000, 0, 0, 0, "Refused"),
            billed.name: (20_000, 0, 20_000, 20_000, "Billed"),
            paid.name: (15_000, 0, 15_000, 15_000, "Paid"),
            redeemed.name: (700, 0, 700, 0, "Paid"),
            undone.name: (300, 0, 0, 0, "Undone"),
        }
        cells = self._cells("payout", *self.FIELDS)
        self.assertEqual({name: tuple(rest) for name, *rest in cells}, expected)
        # the register and the ledger agree on what has left the balance
        [table] = self._report("payout")["tables"]
        self.assertEqual(table["totals"]["taken"], 90_000 - self.participant._balance())
        self.assertEqual(table["totals"]["taken"], 35_700)
        self.assertEqual(table["totals"]["reserved"], 12_000)
        # its days, its papers
        by_name = {payout.name: payout for payout in self._payouts()}
        row = by_name[paid.name]
        self.assertEqual(
            (str(row.billed_on), str(row.paid_on)), ("2026-03-10", "2026-03-20")
        )
        self.assertEqual(row.document_id, paid.bill_id)
        row = by_name[redeemed.name]
        self.assertEqual((row.document_id, row.move_id), (invoice, redeemed.move_id))
        self.assertEqual(str(row.paid_on), "2026-03-06")
        self.assertFalse(by_name[undone.name].paid_on)
        for name, source in ((paid.name, paid), (redeemed.name, redeemed)):
            action = by_name[name].action_open_source()
            self.assertEqual(
                (action["res_model"], action["res_id"]), (source._name, source.id)
            )

    def test_taxes_on_top_and_kept_back(self):
        accounts = {
            name: self.env["account.account"].create(
                {
                    "name": name,
                    "code": f"9{number}000",
                    "account_type": "liability_current",
                }
            )
            for number, name in enumerate(("VAT", "Income tax"))
        }
        taxes = self.env["account.tax"]
        for name, percent in (("VAT", 20), ("Income tax", -13)):
            repartition = [
                Command.create({"repartition_type": "base"}),
                Command.create(
                    {"repartition_type": "tax", "account_id": accounts[name].id}
                ),
            ]
            taxes |= taxes.create(
                {
                    "name": name,
                    "amount": percent,
                    "type_tax_use": "purchase",
                    "company_id": self.company.id,
                    "invoice_repartition_line_ids": repartition,
                    "refund_repartition_line_ids": repartition,
                }
            )
        self.participant.type_id.tax_ids = taxes
        withdrawal = self._billed(10_000)
        [payout] = self._payouts()
        self.assertEqual(
            (payout.taken_amount, payout.tax_amount, payout.withheld_amount),
            (10_000, 2_000, 1_300),
        )
        self.assertEqual(payout.payable_amount, 10_700)
        with self.on("2026-03-06"):
            withdrawal.bill_id.button_cancel()
        [payout] = self._payouts()
        self.assertEqual(payout.state, "cancelled")
        self.assertEqual(
            [payout[name] for name in ("taken_amount", "tax_amount", "payable_amount")],
            [0, 0, 0],
        )

    def test_what_is_withheld_at_payment(self):
        repartition = [
            Command.create({"repartition_type": "base"}),
            Command.create(
                {
                    "repartition_type": "tax",
                    "account_id": self.company_data["default_account_tax_purchase"].id,
                }
            ),
        ]
        tax = self.env["account.tax"].create(
            {
                "name": "Personal income tax",
                "amount": -13,
                "type_tax_use": "purchase",
                "is_withholding_tax_on_payment": True,
                "company_id": self.company.id,
                "invoice_repartition_line_ids": repartition,
                "refund_repartition_line_ids": repartition,
            }
        )
        tax.withholding_sequence_id = self.env["ir.sequence"].create(
            {"name": "Withholding", "padding": 4}
        )
        self.participant.type_id.tax_ids = tax
        method = self.bank_journal.outbound_payment_method_line_ids
        withholding = {
            "should_withhold_tax": True,
            "withholding_outstanding_account_id": method.payment_account_id.id,
        }
        alone = self._billed(10_000)
        together = self._billed(30_000) + self._billed(20_000)
        untouched = self._billed(15_000)
        self.assertEqual(set(self._payouts().mapped("withheld_amount")), {0})
        self._pay(alone.bill_id, "2026-03-10", **withholding)
        self._pay(together.bill_id, "2026-03-11", group_payment=True, **withholding)
        half = self._pay(untouched.bill_id, "2026-03-12", 7_500, **withholding)
        self.env.invalidate_all()
        table = self._report("payout")["tables"][0]
        self.assertEqual(
            {
                row["name"]: (row["taken"], row["withheld"], row["payable"])
                for row in table["rows"]
            },
            {
                alone.name: (10_000, 1_300, 8_700),
                together[0].name: (30_000, 3_900, 26_100),
                together[1].name: (20_000, 2_600, 17_400),
                untouched.name: (15_000, 975, 14_025),
            },
        )
        self.assertEqual(table["totals"]["withheld"], 8_775)
        sent = self.env["account.move.line"].search(
            [
                ("account_id", "=", method.payment_account_id.id),
                ("parent_state", "=", "posted"),
                ("date", ">=", "2026-03-10"),
                ("date", "<=", "2026-03-11"),
            ]
        )
        self.assertEqual(sum(sent.mapped("balance")), -52_200)
        # a payment that bounces withholds nothing
        self._unmatch(half, "2026-03-20")
        payouts = {payout.name: payout for payout in self._payouts()}
        self.assertEqual(payouts[untouched.name].withheld_amount, 0)
        self.assertEqual(payouts[untouched.name].payable_amount, 15_000)

    def test_by_the_day_that_is_asked_for(self):
        withdrawal = self._request(10_000, "2026-03-31")
        with self.on("2026-04-01"):
            withdrawal.action_bill()
        self._pay(withdrawal.bill_id, "2026-05-01")
        for kind, month, end in (
            ("requested_on", "2026-03", "2026-03-31"),
            ("billed_on", "2026-04", "2026-04-30"),
            ("paid_on", "2026-05", "2026-05-31"),
        ):
            tables = self._report("payout", f"{month}-01", end, date_kind=kind)[
                "tables"
            ]
            self.assertEqual(len(tables), 1, kind)
            elsewhere = self._report(
                "payout", "2026-06-01", "2026-06-30", date_kind=kind
            )["tables"]
            self.assertEqual(elsewhere, [], kind)

    def test_a_moment_is_of_the_day_where_the_program_is(self):
        withdrawal = self._request(10_000, "2026-03-31")
        withdrawal.requested_on = "2026-03-31 21:30:00"  # in Moscow, the first of April
        for zone, count in (("UTC", 0), ("Europe/Moscow", 1)):
            wizard = self._wizard("payout", "2026-04-01", "2026-04-30")
            self.program.tz = zone
            tables = wizard.with_context(tz="Asia/Tokyo")._report()["tables"]
            self.assertEqual(len(tables), count, zone)
            if tables:
                self.assertEqual(str(tables[0]["rows"][0]["requested"]), "2026-04-01")


@tagged("post_install", "-at_install")
class TestSums(RegisterCase):
    """Lists, pivots and graphs of what was paid out add up what counts."""

    def setUp(self):
        super().setUp()
        self._request(30_000)
        self._billed(20_000)
        self._request(11_000)._refuse("Not your account")
        self._request(12_000)._cancel()
        self._billed(13_000).bill_id.button_cancel()
        redeem = self.env["referral.redemption"]._redeem
        with self.on("2026-03-05"):
            for amount in (500, 600):
                invoice = self._invoice(
                    self.participant.partner_id, "2026-03-05", amount
                )
                redemption = redeem(self.participant, invoice, amount)
            redemption.action_undo()

    def _sums(self, model, state):
        """Return what each field that can be added up is in one state."""
        fields = self.env[model].fields_get(attributes=["type", "aggregator"])
        names = [
            name
            for name, field in fields.items()
            if field["type"] == "monetary" and field.get("aggregator")
        ]
        groups = self.env[model].formatted_read_group(
            [("state", "=", state)], ["state"], [f"{name}:sum" for name in names]
        )
        return {name: groups[0][f"{name}:sum"] for name in names}

    def test_what_was_refused_cancelled_or_undone_is_no_part_of_a_sum(self):
        for model, state, counted in (
            ("referral.withdrawal", "requested", 30_000),
            ("referral.withdrawal", "billed", 20_000),
            ("referral.withdrawal", "refused", 0),
            ("referral.withdrawal", "cancelled", 0),
            ("referral.redemption", "done", 500),
            ("referral.redemption", "undone", 0),
        ):
            with self.subTest(model, state=state):
                sums = self._sums(model, state)
                self.assertEqual(sums.pop("counted_amount"), counted)
                if not counted:
                    self.assertFalse(any(sums.values()), sums)

    def test_the_register_adds_up_what_is_reserved_and_what_was_taken(self):
        for state, reserved, taken in (
            ("requested", 30_000, 0),
            ("billed", 0, 20_000),
            ("refused", 0, 0),
            ("cancelled", 0, 0),
            ("paid", 0, 500),
            ("undone", 0, 0),
        ):
            with self.subTest(state):
                sums = self._sums("referral.payout", state)
                self.assertNotIn("amount", sums)
                self.assertEqual(
                    (sums["reserved_amount"], sums["taken_amount"]), (reserved, taken)
                )
        [table] = self._report("payout")["tables"]
        self.assertNotIn("amount", table["totals"])
        self.assertEqual(table["totals"]["reserved"], 30_000)
        self.assertEqual(table["totals"]["taken"], 20_500)

    def test_lists_and_pivots_add_up_nothing_else(self):
        for model, kind, name in (
            ("referral.withdrawal", "list", "counted_amount"),
            ("referral.withdrawal", "pivot", "counted_amount"),
            ("referral.redemption", "list", "counted_amount"),
            ("referral.payout", "list", "taken_amount"),
            ("referral.payout", "pivot", "taken_amount"),
        ):
            view = etree.fromstring(self.env[model].get_view(view_type=kind)["arch"])
            added = view.xpath("//field[@sum or @type='measure']/@name")
            fields = self.env[model].fields_get(added, ["aggregator"])
            with self.subTest(model, view=kind):
                self.assertIn(name, added)
                self.assertTrue(all("aggregator" in f for f in fields.values()))


@tagged("post_install", "-at_install")
class TestPrints(RegisterCase, HttpCase):
    def _sheets(self, wizard):
        book = load_workbook(io.BytesIO(wizard._render_xlsx()))
        return {sheet.title: sheet for sheet in book}

    def test_workbook_has_live_sums_and_plain_texts(self):
        self.participant.partner_id.name = "=HYPERLINK(1)"
        self._give(500_000, "2026-02")
        sheet = self._sheets(self._wizard("compensation"))["USD"]
        self.assertEqual(sheet["A1"].value, "Compensation Register")
        rows = list(sheet.iter_rows(min_row=7, values_only=True))
        self.assertEqual(
            rows[0][:5], ("Month", "Participant", "Type", "Base", "Compensation")
        )
        self.assertEqual(rows[1][1], "=HYPERLINK(1)")
        self.assertEqual(sheet["B8"].data_type, "s")
        self.assertEqual([row[4] for row in rows[1:3]], [90_000, 45_000])
        self.assertEqual(rows[3][4], "=SUBTOTAL(9,E8:E9)")

    def test_empty_period_says_so(self):
        sheets = self._sheets(self._wizard("payout", "2020-01-01", "2020-01-31"))
        [sheet] = sheets.values()
        self.assertEqual(sheet["A7"].value, "There is nothing in this period.")

    def test_pdf_has_all_pages(self):
        wizard = self._wizard("compensation")
        pages = PdfFileReader(io.BytesIO(wizard._render_pdf()), strict=False)
        self.assertEqual(pages.getNumPages(), 1)

    def test_too_much_for_a_reader(self):
        module = "odoo.addons.referral_program.wizards.referral_report"
        self.patch(
            __import__(module, fromlist=["x"]), "MAX_ROWS", {"pdf": 0, "xlsx": 1}
        )
        wizard = self._wizard("compensation")
        with self.assertRefused(UserError, "more than 0 rows"):
            wizard.action_pdf()
        self.assertEqual(
            wizard.action_xlsx()["url"], f"/referral/report/{wizard.id}/xlsx"
        )

    def test_same_rows_on_the_screen(self):
        self._give(500_000, "2026-02")
        wizard = self._wizard("compensation", "2026-02-01", "2026-02-28")
        action = wizard.action_show()
        shown = self.env[action["res_model"]].search(action["domain"])
        self.assertEqual(shown.mapped("amount"), [45_000])

    def test_downloads_are_for_who_asked(self):
        def user(name, groups):
            return new_test_user(
                self.env,
                name,
                groups,
                password="register-1",
                company_id=self.company.id,
                company_ids=[Command.set(self.company.ids)],
            )

        auditor = user("reg_auditor", "referral_program.group_auditor")
        user("reg_reader", "referral_program.group_reader")
        user("reg_employee", "base.group_user")
        user("reg_portal", "base.group_portal")
        wizard = self._wizard("compensation", user=auditor)
        url = f"/referral/report/{wizard.id}/xlsx"
        for login, status in (
            ("reg_auditor", 200),
            ("reg_reader", 404),
            ("reg_employee", 404),
            ("reg_portal", 404),
        ):
            self.authenticate(login, "register-1")
            response = self.url_open(url)
            self.assertEqual(response.status_code, status, login)
            if status == 200:
                book = load_workbook(io.BytesIO(response.content))
                self.assertEqual(book["USD"]["E8"].value, 90_000)
                self.assertIn("no-store", response.headers["Cache-Control"])

    def test_rows_are_those_of_the_users_own_companies(self):
        euro = self._euro_program()
        both = [Command.set((self.company | euro.company_id).ids)]
        reader = self._user("reg_own", "referral_program.group_reader")
        wizard = self._wizard("compensation", user=reader)
        wizard.sudo().company_ids = both
        tables = wizard._report()["tables"]
        self.assertEqual([table["title"] for table in tables], ["USD"])

    def test_others_read_nothing(self):
        self._billed(10_000)
        for name, group in (
            ("reg_nobody", "base.group_user"),
            ("reg_client", "base.group_portal"),
        ):
            user = self._user(name, group)
            for model in (
                "referral.payout",
                "referral.program.cost",
                "referral.report.wizard",
            ):
                with self.assertRaises(AccessError):
                    self.env[model].with_user(user).search([])
            with self.assertRaises(AccessError):
                self._wizard("payout", user=user)
        auditor = self._user("reg_looks", "referral_program.group_auditor")
        payout = self.env["referral.payout"].with_user(auditor).search([], limit=1)
        for change in (lambda: payout.write({"amount": 1}), payout.unlink):
            with self.assertRaises(AccessError):
                change()

    def test_cost_is_not_for_everybody_who_reads(self):
        for role, sees in (("reader", False), ("officer", False), ("auditor", True)):
            user = self._user(f"cost_{role}", f"referral_program.group_{role}")
            wizard = self._wizard("cost", user=user)
            if sees:
                self.assertTrue(wizard._report()["tables"])
            else:
                with self.assertRaises(AccessError):
                    wizard._report()
