import pytz

from odoo import Command, fields, models
from odoo.tools import format_date, format_time

from .referral_representative import MONEY_ROLES, OWNER

#: Names in one mail.
MAX_NAMES = 50
#: The fields by which owners choose their mails.
MAILS = ("mail_statement", "mail_clients", "mail_payments")


class ReferralParticipant(models.Model):
    """Mails to the participant: to whom, in which language, and what they promise."""

    _inherit = "referral.participant"

    mail_clients = fields.Boolean(
        "E-mail New Clients",
        default=True,
        tracking=True,
        help="E-mail the participant when a client has signed up.",
    )
    mail_payments = fields.Boolean(
        "E-mail First Payments",
        default=True,
        tracking=True,
        help="E-mail the participant when a client has paid for the first time.",
    )

    def _choose_mails(self, chosen):
        """Keep which mails the owner wants; the history says each change.

        :param dict chosen: by the names of the fields; what is not there is not wanted
        :raise UserError: after too many changes on a day
        """
        self.ensure_one()
        values = {name: bool(chosen.get(name)) for name in MAILS}
        if all(self[name] == value for name, value in values.items()):
            return
        participant = self.sudo()  # sudo: owners write nothing; this is their own
        participant._lock_money()
        participant._check_changes_today()
        participant.write(values)

    def _send(self, template, contacts=None):
        """Write to the owners of each participant, in their language.

        :param str template: its external id
        :param contacts: the ``res.partner`` to write to instead
        """
        template = self.env["referral.program"]._mail_template(template)
        if not template or not self.env.registry.ready:
            return  # or the addon is being installed, with its demonstration data
        values = {"recipient_ids": [Command.set(contacts.ids)]} if contacts else {}
        for participant in self:
            template.send_mail(
                participant.id,
                email_values={**participant.program_id._prepare_mail_vals(), **values},
                email_layout_xmlid="referral_program.mail_layout",
            )

    def _send_names(self, template, names):
        """Write to the owners of one participant about clients.

        :param str template: as above
        :param names: the clients' names as the participant may see them
        """
        self.with_context(
            referral_names=names[:MAX_NAMES], referral_more=len(names[MAX_NAMES:])
        )._send(template)

    def _mail_partner_ids(self):
        """Return the ids of those who get mails, for the templates."""
        return ",".join(map(str, self._mail_contacts().ids))

    def _money_partner_ids(self):
        """Return the ids of those who get mails about money, for the templates."""
        return ",".join(map(str, self._mail_contacts(*MONEY_ROLES).ids))

    def _mail_lang(self):
        """Return the language of those who get mails, for the templates."""
        return self._mail_contacts()[:1].lang or self.partner_id.lang

    def _mail_contacts(self, *roles):
        """Return who gets mails: the owners' contacts, the client without any.

        :param roles: the roles of those who get them instead
        """
        self.ensure_one()
        contacts = self._acting_users(*(roles or (OWNER,))).partner_id
        # sudo: whoever causes a mail need not read the contacts
        return contacts.filtered("email") or self.partner_id.sudo()

    def _promise(self):
        """Return the promised moment in the participant's words, for mails."""
        self.ensure_one()
        if not self.verification_deadline:
            return ""
        calendar = self.company_id.sudo().resource_calendar_id
        # with the month's name: 11/12 is a day in December to some
        deadline = pytz.utc.localize(self.verification_deadline)
        local = deadline.astimezone(pytz.timezone(calendar.tz or "UTC"))
        day = format_date(self.env, local.date(), date_format="medium")
        time_of_day = format_time(self.env, local.time(), time_format="short")
        return f"{day}, {time_of_day}"
