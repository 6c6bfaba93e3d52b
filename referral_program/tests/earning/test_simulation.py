"""The simulator: the last months by other terms, and nothing is written."""

import io
from decimal import Decimal

from openpyxl import load_workbook

from odoo import Command
from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from ..common import TwoParticipantsCase


class DryRunCase(TwoParticipantsCase):
    """What simulations and forecasts have in common: they write nothing."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._referral(cls.anna, cls.client)
        cls.other_client = cls._partner("Other Client")
        cls._referral(cls.boris, cls.other_client)

    def _written(self, own):
        """Return how many rows of each table were written, and all sequences.

        :param str own: the beginning of the names of tables that may be written
        """
        self.env.flush_all()
        self.env["referral.mark"]._write_marks()
        self.env.cr.execute(
            "SELECT relname, n_tup_ins, n_tup_upd, n_tup_del"
            "  FROM pg_stat_xact_user_tables"
            " WHERE schemaname = 'public' AND relname NOT LIKE %s",
            [own + "%"],
        )
        rows = {name: counts for name, *counts in self.env.cr.fetchall() if any(counts)}
        self.env.cr.execute(
            "SELECT sequencename, last_value FROM pg_sequences"
            " WHERE schemaname = 'public' AND sequencename NOT LIKE %s",
            [own + "%"],
        )
        return rows, dict(self.env.cr.fetchall()), self._checksums()

    def _checksums(self):
        """Return a checksum of what the accruals read and wrote."""
        sums = {}
        for table in (
            "referral_mark",
            "referral_accrual",
            "referral_accrual_line",
            "referral_compensation",
            "referral_program",
            "referral_program_terms",
            "referral_program_tier",
            "referral_terms_excluded_category_rel",
            "referral_participant",
            "referral_referral",
            "account_move",
            "account_partial_reconcile",
        ):
            self.env.cr.execute(
                f"SELECT COUNT(*), MD5(STRING_AGG(t::text, ';' ORDER BY t::text))"  # noqa: S608
                f" FROM {table} t"
            )
            sums[table] = self.env.cr.fetchone()
        return sums

    def _temporary_tables(self):
        self.env.cr.execute(
            "SELECT relname FROM pg_class WHERE relpersistence = 't' AND relkind = 'r'"
            " AND (relname LIKE 'dry_run%' OR relname LIKE 'referral%')"
            " AND relnamespace = pg_my_temp_schema()"
        )
        return self.env.cr.fetchall()


@tagged("post_install", "-at_install")
class TestSimulation(DryRunCase):
    def _draft(self, **values):
        """Return a draft: a copy of the terms in force with other values."""
        terms = self.program.terms_ids.sorted("date_from")[-1:]
        return terms.copy({"date_from": "2030-01-01", **values})

    def _simulate(self, terms=None, rate=None, on="2026-06-15", **values):
        """Simulate, and check that nothing but the simulation is written."""
        simulation = self.env["referral.simulation"].create(
            {
                "program_id": self.program.id,
                "kind": "draft" if terms else "rate",
                "terms_id": terms and terms.id,
                "rate": rate or 0,
                **values,
            }
        )
        before = self._written("referral_simulation")
        with self.on(on):
            simulation.action_simulate()
        self.assertEqual(self._written("referral_simulation"), before)
        self.assertFalse(self._temporary_tables())
        self.assertSums(simulation)
        return simulation

    def assertSums(self, simulation):
        """Check that the parts add up to the whole, each way."""
        for row in (
            *simulation.line_ids,
            *simulation.month_ids,
            *simulation.participant_ids,
            simulation,
        ):
            self.assertAlmostEqual(
                row.credited + row.late + row.difference, row.simulated, 6
            )
        for name in ("credited", "late", "simulated", "difference"):
            for rows in (
                simulation.line_ids,
                simulation.month_ids,
                simulation.participant_ids,
            ):
                self.assertAlmostEqual(sum(rows.mapped(name)), simulation[name], 6)
        accruals = self.env["referral.accrual"].search(
            [
                ("program_id", "=", simulation.program_id.id),
                ("period_start", ">=", simulation.date_from),
                ("period_start", "<=", simulation.date_to),
            ]
        )
        self.assertAlmostEqual(
            sum(accruals.compensation_ids.mapped("amount")), simulation.credited, 6
        )

    def _figures(self, simulation, participant=None):
        """Return (month, credited, late, simulated) of each month, as exact numbers."""
        rows = simulation.month_ids
        if participant:
            rows = simulation.line_ids.filtered(
                lambda line: line.participant_id == participant
            )
        return [
            (
                row.month.month,
                *(
                    Decimal(str(round(row[name], 2)))
                    for name in ("credited", "late", "simulated")
                ),
            )
            for row in rows.sorted("month")
        ]

    def _differences(self, simulation):
        return [
            (line.participant_id, line.month, line.difference)
            for line in simulation.line_ids
            if line.difference
        ]

    def _quarter(self, partner, amount=9_000, **values):
        line = self._line(
            amount, start_date="2026-01-01", end_date="2026-03-31", **values
        )
        return self._invoice(partner, "2026-01-01", [line])

    def _accrue_all(self, *months):
        for month in months:
            self._accrue(f"2026-{month:02}")

    def _busy_quarter(self):
        """Let everything happen in three months, each fact on its day."""
        self.program.terms_ids.tier_ids = [Command.create({"above": 3000, "rate": 12})]
        self.program.terms_ids.excluded_category_ids |= self._category("domains")
        self.env["referral.program.terms"].create(
            {
                "program_id": self.program.id,
                "date_from": "2026-02-01",
                "rate": 10,
                "base": "total",
            }
        )
        quarter = self._quarter(self.client)
        self._pay(quarter, "2026-01-20", 4_500)
        self._paid("2026-01-05", 1_000)
        mixed = self._invoice(
            self.other_client,
            "2026-01-10",
            [
                self._line("333.33"),
                self._line(500, category="domains"),
                self._line(200, discount=10),
                self._line(1_000, tax_ids=[Command.set(self._tax(20).ids)]),
            ],
        )
        self._pay(mixed, "2026-01-30")
        self._accrue("2026-01")
        self._pay(quarter, "2026-02-10")
        credit = self._credit_note(mixed, "2026-02-15", [self._line(100)])
        self._match(credit, mixed, "2026-02-15")
        taxed = self._invoice(
            self.other_client,
            "2026-02-16",
            [self._line(700, tax_ids=[Command.set(self._tax(20).ids)])],
        )
        payment = self._pay(taxed, "2026-02-20")
        self._accrue("2026-02")
        self._unmatch(payment, "2026-03-05")
        self._pay(taxed, "2026-03-06", 400)
        self._credit_note(quarter, "2026-03-20", [self._line(900)])
        self._accrue("2026-03")

    # === The same terms make no difference === #

    def test_the_same_terms_make_no_difference(self):
        self.program.terms_ids.tier_ids = [Command.create({"above": 3000, "rate": 12})]
        self._pay(self._quarter(self.client), "2026-01-20", 4_500)
        self._paid("2026-02-05", 4_000, self.other_client)
        self._accrue_all(1, 2, 3)
        simulation = self._simulate(self._draft())
        self.assertEqual(simulation.difference, 0)
        self.assertEqual(simulation.late, 0)
        self.assertTrue(simulation.line_ids)
        for line in simulation.line_ids:
            self.assertEqual(line.simulated, line.credited)
            self.assertEqual(line.percent, 0)

    def test_the_same_rate_makes_no_difference_whatever_happened(self):
        # a bounced payment counts in the month in which it is known
        self._busy_quarter()
        simulation = self._simulate(self._draft(), months=1)
        self.assertEqual(simulation.date_from.month, 3)
        self.assertFalse(self._differences(simulation))
        whole = self._simulate(rate=10)
        # the first terms had 9 %, and only their lines differ
        self.assertTrue(self._differences(whole))
        self.assertEqual(len(whole.month_ids), 3)

    def test_two_terms_of_one_rate_at_that_rate(self):
        self.env["referral.program.terms"].create(
            {"program_id": self.program.id, "date_from": "2026-02-01", "rate": 9}
        ).excluded_category_ids |= self._category("lab")
        for day in ("2026-01-05", "2026-02-05"):
            self._pay(
                self._invoice(
                    self.client,
                    day,
                    [self._line(100), self._line(1000, category="lab")],
                ),
                day,
            )
        self._accrue_all(1, 2)
        simulation = self._simulate(rate=9)
        self.assertFalse(self._differences(simulation))
        self.assertEqual(simulation.late, 0)
        self.assertEqual(
            self._figures(self._simulate(rate=18)),
            [(1, 99, 0, 198), (2, 9, 0, 18)],
        )

    def test_late_facts_are_no_difference(self):
        invoice = self._invoice(self.client, "2026-01-05", 1_000)
        self._accrue("2026-01")
        self._pay(invoice, "2026-01-20", entered="2026-02-10")
        bounced = self._invoice(self.other_client, "2026-01-05", 2_000)
        payment = self._pay(bounced, "2026-01-06")
        self._accrue("2026-02")
        self._unmatch(payment, "2026-03-10")
        self._accrue("2026-03")
        simulation = self._simulate(self._draft())
        self.assertFalse(self._differences(simulation))
        self.assertEqual(
            self._figures(simulation, self.anna), [(1, 0, 90, 90), (2, 90, -90, 0)]
        )
        self.assertEqual(
            self._figures(simulation, self.boris),
            [(2, 180, -180, 0), (3, -180, 180, 0)],
        )
        # over the window it agrees
        self.assertEqual(simulation.late, 0)
        self.assertEqual(simulation.simulated, simulation.credited)
        doubled = self._simulate(rate=18)
        self.assertEqual(doubled.difference, 90)
        self.assertEqual(doubled.percent, 100)

    # === What makes a difference === #

    def test_another_rate(self):
        self._pay(self._quarter(self.client), "2026-01-20")
        self._paid("2026-02-05", 1_000, self.other_client)
        self._accrue_all(1, 2, 3)
        simulation = self._simulate(rate=10)
        self.assertEqual(
            self._figures(simulation, self.anna),
            [(1, 279, 0, 310), (2, 252, 0, 280), (3, 279, 0, 310)],
        )
        self.assertEqual(self._figures(simulation, self.boris), [(2, 90, 0, 100)])
        self.assertEqual(simulation.difference, 100)
        self.assertAlmostEqual(simulation.percent, 11.11, 2)
        [anna] = simulation.participant_ids.filtered(
            lambda row: row.participant_id == self.anna
        )
        self.assertEqual((anna.difference, anna.percent), (90, 11.11))

    def test_invoices_before_the_window_keep_their_terms(self):
        self._pay(self._quarter(self.client), "2026-01-20")
        self._paid("2026-02-05", 1_000)
        self._accrue_all(1, 2, 3)
        simulation = self._simulate(rate=18, months=2)
        # of the quarter's invoice of January as before, of February's the double
        self.assertEqual(
            self._figures(simulation), [(2, 342, 0, 432), (3, 279, 0, 279)]
        )

    def test_what_a_draft_excludes(self):
        terms = self.program.terms_ids
        terms.excluded_category_ids = self._category("domains")
        self._pay(
            self._invoice(
                self.client,
                "2026-01-05",
                [
                    self._line(1_000, category="domains"),
                    self._line(2_000, category="vps"),
                    self._line(4_000, category="storage", discount=50),
                ],
            ),
            "2026-01-05",
        )
        self._accrue("2026-01")
        narrowed = self._draft(excluded_category_ids=[Command.clear()])
        self.assertEqual(self._figures(self._simulate(narrowed)), [(1, 180, 0, 270)])
        widened = self._draft()
        widened.excluded_category_ids |= self._category("vps")
        simulation = self._simulate(widened)
        self.assertEqual(self._figures(simulation), [(1, 180, 0, 0)])
        self.assertEqual(simulation.percent, -100)
        everything = self._draft(
            excluded_category_ids=[Command.clear()], exclude_discounted=False
        )
        self.assertEqual(self._figures(self._simulate(everything)), [(1, 180, 0, 450)])

    def test_tiers_and_base(self):
        taxed = [self._line(1_000, tax_ids=[Command.set(self._tax(20).ids)])]
        for day in ("2026-01-05", "2026-01-06"):
            self._pay(self._invoice(self.client, day, taxed), day)
        self._accrue("2026-01")
        draft = self._draft(tier_ids=[Command.create({"above": 1_999, "rate": 12})])
        self.assertEqual(self._figures(self._simulate(draft)), [(1, 180, 0, 240)])
        draft.tier_ids.above = 2_000
        self.assertEqual(self._figures(self._simulate(draft)), [(1, 180, 0, 180)])
        draft.base = "total"
        self.assertEqual(self._figures(self._simulate(draft)), [(1, 180, 0, 288)])

    def test_another_rate_leaves_the_tiers(self):
        self.program.terms_ids.tier_ids = [Command.create({"above": 1_999, "rate": 12})]
        self._paid("2026-01-05", 2_000)
        self._paid("2026-01-05", 1_000, self.other_client)
        self._accrue("2026-01")
        simulation = self._simulate(rate=10)
        self.assertEqual(self._figures(simulation, self.anna), [(1, 240, 0, 240)])
        self.assertEqual(self._figures(simulation, self.boris), [(1, 90, 0, 100)])

    def test_credit_notes_and_take_backs(self):
        invoice = self._paid("2026-01-10", 1_000)
        self._accrue("2026-01")
        self._credit_note(invoice, "2026-02-05", [self._line(400)])
        self._accrue("2026-02")
        self.assertEqual(
            self._figures(self._simulate(rate=10)),
            [(1, 90, 0, 100), (2, -36, 0, -40)],
        )
        # in a window of its own, what was credited before is taken back as credited
        alone = self._simulate(rate=10, months=1)
        self.assertEqual(self._figures(alone), [(2, -36, 0, -36)])

    def test_foreign_currency(self):
        self.env["res.currency.rate"].create(
            {
                "currency_id": self.env.ref("base.EUR").id,
                "company_id": self.company.id,
                "name": "2026-01-01",
                "rate": 0.5,
            }
        )
        self.env.ref("base.EUR").active = True
        invoice = self._invoice(
            self.client, "2026-01-05", 1_000, currency_id=self.env.ref("base.EUR").id
        )
        self._pay(invoice, "2026-01-05")
        self._accrue("2026-01")
        self.assertEqual(self._figures(self._simulate(rate=10)), [(1, 180, 0, 200)])

    def test_cohorts(self):
        self.program.terms_by = "attribution"
        new_client = self._partner("New Client")
        self._referral(self.boris, new_client, "2026-01-10")
        for partner in (self.client, new_client):
            self._paid("2026-01-20", 1_000, partner)
        self._accrue("2026-01")
        simulation = self._simulate(self._draft(rate=20))
        # only who was brought in the window falls under the draft
        self.assertEqual(self._figures(simulation, self.anna), [(1, 90, 0, 90)])
        self.assertEqual(self._figures(simulation, self.boris), [(1, 90, 0, 200)])

    def test_who_was_active_then(self):
        self._pay(self._quarter(self.client), "2026-01-05")
        self._accrue("2026-01")
        self.anna._update_state("suspended", "Test")
        self._accrue("2026-02")
        self._accrue("2026-03")
        simulation = self._simulate(rate=18)
        self.assertEqual(self._figures(simulation, self.anna), [(1, 279, 0, 558)])
        self.assertEqual(simulation.late, 0)
        self.anna.action_resume()
        self._accrue("2026-04")
        simulation = self._simulate(rate=18)
        self.assertEqual(simulation.credited, 810)
        self.assertEqual(simulation.simulated, 1_620)
        self.anna._update_state("closed", "Test")
        simulation = self._simulate(rate=18)
        self.assertEqual(
            self._figures(simulation, self.anna), [(1, 279, 0, 558), (4, 531, 0, 1062)]
        )

    # === What it refuses === #

    def test_nothing_to_simulate(self):
        with self.assertRefused(UserError, "No month of .* is posted"):
            self._simulate(rate=10)
        self._paid("2026-01-05")
        self._accrue("2026-01")
        for months in (0, 37):
            with self.assertRefused(UserError, "between 1 and 36 months"):
                self._simulate(rate=10, months=months)
        with self.assertRefused(UserError, "between 0 and 100"):
            self._simulate(rate=101)
        with self.assertRefused(UserError, "Choose draft terms"):
            self._simulate(kind="draft")

    def test_a_month_that_is_not_posted_is_not_looked_at(self):
        self._paid("2026-01-05")
        self._accrue("2026-01")
        self.program.posting_policy = "review"
        self._paid("2026-02-05")
        self._accrue("2026-02")
        simulation = self._simulate(rate=10)
        self.assertEqual(self._figures(simulation), [(1, 90, 0, 100)])

    def test_simulating_again_takes_the_place_of_the_last(self):
        self._paid("2026-01-05")
        self._accrue("2026-01")
        simulation = self._simulate(rate=10)
        simulation.rate = 20
        simulation.action_simulate()
        self.assertEqual(self._figures(simulation), [(1, 90, 0, 200)])
        self.assertEqual(simulation.simulated, 200)

    # === Who may === #

    def _as(self, group):
        login = f"simulating_{group}"
        return self.env["res.users"].search([("login", "=", login)]) or self._user(
            login, f"referral_program.group_{group}"
        )

    def test_who_may_simulate(self):
        self._paid("2026-01-05")
        self._accrue("2026-01")
        simulations = self.env["referral.simulation"]
        values = {"program_id": self.program.id, "kind": "rate", "rate": 10}
        for group in ("accountant", "auditor", "administrator"):
            own = simulations.with_user(self._as(group)).create(values)
            own.action_simulate()
            self.assertEqual(own.difference, 10)
            self.assertTrue(own.line_ids.mapped("participant_id.display_name"))
            with self.assertRaises(AccessError):
                own.line_ids.write({"credited": 1})
        mine = simulations.create(values)
        mine.action_simulate()
        for group in ("officer", "reader", "integration"):
            with self.assertRaises(AccessError):
                simulations.with_user(self._as(group)).create(values)
            with self.assertRaises(AccessError):
                mine.with_user(self._as(group)).action_simulate()
            with self.assertRaises(AccessError):
                mine.line_ids.with_user(self._as(group)).read(["credited"])
        # nobody sees another one's
        with self.assertRaises(AccessError):
            mine.with_user(self._as("auditor")).read(["credited"])
        for part in ("line", "month", "participant"):
            parts = self.env[f"referral.simulation.{part}"]
            of_mine = [("simulation_id", "=", mine.id)]
            self.assertTrue(parts.search(of_mine), part)
            self.assertFalse(parts.with_user(self._as("auditor")).search(of_mine), part)

    def test_other_companies(self):
        other = self.setup_other_company()["company"]
        program = self._program(other)
        simulations = self.env["referral.simulation"].with_user(self._as("auditor"))
        with self.assertRaises(AccessError):
            simulations.create({"program_id": program.id, "kind": "rate", "rate": 1})
        own = simulations.create({"program_id": self.program.id, "kind": "rate"})
        with self.assertRaises(AccessError):
            own.program_id = program
            own.action_simulate()

    # === Documents === #

    def test_xlsx(self):
        self._paid("2026-01-05", 1_000)
        self._paid("2026-01-05", 2_000, self.other_client)
        self._accrue("2026-01")
        simulation = self._simulate(rate=10)
        content, kind = self.env["ir.actions.report"]._render_xlsx(
            "referral_program.simulation_xlsx", simulation.ids, {}
        )
        self.assertEqual(kind, "xlsx")
        book = load_workbook(io.BytesIO(content), data_only=True)
        months, participants, both = book.worksheets
        self.assertEqual(
            [cell.value for cell in months[2]][1:], [270, 0, 300, 30, 11.11]
        )
        self.assertEqual([cell.value for cell in months[3]][1:5], [270, 0, 300, 30])
        self.assertEqual(participants.max_row, 4)
        self.assertEqual(both.max_row, 4)

    def test_the_button_of_a_draft(self):
        draft = self._draft()
        action = draft.action_simulate()
        simulation = self.env["referral.simulation"].with_context(**action["context"])
        simulation = simulation.create({})
        self.assertEqual(simulation.kind, "draft")
        self.assertEqual(simulation.terms_id, draft)
        self.assertEqual(simulation.months, 12)
