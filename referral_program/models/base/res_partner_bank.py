from odoo import SUPERUSER_ID, api, fields, models
from odoo.fields import Domain

#: Employees see accounts, but not which of them came from the program.
STAFF = (
    "referral_program.group_reader,account.group_account_invoice,"
    "account.group_account_readonly,account.group_validate_bank_account"
)
#: What is kept as the participant entered it: nobody else writes it.
ENTERED = ("referral_added", "referral_bic", "referral_bank_name")


class ResPartnerBank(models.Model):
    _inherit = "res.partner.bank"

    referral_added = fields.Boolean(
        "Added by the Participant", readonly=True, copy=False, groups=STAFF
    )
    referral_bic = fields.Char(
        "BIC as Entered",
        readonly=True,
        copy=False,
        groups=STAFF,
        help="What the participant entered in the portal. Compare it with a document "
        "before you choose the bank.",
    )
    referral_bank_name = fields.Char(
        "Bank as Entered", readonly=True, copy=False, groups=STAFF
    )
    referral_truster_id = fields.Many2one(
        "res.users",
        "Trusted By",
        readonly=True,
        copy=False,
        groups=STAFF,
        help="Who trusted the account last: somebody else approves withdrawals to it.",
    )

    def _referral_bank(self):
        """Return the bank's name and BIC, as text; empty if nothing is known.

        What the participant entered counts until staff say that it is another bank.
        """
        bank = self.bank_id
        if self.referral_bic and bank.bic in (False, self.referral_bic):
            names = (self.referral_bank_name, self.referral_bic)
        else:
            names = (bank.name or self.referral_bank_name, bank.bic)
        return " ".join(filter(None, names))

    def _is_trusted_by(self, company):
        """Return whether money may be sent to the account in the company's name."""
        # sudo: whoever sees the account need not see who trusted it
        return bool(self.sudo().filtered_domain(self._trusted_by_domain(company)))

    @api.model
    def _trusted_by_domain(self, company):
        """Return the domain of accounts that somebody of the company trusted.

        Those of other companies may trust the accounts of contacts that all share,
        too. An account without a truster was trusted before this addon.
        """
        return Domain("allow_out_payment", "=", True) & (
            Domain("referral_truster_id", "in", (False, SUPERUSER_ID))
            | Domain("referral_truster_id.company_ids", "in", company.ids)
        )

    @api.model_create_multi
    def create(self, vals_list):
        # no mark: an account more only speaks against what is still to be credited
        # a request's context may say that it is trusted, as well
        trusted = self.default_get(["allow_out_payment"])
        context = self.env.context
        unsaid = {name: False for name in ENTERED if f"default_{name}" in context}
        accounts = super().create(
            [{**unsaid, **self._as_said({**trusted, **vals})} for vals in vals_list]
        )
        # as well as that it is paid to another number than is seen
        self.env.add_to_compute(self._fields["sanitized_acc_number"], accounts)
        accounts._tell_owners()
        return accounts

    def write(self, vals):
        vals = self._as_said(vals)
        watched = {"acc_number", "partner_id", "active"} & vals.keys()
        if watched:
            self.env["referral.mark"]._mark_partners(self.partner_id)
        before = {account: account._whose_and_which() for account in self}
        result = super().write(vals)
        if watched:
            self.env["referral.mark"]._mark_partners(self.partner_id)
            # with another number it is another account
            self.filtered(
                lambda own: own._whose_and_which() != before[own]
            )._tell_owners()
        return result

    def _whose_and_which(self):
        return self.partner_id, self.sanitized_acc_number

    def _tell_owners(self):
        # sudo: whoever adds an account need not read participants
        participants = self.env["referral.participant"].sudo()
        for account in self:
            participants._tell_of_account(account)

    def _as_said(self, vals):
        """Return values that say who trusts the account, whatever was sent.

        What the participant entered is left out: only the program writes it.
        """
        made = ("referral_truster_id", *(() if self.env.su else ENTERED))
        vals = {name: vals[name] for name in vals if name not in made}
        if "sanitized_acc_number" in vals:
            # as Odoo understands it, but before anybody asks what is changed
            vals["acc_number"] = vals.pop("sanitized_acc_number")
        if vals.get("allow_out_payment"):
            vals["referral_truster_id"] = self.env.uid
        return vals
