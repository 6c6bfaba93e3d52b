from odoo import fields, models
from odoo.tools import SQL

#: Shares of sums: what is divided by what.
SHARES = {
    "cost_of_base": ("amount", "base"),
    "cost_of_revenue": ("amount", "revenue"),
}


class ReferralProgramCost(models.Model):
    """What the program costs, against the revenue of the clients that it brought.

    A row for each line of evidence of a posted month, and one for each line of the
    invoices that fall under a referral. So compensation stands in the
    month that gave it, and revenue in the month of its invoice.

    A client belongs to the cohort of the month in which their referral began: known
    from the first day, and not moved by whatever is paid or credited late, as the
    first compensated month would be.
    """

    _name = "referral.program.cost"
    _description = "Cost of the Referral Program"
    _auto = False
    _order = "month desc, id desc"
    _rec_name = "name"
    _depends = {
        "account.move": [
            "state", "move_type", "invoice_date", "commercial_partner_id",
            "company_id", "partner_id", "referral_root_id", "name",
        ],
        "account.move.line": [
            "move_id", "product_id", "balance", "display_type", "name",
        ],
        "product.product": ["product_tmpl_id"],
        "product.template": ["categ_id"],
        "referral.accrual.line": [
            "accrual_id", "contact_id", "group_key", "participant_id", "referral_id",
        ],
        "referral.kept.invoice": ["move_id", "referral_id"],
        "referral.accrual": ["program_id", "company_id", "period_start", "state"],
        "referral.participant": ["partner_id"],
        "referral.referral": [
            "participant_id", "program_id", "partner_id", "date_start", "date_end",
            "state",
        ],
        "res.company": ["currency_id", "parent_path"],
        "res.partner": ["commercial_partner_id"],
    }  # fmt: skip

    kind = fields.Selection([("compensation", "Compensation"), ("revenue", "Invoiced")])
    program_id = fields.Many2one("referral.program")
    company_id = fields.Many2one("res.company")
    currency_id = fields.Many2one("res.currency")
    month = fields.Date(
        help="The month that was accrued; for revenue, the month of the invoice."
    )
    cohort = fields.Date(help="The month in which the client's referral began.")
    categ_id = fields.Many2one("product.category", "Product Category")
    product_id = fields.Many2one("product.product")
    partner_id = fields.Many2one("res.partner", "Client")
    participant_id = fields.Many2one("referral.participant")
    referral_id = fields.Many2one("referral.referral")
    move_name = fields.Char("Invoice Number")
    name = fields.Char("Label")
    amount = fields.Monetary("Compensation")
    base = fields.Monetary(
        "Paid and Rendered",
        help="What newly became both paid and rendered, and earned a compensation.",
    )
    revenue = fields.Monetary(
        "Invoiced, Untaxed",
        help="What these clients were invoiced during their referral, less credit "
        "notes.",
    )
    cost_of_base = fields.Float(
        "Cost, % of Paid and Rendered",
        aggregator="avg",
        digits=(16, 2),
        help="For a group: the total compensation divided by the total base. Empty if "
        "currencies are mixed.",
    )
    cost_of_revenue = fields.Float(
        "Cost, % of Invoiced",
        aggregator="avg",
        digits=(16, 2),
        help="For a group: the total compensation divided by the total invoiced. "
        "Empty if currencies are mixed.",
    )

    @property
    def _table_query(self):
        return SQL("%s UNION ALL %s", self._compensation_query(), self._revenue_query())

    def _compensation_query(self):
        """Return the ``SELECT`` of the evidence, with even ids."""
        return SQL(
            """
            SELECT 2 * line.id::bigint AS id,
                   'compensation' AS kind,
                   accrual.program_id,
                   accrual.company_id,
                   company.currency_id,
                   accrual.period_start AS month,
                   DATE_TRUNC('month', referral.date_start)::date AS cohort,
                   template.categ_id,
                   line.product_id,
                   line.partner_id,
                   line.participant_id,
                   line.referral_id,
                   line.move_name,
                   line.name,
                   line.amount,
                   line.base,
                   0::numeric AS revenue,
                   100 * line.amount / NULLIF(line.base, 0) AS cost_of_base,
                   NULL::numeric AS cost_of_revenue
              FROM referral_accrual_line line
              JOIN referral_accrual accrual
                ON accrual.id = line.accrual_id AND accrual.state = 'posted'
              JOIN res_company company ON company.id = accrual.company_id
              JOIN referral_referral referral ON referral.id = line.referral_id
              LEFT JOIN product_product product ON product.id = line.product_id
              LEFT JOIN product_template template
                ON template.id = product.product_tmpl_id
            """
        )

    def _revenue_query(self):
        """Return the ``SELECT`` of what bound clients were invoiced, with odd ids."""
        return SQL(
            """
            SELECT 2 * line.id::bigint + 1,
                   'revenue',
                   referral.program_id,
                   referral.company_id,
                   referral.currency_id,
                   DATE_TRUNC('month', move.invoice_date)::date,
                   referral.cohort,
                   template.categ_id,
                   line.product_id,
                   referral.client_id,
                   referral.participant_id,
                   referral.id,
                   move.name,
                   line.name,
                   0::numeric,
                   0::numeric,
                   -line.balance,
                   NULL::numeric,
                   NULL::numeric
              FROM (%(referral)s) referral
              JOIN (%(bound)s) bound ON bound.referral_id = referral.id
              -- a credit note follows the invoice that it reverses
              JOIN account_move move
                ON COALESCE(move.referral_root_id, move.id) = bound.root_id
               AND move.state = 'posted'
              JOIN res_company seller
                ON seller.id = move.company_id
               AND seller.parent_path LIKE referral.parent_path || '%%'
              JOIN account_move_line line
                ON line.move_id = move.id AND line.display_type = 'product'
              LEFT JOIN product_product product ON product.id = line.product_id
              LEFT JOIN product_template template
                ON template.id = product.product_tmpl_id
            """,
            referral=self._referral_query(),
            bound=self._bound_query(),
        )

    def _bound_query(self):
        """Return the ``SELECT`` of the invoices that fall under each referral.

        As the rule has it: what an invoice was credited under, or had when contacts
        changed, holds; else its client decides.
        """
        return SQL(
            """
            WITH referral AS (%(referral)s),
            kept AS (
                SELECT DISTINCT ON (root.id, own.program_id)
                       root.id AS root_id, own.program_id, referral.id AS referral_id
                  FROM (
                    SELECT line.group_key AS root_id, accrual.program_id,
                           line.referral_id, line.participant_id, line.contact_id,
                           line.id AS last_id
                      FROM referral_accrual_line line
                      JOIN referral_accrual accrual
                        ON accrual.id = line.accrual_id AND accrual.state = 'posted'
                     UNION ALL
                    SELECT kept.move_id, program.id, kept.referral_id, NULL, NULL, 0
                      FROM referral_kept_invoice kept
                      LEFT JOIN referral_referral referral
                        ON referral.id = kept.referral_id
                      -- one without a referral has none in any program
                      JOIN referral_program program
                        ON program.id = COALESCE(referral.program_id, program.id)
                       ) own
                  JOIN account_move root
                    ON root.id = own.root_id
                   AND root.partner_id = COALESCE(own.contact_id, root.partner_id)
                  LEFT JOIN referral
                    ON referral.id = own.referral_id
                   AND referral.participant_id
                       = COALESCE(own.participant_id, referral.participant_id)
                   AND root.invoice_date BETWEEN referral.date_start
                                             AND referral.covers_to
                 WHERE referral.id IS NOT NULL OR own.referral_id IS NULL
                 ORDER BY root.id, own.program_id, own.last_id DESC
            ), known AS (
                SELECT id, program_id, client_id AS partner_id, covers_from, covers_to
                  FROM referral
                 UNION
                SELECT id, program_id, contact_id, covers_from, covers_to
                  FROM referral
            )
            SELECT root_id, referral_id
              FROM kept
             WHERE referral_id IS NOT NULL
             UNION ALL
            SELECT root.id, known.id
              FROM known
              JOIN account_move root
                ON root.commercial_partner_id = known.partner_id
               AND root.state = 'posted'
               AND root.move_type IN ('out_invoice', 'out_refund')
               AND root.referral_root_id IS NULL
               AND root.invoice_date BETWEEN known.covers_from AND known.covers_to
             WHERE NOT EXISTS (SELECT FROM kept
                                WHERE kept.root_id = root.id
                                  AND kept.program_id = known.program_id)
            """,
            referral=self._referral_query(),
        )

    def _referral_query(self):
        """Return the ``SELECT`` of the referrals and of the days that each covers."""
        return SQL(
            """
            SELECT referral.id,
                   referral.program_id,
                   referral.participant_id,
                   client.id AS contact_id,
                   client.commercial_partner_id AS client_id,
                   program.company_id,
                   company.currency_id,
                   company.parent_path,
                   referral.date_start,
                   DATE_TRUNC('month', referral.date_start)::date AS cohort,
                   -- should contacts be merged, the older of two referrals holds
                   GREATEST(
                       referral.date_start,
                       MAX(COALESCE(referral.date_end, 'infinity'::date)) OVER (
                           PARTITION BY referral.program_id,
                                        client.commercial_partner_id
                           ORDER BY referral.date_start, referral.id
                           ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
                       ) + 1
                   ) AS covers_from,
                   COALESCE(referral.date_end, 'infinity'::date) AS covers_to
              FROM referral_referral referral
              JOIN referral_program program ON program.id = referral.program_id
              JOIN res_company company ON company.id = program.company_id
              JOIN res_partner client ON client.id = referral.partner_id
             WHERE referral.state IN ('active', 'ended')
            """
        )

    def _read_group_select(self, aggregate_spec, query):
        """Divide the sums of a group: the mean of its shares would say nothing."""
        name, _colon, function = aggregate_spec.partition(":")
        if name not in SHARES or function != "avg":
            return super()._read_group_select(aggregate_spec, query)
        part, whole = (
            self._field_to_sql(self._table, field, query) for field in SHARES[name]
        )
        return SQL(
            "CASE WHEN COUNT(DISTINCT %(currency)s) = 1"
            " THEN 100 * SUM(%(part)s) / NULLIF(SUM(%(whole)s), 0) END",
            currency=self._field_to_sql(self._table, "currency_id", query),
            part=part,
            whole=whole,
        )

    # === ACTION METHODS === #

    def action_open_source(self):
        """Open the evidence, or the invoice."""
        self.ensure_one()
        self.check_access("read")
        if self.kind == "compensation":
            line = self.env["referral.accrual.line"].browse(self.id // 2)
            return line._get_records_action()
        return (
            self.env["account.move.line"]
            .browse(self.id // 2)
            .move_id._get_records_action()
        )
