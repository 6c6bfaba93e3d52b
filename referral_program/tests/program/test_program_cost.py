"""The program's cost: against what was paid and used, and against what was invoiced."""

from odoo import Command
from odoo.tests import tagged

from ..balance.test_registers import RegisterCase


@tagged("post_install", "-at_install")
class TestProgramCost(RegisterCase):
    """The first client of January 2020, and one whose referral began in February."""

    def setUp(self):
        super().setUp()
        self.second = self._partner("Second client")
        self._referral(self.participant, self.second, "2026-02-10")

    def _costs(self, groupby, program=None, domain=()):
        """Return the sums of each group, in the group's order."""
        self.env.flush_all()
        groups = self.env["referral.program.cost"].formatted_read_group(
            [("program_id", "=", (program or self.program).id), *domain],
            groupby,
            [
                "revenue:sum",
                "base:sum",
                "amount:sum",
                "cost_of_base:avg",
                "cost_of_revenue:avg",
            ],
        )
        return [
            tuple(
                group[name] and round(group[name], 6)
                for name in (
                    "revenue:sum",
                    "base:sum",
                    "amount:sum",
                    "cost_of_base:avg",
                    "cost_of_revenue:avg",
                )
            )
            for group in groups
        ]

    def test_revenue_stands_in_its_own_month(self):
        # 3,000 of service over three months, paid at once
        line = self._line(3_000, start_date="2026-02-01", end_date="2026-04-30")
        self._pay(self._invoice(self.client, "2026-02-01", [line]), "2026-02-02")
        for month in ("2026-02", "2026-03", "2026-04"):
            self._accrue(month)
        days = (28, 31, 30)
        bases = [round(3_000 * part / 89, 6) for part in days]
        rows = self._costs(["month:month"])
        self.assertEqual(rows[0], (1_000_000, 1_000_000, 90_000, 9, 9))
        self.assertEqual(rows[1][0], 3_000)
        for row, base in zip(rows[1:], bases, strict=True):
            self.assertAlmostEqual(row[1], base, 5)
            self.assertAlmostEqual(row[2], base * 0.09, 5)
            self.assertAlmostEqual(row[3], 9, 4)
        self.assertAlmostEqual(rows[1][4], 100 * bases[0] * 0.09 / 3_000, 4)
        # nothing was invoiced in March: there is no share of nothing
        self.assertEqual((rows[2][0], rows[2][4] or False), (0, False))

    def test_a_group_divides_sums(self):
        """9 % of a million and 20 % of ten are 9.0001 % together, not 14.5 %."""
        self.env["referral.program.terms"].create(
            {"program_id": self.program.id, "date_from": "2026-02-01", "rate": 20}
        )
        self._paid("2026-02-15", 10, partner=self.second)
        self._accrue("2026-02")
        [(revenue, base, amount, of_base, of_revenue)] = self._costs([])
        self.assertEqual((revenue, base, amount), (1_000_010, 1_000_010, 90_002))
        self.assertAlmostEqual(of_base, 100 * 90_002 / 1_000_010, 6)
        self.assertAlmostEqual(of_revenue, 100 * 90_002 / 1_000_010, 6)
        by_cohort = self._costs(["cohort:month"])
        self.assertEqual(
            by_cohort, [(1_000_000, 1_000_000, 90_000, 9, 9), (10, 10, 2, 20, 20)]
        )

    def test_by_category_with_what_earns_nothing(self):
        domains = self._category("domains")
        self.program.terms_ids.copy(
            {
                "date_from": "2026-02-01",
                "is_draft": False,
                "excluded_category_ids": [Command.set(domains.ids)],
            }
        )
        lines = [self._line(600), self._line(400, category="domains")]
        self._pay(self._invoice(self.client, "2026-02-05", lines), "2026-02-06")
        self._accrue("2026-02")
        rows = self._costs(["categ_id"], domain=[("month", "=", "2026-02-01")])
        self.assertEqual(
            sorted(rows, key=lambda row: row[0]),
            [(400, 0, 0, False, 0), (600, 600, 54, 9, 9)],
        )

    def test_credit_notes_take_back(self):
        self._credit_note(self._client_invoice(), "2026-02-20", 250_000)
        self._accrue("2026-02")
        rows = self._costs(["month:month"])
        self.assertEqual(rows[1], (-250_000, -250_000, -22_500, 9, 9))
        self.assertEqual(self._costs([]), [(750_000, 750_000, 67_500, 9, 9)])

    def test_only_invoices_of_the_days_that_a_referral_covers(self):
        before = self._paid("2026-02-09", 100, partner=self.second)
        self._paid("2026-02-10", 200, partner=self.second)
        referral = self.env["referral.referral"].search(
            [("partner_id", "=", self.second.id)]
        )
        referral.date_end = "2026-02-20"
        referral.action_end()
        self._paid("2026-02-21", 400, partner=self.second)
        # it follows its invoice, which came before the referral
        self._credit_note(before, "2026-02-15", 50)
        self._paid("2026-02-15", 800, partner=self._partner("Nobody's client"))
        self._accrue("2026-02")
        rows = self._costs([], domain=[("cohort", "=", "2026-02-01")])
        self.assertEqual(rows, [(200, 200, 18, 9, 9)])

    def test_unpaid_is_revenue_and_no_cost(self):
        self._invoice(self.client, "2026-02-05", 500)
        draft = self._invoice(self.client, "2026-02-06", 700)
        draft.button_draft()
        self._accrue("2026-02")
        rows = self._costs(["month:month"])
        self.assertEqual(rows[1:], [(500, 0, 0, False, 0)])

    def test_what_is_not_posted_costs_nothing_yet(self):
        self.program.posting_policy = "review"
        self._paid("2026-02-05", 500)
        self._accrue("2026-02")
        self.assertEqual(self._costs(["month:month"])[1:], [(500, 0, 0, False, 0)])

    def test_taxes_are_no_revenue(self):
        line = self._line(100, tax_ids=[Command.set(self._tax(20).ids)])
        self._invoice(self.client, "2026-02-05", [line])
        [row] = self._costs([], domain=[("month", "=", "2026-02-01")])
        self.assertEqual(row[0], 100)

    def test_programs_and_currencies_are_kept_apart(self):
        euro = self._euro_program()
        self.assertEqual(self._costs([], euro), [(100, 100, 9, 9, 9)])
        self.assertEqual(self._costs([]), [(1_000_000, 1_000_000, 90_000, 9, 9)])
        [mixed] = self.env["referral.program.cost"].formatted_read_group(
            [("program_id", "in", (euro | self.program).ids)],
            [],
            ["cost_of_base:avg", "cost_of_revenue:avg"],
        )
        self.assertFalse(mixed["cost_of_base:avg"], "no share of mixed currencies")
        self.assertFalse(mixed["cost_of_revenue:avg"])
        both = [Command.set((self.company | euro.company_id).ids)]
        tables = self._report("cost", company_ids=both)["tables"]
        self.assertEqual(
            [(table["title"], table["totals"]["amount"]) for table in tables],
            [
                ("By month, EUR", 9),
                ("By category, EUR", 9),
                ("By cohort, EUR", 9),
                ("By month, USD", 90_000),
                ("By category, USD", 90_000),
                ("By cohort, USD", 90_000),
            ],
        )

    def test_report_divides_sums_too(self):
        self.env["referral.program.terms"].create(
            {"program_id": self.program.id, "date_from": "2026-02-01", "rate": 20}
        )
        self._paid("2026-02-15", 10, partner=self.second)
        self._accrue("2026-02")
        month, _category, cohort = self._report("cost")["tables"]
        self.assertEqual([row["of_base"] for row in month["rows"]], [0.09, 0.2])
        self.assertEqual(month["totals"]["of_base"], 90_002 / 1_000_010)
        self.assertEqual(
            [str(row["group"]) for row in cohort["rows"]], ["2020-01-01", "2026-02-01"]
        )

    def test_rows_open_their_source(self):
        self.env.flush_all()
        rows = self.env["referral.program.cost"].search(
            [("program_id", "=", self.program.id)]
        )
        opened = {}
        for row in rows:
            action = row.action_open_source()
            opened[row.kind] = (action["res_model"], action["res_id"])
        self.assertEqual(
            opened,
            {
                "revenue": ("account.move", self._client_invoice().id),
                "compensation": (
                    "referral.accrual.line",
                    self.program.accrual_ids.line_ids.id,
                ),
            },
        )

    # === Whose an invoice is when contacts change ===

    def _revenues(self):
        """Return what each referral's client was invoiced."""
        self.env.flush_all()
        groups = self.env["referral.program.cost"]._read_group(
            [("program_id", "=", self.program.id), ("kind", "=", "revenue")],
            ["referral_id"],
            ["revenue:sum"],
        )
        return dict(groups)

    def test_an_invoice_stays_with_the_referral_that_it_had(self):
        first = self.participant.referral_ids.filtered(
            lambda r: r.partner_id == self.client
        )
        later = self.participant.referral_ids - first
        invoice = self._invoice(self.second, "2026-02-15", 300)
        wizard = self.env["base.partner.merge.automatic.wizard"].create({})
        with self.on("2026-02-20"):
            wizard._merge((self.client | self.second).ids, self.client)
        self.env.invalidate_all()
        self._credit_note(invoice, "2026-02-25", 100)
        self._invoice(self.client, "2026-02-26", 40)
        self.assertEqual(self._revenues(), {first: 1_000_040, later: 200})

    def test_a_strangers_invoices_are_no_revenue_of_the_program(self):
        first = self.participant.referral_ids.filtered(
            lambda r: r.partner_id == self.client
        )
        stranger = self._partner("Stranger")
        self._invoice(stranger, "2026-02-15", 300)
        wizard = self.env["base.partner.merge.automatic.wizard"].create({})
        with self.on("2026-02-20"):
            wizard._merge((self.client | stranger).ids, self.client)
        self.env.invalidate_all()
        self.assertEqual(self._revenues(), {first: 1_000_000})
