from odoo import models


class ReferralWithdrawal(models.Model):
    """What the participant sees of a withdrawal."""

    _inherit = "referral.withdrawal"

    def _portal_state(self):
        """Return the state in the participant's words."""
        self.ensure_one()
        if self.state == "billed":
            return self.env._("Being paid")
        return dict(self._fields["state"]._description_selection(self.env))[self.state]

    def _portal_steps(self):
        """Return the steps that are behind the withdrawal, and the one ahead.

        :return: pairs of a text and a date; of what has not happened, the expected one
        """
        self.ensure_one()
        steps = [(self.env._("requested"), self.program_id._day_of(self.requested_on))]
        if self.approved_on:
            day = self.program_id._day_of(self.approved_on)
            steps.append((self.env._("approved"), day))
        # sudo: participants read no bills; these are dates of their own
        bill = self.sudo().bill_id
        if self.state not in ("billed", "paid") or bill.state != "posted":
            return steps
        steps.append((self.env._("document issued"), bill.invoice_date))
        if self.state == "billed":
            steps.append((self.env._("payment expected by"), bill.invoice_date_due))
        elif days := bill.line_ids.matched_debit_ids.mapped("max_date"):
            steps.append((self.env._("paid"), max(days)))
        return steps

    def _portal_document(self):
        """Return the address of Odoo's self-billing document, if there is one yet."""
        self.ensure_one()
        # sudo: as above
        bill = self.sudo().bill_id._self_billed()
        if bill.state != "posted" or not bill.invoice_pdf_report_id:
            return ""
        return f"/my/invoices/{bill.id}?report_type=pdf&download=true"
