import base64
import secrets

from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.fields import NO_ACCESS
from odoo.tools import str2bool

from ...tools import webhooks
from ...tools.actions import dialog
from .referral_event_delivery import LOOPBACK


class ReferralProgram(models.Model):
    """Where events are sent, and the secret that they are signed with."""

    _name = "referral.program"
    _inherit = ["referral.program", "referral.secret.mixin"]

    event_url = fields.Char(
        "Send Events To",
        copy=False,
        tracking=True,
        help="An address of your own system, with https. What happens in the program "
        "from now on is sent there. Empty: nothing is sent.",
    )
    event_secret = fields.Char(
        "Secret of Events", copy=False, readonly=True, groups=NO_ACCESS
    )
    event_secret_on = fields.Datetime(
        "Secret Made On", copy=False, readonly=True, tracking=True
    )

    @api.constrains("event_url")
    def _check_event_url(self):
        for program in self.filtered("event_url"):
            try:
                webhooks.check_address(program.event_url, self._events_to_loopback())
            except webhooks.BadAddress as error:
                raise ValidationError(self._explain_address(error.args[0])) from error
            if not program.event_secret_on:
                raise ValidationError(
                    self.env._(
                        "Make a secret first: your system knows by it that events are "
                        "yours."
                    )
                )

    def _explain_address(self, code):
        """Return why nothing is sent to an address."""
        if code == "scheme":
            return self.env._("The address of events begins with https://.")
        if code == "private":
            return self.env._(
                "The address of events leads into a private network: nothing is sent "
                "there."
            )
        return self.env._(
            "Enter an address such as https://panel.example.com/referral-events."
        )

    def _events_to_loopback(self):
        # sudo: a parameter of the server, for tests on one machine
        parameters = self.env["ir.config_parameter"].sudo()
        return str2bool(parameters.get_param(LOOPBACK, ""), False)

    def _event_key(self):
        """Return the secret that events are signed with.

        :raise ValidationError: without the server's own key
        """
        self.ensure_one()
        # sudo: the field is closed to everybody
        kept = self.sudo().event_secret or ""
        return self._decrypt(base64.urlsafe_b64decode(kept)).decode()

    def _keep_event_key(self, key):
        secret = base64.urlsafe_b64encode(self._encrypt(key.encode())).decode()
        # sudo: as above
        self.sudo().event_secret = secret

    def _renew_secret(self):
        key = self._renewed(base64.urlsafe_b64decode(self.event_secret))
        if key is None:
            return False
        self._keep_event_key(key.decode())
        return True

    def action_new_event_secret(self):
        """Make a secret in place of the one before, and show it this once."""
        self.ensure_one()
        self.check_access("write")
        key = secrets.token_urlsafe(32)
        self._keep_event_key(key)
        self.event_secret_on = fields.Datetime.now()
        return dialog(
            self.env["referral.event.secret"],
            self.env._("Secret of Events"),
            context={"default_key": key},
        )


class ReferralEventSecret(models.AbstractModel):
    """Shows a secret once, and stores it nowhere: as Odoo shows API keys."""

    _name = "referral.event.secret"
    _description = "Secret of Referral Events"

    # the field 'id' is necessary for the onchange that returns the value of 'key'
    id = fields.Id()
    key = fields.Char(readonly=True)
