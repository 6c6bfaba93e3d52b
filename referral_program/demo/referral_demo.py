"""Demonstration data: a hosting provider with ten months of business.

Everything is relative to today and otherwise always the same: no data but what
is written in the files beside this one, one per concern. No month is accrued;
``make demo`` does that.
"""

import random

from odoo import api, models

from .books import Books
from .catalogue import Catalogue
from .invoices import Invoices
from .participants import Participants
from .payments import Payments
from .people import People
from .users import Users

#: Amounts of use and days of payment vary, but always in the same way.
SEED = 2026


class ReferralDemo(models.AbstractModel):
    """What Odoo calls to load the demonstration data."""

    _name = "referral.demo"
    _description = "Referral Program: Demonstration Data"

    @api.model
    def _load(self):
        """Make the whole demonstration, unless it is there already."""
        if self.env.ref("referral_program.demo_company", raise_if_not_found=False):
            return
        company = Books(self.env).make_company()
        env = self._environment(company)
        Books(env).make_books(company)
        Catalogue(env).make_catalogue()
        People(env).make_clients()
        Users(env).make_users()
        Books(env).make_program(company)
        Participants(env).make_participants()
        Participants(env).make_referrals()
        self._make_business(env)

    def _environment(self, company):
        """Return the environment of the provider, with nothing written to chatter:
        a history of it would double the time, and nobody reads it."""
        return (
            self.with_company(company)
            .with_context(
                allowed_company_ids=company.ids,
                tracking_disable=True,
                mail_create_nolog=True,
                mail_create_nosubscribe=True,
                no_reset_password=True,
            )
            .env
        )

    def _make_business(self, env):
        """Make what was sold and paid, in the order in which it happens."""
        # the same each time: no secret
        generator = random.Random(SEED)  # nosec B311
        sales, payments = Invoices(env), Payments(env)
        invoices = sales.make_invoices(generator)
        # posting a credit note sets it off against what is still open
        sales.make_credit_notes(invoices, returned=False)
        payments.pay(invoices, generator)
        payments.give_back(sales.make_credit_notes(invoices, returned=True))
