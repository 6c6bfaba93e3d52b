from dataclasses import replace
from functools import partial

from odoo import fields, models
from odoo.tools import SQL

from ...tools.rounding import rounded_query


class ReferralEstimate(models.Model):
    """What is on its way to a participant, as far as it can be told on a day.

    Found by the same query as the accruals, over what is still open: unpaid
    invoices, services to come, and whatever happened since the last accrual. Computed
    daily for a whole program at once, so that a page shows it at no cost.
    """

    _name = "referral.estimate"
    _description = "Referral Estimate"
    _inherit = ["referral.immutable.mixin"]
    _log_access = False
    _order = "so_far desc, id"
    _rec_name = "participant_id"

    participant_id = fields.Many2one(
        "referral.participant", required=True, ondelete="cascade"
    )
    program_id = fields.Many2one(related="participant_id.program_id")
    company_id = fields.Many2one(related="participant_id.company_id")
    currency_id = fields.Many2one(related="program_id.currency_id")
    day = fields.Date("As of", required=True)
    so_far = fields.Monetary(
        "Accrued to Date",
        help="What the next accruals would credit if they were run today.",
    )
    unpaid = fields.Monetary(
        "Rendered, Not Paid",
        help="The compensation to be earned when clients pay for what they have used.",
    )
    unrendered = fields.Monetary(
        "Paid, Not Rendered",
        help="The compensation to be earned when clients use what they have paid for.",
    )

    _participant_unique = models.UniqueIndex("(participant_id)")

    def _cron_estimate(self):
        """Estimate all programs anew; one that fails does not stop the others."""
        programs = self.env["referral.program"]
        found = programs.search([])  # pylint: disable=no-search-all
        steps = [(program, partial(self._estimate, program)) for program in found]
        programs._in_turn(steps, "estimate", "ir_cron_estimate")

    def _estimate(self, program):
        """Estimate a program anew, as of today."""
        self.env.flush_all()
        self.env["referral.mark"]._write_marks()
        today = program._today()
        accruals = self.env["referral.accrual"]
        accrual = accruals.new(
            {"program_id": program.id, "period_start": today.replace(day=1)}
        )
        conditions = replace(
            program._conditions(accrual), accrual_id=0, end=today, posted_only=True
        )
        groups = self._open_groups(program)
        if self._is_everything_marked(program):
            groups = accrual._everything()
        with accruals._earned(conditions, groups) as lines:
            self._store(program, today, lines)
            self.env["referral.referral"]._note_first_payments(program, lines)
        self.invalidate_model()

    def _is_everything_marked(self, program):
        """Tell whether the next accrual looks at all invoices: terms have changed."""
        # sudo: marks are nobody's to read
        marks = self.env["referral.mark"].sudo()
        return bool(
            marks.search_count(
                [("program_id", "=", program.id), ("group_id", "=", False)], limit=1
            )
        )

    def _open_groups(self, program):
        """Return the ``SELECT`` of the groups that may still give something."""
        return SQL(
            """
            SELECT mark.group_id
              FROM referral_mark mark
             WHERE mark.program_id = %(program)s AND mark.group_id IS NOT NULL
             UNION
            SELECT line.group_key
              FROM referral_accrual accrual
              JOIN referral_accrual_line line ON line.accrual_id = accrual.id
             WHERE accrual.program_id = %(program)s
               AND accrual.state <> 'posted'
             UNION
            SELECT item.move_id
              FROM referral_referral referral
              JOIN res_partner brought ON brought.id = referral.partner_id
              JOIN res_partner contact
                ON contact.commercial_partner_id = brought.commercial_partner_id
              JOIN account_move_line item ON item.partner_id = contact.id
              JOIN account_move move ON move.id = item.move_id
             WHERE referral.program_id = %(program)s
               AND (item.reconciled IS NULL OR item.reconciled = FALSE)
               AND item.parent_state = 'posted'
               AND item.display_type = 'payment_term'
               AND move.move_type = 'out_invoice'
            """,
            program=program.id,
        )

    def _store(self, program, today, lines):
        """Sum the lines by participant, in place of what was there."""
        unit = program.currency_id.rounding
        self.env.cr.execute(
            SQL(
                """
                DELETE FROM referral_estimate
                 WHERE participant_id IN (SELECT id FROM referral_participant
                                           WHERE program_id = %s)
                """,
                program.id,
            )
        )
        self.env.cr.execute(
            SQL(
                """
                INSERT INTO referral_estimate
                       (participant_id, day, so_far, unpaid, unrendered)
                SELECT * FROM (
                SELECT line.participant_id,
                       %(today)s::date,
                       %(so_far)s AS so_far,
                       %(unpaid)s AS unpaid,
                       %(unrendered)s AS unrendered
                  FROM (%(lines)s) line
                 WHERE line.participant_id IS NOT NULL
                 GROUP BY line.participant_id
                ) found
                 WHERE so_far <> 0 OR unpaid <> 0 OR unrendered <> 0
                """,
                today=today,
                so_far=rounded_query(SQL("SUM(line.amount)"), unit),
                unpaid=rounded_query(self._still_open("rendered", "paid"), unit),
                unrendered=rounded_query(self._still_open("paid", "rendered"), unit),
                lines=lines,
            )
        )

    def _still_open(self, ahead, behind):
        """Return the SQL of what comes when one share has caught up with the other."""
        return SQL(
            """
            SUM(line.full_base * line.rate / 100 * GREATEST(%s - %s, 0) / 100)
                FILTER (WHERE line.reason IS NULL)
            """,
            SQL.identifier("line", ahead),
            SQL.identifier("line", behind),
        )
