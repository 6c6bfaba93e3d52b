"""The chained hashes of posted months: sealing, tampering, locked journals, report."""

import io
from contextlib import contextmanager
from dataclasses import replace
from unittest.mock import patch

from psycopg2.errors import UniqueViolation

from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged
from odoo.tools import SQL, mute_logger
from odoo.tools.pdf import OdooPdfFileReader

from ...models.audit.integrity import ways
from ...models.audit.integrity.chain import GENESIS, PARTS
from ..common import OneReferralCase

#: The version of a way that nobody has used yet.
NEXT = ways.VERSION + 1
#: What somebody does in the database, and where the chain breaks: the month (0 is
#: the program itself) and the part.
TAMPERING = {
    "a line's amount": (
        "UPDATE referral_accrual_line SET amount = amount + 1 WHERE accrual_id = %(2)s",
        {(2, "lines_hash")},
    ),
    "a line's label": (
        "UPDATE referral_accrual_line SET name = 'Forged' WHERE accrual_id = %(3)s",
        {(3, "lines_hash")},
    ),
    "a line less": (
        "DELETE FROM referral_accrual_line WHERE accrual_id = %(1)s",
        {(1, "lines_hash")},
    ),
    "a line moved to another month": (
        """UPDATE referral_accrual_line SET compensation_id = (
                SELECT id FROM referral_compensation WHERE accrual_id = %(3)s)
            WHERE accrual_id = %(2)s""",
        {(2, "lines_hash"), (3, "lines_hash")},
    ),
    "a compensation": (
        "UPDATE referral_compensation SET base = base + 1 WHERE accrual_id = %(2)s",
        {(2, "compensations_hash")},
    ),
    "a rate": (
        """UPDATE referral_program_terms SET rate = 12
            WHERE id IN (SELECT terms_id FROM referral_accrual_terms_rel)""",
        {(1, "terms_hash"), (2, "terms_hash"), (3, "terms_hash")},
    ),
    "an excluded category": (
        "DELETE FROM referral_terms_excluded_category_rel",
        {(1, "terms_hash"), (2, "terms_hash"), (3, "terms_hash")},
    ),
    "a tier more": (
        """INSERT INTO referral_program_tier (terms_id, above, rate)
           SELECT terms_id, 100, 20 FROM referral_accrual_terms_rel
            WHERE accrual_id = %(1)s""",
        {(1, "terms_hash"), (2, "terms_hash"), (3, "terms_hash")},
    ),
    "a journal item's amount": (
        """UPDATE account_move_line SET balance = balance * 2
            WHERE move_id IN (SELECT id FROM account_move
                               WHERE referral_accrual_id = %(1)s)""",
        {(1, "items_hash")},
    ),
    "a journal item's account": (
        """UPDATE account_move_line SET account_id = %(income)s
            WHERE partner_id IS NULL
              AND move_id IN (SELECT id FROM account_move
                               WHERE referral_accrual_id = %(3)s)""",
        {(3, "items_hash")},
    ),
    "a journal item's partner": (
        """UPDATE account_move_line SET partner_id = %(client)s
            WHERE partner_id IS NOT NULL
              AND move_id IN (SELECT id FROM account_move
                               WHERE referral_accrual_id = %(2)s)""",
        {(2, "items_hash")},
    ),
    "an entry's date": (
        "UPDATE account_move SET date = date + 1 WHERE referral_accrual_id = %(2)s",
        {(2, "items_hash")},
    ),
    "an entry taken away": (
        """UPDATE account_move SET referral_accrual_id = NULL
            WHERE referral_accrual_id = %(2)s""",
        {(2, "items_hash")},
    ),
    "a period": (
        """UPDATE referral_accrual SET period_start = '2025-12-01'
            WHERE id = %(1)s""",
        {(1, "seal")},
    ),
    "months exchanged": (
        """UPDATE referral_accrual SET period_start = '2020-01-01' WHERE id = %(2)s""",
        {(2, "seal"), (2, "link")},
    ),
    "a part and its hash": (
        """UPDATE referral_accrual SET lines_hash = 'forged' WHERE id = %(2)s""",
        {(2, "lines_hash"), (2, "seal")},
    ),
    "a month's hash": (
        "UPDATE referral_accrual SET hash = 'forged' WHERE id = %(2)s",
        {(2, "seal"), (2, "anchor"), (3, "link")},
    ),
    "the version of a hash": (
        "UPDATE referral_accrual SET hash_version = 7 WHERE id = %(2)s",
        {(2, "version")},
    ),
    "no version of a hash": (
        "UPDATE referral_accrual SET hash_version = NULL WHERE id = %(2)s",
        {(2, "version")},
    ),
    "a month without a hash": (
        "UPDATE referral_accrual SET hash = NULL WHERE id = %(1)s",
        {(1, "unsealed"), (2, "link")},
    ),
    "a month that is not posted": (
        "UPDATE referral_accrual SET state = 'computed' WHERE id = %(3)s",
        {(3, "not_posted")},
    ),
    "a month in between deleted": (
        "SET LOCAL session_replication_role = replica;"
        "DELETE FROM referral_accrual WHERE id = %(2)s",
        {(3, "link")},
    ),
    "the last month deleted": (
        "SET LOCAL session_replication_role = replica;"
        "DELETE FROM referral_accrual WHERE id = %(3)s",
        {(0, "head")},
    ),
    "the last month deleted, and the head set back": (
        """SET LOCAL session_replication_role = replica;
           DELETE FROM referral_accrual WHERE id = %(3)s;
           UPDATE referral_program SET chain_length = 2, chain_head =
                  (SELECT hash FROM referral_accrual WHERE id = %(2)s)""",
        {(0, "head")},
    ),
    "all hashes taken away": (
        """UPDATE referral_accrual SET hash = NULL, chain_number = NULL;
           UPDATE referral_program SET chain_length = 0, chain_head = NULL""",
        {(0, "head")},
    ),
    "a month added past the program": (
        """INSERT INTO referral_accrual
                  (program_id, company_id, period_start, period_end, state,
                   chain_number, hash)
           SELECT program_id, company_id, '2026-04-01', '2026-04-30', 'draft', 4, 'x'
             FROM referral_accrual WHERE id = %(3)s""",
        None,
    ),
}


