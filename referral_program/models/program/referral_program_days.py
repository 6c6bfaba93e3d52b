from datetime import datetime, time, timedelta
from math import inf

import pytz
from babel.dates import format_timedelta

from odoo import SUPERUSER_ID, api, fields, models
from odoo.tools import get_lang

from odoo.addons.base.models.res_partner import _tz_get


class ReferralProgram(models.Model):
    """Whose day it is: one time zone, whoever is looking, wherever the server is."""

    _inherit = "referral.program"

    tz = fields.Selection(
        _tz_get,
        "Time Zone",
        compute="_compute_tz",
        store=True,
        readonly=False,
        precompute=True,
        tracking=True,
        help="Where the program is: decides for everybody which day is today, when a "
        "month is over, and on which day a referral begins.",
    )
    country_id = fields.Many2one(
        "res.country",
        compute="_compute_country_id",
        inverse="_inverse_country_id",
        help="The company's country: who is a resident is decided by it.",
    )

    @api.depends("company_id.country_id")
    def _compute_country_id(self):
        for program in self:
            # sudo: where the company is, is no secret
            program.country_id = program.company_id.sudo().country_id

    def _inverse_country_id(self):
        """Fill in the company's country; only who rules companies changes it."""
        for program in self:
            company = program.company_id
            if not company.sudo().country_id:
                company = company.sudo()
            if company.country_id != program.country_id:
                company.country_id = program.country_id

    @api.depends("company_id")
    def _compute_tz(self):
        for program in self:
            program.tz = program.tz or program._default_tz()

    def _default_tz(self):
        """Return the company's time zone, else that of who makes the program."""
        creator = self.create_uid or self.env.user
        if creator.id == SUPERUSER_ID:  # its own says nothing: always UTC
            creator = creator.browse()
        # sudo: where the company is, is no secret
        return self.company_id.sudo().partner_id.tz or creator.sudo().tz

    def _today(self):
        """Return today's date where the program is."""
        return self._day_of(fields.Datetime.now())

    def _day_of(self, moment):
        """Return the date of a moment where the program is.

        :param datetime moment: naive, in UTC
        """
        return pytz.utc.localize(moment).astimezone(self._timezone()).date()

    def _beginning_of(self, day):
        """Return when a day begins where the program is.

        :return datetime: naive, in UTC
        """
        midnight = self._timezone().localize(datetime.combine(day, time.min))
        return midnight.astimezone(pytz.utc).replace(tzinfo=None)

    def _timezone(self):
        # sudo: which day it is does not depend on who asks
        return pytz.timezone(self.sudo().tz or "UTC")

    def _of_company(self, company):
        """Return the program that counts a company's invoices: its own, or a parent's.

        :param company: a ``res.company``, which may be a branch
        """
        return self.search([("company_id", "parent_of", company.id)], limit=1)

    def _of_user(self, user):
        """Return the program that a user may take part in.

        It is their company's; of whoever was referred and signed up in a company
        without one, that of the participant who referred them.

        :param user: the ``res.users``
        """
        own = self._of_company(user.env.company)
        if own or not user.share:
            return own
        referrals = self.env["referral.referral"]
        client = user.partner_id.commercial_partner_id
        return referrals.search([("partner_id", "=", client.id)], limit=1).program_id

    def _today_in(self, company):
        """Return today's date in a company, by its program, or by one made now."""
        # sudo: as in :meth:`_timezone`
        programs = self.sudo()
        program = programs._of_company(company)
        return (program or programs.new({"company_id": company.id}))._today()

    def _retention_text(self):
        """Return how long documents are kept, such as ``3 years``, in words."""
        self.ensure_one()
        years, days = divmod(self.retention_days, 365)
        return format_timedelta(
            timedelta(self.retention_days),
            # the first unit of which there are as many as the threshold says
            threshold=1 if years and not days else inf,
            granularity="year" if years and not days else "day",
            locale=get_lang(self.env).code,
        )

    def _next_number(self, code):
        """Return the next number of one of the company's sequences, of today's year."""
        [number] = self._next_numbers(code, 1)
        return number

    def _next_numbers(self, code, count):
        """Return so many next numbers; the sequence is looked for once.

        :return: an iterator of ``str``, of False if there is no such sequence
        """
        self.ensure_one()
        # sudo: whoever makes a document may have its number
        sequences = self.env["ir.sequence"].sudo().with_company(self.company_id)
        today = fields.Date.to_string(self._today())
        sequence = sequences.with_context(ir_sequence_date=today).search(
            [("code", "=", code), ("company_id", "in", (self.company_id.id, False))],
            # the company's own before that of all
            order="company_id",
            limit=1,
        )
        return (
            sequence.next_by_id() if sequence else False for _number in range(count)
        )
