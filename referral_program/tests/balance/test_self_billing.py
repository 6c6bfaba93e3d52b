"""Bills of withdrawals as Odoo's self-billing documents: numbered, mailed, as UBL."""

from odoo.exceptions import UserError
from odoo.tests import tagged

from .test_withdrawals import MoneyCase


@tagged("post_install", "-at_install")
class TestSelfBilling(MoneyCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.usual = cls.program.bill_journal_id
        cls.payee = cls.participant.partner_id
        cls.payee.email = "payee@example.org"

    def _send(self):
        """Have Odoo's scheduled action send what waits for it."""
        job = self.env.ref("account.ir_cron_account_move_send")
        with self.on("2026-03-05"), self.enter_registry_test_mode():
            job.method_direct_trigger()

    def _sent(self, bill):
        """Return the mails that a document was sent by."""
        return bill.message_ids.filtered(lambda m: self.payee in m.partner_ids)

    # === The journal === #

    def test_a_program_that_says_so_has_a_journal_of_its_own(self):
        self.assertFalse(self.program.self_billing)
        self.program.self_billing = True
        journal = self.program.bill_journal_id
        self.assertTrue(journal.is_self_billing)
        self.assertFalse(self.usual.is_self_billing)
        self.assertEqual(journal.company_id, self.company)
        self.program.self_billing = False
        self.assertEqual(self.program.bill_journal_id, self.usual)
        self.program.self_billing = True
        self.assertEqual(self.program.bill_journal_id, journal)

    def test_the_journal_alone_decides(self):
        self.usual.is_self_billing = True
        self.assertTrue(self.program.self_billing)
        self.program.self_billing = True
        self.assertEqual(self.program.bill_journal_id, self.usual)

    def test_an_administrator_says_so(self):
        user = self._user_of("administrator")
        self.program.with_user(user).self_billing = True
        self.assertTrue(self.program.bill_journal_id.is_self_billing)

    # === The documents === #

    def test_each_participant_has_a_sequence_of_its_own(self):
        self.program.self_billing = True
        other = self._participant("Other")
        self._accept_agreements(other)
        account = self._bank_account(other.partner_id, "40702810938000000002")
        self._move(other, 50_000)
        withdrawals = self._request(20_000) + self._request(10_000)
        with self.on("2026-03-05"):
            withdrawals += self.env["referral.withdrawal"]._request(
                other, 50_000, account
            )
            withdrawals.action_bill()
        bills = withdrawals.bill_id
        self.assertEqual(bills.mapped("state"), ["posted"] * 3)
        prefix = "{}{:05}/2026/03/".format
        code = self.program.bill_journal_id.code
        expected = [
            f"{prefix(code, self.payee.id)}0001",
            f"{prefix(code, self.payee.id)}0002",
            f"{prefix(code, other.partner_id.id)}0001",
        ]
        if "sequence_id" in self.env["account.journal"]:
            # OCA's account_move_name_sequence numbers by journal, whatever is in it
            expected = [f"{code}/2026/000{number}" for number in (1, 2, 3)]
        self.assertEqual(bills.mapped("name"), expected)

    def test_it_is_mailed_once_it_is_posted(self):
        self.program.self_billing = True
        bill = self._billed(30_000).bill_id
        self.assertTrue(bill.display_send_button)
        self.assertTrue(bill.is_being_sent)
        self.assertFalse(self._sent(bill))
        self._send()
        [mail] = self._sent(bill)
        self.assertIn("Self-billing invoice", mail.subject)
        self.assertIn(bill.name, mail.body)
        names = mail.attachment_ids.mapped("name")
        self.assertTrue([name for name in names if name.endswith(".pdf")], names)
        self.assertTrue(bill.invoice_pdf_report_id)
        self.assertTrue(bill.is_move_sent)
        self.assertIn(b"Self Billing", bill.invoice_pdf_report_id.raw)
        self._send()
        self.assertEqual(self._sent(bill), mail, "once")

    def test_a_draft_is_mailed_when_somebody_posts_it(self):
        self.program.write({"self_billing": True, "bill_policy": "draft"})
        bill = self._billed(30_000).bill_id
        self._send()
        self.assertFalse(self._sent(bill))
        with self.on("2026-03-05"):
            bill.with_user(self._user_of("accountant")).action_post()
        self._send()
        self.assertEqual(len(self._sent(bill)), 1)

    def test_a_corrected_bill_is_mailed_again(self):
        self.program.self_billing = True
        bill = self._billed(30_000).bill_id
        self._send()
        with self.on("2026-03-05"):
            bill.button_draft()
            bill.invoice_line_ids.price_unit = 20_000
            bill.action_post()
        self._send()
        self.assertEqual(len(self._sent(bill)), 2)

    def test_its_credit_note_can_be_sent(self):
        self.program.self_billing = True
        bill = self._billed(30_000).bill_id
        with self.on("2026-03-06"):
            refund = bill._reverse_moves([{"invoice_date": "2026-03-06"}], cancel=True)
            self.assertTrue(refund.display_send_button)
            refund._generate_and_send()
        [mail] = self._sent(refund)
        self.assertIn("Self-billing credit note", mail.subject)

    def test_whoever_has_no_address_stops_nobody(self):
        self.program.self_billing = True
        self.payee.email = False
        bill = self._billed(30_000).bill_id
        self._send()
        self.assertFalse(bill.sending_data)
        self.assertTrue(bill.invoice_pdf_report_id)
        self.assertFalse(self._sent(bill))

    def test_a_journal_that_is_none_any_more_stops_nobody(self):
        """Odoo sends in batches: what it refuses would keep back all invoices."""
        self.program.self_billing = True
        bill = self._billed(30_000).bill_id
        bill.journal_id.is_self_billing = False
        self._send()
        self.assertFalse(bill.sending_data)

    def test_other_bills_are_not_sent(self):
        billed = self._billed(30_000).bill_id
        self.assertFalse(billed.display_send_button)
        self.assertFalse(billed.sending_data)
        self.program.self_billing = True
        bought = self._invoice(
            self.payee,
            "2026-03-05",
            100,
            move_type="in_invoice",
            journal_id=self.program.bill_journal_id.id,
        )
        self.assertFalse(bought.display_send_button)
        self.assertFalse(bought.sending_data)
        with self.assertRefused(UserError, "sales documents"):
            bought._generate_and_send()

    # === As UBL === #

    def test_as_ubl_where_the_participant_takes_it(self):
        self.company.write({"vat": "BE0477472701", "country_id": self.belgium.id})
        self.payee.write(
            {
                "country_id": self.belgium.id,
                "vat": "BE0246697724",
                "street": "Rue",
                "city": "Namur",
                "zip": "5000",
                "invoice_edi_format": "ubl_bis3",
            }
        )
        tax = self.env["account.tax"].create(
            {
                "name": "21 %",
                "amount": 21,
                "type_tax_use": "purchase",
                "country_id": self.company.account_fiscal_country_id.id,
            }
        )
        tax.invoice_repartition_line_ids.filtered(
            lambda line: line.repartition_type == "tax"
        ).account_id = self.company_data["default_account_tax_purchase"]
        self.participant.type_id.tax_ids = tax
        self.program.self_billing = True
        bill = self._billed(30_000).bill_id
        self._send()
        self.assertIn(b":selfbilling:3.0", bill.ubl_cii_xml_id.raw)
        self.assertIn(bill.name.encode(), bill.ubl_cii_xml_id.raw)
        [mail] = self._sent(bill)
        self.assertIn(bill.ubl_cii_xml_id.name, mail.attachment_ids.mapped("name"))

    @property
    def belgium(self):
        return self.env.ref("base.be")

    def _move(self, participant, amount):
        """Give a participant a balance by an entry of the accountant."""
        with self.on("2026-02-10"):
            entry = self.env["account.move"].create(
                {
                    "date": "2026-02-10",
                    "journal_id": self.misc_journal.id,
                    "line_ids": [
                        (0, 0, {"account_id": account.id, "balance": balance, **more})
                        for account, balance, more in (
                            (self.program.expense_account_id, amount, {}),
                            (
                                self.program.liability_account_id,
                                -amount,
                                {"partner_id": participant.partner_id.id},
                            ),
                        )
                    ],
                }
            )
            entry.action_post()
