"""A hosting provider's books with a referral program, for tests.

Everything is real: posted invoices, registered payments, bank statement lines,
credit notes. Time is frozen by each test on the day it tells of, so that no
test depends on today.
"""

import io
from contextlib import contextmanager
from dataclasses import replace
from datetime import date
from decimal import Decimal

from PIL import Image

from odoo import Command, fields
from odoo.tests import new_test_user, tagged
from odoo.tools import SQL

from odoo.addons.account.tests.common import AccountTestInvoicingCommon

from . import kept, remembering
from .clock import freeze_time


@tagged("post_install", "-at_install")
class ReferralCommon(AccountTestInvoicingCommon):
    #: Whether the company may be the one that stays in a database of tests.
    is_kept = True
    #: What its tests begin with of Odoo's caches.
    remembered = None

    @classmethod
    def setUpClass(cls):
        if kept.is_for(cls, ReferralCommon):
            kept.begin(cls, ReferralCommon)
            remembering.begin_class(cls)
        else:
            super().setUpClass()
            cls._set_up_company()

    @classmethod
    def default_env_context(cls):
        # tax numbers of tests are nobody's: where numbers are validated, not these
        return {**super().default_env_context(), "no_vat_validation": True}

    @classmethod
    def _set_up_company(cls):
        cls.env.user.group_ids |= cls.env.ref("referral_program.group_administrator")
        cls.company = cls.company_data["company"]
        cls.currency = cls.company.currency_id
        cls.income = cls.company_data["default_account_revenue"]
        cls.bank_journal = cls.company_data["default_journal_bank"]
        cls.bonus_journal = cls._journal("Bonus", "BONUS", "bank")
        cls.misc_journal = cls.company_data["default_journal_misc"]
        cls.russia = cls.env.ref("base.ru")
        cls.program = cls._program(cls.company)
        cls.categories = {}
        cls.taxes = {}

    def setUp(self):
        super().setUp()
        # what a test makes is rolled back with it
        for name in ("categories", "taxes"):
            self.patch(type(self), name, dict(getattr(self, name)))
        if kept.is_for(type(self), ReferralCommon):
            remembering.begin_test(self)

    def patch(self, obj, key, val):
        # what other code computes is not Odoo's to remember
        self.is_remembered = False
        return super().patch(obj, key, val)

    # === Setting up === #

    @classmethod
    def _journal(cls, name, code, kind, company=None):
        journal = cls.env["account.journal"].create(
            {
                "name": name,
                "code": code,
                "type": kind,
                "company_id": (company or cls.company).id,
            }
        )
        if kind in ("bank", "cash"):
            cls._use_outstanding_account(journal)
        return journal

    @classmethod
    def _use_outstanding_account(cls, journal):
        """Give payments an entry, as a company with Odoo Accounting has it."""
        outstanding = cls.env["account.account"].create(
            {
                "name": f"Outstanding {journal.code}",
                "code": f"OUT{journal.id}",
                "account_type": "asset_current",
                "reconcile": True,
                "company_ids": [Command.link(journal.company_id.id)],
            }
        )
        methods = (
            journal.inbound_payment_method_line_ids
            | journal.outbound_payment_method_line_ids
        )
        methods.payment_account_id = outstanding

    @classmethod
    def _program(cls, company, **values):
        program = cls.env["referral.program"]._get_or_create_for_company(company)
        program.terms_ids.date_from = date(2020, 1, 1)
        # in most tests one person does it all; tests of four eyes ask for them
        values.setdefault("four_eyes", "never")
        values.setdefault("min_withdrawal", 10_000)
        if company == cls.company:
            program.bonus_journal_ids = cls.bonus_journal
        program.write(values)
        return program

    @classmethod
    def _partner(cls, name, **values):
        values.setdefault("country_id", cls.russia.id)
        return cls.env["res.partner"].create(
            {"name": name, "is_company": True, **values}
        )

    @classmethod
    def _participant(cls, name="Participant", program=None, **values):
        values.setdefault(
            "type_id",
            cls.env.ref("referral_program.participant_type_legal_entity_resident").id,
        )
        if "partner_id" not in values:
            values["partner_id"] = cls._partner(name).id
        values.setdefault("state", "active")
        participant = cls.env["referral.participant"].create(
            {"program_id": (program or cls.program).id, **values}
        )
        participant._name_owner(cls._portal_user_of(participant.partner_id))
        return participant

    @classmethod
    def _portal_user_of(cls, partner):
        """Return the portal user of a client who joins, if there is one."""
        own = [("partner_id.commercial_partner_id", "=", partner.id)]
        users = cls.env["res.users"].search([*own, ("share", "=", True)], order="id")
        return users[:1]

    @classmethod
    def _referral(cls, participant, partner, date_start="2020-01-01", **values):
        return cls.env["referral.referral"].create(
            {
                "participant_id": participant.id,
                "partner_id": partner.id,
                "date_start": date_start,
                **values,
            }
        )

    @classmethod
    def _user(cls, login, groups, company=None):
        """Return a user with these groups, of the program's company if of no other."""
        company = company or cls.company
        return new_test_user(
            cls.env,
            login,
            groups,
            company_id=company.id,
            company_ids=[Command.set(company.ids)],
        )

    @classmethod
    def _category(cls, path):
        """Return a product category by its path, such as ``colocation/power``."""
        if path not in cls.categories:
            parent, _slash, name = path.rpartition("/")
            cls.categories[path] = cls.env["product.category"].create(
                {
                    "name": name,
                    "parent_id": cls._category(parent).id if parent else False,
                }
            )
        return cls.categories[path]

    @classmethod
    def _product(cls, category="vps", **values):
        return cls.env["product.product"].create(
            {
                "name": f"Service {category}",
                "type": "service",
                "categ_id": cls._category(category).id,
                "taxes_id": False,
                "property_account_income_id": cls.income.id,
                **values,
            }
        )

    @classmethod
    def _tax(cls, percent):
        if percent not in cls.taxes:
            cls.taxes[percent] = cls.env["account.tax"].create(
                {
                    "name": f"{percent} %",
                    "amount": float(percent),
                    "type_tax_use": "sale",
                    "company_id": cls.company.id,
                }
            )
        return cls.taxes[percent]

    def _extend(self, name, extension, model="referral.earning"):
        """Override a method as an app does; it gets what ``super()`` returns."""
        model = self.registry[model]
        original = getattr(model, name)

        def overriding(records, *arguments):
            return extension(original(records, *arguments))

        self.patch(model, name, overriding)

    # === Things that happen === #

    @classmethod
    @contextmanager
    def on(cls, day):
        """Let something happen on a day."""
        with freeze_time(f"{day} 12:00:00"):
            yield

    @classmethod
    def _line(cls, amount, category="vps", product=None, **values):
        """Return the values of an invoice line without tax."""
        product = product or cls._product(category)
        values.setdefault("tax_ids", [Command.clear()])
        return Command.create(
            {
                "product_id": product.id,
                "quantity": 1,
                "price_unit": float(amount),
                **values,
            }
        )

    @classmethod
    def _invoice(
        cls,
        partner,
        day,
        lines,
        move_type="out_invoice",
        entered=None,
        posted=True,
        **values,
    ):
        """Post a customer invoice.

        :param entered: the day it is entered, if not the one that it is dated
        :param posted: whether it is posted, or left in draft
        """
        if isinstance(lines, (int, float, str)):
            lines = [cls._line(lines)]
        values.setdefault("company_id", cls.company.id)
        with cls.on(entered or day):
            invoice = cls.env["account.move"].create(
                {
                    "move_type": move_type,
                    "partner_id": partner.id,
                    "invoice_date": day,
                    "invoice_line_ids": lines,
                    "invoice_payment_term_id": False,
                    **values,
                }
            )
            if posted:
                invoice.action_post()
        return invoice

    @classmethod
    def _credit_note(cls, invoice, day, lines, **values):
        return cls._invoice(
            invoice.partner_id,
            day,
            lines,
            move_type="out_refund",
            reversed_entry_id=invoice.id,
            **values,
        )

    @classmethod
    def _pay(cls, invoices, day, amount=None, journal=None, entered=None, **values):
        """Register a payment of invoices, as an accountant does.

        :param entered: the day it is entered, if not the payment's own
        :return: the ``account.payment``
        """
        with cls.on(entered or day):
            wizard = (
                cls.env["account.payment.register"]
                .with_context(active_model="account.move", active_ids=invoices.ids)
                .create(
                    {
                        "payment_date": day,
                        "journal_id": (journal or cls.bank_journal).id,
                        **({"amount": float(amount)} if amount is not None else {}),
                        **values,
                    }
                )
            )
            return wizard._create_payments()

    @classmethod
    def _paid(cls, day, amount=1000, partner=None, **values):
        """Post an invoice that is paid on its day."""
        invoice = cls._invoice(partner or cls.client, day, amount, **values)
        cls._pay(invoice, day)
        return invoice

    @classmethod
    def _statement_line(cls, partner, day, amount, journal=None):
        """Book a bank statement line with its counterpart still in suspense."""
        with cls.on(day):
            return cls.env["account.bank.statement.line"].create(
                {
                    "journal_id": (journal or cls.bank_journal).id,
                    "date": day,
                    "payment_ref": "Transfer",
                    "partner_id": partner.id,
                    "amount": float(amount),
                }
            )

    @classmethod
    def _match_statement_line(cls, line, items, account=None):
        """Match a statement line with items, as bank reconciliation does.

        Its suspense item becomes one on the items' account and is reconciled.
        """
        _liquidity, suspense, _other = line._seek_for_lines()
        suspense.write({"account_id": items.account_id.id})
        (suspense | items).reconcile()

    @classmethod
    def _bank_match(cls, payment, day, amount=None):
        """Match a registered payment with a statement line of a day; return that."""
        line = cls._statement_line(
            payment.partner_id, day, amount or payment.amount, payment.journal_id
        )
        outstanding = payment.move_id.line_ids.filtered(
            lambda item: item.account_id == payment.outstanding_account_id
        )
        with cls.on(day):
            cls._match_statement_line(line, outstanding)
        return line

    @classmethod
    def _misc(cls, invoice, day, amount, journal=None):
        """Settle an invoice by a miscellaneous entry, such as a write-off."""
        receivable = cls._receivable(invoice)
        with cls.on(day):
            entry = cls.env["account.move"].create(
                {
                    "move_type": "entry",
                    "date": day,
                    "journal_id": (journal or cls.misc_journal).id,
                    "line_ids": [
                        Command.create(
                            {
                                "account_id": receivable.account_id[:1].id,
                                "partner_id": invoice.commercial_partner_id.id,
                                "balance": -float(amount),
                            }
                        ),
                        Command.create(
                            {
                                "account_id": cls.company_data[
                                    "default_account_expense"
                                ].id,
                                "balance": float(amount),
                            }
                        ),
                    ],
                }
            )
            entry.action_post()
            (receivable | cls._receivable(entry)).reconcile()
        return entry

    @classmethod
    def _match(cls, credit, invoice, day, amount=None):
        """Match a credit note with an invoice."""
        with cls.on(day):
            lines = cls._receivable(credit) | cls._receivable(invoice)
            lines.filtered(lambda line: not line.reconciled).reconcile()

    @classmethod
    def _unmatch(cls, payment, day):
        """Take a payment's reconciliation back, as for a bounced one."""
        with cls.on(day):
            payment.move_id.line_ids.remove_move_reconcile()

    @classmethod
    def _receivable(cls, move):
        return move.line_ids.filtered(
            lambda line: line.account_id.account_type == "asset_receivable"
        )

    @classmethod
    def _accrue(cls, month, program=None, on=None):
        """Accrue a month, by default on the first of the next one.

        :param str month: such as ``2026-01``
        """
        program = program or cls.program
        start = fields.Date.to_date(f"{month}-01")
        with cls.on(on or fields.Date.add(start, months=1)):
            return program._accrue(start)

    # === What came out === #

    def _earned(self, accrual, participant):
        """Return what a participant earned in an accrual, as an exact number."""
        compensation = accrual.compensation_ids.filtered(
            lambda c: c.participant_id == participant
        )
        return Decimal(str(round(compensation.amount, 2)))

    def assertEarned(self, month, participant, expected, program=None, on=None):
        """Accrue a month and check what it gave, to the kopeck, and the ledger."""
        accrual = self._accrue(month, program, on)
        self.assertEqual(
            self._earned(accrual, participant), Decimal(str(expected)), month
        )
        self.assertLedger(participant.program_id)
        return accrual

    @contextmanager
    def assertRefused(self, exception, text):
        """Check that something is refused with a text, and changes nothing."""
        with self.assertRaises(exception) as caught:
            yield
        self.assertRegex(str(caught.exception), text)

    def assertLedger(self, program):
        """Check the invariants of the books, to the kopeck."""
        items = self.env["account.move.line"].search(
            [
                ("account_id", "=", program.liability_account_id.id),
                ("parent_state", "=", "posted"),
                ("move_id.referral_accrual_id", "!=", False),
            ]
        )
        for participant in program.participant_ids:
            compensations = participant.compensation_ids.filtered("move_line_id")
            own = items.filtered(lambda i, p=participant: i.partner_id == p.partner_id)
            self.assertEqual(compensations.move_line_id, own)
            self.assertAlmostEqual(
                sum(compensations.mapped("amount")), -sum(own.mapped("balance")), 6
            )
        for accrual in program.accrual_ids:
            for entry in accrual.move_ids:
                self.assertAlmostEqual(sum(entry.line_ids.mapped("balance")), 0, 6)
            self.assertEqual(accrual.line_ids.compensation_id, accrual.compensation_ids)

    def _not_credited(self, program, end):
        """Compute the whole history anew and return what differs from the books.

        :param date end: the last day that counts, of the latest accrual
        :return: a list of (line id, base, amount); empty if all was given
        """
        self.env.flush_all()
        accrual = self.env["referral.accrual"].new(
            {"program_id": program.id, "period_start": end.replace(day=1)}
        )
        conditions = replace(program._conditions(accrual), accrual_id=0, end=end)
        with accrual._earned(conditions, accrual._everything()) as lines:
            return self.env.execute_query(
                SQL(
                    "SELECT line_key, base, amount FROM (%s) line "
                    "WHERE base <> 0 OR amount <> 0",
                    lines,
                )
            )


