"""A month's documents and mails: what they say, to whom, and in which words."""

import hashlib
import io
import itertools
import json
import re
import zipfile
from unittest.mock import patch

import openpyxl
import pypdf

from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from ...models.base.ir_actions_report import STILL
from ...tools.masking import masked
from ..balance.test_statements import StatementCase
from .test_portal import PortalCase

MODULE = "referral_program"
DOCUMENT = "odoo.addons.referral_program.models.balance.referral_statement_document"
KINDS = ("pdf", "xlsx")


@tagged("post_install", "-at_install")
class BillingCase(StatementCase, PortalCase):
    """A February with compensation, take-backs, a withdrawal and a paid invoice."""

    @classmethod
    def _get_ready(cls):
        cls.partner = cls.participant.partner_id
        cls.partner.write({"email": "partner@example.com", "vat": "7300000004"})
        cls.owner.partner_id.write(
            {"is_company": False, "parent_id": cls.partner.id, "lang": "en_US"}
        )
        cls.participant._name_owner(cls.owner)
        cls.env.ref(f"{MODULE}.mail_template_statement").auto_delete = False
        return super()._get_ready()

    def _february(self):
        self._credit_note(self._client_invoice(), "2026-02-03", 100_000)
        self._paid("2026-02-10", "12345.67")
        self._billed(30_000, "2026-02-20")
        self._redeem(5_000, "2026-02-21")
        self._entry(1.25, "2026-02-22")
        return self._month("2026-02")

    def _russian(self):
        russian = self.env["res.lang"]._activate_lang("ru_RU")
        if "website" in self.env:
            self.env["website"].search([]).language_ids |= russian
        self.env["ir.module.module"]._load_module_terms([MODULE], ["ru_RU"])
        self.partner.lang = "ru_RU"

    def _pdf_text(self, content):
        pages = pypdf.PdfReader(io.BytesIO(content)).pages
        return re.sub(r"\s+", " ", " ".join(page.extract_text() for page in pages))

    def _workbook(self, content, **options):
        return openpyxl.load_workbook(io.BytesIO(content), **options)


