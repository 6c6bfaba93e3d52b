"""Plays the cases of the accrual rule on real records: invoices, payments, people."""

from decimal import Decimal

from odoo import Command

from .events import EventPlayer

#: Kinds of money in the cases, by the field of the books that holds their journal.
JOURNALS = {
    "cash": "bank_journal",
    "bonus": "bonus_journal",
    "till": "till_journal",
    "card": "card_journal",
}


def make_terms(books, case):
    """Give the books' program the terms of a case."""
    books.program.terms_ids.unlink()
    books.program.terms_by = case.get("terms_by", "invoice")
    for terms in case["terms"]:
        excluded = [books._category(path).id for path in terms["excluded"]]
        books.env["referral.program.terms"].create(
            {
                "program_id": books.program.id,
                "date_from": terms["date_from"],
                "rate": float(terms["rate"]),
                "base": terms.get("base", "untaxed"),
                "exclude_discounted": terms["exclude_discounted"],
                "excluded_category_ids": [Command.set(excluded)],
                "tier_ids": [
                    Command.create(
                        {"above": float(tier["above"]), "rate": float(tier["rate"])}
                    )
                    for tier in terms.get("tiers", [])
                ],
            }
        )


class CasePlayer(EventPlayer):
    """A case in the books, as far as it was played.

    :param books: the test, with its program, journals and helpers
    """

    def __init__(self, books, case):
        self.books, self.env, self.case = books, books.env, case
        self.documents, self.products, self.waiting = {}, {}, list(case["events"])
        self.participant = self._make_participant()
        self.referrals, self.clients = {}, {}
        for values in case["referrals"]:
            self._make_client(values)

    # === The case's world === #

    def _make_participant(self):
        values = self.case.get("participant", {})
        participant = self.books._participant()
        participant.type_id = self.env["referral.participant.type"].create(
            {
                "name": "Of this case",
                "entity_type": "individual",
                "territory_restricted": values.get("territory_restricted", False),
            }
        )
        participant.partner_id.country_id = self._country(values.get("country", "RU"))
        return participant

    def _make_client(self, values):
        client = self.books._partner(
            values["id"],
            country_id=self._country(values["country"]).id,
            referral_postpaid=values.get("postpaid", False),
        )
        self.clients[values["id"]] = client
        self.referrals[values["id"]] = self.books._referral(
            self.participant,
            client,
            values["date_start"],
            date_end=values.get("date_end"),
        )

    def _partner(self, name):
        """Return a client of the case, or somebody else whom it names."""
        if name not in self.clients:
            self.clients[name] = self.books._partner(name)
        return self.clients[name]

    def _country(self, code):
        return self.env["res.country"].search([("code", "=", code)])

    def _currency(self, code):
        currencies = self.env["res.currency"].with_context(active_test=False)
        return currencies.search([("name", "=", code)])

    # === Playing === #

    def play_until(self, month, day):
        """Play what was entered before a month's accrual, in the order of entry.

        :param day: the day of the accrual, for a case that does not tell of it
        :return: the day of the accrual
        """
        told = any(event.get("accrue") == month for event in self.waiting)
        while self.waiting and (told or self.waiting[0]["on"] < day):
            event = self.waiting.pop(0)
            if event.get("accrue") == month:
                return event["on"]
            self.play_event(event)
        return day

    # === Documents === #

    def _lines(self, event):
        lines = []
        for line in event["lines"]:
            product = self._product(line)
            price = Decimal(line["amount"])
            discount = Decimal(line.get("discount", "0"))
            # the amount is after the discount
            unit = price / (1 - discount / 100)
            tax = [self._tax(line).id] if line.get("tax") else []
            lines.append(
                self.books._line(
                    unit,
                    product=product,
                    discount=float(discount),
                    start_date=line.get("start"),
                    end_date=line.get("end"),
                    tax_ids=[Command.set(tax)],
                )
            )
        return lines

    def _tax(self, line):
        if not line.get("cash_basis"):
            return self.books._tax(line["tax"])
        return self.books.cash_basis_tax(line["tax"])

    def _product(self, line):
        """Return a line's product, the same one for the same name."""
        is_discount = bool(line.get("discount_product"))
        key = (line.get("product", line["category"]), is_discount)
        if key not in self.products:
            self.products[key] = self.books._product(line["category"], name=key[0])
            if is_discount:
                self.books.program.discount_product_ids |= self.products[key]
        return self.products[key]

    def _play_document(self, event, key, move_type):
        """Enter an invoice or a credit note, which may reverse an earlier document."""
        values = {}
        client = event.get("customer") and self._partner(event["customer"])
        if reversed_move := self.documents.get(event.get("of")):
            client = client or reversed_move.partner_id
            values["reversed_entry_id"] = reversed_move.id
        if currency := event.get("currency"):
            values["currency_id"] = self._currency(currency).id
        if delivery := event.get("delivery"):
            values["delivery_date"] = delivery
        self.documents[key] = document = self.books._invoice(
            client,
            event.get("date", event["on"]),
            self._lines(event),
            move_type,
            entered=event["on"],
            posted=event.get("state") != "draft",
            **values,
        )
        if event.get("auto") == "no":
            with self.books.on(event["on"]):
                self._receivable(key).remove_move_reconcile()
        return document

    def _play_invoice(self, event):
        self._play_document(event, event["invoice"], "out_invoice")

    def _play_credit_note(self, event):
        self._play_document(event, event["credit_note"], "out_refund")

    def _play_draft(self, event):
        with self.books.on(event["on"]):
            self.documents[event["draft"]].button_draft()

    def _play_post(self, event):
        move = self.documents[event["post"]]
        with self.books.on(event["on"]):
            for item, line in zip(
                move.invoice_line_ids, event.get("lines", ()), strict=False
            ):
                item.price_unit = float(line["amount"])
            move.action_post()

    def _play_cancel(self, event):
        self._play_draft({"on": event["on"], "draft": event["cancel"]})
        with self.books.on(event["on"]):
            self.documents[event["cancel"]].button_cancel()

    # === Money === #

    def _receivable(self, name):
        """Return the open side of a document, a payment or an entry."""
        record = self.documents[name]
        return self.books._receivable(
            record.move_id if record._name == "account.payment" else record
        )

    def _play_pay(self, event):
        day = event.get("date", event["on"])
        kind = event.get("kind", "cash")
        if kind == "misc":
            entry = self.books._misc(self.documents[event["of"]], day, event["amount"])
            self.documents[event["pay"]] = entry
        elif self._is_plain(event):
            currency = event.get("currency", self.books.currency.name)
            self.documents[event["pay"]] = self.books._pay(
                self.documents[event["of"]],
                day,
                event["amount"],
                getattr(self.books, JOURNALS[kind]),
                entered=event["on"],
                currency_id=self._currency(currency).id,
            )
        else:
            self._pay_alone(event)

    def _is_plain(self, event):
        """Return whether the payment is registered from its invoice."""
        of = self.documents.get(event.get("of"))
        return bool(of) and of.move_type != "entry" and "by" not in event

    def _pay_alone(self, event):
        """Enter a payment by itself; match it with what it is of, if it says so."""
        of = self.documents.get(event.get("of"))
        payer = event.get("by") or event.get("customer")
        partner = (
            self._partner(payer) if payer else of.line_ids.filtered("debit").partner_id
        )
        payment = self._payment(event, partner, "inbound")
        self.documents[event["pay"]] = payment
        if of:
            debts = self._receivable(event["of"]).filtered("debit")
            with self.books.on(event["on"]):
                (debts | self._receivable(event["pay"])).reconcile()

    def _payment(self, event, partner, direction):
        with self.books.on(event["on"]):
            payment = self.env["account.payment"].create(
                {
                    "payment_type": direction,
                    "partner_type": "customer",
                    "partner_id": partner.id,
                    "date": event.get("date", event["on"]),
                    "amount": float(event["amount"]),
                    "journal_id": self.books.bank_journal.id,
                }
            )
            payment.action_post()
        return payment

    def _play_refund(self, event):
        """Send money back: for a credit note, or for nothing in the books."""
        if "of" in event:
            note = self.documents[event["of"]]
            self.books._pay(note, event["on"], event["amount"])
        else:
            self._payment(event, self._partner(event["customer"]), "outbound")

    def _play_match(self, event):
        credit, debts = self._receivable(event["credit"]), self._receivable(event["of"])
        items = (credit | debts).filtered(lambda item: not item.reconciled)
        with self.books.on(event["on"]):
            items.reconcile()
        partials = credit.matched_debit_ids
        matched = partials.filtered(lambda partial: partial.debit_move_id in debts)
        self.books.assertEqual(
            Decimal(str(sum(matched.mapped("amount")))), Decimal(event["amount"])
        )

    def _play_unmatch(self, event):
        with self.books.on(event["on"]):
            self._receivable(event["unmatch"]).remove_move_reconcile()

    def _play_carry(self, event):
        """Have somebody else owe what is open of an invoice."""
        item = self._receivable(event["of"])
        amount = float(event["amount"])
        with self.books.on(event["on"]):
            entry = self.env["account.move"].create(
                {
                    "date": event["on"],
                    "journal_id": self.books.misc_journal.id,
                    "line_ids": [
                        Command.create(
                            {
                                "account_id": item.account_id.id,
                                "partner_id": partner.id,
                                "balance": balance,
                            }
                        )
                        for partner, balance in (
                            (item.partner_id, -amount),
                            (self._partner(event["to"]), amount),
                        )
                    ],
                }
            )
            entry.action_post()
            (entry.line_ids.filtered("credit") | item).reconcile()
        self.documents[event["carry"]] = entry

    def _play_rate(self, event):
        """Let a unit of a currency be worth so much of the company's from now on."""
        currency = self._currency(event["rate"])
        if not currency.active:
            currency.active = True
            currency.rate_ids.unlink()
        self.env["res.currency.rate"].create(
            {
                "currency_id": currency.id,
                "company_id": self.books.company.id,
                "name": event["on"],
                "rate": 1 / float(event["per"]),
            }
        )

    # === People and what they are === #

    def _play_participant(self, event):
        with self.books.on(event["on"]):
            self.participant._update_state(event["participant"], "Test")

    def _play_correct(self, event):
        names = {"date_start", "date_end"} & set(event)
        with self.books.on(event["on"]):
            self.referrals[event["correct"]].write(
                {name: event[name] for name in names}
            )

    def _play_move(self, event):
        with self.books.on(event["on"]):
            other = self.books._participant("Other")
            self.referrals[event["move"]].sudo().participant_id = other

    def _play_parent(self, event):
        with self.books.on(event["on"]):
            self.clients[event["of"]].write(
                {"is_company": False, "parent_id": self._partner(event["parent"]).id}
            )

    def _play_country(self, event):
        with self.books.on(event["on"]):
            client = self.clients[event["country"]]
            client.country_id = self._country(event["to"])

    def _play_postpaid(self, event):
        with self.books.on(event["on"]):
            self.clients[event["postpaid"]].referral_postpaid = event["to"]

    def _play_recategorize(self, event):
        with self.books.on(event["on"]):
            for (name, _is_discount), product in self.products.items():
                if name == event["recategorize"]:
                    product.categ_id = self.books._category(event["to"])