class OneReferralCase(ReferralCommon):
    """A participant who brought a client."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.participant = cls._participant()
        cls.client = cls._partner("Client")
        cls._referral(cls.participant, cls.client)


class TwoParticipantsCase(ReferralCommon):
    """Two participants, and a client whom either may have brought."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.anna = cls._participant("Anna")
        cls.boris = cls._participant("Boris")
        cls.client = cls._partner("Client")


class JoiningCase(ReferralCommon):
    """Clients who join, with real files."""

    @staticmethod
    def _picture(kind="PNG", size=(60, 40), **options):
        """Return a picture's bytes."""
        target = io.BytesIO()
        Image.new("RGB", size, "white").save(target, kind, **options)
        return target.getvalue()

    @staticmethod
    def _pdf(pages=1):
        """Return a PDF's bytes."""
        target = io.BytesIO()
        sheets = [Image.new("RGB", (60, 40), "white") for _page in range(pages)]
        sheets[0].save(target, "PDF", save_all=True, append_images=sheets[1:])
        return target.getvalue()

    @classmethod
    def _type(cls, name):
        return cls.env.ref(f"referral_program.participant_type_{name}")

    def _draft(self, kind="legal_entity_resident", partner=None):
        """Return the draft of a client."""
        partner = partner or self._partner("Joiner", email="joiner@example.com")
        return self.env["referral.participant"]._draft(
            self.program,
            partner,
            self._type(kind),
            self._portal_user_of(partner.commercial_partner_id),
        )

    def _fill(self, participant):
        """Hand in one of each kind of document that is asked for."""
        for document, *_others in participant._missing_documents():
            if document.kind == "text":
                document._hand_in_text("AB 1234567")
            else:
                document._hand_in_files([("scan.png", self._picture())])

    def _accept_all(self, participant):
        participant._accept(participant._agreements_to_accept())

    def _submitted(self, kind="legal_entity_resident", partner=None):
        """Return a participant who has handed in everything."""
        participant = self._draft(kind, partner)
        self._fill(participant)
        self._accept_all(participant)
        participant._submit()
        return participant

    def _mails(self, participant):
        """Return the subjects of the mails about a membership, oldest first."""
        mails = self.env["mail.mail"].search(
            [
                ("model", "=", participant._name),
                ("res_id", "=", participant.id),
                # not those about activities, which are for staff
                ("subject", "not like", "assigned to you"),
            ],
            order="id",
        )
        return mails.mapped("subject")
