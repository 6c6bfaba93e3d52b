import json

from dateutil.relativedelta import relativedelta

from odoo import api, fields, models
from odoo.tools import format_date, formatLang

from .referral_program_colleagues import ALARM_DAYS
from .referral_program_figures import MONTHS

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
        # sudo: as in :meth:`_dashboard_facts`
        amounts = self._origin.sudo()._read_months()
        for program in self:
            of_program = amounts.get(program._origin, {})
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
                                "value": of_program.get(month, 0.0),
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
            "integrity": self._integrity_rows(facts["integrity"]),
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
        share = 100 * part / whole
        digits = 1 if abs(share) < 100 else 0  # 2,700 %, not 2,700.0 %
        return f"{formatLang(self.env, share, digits=digits)} %"

    def _month_name(self, offset):
        return format_date(self.env, self._month(offset), date_format="LLLL y")

    def _as_of(self, day):
        return self.env._("as of %(day)s", day=format_date(self.env, day))

    def _money_rows(self, facts):
        """What is owed, and the last month against the month before."""
        last, before = (facts["months"].get(self._month(ago)) for ago in (-1, -2))
        change = ""
        if last is not None and before:
            change = self._share(last - before, abs(before))
            if last > before:
                change = f"+{change}"
        owed = self._row(
            self.env._("Owed to participants"),
            self._amount(facts["liability"]),
            "liability",
        )
        compensations = [
            self._row(
                self.env._("Compensation of %(month)s", month=self._month_name(ago)),
                self._not_yet(amount),
                "compensations",
                str(self._month(ago)),
                hint=hint,
            )
            for ago, amount, hint in ((-1, last, change), (-2, before, ""))
        ]
        return [owed, *compensations]

    def _not_yet(self, amount):
        return "—" if amount is None else self._amount(amount)

    def _coming_rows(self, facts):
        """What is on its way, of the last estimate."""
        day, *amounts = facts["estimate"]
        labels = {
            "so_far": self.env._("Accrued to date (estimate)"),
            "unpaid": self.env._("Rendered, not paid"),
            "unrendered": self.env._("Paid, not rendered"),
        }
        return [
            self._row(
                label,
                self._amount(amount),
                "estimate",
                key,
                hint=self._as_of(day) if day and key == "so_far" else "",
            )
            for (key, label), amount in zip(labels.items(), amounts, strict=True)
        ]

    def _top_rows(self, top, span):
        """Who earned most in the last month, or in the last twelve."""
        return [
            self._row(name, self._amount(amount), f"top_{span}", participant_id)
            for participant_id, name, amount in top.get(span, ())
        ]

    def _funnel_rows(self, facts):
        """From a visit of a link to a client who pays, of the last twelve months."""
        visits = facts["visits"]
        by_link, paying_by_link, brought, paying = facts["referrals"]
        steps = (
            ("link", self.env._("Signed up by link"), by_link, visits),
            (
                "link_paying",
                self.env._("Signed up by link and paying"),
                paying_by_link,
                by_link,
            ),
            ("all", self.env._("Referred by any means"), brought, 0),
            ("paying", self.env._("Referred by any means and paying"), paying, brought),
        )
        return [
            self._row(self.env._("Link visits"), str(visits), "visits"),
            *(
                self._row(
                    label, str(count), "referrals", key, hint=self._share(count, whole)
                )
                for key, label, count, whole in steps
            ),
        ]

    def _month_rows(self, period):
        """The months that are over and not credited, with the day they are due."""
        due = []
        while period and self._is_over(period):
            due.append(period)
            period += relativedelta(months=1)
        rows = [self._month_row(month) for month in due[:MONTHS_LISTED]]
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

    def _month_row(self, month):
        today, credit_date = self._today(), self._credit_date(month)
        alarm = False
        if today > credit_date:
            alarm = "danger"
        elif today >= credit_date - relativedelta(days=ALARM_DAYS):
            alarm = "warning"
        return self._row(
            format_date(self.env, month, date_format="LLLL y"),
            self.env._("by %(day)s", day=format_date(self.env, credit_date)),
            "month",
            str(month),
            alarm=alarm,
            hint=self.env._("late") if alarm == "danger" else "",
        )

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

    def _integrity_rows(self, run):
        """Whether everything tied when it was last looked at."""
        hint = self._as_of(self._day_of(run.started_on)) if run else ""
        failed = run and run.state == "failed"
        if not run:
            value = self.env._("Not checked yet")
        elif not failed:
            value = self.env._("All checks passed")
        elif run.finding_count:
            value = self.env._("Findings: %(count)s", count=run.finding_count)
        else:  # a check that could not be done
            value = self.env._("Some checks failed")
        return [
            self._row(
                self.env._("Integrity"),
                value,
                "integrity",
                alarm="danger" if failed else False,
                hint=hint,
            )
        ]
