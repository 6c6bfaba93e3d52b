"""What is ordered and paid, and delivered later."""

from odoo.tests import tagged

from .ordering import OrderCase


@tagged("post_install", "-at_install")
class TestDelivered(OrderCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        for group in (
            "hr.group_hr_manager",
            "hr_timesheet.group_timesheet_manager",
            "project.group_project_manager",
        ):
            cls.env.user.group_ids |= cls.env.ref(group)
        cls.hours = cls._product(
            invoice_policy="order",
            service_type="timesheet",
            service_tracking="task_in_project",
            uom_id=cls.env.ref("uom.product_uom_hour").id,
        )
        cls.employee = cls.env["hr.employee"].create({"name": "Engineer"})

    def _ordered(self, day, amount, quantity, **values):
        """Return an order of hours, which are paid at once, with its invoice."""
        line = self._sold(
            amount, product=self.hours, product_uom_qty=quantity, **values
        )
        order = self._order(day, [line])
        invoice = self._bill(order, day)
        self._pay(invoice, day)
        return order, invoice

    def _work(self, order, day, hours):
        """Write down hours of work on an order's task."""
        task = order.tasks_ids
        with self.on(day):
            entry = self.env["account.analytic.line"].create(
                {
                    "name": "Work",
                    "project_id": task.project_id.id,
                    "task_id": task.id,
                    "unit_amount": hours,
                    "employee_id": self.employee.id,
                    "date": day,
                }
            )
            self.env.flush_all()
        return entry

    def test_hours_earn_when_they_are_worked(self):
        order, _invoice = self._ordered("2026-01-05", 100, 10)
        self.assertEqual(order.order_line.qty_delivered_method, "timesheet")
        self._work(order, "2026-01-20", 4)
        self.assertEarned("2026-01", self.participant, "36")
        self.assertEarned("2026-02", self.participant, "0")
        # more than was ordered
        self._work(order, "2026-03-10", 8)
        self.assertEarned("2026-03", self.participant, "54")

    def test_months_run_late_give_the_same(self):
        order, _invoice = self._ordered("2026-01-05", 100, 10)
        self._work(order, "2026-01-31", 4)
        self._work(order, "2026-02-10", 1)
        self._work(order, "2026-03-10", 5)
        for month, earned in (("01", "36"), ("02", "9"), ("03", "45")):
            self.assertEarned(f"2026-{month}", self.participant, earned)

    def test_hours_that_are_taken_back(self):
        order, _invoice = self._ordered("2026-01-05", 100, 10)
        entry = self._work(order, "2026-01-20", 4)
        self.assertEarned("2026-01", self.participant, "36")
        with self.on("2026-02-10"):
            entry.unit_amount = 1
            self.env.flush_all()
        self.assertEarned("2026-02", self.participant, "-27")

    def test_an_ordered_quantity_that_changes(self):
        order, _invoice = self._ordered("2026-01-05", 100, 10)
        self._work(order, "2026-01-20", 5)
        with self.on("2026-01-25"):
            order.order_line.product_uom_qty = 20
        # a quarter of the 20 hours is worked; only 10 are invoiced
        self.assertEarned("2026-01", self.participant, "22.5")

    def test_a_service_period_is_rendered_by_its_days(self):
        order, invoice = self._ordered("2026-01-05", 100, 10)
        invoice.invoice_line_ids.write(
            {"start_date": "2026-01-01", "end_date": "2026-01-31"}
        )
        self.assertEarned("2026-01", self.participant, "90")

    def test_what_is_invoiced_as_delivered_needs_no_dates(self):
        self.hours.invoice_policy = "delivery"
        line = self._sold(100, product=self.hours, product_uom_qty=10)
        order = self._order("2026-01-05", [line])
        self._work(order, "2026-01-10", 4)
        self._pay(self._bill(order, "2026-01-20"), "2026-01-20")
        self.assertEarned("2026-01", self.participant, "36")

    def test_what_people_type_in_says_nothing(self):
        order = self._order("2026-01-05", 1000)
        self.assertEqual(order.order_line.qty_delivered_method, "manual")
        self._pay(self._bill(order, "2026-01-20"), "2026-01-20")
        self.assertEarned("2026-01", self.participant, "90")
