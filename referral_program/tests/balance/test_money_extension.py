"""Each part of the money that others may extend, extended once."""

from odoo.exceptions import UserError
from odoo.tests import tagged
from odoo.tools import SQL

from .test_statements import StatementCase

#: What marks an entry as a gift card bought with the balance.
IS_GIFT = SQL("move.ref = 'Gift card'")


@tagged("post_install", "-at_install")
class TestMoneyExtension(StatementCase):
    def _gift_card(self, amount, day="2026-02-10"):
        """Take so much from the balance in a way of its own."""
        entry = self._entry(-amount, day, post=False)
        entry.ref = "Gift card"
        with self.on(day):
            entry.action_post()
        return entry

    def test_another_way_to_move_a_balance(self):
        self._extend(
            "_movement_kinds",
            lambda kinds: [*kinds, ("withdrawn", IS_GIFT)],
            "referral.liability.movement",
        )
        card = self._gift_card(300)
        other = self._entry(50, "2026-02-11")
        item = card.line_ids.filtered("partner_id")
        self.assertEqual(item.referral_kind, "withdrawn")
        self.assertEqual(
            other.line_ids.filtered("partner_id").referral_kind, "adjusted"
        )
        found = self.env["account.move.line"].search(
            [("referral_kind", "=", "withdrawn")]
        )
        self.assertEqual(found, item)
        statement = self._month("2026-02")
        self.assertEqual(statement.withdrawn, -300)
        self.assertEqual(statement.adjusted, 50)
        self.assertEqual(statement.closing, 89_750)
        movement = self.env["referral.liability.movement"].search(
            [("move_line_id", "=", item.id)]
        )
        self.assertEqual((movement.kind, movement.amount), ("withdrawn", -300))

    def test_a_kind_that_no_figure_shows_is_an_error(self):
        self._extend(
            "_movement_kinds",
            lambda kinds: [*kinds, ("gift", IS_GIFT)],
            "referral.liability.movement",
        )
        with self.assertRaisesRegex(ValueError, "gift"):
            self.env["account.move.line"].search([("referral_kind", "=", "gift")])

    def test_another_payout(self):
        withdrawal = self._request(12_000)
        card = self._gift_card(300)
        query = SQL(
            """
            SELECT move.id, move.name, %s AS participant_id, %s AS type_id,
                   %s AS program_id, move.company_id, move.currency_id,
                   move.create_date AS requested_on, move.date AS billed_on,
                   move.date AS paid_on, move.amount_total AS amount,
                   0 AS reserved_amount, move.amount_total AS taken_amount,
                   0 AS tax_amount, 0 AS withheld_amount, 0 AS payable_amount,
                   'paid' AS state, move.id AS document_id, move.id AS move_id
              FROM account_move move
             WHERE %s
            """,
            self.participant.id,
            self.participant.type_id.id,
            self.program.id,
            IS_GIFT,
        )
        self._extend(
            "_payout_sources",
            lambda sources: [*sources, ("gift", "Gift Card", "account.move", query)],
            "referral.payout",
        )
        payouts = self.env["referral.payout"].search(
            [("participant_id", "=", self.participant.id)]
        )
        self.assertEqual(
            {(row.kind, row.taken_amount) for row in payouts},
            {("withdrawal", 0), ("gift", 300)},
        )
        kinds = dict(payouts._fields["kind"]._description_selection(self.env))
        self.assertEqual(kinds["gift"], "Gift Card")
        opened = {row.kind: row.action_open_source() for row in payouts}
        self.assertEqual(
            (opened["gift"]["res_model"], opened["gift"]["res_id"]),
            ("account.move", card.id),
        )
        self.assertEqual(
            (opened["withdrawal"]["res_model"], opened["withdrawal"]["res_id"]),
            ("referral.withdrawal", withdrawal.id),
        )

    def test_what_else_must_not_be_edited_on_an_item(self):
        item = self._gift_card(300).line_ids.filtered("partner_id")
        posted = self.env["referral.compensation"].search([]).move_line_id[:1]
        posted.name = "As it was"
        self._extend(
            "_protected_fields", lambda names: names | {"name"}, "account.move.line"
        )
        item.name = "Anything"
        with self.assertRefused(UserError, "cannot be edited"):
            posted.name = "Anything"
        posted.name = "As it was"

    def test_what_else_must_not_be_edited_on_terms(self):
        terms = self.program.terms_ids
        terms.write({"message_ids": []})
        self._extend(
            "_protected_fields",
            lambda names: names | {"message_ids"},
            "referral.program.terms",
        )
        with self.assertRefused(UserError, "used"):
            terms.write({"message_ids": []})

    def test_what_else_has_the_next_accrual_look(self):
        invoice = self._client_invoice()
        line = invoice.invoice_line_ids
        changes = {
            "account.move": (invoice, {"ref": "A"}),
            "account.move.line": (line, {"name": "A"}),
            "res.partner": (self.client, {"ref": "A"}),
            "product.template": (line.product_id.product_tmpl_id, {"name": "A"}),
        }
        self._marked()
        for model, (record, values) in changes.items():
            with self.subTest(model=model):
                record.write(values)
                self.assertFalse(self._marked())
                self._extend(
                    "_watched_fields",
                    lambda names, values=values: names | values.keys(),
                    model,
                )
                record.write({name: "B" for name in values})
                self.assertEqual(self._marked(), {invoice.id})

    def _marked(self):
        """Return the groups that were marked since they were asked for last."""
        marks = self.env["referral.mark"].sudo()
        self.env.flush_all()
        marks._write_marks()
        found = marks.search([("program_id", "=", self.program.id)])
        groups = set(found.mapped("group_id"))
        found.unlink()
        return groups
