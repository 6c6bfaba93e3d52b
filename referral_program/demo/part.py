"""What the parts of the demonstration share: time, and records by name."""

from dateutil.relativedelta import relativedelta

from odoo import fields

#: The full months before the present one that the demo tells of.
MONTHS = 10


class Part:
    """A concern of the demonstration data.

    :param env: of the provider's company, once there is one
    """

    def __init__(self, env):
        self.env = env

    def today(self):
        """Return today's date where the provider is."""
        user = self.env.user.with_context(tz="Europe/Moscow")
        return fields.Date.context_today(user)

    def month(self, index):
        """Return the first day of a month of the demo.

        :param int index: 0 is the oldest month; ``MONTHS`` is the present one
        """
        return self.today().replace(day=1) + relativedelta(months=index - MONTHS)

    def make(self, model, values_by_name):
        """Create records and give them external ids.

        :param dict values_by_name: the part of the external id after ``demo_``,
            with the record's values
        :return: the records, in the same order
        """
        records = self.env[model].create(list(values_by_name.values()))
        self.remember(dict(zip(values_by_name, records, strict=True)))
        return records

    def remember(self, records_by_name):
        """Give records external ids."""
        self.env["ir.model.data"]._update_xmlids(
            [
                {
                    "xml_id": f"referral_program.demo_{name}",
                    "record": record,
                    "noupdate": True,
                }
                for name, record in records_by_name.items()
            ]
        )

    def record(self, name):
        """Return a record of the demo by its name."""
        return self.env.ref(f"referral_program.demo_{name}")
