from dateutil.relativedelta import relativedelta

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL, format_date

from ..tools.actions import window

REPORT_XLSX = "referral_program.referral_explanation_xlsx"
REPORT_PDF = "referral_program.referral_explanation_pdf"


class ReferralExplain(models.TransientModel):
    """Ask why invoice lines earned what they earned.

    Every reader of the program may ask, auditors too: nothing is written but the
    answer, which only they themselves see. Company rules hold for the program, and
    through it for the invoices: those of its company and its branches.

    Readers without a right to invoices are told about lines of clients whom somebody
    brought, with their amounts, because they read the same in the evidence of
    accruals. Lines of all other clients are for those who may read these invoices.
    """

    _name = "referral.explain"
    _description = "Explain What Invoice Lines Earned"
    _inherit = ["referral.sight.mixin"]
    _rec_names_search = ["program_id"]

    program_id = fields.Many2one(
        "referral.program",
        required=True,
        default=lambda self: self._default_program_id(),
    )
    company_id = fields.Many2one(related="program_id.company_id")
    as_of = fields.Date(
        "As of",
        required=True,
        compute="_compute_as_of",
        store=True,
        precompute=True,
        readonly=False,
        help="What is paid and rendered by this day counts. Today's date also shows "
        "what is not accrued yet.",
    )
    date_from = fields.Date(
        "Invoiced From",
        compute="_compute_dates",
        store=True,
        precompute=True,
        readonly=False,
        help="By the date of the invoice or credit note; both days are included.",
    )
    date_to = fields.Date(
        "Invoiced To",
        compute="_compute_dates",
        store=True,
        precompute=True,
        readonly=False,
    )
    participant_id = fields.Many2one(
        "referral.participant",
        domain="[('program_id', '=', program_id)]",
        ondelete="cascade",
        help="Only lines of this participant's clients. If empty, all participants.",
    )
    partner_id = fields.Many2one(
        "res.partner",
        "Client",
        ondelete="cascade",
        help="All clients, if left out.",
    )
    everybody = fields.Boolean(
        "Include Clients Without a Referrer",
        help="Only invoices that you may read.",
    )
    excluded = fields.Boolean(
        "Excluded Services",
        help="Only lines that earn nothing, or less than they could, by reason.",
    )
    row_ids = fields.One2many("referral.explanation", "explain_id", readonly=True)

    def _default_program_id(self):
        return self.env["referral.program"]._of_company(self.env.company)

    @api.depends("program_id")
    def _compute_as_of(self):
        for explain in self:
            explain.as_of = explain.program_id._today() if explain.program_id else False

    @api.depends("program_id")
    def _compute_dates(self):
        for explain in self.filtered("program_id"):
            first = explain.program_id._today().replace(day=1)
            explain.date_from = first - relativedelta(months=1)
            explain.date_to = first - relativedelta(days=1)

    @api.depends("program_id", "as_of")
    @api.depends_context("lang")
    def _compute_display_name(self):
        for explain in self:
            explain.display_name = explain.program_id.display_name

    # === ASKING === #

    def _explain(self, groups, keep=None):
        """Find the answer, in place of an earlier one.

        :param SQL groups: a ``SELECT`` of invoices' ids, see ``referral.explanation``
        :param SQL keep: which of their lines to keep; all, if left out
        :raise AccessError: if the user may not read the program
        """
        self.ensure_one()
        self.check_access("read")
        self.program_id.check_access("read")
        # sudo: the answer is written for readers, who may not write it themselves
        self.sudo().row_ids.unlink()
        payments = self.env["referral.explanation.payment"].sudo()
        payments.search([("explain_id", "=", self.id)]).unlink()
        self.env["referral.explanation"]._explain(self, groups, keep or SQL("TRUE"))

    def _ask(self, program, groups, keep=None, as_of=None):
        """Ask about certain invoices and return the action that shows the answer.

        :param program: the ``referral.program``
        :param SQL groups: a ``SELECT`` of invoices' ids
        :param SQL keep: which of their lines to keep; all, if left out
        :param date as_of: the day; today, if left out
        """
        values = {"program_id": program.id}
        if as_of:
            values["as_of"] = as_of
        explain = self.create(values)
        explain._explain(groups, keep)
        return explain._open()

    def _explain_chosen(self):
        """Find the answer to what the wizard asks.

        :raise UserError: if the dates are the wrong way round, or the participant is
            of another program
        :raise AccessError: if the user may not read program or participant
        """
        self.ensure_one()
        if self.date_from and self.date_to and self.date_from > self.date_to:
            raise UserError(
                self.env._("The first day is after the last one. Correct the dates.")
            )
        self.participant_id.check_access("read")
        if self.participant_id and self.participant_id.program_id != self.program_id:
            raise UserError(
                self.env._(
                    "%(participant)s does not take part in %(program)s.",
                    participant=self.participant_id.display_name,
                    program=self.program_id.name,
                )
            )
        self._explain(self._chosen_groups(), self._chosen_lines())

    def _days(self):
        """Return the first and the last day of the invoices, as PostgreSQL knows it."""
        return self.date_from or "-infinity", self.date_to or "infinity"

    def _chosen_groups(self):
        """Return the ``SELECT`` of the invoices with a document dated in the window."""
        first, last = self._days()
        client = self.partner_id.commercial_partner_id.id
        return SQL(
            """
            SELECT COALESCE(move.referral_root_id, move.id) AS group_id
              FROM account_move move
             WHERE move.move_type IN ('out_invoice', 'out_refund')
               AND move.company_id IN %(companies)s
               AND move.invoice_date BETWEEN %(first)s AND %(last)s
               AND (%(client)s IS NULL OR move.commercial_partner_id = %(client)s)
               AND (%(whose)s)
             UNION
            SELECT line.group_key
              FROM referral_accrual accrual
              JOIN referral_compensation compensation
                ON compensation.accrual_id = accrual.id
              JOIN referral_accrual_line line
                ON line.compensation_id = compensation.id
             WHERE accrual.program_id = %(program)s
               AND accrual.period_end >= %(first)s
               AND line.invoice_date BETWEEN %(first)s AND %(last)s
               AND (%(client)s IS NULL OR line.partner_id = %(client)s)
               AND (%(participant)s IS NULL OR line.participant_id = %(participant)s)
            """,
            companies=self.program_id._companies()._ids,
            program=self.program_id.id,
            first=SQL("%s::date", first),
            last=SQL("%s::date", last),
            client=SQL("%s::integer", client or None),
            participant=SQL("%s::integer", self.participant_id.id or None),
            whose=self._whose(),
        )

    def _whose(self):
        """Return the condition on an invoice's client: whom somebody brought."""
        brought = SQL(
            """
            move.commercial_partner_id IN (
                SELECT brought.commercial_partner_id
                  FROM referral_referral referral
                  JOIN res_partner brought ON brought.id = referral.partner_id
                 WHERE referral.program_id = %(program)s
                   AND (%(participant)s IS NULL
                        OR referral.participant_id = %(participant)s))
            """,
            program=self.program_id.id,
            participant=SQL("%s::integer", self.participant_id.id or None),
        )
        moves = self.env["account.move"]
        if not self.everybody or self.participant_id or not moves.has_access("read"):
            return brought
        readable = moves._search(
            [("move_type", "in", ("out_invoice", "out_refund"))]
        ).subselect()
        return SQL("%s OR move.id IN %s", brought, readable)

    def _chosen_lines(self):
        """Return which lines of those invoices to keep."""
        first, last = self._days()
        return SQL(
            """
            COALESCE(document.invoice_date, line.invoice_date)
                BETWEEN %(first)s::date AND %(last)s::date
            AND (%(participant)s IS NULL
                 OR line.participant_id IS NULL
                 OR line.participant_id = %(participant)s
                 OR EXISTS (SELECT FROM referral_accrual_line past
                             WHERE past.line_key = line.line_key
                               AND COALESCE(past.is_further, FALSE) = line.is_further
                               AND past.participant_id = %(participant)s))
            """,
            first=first,
            last=last,
            participant=SQL("%s::integer", self.participant_id.id or None),
        )

    # === ACTION METHODS === #

    def action_explain(self):
        """Find the answer and open it.

        :raise UserError: if the question makes no sense
        :raise AccessError: if the user may not read program or participant
        """
        self._explain_chosen()
        return self._open()

    def action_export_xlsx(self):
        """Download what earns nothing, by reason, as a workbook."""
        return self._export(REPORT_XLSX)

    def action_export_pdf(self):
        """Download what earns nothing, summed up by reason, as a PDF."""
        return self._export(REPORT_PDF)

    def _export(self, report):
        self.ensure_one()
        self.check_access("read")
        if self.env.context.get("referral_ask"):
            self._explain_chosen()
        return self.env.ref(report).report_action(self, config=False)

    def _open(self):
        """Return the action that shows the answer."""
        domain, context = [("explain_id", "=", self.id)], {"explain_id": self.id}
        if self.excluded:
            return window(
                self.env,
                "referral_excluded_action",
                self._excluded_domain(),
                {**context, "excluded": True},
            )
        return window(
            self.env,
            "referral_explanation_action",
            domain,
            context,
            single=self.row_ids,
        )

    # === WHAT EARNS NOTHING, BY REASON === #

    def _excluded_domain(self):
        """Return which lines are excluded: on the screen, as a page, as a workbook.

        Those that do not give all they could, for a reason that does not pass by
        itself.
        """
        self.ensure_one()
        return [
            ("explain_id", "=", self.id),
            ("reason", "!=", False),
            ("waits", "=", False),
        ]

    def _question(self):
        """Return what was asked, as pairs of label and text."""
        self.ensure_one()
        window = " – ".join(
            format_date(self.env, day) if day else "…"
            for day in (self.date_from, self.date_to)
        )
        asked = [
            ("program_id", self.program_id.display_name),
            ("company_id", self.company_id.display_name),
            ("as_of", format_date(self.env, self.as_of)),
            ("participant_id", self.participant_id.display_name),
            ("partner_id", self.partner_id.display_name),
        ]
        labels = [
            (self._fields[name]._description_string(self.env), text)
            for name, text in asked
            if text
        ]
        labels.insert(2, (self.env._("Invoiced"), window))
        currency = self.program_id.currency_id.name
        return [*labels, (self.env._("Currency"), currency)]

    def _by_reason(self):
        """Return what earns nothing, by reason and category.

        All amounts of an answer are in one currency: that of the program's company.

        :return: a list of dicts: reason's code and label, lines, base, and rows, a list
            of (category, lines, base); the largest first
        """
        self.ensure_one()
        rows = self.env["referral.explanation"]
        labels = dict(rows._fields["reason"]._description_selection(self.env))
        groups = {}
        for reason, category, count, base in rows._read_group(
            self._excluded_domain(),
            ["reason", "categ_id"],
            ["__count", "unearned:sum"],
        ):
            group = groups.setdefault(
                reason,
                {
                    "code": reason,
                    "label": labels[reason],
                    "lines": 0,
                    "base": 0.0,
                    "rows": [],
                },
            )
            name = category.display_name or self.env._("Without category")
            group["rows"].append((name, count, base))
            group["lines"] += count
            group["base"] = round(group["base"] + base, 6)
        for group in groups.values():
            group["rows"].sort(key=lambda row: -abs(row[2]))
        order = list(labels)
        return sorted(groups.values(), key=lambda group: order.index(group["code"]))
