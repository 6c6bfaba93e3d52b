"""The manager's dashboard: figures, what they open, and who sees them."""

import json

from odoo import Command
from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged
from odoo.tools import mute_logger

from ...models.audit import referral_program_integrity
from ..balance.test_withdrawals import MoneyCase

TODAY = "2026-03-05"


@tagged("post_install", "-at_install")
class DashboardCase(MoneyCase):
    """January gave 90,000 and February 45,000; it is the fifth of March."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._give(500_000, "2026-02")

    def _facts(self, program=None, day=TODAY):
        program = program or self.program
        with self.on(day):
            return program._dashboard_facts()[program.id]

    def _card(self, program=None, day=TODAY, user=None):
        program = (program or self.program).with_user(user or self.env.user)
        program.invalidate_recordset()
        with self.on(day):
            return program.dashboard

    def _rows(self, part, **options):
        """Return label and value of the rows of a part."""
        rows = self._card(**options)[part]
        return [
            (row["label"], row["value"].replace("\N{NO-BREAK SPACE}", " "))
            for row in rows
        ]

    def _opened(self, figure, key=False, day=TODAY):
        """Return the records that a figure opens."""
        with self.on(day):
            action = self.program.action_open_figure(figure, key)
            return self.env[action["res_model"]].search(action["domain"])

    def _other_company(self, name="Second company"):
        company = self._create_company(name=name)
        program = self._program(company, name="Second program")
        participant = self._participant("Other", program)
        self._referral(participant, self._partner("Other client"), "2026-02-03")
        return program


@tagged("post_install", "-at_install")
class TestFigures(DashboardCase):
    def test_last_month_against_the_month_before(self):
        self.assertEqual(
            self._rows("money"),
            [
                ("Owed to participants", "$ 135,000.00"),
                ("Compensation of February 2026", "$ 45,000.00"),
                ("Compensation of January 2026", "$ 90,000.00"),
            ],
        )
        self.assertEqual(self._card()["money"][1]["hint"], "-50.0 %")
        # in April, March is not credited yet
        april = self._card(day="2026-04-01")
        self.assertEqual(april["money"][1]["value"], "—")
        self.assertEqual(april["money"][1]["hint"], "")

    def test_figures_open_what_they_consist_of(self):
        items = self._opened("liability")
        self.assertEqual(-sum(items.mapped("balance")), 135_000)
        for key, amount in (("2026-02-01", 45_000), ("2026-01-01", 90_000)):
            opened = self._opened("compensations", key)
            self.assertEqual(sum(opened.mapped("amount")), amount)
        self.assertEqual(sum(self._opened("year").mapped("amount")), 135_000)

    def test_graph_has_twelve_months(self):
        self.program.invalidate_recordset()
        with self.on(TODAY):
            [graph] = json.loads(self.program.dashboard_graph)
        values = [bar["value"] for bar in graph["values"]]
        self.assertEqual(values, [0.0] * 10 + [90_000, 45_000])
        self.assertEqual(graph["values"][0]["label"], "Mar 25")
        self.assertEqual(graph["values"][-1]["label"], "Feb 26")

    def test_what_is_on_its_way(self):
        line = self._line(9_000, start_date="2026-03-01", end_date="2026-05-29")
        invoice = self._invoice(self.client, "2026-03-01", [line])
        self._pay(invoice, "2026-03-02")
        with self.on(TODAY):
            self.env["referral.estimate"]._cron_estimate()
        facts = self._facts()["estimate"]
        # 5 of 90 days at 9 %, and 85 days to come
        self.assertEqual([str(facts[0]), *map(float, facts[1:])], [TODAY, 45, 0, 765])
        self.assertEqual(self._opened("estimate", "unrendered").unrendered, 765)
        self.assertFalse(self._opened("estimate", "unpaid"))

    def test_best_participants(self):
        boris = self._participant("Boris")
        brought = self._partner("Second")
        self._referral(boris, brought)
        self._paid("2026-03-10", 600_000, partner=brought)
        self._accrue("2026-03")
        self.assertEqual(
            self._rows("top_year", day="2026-04-02"),
            [("Participant", "$ 135,000.00"), ("Boris", "$ 54,000.00")],
        )
        self.assertEqual(
            self._rows("top_month", day="2026-04-02"), [("Boris", "$ 54,000.00")]
        )
        opened = self._opened("top_month", boris.id, day="2026-04-02")
        self.assertEqual(opened, boris.compensation_ids)
        opened = self._opened("top_year", self.participant.id, day="2026-04-02")
        self.assertEqual(opened, self.participant.compensation_ids)

    def test_from_link_to_client(self):
        visits = self.env["referral.visit"]
        with self.on("2025-03-31"):
            visits._count(self.participant)  # too long ago
        for day, count in (("2025-04-01", 3), ("2026-03-05", 5)):
            with self.on(day):
                for _visit in range(count):
                    visits._count(self.participant)
        for number, (source, day, state) in enumerate(
            (
                ("link", "2026-01-01", "active"),
                ("link", "2026-02-01", "active"),
                ("code", "2026-02-01", "ended"),
                ("link", "2026-02-01", "cancelled"),
                ("link", "2025-03-31", "active"),
            )
        ):
            client = self._partner(f"Brought {number}")
            last = "2026-03-30" if state == "ended" else False
            self._referral(
                self.participant,
                client,
                day,
                date_end=last,
                source=source,
                state=state,
            )
            if number == 0:
                self._paid("2026-03-01", 1_000, partner=client)
        self._accrue("2026-03")
        rows = self._card(day="2026-03-31")["funnel"]
        self.assertEqual([row["value"] for row in rows], ["8", "2", "1", "3", "1"])
        self.assertEqual(
            [row.get("hint", "") for row in rows],
            ["", "25.0 %", "50.0 %", "", "33.3 %"],
        )
        for row in rows:
            opened = self._opened(*row["open"], day="2026-03-31")
            counted = (
                sum(opened.mapped("visits"))
                if opened._name == "referral.visit"
                else len(opened)
            )
            self.assertEqual(str(counted), row["value"], row["label"])

    def test_months_not_credited_by_their_day(self):
        def rows(day):
            return [
                (row["label"], row["hint"], row["alarm"])
                for row in self._card(day=day)["months"]
            ]

        self.assertEqual(rows("2026-03-31"), [])
        self.assertEqual(rows("2026-04-12"), [("March 2026", "", False)])
        self.assertEqual(rows("2026-04-13"), [("March 2026", "", "warning")])
        self.assertEqual(rows("2026-04-15"), [("March 2026", "", "warning")])
        self.assertEqual(rows("2026-04-16"), [("March 2026", "late", "danger")])
        many = self._card(day="2026-09-01")["months"]
        self.assertEqual([row["value"] for row in many][-1], "3")
        self.program.posting_policy = "review"
        accrual = self._accrue("2026-03")
        self.assertEqual(accrual.state, "computed")
        self.assertEqual(rows("2026-04-02"), [("March 2026", "", False)])
        with self.on("2026-04-02"):
            action = self.program.action_open_figure("month", "2026-03-01")
        self.assertEqual(
            (action["res_model"], action["res_id"]), (accrual._name, accrual.id)
        )

    def test_what_waits_for_somebody(self):
        submitted = self.env["referral.participant"].create(
            {
                "program_id": self.program.id,
                "partner_id": self._partner("Waiting").id,
                "type_id": self.participant.type_id.id,
                "state": "submitted",
                "verification_deadline": "2026-03-05 11:00:00",
            }
        )
        self._request(20_000)
        approved = self._request(10_000)
        with self.on(TODAY):
            approved.action_approve()
        self._billed(15_000)
        rows = self._card()["to_do"]
        self.assertEqual([row["value"] for row in rows], ["1", "1", "1", "1", "1"])
        self.assertEqual(rows[0]["alarm"], "danger")
        self.assertEqual(
            [row["hint"].replace("\N{NO-BREAK SPACE}", " ") for row in rows[2:]],
            ["$ 20,000.00", "$ 10,000.00", "$ 15,000.00"],
        )
        for row in rows:
            opened = self._opened(*row["open"])
            self.assertEqual(str(len(opened)), row["value"], row["label"])
        self.assertEqual(self._opened("verification", "late"), submitted)
        self.assertEqual(self._facts()["verification"], [1, 1])
        # billed at once, nobody has to approve
        self.program.withdrawal_policy = "automatic"
        rows = self._card()["to_do"]
        self.assertEqual([row["value"] for row in rows[2:]], ["0", "2", "1"])
        self.assertFalse(self._opened("withdrawals", "to_approve"))
        self.assertEqual(len(self._opened("withdrawals", "to_bill")), 2)

    def test_whether_everything_ties(self):
        def row():
            [row] = self._card()["integrity"]
            return row["value"], row["hint"], row["alarm"]

        def opened():
            return self.program.action_open_figure("integrity").get("res_id")

        self.assertEqual(row(), ("Not checked yet", "", False))
        self.assertFalse(opened())
        with self.on(TODAY):
            run = self.program._check_integrity()
            # what only one month wrote says nothing of the rest
            self.program._check_integrity(self.program.accrual_ids[0])
        self.assertEqual(row(), ("All checks passed", "as of 03/05/2026", False))
        self.assertEqual(opened(), run.id)
        compensation = self.program.accrual_ids.compensation_ids[0]
        self.env.cr.execute(
            "UPDATE referral_compensation SET accrued = accrued + 1 WHERE id = %s",
            [compensation.id],
        )
        self.env.invalidate_all()
        with self.on(TODAY):
            run = self.program._check_integrity()
        [finding] = run.finding_ids.filtered("expected_text")
        self.assertEqual(finding.res_id, compensation.id)
        self.assertEqual(finding.description, "The accrued part differs")
        self.assertEqual(
            row(), (f"Findings: {run.finding_count}", "as of 03/05/2026", "danger")
        )
        self.assertEqual(opened(), run.id)

    def test_the_day_of_the_check_is_that_of_the_program(self):
        self.program.tz = "Asia/Kamchatka"  # midnight there
        with self.on(TODAY):
            self.program._check_integrity()
        self.assertEqual(self._card()["integrity"][0]["hint"], "as of 03/06/2026")

    @mute_logger("odoo.sql_db")
    def test_a_check_that_cannot_be_done_is_no_finding(self):
        self.env.cr.execute("ALTER TABLE referral_agreement RENAME body TO gone")
        logger = referral_program_integrity.__name__
        with self.on(TODAY), self.assertLogs(logger, "ERROR"):
            self.program._check_integrity()
        [row] = self._card()["integrity"]
        self.assertEqual(row["value"], "Some checks failed")
        self.assertEqual(row["alarm"], "danger")

    def test_programs_are_kept_apart(self):
        other = self._other_company()
        other.company_id.currency_id = self.env.ref("base.EUR")
        facts = self._facts(other)
        self.assertEqual(facts["liability"], 0)
        self.assertEqual(facts["months"], {})
        self.assertEqual(facts["referrals"], [0, 0, 1, 0])
        self.assertEqual(facts["top"], {})
        self.assertEqual(self._rows("money", program=other)[0][1], "0.00 €")
        self.assertEqual(self._facts()["liability"], 135_000)

    def test_as_many_queries_for_any_number_of_programs(self):
        two = self.program | self._other_company()
        counts = []
        for programs in (two, two | self._other_company("Third company")):
            for _warm in range(2):
                self.env.flush_all()
                self.env.invalidate_all()
                before = self.env.cr.sql_log_count
                with self.on(TODAY):
                    programs.read(["name", "dashboard", "dashboard_graph", "steps"])
                count = self.env.cr.sql_log_count - before
            counts.append(count)
        self.assertLessEqual(counts[1], counts[0])
        self.assertLess(counts[0], 50)


@tagged("post_install", "-at_install")
class TestWhoSees(DashboardCase):
    def test_every_role_sees_it_without_rights_on_items(self):
        for role in ("reader", "officer", "accountant", "auditor", "administrator"):
            user = self._user(f"dash_{role}", f"referral_program.group_{role}")
            with self.subTest(role=role):
                card = self._card(user=user)
                self.assertIn("135,000", card["money"][0]["value"])
                action = self.program.with_user(user).action_open_figure("liability")
                sees_items = role not in ("reader", "officer")
                self.assertEqual(
                    action["res_model"],
                    "account.move.line" if sees_items else "referral.participant",
                )

    def test_others_do_not(self):
        elsewhere = self._other_company().company_id
        strangers = [
            self._user("dash_employee", "base.group_user"),
            self._user("dash_portal", "base.group_portal"),
            self._user("dash_far", "referral_program.group_administrator"),
        ]
        strangers[2].write(
            {
                "company_ids": [Command.set(elsewhere.ids)],
                "company_id": elsewhere.id,
            }
        )
        for user in strangers:
            program = self.program.with_user(user).with_company(user.company_id)
            program.invalidate_recordset()
            for figure in ("liability", "year", "step"):
                with self.assertRaises(AccessError):
                    program.action_open_figure(figure, "accounting")
            for field in ("dashboard", "dashboard_graph", "steps"):
                with self.assertRaises(AccessError):
                    program.read([field])

    def test_only_known_figures_open(self):
        for figure, key in (
            ("unlink", False),
            ("_open_liability", False),
            ("compensations", "tomorrow"),
            ("top_month", "1 OR 1=1"),
            ("step", "unlink"),
        ):
            with self.assertRefused(UserError, "no such"):
                self.program.action_open_figure(figure, key)
