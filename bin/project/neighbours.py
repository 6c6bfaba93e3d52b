"""The addons in a database with many others of Odoo's and OCA's, and what differs."""

import subprocess
import xml.etree.ElementTree as ElementTree
from collections import Counter

from . import databases, documents, packages, paths, programs, suite
from .shell import exclusively, progress, say

PINS = paths.ROOT / "requirements-neighbours.txt"
#: Odoo's apps, and those of its addons that touch what the referral program does.
OF_ODOO = (
    "account_check_printing",
    "account_debit_note",
    "account_edi_ubl_cii",
    "auth_totp_portal",
    "base_vat",
    "crm",
    "event_sale",
    "fleet",
    "hr_expense",
    "hr_holidays",
    "im_livechat",
    "maintenance",
    "mass_mailing",
    "mrp",
    "payment_demo",
    "point_of_sale",
    "privacy_lookup",
    "project",
    "purchase",
    "repair",
    "sale_management",
    "stock",
    "survey",
    "website_blog",
)
OF_OCA = (
    "account_asset_management",
    "account_due_list",
    "account_fiscal_year",
    "account_invoice_refund_link",
    "account_invoice_triple_discount",
    "account_journal_lock_date",
    "account_lock_date_update",
    "account_move_line_tax_editable",
    "account_move_name_sequence",
    "account_move_template",
    "account_move_tier_validation",
    "account_netting",
    "account_payment_batch_oca",
    "account_payment_return",
    "account_payment_term_extension",
    "account_reconcile_oca",
    "account_tax_balance",
    "auditlog",
    "auth_user_case_insensitive",
    "base_user_role",
    "mis_builder",
    "partner_firstname",
    "partner_statement",
    "sale_start_end_dates",
    "subscription_oca",
)
#: Odoo's suites of what the addon extends: files, or an addon's whole folder.
SUITES = (
    "account/tests/test_account_bank_statement.py",
    "account/tests/test_account_move_entry.py",
    "account/tests/test_account_move_in_invoice.py",
    "account/tests/test_account_move_out_invoice.py",
    "account/tests/test_account_move_out_refund.py",
    "account/tests/test_account_move_reconcile.py",
    "account/tests/test_account_partner.py",
    "account/tests/test_account_payment.py",
    "account/tests/test_account_payment_items.py",
    "account/tests/test_account_payment_register.py",
    "account/tests/test_res_partner_merge.py",
    "account_payment/tests",
    "auth_signup/tests",
    "portal/tests",
)
WITHOUT, WITH = "without", "with"
DOCUMENT = paths.ROOT / "docs" / "operations.md"


class Crowd(suite.Suite):
    """The suites of all addons here, for a database that has their neighbours too."""

    def __init__(self):
        programs.ensure()
        self.workplace = databases.Workplace([packages.oca(PINS)])
        self.names = [addon.name for addon in (paths.ADDON, *paths.GLUE)]
        self.without = self._install_neighbours()
        self._begin(self._install(), [paths.ADDON, *paths.GLUE])

    def _install_neighbours(self):
        """Return the name of a database with the neighbours only, kept by pins."""
        modules = sorted({*OF_ODOO, *OF_OCA, *databases.dependencies(glue=True)})
        pins = (PINS, paths.OCA_PINS, paths.GLUE_PINS)
        key = paths.digest("others", self.workplace.odoo.version, *pins, *modules)
        name = f"referral_base_{key}_crowd"
        with exclusively("database"):
            if not databases.exists(name):
                with progress(f"installing {len(modules)} addons of others (once)"):
                    others = databases.Workplace([packages.oca(PINS)], own=None)
                    databases.build(name, lambda: others.install(name, modules, False))
        return name

    def _install(self):
        """Return the name of a database that has this project's addons too."""
        name = f"referral_crowd_{paths.CLONE}"
        databases.renew(name, self.without)
        with progress("installing the addons beside them"):
            self.workplace.install(name, self.names, False)
        return name