@tagged("post_install", "-at_install")
class TestDocuments(BillingCase):
    # === What they say === #

    def test_pdf(self):
        statement = self._february()
        text = self._pdf_text(statement._read_file("pdf"))
        currency = self.currency.symbol
        for expected in (
            "Referral statement",
            "February 2026",
            "No. RB/2026/02/00001 of 03/01/2026",
            "RB/2026/02/00001 1 / 1",
            self.company.name,
            self.partner.name,
            "Tax ID: 7300000004",
            f"Opening balance {currency} 90,000.00",
            f"Compensation accrued {currency} 1,111.11",
            f"Reversed {currency} -9,000.00",
            f"Withdrawn {currency} -30,000.00",
            f"Used for own invoices {currency} -5,000.00",
            f"Adjustments {currency} 1.25",
            f"Closing balance {currency} 47,112.36",
            "100 100 12,345.67 9 1,111.11",
            "100 100 -100,000.00 9 -9,000.00",
            "Subtotal -87,654.33 -7,888.89",
            f"rounded once {currency} -7,888.89",
        ):
            self.assertIn(expected, text.replace("\N{NO-BREAK SPACE}", " "))
        self.assertEqual(text.count("reversed"), 1)  # the line's mark
        self.assertIn("for a reversal", text)  # the small print
        self.assertEqual(self._ledger("2026-02-28"), 47_112.36)

    def test_xlsx(self):
        statement = self._february()
        content = statement._read_file("xlsx")
        summary, lines = self._workbook(content, data_only=True).worksheets
        figures = {row[0].value: row[1].value for row in summary.iter_rows()}
        self.assertEqual(figures["Number"], "RB/2026/02/00001")
        self.assertEqual(
            [
                figures[label]
                for label in (
                    "Opening balance",
                    "Compensation accrued",
                    "Reversed",
                    "Withdrawn",
                    "Used for own invoices",
                    "Adjustments",
                    "Closing balance",
                    "Compensation of the month, rounded once",
                )
            ],
            [90_000, 1_111.11, -9_000, -30_000, -5_000, 1.25, 47_112.36, -7_888.89],
        )
        head, *rows = lines.iter_rows(values_only=True)
        self.assertEqual(head[0], "Client")
        self.assertEqual(
            sorted(row[6:12] for row in rows[:2]),
            [
                (100, 100, -100_000, 9, -9_000, "reversed"),
                (100, 100, 12_345.67, 9, 1_111.1103, None),
            ],
        )
        self.assertEqual(
            [(row[0], row[8], row[10]) for row in rows[2:]],
            [
                ("Subtotal: Cl***", -87_654.33, -7_888.89),
                ("Total", -87_654.33, -7_888.89),
            ],
        )
        formulas = self._workbook(content).worksheets
        self.assertEqual(formulas[1]["K4"].value, "=SUBTOTAL(9,K2:K3)")
        self.assertEqual(formulas[1]["K5"].value, "=SUBTOTAL(9,K2:K4)")
        self.assertEqual(formulas[1].freeze_panes, "A2")
        self.assertEqual(formulas[0]["B17"].value, "=SUM(B11:B16)")
        self.assertEqual(formulas[0]["B18"].value, "=ROUND(ROUND('Services'!K5,6),2)")
        made = self._workbook(content).properties.created
        self.assertEqual(made, statement.made_on)

    def test_texts_are_never_formulas(self):
        self._paid("2026-02-10", [self._line(100, name="=1+1")])
        content = self._month("2026-02")._read_file("xlsx")
        cell = self._workbook(content).worksheets[1]["D2"]
        self.assertEqual((cell.value, cell.data_type), ("=1+1", "s"))

    def test_in_russian(self):
        self._russian()
        statement = self._february()
        self.assertEqual(statement.lang, "ru_RU")
        text = self._pdf_text(statement._read_file("pdf"))
        for expected in (
            "Отчёт участника реферальной программы",
            "февраль 2026",
            "№ RB/2026/02/00001 от 01.03.2026",
            f"Баланс на начало месяца {self.currency.symbol} 90 000,00",
            f"Сторнировано {self.currency.symbol} -9 000,00",
            f"Баланс на конец месяца {self.currency.symbol} 47 112,36",
            "100 100 12 345,67 9 1 111,11",
            "Итого по клиенту -87 654,33 -7 888,89",
        ):
            self.assertIn(expected, text)
        for english in ("Referral", "Opening", "Paid", "Subtotal", "reversed"):
            self.assertNotIn(english, text)
        summary, lines = self._workbook(
            statement._read_file("xlsx"), data_only=True
        ).worksheets
        self.assertEqual((summary.title, lines.title), ("Сводка", "Услуги"))
        figures = {row[0].value: row[1].value for row in summary.iter_rows()}
        self.assertEqual(figures["Баланс на конец месяца"], 47_112.36)
        self.assertEqual(lines["K1"].value, "Вознаграждение")
        self.assertEqual(lines["C2"].number_format, "dd.mm.yyyy")

    def test_a_month_without_compensation(self):
        self._entry(10, "2026-02-10")
        statement = self._month("2026-02")
        text = self._pdf_text(statement._read_file("pdf"))
        self.assertIn("No client's service became both paid and rendered", text)
        _summary, lines = self._workbook(
            statement._read_file("xlsx"), data_only=True
        ).worksheets
        self.assertEqual(lines["K2"].value, 0)

    def test_long_statements_keep_rows_whole_and_pages_numbered(self):
        lines = [self._line(100 + n, name=f"Service {n:03}") for n in range(80)]
        self._paid("2026-02-10", lines)
        content = self._month("2026-02")._read_file("pdf")
        pages = pypdf.PdfReader(io.BytesIO(content)).pages
        self.assertGreater(len(pages), 1)
        text = self._pdf_text(content)
        for number in range(1, len(pages) + 1):
            self.assertIn(f"RB/2026/02/00001 {number} / {len(pages)}", text)
        for number in range(80):
            self.assertEqual(text.count(f"Service {number:03}"), 1)

    def test_nothing_runs_in_a_page_and_nothing_waits_for_it(self):
        reports = self.env["ir.actions.report"]
        page = """<html><body><p>As it was</p><script>
            document.body.innerHTML = "Another";
        </script></body></html>"""
        paper = "referral_program.paperformat_statement"
        text = self._pdf_text(reports._print_page(page, paper, "A page"))
        self.assertIn("As it was", text)
        self.assertNotIn("Another", text)

        def delay(arguments):
            found = reports._build_wkhtmltopdf_args(
                self.env.ref(paper), False, specific_paperformat_args=arguments
            )
            return dict(itertools.pairwise(found))["--javascript-delay"]

        self.assertEqual(delay({STILL: True}), "0")
        self.assertEqual(delay(None), "1000")

    # === Names === #

    def test_masked_names(self):
        for name, expected in (
            ("Baltic Web Studio", "Ba*** W*** St***"),
            ("ООО «Ромашка»", "О*** Ро***"),
            ("Li", "L***"),
            ("One Two Three Four", "O*** T*** Th***"),
            ("ivan@example.com", "iv***"),
            ("-- !", "***"),
            ("", "***"),
            (False, "***"),
        ):
            self.assertEqual(masked(name), expected)

    def test_names_are_hidden_if_the_program_says_so(self):
        self.client.name = "Altair Logistics"
        referral = self.participant.referral_ids
        portal = referral.with_user(self.owner)
        self.assertEqual(portal._shown_name(), "Al*** Lo***")
        january = self._statement("2026-01")
        self.assertNotIn("Altair", self._pdf_text(january._read_file("pdf")))
        self.program.mask_names = False
        self.assertEqual(portal._shown_name(), "Altair Logistics")
        # the document that was given out stays as it is
        self.assertNotIn("Altair", self._pdf_text(january._read_file("pdf")))
        book = self._workbook(january._read_file("xlsx")).worksheets[1]
        self.assertEqual(book["A2"].value, "Altair Logistics")

    # === Frozen === #

    def test_the_same_bytes_again_whatever_happens(self):
        statement = self._february()
        first = {kind: statement._read_file(kind) for kind in KINDS}
        self.partner.write({"name": "Another name", "lang": "en_US"})
        self.client.name = "Renamed"
        self._entry(77, "2026-02-15")
        self._credit_note(self._client_invoice()[-1], "2026-03-03", 100)
        self._month("2026-03")
        self.env.invalidate_all()
        for kind, content in first.items():
            self.assertEqual(statement._read_file(kind), content)
            self.assertEqual(
                statement[f"{kind}_sha256"], hashlib.sha256(content).hexdigest()
            )
        self.assertFigures(
            "2026-02", 90_000, 1_111.11, -9_000, -30_000, -5_000, 1.25, 47_112.36,
            ties=False,
        )  # fmt: skip

    def _attachment(self, statement, kind):
        return statement.sudo()._stored_file(kind)

    def test_a_changed_file_is_not_given_out(self):
        statement = self._statement("2026-01")
        for kind in KINDS:
            content = statement._read_file(kind)
            attachment = self._attachment(statement, kind)
            for harm in (
                lambda file: file.write({"raw": b"forged"}),
                lambda file: file.unlink(),
            ):
                with self.cr.savepoint() as savepoint:
                    harm(attachment)
                    with (
                        self.assertLogs(DOCUMENT, "ERROR") as logs,
                        self.assertRefused(UserError, "does not match its hash"),
                    ):
                        statement._read_file(kind)
                    self.assertIn("RB/2026/01/00001", logs.output[0])
                    savepoint.rollback()
                self.env.invalidate_all()
            self.assertEqual(statement._read_file(kind), content)

    def test_files_are_closed_to_everybody(self):
        statement = self._statement("2026-01")
        statement._read_file("pdf")
        attachment = self._attachment(statement, "pdf")
        admin = self._user("st_admin", "base.group_system")
        admin.group_ids += self.env.ref(f"{MODULE}.group_administrator")
        for user in (admin, self.accountant, self.owner):
            own = attachment.with_user(user)
            for operation in ("read", "write", "unlink"):
                with self.assertRaises(AccessError):
                    own.check_access(operation)
            self.assertFalse(own.search([("id", "=", attachment.id)]))
            with self.assertRaises(AccessError):
                statement.with_user(user).read(["pdf"])

    def test_personal_data_has_the_statements_and_destruction_keeps_them(self):
        statement = self._statement("2026-01")
        content = self.participant._export_personal_data()
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            data = json.loads(archive.read("data.json"))
        [row] = data["statements"]
        self.assertEqual(row["name"], "RB/2026/01/00001")
        self.assertEqual((row["accrued"], row["closing"]), (90_000, 90_000))
        first = statement._read_file("pdf")
        self.participant._update_state("closed", "Test")
        self.participant.action_destroy_documents()
        self.assertEqual(statement._read_file("pdf"), first)


