from odoo import Command, api, models

from ...tools.account_codes import code_beside, usual_code


class ReferralProgram(models.Model):
    """The program's set-up: journal and accounts for any chart of accounts."""

    _inherit = "referral.program"

    def _get_or_create_for_company(self, company):
        """Return the company's program, made with a working default if it has none.

        :param company: a ``res.company``, with or without a chart of accounts
        :return: the ``referral.program``
        """
        program = self.with_context(active_test=False).search(
            [("company_id", "=", company.id)], order="active desc, id", limit=1
        )
        program.active = True
        if not program:
            # its terms begin on a day of the company's
            made = self.with_company(company).create(
                {
                    "name": self.env._("Referral Program"),
                    "company_id": company.id,
                    "terms_ids": [Command.create({})],
                }
            )
            program = made.with_env(self.env)
        program._set_up_accounting()
        return program

    def _set_up_accounting(self):
        """Make the journals and the accounts that the program still lacks.

        Works for any chart of accounts: the codes are free ones beside those of
        the company's own accounts of the same type.
        """
        for program in self:
            program._set_up("journal_id", "account.journal", "_prepare_journal_vals")
            program._set_up(
                "expense_account_id", "account.account", "_prepare_expense_vals"
            )
            program._set_up(
                "liability_account_id", "account.account", "_prepare_liability_vals"
            )
            if not program.bill_journal_id:
                program.bill_journal_id = program._find_bill_journal()
            program._set_up(
                "bill_journal_id", "account.journal", "_prepare_bill_journal_vals"
            )

    def _set_up(self, field, model, prepare, kind=""):
        """Fill a field with the company's own record, made if there is none.

        :param str kind: which of the records that a field may have

        What is made belongs to the company's chart of accounts: its external id is
        one of Odoo's accounting, so that it stays when this addon is uninstalled, and
        is found again when the addon comes back.
        """
        if self[field]:
            return
        name = self.env["account.chart.template"].company_xmlid(
            f"referral_program_{kind}{field}", self.company_id
        )
        record = self.env.ref(name, raise_if_not_found=False)
        if not record:
            # sudo: who sets a program up need not be allowed to make journals
            records = self.env[model].sudo().with_company(self.company_id)
            record = records.create(getattr(self, prepare)())
            self.env["ir.model.data"]._update_xmlids(
                [{"xml_id": name, "record": record, "noupdate": True}]
            )
        self[field] = record

    @api.depends("bill_journal_id.is_self_billing")
    def _compute_self_billing(self):
        for program in self:
            program.self_billing = program.bill_journal_id.is_self_billing

    def _inverse_self_billing(self):
        """Bill in a journal of self-billing, made if there is none, or in a usual one.

        The journal itself stays as it is, because it may have other bills.
        """
        for program in self:
            kind = "self_" if program.self_billing else ""
            if bool(kind) == program.bill_journal_id.is_self_billing:
                continue
            program.bill_journal_id = program._find_bill_journal(bool(kind))
            program._set_up(
                "bill_journal_id",
                "account.journal",
                f"_prepare_{kind}bill_journal_vals",
                kind,
            )

    def _find_bill_journal(self, self_billing=False):
        """Return the first of the company's purchase journals, if it has one.

        :param bool self_billing: among those of self-billing, or among all others
        """
        journals = self.env["account.journal"]
        return journals.search(
            [
                *journals._check_company_domain(self.company_id),
                ("type", "=", "purchase"),
                ("is_self_billing", "=", self_billing),
            ],
            limit=1,
        )

    def _prepare_journal_vals(self):
        return {
            "name": self.env._("Referral Program"),
            "type": "general",
            "code": self._free_journal_code("REF"),
            "company_id": self.company_id.id,
            "show_on_dashboard": False,
        }

    def _prepare_bill_journal_vals(self):
        return {
            "name": self.env._("Vendor Bills"),
            "type": "purchase",
            "code": self._free_journal_code("BILL"),
            "company_id": self.company_id.id,
        }

    def _prepare_self_bill_journal_vals(self):
        return {
            **self._prepare_bill_journal_vals(),
            "name": self.env._("Self-Billing of Referrals"),
            "code": self._free_journal_code("SELF"),
            "is_self_billing": True,
        }

    def _free_journal_code(self, code):
        """Return a code that none of the company's journals has.

        :param str code: the code to begin with, of at most 4 letters
        """
        journals = self.env["account.journal"].with_context(active_test=False)
        taken = set(
            journals.search(journals._check_company_domain(self.company_id)).mapped(
                "code"
            )
        )
        codes = [code, *(f"{code}{number}" for number in range(1, 100))]
        return next(free for free in codes if free not in taken)

    def _prepare_expense_vals(self):
        return {
            "name": self.env._("Referral Compensation"),
            "code": self._free_account_code("expense", "650000"),
            "account_type": "expense",
            "company_ids": [Command.link(self.company_id.root_id.id)],
        }

    def _prepare_liability_vals(self):
        return {
            "name": self.env._("Referral Balances"),
            "code": self._free_account_code("liability_current", "250000"),
            "account_type": "liability_current",
            "reconcile": True,
            "company_ids": [Command.link(self.company_id.root_id.id)],
        }

    def _free_account_code(self, account_type, default):
        """Return a free code beside the company's usual accounts of a type.

        That is its default expense account; or, where a type has no default, the last
        one of the class and length that most accounts of the type have.
        """
        accounts = self.env["account.account"].with_company(self.company_id)
        company = accounts._check_company_domain(self.company_id)
        usual = accounts.browse()
        if account_type == "expense":
            usual = self.company_id.root_id.expense_account_id
        alike = accounts.search([*company, ("account_type", "=", account_type)])
        start = (
            usual.with_company(self.company_id).code
            or usual_code(alike.mapped("code"))
            or default
        )
        # sudo: a code is taken also where another branch has it
        everywhere = accounts.sudo().search(
            [
                "|",
                ("company_ids", "parent_of", self.company_id.id),
                ("company_ids", "child_of", self.company_id.root_id.id),
            ]
        )
        taken = set(everywhere.mapped("code"))
        return code_beside(start, taken) or accounts._search_new_account_code(default)

    def action_set_up_accounting(self):
        """Make the journal and the accounts that are missing."""
        self.check_access("write")
        self._set_up_accounting()
