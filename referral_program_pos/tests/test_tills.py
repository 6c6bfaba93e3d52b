"""Invoices of a till, paid at the counter."""

from odoo import Command
from odoo.tests import tagged

from odoo.addons.referral_program.tests.common import OneReferralCase


@tagged("post_install", "-at_install")
class TestTills(OneReferralCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env.user.group_ids |= cls.env.ref("point_of_sale.group_pos_manager")
        cls.cash = cls._journal("Till", "TILL", "cash")
        cls.config = cls.env["pos.config"].create(
            {
                "name": "Counter",
                "journal_id": cls._journal("Counter", "CNTR", "general").id,
                "invoice_journal_id": cls.company_data["default_journal_sale"].id,
            }
        )

    def _way(self, name, **values):
        return self.env["pos.payment.method"].create({"name": name, **values})

    def _sell(self, day, payments):
        """Sell something at the counter, with an invoice; return that.

        :param payments: pairs of an amount and a way of payment
        """
        self.config.payment_method_ids = [
            Command.set([way.id for _amount, way in payments])
        ]
        total = sum(amount for amount, _way in payments)
        product = self._product(available_in_pos=True)
        with self.on(day):
            self.config.open_ui()
            session = self.config.current_session_id
            session.set_opening_control(0, None)
            order = self.env["pos.order"].create(
                {
                    "session_id": session.id,
                    "partner_id": self.client.id,
                    "lines": [
                        Command.create(
                            {
                                "name": "Line",
                                "product_id": product.id,
                                "qty": 1,
                                "price_unit": total,
                                "price_subtotal": total,
                                "price_subtotal_incl": total,
                            }
                        )
                    ],
                    "amount_total": total,
                    "amount_tax": 0,
                    "amount_paid": 0,
                    "amount_return": 0,
                    "last_order_preparation_change": "{}",
                }
            )
            for amount, way in payments:
                wizard = (
                    self.env["pos.make.payment"]
                    .with_context(active_id=order.id, active_ids=order.ids)
                    .create({"amount": amount, "payment_method_id": way.id})
                )
                wizard.check()
            order.with_context(generate_pdf=False).action_pos_order_invoice()
        self.assertEqual(order.account_move.payment_state, "paid")
        return order.account_move

    def test_a_payment_in_cash(self):
        way = self._way("Cash", journal_id=self.cash.id)
        invoice = self._sell("2026-01-10", [(1000, way)])
        payer = invoice._get_reconciled_amls().move_id
        self.assertEqual(payer.journal_id.type, "general")
        self.assertFalse(self.program.payment_journal_ids)
        self.assertEarned("2026-01", self.participant, "90")

    def test_a_payment_by_card_and_one_of_bonuses(self):
        card = self._way("Card", journal_id=self.bank_journal.id)
        bonus = self._way("Bonus", journal_id=self.bonus_journal.id)
        self._sell("2026-01-10", [(700, card), (300, bonus)])
        self.assertEarned("2026-01", self.participant, "63")