@tagged("post_install", "-at_install")
class TestMails(BillingCase):
    def _mails_of(self, statement):
        return self.env["mail.mail"].search(
            [("model", "=", "referral.statement"), ("res_id", "=", statement.id)]
        )

    def test_in_english(self):
        statement = self._statement("2026-01")
        mail = self._mails_of(statement)
        self.assertEqual(len(mail), 1)
        self.assertEqual(mail.state, "outgoing")
        self.assertEqual(mail.subject, "Your referral statement for January 2026")
        self.assertEqual(mail.recipient_ids, self.owner.partner_id)
        self.assertIn(f"/my/referral/billing/{statement.id}", mail.body_html)
        text = re.sub(r"(<[^>]*>|\s|&nbsp;)+", " ", mail.body_html)
        self.assertIn("Closing balance", text)
        self.assertIn("90,000.00", text)
        self.assertTrue(statement.mailed_on)
        self._freeze()
        self.assertEqual(self._mails_of(statement), mail)

    def test_in_russian(self):
        self._russian()
        statement = self._february()
        mail = self._mails_of(statement)
        self.assertEqual(mail.subject, "Отчёт по реферальной программе за февраль 2026")
        text = re.sub(r"(<[^>]*>|\s|&nbsp;)+", " ", mail.body_html)
        self.assertIn("Здравствуйте, Participant", text)
        self.assertIn("Баланс на конец месяца", text)
        self.assertIn("47 112,36", text)
        self.assertNotIn("Closing", text)
        self._paid("2026-03-10", 1_000)
        mail = self._mails_of(self._month("2026-03"))
        self.assertEqual(mail.subject, "Отчёт по реферальной программе за март 2026")

    def test_none_to_whoever_does_not_want_it(self):
        self.participant.mail_statement = False
        self._paid("2026-02-10", 1_000)
        statement = self._month("2026-02")
        self.assertFalse(self._mails_of(statement))
        self.assertFalse(statement.mailed_on)

    def test_none_about_months_that_gave_nothing(self):
        self._entry(10, "2026-02-10")
        self.assertFalse(self._mails_of(self._month("2026-02")))

    def test_none_about_months_long_past(self):
        self._paid("2026-02-10", 1_000)
        self._paid("2026-03-10", 1_000)
        self._accrue("2026-02", on="2026-05-02")
        self._accrue("2026-03", on="2026-05-02")
        self._freeze("2026-05-02")  # 63 days after February, 32 after March
        self.assertFalse(self._mails_of(self._statement("2026-02")))
        self.assertTrue(self._mails_of(self._statement("2026-03")))

    def test_a_mail_that_fails_stops_no_other(self):
        boris = self._participant("Boris")
        brought = self._partner("Second")
        self._referral(boris, brought)
        for client in (self.client, brought):
            self._paid("2026-02-10", 1_000, partner=client)
        statements = self.env.registry["referral.statement"]
        queue = statements._queue_mails

        def fail(records, template):
            queue(records, template)
            if boris in records.participant_id:
                raise ValueError("broken")

        with (
            patch.object(statements, "_queue_mails", fail),
            self.assertLogs("odoo.addons.referral_program", "ERROR") as logs,
        ):
            mine = self._month("2026-02")
        self.assertEqual(len(logs.output), 1)
        his = self._statement("2026-02", boris)
        self.assertEqual(len(self._mails_of(mine)), 1)
        self.assertFalse(self._mails_of(his))
        self.assertFalse((mine | his).filtered("to_mail"))

    def test_all_mails_go_to_those_who_act_for_the_participant(self):
        templates = self.env["mail.template"].search([("model", "=like", "referral.%")])
        self.assertGreater(len(templates), 10)
        self.assertFalse(templates.filtered("use_default_to"))
        template = self.env.ref(f"{MODULE}.mail_template_resumed")
        mail = self.env["mail.mail"].browse(template.send_mail(self.participant.id))
        self.assertEqual(mail.recipient_ids, self.owner.partner_id)

    def test_only_administrators_change_the_template(self):
        template = self.env.ref(f"{MODULE}.mail_template_statement")
        editor = self._user("st_editor", "mail.group_mail_template_editor")
        with self.assertRefused(AccessError, "Only an administrator"):
            template.with_user(editor).body_html = "<p>x</p>"
