from dateutil.relativedelta import relativedelta

from odoo import Command, fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL

from ...tools.batches import batches
from ..participant.referral_participant import INACTIVE_STATES

#: Compensations posted by one journal entry; `make bench` shows why this many.
POST_BATCH_SIZE = 1000


class ReferralAccrual(models.Model):
    """Posting a computed month: journal entries in batches, each linked at once."""

    _inherit = "referral.accrual"

    def _post(self):
        """Post all that is not posted yet, in the caller's transaction."""
        self._post_batch()
        while self.state != "posted":
            self._post_batch()

    def _post_batch(self):
        """Post one journal entry, and end the accrual after the last one."""
        batch = self._to_post(limit=POST_BATCH_SIZE)
        if batch:
            self._post_entry(batch)
        if len(batch) < POST_BATCH_SIZE:
            self._end()

    def _to_post(self, limit=None):
        """Return the compensations that no entry credits yet."""
        self.ensure_one()
        return self.env["referral.compensation"].search(
            [
                ("accrual_id", "=", self.id),
                ("move_line_id", "=", False),
                ("amount", "!=", 0),
            ],
            order="id",
            limit=limit,
        )

    def _batches_to_post(self):
        """Return the same by the entries that are to credit them."""
        return batches(self._to_post(), POST_BATCH_SIZE)

    def _post_entry(self, batch):
        """Post the journal entry of some compensations.

        The entry and the compensations that it credits are linked in the same
        transaction, so that a batch is posted once or not at all.
        """
        self._check_can_post()
        self.program_id._check_accounting()
        entry = self._create_entry(batch)
        entry._post(soft=False)
        self._link_compensations(entry, batch)
        self.env["referral.event"]._record("month.credited", batch)

    def _end(self):
        """Call the month posted, if all of it is; the caller has the program.

        :return bool: whether it is
        """
        if self._to_post(limit=1):
            return False
        self._check_can_post()
        self.program_id._check_accounting()
        self._update_state("posted", posted_on=fields.Datetime.now())
        return True

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
                    "%(accrual)s was computed. Recompute it and review it again.",
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
            # one that was rejected or closed before keeps what an invoice had got
            "|",
            ("participant_id.state", "=", "suspended"),
            ("participant_id.state_since", ">", self.computed_on),
        ]
        return bool(self.env["referral.compensation"].search_count(inactive, limit=1))

    def _create_entry(self, compensations):
        """Create the entry: debit the expense, credit each participant."""
        # sudo: the entry is the program's, whoever lets the month be posted
        moves = self.env["account.move"].sudo().with_company(self.company_id)
        return moves.with_context(
            tracking_disable=True,
            mail_create_nolog=True,
            # whole as it is: no taxes or terms to make lines of
            skip_invoice_sync=True,
            skip_invoice_line_sync=True,
        ).create(self._prepare_entry_vals(compensations))

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
            # nothing to tax: Odoo would find out item by item
            "price_subtotal": 0.0,
            "price_total": 0.0,
            "tax_ids": [],
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
