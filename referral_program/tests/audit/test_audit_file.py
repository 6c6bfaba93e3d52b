"""The audit file of a month: its numbers in LibreOffice, its hashes, who gets it."""

import hashlib
import io
import zipfile
from datetime import datetime
from decimal import Decimal

import openpyxl

from odoo.exceptions import AccessError, UserError
from odoo.tests import HttpCase, tagged
from odoo.tools import mute_logger

from ...models.accrual import referral_accrual_post
from ...report import audit_sheets, referral_audit_file_xlsx
from ..balance.test_statements import StatementCase
from ..common import OneReferralCase
from ..libreoffice import computed, with_number

#: How many columns of stored data a sheet has.
STORED = {"Lines": 19, "Compensations": 6, "Journal Items": 11}


def sheet_hash(sheet, columns, first, last):
    """Compute a sheet's hash as its manifest describes, from the cells alone."""
    until = openpyxl.utils.column_index_from_string(columns.partition(":")[2])
    text = ""
    for row in sheet.iter_rows(first, last, 1, until, values_only=True):
        cells = []
        for value in row:
            if value is None:
                cells.append("")
            elif isinstance(value, str):
                cells.append('"' + value.replace('"', '""') + '"')
            elif isinstance(value, datetime):
                cells.append(value.strftime("%Y-%m-%d"))
            else:
                plain = Decimal(repr(value)).quantize(Decimal("0.000001"))
                cells.append(f"{plain.normalize():f}")
        text += ",".join(cells) + "\n"
    return hashlib.sha256(text.encode()).hexdigest()


