"""The audit file of a month: its contents and hashes, and who gets it."""

import hashlib
import io
import zipfile
from datetime import datetime
from decimal import Decimal

import openpyxl

from odoo.exceptions import AccessError, UserError
from odoo.tests import HttpCase, tagged
from odoo.tools import mute_logger

from ..libreoffice import computed
from .audited import STORED, AuditCase


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
class TestContents(AuditCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.february = cls._february()

    def test_texts_are_never_formulas(self):
        content = self._content(self.february)
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
        content = self._content(self.february)
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
        accrual = self.february
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

    def test_result_of_the_integrity_check(self):
        accrual = self.february
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
        self._paid("2026-03-10", 1000)
        accrual = self._accrue("2026-03")
        self.env.cr.flush()
        with self.on("2026-04-03"):
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
            facts["Computed → Posted"], f"2026-04-03 12:00:00 UTC, {self.env.user.name}"
        )

    def test_in_russian(self):
        self.env["res.lang"]._activate_lang("ru_RU")
        self.env["ir.module.module"]._load_module_terms(["referral_program"], ["ru_RU"])
        accrual = self.february
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
class TestTerms(AuditCase):
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
        cls.february = cls._february()

    def test_each_making_is_logged_and_the_latest_file_kept(self):
        accrual = self.february
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
        self._paid("2026-03-10", 1000)
        accrual = self._accrue("2026-03")
        for none in (accrual, accrual.browse()):
            with self.assertRefused(UserError, "only for posted months"):
                none.action_make_audit_file()
        self.assertFalse(accrual.audit_file_ids)

    def test_who_may_make_one(self):
        accrual = self.february
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
        file = self._make(self.february)
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
        file = self._make(self.february)
        for name in ("auditor", "accountant", "administrator"):
            response = self._get(f"/referral/audit/{file.id}", name)
            self.assertEqual(response.status_code, 200)
            self.assertEqual(hashlib.sha256(response.content).hexdigest(), file.sha256)
            self.assertIn(file.name, response.headers["Content-Disposition"])
        for name in ("officer", "reader", "internal", "portal"):
            response = self._get(f"/referral/audit/{file.id}", name)
            self.assertEqual(response.status_code, 404, name)

    def test_download_of_several_months(self):
        february = self.february
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
        file = self._make(self.february)
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
        accrual = self.february
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
