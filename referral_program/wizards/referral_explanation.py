from dataclasses import replace

from odoo import api, fields, models
from odoo.tools import SQL

from ..models.accrual.referral_accrual_line import UnboundMany2one


class ReferralExplanation(models.TransientModel):
    """Why an invoice line earned what it earned: one row for each line asked about.

    Found by the query of the accrual itself, so that it cannot say anything else than
    the next accrual does. A row belongs to whoever asked; see ``referral.explain``
    for who may ask about what.

    Amounts are in the company's currency, with 6 decimals; shares in percent.
    """

    _name = "referral.explanation"
    _description = "Referral Explanation"
    _order = "invoice_date desc, move_name desc, line_key"
    _rec_name = "name"

    explain_id = fields.Many2one(
        "referral.explain", required=True, index=True, ondelete="cascade"
    )
    program_id = UnboundMany2one("referral.program")
    company_id = UnboundMany2one("res.company")
    currency_id = UnboundMany2one("res.currency")
    as_of = fields.Date(
        "As of",
        help="What is paid and rendered by this day counts, as do accruals up to it.",
    )

    # What the line is
    line_key = fields.Integer("Invoice Line ID")
    group_key = fields.Integer("Invoice ID")
    move_line_id = UnboundMany2one("account.move.line", "Invoice Line")
    move_id = UnboundMany2one("account.move", "Document")
    invoice_id = UnboundMany2one(
        "account.move",
        "Invoice",
        help="For a credit note, the invoice that it reverses.",
    )
    move_name = fields.Char("Invoice Number")
    name = fields.Char("Label")
    invoice_date = fields.Date()
    partner_id = UnboundMany2one("res.partner", "Client")
    participant_id = UnboundMany2one("referral.participant")
    referral_id = UnboundMany2one("referral.referral")
    is_further = fields.Boolean("Further Referral")
    terms_id = UnboundMany2one("referral.program.terms")
    product_id = UnboundMany2one("product.product")
    categ_id = UnboundMany2one("product.category", "Product Category")

    # What has happened
    start_date = fields.Date("Service From")
    end_date = fields.Date("Service To")
    days = fields.Integer("Days of Service")
    days_rendered = fields.Integer()
    postpaid = fields.Boolean(help="A postpaid client's services count as rendered.")
    rendered = fields.Float("Rendered (%)", digits=(16, 6), aggregator=None)
    paid = fields.Float(
        "Paid (%)",
        digits=(16, 6),
        aggregator=None,
        help="The share of the invoice, less its credit notes, that is paid in money.",
    )
    bonus = fields.Float(
        "Paid by Bonus (%)",
        digits=(16, 6),
        aggregator=None,
        help="The share that is settled from the program's bonus journals.",
    )
    not_money = fields.Float(
        "Paid by Other Means (%)",
        digits=(16, 6),
        aggregator=None,
        help="The share that is settled by something else that is not money, such as "
        "a write-off.",
    )

    # What it earned
    full_base = fields.Monetary(
        help="The base on which the line can earn, once it is paid and rendered."
    )
    earned = fields.Monetary(
        "Earned Base", help="The part that is both paid and rendered."
    )
    unearned = fields.Monetary(
        "Excluded Amount",
        help="The part of the full base that earns nothing, for the reason shown.",
    )
    credited_base = fields.Monetary(
        help="The base for which accruals have credited compensation."
    )
    credited_amount = fields.Monetary(
        "Credited", help="The compensation that accruals have credited."
    )
    base = fields.Monetary(
        "Pending Base",
        help="The base for which the next accrual would credit compensation if its "
        "month ended on this day.",
    )
    amount = fields.Monetary(
        "Pending Compensation",
        help="What the next accrual would credit if its month ended on this day; "
        "negative if it would reverse.",
    )
    rate = fields.Float(
        "Rate (%)",
        digits=(16, 6),
        aggregator=None,
        help="The rate of what is pending; if nothing is, the average rate of what "
        "was credited.",
    )
    evidence_ids = fields.Many2many(
        "referral.accrual.line",
        compute="_compute_evidence_ids",
        string="Credited So Far",
    )
    payment_ids = fields.Many2many(
        "referral.explanation.payment",
        compute="_compute_payment_ids",
        string="Payments and Credits",
    )

    @api.depends("move_name", "name")
    def _compute_display_name(self):
        for row in self:
            row.display_name = " · ".join(filter(None, (row.move_name, row.name)))

    @api.depends("line_key", "program_id", "as_of")
    def _compute_evidence_ids(self):
        lines = self.env["referral.accrual.line"].search(
            [
                ("line_key", "in", self.mapped("line_key")),
                ("accrual_id.program_id", "in", self.program_id.ids),
            ],
            order="id",
        )
        by_line = lines.grouped("line_key")
        for row in self:
            row.evidence_ids = by_line.get(row.line_key, lines.browse()).filtered(
                lambda line, row=row: (
                    line.accrual_id.period_end <= row.as_of
                    and line.is_further == row.is_further
                    and (not row.is_further or line.referral_id == row.referral_id)
                )
            )

    @api.depends("group_key", "explain_id")
    def _compute_payment_ids(self):
        payments = self.env["referral.explanation.payment"].search(
            [
                ("explain_id", "in", self.explain_id.ids),
                ("group_key", "in", self.mapped("group_key")),
            ]
        )
        by_group = payments.grouped(lambda one: (one.explain_id, one.group_key))
        for row in self:
            key = (row.explain_id, row.group_key)
            row.payment_ids = by_group.get(key, payments.browse())

    # === FINDING === #

    def _explain(self, explain, groups, keep):
        """Find the rows for a question, whose earlier rows must be gone.

        The caller has checked that the user may ask about the program.

        :param explain: the ``referral.explain``: program and day
        :param SQL groups: a ``SELECT`` of the ids of the invoices asked about; for a
            credit note, the one that it reverses
        :param SQL keep: which lines of theirs to keep, a condition on ``line`` (a row
            of the accrual's query) and ``document`` (its invoice or credit note)
        """
        self.env.flush_all()
        program = explain.program_id
        accruals = self.env["referral.accrual"]
        accrual = accruals.new(
            {"program_id": program.id, "period_start": explain.as_of.replace(day=1)}
        )
        conditions = replace(
            program._conditions(accrual), accrual_id=0, end=explain.as_of
        )
        earning = self.env["referral.earning"]
        asked = self._with_neighbours(conditions, groups)
        with accruals._earned(conditions, asked) as lines:
            self.env["referral.explanation.payment"]._store(
                explain, earning._counterpart_query(conditions)
            )
            self.env.cr.execute(self._insert(explain, lines, keep))
        self.env.invalidate_all(flush=False)

    def _with_neighbours(self, conditions, groups):
        """Return the groups asked about, and those that decide about their rate.

        With tiers, all that the client newly paid and used in the month does.
        """
        asked = SQL("SELECT group_id, TRUE AS asked FROM (%s) asked", groups)
        if not conditions.has_tiers:
            return asked
        return SQL(
            """
            WITH asked AS MATERIALIZED (%(groups)s)
            SELECT group_id, TRUE AS asked FROM asked
             UNION ALL
            (SELECT COALESCE(move.referral_root_id, move.id),
                    FALSE
               FROM (SELECT DISTINCT contact.commercial_partner_id AS id
                       FROM asked
                       JOIN account_move root ON root.id = asked.group_id
                       JOIN res_partner contact ON contact.id = root.partner_id
                    ) client
               JOIN res_partner contact ON contact.commercial_partner_id = client.id
               JOIN account_move move ON move.partner_id = contact.id
              WHERE move.move_type IN ('out_invoice', 'out_refund')
                AND move.company_id IN %(companies)s
             EXCEPT
             SELECT group_id, FALSE FROM asked)
            """,
            groups=groups,
            companies=conditions.company_ids,
        )

    def _insert(self, explain, lines, keep):
        """Return the statement that stores a row for each line."""
        earning = self.env["referral.earning"]
        return SQL(
            """
            INSERT INTO referral_explanation
                   (explain_id, create_uid, write_uid, create_date, write_date,
                    program_id, company_id, currency_id, as_of, line_key, group_key,
                    move_line_id, move_id, invoice_id, move_name, name, invoice_date,
                    partner_id, participant_id, referral_id, is_further, terms_id,
                    product_id, categ_id, start_date, end_date, days, days_rendered,
                    postpaid, rendered, paid, bonus, not_money, full_base, earned,
                    unearned, credited_base, credited_amount, base, amount, rate,
                    reason, waits, state)
            SELECT %(explain)s, %(user)s, %(user)s,
                   NOW() AT TIME ZONE 'UTC', NOW() AT TIME ZONE 'UTC',
                   %(program)s, %(company)s, %(currency)s, %(as_of)s, line.line_key,
                   line.group_id, line.move_line_id, document.id, root.id,
                   line.move_name, line.name,
                   COALESCE(document.invoice_date, line.invoice_date),
                   line.partner_id, line.participant_id, line.referral_id,
                   line.is_further, line.terms_id, line.product_id, template.categ_id,
                   line.start_date, line.end_date, %(days)s, %(days_rendered)s,
                   COALESCE(grp.postpaid, FALSE),
                   line.rendered, line.paid, settled.bonus, settled.not_money,
                   line.full_base, line.earned,
                   CASE WHEN line.is_further THEN 0
                        ELSE line.full_base - line.credited_base - line.base END,
                   line.credited_base, line.credited_amount, line.base, line.amount,
                   CASE WHEN line.base = 0 AND line.credited_base <> 0
                        THEN ROUND(100 * line.credited_amount / line.credited_base, 6)
                        WHEN line.base <> 0 OR line.reason IS NULL
                             OR line.reason IN ('participant_inactive',
                                                'referral_pending')
                        THEN line.rate ELSE 0 END,
                   why.reason, COALESCE(why.reason IN %(waiting)s, FALSE), %(state)s
              FROM (%(lines)s) line
              JOIN referral_scope scope
                ON scope.group_id = line.group_id AND scope.asked
              LEFT JOIN referral_group grp ON grp.group_id = line.group_id
              LEFT JOIN account_move root ON root.id = line.group_id
              LEFT JOIN account_move_line item ON item.id = line.move_line_id
              LEFT JOIN account_move document ON document.id = item.move_id
              LEFT JOIN product_product product ON product.id = line.product_id
              LEFT JOIN product_template template
                ON template.id = product.product_tmpl_id
              LEFT JOIN referral_participant participant
                ON participant.id = line.participant_id
              LEFT JOIN (%(settled)s) sums ON sums.group_key = line.group_id
             CROSS JOIN LATERAL (
                    SELECT COALESCE(ROUND(100 * sums.bonus
                                          / NULLIF(GREATEST(grp.net, 0), 0), 6), 0)
                               AS bonus,
                           COALESCE(ROUND(100 * sums.not_money
                                          / NULLIF(GREATEST(grp.net, 0), 0), 6), 0)
                               AS not_money,
                           COALESCE(sums.unmatched, 0) AS unmatched,
                           COALESCE(sums.bonus + sums.not_money, 0) AS unpaid
                   ) settled
             CROSS JOIN LATERAL (SELECT %(reason)s AS reason) why
             WHERE %(keep)s
            """,
            explain=explain.id,
            user=self.env.uid,
            program=explain.program_id.id,
            company=explain.program_id.company_id.id,
            currency=explain.program_id.currency_id.id,
            as_of=explain.as_of,
            days=earning._days("line"),
            days_rendered=earning._days("line", explain.as_of),
            reason=self._reason(),
            waiting=self._waiting(),
            state=self._state(),
            lines=lines,
            settled=self.env["referral.explanation.payment"]._sums(explain),
            keep=keep,
        )

    # === ACTION METHODS === #

    def action_export_xlsx(self):
        """Download the whole answer that these rows, or the context, belong to."""
        return self._answer().action_export_xlsx()

    def action_export_pdf(self):
        """Download the answer's sums by reason."""
        return self._answer().action_export_pdf()

    def _answer(self):
        """Return the question whose answer is shown; its own access decides."""
        asked = self.explain_id[:1].id or self.env.context.get("explain_id")
        return self.env["referral.explain"].browse(asked)

    def action_open_invoice(self):
        """Open the line's invoice or credit note.

        :raise AccessError: if the user has no right to read it
        """
        self.ensure_one()
        return self.move_id._get_records_action()
