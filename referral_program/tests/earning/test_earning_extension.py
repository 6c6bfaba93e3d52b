"""Each part of the rule that others may extend, extended once."""

from odoo import fields
from odoo.exceptions import UserError
from odoo.orm.model_classes import add_field, pop_field
from odoo.tests import tagged
from odoo.tools import SQL

from ..common import OneReferralCase


@tagged("post_install", "-at_install")
class TestEarningExtension(OneReferralCase):
    def test_a_reason(self):
        self._extend(
            "_line_columns",
            lambda columns: {**columns, "is_gift": SQL("item.name = 'Gift'")},
        )
        self._extend(
            "_line_reasons",
            lambda reasons: [*reasons, ("gift", "A gift", SQL("line.is_gift"))],
        )
        lines = [self._line(1000), self._line(500, name="Gift")]
        self._pay(self._invoice(self.client, "2026-01-10", lines), "2026-01-12")
        self.assertEarned("2026-01", self.participant, "90")
        explain = self.env["referral.explain"].create(
            {
                "program_id": self.program.id,
                "as_of": "2026-01-31",
                "date_from": False,
                "date_to": False,
            }
        )
        explain._explain_chosen()
        gift = explain.row_ids.filtered(lambda row: row.name == "Gift")
        self.assertEqual(gift.reason, "gift")
        self.assertIn("a gift", gift.explanation)

    def test_a_base(self):
        self._extend(
            "_bases",
            lambda bases: [*bases, ("half", "Half of it", SQL("-line.balance / 2"))],
        )
        self.env.cr.execute("UPDATE referral_program_terms SET base = 'half'")
        self.env.invalidate_all()
        self._paid("2026-01-10", 1000, self.client)
        self.assertEarned("2026-01", self.participant, "45")

    def test_a_base_that_nobody_knows_is_an_error(self):
        self.env.cr.execute("UPDATE referral_program_terms SET base = 'margin'")
        self.env.invalidate_all()
        self._paid("2026-01-10", 1000, self.client)
        with self.assertRefused(UserError, "margin"):
            self._accrue("2026-01")

    def test_what_is_rendered_by_columns_of_its_own(self):
        self._extend(
            "_line_joins",
            lambda joins: SQL(
                "%s LEFT JOIN product_product done ON done.id = item.product_id"
                " AND done.default_code = 'DONE'",
                joins,
            ),
        )
        self._extend(
            "_line_columns",
            lambda columns: {**columns, "is_done": SQL("done.id IS NOT NULL")},
        )
        self._extend(
            "_rendered",
            lambda rendered: SQL("CASE WHEN line.is_done THEN %s ELSE 0 END", rendered),
        )
        done = self._product("vps", default_code="DONE")
        lines = [self._line(1000, product=done), self._line(500)]
        self._pay(self._invoice(self.client, "2026-01-10", lines), "2026-01-12")
        self.assertEarned("2026-01", self.participant, "90")

    def test_what_counts_as_money(self):
        self._extend(
            "_is_money",
            lambda is_money: SQL("(%s AND payer.ref IS DISTINCT FROM 'x')", is_money),
        )
        invoice = self._invoice(self.client, "2026-01-10", 1000)
        payment = self._pay(invoice, "2026-01-12", 400)
        payment.move_id.ref = "x"
        self._pay(invoice, "2026-01-13", 600)
        self.assertEarned("2026-01", self.participant, "54")

    def test_a_credit_note_that_charges(self):
        self._extend("_root_sign", lambda _sign: SQL("1"))
        lines = [self._line(300), self._line(-500, name="Advance")]
        lines[0][2]["quantity"] = -1
        lines[1][2]["quantity"] = -1
        credit = self._invoice(self.client, "2026-02-10", lines, move_type="out_refund")
        self._extend(
            "_line_columns",
            lambda columns: {**columns, "is_advance": SQL("item.name = 'Advance'")},
        )
        self._extend(
            "_advances",
            lambda _none: SQL(
                "SELECT %s AS group_id, 500 AS amount, DATE '2026-01-20' AS date,"
                " 500 AS deducted, 500 AS invoiced",
                credit.id,
            ),
        )
        self.assertEqual(credit.amount_total, 200)
        self.assertEarned("2026-02", self.participant, "27")

    def test_what_makes_an_invoice_discounted(self):
        self._extend(
            "_discounts",
            lambda is_discount: SQL("(%s OR item.name = 'Coupon')", is_discount),
        )
        lines = [self._line(1000), self._line(-10, name="Coupon")]
        self._pay(self._invoice(self.client, "2026-01-10", lines), "2026-01-12")
        self._paid("2026-01-10", 100)
        self.assertEarned("2026-01", self.participant, "9")

    def test_which_negative_lines_are_bonus_money(self):
        lines = [self._line(1000), self._line(-300, name="Voucher")]
        self._pay(self._invoice(self.client, "2026-01-10", lines), "2026-01-12")
        self.assertEarned("2026-01", self.participant, "63")
        run = self.program._check_integrity()
        self.assertEqual(run.finding_ids.mapped("check_name"), ["negative_line"])
        self._extend("_is_bonus", lambda _none: SQL("item.name = 'Voucher'"))
        self.assertFalse(self.program._check_integrity().finding_ids)

    def test_which_groups_depend_on_another_one(self):
        first = self._paid("2026-01-10", 1000)
        second = self._paid("2026-01-10", 1000)
        model = self.registry["referral.mark"]
        original = model._concerned
        self.patch(
            model,
            "_concerned",
            lambda marks: [
                *original(marks),
                SQL("SELECT %s WHERE touched.id = %s", second.id, first.id),
            ],
        )
        self._accrue("2026-01")
        marks = self.env["referral.mark"]
        marks._mark_moves(first)
        marks._write_marks()
        groups = marks.search([("date_from", "=", False)]).mapped("group_id")
        self.assertEqual(sorted(groups), [first.id, second.id])

    def test_an_advance(self):
        final = self._invoice(
            self.client,
            "2026-02-10",
            [self._line(1000), self._line(-300, name="Advance")],
        )
        self._extend(
            "_line_columns",
            lambda columns: {**columns, "is_advance": SQL("item.name = 'Advance'")},
        )
        self._extend(
            "_advances",
            lambda _none: SQL(
                "SELECT %s AS group_id, 300 AS amount, DATE '2026-01-20' AS date,"
                " 300 AS deducted, 300 AS invoiced",
                final.id,
            ),
        )
        self.assertEarned("2026-01", self.participant, "0")
        self.assertEarned("2026-02", self.participant, "27")
        self._pay(final, "2026-03-10")
        self.assertEarned("2026-03", self.participant, "63")

    def test_a_rate(self):
        # a rate by the line's own size: the columns of the rule stay as they are
        self._extend(
            "_rates",
            lambda _rates: SQL(
                "SELECT priced.*, CASE WHEN away > 1000 THEN 1 ELSE terms_rate END"
                " AS rate FROM priced"
            ),
        )
        self._paid("2026-01-10", 1000, self.client)
        self._paid("2026-01-11", 2000, self.client)
        self.assertEarned("2026-01", self.participant, "110")

    def test_a_rate_above_the_terms(self):
        self._extend(
            "_rates", lambda _rates: SQL("SELECT priced.*, 12 AS rate FROM priced")
        )
        self._paid("2026-01-10", 1000, self.client)
        self.assertEarned("2026-01", self.participant, "120")
        run = self.program._check_integrity()
        self.assertEqual(run.finding_ids.mapped("check_name"), ["credited_rate"])
        self._extend(
            "_highest_rates",
            lambda rates: SQL("SELECT terms_id, 12 AS rate FROM (%s) own", rates),
        )
        self.assertFalse(self.program._check_integrity().finding_ids)

    def test_an_amount(self):
        self._extend("_amounts", lambda amounts: SQL("LEAST(%s, 50::numeric)", amounts))
        self._paid("2026-01-10", 1000, self.client)
        self.assertEarned("2026-01", self.participant, "50")

    def test_a_service_period_in_fields_of_another_edition(self):
        self._add_date("deferred_start_date")
        self._add_date("deferred_end_date")
        period = {
            "deferred_start_date": "2026-01-30",
            "deferred_end_date": "2026-02-02",
        }
        lines = [self._line(1000, **period)]
        self._pay(self._invoice(self.client, "2026-01-10", lines), "2026-01-12")
        self.assertEarned("2026-01", self.participant, "45")
        self.assertEarned("2026-02", self.participant, "45")

    def test_a_line_s_own_service_period_comes_first(self):
        self._add_date("deferred_start_date")
        self._add_date("deferred_end_date")
        period = {
            "start_date": "2026-01-01",
            "end_date": "2026-01-31",
            "deferred_start_date": "2026-01-30",
            "deferred_end_date": "2026-02-02",
        }
        lines = [self._line(1000, **period)]
        self._pay(self._invoice(self.client, "2026-01-10", lines), "2026-01-12")
        self.assertEarned("2026-01", self.participant, "90")

    def _add_date(self, name):
        """Give invoice lines a date, as another edition does."""
        model = self.registry["account.move.line"]
        field = fields.Date(copy=False)
        setattr(model, name, field)
        add_field(model, name, field)
        self.addCleanup(pop_field, model, name)
        field.prepare_setup()
        field.setup(self.env["account.move.line"])
        self.env.cr.execute(
            SQL(
                "ALTER TABLE account_move_line ADD COLUMN %s date",
                SQL.identifier(name),
            )
        )

    def test_terms_say_what_they_earn_on(self):
        self.assertEqual(
            [code for code, _label, _amount in self.env["referral.earning"]._bases()],
            [
                code
                for code, _label in self.env["referral.program.terms"]
                ._fields["base"]
                ._description_selection(self.env)
            ],
        )
