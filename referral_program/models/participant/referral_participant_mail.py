import pytz

from odoo import models
from odoo.tools import format_date, format_time


class ReferralParticipant(models.Model):
    """Mails to the participant: to whom, in which language, and what they promise."""

    _inherit = "referral.participant"

    # === MAIL === #

    def _send(self, template):
        """Write to those who act for each participant, in their language."""
        template = self.env.ref(template, raise_if_not_found=False)
        if not template or self.env.context.get("install_mode"):
            return
        for participant in self:
            # sudo: whoever causes the mail need not be allowed to send it
            template.sudo().send_mail(
                participant.id,
                email_layout_xmlid="referral_program.mail_layout",
            )

    def _mail_partner_ids(self):
        """Return the ids of those who get mails, for the templates."""
        return ",".join(map(str, self._mail_contacts().ids))

    def _mail_lang(self):
        """Return the language of those who get mails, for the templates."""
        return self._mail_contacts()[:1].lang or self.partner_id.lang

    def _mail_contacts(self):
        """Return who gets mails: the portal users' contacts, the client without any."""
        self.ensure_one()
        # sudo: whoever causes a mail need not read the contacts
        partner = self.partner_id.sudo()
        contacts = (
            self.env["res.partner"]
            .sudo()
            .search(
                [
                    ("commercial_partner_id", "=", partner.id),
                    ("user_ids", "!=", False),
                    ("email", "!=", False),
                ]
            )
        )
        return contacts or partner

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