def run(write):
    """Run Odoo's suites with and without the addons, and the addons' own beside all.

    :param bool write: put the table into ``DOCUMENT``
    :return int: 0 if nothing differs and all of the addons' tests have passed
    """
    crowd = Crowd()
    outcomes = _run_of_odoo(crowd)
    differing = {
        test: tuple(outcomes[side].get(test, "not run") for side in (WITHOUT, WITH))
        for test in sorted({*outcomes[WITHOUT], *outcomes[WITH]})
        if outcomes[WITHOUT].get(test) != outcomes[WITH].get(test)
    }
    course = suite.Course()
    clean = suite.run_in_parallel(crowd, course) and course.is_clean()
    table = _table(outcomes, differing, course)
    print("\n".join(table))
    for test, (without, with_addons) in differing.items():
        print(f"{test}: {without} without the addons, {with_addons} with them")
    print(course.summary(), flush=True)
    if write:
        documents.put(DOCUMENT, "neighbours", table)
    return 0 if clean and not differing else 1


def _run_of_odoo(crowd):
    """Run Odoo's suites in both databases side by side.

    :return dict: by side, the outcome of each test
    """
    folders = crowd.workplace.odoo.addons
    addons = next(folder for folder in folders if (folder / "account").is_dir())
    running = {}
    for side, source in ((WITHOUT, crowd.without), (WITH, crowd.template)):
        database = f"referral_neighbours_{paths.CLONE}_{side}"
        suite.renew(database, source)
        log = paths.CACHE / "clones" / f"{database}.log"
        report = log.with_suffix(".xml")
        report.unlink(missing_ok=True)
        say(f"-> Odoo's own suites {side} the addons: {log}")
        with open(log, "w") as handle:
            process = subprocess.Popen(
                crowd.command(
                    database,
                    f"--junitxml={report}",
                    "-q",
                    *(str(addons / name) for name in SUITES),
                ),
                cwd=paths.ROOT,
                env=crowd.environment,
                stdin=subprocess.DEVNULL,
                stdout=handle,
                stderr=subprocess.STDOUT,
            )
        running[side] = process, report
    try:
        for process, _report in running.values():
            process.wait()
    finally:
        for process, _report in running.values():
            process.terminate()
    return {side: _outcomes(report) for side, (_process, report) in running.items()}


def _outcomes(report):
    """Return what became of each test that pytest reported; the worst of its parts."""
    outcomes = {}
    for case in ElementTree.parse(report).iter("testcase"):  # noqa: S314
        test = f"{case.get('classname')}.{case.get('name')}"
        found = {part.tag for part in case} & {"failure", "error", "skipped"}
        outcome = (
            "failed"
            if found & {"failure", "error"}
            else "skipped"
            if found
            else "passed"
        )
        outcomes[test] = max(
            outcomes.get(test, "passed"), outcome, key=suite.WORSE.index
        )
    return outcomes


def _table(outcomes, differing, course):
    """Return the lines of a table in Markdown: suites and what became of them."""
    lines = [
        "| suite | tests | passed without the addons | passed with them | differ |",
        "| --- | ---: | ---: | ---: | ---: |",
    ]
    addons = {name.partition("/")[0] for name in SUITES}
    for addon in sorted(addons):
        mark = f".{addon}."
        counts = [
            Counter(
                outcome
                for test, outcome in outcomes[side].items()
                if mark in f".{test}"
            )
            for side in (WITHOUT, WITH)
        ]
        lines.append(
            f"| Odoo's `{addon}` | {counts[1].total()} | {counts[0]['passed']} "
            f"| {counts[1]['passed']} "
            f"| {sum(mark in f'.{test}' for test in differing)} |"
        )
    passed, failed, skipped = course.count()
    total = passed + failed + skipped
    lines.append(f"| the addons' own | {total} | | {passed} | |")
    lines += [
        "",
        f"Beside {len(OF_ODOO)} of Odoo's apps and {len(OF_OCA)} of OCA's addons "
        "(with what these need).",
    ]
    return lines
