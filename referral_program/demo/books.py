"""The provider's company and books: chart of accounts, journals, tax, rates."""

from dateutil.relativedelta import relativedelta

from odoo import Command

from .part import Part

#: Roubles for a dollar in each month of the demo.
DOLLAR_RATES = (92.4, 91.15, 89.7, 88.3, 90.05, 93.6, 95.2, 94.1, 92.85, 91.5, 90.9)


class Books(Part):
    """The company, its chart of accounts, journals and rates."""

    def make_company(self):
        """Create the provider with a chart of accounts in roubles."""
        rouble = self.env.ref("base.RUB")
        (rouble | self.env.ref("base.USD")).active = True
        company = self.make(
            "res.company",
            {
                "company": {
                    "name": "Northern Cloud Hosting",
                    "currency_id": rouble.id,
                    "country_id": self.env.ref("base.ru").id,
                    "street": "Nevsky prospekt 88",
                    "city": "Saint Petersburg",
                    "zip": "191025",
                    "vat": "7813100057",
                    "email": "office@northern-cloud.example.com",
                    "phone": "+7 812 555 0100",
                    "website": "https://northern-cloud.example.com",
                }
            },
        )
        company.partner_id.tz = "Europe/Moscow"
        company.resource_calendar_id.tz = "Europe/Moscow"
        # try_loading warns while modules are being installed; there is no chart for
        # Russia, so nothing that it guards against can happen with the generic one
        self.env["account.chart.template"]._load("generic_coa", company, False)
        company.write(
            {
                "currency_id": rouble.id,
                "account_fiscal_country_id": self.env.ref("base.ru").id,
            }
        )
        return company

    def make_books(self, company):
        self._make_tax(company)
        self._make_journals(company)
        self._make_currency_rates(company)

    def _make_tax(self, company):
        """Create VAT of 20 % and make it the default for sales."""
        group = self.make(
            "account.tax.group",
            {
                "tax_group_vat": {
                    "name": "VAT 20 %",
                    "company_id": company.id,
                    "country_id": company.country_id.id,
                }
            },
        )
        company.account_sale_tax_id = self.make(
            "account.tax",
            {
                "vat": {
                    "name": "VAT 20 %",
                    "invoice_label": "VAT 20 %",
                    "amount": 20.0,
                    "type_tax_use": "sale",
                    "tax_group_id": group.id,
                    "company_id": company.id,
                    "country_id": company.country_id.id,
                }
            },
        )

    def _make_journals(self, company):
        """Name the bank's journal, and add the one of bonuses.

        Payments get an entry, on the chart's outstanding accounts.
        """
        journals = self.env["account.journal"]
        bank = journals.search(
            [("type", "=", "bank"), ("company_id", "=", company.id)], limit=1
        )
        bonus = self.make(
            "account.journal",
            {
                "journal_bonus": {
                    "name": "Bonus Account",
                    "code": "BONUS",
                    "type": "bank",
                    "company_id": company.id,
                    "show_on_dashboard": False,
                }
            },
        )
        chart = self.env["account.chart.template"]
        receipts = chart.ref("account_journal_payment_debit_account_id")
        expenses = chart.ref("account_journal_payment_credit_account_id")
        for journal in bank | bonus:
            journal.inbound_payment_method_line_ids.payment_account_id = receipts
            journal.outbound_payment_method_line_ids.payment_account_id = expenses
        self.remember({"journal_bank": bank})

    def _make_currency_rates(self, company):
        """Give the dollar a rate for each month, from a year before the first on."""
        rouble, dollar = self.env.ref("base.RUB"), self.env.ref("base.USD")
        beginning = self.month(0) - relativedelta(years=1)
        days = [self.month(index) for index in range(len(DOLLAR_RATES))]
        rates = [(rouble, beginning, 1.0), (dollar, beginning, DOLLAR_RATES[0])]
        rates += [
            (dollar, day, rate) for day, rate in zip(days, DOLLAR_RATES, strict=True)
        ]
        self.env["res.currency.rate"].create(
            [
                {
                    "currency_id": currency.id,
                    "name": day,
                    "rate": 1 / roubles,
                    "company_id": company.id,
                }
                for currency, day, roubles in rates
            ]
        )

    def make_program(self, company):
        """Make the program as one click does, then say what is special here.

        The first terms are older than the business; the second ones add a tier.
        """
        program = self.env["referral.program"]._get_or_create_for_company(company)
        program.terms_ids.date_from = self.month(0) - relativedelta(months=3)
        program.write(
            {
                "name": "Referral Program of Northern Cloud",
                "officer_id": self.record("user_officer").id,
                "responsible_id": self.record("user_accountant").id,
                "bonus_journal_ids": [Command.set(self.record("journal_bonus").ids)],
                "discount_product_ids": [
                    Command.set(self.record("product_loyalty").ids)
                ],
                "terms_ids": [
                    Command.create(
                        {
                            "date_from": self.month(6),
                            "tier_ids": [Command.create({"above": 100000, "rate": 11})],
                        }
                    )
                ],
            }
        )
        self.remember({"program": program})