@tagged("post_install", "-at_install")
class TestHashChain(OneReferralCase):
    """Three posted months, each checked after it was posted."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.months = {}
        for number, amount in enumerate((1000, 2000, 3000), 1):
            cls._paid(f"2026-0{number}-10", amount)
            cls.months[number] = cls._accrue(f"2026-0{number}")
            cls._check(cls.months[number])

    def setUp(self):
        super().setUp()
        # each test adds its own months
        self.months = dict(self.months)

    @classmethod
    def _check(cls, accrual=None):
        with cls.on("2026-05-02"):
            return cls.program._check_integrity(accrual)

    def _tamper(self, query):
        self.env.flush_all()
        ids = {str(number): month.id for number, month in self.months.items()}
        places = {"income": self.income.id, "client": self.client.id}
        self.env.cr.execute(query, {**ids, **places})
        self.env.invalidate_all()

    def _breaks(self, run):
        """Return where the chain breaks: the months' numbers and the parts."""
        numbers = {month.id: number for number, month in self.months.items()}
        return {
            (
                0 if finding.res_model == "referral.program"
                else numbers.get(finding.res_id),
                finding.reason,
            )
            for finding in run.finding_ids
            if finding.check_name == "hash_chain"
        }  # fmt: skip

    # === Sealing === #

    def test_each_month_covers_the_one_before(self):
        months = self.program.accrual_ids.sorted("period_start")
        self.assertEqual(months.mapped("chain_number"), [1, 2, 3])
        hashes = months.mapped("hash")
        self.assertEqual(months.mapped("previous_hash"), [GENESIS, *hashes[:2]])
        self.assertEqual(len({*hashes}), 3)
        for month in months:
            for name in ("hash", *PARTS):
                self.assertRegex(month[name], "^[0-9a-f]{64}$")
            self.assertEqual(month.hash_version, ways.VERSION)
        self.assertEqual(self.program.chain_length, 3)
        self.assertEqual(self.program.chain_head, hashes[-1])
        self.assertFalse(self._breaks(self._check()))

    def test_a_month_that_gives_nothing_is_sealed(self):
        accrual = self._accrue("2026-04")
        self.assertFalse(accrual.compensation_ids)
        self.assertEqual((accrual.chain_number, len(accrual.hash)), (4, 64))
        self.assertFalse(self._breaks(self._check()))

    def test_only_the_last_batch_seals(self):
        self.program.posting_policy = "review"
        self._paid("2026-04-10")
        accrual = self._accrue("2026-04")
        self.assertFalse(accrual.hash)
        self.assertEqual(self.program.chain_length, 3)
        with self.on("2026-05-02"):
            accrual.action_post()
        self.assertEqual(accrual.previous_hash, self.months[3].hash)

    def test_each_program_has_its_own_chain(self):
        program = self._program(self.setup_other_company()["company"])
        accrual = self._accrue("2026-01", program)
        self.assertEqual((accrual.chain_number, accrual.previous_hash), (1, GENESIS))
        self.assertEqual(self.program.chain_length, 3)

    def test_two_months_cannot_follow_the_same_one(self):
        for column, value in (("chain_number", 2), ("previous_hash", GENESIS)):
            with (
                self.assertRaises(UniqueViolation),
                mute_logger("odoo.sql_db"),
                self.cr.savepoint(),
            ):
                self.env.cr.execute(
                    f"UPDATE referral_accrual SET {column} = %s WHERE id = %s",
                    (value, self.months[3].id),
                )

    def test_months_posted_before_there_was_a_chain_are_sealed_when_it_begins(self):
        self._tamper(
            """UPDATE referral_accrual SET hash = NULL, chain_number = NULL,
                      previous_hash = NULL;
               UPDATE referral_program SET chain_length = 0, chain_head = NULL;
               DELETE FROM referral_integrity_finding;
               DELETE FROM referral_integrity_result;
               DELETE FROM referral_integrity_run"""
        )
        self.assertFalse(self._breaks(self._check()))
        accrual = self._accrue("2026-04")
        self.assertEqual(accrual.chain_number, 4)
        self.assertEqual(
            self.program.accrual_ids.sorted("period_start").mapped("chain_number"),
            [1, 2, 3, 4],
        )
        self.assertFalse(self._breaks(self._check()))

    def test_nobody_writes_hashes(self):
        for name in ("hash", "previous_hash", "chain_number", "lines_hash"):
            with self.assertRefused(UserError, "cannot be edited"):
                self.months[1].write({name: False})
        for values in ({"chain_length": 1}, {"chain_head": "forged"}):
            with self.assertRefused(UserError, "only by posting accruals"):
                self.program.write(values)
            with self.assertRefused(UserError, "only by posting accruals"):
                self.env["referral.program"].create({"name": "Second", **values})

    # === Other ways of writing a hash === #

    def _other_way(self):
        """Return a way of writing that nobody has used yet: fewer things are in it."""
        first = ways.WAYS[ways.VERSION]

        def lines(accruals):
            return SQL(
                "SELECT accrual_id, id AS key, SHA256(name::bytea) AS hash"
                " FROM referral_accrual_line WHERE accrual_id IN (%s)",
                accruals,
            )

        def statements(accruals):
            return SQL(
                "SELECT accrual_id, participant_id AS key, SHA256(name::bytea) AS hash"
                " FROM referral_statement WHERE accrual_id IN (%s)",
                accruals,
            )

        return replace(
            first, parts={**first.parts, "lines_hash": lines}, statements=statements
        )

    @contextmanager
    def _second_version(self):
        """Let months be sealed by a second way from now on."""
        with (
            patch.dict(ways.WAYS, {NEXT: self._other_way()}),
            patch.object(ways, "VERSION", NEXT),
        ):
            yield

    def test_a_new_version_leaves_sealed_months_intact(self):
        with self._second_version():
            self.assertFalse(self._breaks(self._check()))

    def test_each_month_is_verified_by_the_version_it_was_sealed_with(self):
        with self._second_version():
            self._paid("2026-04-10", 4_000)
            self.months[4] = self._accrue("2026-04")
            self.assertEqual(
                [month.hash_version for month in self.months.values()],
                [NEXT - 1, NEXT - 1, NEXT - 1, NEXT],
            )
            self.assertEqual(self.months[4].previous_hash, self.months[3].hash)
            self.assertFalse(self._breaks(self._check()))
            for number, expected in (
                (2, {(2, "lines_hash")}),
                # the second way does not look at amounts
                (4, set()),
            ):
                with self.subTest(number), self.cr.savepoint() as savepoint:
                    self._tamper(
                        "UPDATE referral_accrual_line SET amount = amount + 1"
                        f" WHERE accrual_id = %({number})s"
                    )
                    self.assertEqual(self._breaks(self._check()), expected)
                    savepoint.rollback()
            self._tamper(
                """UPDATE referral_accrual_line SET name = 'X'
                    WHERE accrual_id IN (%(1)s, %(4)s)"""
            )
            self.assertEqual(
                self._breaks(self._check()), {(1, "lines_hash"), (4, "lines_hash")}
            )

    def test_months_of_the_first_version_stay_intact(self):
        with patch.object(ways, "VERSION", 1):
            self._paid("2026-04-10", 4_000)
            self.months[4] = self._accrue("2026-04")
        self._paid("2026-05-10", 5_000)
        self.months[5] = self._accrue("2026-05")
        self.assertEqual(
            [self.months[number].hash_version for number in (4, 5)], [1, ways.VERSION]
        )
        self.assertFalse(self._breaks(self._check()))
        self._tamper("UPDATE referral_accrual_line SET is_further = TRUE")
        breaks = self._breaks(self._check())
        self.assertIn((5, "lines_hash"), breaks)
        self.assertNotIn((4, "lines_hash"), breaks)

    def test_a_line_stays_with_its_compensation(self):
        other = self._participant("Other")
        self._tamper(
            f"""WITH other AS (
                    INSERT INTO referral_compensation
                           (accrual_id, participant_id, base, amount, accrued)
                    VALUES (%(2)s, {other.id}, 0, 0, 0)
                 RETURNING id)
                UPDATE referral_accrual_line SET compensation_id = other.id
                  FROM other WHERE accrual_id = %(2)s"""
        )
        self.assertEqual(
            self._breaks(self._check()),
            {(2, "compensations_hash"), (2, "lines_hash")},
        )

    def test_months_of_the_second_version_stay_intact(self):
        with patch.object(ways, "VERSION", 2):
            self._paid("2026-04-10", 4_000)
            self.months[4] = self._accrue("2026-04")
        self._paid("2026-05-10", 5_000)
        self.months[5] = self._accrue("2026-05")
        self.assertEqual(
            [self.months[number].hash_version for number in (4, 5)], [2, ways.VERSION]
        )
        self.assertFalse(self._breaks(self._check()))
        for change in ("is_further = TRUE", "name = 'X'", "line_key = -line_key"):
            with self.subTest(change), self.cr.savepoint() as savepoint:
                self._tamper(
                    f"UPDATE referral_accrual_line SET {change}"
                    " WHERE accrual_id IN (%(4)s, %(5)s)"
                )
                self.assertEqual(
                    self._breaks(self._check()),
                    {(4, "lines_hash"), (5, "lines_hash")},
                )
                savepoint.rollback()

    def test_a_month_cannot_be_told_to_be_of_another_version(self):
        with self._second_version():
            self._tamper(
                f"UPDATE referral_accrual SET hash_version = {NEXT} WHERE id = %(2)s"
            )
            self.assertEqual(
                self._breaks(self._check()), {(2, "lines_hash"), (2, "seal")}
            )

    def test_a_version_that_is_not_known_is_told(self):
        with self._second_version():
            self._paid("2026-04-10", 4_000)
            self.months[4] = self._accrue("2026-04")
        run = self._check()
        self.assertEqual(self._breaks(run), {(4, "version")})

    def test_statements_are_sealed_by_their_months_version(self):
        statements = self.env["referral.statement"]
        with self.on("2026-05-02"):
            statements._cron_statements()
        before = [month.statements_hash for month in self.months.values()]
        with self._second_version():
            self._paid("2026-04-10", 4_000)
            self.months[4] = self._accrue("2026-04")
            with self.on("2026-05-02"):
                statements._cron_statements()
            self.assertEqual(self._check().state, "passed")
            self._tamper(
                """UPDATE referral_statement SET name = name || 'X'
                    WHERE accrual_id IN (%(1)s, %(4)s)"""
            )
            findings = self._check().finding_ids
            changed = findings.filtered(lambda f: f.check_name == "statement_seal")
            self.assertEqual(
                set(changed.mapped("res_id")), {self.months[1].id, self.months[4].id}
            )
        self.assertEqual(
            [month.statements_hash for month in self.months.values()][:3], before
        )

    # === What may change === #

    def test_what_may_change_breaks_nothing(self):
        # the invoice line is gone, a contact is merged, an entry has another number
        client = self._partner("The same client")
        merge = self.env["base.partner.merge.automatic.wizard"].create({})
        merge._merge((self.client | client).ids, client)
        own = self._partner("The same participant")
        merge._merge((self.participant.partner_id | own).ids, own)
        self.assertEqual(self.participant.partner_id, own)
        invoice = self.months[2].line_ids.move_id
        with self.on("2026-05-01"):
            invoice.button_draft()
            invoice.invoice_line_ids.unlink()
        self._tamper("UPDATE account_move SET name = name || 'A'")
        self.assertFalse(self._breaks(self._check()))

    def test_merging_accounts_keeps_the_one_that_is_hashed(self):
        data = self.setup_other_company()
        companies = self.company | data["company"]
        own = self.env(context={"allowed_company_ids": companies.ids})
        expense = self.program.expense_account_id.with_env(own)
        other = data["default_account_expense"].with_env(own)
        other.account_type = expense.account_type
        accounts = other | expense
        wizards = own["account.merge.wizard"].with_context(
            active_model="account.account", active_ids=accounts.ids
        )
        wizard = wizards.create({"is_group_by_name": False})
        wizard.wizard_line_ids.is_selected = True
        # the other one would be kept by its place alone
        self.assertEqual(wizard.wizard_line_ids.account_id, accounts)
        wizard.action_merge()
        self.assertTrue(expense.exists())
        self.assertFalse(other.exists())
        self.assertFalse(self._breaks(self._check()))

    # === Tampering === #

    def test_tampering_is_found_at_the_right_month(self):
        for what, (query, expected) in TAMPERING.items():
            with self.subTest(what), self.cr.savepoint() as savepoint:
                self._tamper(query)
                breaks = self._breaks(self._check())
                if expected is None:
                    self.assertIn((0, "head"), breaks)
                else:
                    self.assertEqual(breaks, expected)
                savepoint.rollback()
                self.env.invalidate_all()
        self.assertFalse(self._breaks(self._check()))

    def test_a_chain_written_anew_is_missed_by_earlier_checks(self):
        """Forging everything consistently leaves what the checks recorded."""
        self._tamper(
            """UPDATE referral_accrual_line SET name = 'Forged';
               UPDATE referral_accrual SET hash = NULL, chain_number = NULL,
                      previous_hash = NULL;
               UPDATE referral_program SET chain_length = 0, chain_head = NULL"""
        )
        # the program's own code, so that every hash is right
        self.months[3]._seal()
        self.assertEqual(
            self._breaks(self._check()),
            {(number, "anchor") for number in self.months},
        )

    def test_a_narrow_check_looks_at_its_own_month(self):
        self._tamper(
            "UPDATE referral_accrual_line SET name = 'X' WHERE accrual_id = %(2)s"
        )
        self.assertFalse(self._breaks(self._check(self.months[1])))
        self.assertFalse(self._breaks(self._check(self.months[3])))
        self.assertEqual(self._breaks(self._check(self.months[2])), {(2, "lines_hash")})

    # === Beside Odoo's own hashes === #

    def test_works_with_a_journal_that_is_locked_by_hashes(self):
        self.program.journal_id.restrict_mode_hash_table = True
        self._paid("2026-04-10")
        accrual = self._accrue("2026-04")
        self.assertTrue(accrual.move_ids.inalterable_hash)
        self.assertEqual(accrual.previous_hash, self.months[3].hash)
        own = self.company._check_hash_integrity()["results"]
        journal = self.program.journal_id.name
        self.assertEqual(
            {r["status"] for r in own if r["journal_name"].startswith(journal)},
            {"verified"},
        )
        self.assertEqual(self._check().state, "passed")

    # === The report === #

    def _report(self, user=None, kind="html"):
        report = self.env["ir.actions.report"]
        if user:
            report = report.with_user(user)
        render = getattr(
            report.with_context(force_report_rendering=True), f"_render_qweb_{kind}"
        )
        with self.on("2026-05-02"):
            return render("referral_program.report_hash_chain", self.program.ids)[0]

    def test_report_of_an_intact_chain(self):
        page = self._report().decode()
        self.assertIn("The chain is intact", page)
        for month in self.months.values():
            self.assertIn(month.hash, page)
        self.assertIn("January 2026", page)
        self.assertIn("not locked by Odoo's own hashes", page)

    def test_report_says_where_the_chain_breaks(self):
        self._tamper(
            """UPDATE referral_compensation SET base = 1 WHERE accrual_id = %(2)s;
               UPDATE referral_program SET chain_length = 7"""
        )
        verified = self.program._verify_chain()
        self.assertEqual(
            [month["problems"] for month in verified["months"]],
            [[], ["Compensations were changed, added or deleted"], []],
        )
        self.assertEqual(len(verified["problems"]), 1)
        page = self._report().decode()
        self.assertIn("The chain is broken", page)
        self.assertNotIn("The chain is intact", page)
        self.assertEqual(page.count("Compensations were changed"), 1)

    def test_report_before_anything_is_posted(self):
        program = self._program(self.setup_other_company()["company"])
        self.assertEqual(program._verify_chain(), {"problems": [], "months": []})

    def test_report_as_pdf(self):
        self.program.name = "Реферальная программа"
        content = self._report(kind="pdf")
        [page] = OdooPdfFileReader(io.BytesIO(content)).pages
        # letters are what they are, not only hashes
        self.assertIn("Реферальная", page.extract_text())

    def test_who_opens_the_report(self):
        for role in ("auditor", "accountant", "administrator"):
            user = self._user(f"chain_{role}", f"referral_program.group_{role}")
            with self.subTest(role):
                programs = self.env["referral.program"].with_user(user)
                action = programs.action_verify_chain()
                self.assertEqual(
                    action["report_name"], "referral_program.report_hash_chain"
                )
                self.assertIn("The chain is intact", self._report(user).decode())
        officer = self._user("chain_officer", "referral_program.group_officer")
        employee = self._user("chain_employee", "base.group_user")
        portal = self._user("chain_portal", "base.group_portal")
        for user in (officer, employee, portal):
            with self.subTest(user.login):
                with self.assertRaises(AccessError):
                    self.env["referral.program"].with_user(user).action_verify_chain()
                with self.assertRaises(AccessError):
                    self._report(user)

    def test_other_companies_chains_are_out_of_sight(self):
        program = self._program(self.setup_other_company()["company"])
        auditor = self._user("chain_auditor", "referral_program.group_auditor")
        report = self.env["ir.actions.report"].with_user(auditor)
        with self.assertRaises(AccessError):
            report._render_qweb_html("referral_program.report_hash_chain", program.ids)
