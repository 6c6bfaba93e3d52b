import re

from odoo import models
from odoo.exceptions import ValidationError

from odoo.addons.base_iban.models.res_partner_bank import (
    normalize_iban,
    validate_iban,
)

from ...tools.numbers import ru_account, ru_bic, swift_bic

#: Bank accounts that a participant may have added; others' take no room of theirs.
MAX_ACCOUNTS = 10


class ReferralParticipant(models.Model):
    """The bank accounts that the participant is paid to."""

    _inherit = "referral.participant"

    def _payee_accounts(self):
        """Return the participant's own bank accounts."""
        self.ensure_one()
        # sudo: portal users read no bank accounts; these are their own
        accounts = self.env["res.partner.bank"].sudo()
        return accounts.search(
            [
                (
                    "partner_id.commercial_partner_id",
                    "=",
                    self.partner_id.commercial_partner_id.id,
                ),
                ("company_id", "in", (False, self.company_id.id)),
            ]
        )

    def _add_payee_account(self, number, bic="", bank_name=""):
        """Add one of the participant's accounts, which nobody trusts yet.

        The bank is one that staff know by its BIC, or none yet. What the participant
        says about it stays with the account: banks are everybody's.

        :param str number: an IBAN, or a Russian account's twenty digits
        :param str bic: the bank's; needed for a Russian account
        :param str bank_name: what the participant calls the bank
        :return: the ``res.partner.bank``, an old one if it is known already
        :raise ValidationError: if the number cannot be right
        """
        self.ensure_one()
        number, bic = self._check_account_number(number or "", bic or "")
        # of several requests at once none gets an account more than there may be
        self.sudo()._lock_money()  # sudo: as below
        # sudo: participants create no records; this is their own account
        banks = self.env["res.partner.bank"].sudo()
        known = banks.with_context(active_test=False).search(
            [
                ("partner_id", "=", self.partner_id.id),
                ("sanitized_acc_number", "=", number),
            ],
            limit=1,
        )
        if known and not known.active:
            raise ValidationError(
                self.env._("This account is no longer in use. Please contact us.")
            )
        if known:
            return known
        if len(self._payee_accounts().filtered("referral_added")) >= MAX_ACCOUNTS:
            raise ValidationError(
                self.env._("You have many accounts already. Choose one of them.")
            )
        return banks.create(
            {
                "acc_number": number,
                "partner_id": self.partner_id.id,
                "acc_holder_name": self.partner_id.name,
                "bank_id": self._known_bank(bic).id,
                "referral_added": True,
                "referral_bic": bic or False,
                "referral_bank_name": " ".join((bank_name or "").split())[:100],
                "allow_out_payment": False,
            }
        )

    def _tell_of_account(self, account):
        """Write to the owners that there is an account more, whoever added it."""
        members = self.search(
            [
                ("partner_id", "=", account.partner_id.commercial_partner_id.id),
                ("state", "!=", "draft"),
                ("representative_ids", "!=", False),
            ]
        )
        members._notify_owners(
            lambda env: env._(
                "%(user)s added the bank account …%(number)s to your accounts.",
                user=self.env.user.name,
                number=account.sanitized_acc_number[-4:],
            )
        )

    def _check_account_number(self, number, bic):
        """Return account number and BIC as they are kept."""
        if re.match(r"\s*[A-Za-z]{2}", number):
            validate_iban(number)
            return normalize_iban(number).upper(), self._check_swift_bic(bic)
        try:
            bic = ru_bic(bic)
        except ValueError as error:
            raise ValidationError(
                self.env._(
                    "Enter the bank's BIC: nine digits that begin with 04. Or enter "
                    "an IBAN as the account."
                )
            ) from error
        try:
            return ru_account(number, bic), bic
        except ValueError as error:
            raise ValidationError(
                self.env._(
                    "The account number and the BIC do not match. Check the digits of "
                    "both."
                )
            ) from error

    def _check_swift_bic(self, text):
        """Return the BIC of a bank with IBANs as it is kept; it may be left out."""
        try:
            return swift_bic(text) if text.strip() else ""
        except ValueError as error:
            raise ValidationError(
                self.env._(
                    "Enter the bank's BIC: eight or eleven letters and digits. Or "
                    "leave it empty."
                )
            ) from error

    def _known_bank(self, bic):
        """Return the bank that staff keep under a BIC; empty if there is none."""
        # sudo: portal users read no banks
        banks = self.env["res.bank"].sudo()
        return banks.search([("bic", "=", bic)], limit=1) if bic else banks