@tagged("post_install", "-at_install")
class AuditCase(OneReferralCase):
    """A February with two participants, two rates, a take-back and odd labels."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.boris = cls._participant("=1+1 Boris")
        cls.second = cls._partner("@Second")
        cls._referral(cls.boris, cls.second)

    def _february(self):
        old = self._paid("2026-01-10", 1000)
        self._accrue("2026-01")
        self._credit_note(old, "2026-02-03", "33.37")
        self._paid("2026-02-10", [self._line("1234.56", name='="evil"&A1')])
        self._paid(
            "2026-02-11",
            [
                self._line("0.5", name="+49 123", start_date="2026-02-01",
                           end_date="2026-03-31"),
                self._line("99999.99", name="-\r\n\x07dash, \"quoted\" "),
            ],
            partner=self.second,
        )  # fmt: skip
        return self._accrue("2026-02")

    def _make(self, accrual, user=None):
        accrual = accrual.with_user(user) if user else accrual
        with self.on("2026-03-02"):
            accrual.action_make_audit_file()
        return accrual.sudo().audit_file_ids[:1]

    def _content(self, accrual):
        return self._make(accrual)._read_file()

    def _cached(self, content):
        """Return the sheets with the values that the addon wrote."""
        book = openpyxl.load_workbook(io.BytesIO(content), data_only=True)
        return {sheet.title: sheet for sheet in book.worksheets}

    def _column(self, sheet, letter):
        return [cell.value for cell in sheet[letter][1:]]

    def _stored(self, sheet):
        """Return the rows of data without the formulas."""
        columns = STORED[sheet.title.removesuffix(" 2")]
        return [row[:columns] for row in sheet.iter_rows(2, values_only=True)]

    def _totals(self, summary):
        """Return label → stored value, computed one, whether they agree."""
        return {
            row[0]: row[1:4]
            for row in summary.iter_rows(values_only=True)
            if isinstance(row[3], bool) and row[0] != "Audit file"
        }


@tagged("post_install", "-at_install")
class TestNumbers(AuditCase):
    def test_libreoffice_computes_the_numbers_of_the_database(self):
        accrual = self._february()
        content = self._content(accrual)
        sheets = computed(content)
        self.assertEqual(
            list(sheets),
            [
                "Summary",
                "Terms",
                "Compensations",
                "Lines",
                "Journal Items",
                "Integrity",
                "Manifest",
            ],
        )
        lines = accrual.line_ids.sorted("id")
        rows = sorted(
            row[:21] for row in sheets["Lines"].iter_rows(2, values_only=True)
        )
        self.assertEqual(len(rows), 4)
        for row, line in zip(rows, lines, strict=True):
            self.assertEqual(
                row[:3] + row[8:10],
                (
                    line.id,
                    line.participant_id.id,
                    line.participant_id.partner_id.name,
                    line.group_key,
                    line.line_key,
                ),
            )
            self.assertEqual(
                row[14:19],
                (line.paid, line.rendered, line.base, line.rate, line.amount),
            )
            self.assertEqual(row[19], line.amount)
            self.assertIs(row[20], True)
        for row in sheets["Compensations"].iter_rows(2, values_only=True):
            compensation = accrual.compensation_ids.filtered(
                lambda c, row=row: c.participant_id.id == row[0]
            )
            own = compensation.line_ids
            self.assertEqual(row[3], compensation.move_id.name)
            self.assertEqual(row[4:6], (compensation.base, compensation.amount))
            self.assertEqual(
                row[6:8],
                (
                    round(sum(own.mapped("base")), 6),
                    round(sum(own.mapped("amount")), 6),
                ),
            )
            self.assertEqual(row[8:11], (compensation.amount, 0, compensation.amount))
            self.assertIs(row[11], True)
        items = accrual.move_ids.line_ids
        self.assertEqual(
            sorted(row[:1] + row[8:] for row in
                   sheets["Journal Items"].iter_rows(2, values_only=True)),
            sorted((i.id, i.debit, i.credit, i.balance, True) for i in items),
        )  # fmt: skip
        self.assertIs(sheets["Summary"]["D1"].value, True)
        totals = self._totals(sheets["Summary"])
        amount = round(sum(accrual.compensation_ids.mapped("amount")), 2)
        # 0.5 × 28 / 59 of a service is rendered in February
        base = 1234.56 - 33.37 + 99999.99 + round(0.5 * 28 / 59, 6)
        self.assertAlmostEqual(totals["Base of all lines"][0], base, 6)
        self.assertEqual(totals["Compensation of all participants"][:2], (amount,) * 2)
        self.assertEqual(
            totals["Credited to the participants in the journal"][:2], (amount,) * 2
        )
        self.assertEqual(totals["Number of lines"][:2], (4, 4))
        self.assertEqual(totals["Number of participants"][:2], (2, 2))
        for label, row in totals.items():
            self.assertIs(row[2], True, label)
            self.assertAlmostEqual(row[0], row[1], 6, label)

    def test_stored_values_of_formulas_are_those_that_libreoffice_computes(self):
        content = self._content(self._february())
        written, anew = self._cached(content), computed(content)
        formulas = 0
        for sheet in openpyxl.load_workbook(io.BytesIO(content)).worksheets:
            for row in sheet.iter_rows():
                for cell in row:
                    if cell.data_type == "f":
                        formulas += 1
                        ours, theirs = (
                            book[sheet.title][cell.coordinate].value
                            for book in (written, anew)
                        )
                        self.assertEqual(ours, theirs, (sheet.title, cell.coordinate))
        self.assertGreater(formulas, 40)

    def test_half_a_kopeck_is_rounded_up_once(self):
        for amount in ("0.5", "0.5", "0.5"):
            self._paid("2026-01-10", amount)  # 0.045 each, 0.135 together
        self._paid("2026-01-10", "100.5", partner=self.second)  # 9.045
        accrual = self._accrue("2026-01")
        sheets = computed(self._content(accrual))
        self.assertEqual(
            [row[7:9] for row in
             sheets["Compensations"].iter_rows(2, values_only=True)],
            [(0.135, 0.14), (9.045, 9.05)],
        )  # fmt: skip
        self.assertEqual(
            sorted(accrual.compensation_ids.mapped("amount")), [0.14, 9.05]
        )
        self.assertIs(sheets["Summary"]["D1"].value, True)

    def test_a_currency_without_a_decimal_unit(self):
        self.currency.rounding = 0.05
        self._paid("2026-01-10", "10.3")  # 0.927
        accrual = self._accrue("2026-01")
        sheets = computed(self._content(accrual))
        self.assertEqual(accrual.compensation_ids.amount, 0.95)
        self.assertEqual(sheets["Compensations"]["I2"].value, 0.95)
        self.assertIs(sheets["Summary"]["D1"].value, True)

    def test_a_changed_number_shows(self):
        accrual = self._february()
        content = self._content(accrual)
        _summary, _terms, compensations, lines, items, *_rest = range(1, 8)
        for number, cell, sheet, check in (
            (lines, "S2", "Lines", "U2"),
            (lines, "R2", "Lines", "U2"),
            (lines, "B2", "Compensations", "L2"),
            (compensations, "F3", "Compensations", "L3"),
            (compensations, "E3", "Compensations", "L3"),
            (items, "K2", "Compensations", "L2"),
            (items, "K2", "Journal Items", "L2"),
            (items, "K4", "Journal Items", "L4"),
        ):
            with self.subTest(cell=cell, check=check):
                self.assertIs(self._cached(content)[sheet][check].value, True)
                sheets = computed(with_number(content, number, cell, 1234567))
                self.assertIs(sheets[sheet][check].value, False)
                self.assertIs(sheets["Summary"]["D1"].value, False)

    def test_numbers_changed_in_the_database_show(self):
        accrual = self._february()
        [line] = accrual.line_ids.filtered(lambda each: each.base > 90_000)
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE referral_accrual_line SET amount = amount + 1 WHERE id = %s",
            [line.id],
        )
        self.env.invalidate_all()
        content = self._content(accrual)
        for sheets in (self._cached(content), computed(content)):
            self.assertEqual(
                sorted(self._column(sheets["Lines"], "U")), [False, True, True, True]
            )
            self.assertEqual(self._column(sheets["Compensations"], "L"), [True, False])
            totals = self._totals(sheets["Summary"])
            self.assertEqual(totals["Lines that do not agree"], (0, 1, False))
            self.assertEqual(totals["Participants who do not agree"], (0, 1, False))
            self.assertIs(sheets["Summary"]["D1"].value, False)

    def test_lines_go_on_on_further_sheets(self):
        accrual = self._february()
        whole = computed(self._content(accrual))
        self.patch(audit_sheets, "MAX_ROWS", 2)
        self.patch(referral_audit_file_xlsx, "BATCH_SIZE", 3)
        content = self._content(accrual)
        sheets = computed(content)
        self.assertEqual(
            list(sheets)[3:7], ["Lines", "Lines 2", "Journal Items", "Journal Items 2"]
        )
        for names in (("Lines", "Lines 2"), ("Journal Items", "Journal Items 2")):
            self.assertEqual(
                [row for name in names for row in self._stored(sheets[name])],
                self._stored(whole[names[0]]),
            )
        for one, other in zip(
            whole["Compensations"].iter_rows(values_only=True),
            sheets["Compensations"].iter_rows(values_only=True),
            strict=True,
        ):
            self.assertEqual(one, other)
        self.assertEqual(
            self._totals(whole["Summary"]), self._totals(sheets["Summary"])
        )
        self.assertIs(sheets["Summary"]["D1"].value, True)
        changed = computed(with_number(content, 5, "S2", 1234567))
        self.assertIs(changed["Summary"]["D1"].value, False)
        # with one line to a sheet a participant's lines are on several
        self.patch(audit_sheets, "MAX_ROWS", 1)
        sheets = computed(self._content(accrual))
        self.assertIn("Lines 4", sheets)
        self.assertIs(sheets["Summary"]["D1"].value, True)

    def test_a_month_in_which_nothing_happened(self):
        accrual = self._accrue("2026-01")
        sheets = computed(self._content(accrual))
        self.assertIs(sheets["Summary"]["D1"].value, True)
        self.assertEqual(sheets["Lines"].max_row, 1)

    def test_entries_in_batches_and_amounts_of_zero(self):
        self.patch(referral_accrual_post, "POST_BATCH_SIZE", 1)
        third = self._participant("Third")
        client = self._partner("Third client")
        self._referral(third, client)
        self._paid("2026-01-10", 1000)
        self._paid("2026-01-10", 2000, partner=self.second)
        self._paid("2026-01-10", "0.05", partner=client)
        accrual = self._accrue("2026-01")
        self.assertEqual(len(accrual.move_ids), 2)
        sheets = computed(self._content(accrual))
        self.assertEqual(
            [row[8:] for row in
             sheets["Compensations"].iter_rows(2, values_only=True)],
            [(90, 0, 90, True), (180, 0, 180, True), (0, 0, 0, True)],
        )  # fmt: skip
        totals = self._totals(sheets["Summary"])
        self.assertEqual(sum(label.startswith("Entry ") for label in totals), 2, totals)
        self.assertIs(sheets["Summary"]["D1"].value, True)


@tagged("post_install", "-at_install")
class TestContents(AuditCase):
    def test_texts_are_never_formulas(self):
        content = self._content(self._february())
        texts = set()
        for sheet in openpyxl.load_workbook(io.BytesIO(content)).worksheets:
            if sheet.title not in STORED:
                continue
            for row in sheet.iter_rows(2):
                for cell in row:
                    if isinstance(cell.value, str) and cell.value[0] in "=+-@":
                        if cell.data_type == "f":
                            self.assertGreater(
                                cell.column,
                                {"Lines": 19, "Compensations": 6}.get(sheet.title, 11),
                                cell.value,
                            )
                        else:
                            texts.add(cell.value)
        self.assertEqual(
            texts,
            {'="evil"&A1', "+49 123", '-\ndash, "quoted" ', "@Second", "=1+1 Boris"},
        )
        # nor in LibreOffice
        labels = {cell.value for cell in computed(content)["Lines"]["K"]}
        self.assertIn('="evil"&A1', labels)

    def test_anybody_can_compute_the_hashes(self):
        content = self._content(self._february())
        for sheets in (self._cached(content), computed(content)):
            manifest = [
                row for row in sheets["Manifest"].iter_rows(values_only=True)
                if row[1] and str(row[1]).startswith("A:")
            ]  # fmt: skip
            self.assertEqual(
                [row[0] for row in manifest], [name for name in sheets][:-1]
            )
            for name, columns, first, last, expected in manifest:
                self.assertEqual(
                    sheet_hash(sheets[name], columns, first, last), expected, name
                )

    def test_a_changed_text_changes_the_hash(self):
        accrual = self._february()
        before = self._manifest(accrual)
        self.assertEqual(self._manifest(accrual), before)
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE referral_accrual_line SET name = 'x' WHERE id = %s",
            [accrual.line_ids[0].id],
        )
        after = self._manifest(accrual)
        self.assertEqual(
            {name for name in after if after[name] != before[name]},
            # the integrity check sees it too
            {"Lines", "Integrity"},
        )

    def _manifest(self, accrual):
        sheet = list(self._cached(self._content(accrual)).values())[-1]
        return {
            row[0]: row[4]
            for row in sheet.iter_rows(values_only=True)
            if row[4] and len(row[4]) == 64
        }

    def test_terms_of_the_month(self):
        terms = self.program.terms_ids
        category = self._category("backup/tape")
        terms.excluded_category_ids = category
        self.env["referral.program.tier"].create(
            {"terms_id": terms.id, "above": 5000, "rate": 12.5}
        )
        in_force = {"is_draft": False}
        new = terms.copy({"date_from": "2026-02-15", "rate": 7, **in_force})
        terms.copy({"date_from": "2026-03-01", "rate": 5, **in_force})
        # drafts are no terms of the month, and end none
        terms.copy({"date_from": "2026-02-10", "rate": 50})
        terms.copy({"date_from": "2026-02-20", "rate": 60})
        accrual = self._february()
        sheets = self._cached(self._content(accrual))
        rows = [row[:8] for row in sheets["Terms"].iter_rows(values_only=True)]
        self.assertEqual(
            rows[3:5],
            [
                (terms.id, datetime(2020, 1, 1), datetime(2026, 2, 14), 9,
                 "Amount without tax", "Yes", "Yes", "Yes"),
                (new.id, datetime(2026, 2, 15), datetime(2026, 2, 28), 7,
                 "Amount without tax", "Yes", "No", "No"),
            ],
        )  # fmt: skip
        self.assertIn((terms.id, 12.5, 5000), [row[:3] for row in rows])
        self.assertIn(
            (new.id, category.id, category.complete_name), [row[:3] for row in rows]
        )
        settings = {row[0]: row[2] for row in rows if row[0]}
        self.assertEqual(settings["Bonus Journals"], "Bonus")
        self.assertEqual(
            settings["An Invoice Is Paid When"], "The payment is registered"
        )
        # a client above the tier's threshold got its rate
        self.assertIn(12.5, self._column(sheets["Lines"], "R"))

    def test_result_of_the_integrity_check(self):
        accrual = self._february()
        sheets = computed(self._content(accrual))
        rows = [row[:3] for row in sheets["Integrity"].iter_rows(values_only=True)]
        passed = self.env["referral.integrity.run"].search(
            [("accrual_id", "=", accrual.id)], limit=1
        )
        self.assertEqual(passed.state, "passed")
        self.assertEqual(len(rows[7:]), passed.check_count)
        self.assertEqual({row[1:] for row in rows[7:]}, {(0, 0)})
        manifest = {
            row[0]: row[1] for row in sheets["Manifest"].iter_rows(values_only=True)
        }
        self.assertEqual(manifest["Month's Hash"], accrual.hash)
        self.assertEqual(manifest["Hash of the Month Before"], accrual.previous_hash)
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE referral_compensation SET amount = amount + 5 WHERE id = %s",
            [accrual.compensation_ids[0].id],
        )
        self.env.invalidate_all()
        sheets = computed(self._content(accrual))
        failed = self.env["referral.integrity.run"].search(
            [("accrual_id", "=", accrual.id)], limit=1
        )
        self.assertEqual(failed.state, "failed")
        number = len(failed.result_ids.filtered("is_failed"))
        totals = self._totals(sheets["Summary"])
        self.assertEqual(totals["Integrity checks that failed"], (0, number, False))
        titles = [cell.value for cell in sheets["Integrity"]["A"]]
        for finding in failed.finding_ids:
            self.assertIn(finding.title, titles[8 + failed.check_count :])

    def test_who_posted_the_month(self):
        self.program.posting_policy = "review"
        self._paid("2026-01-10", 1000)
        accrual = self._accrue("2026-01")
        self.env.cr.flush()
        with self.on("2026-02-03"):
            tracked = {"tracking_disable": False, "mail_notrack": False}
            accrual.with_context(**tracked).action_post()
            self.env.cr.flush()  # writes what was tracked
        facts = {
            row[0]: row[1]
            for row in self._cached(self._content(accrual))["Summary"].iter_rows(
                values_only=True
            )
        }
        self.assertEqual(
            facts["Computed → Posted"], f"2026-02-03 12:00:00 UTC, {self.env.user.name}"
        )

    def test_in_russian(self):
        self.env["res.lang"]._activate_lang("ru_RU")
        self.env["ir.module.module"]._load_module_terms(["referral_program"], ["ru_RU"])
        accrual = self._february()
        english = self._manifest(accrual)
        russian = self._content(accrual.with_context(lang="ru_RU"))
        sheets = computed(russian)
        self.assertIs(list(sheets.values())[0]["D1"].value, True)
        self.assertEqual(accrual.audit_file_ids[0].lang, "ru_RU")
        self.assertIn("2026", list(sheets.values())[0]["B1"].value)
        # what has no texts of the language has the same hash
        hashes = self._manifest(accrual.with_context(lang="ru_RU"))
        self.assertEqual(list(hashes.values())[2:4], list(english.values())[2:4])


@tagged("post_install", "-at_install")
class TestMaking(AuditCase, HttpCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        group = "referral_program.group_"
        cls.users = {
            name: cls._user(f"af_{name}", groups)
            for name, groups in {
                "auditor": f"{group}auditor",
                "accountant": f"{group}accountant",
                "administrator": f"{group}administrator",
                "officer": f"{group}officer",
                "reader": f"{group}reader",
                "internal": "base.group_user",
                "portal": "base.group_portal",
            }.items()
        }

    def test_each_making_is_logged_and_the_latest_file_kept(self):
        accrual = self._february()
        auditor = self.users["auditor"]
        first = self._make(accrual, auditor)
        self.assertEqual(first.user_id, auditor)
        content = first._read_file()
        self.assertEqual(first.sha256, hashlib.sha256(content).hexdigest())
        self.assertEqual(first.size, len(content))
        message = accrual.message_ids.sorted("id")[-1]
        self.assertIn(first.sha256, message.body)
        self.assertEqual(message.author_id, auditor.partner_id)
        second = self._make(accrual, self.users["accountant"])
        self.assertEqual(accrual.audit_file_ids, second | first)
        self.assertEqual((second | first).mapped("is_kept"), [True, False])
        with self.assertRefused(UserError, "generated again since"):
            first.with_user(auditor).action_download()
        self.assertEqual(second._read_file()[:2], b"PK")

    def test_only_of_posted_months(self):
        self.program.posting_policy = "review"
        self._paid("2026-01-10", 1000)
        accrual = self._accrue("2026-01")
        for none in (accrual, accrual.browse()):
            with self.assertRefused(UserError, "only for posted months"):
                none.action_make_audit_file()
        self.assertFalse(accrual.audit_file_ids)

    def test_who_may_make_one(self):
        accrual = self._february()
        for name in ("auditor", "accountant", "administrator"):
            action = accrual.with_user(self.users[name]).action_make_audit_file()
            self.assertEqual(
                action["url"], f"/referral/audit/{accrual.audit_file_ids[0].id}"
            )
        self.assertEqual(len(accrual.audit_file_ids), 3)
        for name in ("officer", "reader", "internal", "portal"):
            user = self.users[name]
            with self.subTest(user=name):
                with self.assertRaises(AccessError):
                    accrual.with_user(user).action_make_audit_file()
                with self.assertRaises(AccessError):
                    accrual.audit_file_ids.with_user(user).read(["sha256"])
                with self.assertRaises(AccessError):
                    accrual.audit_file_ids.with_user(user).action_download()
        self.assertEqual(len(accrual.audit_file_ids), 3)

    def test_nobody_writes_the_record(self):
        file = self._make(self._february())
        for user in (self.users["auditor"], self.users["administrator"]):
            for act in (
                lambda own: own.write({"sha256": "0"}),
                lambda own: own.unlink(),
                lambda own: own.create({"name": "x"}),
                lambda own: own.read(["xlsx"]),
            ):
                with self.assertRaises(UserError):  # or its AccessError
                    act(file.with_user(user))
        with self.assertRefused(UserError, "cannot be edited or deleted"):
            file.sudo().write({"sha256": "0"})
        with self.assertRefused(UserError, "cannot be edited or deleted"):
            file.sudo().unlink()
        attachment = file.sudo()._stored_files()
        with self.assertRaises(AccessError):
            attachment.with_user(self.users["administrator"]).write({"raw": b"x"})
        # past Odoo's access rights
        attachment.raw = b"another"
        with (
            self.assertLogs("odoo.addons.referral_program", "ERROR"),
            self.assertRefused(UserError, "does not match"),
        ):
            file._read_file()

    def _company(self):
        company = self._create_company(name="Second company")
        program = self._program(company)
        participant = self._participant("Other", program)
        self._referral(participant, self._partner("Other client"))
        return program

    def test_other_companies_get_nothing(self):
        program = self._company()
        accrual = self._accrue("2026-02", program)
        file = self._make(accrual)
        for name in ("auditor", "accountant", "administrator"):
            user = self.users[name]
            with self.assertRaises(AccessError):
                accrual.with_user(user).action_make_audit_file()
            with self.assertRaises(AccessError):
                file.with_user(user).read(["sha256"])
            with self.assertRaises(AccessError):
                file.with_user(user).action_download()
            self.assertFalse(file.with_user(user).search([("id", "=", file.id)]))
            self.authenticate(user.login, user.login)
            self.assertEqual(
                self.url_open(f"/referral/audit/{file.id}").status_code, 404
            )

    def _get(self, path, name):
        user = self.users[name]
        self.authenticate(user.login, user.login)
        return self.url_open(path)

    def test_download(self):
        file = self._make(self._february())
        for name in ("auditor", "accountant", "administrator"):
            response = self._get(f"/referral/audit/{file.id}", name)
            self.assertEqual(response.status_code, 200)
            self.assertEqual(hashlib.sha256(response.content).hexdigest(), file.sha256)
            self.assertIn(file.name, response.headers["Content-Disposition"])
        for name in ("officer", "reader", "internal", "portal"):
            response = self._get(f"/referral/audit/{file.id}", name)
            self.assertEqual(response.status_code, 404, name)

    def test_download_of_several_months(self):
        february = self._february()
        self._paid("2026-03-10", 500)
        march = self._accrue("2026-03")
        months = (february | march).with_user(self.users["auditor"])
        action = months.action_make_audit_file()
        response = self._get(action["url"], "auditor")
        self.assertEqual(response.headers["Content-Type"], "application/zip")
        with zipfile.ZipFile(io.BytesIO(response.content)) as archive:
            self.assertEqual(
                {name: hashlib.sha256(archive.read(name)).hexdigest()
                 for name in archive.namelist()},
                {accrual.audit_file_ids.name: accrual.audit_file_ids.sha256
                 for accrual in (february, march)},
            )  # fmt: skip

    def test_crafted_addresses(self):
        file = self._make(self._february())
        other = self._make(self._accrue("2026-02", self._company()))
        stored = file.sudo()._stored_files()
        for path in (
            f"/referral/audit/{file.id},{other.id}",
            f"/referral/audit/{file.id},",
            "/referral/audit/0",
            "/referral/audit/99999999999999999999",
            "/referral/audit/-1",
            "/referral/audit/x",
            f"/web/content/{stored.id}",
            f"/web/content/referral.audit.file/{file.id}/xlsx",
            f"/report/xlsx/referral_program.audit_file_xlsx/{file.accrual_id.id}",
            f"/report/xlsx/referral_program.audit_file/{file.accrual_id.id}",
        ):
            for name in ("auditor", "portal"):
                with self.subTest(path=path, user=name), mute_logger("odoo.http"):
                    response = self._get(path, name)
                    self.assertNotEqual(response.status_code, 200)
                    self.assertNotIn(b"PK\x03\x04", response.content[:4])

    def test_the_lists_menu(self):
        accrual = self._february()
        action = self.env.ref(
            "referral_program.referral_accrual_audit_file_server_action"
        )
        for name, may in (("auditor", True), ("accountant", True), ("officer", False)):
            run = action.with_user(self.users[name]).with_context(
                active_model="referral.accrual",
                active_id=accrual.id,
                active_ids=accrual.ids,
            )
            if may:
                self.assertTrue(run.run()["url"])
            else:
                with self.assertRaises(AccessError):
                    run.run()


@tagged("post_install", "-at_install")
class TestStatementWorkbook(StatementCase):
    def test_libreoffice_computes_the_statements_numbers(self):
        self._credit_note(self._client_invoice(), "2026-02-03", 100_000)
        self._paid("2026-02-10", "12345.67")
        self._billed(30_000, "2026-02-20")
        self._redeem(5_000, "2026-02-21")
        statement = self._month("2026-02")
        content = statement._read_file("xlsx")
        summary, lines = computed(content).values()
        figures = {row[0].value: row[1].value for row in summary.iter_rows()}
        self.assertEqual(figures["Closing balance"], statement.closing)
        amount = round(statement.accrued + statement.reversed, 2)
        self.assertEqual(figures["Compensation of the month, rounded once"], amount)
        self.assertEqual(
            [lines[f"I{row}"].value for row in (4, 5)], [-87_654.33, -87_654.33]
        )
        self.assertEqual(
            [lines[f"K{row}"].value for row in (4, 5)], [-7_888.8897, -7_888.8897]
        )
        # and it computes them indeed
        changed = computed(with_number(content, 2, "K2", 0))
        summary, lines = changed.values()
        self.assertNotEqual(lines["K5"].value, -7_888.8897)
        opening = next(
            row[1].coordinate
            for row in summary.iter_rows()
            if row[0].value == "Opening balance"
        )
        summary, _lines = computed(with_number(content, 1, opening, 0)).values()
        figures = {row[0].value: row[1].value for row in summary.iter_rows()}
        self.assertEqual(
            figures["Closing balance"], statement.closing - statement.opening
        )
