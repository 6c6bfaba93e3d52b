from collections import defaultdict

from dateutil.relativedelta import relativedelta

from odoo import fields, models


class ReferralForecastCash(models.TransientModel):
    """What may be paid to participants in a calendar month.

    Open withdrawals, and whatever may be withdrawn: a balance that is available, with
    what is credited until then, as soon as it reaches the minimum. A month of the
    program is credited in the next one. It is the most that may be asked for: nobody
    has to withdraw. Participants who are not paid today (not active, documents not
    approved, agreements not accepted) are left out.
    """

    _name = "referral.forecast.cash"
    _description = "Referral Forecast: Cash"
    _inherit = ["referral.forecast.row"]

    withdrawals = fields.Monetary(
        "Open Withdrawals",
        help="Requested already: in the month in which the bill is due, or now if it "
        "is overdue or there is no bill yet.",
    )
    certain = fields.Monetary(
        "May Be Withdrawn, Certain",
        help="What becomes available to withdraw if clients pay no more.",
    )
    expected = fields.Monetary(
        "Expected in Addition",
        help="What becomes available in addition if open invoices are paid when due.",
    )
    total = fields.Monetary("Cash, at Most")
    so_far = fields.Monetary(
        "Until Then",
        aggregator=None,
        help="The cash of this month and of all before it.",
    )

    def _store(self, forecast):
        """Store the cash of a forecast whose lines are there.

        :param forecast: the ``referral.forecast``, in superuser mode
        """
        sums = defaultdict(lambda: {"withdrawals": 0.0, "certain": 0.0, "all": 0.0})
        rest = set()
        for program in forecast.program_ids:
            this_month = program._today().replace(day=1)
            for month, amount in self._withdrawals(program, this_month):
                sums[month]["withdrawals"] += amount
            lines = forecast.line_ids.filtered(
                lambda one, p=program: one.program_id == p
            )
            rest |= {
                self._cash_month(line.month, this_month)
                for line in lines.filtered("is_rest")
            }
            for run, amounts in (
                ("certain", lines.filtered(lambda one: one.kind == "certain")),
                ("all", lines),
            ):
                for month, amount in self._released(program, amounts, this_month):
                    sums[month][run] += amount
        so_far, rows = 0.0, []
        for month, parts in sorted(sums.items()):
            vals = self._prepare_vals(forecast, month, parts)
            so_far += vals["total"]
            rows.append({**vals, "so_far": so_far, "is_rest": month in rest})
        self.create(rows)

    def _prepare_vals(self, forecast, month, parts):
        expected = parts["all"] - parts["certain"]
        return {
            "forecast_id": forecast.id,
            "month": month,
            "withdrawals": parts["withdrawals"],
            "certain": parts["certain"],
            "expected": expected,
            "total": parts["withdrawals"] + parts["all"],
        }

    def _withdrawals(self, program, this_month):
        """Yield month and amount of each open withdrawal."""
        found = self.env["referral.withdrawal"].search(
            [
                ("program_id", "=", program.id),
                ("state", "in", ("requested", "billed")),
            ]
        )
        for withdrawal in found:
            bill = withdrawal.bill_id
            if bill.state != "posted":
                yield this_month, withdrawal.reserved_amount
                continue
            due = (bill.invoice_date_due or this_month).replace(day=1)
            yield max(due, this_month), abs(bill.amount_residual_signed)

    def _released(self, program, lines, this_month):
        """Yield month and amount of what each participant may withdraw.

        :param lines: the ``referral.forecast.line`` to count on
        """
        coming = defaultdict(lambda: defaultdict(float))
        for line in lines:
            month = self._cash_month(line.month, this_month)
            coming[line.participant_id][month] += line.amount
        participants = self.env["referral.participant"].search(
            [("program_id", "=", program.id), ("state", "=", "active")]
        )
        participants = participants.filtered("payout_allowed")
        for participant, available in participants._availables().items():
            months = {this_month: 0.0, **coming[participant]}
            for month, amount in sorted(months.items()):
                available = program.currency_id.round(available + amount)
                if available > 0 and (
                    program.currency_id.compare_amounts(
                        available, program.min_withdrawal
                    )
                    >= 0
                ):
                    yield month, available
                    available = 0.0

    def _cash_month(self, month, this_month):
        """Return when a program's month is credited: the next month, or now."""
        return max(month + relativedelta(months=1), this_month)
