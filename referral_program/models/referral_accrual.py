from dataclasses import replace

from dateutil.relativedelta import relativedelta

from odoo import Command, api, fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL, format_date

from ..tools.earned import group_query, line_query, root_query
from .referral_participant import INACTIVE_STATES

#: Compensations posted by one journal entry; `make bench` shows why this many.
POST_BATCH_SIZE = 1000
#: Written by computing and posting only.
OWN_FIELDS = frozenset(
    {
        "program_id",
        "company_id",
        "period_start",
        "period_end",
        "state",
        "computed_on",
        "posted_on",
        "terms_ids",
        "line_ids",
        "compensation_ids",
        "move_ids",
    }
)
TRANSITIONS = {
    "draft": {"computed"},
    "computed": {"computed", "posted"},
    "posted": set(),
}


class ReferralAccrual(models.Model):
    """One month's run of a program.

    ``draft`` until it is computed; ``computed``, and computable anew, until it is
    posted; ``posted`` for good. Its period stays that month, whatever the date of
    its journal entries.
    """

    _name = "referral.accrual"
    _description = "Referral Accrual"
    _inherit = ["mail.thread", "mail.activity.mixin"]
    _order = "period_start desc, program_id, id desc"

    program_id = fields.Many2one(
        "referral.program", required=True, readonly=True, ondelete="restrict"
    )
    company_id = fields.Many2one(
        related="program_id.company_id", store=True, index=True
    )
    currency_id = fields.Many2one(related="program_id.currency_id")
    period_start = fields.Date(
        "Month", required=True, readonly=True, help="The month's first day."
    )
    period_end = fields.Date(
        compute="_compute_period_end",
        store=True,
        help="The month's last day: what was paid and rendered by then counts.",
    )
    state = fields.Selection(
        [("draft", "Draft"), ("computed", "Computed"), ("posted", "Posted")],
        required=True,
        default="draft",
        readonly=True,
        tracking=True,
        copy=False,
        index=True,
    )
    computed_on = fields.Datetime(readonly=True, copy=False)
    posted_on = fields.Datetime(readonly=True, copy=False)
    credit_date = fields.Date(
        "To Credit By",
        compute="_compute_credit_date",
        help="The day by which the month has to be credited.",
    )
    compensation_ids = fields.One2many(
        "referral.compensation", "accrual_id", "Compensations"
    )
    line_ids = fields.One2many("referral.accrual.line", "accrual_id", "Lines")
    move_ids = fields.One2many("account.move", "referral_accrual_id", "Journal Entries")
    terms_ids = fields.Many2many(
        "referral.program.terms",
        "referral_accrual_terms_rel",
        "accrual_id",
        "terms_id",
        "Terms Used",
        readonly=True,
        ondelete="restrict",
        help="The terms of this accrual's lines: locked once it is posted.",
    )
    base = fields.Monetary(compute="_compute_totals")
    amount = fields.Monetary("Compensation", compute="_compute_totals")
    compensation_count = fields.Integer(compute="_compute_totals")
    line_count = fields.Integer(compute="_compute_line_count")
    move_count = fields.Integer(compute="_compute_move_count")

    # One accrual for a month, however many workers begin one.
    _period_unique = models.UniqueIndex(
        "(program_id, period_start)",
        "The program has an accrual of this month already.",
    )
    _period_is_month = models.Constraint(
        "CHECK (EXTRACT(day FROM period_start) = 1)",
        "An accrual's month is given by its first day.",
    )

    # === COMPUTE METHODS === #

    @api.depends("period_start")
    def _compute_period_end(self):
        for accrual in self:
            accrual.period_end = accrual.period_start + relativedelta(months=1, days=-1)

    @api.depends("period_start", "program_id")
    @api.depends_context("lang")
    def _compute_display_name(self):
        for accrual in self:
            month = format_date(self.env, accrual.period_start, date_format="LLLL y")
            accrual.display_name = self.env._("Accrual of %(month)s", month=month)

    @api.depends("period_start", "program_id.credit_day")
    def _compute_credit_date(self):
        for accrual in self:
            accrual.credit_date = accrual.program_id._credit_date(accrual.period_start)

    def _compute_totals(self):
        totals = {
            accrual: values
            for accrual, *values in self.env["referral.compensation"]._read_group(
                [("accrual_id", "in", self.ids)],
                ["accrual_id"],
                ["base:sum", "amount:sum", "__count"],
            )
        }
        for accrual in self:
            accrual.base, accrual.amount, accrual.compensation_count = totals.get(
                accrual, (0.0, 0.0, 0)
            )

    def _compute_line_count(self):
        counts = dict(
            self.env["referral.accrual.line"]._read_group(
                [("accrual_id", "in", self.ids)], ["accrual_id"], ["__count"]
            )
        )
        for accrual in self:
            accrual.line_count = counts.get(accrual, 0)

    def _compute_move_count(self):
        # sudo: the number of entries is no secret to who may see the accrual
        counts = dict(
            self.env["account.move"]
            .sudo()
            ._read_group(
                [("referral_accrual_id", "in", self.ids)],
                ["referral_accrual_id"],
                ["__count"],
            )
        )
        for accrual in self:
            accrual.move_count = counts.get(accrual, 0)

    # === CRUD METHODS === #

    def write(self, vals):
        if not OWN_FIELDS.isdisjoint(vals):
            raise UserError(
                self.env._("An accrual cannot be edited: it is computed and posted.")
            )
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_except_computed(self):
        kept = self.filtered(lambda accrual: accrual.state != "draft")
        if kept:
            raise UserError(
                self.env._(
                    "%(accruals)s cannot be deleted. One that is not posted can be "
                    "computed anew.",
                    accruals=", ".join(kept.mapped("display_name")),
                )
            )

    # === STATE === #

    def _update_state(self, state, **values):
        """Bring the accrual into a state: the only way to change it.

        :param str state: the state to go to
        :param values: further values to write with it
        :raise UserError: if the present state does not allow it
        """
        self.ensure_one()
        if state not in TRANSITIONS[self.state]:
            labels = dict(self._fields["state"]._description_selection(self.env))
            raise UserError(
                self.env._(
                    "%(accrual)s is %(old)s and cannot become %(new)s.",
                    accrual=self.display_name,
                    old=labels[self.state].lower(),
                    new=labels[state].lower(),
                )
            )
        return super().write({"state": state, **values})

    # === COMPUTING === #

    def _compute_if_possible(self):
        """Compute the month, anew if it was computed, unless entries are posted."""
        self.ensure_one()
        if self.move_ids:
            return
        self._compute_lines()
        self._update_state("computed", computed_on=fields.Datetime.now())
        if self.program_id.posting_policy == "review":
            self._ask_for_review()

    def _compute_lines(self):
        """Find what each line earned by the month's end, and store the evidence.

        Looks only at the groups that can have changed: those that events marked,
        those that an earlier month said to look at again, and those that this
        accrual holds already. Leaves marks for what a later month has to look at.
        """
        # a handful of statements, each over the whole month
        self.env.flush_all()
        self.env["referral.mark"]._write_marks()
        self._make_scope()
        self._take_marks()
        conditions = self.program_id._conditions(self)
        scope = SQL("SELECT group_id FROM referral_scope")
        self._make_table("referral_root", root_query(conditions, scope))
        self._make_table("referral_group", group_query(conditions))
        conditions = replace(conditions, **self._what_occurs())
        self._make_table(
            "referral_result", line_query(conditions, scope), analyze=False
        )
        self._store_compensations()
        self._store_lines()
        self._store_terms()
        self._leave_marks()
        for table in ("scope", "root", "group", "result"):
            name = SQL.identifier(f"referral_{table}")
            self.env.cr.execute(SQL("DROP TABLE %s", name))
        self.env.invalidate_all(flush=False)

    def _make_table(self, name, query, analyze=True):
        table = SQL.identifier(name)
        self.env.cr.execute(SQL("CREATE TEMPORARY TABLE %s AS %s", table, query))
        if analyze:
            self.env.cr.execute(SQL("ANALYZE %s", table))

    def _what_occurs(self):
        """Tell what the month's groups need to have computed, and what not."""
        [occurs] = self.env.execute_query_dict(
            SQL(
                """
                SELECT EXISTS (
                           SELECT FROM referral_group grp
                             JOIN account_move credit
                               ON credit.reversed_entry_id = grp.group_id
                            WHERE credit.move_type = 'out_refund'
                       ) AS has_credit_notes,
                       EXISTS (
                           SELECT FROM referral_participant
                            WHERE program_id = %s AND state IN %s
                       ) AS has_inactive
                """,
                self.program_id.id,
                INACTIVE_STATES,
            )
        )
        return occurs

    def _make_scope(self):
        """Collect the groups to look at."""
        self._make_table(
            "referral_scope",
            SQL(
                """
                WITH due AS (
                    SELECT group_id
                      FROM referral_mark
                     WHERE program_id = %(program)s
                       AND (date_from IS NULL OR date_from <= %(end)s)
                )
                SELECT group_id FROM due WHERE group_id IS NOT NULL
                 UNION
                SELECT group_id FROM referral_mark WHERE source_id = %(accrual)s
                 UNION
                SELECT line.group_key
                  FROM referral_compensation compensation
                  JOIN referral_accrual_line line
                    ON line.compensation_id = compensation.id
                 WHERE compensation.accrual_id = %(accrual)s
                 UNION
                SELECT everything.group_id
                  FROM (%(everything)s) everything
                 WHERE EXISTS (SELECT FROM due WHERE group_id IS NULL)
                """,
                program=self.program_id.id,
                end=self.period_end,
                accrual=self.id,
                everything=self._everything(),
            ),
        )

    def _everything(self):
        """Return the ``SELECT`` of all groups that the program could ever look at."""
        return SQL(
            """
            SELECT CASE WHEN move.move_type = 'out_refund'
                             AND reversed.move_type = 'out_invoice'
                        THEN reversed.id ELSE move.id END AS group_id
              FROM account_move move
              LEFT JOIN account_move reversed ON reversed.id = move.reversed_entry_id
             WHERE move.move_type IN ('out_invoice', 'out_refund')
               AND move.company_id IN %(companies)s
               AND move.commercial_partner_id IN (
                    SELECT brought.commercial_partner_id
                      FROM referral_referral referral
                      JOIN res_partner brought ON brought.id = referral.partner_id
                     WHERE referral.program_id = %(program)s
                   )
             UNION
            SELECT line.group_key
              FROM referral_accrual_line line
              JOIN referral_accrual accrual ON accrual.id = line.accrual_id
             WHERE accrual.program_id = %(program)s
            """,
            program=self.program_id.id,
            companies=self.program_id._companies()._ids,
        )

    def _take_marks(self):
        """Take the marks of the groups in scope, and what was computed before."""
        self.env.cr.execute(
            SQL(
                """
                DELETE FROM referral_mark
                 WHERE program_id = %s
                   AND (group_id IN (SELECT group_id FROM referral_scope)
                        OR group_id IS NULL)
                """,
                self.program_id.id,
            )
        )
        self.env.cr.execute(
            SQL(
                """
                DELETE FROM referral_accrual_line
                 WHERE compensation_id IN (SELECT id FROM referral_compensation
                                            WHERE accrual_id = %s)
                """,
                self.id,
            )
        )
        for table in ("referral_compensation", "referral_accrual_terms_rel"):
            self.env.cr.execute(
                SQL(
                    "DELETE FROM %s WHERE accrual_id = %s",
                    SQL.identifier(table),
                    self.id,
                )
            )

    def _store_compensations(self):
        """Sum what each participant earned, rounded half up once."""
        self.env.cr.execute(
            SQL(
                """
                INSERT INTO referral_compensation
                       (accrual_id, participant_id, base, amount)
                SELECT %(accrual)s,
                       participant_id,
                       SUM(base),
                       ROUND(SUM(amount) / unit.unit) * unit.unit
                  FROM referral_result, (SELECT %(rounding)s::numeric AS unit) unit
                 WHERE base <> 0 OR amount <> 0
                 GROUP BY participant_id, unit.unit
                 ORDER BY participant_id
                """,
                accrual=self.id,
                rounding=str(self.currency_id.rounding),
            )
        )

    def _store_lines(self):
        """Store the evidence: a row for each line that gives or takes back."""
        self.env.cr.execute(
            SQL(
                """
                INSERT INTO referral_accrual_line
                       (accrual_id, compensation_id, participant_id, referral_id,
                        terms_id, partner_id, product_id, move_line_id, line_key,
                        group_key, move_name, name, invoice_date, start_date, end_date,
                        paid, rendered, base, rate, amount)
                SELECT %(accrual)s, compensation.id, result.participant_id,
                       result.referral_id, result.terms_id, result.partner_id,
                       result.product_id, result.move_line_id, result.line_key,
                       result.group_id, result.move_name, result.name,
                       result.invoice_date, result.start_date, result.end_date,
                       result.paid, result.rendered, result.base, result.rate,
                       result.amount
                  FROM referral_result result
                  JOIN referral_compensation compensation
                    ON compensation.accrual_id = %(accrual)s
                   AND compensation.participant_id = result.participant_id
                 WHERE result.base <> 0 OR result.amount <> 0
                """,
                accrual=self.id,
            )
        )

    def _store_terms(self):
        """Remember which terms were used."""
        self.env.cr.execute(
            SQL(
                """
                INSERT INTO referral_accrual_terms_rel (accrual_id, terms_id)
                SELECT DISTINCT %(accrual)s, terms_id
                  FROM referral_result
                 WHERE base <> 0 OR amount <> 0
                """,
                accrual=self.id,
            )
        )

    def _leave_marks(self):
        """Say which groups a later month has to look at, and from when on."""
        self.env.cr.execute(
            SQL(
                """
                INSERT INTO referral_mark (program_id, group_id, date_from, source_id)
                SELECT %(program)s, group_id, MIN(look_again), %(accrual)s
                  FROM (SELECT group_id, look_again
                          FROM referral_group WHERE look_again IS NOT NULL
                         UNION ALL
                        SELECT group_id, look_again
                          FROM referral_result WHERE look_again IS NOT NULL) later
                 GROUP BY group_id
                """,
                program=self.program_id.id,
                accrual=self.id,
            )
        )

    def _ask_for_review(self):
        """Plan the accountant's review, once, with the credit day as its deadline."""
        kind = "referral_program.mail_activity_accrual_review"
        if not self.activity_ids.filtered(
            lambda activity: activity.activity_type_id == self.env.ref(kind)
        ):
            self.activity_schedule(
                kind,
                date_deadline=self.credit_date,
                user_id=self.program_id._accountant().id,
            )

    # === POSTING === #

    def _post(self):
        """Post all that is not posted yet, in the caller's transaction."""
        self._post_batch()
        while self.state != "posted":
            self._post_batch()

    def _post_batch(self):
        """Post one journal entry, and end the accrual after the last one.

        The entry and the compensations that it credits are linked in the same
        transaction, so that a batch is posted once or not at all.
        """
        self.ensure_one()
        self._check_can_post()
        self.program_id._check_accounting()
        batch = self.env["referral.compensation"].search(
            [
                ("accrual_id", "=", self.id),
                ("move_line_id", "=", False),
                ("amount", "!=", 0),
            ],
            order="id",
            limit=POST_BATCH_SIZE,
        )
        if batch:
            entry = self._create_entry(batch)
            entry._post(soft=False)
            self._link_compensations(entry, batch)
        if len(batch) < POST_BATCH_SIZE:
            self._update_state("posted", posted_on=fields.Datetime.now())
            self.activity_feedback(["referral_program.mail_activity_accrual_review"])

    def _check_can_post(self):
        """Refuse to post what is not computed, or by conditions that have changed."""
        if self.state != "computed":
            raise UserError(
                self.env._("%(accrual)s is not computed.", accrual=self.display_name)
            )
        if not self.move_ids and self._is_outdated():
            raise UserError(
                self.env._(
                    "Terms, settings or the state of a participant changed after "
                    "%(accrual)s was computed. Compute it anew and look at it again.",
                    accrual=self.display_name,
                )
            )

    def _is_outdated(self):
        """Tell whether the conditions changed since the accrual was computed.

        Terms or settings did, or a participant who would get something may get
        nothing any more.
        """
        # sudo: marks are nobody's to read
        everything = [("program_id", "=", self.program_id.id), ("group_id", "=", False)]
        if self.env["referral.mark"].sudo().search_count(everything, limit=1):
            return True
        inactive = [
            ("accrual_id", "=", self.id),
            ("amount", ">", 0),
            ("participant_id.state", "in", INACTIVE_STATES),
        ]
        return bool(self.env["referral.compensation"].search_count(inactive, limit=1))

    def _create_entry(self, compensations):
        """Create the entry: debit the expense, credit each participant."""
        # sudo: the entry is the program's, whoever lets the month be posted
        moves = self.env["account.move"].sudo().with_company(self.company_id)
        return moves.with_context(tracking_disable=True, mail_create_nolog=True).create(
            self._prepare_entry_vals(compensations)
        )

    def _prepare_entry_vals(self, compensations):
        """Return the values of the entry of these compensations."""
        program = self.program_id.sudo()
        # the ledger is in the company's language, whoever posts
        language = self.company_id.sudo().partner_id.lang
        name = self.with_context(lang=language).display_name
        lines = [
            {
                **self._prepare_item_vals(
                    program.liability_account_id, -compensation.amount, name
                ),
                "partner_id": compensation.participant_id.partner_id.id,
                # nothing to distribute, and one search less for each
                "analytic_distribution": False,
            }
            for compensation in compensations
        ]
        total = self.currency_id.round(sum(compensations.mapped("amount")))
        if total:
            lines.append(
                self._prepare_item_vals(program.expense_account_id, total, name)
            )
        return {
            "move_type": "entry",
            "journal_id": program.journal_id.id,
            "date": self._accounting_date(),
            "ref": name,
            "referral_accrual_id": self.id,
            "line_ids": [Command.create(vals) for vals in lines],
        }

    def _prepare_item_vals(self, account, balance, name):
        return {
            "account_id": account.id,
            "name": name,
            "balance": balance,
            "currency_id": self.currency_id.id,
            "amount_currency": balance,
        }

    def _accounting_date(self):
        """Return the month's last day, or the first open day after a lock date."""
        program = self.program_id.sudo()
        lock_dates = self.company_id._get_violated_lock_dates(
            self.period_end, False, program.journal_id
        )
        if lock_dates:
            return lock_dates[-1][0] + relativedelta(days=1)
        return self.period_end

    def _link_compensations(self, entry, batch):
        """Link each compensation of a batch with its item on the liability account.

        :raise UserError: if one has no item of its own; nothing is posted then
        """
        self.env.flush_all()
        self.env.cr.execute(
            SQL(
                """
                UPDATE referral_compensation compensation
                   SET move_line_id = item.id
                  FROM account_move_line item
                  JOIN referral_participant participant
                    ON participant.partner_id = item.partner_id
                 WHERE item.move_id = %(entry)s
                   AND item.account_id = %(account)s
                   AND compensation.accrual_id = %(accrual)s
                   AND compensation.participant_id = participant.id
                   AND compensation.id IN %(batch)s
                   AND compensation.move_line_id IS NULL
                """,
                batch=batch._ids,
                entry=entry.id,
                account=self.program_id.sudo().liability_account_id.id,
                accrual=self.id,
            )
        )
        if self.env.cr.rowcount != len(batch):
            raise UserError(
                self.env._(
                    "The entry of %(accrual)s does not have one item for each "
                    "compensation.",
                    accrual=self.display_name,
                )
            )
        self.env["referral.compensation"].invalidate_model(["move_line_id"])

    # === ACTION METHODS === #

    def action_compute(self):
        """Compute the month anew from what is in the books now."""
        self.ensure_one()
        self.program_id._check_accountant()
        self.program_id._lock_for_accrual()
        self.program_id._check_can_accrue(self.period_start)
        if self.move_ids:
            raise UserError(
                self.env._(
                    "Some entries of %(accrual)s are posted, so it cannot be computed "
                    "anew. Post the rest.",
                    accrual=self.display_name,
                )
            )
        # sudo: accruals are made by the program, nobody may write them
        self.sudo()._compute_if_possible()

    def action_post(self):
        """Post the computed month."""
        self.ensure_one()
        self.program_id._check_accountant()
        self.program_id._lock_for_accrual()
        # sudo: accruals are made by the program, nobody may write them
        self.sudo()._post()

    def action_view_entries(self):
        """Open the journal entries of these accruals."""
        return self.move_ids._get_records_action(name=self.env._("Journal Entries"))

    def action_view_compensations(self):
        """Open what the participants earned."""
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "referral_program.referral_compensation_action"
        )
        action["domain"] = [("accrual_id", "in", self.ids)]
        action["context"] = {}
        return action

    def action_view_lines(self):
        """Open the evidence."""
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "referral_program.referral_accrual_line_action"
        )
        action["domain"] = [("accrual_id", "in", self.ids)]
        action["context"] = {}
        return action
