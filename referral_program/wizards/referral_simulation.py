from dateutil.relativedelta import relativedelta

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL

from ..models.earning.dry_run import DryRun
from ..models.participant.referral_participant import INACTIVE_STATES
from ..tools.actions import window

#: The longest window: each month is accrued twice on paper.
MAX_MONTHS = 36


class ReferralSimulation(models.TransientModel):
    """The last posted months as if other terms had been in force.

    The months are accrued on paper twice: by the terms in force and by the others. The
    difference is what the terms make; what was credited differs from the former only by
    facts that came late.
    """

    _name = "referral.simulation"
    _description = "Referral Simulation"
    _rec_names_search = ["program_id"]
    _inherit = ["referral.sight.mixin", "referral.simulation.figures"]

    program_id = fields.Many2one(
        "referral.program",
        required=True,
        default=lambda self: self._default_program_id(),
    )
    currency_id = fields.Many2one(related="program_id.currency_id")
    terms_by = fields.Selection(related="program_id.terms_by")
    kind = fields.Selection(
        [("draft", "Draft terms"), ("rate", "Another rate")],
        "Simulate",
        required=True,
        default=lambda self: self._default_kind(),
        help="Draft terms apply from the first day of the period, instead of those in "
        "force. Another rate changes nothing else in the terms in force: exclusions "
        "and tiers stay.",
    )
    terms_id = fields.Many2one(
        "referral.program.terms",
        "Draft Terms",
        domain="[('program_id', '=', program_id), ('is_draft', '=', True)]",
    )
    rate = fields.Float("Rate (%)", digits="Referral Rate", default=9.0)
    months = fields.Integer(
        default=12,
        required=True,
        help="How many of the latest posted months to simulate.",
    )
    date_from = fields.Date("Period From", readonly=True)
    date_to = fields.Date("Period To", readonly=True)
    month_ids = fields.One2many(
        "referral.simulation.month", "simulation_id", "By Month", readonly=True
    )
    participant_ids = fields.One2many(
        "referral.simulation.participant",
        "simulation_id",
        "By Participant",
        readonly=True,
    )
    line_ids = fields.One2many(
        "referral.simulation.line", "simulation_id", "By Participant and Month"
    )

    # === COMPUTE METHODS === #

    def _default_program_id(self):
        programs = self.env["referral.program"]
        return programs.search([("company_id", "in", self.env.companies.ids)], limit=1)

    def _default_kind(self):
        return "draft" if self.env.context.get("default_terms_id") else "rate"

    @api.depends("kind", "terms_id", "rate")
    @api.depends_context("lang")
    def _compute_display_name(self):
        for simulation in self:
            what = simulation.terms_id.display_name
            if simulation.kind == "rate":
                what = f"{simulation.rate:g} %"
            simulation.display_name = self.env._(
                "Simulation of %(terms)s", terms=what or ""
            )

    # === ACTION METHODS === #

    def action_simulate(self):
        """Simulate, in place of what was simulated before.

        :raise AccessError: if the user is neither accountant nor auditor
        :raise UserError: if no month is posted, or what to simulate is not said
        """
        self.ensure_one()
        self.check_access("write")
        self.program_id._check_may_dry_run()
        self._check_can_simulate()
        self._simulate()
        return True

    def action_view_lines(self):
        """Open the participants' months."""
        self.ensure_one()
        return window(
            self.env,
            "referral_simulation_line_action",
            [("simulation_id", "=", self.id)],
            display_name=self.env._("Analysis"),
        )

    # === BUSINESS METHODS === #

    def _check_can_simulate(self):
        """Refuse a window or terms that nothing can be simulated with."""
        if not 1 <= self.months <= MAX_MONTHS:
            raise UserError(
                self.env._("Choose between 1 and %(number)s months.", number=MAX_MONTHS)
            )
        if self.kind == "rate" and not 0 <= self.rate <= 100:
            raise UserError(self.env._("Enter a rate between 0 and 100 percent."))
        if self.kind == "draft" and self.terms_id.program_id != self.program_id:
            raise UserError(
                self.env._(
                    "Choose draft terms of %(program)s.", program=self.program_id.name
                )
            )

    def _simulate(self):
        """Accrue the window on paper, by the terms in force and by the others."""
        accruals = self._window()
        first, last = accruals[0].period_start, accruals[-1].period_start
        months = relativedelta(last, first)
        months = months.years * 12 + months.months + 1
        active = self._active_then(accruals)
        with DryRun(self.program_id, first, self._scope(accruals)) as dry_run:
            dry_run.run("in force", months, active=active)
            self._make_terms(first, accruals[-1].period_end)
            dry_run.run(
                "simulated",
                months,
                active=active,
                terms="dry_run_terms",
                excluded="dry_run_excluded",
                tiers="dry_run_tiers",
                has_tiers=True,
            )
            self._store(accruals)
            self.env["referral.accrual"]._drop_tables(
                "dry_run_terms", "dry_run_excluded", "dry_run_tiers"
            )
        self.write({"date_from": first, "date_to": accruals[-1].period_end})
        self.env.invalidate_all()

    def _window(self):
        """Return the accruals of the last posted months, oldest first.

        :raise UserError: if there are none
        """
        accruals = self.env["referral.accrual"].search(
            [("program_id", "=", self.program_id.id), ("state", "=", "posted")],
            order="period_start desc",
            limit=self.months,
        )
        if not accruals:
            raise UserError(
                self.env._(
                    "No month of %(program)s is posted yet: there is nothing to "
                    "compare with.",
                    program=self.program_id.name,
                )
            )
        return accruals.sorted("period_start")

    def _scope(self, accruals):
        """Return the ``SELECT`` of the groups that the window's terms are about.

        Those that the window's accruals gave something, and those with an invoice or a
        credit note dated in the window.
        """
        return SQL(
            """
            SELECT line.group_key AS group_id
              FROM referral_compensation compensation
              JOIN referral_accrual_line line
                ON line.compensation_id = compensation.id
             WHERE compensation.accrual_id IN %(accruals)s
             UNION
            SELECT COALESCE(move.referral_root_id, move.id)
              FROM account_move move
             WHERE move.move_type IN ('out_invoice', 'out_refund')
               AND move.state = 'posted'
               AND move.invoice_date BETWEEN %(first)s AND %(last)s
               AND move.company_id IN %(companies)s
               AND move.commercial_partner_id IN (
                    SELECT brought.commercial_partner_id
                      FROM referral_referral referral
                      JOIN res_partner brought ON brought.id = referral.partner_id
                     WHERE referral.program_id = %(program)s
                   )
            """,
            accruals=accruals._ids,
            first=accruals[0].period_start,
            last=accruals[-1].period_end,
            companies=self.program_id._companies()._ids,
            program=self.program_id.id,
        )

    def _active_then(self, accruals):
        """Return who is not active now but was in a month: it gave them something.

        Who is not active gets nothing positive for any invoice.

        :return dict: participants' ids by the month's first day
        """
        self.env.cr.execute(
            SQL(
                """
                SELECT accrual.period_start, ARRAY_AGG(DISTINCT paid.participant_id)
                  FROM (SELECT compensation.accrual_id, compensation.participant_id
                          FROM referral_compensation compensation
                          JOIN referral_participant participant
                            ON participant.id = compensation.participant_id
                           AND participant.state IN %(inactive)s
                          JOIN referral_accrual_line line
                            ON line.compensation_id = compensation.id
                         WHERE compensation.accrual_id IN %(accruals)s
                         GROUP BY compensation.accrual_id, compensation.participant_id,
                                  line.group_key
                        HAVING SUM(line.amount) > 0) paid
                  JOIN referral_accrual accrual ON accrual.id = paid.accrual_id
                 GROUP BY accrual.period_start
                """,
                inactive=INACTIVE_STATES,
                accruals=accruals._ids,
            )
        )
        return dict(self.env.cr.fetchall())

    def _assumed_terms(self, first, last):
        """Return what holds in the window instead of the terms in force.

        :return: pairs of the terms to copy and the first day of the copy
        """
        if self.kind == "draft":
            return [(self.terms_id, first)]
        in_force = self.program_id.terms_ids
        later = in_force.filtered(lambda terms: first < terms.date_from <= last)
        return [
            (terms, max(first, terms.date_from))
            for terms in in_force._in_force(first) | later
        ]

    def _make_terms(self, first, last):
        """Make the temporary tables of the terms: a copy has its original's number,
        negative; terms that do not hold are there for what they gave before."""
        assumed = self._assumed_terms(first, last)
        make_table = self.env["referral.accrual"]._make_table
        make_table(
            "dry_run_assumed",
            SQL(
                "SELECT * FROM (VALUES %s) assumed(id, date_from)",
                SQL(", ").join(
                    SQL("(%s, %s::date)", terms.id, day) for terms, day in assumed
                ),
            )
            if assumed
            else SQL("SELECT 0 AS id, NULL::date AS date_from WHERE FALSE"),
        )
        make_table(
            "dry_run_terms",
            SQL(
                """
                SELECT id, program_id, date_from, rate::numeric AS rate, base,
                       exclude_discounted,
                       is_draft IS TRUE OR date_from >= %(first)s AS is_draft
                  FROM referral_program_terms
                 WHERE program_id = %(program)s
                 UNION ALL
                SELECT -terms.id, program_id, assumed.date_from,
                       COALESCE(%(rate)s::numeric, rate::numeric), base,
                       exclude_discounted, FALSE
                  FROM referral_program_terms terms
                  JOIN dry_run_assumed assumed ON assumed.id = terms.id
                """,
                first=first,
                program=self.program_id.id,
                rate=str(self.rate) if self.kind == "rate" else None,
            ),
        )
        for name, original, columns in (
            (
                "dry_run_excluded",
                "referral_terms_excluded_category_rel",
                SQL("listed.category_id"),
            ),
            (
                "dry_run_tiers",
                "referral_program_tier",
                SQL("listed.above, listed.rate"),
            ),
        ):
            make_table(
                name,
                SQL(
                    """
                    SELECT listed.terms_id, %(columns)s
                      FROM %(original)s listed
                      JOIN dry_run_terms terms ON terms.id = listed.terms_id
                     UNION ALL
                    SELECT -listed.terms_id, %(columns)s
                      FROM %(original)s listed
                      JOIN dry_run_assumed assumed ON assumed.id = listed.terms_id
                    """,
                    columns=columns,
                    original=SQL.identifier(original),
                ),
            )
        self.env["referral.accrual"]._drop_tables("dry_run_assumed")

    def _store(self, accruals):
        """Store the figures by participant and month, and their sums."""
        found = SQL(
            """
            SELECT month, participant_id,
                   CASE run WHEN 'credited' THEN amount ELSE 0 END AS credited,
                   CASE run WHEN 'in force' THEN amount
                            WHEN 'credited' THEN -amount ELSE 0 END AS late,
                   CASE run WHEN 'simulated' THEN amount ELSE 0 END AS simulated,
                   CASE run WHEN 'simulated' THEN amount
                            WHEN 'in force' THEN -amount ELSE 0 END AS difference
              FROM (SELECT run, month, participant_id, amount
                      FROM dry_run_outcome
                     UNION ALL
                    SELECT 'credited', accrual.period_start,
                           compensation.participant_id, compensation.amount
                      FROM referral_compensation compensation
                      JOIN referral_accrual accrual
                        ON accrual.id = compensation.accrual_id
                     WHERE accrual.id IN %s) every
            """,
            accruals._ids,
        )
        some = SQL("SUM(credited) <> 0 OR SUM(late) <> 0 OR SUM(simulated) <> 0")
        self._store_sums("line", ("month", "participant_id"), found, some)
        lines = SQL(
            "SELECT * FROM referral_simulation_line WHERE simulation_id = %s", self.id
        )
        self._store_sums("month", ("month",), lines)
        self._store_sums("participant", ("participant_id",), lines)
        names = ("credited", "late", "simulated", "difference")
        [sums] = self.env["referral.simulation.month"]._read_group(
            [("simulation_id", "=", self.id)], [], [f"{name}:sum" for name in names]
        )
        totals = dict(zip(names, (amount or 0.0 for amount in sums), strict=True))
        in_force = totals["credited"] + totals["late"]
        percent = in_force and 100 * totals["difference"] / abs(in_force)
        self.write({**totals, "percent": percent})

    def _store_sums(self, part, keys, rows, having=None):
        """Sum rows by month, by participant or by both, in place of what was there.

        :param str part: ``line``, ``month`` or ``participant``
        :param keys: the columns to sum by
        :param rows: a ``SELECT`` of these columns and of the figures
        :param having: which of the sums are kept; all, if left out
        """
        table = SQL.identifier(f"referral_simulation_{part}")
        self.env.cr.execute(
            SQL("DELETE FROM %s WHERE simulation_id = %s", table, self.id)
        )
        self.env.cr.execute(
            SQL(
                """
                INSERT INTO %(table)s
                       (simulation_id, %(keys)s, credited, late, simulated, difference,
                        percent, create_uid, write_uid, create_date, write_date)
                SELECT %(simulation)s, %(keys)s, SUM(credited), SUM(late),
                       SUM(simulated), SUM(difference),
                       ROUND(100 * SUM(difference)
                             / NULLIF(ABS(SUM(credited + late)), 0), 2),
                       %(user)s, %(user)s, %(now)s, %(now)s
                  FROM (%(rows)s) figures
                 GROUP BY %(keys)s
                HAVING %(having)s
                """,
                table=table,
                keys=SQL(", ").join(map(SQL.identifier, keys)),
                rows=rows,
                having=having or SQL("TRUE"),
                simulation=self.id,
                user=self.env.uid,
                now=fields.Datetime.now(),
            )
        )
