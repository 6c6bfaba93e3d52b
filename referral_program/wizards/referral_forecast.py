from dateutil.relativedelta import relativedelta

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL, format_date

from ..models.earning.dry_run import DryRun
from ..tools.actions import window

#: Months from this one on that are told one by one; what is due later is one sum.
MONTHS = 36


class ReferralForecast(models.TransientModel):
    """What will be due to participants, month by month: the liability to come.

    *Certain* is what is paid already and comes as services are rendered. *Expected* is
    what comes besides if open invoices are paid on the day they are due, or today if
    they are overdue. Both are accrued on paper, from the first month that is not posted
    on. Of programs in one currency: amounts of different ones are never added.
    """

    _name = "referral.forecast"
    _description = "Referral Forecast"
    _order = "currency_id, id"
    _rec_names_search = ["program_ids"]

    day = fields.Date("As of", required=True)
    program_ids = fields.Many2many("referral.program", string="Programs", required=True)
    currency_id = fields.Many2one("res.currency", required=True)
    liability = fields.Monetary(
        "Liability Now",
        help="What the company owes all participants today, from the general ledger.",
    )
    certain = fields.Monetary(
        help="Already paid: credited as the services are rendered."
    )
    expected = fields.Monetary(
        help="Credited in addition if open invoices are paid on their due date, or "
        "today if they are overdue."
    )
    total = fields.Monetary("Certain and Expected")
    month_ids = fields.One2many("referral.forecast.month", "forecast_id", "By Month")
    cash_ids = fields.One2many("referral.forecast.cash", "forecast_id", "Cash by Month")
    line_ids = fields.One2many(
        "referral.forecast.line", "forecast_id", "By Participant"
    )

    @api.depends("day", "currency_id")
    @api.depends_context("lang")
    def _compute_display_name(self):
        for forecast in self:
            forecast.display_name = self.env._(
                "Forecast of %(day)s, %(currency)s",
                day=format_date(self.env, forecast.day),
                currency=forecast.currency_id.name,
            )

    # === ACTION METHODS === #

    @api.model
    def action_open(self):
        """Forecast the programs of the companies that the user works in, and open it.

        :raise AccessError: if the user is neither accountant nor auditor
        :raise UserError: if there is no program
        """
        programs = self.env["referral.program"]
        return self._open(
            programs.search([("company_id", "in", self.env.companies.ids)])
        )

    def action_view_lines(self):
        """Open the participants' months."""
        self.ensure_one()
        return window(
            self.env,
            "referral_forecast_line_action",
            [("forecast_id", "=", self.id)],
            display_name=self.env._("Analysis"),
        )

    # === BUSINESS METHODS === #

    def _open(self, programs):
        """Forecast programs, and return the action that opens the forecasts."""
        forecasts = self._make(programs)
        return window(
            self.env,
            "referral_forecast_action",
            [("id", "in", forecasts.ids)],
            single=forecasts,
        )

    def _make(self, programs):
        """Forecast programs, those of each currency together.

        :param programs: the ``referral.program`` records
        :return: a ``referral.forecast`` for each currency
        :raise AccessError: if the user is neither accountant nor auditor of them
        :raise UserError: if there is no program
        """
        programs._check_may_dry_run()
        if not programs:
            raise UserError(
                self.env._("The companies that you work in have no referral program.")
            )
        # sudo: forecasts are made here, nobody may write them
        forecasts = self.sudo()
        for currency, group in programs.grouped("currency_id").items():
            forecast = forecasts.create(
                {
                    "day": min(program._today() for program in group),
                    "program_ids": [fields.Command.set(group.ids)],
                    "currency_id": currency.id,
                    "liability": sum(group.mapped("liability")),
                }
            )
            for program in group:
                forecast._forecast(program)
            forecast._sum_up()
            self.env["referral.forecast.cash"].sudo()._store(forecast)
            forecasts |= forecast
        return forecasts.sudo(False)

    def _forecast(self, program):
        """Accrue a program's months to come on paper: as it is, and as expected."""
        self.env.flush_all()
        self.env["referral.mark"]._write_marks()
        today = program._today()
        this_month = today.replace(day=1)
        first = program._next_period() or this_month
        behind = relativedelta(this_month, first)
        months = MONTHS + behind.years * 12 + behind.months
        with DryRun(program, first, self._scope(program)) as dry_run:
            dry_run.run("certain", months, rest=True)
            dry_run.run("all", months, rest=True, expected_from=today)
            self._store(program, first + relativedelta(months=months))

    def _scope(self, program):
        """Return the ``SELECT`` of the groups that may still give something.

        Those that may when they are paid, used or looked at again; those of a month
        that is computed and not posted; and those whose payment no bank statement has
        matched yet.
        """
        [[everything]] = self.env.execute_query(
            SQL(
                "SELECT EXISTS (SELECT FROM referral_mark"
                " WHERE program_id = %s AND group_id IS NULL)",
                program.id,
            )
        )
        if everything:
            accrual = self.env["referral.accrual"].new({"program_id": program.id})
            return accrual._everything()
        return SQL(
            """
            %(open)s
             UNION
            SELECT line.group_key
              FROM referral_accrual_line line
              JOIN referral_accrual accrual ON accrual.id = line.accrual_id
             WHERE accrual.program_id = %(program)s AND accrual.state <> 'posted'
             UNION
            SELECT receivable.move_id
              FROM account_payment payment
              JOIN account_move payer ON payer.origin_payment_id = payment.id
              JOIN account_move_line own ON own.move_id = payer.id
              JOIN account_partial_reconcile part ON part.credit_move_id = own.id
              JOIN account_move_line receivable ON receivable.id = part.debit_move_id
             WHERE %(bank_only)s
               AND payment.is_matched IS NOT TRUE
               AND payment.company_id IN %(companies)s
            """,
            open=self.env["referral.estimate"]._open_groups(program),
            program=program.id,
            bank_only=program.paid_when == "bank",
            companies=program._companies()._ids,
        )

    def _store(self, program, rest_from):
        """Store what the runs found, by participant and month."""
        self.env.cr.execute(
            SQL(
                """
                INSERT INTO referral_forecast_line
                       (forecast_id, program_id, participant_id, month, is_rest, kind,
                        amount, create_uid, write_uid, create_date, write_date)
                SELECT %(forecast)s, %(program)s, participant_id, month,
                       month >= %(rest_from)s, kind, amount,
                       %(user)s, %(user)s, %(now)s, %(now)s
                  FROM (
                        SELECT participant_id, month, 'certain' AS kind, amount
                          FROM dry_run_outcome WHERE run = 'certain'
                         UNION ALL
                        SELECT participant_id, month, 'expected',
                               SUM(CASE run WHEN 'all' THEN amount ELSE -amount END)
                          FROM dry_run_outcome
                         GROUP BY participant_id, month
                       ) found
                 WHERE amount <> 0
                """,
                **self._prepare_log_vals(),
                program=program.id,
                rest_from=rest_from,
            )
        )

    def _sum_up(self):
        """Sum the lines by month, and add them up to the liability of today."""
        self.env.cr.execute(
            SQL(
                """
                INSERT INTO referral_forecast_month
                       (forecast_id, month, is_rest, certain, expected, total,
                        liability_certain, liability, create_uid, write_uid,
                        create_date, write_date)
                SELECT %(forecast)s, month, is_rest, certain, expected,
                       certain + expected,
                       %(liability)s + SUM(certain) OVER so_far,
                       %(liability)s + SUM(certain + expected) OVER so_far,
                       %(user)s, %(user)s, %(now)s, %(now)s
                  FROM (
                        SELECT all_months.month,
                               COALESCE(BOOL_OR(line.is_rest), FALSE) AS is_rest,
                               COALESCE(SUM(line.amount)
                                        FILTER (WHERE kind = 'certain'), 0) AS certain,
                               COALESCE(SUM(line.amount)
                                        FILTER (WHERE kind = 'expected'), 0) AS expected
                          FROM (SELECT GENERATE_SERIES(
                                           MIN(month),
                                           MAX(month) FILTER (WHERE is_rest IS FALSE),
                                           '1 month'
                                       )::date AS month
                                  FROM referral_forecast_line
                                 WHERE forecast_id = %(forecast)s
                                 UNION
                                SELECT month
                                  FROM referral_forecast_line
                                 WHERE forecast_id = %(forecast)s) all_months
                          LEFT JOIN referral_forecast_line line
                            ON line.forecast_id = %(forecast)s
                           AND line.month = all_months.month
                         GROUP BY all_months.month
                       ) found
                WINDOW so_far AS (ORDER BY month)
                """,
                **self._prepare_log_vals(),
                liability=str(self.currency_id.round(self.liability)),
            )
        )
        self.env.invalidate_all()
        sums = {
            name: sum(self.month_ids.mapped(name))
            for name in ("certain", "expected", "total")
        }
        self.write(sums)

    def _prepare_log_vals(self):
        """Return what each row stored in SQL has in common."""
        return {
            "forecast": self.id,
            "user": self.env.uid,
            "now": fields.Datetime.now(),
        }
