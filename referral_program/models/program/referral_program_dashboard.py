import json
from collections import defaultdict

from dateutil.relativedelta import relativedelta

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL, format_date, formatLang

from .referral_program_cron import ALARM_DAYS

#: Months of the graph, and of what is called a year here.
MONTHS = 12
#: Participants in a list of the best.
TOP = 5
#: Months not credited that are listed one by one.
MONTHS_LISTED = 3


class ReferralProgram(models.Model):
    """The manager's dashboard: figures of all programs at once, each with its records.

    What is shown is plain data: sections of rows, each with a label, a value and what
    :meth:`action_open_figure` opens for it.
    """

    _inherit = "referral.program"

    dashboard = fields.Json(compute="_compute_dashboard")
    dashboard_graph = fields.Text(compute="_compute_dashboard_graph")

    # === COMPUTE METHODS === #

    @api.depends_context("lang")
    def _compute_dashboard(self):
        facts = self._origin._dashboard_facts()
        for program in self:
            of_program = facts.get(program._origin.id)
            program.dashboard = of_program and program._dashboard_sections(of_program)

    @api.depends_context("lang")
    def _compute_dashboard_graph(self):
        amounts = defaultdict(dict)
        for program_id, month, amount in self._origin._read_months():
            amounts[program_id][month] = float(amount)
        for program in self:
            last = program._month(-1)
            months = [last - relativedelta(months=ago) for ago in range(MONTHS)]
            program.dashboard_graph = json.dumps(
                [
                    {
                        "key": self.env._("Compensation"),
                        "values": [
                            {
                                "label": format_date(
                                    self.env, month, date_format="LLL yy"
                                ),
                                "value": amounts[program._origin.id].get(month, 0.0),
                                "type": "past" if month < last else "future",
                            }
                            for month in reversed(months)
                        ],
                    }
                ]
            )

    def _month(self, offset):
        """Return the first day of a month where the company is, 0 being this one."""
        return self._today().replace(day=1) + relativedelta(months=offset)

    # === WHAT IS SHOWN === #

    def _dashboard_sections(self, facts):
        """Return the rows of a program's card by the part of it where they stand."""
        self.ensure_one()
        return {
            "money": self._money_rows(facts),
            "coming": self._coming_rows(facts),
            "top_month": self._top_rows(facts["top"], "month"),
            "top_year": self._top_rows(facts["top"], "year"),
            "funnel": self._funnel_rows(facts),
            "months": self._month_rows(facts["next_period"]),
            "to_do": self._to_do_rows(facts),
            "integrity": self._integrity_rows(*facts["integrity"]),
            "last_month": self._month_name(-1),
        }

    def _row(self, label, value, figure, key=False, **values):
        """Return a row: what it says, and what a click on it opens.

        :param str label: what it is
        :param str value: how much, as the viewer reads it
        :param str figure: one of those that :meth:`action_open_figure` knows
        :param key: which one of them, if there are several
        :param values: ``hint``, a further text; ``alarm``, how urgent it is
        """
        return {
            "label": label,
            "value": value,
            "open": [figure, key],
            "key": f"{figure}-{key}",
            **values,
        }

    def _amount(self, amount):
        """Return an amount in the program's currency, as the viewer reads it."""
        return formatLang(self.env, amount or 0.0, currency_obj=self.currency_id)

    def _share(self, part, whole):
        """Return a part in percent, or an empty text if there is no whole."""
        if not whole:
            return ""
        return f"{formatLang(self.env, 100 * part / whole, digits=1)} %"

    def _month_name(self, offset):
        return format_date(self.env, self._month(offset), date_format="LLLL y")

    def _as_of(self, day):
        return self.env._("as of %(day)s", day=format_date(self.env, day))

    def _money_rows(self, facts):
        """What is owed, and the last month against the month before."""
        months = facts["months"]
        last, before = (months.get(self._month(offset)) for offset in (-1, -2))
        change = ""
        if last is not None and before:
            change = self._share(last - before, abs(before))
            if last > before:
                change = f"+{change}"
        return [
            self._row(
                self.env._("Owed to participants"),
                self._amount(facts["liability"]),
                "liability",
            ),
            self._row(
                self.env._("Compensation of %(month)s", month=self._month_name(-1)),
                self._not_yet(last),
                "compensations",
                str(self._month(-1)),
                hint=change,
            ),
            self._row(
                self.env._("Compensation of %(month)s", month=self._month_name(-2)),
                self._not_yet(before),
                "compensations",
                str(self._month(-2)),
            ),
        ]

    def _not_yet(self, amount):
        return "—" if amount is None else self._amount(amount)

    def _coming_rows(self, facts):
        """What is on its way, of the last estimate."""
        day, so_far, unpaid, unrendered = facts["estimate"]
        hint = self._as_of(day) if day else ""
        return [
            self._row(
                self.env._("If it were accrued now"),
                self._amount(so_far),
                "estimate",
                "so_far",
                hint=hint,
            ),
            self._row(
                self.env._("Rendered, not paid"),
                self._amount(unpaid),
                "estimate",
                "unpaid",
            ),
            self._row(
                self.env._("Paid, not rendered"),
                self._amount(unrendered),
                "estimate",
                "unrendered",
            ),
        ]

    def _top_rows(self, top, span):
        """Who earned most in the last month, or in the last twelve."""
        best = [row for row in top if row[f"rank_{span}"] <= TOP and row[span] > 0]
        return [
            self._row(
                row["name"],
                self._amount(row[span]),
                f"top_{span}",
                row["participant_id"],
            )
            for row in sorted(best, key=lambda row: row[f"rank_{span}"])
        ]

    def _funnel_rows(self, facts):
        """From a visit of a link to a client who pays, of the last twelve months."""
        visits = facts["visits"]
        by_link, paying_by_link, brought, paying = facts["referrals"]
        return [
            self._row(self.env._("Visits of links"), str(visits), "visits"),
            self._row(
                self.env._("Signed up by link"),
                str(by_link),
                "referrals",
                "link",
                hint=self._share(by_link, visits),
            ),
            self._row(
                self.env._("Signed up by link and paying"),
                str(paying_by_link),
                "referrals",
                "link_paying",
                hint=self._share(paying_by_link, by_link),
            ),
            self._row(
                self.env._("Brought in any way"), str(brought), "referrals", "all"
            ),
            self._row(
                self.env._("Brought in any way and paying"),
                str(paying),
                "referrals",
                "paying",
                hint=self._share(paying, brought),
            ),
        ]

    def _month_rows(self, period):
        """The months that are over and not credited, with the day they are due."""
        due, today = [], self._today()
        while period and self._is_over(period):
            due.append(period)
            period += relativedelta(months=1)
        rows = []
        for month in due[:MONTHS_LISTED]:
            credit_date = self._credit_date(month)
            alarm = False
            if today > credit_date:
                alarm = "danger"
            elif today >= credit_date - relativedelta(days=ALARM_DAYS):
                alarm = "warning"
            rows.append(
                self._row(
                    format_date(self.env, month, date_format="LLLL y"),
                    self.env._("by %(day)s", day=format_date(self.env, credit_date)),
                    "month",
                    str(month),
                    alarm=alarm,
                    hint=self.env._("late") if alarm == "danger" else "",
                )
            )
        if due[MONTHS_LISTED:]:
            rows.append(
                self._row(
                    self.env._("Further months"),
                    str(len(due) - MONTHS_LISTED),
                    "accruals",
                    alarm=rows[0]["alarm"],
                )
            )
        return rows

    def _to_do_rows(self, facts):
        """What waits for somebody: verifications and withdrawals."""
        waiting, late = facts["verification"]
        rows = [
            self._row(
                self.env._("Verifications overdue"),
                str(late),
                "verification",
                "late",
                alarm="danger" if late else False,
            ),
            self._row(
                self.env._("Verifications waiting"),
                str(waiting),
                "verification",
                "waiting",
            ),
        ]
        labels = {
            "to_approve": self.env._("Withdrawals to approve"),
            "to_bill": self.env._("Withdrawals to bill"),
            "to_pay": self.env._("Withdrawals to pay"),
        }
        for key, label in labels.items():
            count, amount = facts["withdrawals"].get(key, (0, 0))
            rows.append(
                self._row(
                    label,
                    str(count),
                    "withdrawals",
                    key,
                    hint=self._amount(amount) if count else "",
                )
            )
        return rows

    def _integrity_rows(self, started_on, failed, count):
        """Whether everything tied when it was last looked at."""
        hint = ""
        if not started_on:
            value = self.env._("Not checked yet")
        else:
            hint = self._as_of(self._day_of(started_on))
            if not failed:
                value = self.env._("Everything ties")
            elif count:
                value = self.env._("Findings: %(count)s", count=count)
            else:  # a check that could not be done
                value = self.env._("Something does not tie")
        return [
            self._row(
                self.env._("Integrity"),
                value,
                "integrity",
                alarm="danger" if failed else False,
                hint=hint,
            )
        ]

    # === WHERE IT COMES FROM === #

    def _dashboard_facts(self):
        """Return what the cards say, by program: so many queries for any number."""
        facts = {
            program.id: {
                "liability": 0.0,
                "months": {},
                "estimate": (False, 0, 0, 0),
                "top": [],
                "visits": 0,
                "referrals": (0, 0, 0, 0),
                "verification": (0, 0),
                "withdrawals": {},
                "next_period": False,
                "integrity": (False, False, 0),
            }
            for program in self
        }
        if not self.ids:
            return facts
        for program, liability in self._liabilities().items():
            facts[program.id]["liability"] = liability
        for program, period in self._next_periods().items():
            facts[program.id]["next_period"] = period
        for program_id, month, amount in self._read_months():
            facts[program_id]["months"][month] = float(amount)
        for row in self._read_top():
            facts[row["program_id"]]["top"].append(row)
        for name, rows in (
            ("estimate", self._read_estimates()),
            ("visits", self._read_visits()),
            ("referrals", self._read_referrals()),
            ("verification", self._read_verifications()),
            ("integrity", self._read_integrity()),
        ):
            for program_id, *values in rows:
                facts[program_id][name] = values if values[1:] else values[0]
        for program_id, key, *values in self._read_withdrawals():
            facts[program_id]["withdrawals"][key] = values
        return facts

    def _months_query(self):
        """The programs with this month's first day where each company is."""
        return SQL(
            "(VALUES %s) program(id, month)",
            SQL(", ").join(
                SQL("(%s, %s::date)", program.id, program._month(0)) for program in self
            ),
        )

    def _read_rows(self, query):
        """Run a query on what is written already.

        The caller may read the programs, and whoever may read a program may read
        what these queries add up.
        """
        self.env.flush_all()
        return self.env.execute_query(query)

    def _read_months(self):
        """Return program, month and compensation of the posted months of a year."""
        if not self.ids:
            return []
        return self._read_rows(
            SQL(
                """
                SELECT program.id, accrual.period_start,
                       COALESCE(SUM(compensation.amount), 0)
                  FROM %s
                  JOIN referral_accrual accrual
                    ON accrual.program_id = program.id
                   AND accrual.period_start >= program.month - %s * INTERVAL '1 month'
                   AND accrual.state = 'posted'
                  LEFT JOIN referral_compensation compensation
                    ON compensation.accrual_id = accrual.id
                 GROUP BY program.id, accrual.id
                """,
                self._months_query(),
                MONTHS,
            )
        )

    def _read_top(self):
        """Return who earned most, in the last month and in a year."""
        rows = self._read_rows(
            SQL(
                """
                WITH earned AS (
                    SELECT program.id AS program_id,
                           compensation.participant_id,
                           SUM(compensation.amount) AS year,
                           COALESCE(SUM(compensation.amount) FILTER (
                               WHERE accrual.period_start
                                     = program.month - INTERVAL '1 month'), 0) AS month
                      FROM %(programs)s
                      JOIN referral_accrual accrual
                        ON accrual.program_id = program.id
                       AND accrual.period_start
                           >= program.month - %(months)s * INTERVAL '1 month'
                       AND accrual.state = 'posted'
                      JOIN referral_compensation compensation
                        ON compensation.accrual_id = accrual.id
                     GROUP BY program.id, compensation.participant_id
                ),
                ranked AS (
                    SELECT earned.*,
                           ROW_NUMBER() OVER (PARTITION BY program_id
                               ORDER BY year DESC, participant_id) AS rank_year,
                           ROW_NUMBER() OVER (PARTITION BY program_id
                               ORDER BY month DESC, participant_id) AS rank_month
                      FROM earned
                )
                SELECT ranked.program_id, ranked.participant_id, partner.complete_name,
                       ranked.year, ranked.month, ranked.rank_year, ranked.rank_month
                  FROM ranked
                  JOIN referral_participant participant
                    ON participant.id = ranked.participant_id
                  JOIN res_partner partner ON partner.id = participant.partner_id
                 WHERE ranked.rank_year <= %(top)s OR ranked.rank_month <= %(top)s
                """,
                programs=self._months_query(),
                months=MONTHS,
                top=TOP,
            )
        )
        names = (
            "program_id", "participant_id", "name",
            "year", "month", "rank_year", "rank_month",
        )  # fmt: skip
        return [dict(zip(names, row, strict=True)) for row in rows]

    def _read_estimates(self):
        """Return what is on its way, and of which day the oldest of it is."""
        return self._read_rows(
            SQL(
                """
                SELECT participant.program_id, MIN(estimate.day), SUM(estimate.so_far),
                       SUM(estimate.unpaid), SUM(estimate.unrendered)
                  FROM referral_estimate estimate
                  JOIN referral_participant participant
                    ON participant.id = estimate.participant_id
                 WHERE participant.program_id IN %s
                 GROUP BY participant.program_id
                """,
                self._ids,
            )
        )

    def _read_visits(self):
        return self._read_rows(
            SQL(
                """
                SELECT program.id, SUM(visit.visits)
                  FROM %s
                  JOIN referral_participant participant
                    ON participant.program_id = program.id
                  JOIN referral_visit visit
                    ON visit.participant_id = participant.id
                   AND visit.day >= program.month - %s * INTERVAL '1 month'
                 GROUP BY program.id
                """,
                self._months_query(),
                MONTHS - 1,
            )
        )

    def _read_referrals(self):
        """Return the clients brought in a year, by link and in any way, and paying.

        Paying are those who gave something in a posted month.
        """
        return self._read_rows(
            SQL(
                """
                SELECT program.id,
                       COUNT(*) FILTER (WHERE referral.source = 'link'),
                       COUNT(*) FILTER (WHERE referral.source = 'link'
                                          AND paying.yes),
                       COUNT(*),
                       COUNT(*) FILTER (WHERE paying.yes)
                  FROM %s
                  JOIN referral_referral referral
                    ON referral.program_id = program.id
                   AND referral.state IN ('active', 'ended')
                   AND referral.date_start >= program.month - %s * INTERVAL '1 month'
                 CROSS JOIN LATERAL (
                       SELECT EXISTS (SELECT FROM referral_referral_month given
                                       WHERE given.referral_id = referral.id
                                         AND given.amount > 0) AS yes
                       ) paying
                 GROUP BY program.id
                """,
                self._months_query(),
                MONTHS - 1,
            )
        )

    def _read_verifications(self):
        return self._read_rows(
            SQL(
                """
                SELECT program_id, COUNT(*),
                       COUNT(*) FILTER (WHERE verification_deadline < %s)
                  FROM referral_participant
                 WHERE program_id IN %s
                   AND (state = 'submitted' OR verification_deadline IS NOT NULL)
                 GROUP BY program_id
                """,
                fields.Datetime.now(),
                self._ids,
            )
        )

    def _read_integrity(self):
        """Return program, moment, failure and findings of the last checks of all."""
        return self._read_rows(
            SQL(
                """
                SELECT DISTINCT ON (program_id)
                       program_id, started_on, state = 'failed', finding_count
                  FROM referral_integrity_run
                 WHERE program_id IN %s AND accrual_id IS NULL
                 ORDER BY program_id, id DESC
                """,
                self._ids,
            )
        )

    def _read_withdrawals(self):
        """Return the open withdrawals by the step that they wait for."""
        return self._read_rows(
            SQL(
                """
                SELECT program.id,
                       CASE WHEN withdrawal.state = 'billed' THEN 'to_pay'
                            WHEN withdrawal.approved_on IS NOT NULL
                                 OR program.withdrawal_policy = 'automatic'
                            THEN 'to_bill'
                            ELSE 'to_approve' END AS step,
                       COUNT(*),
                       SUM(COALESCE(NULLIF(withdrawal.billed_amount, 0),
                                    withdrawal.amount))
                  FROM referral_withdrawal withdrawal
                  JOIN referral_program program ON program.id = withdrawal.program_id
                 WHERE program.id IN %s
                   AND withdrawal.state IN ('requested', 'billed')
                 GROUP BY 1, 2
                """,
                self._ids,
            )
        )

    # === WHAT A CLICK OPENS === #

    def action_open_figure(self, figure, key=False):
        """Open the records behind a figure of the dashboard, or a step's place.

        :param str figure: such as ``liability``; see the rows
        :param key: which one of them: a month, a participant, a step
        :return: an action
        :raise UserError: if there is no such figure
        """
        self.ensure_one()
        self.check_access("read")
        openers = {
            "liability": self._open_liability,
            "compensations": self._open_compensations,
            "top_month": self._open_top_month,
            "top_year": self._open_top_year,
            "year": self._open_year,
            "estimate": self._open_estimate,
            "visits": self._open_visits,
            "referrals": self._open_referrals,
            "month": self._open_month,
            "accruals": lambda _key: self.action_view_accruals(),
            "verification": self._open_verification,
            "withdrawals": self._open_withdrawals,
            "integrity": self._open_integrity,
            "step": self._open_step,
        }
        if figure not in openers:
            raise UserError(self.env._("The dashboard has no such figure."))
        return openers[figure](key)

    def _figure_action(self, name, domain, **values):
        """Return one of the addon's actions, on some of its records."""
        action = self.env["ir.actions.act_window"]._for_xml_id(
            f"referral_program.{name}"
        )
        return {**action, "domain": domain, "context": {}, **values}

    def _open_liability(self, _key):
        """The journal items, or the participants with their balances."""
        if self.env["account.move.line"].has_access("read"):
            return self._figure_action(
                "referral_liability_action", self._ledger_domain()
            )
        return self.action_view_participants()

    def _open_compensations(self, key, domain=()):
        return self._figure_action(
            "referral_compensation_register_action",
            [
                ("program_id", "=", self.id),
                ("state", "=", "posted"),
                ("period_start", "=", self._key_date(key)),
                *domain,
            ],
        )

    def _open_integrity(self, _key):
        """The last check of everything, or all checks if there is none."""
        if self.integrity_run_id:
            return self.integrity_run_id._get_records_action()
        return self.action_view_integrity_runs()

    def _open_year(self, _key, domain=()):
        return self._figure_action(
            "referral_compensation_register_action",
            [
                ("program_id", "=", self.id),
                ("state", "=", "posted"),
                ("period_start", ">=", self._month(-MONTHS)),
                *domain,
            ],
        )

    def _open_top_month(self, key):
        return self._open_compensations(
            str(self._month(-1)), [("participant_id", "=", self._key_id(key))]
        )

    def _open_top_year(self, key):
        return self._open_year(False, [("participant_id", "=", self._key_id(key))])

    def _open_estimate(self, key):
        name = key if key in ("so_far", "unpaid", "unrendered") else "so_far"
        return self._figure_action(
            "referral_estimate_action",
            [("participant_id.program_id", "=", self.id), (name, "!=", 0)],
        )

    def _open_visits(self, _key):
        return self._figure_action(
            "referral_visit_action",
            [
                ("participant_id.program_id", "=", self.id),
                ("day", ">=", self._month(1 - MONTHS)),
            ],
        )

    def _open_referrals(self, key):
        domain = [
            ("program_id", "=", self.id),
            ("state", "in", ("active", "ended")),
            ("date_start", ">=", self._month(1 - MONTHS)),
        ]
        if key in ("link", "link_paying"):
            domain.append(("source", "=", "link"))
        if key in ("paying", "link_paying"):
            domain.append(("month_ids", "any", [("amount", ">", 0)]))
        return self._figure_action("referral_referral_action", domain)

    def _open_month(self, key):
        """The month's accrual, or the program if there is none yet."""
        accrual = self.env["referral.accrual"].search(
            [
                ("program_id", "=", self.id),
                ("period_start", "=", self._key_date(key)),
            ]
        )
        return (accrual or self)._get_records_action()

    def _open_verification(self, key):
        domain = [
            ("program_id", "=", self.id),
            "|",
            ("state", "=", "submitted"),
            ("verification_deadline", "!=", False),
        ]
        if key == "late":
            domain.append(("is_late", "=", True))
        return self._figure_action("referral_participant_verification_action", domain)

    def _open_withdrawals(self, key):
        decided = [
            "|",
            ("approved_on", "!=", False),
            ("program_id.withdrawal_policy", "=", "automatic"),
        ]
        domain = {
            "to_pay": [("state", "=", "billed")],
            "to_bill": [("state", "=", "requested"), *decided],
        }.get(key, [("state", "=", "requested"), "!", *decided])
        return self._figure_action(
            "referral_withdrawal_action", [("program_id", "=", self.id), *domain]
        )

    def _key_date(self, key):
        try:
            return fields.Date.to_date(key) or self._month(-1)
        except (TypeError, ValueError) as error:
            raise UserError(self.env._("The dashboard has no such figure.")) from error

    def _key_id(self, key):
        if not isinstance(key, int):
            raise UserError(self.env._("The dashboard has no such figure."))
        return key
