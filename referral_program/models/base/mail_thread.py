from odoo import models

from ...tools.roles import check_role, has_role


class MailThread(models.AbstractModel):
    """Nobody hands in an e-mail by themselves to do what is not theirs.

    Odoo takes e-mails from every employee, makes whatever records they are said to be
    for in superuser mode, and believes who the sender is.
    """

    _inherit = "mail.thread"

    def _message_route_process(self, message, message_dict, routes):
        routes = routes or []
        ours = [route for route in routes if route[0].startswith("referral.")]
        # without an alias, whoever hands it in says what the record begins with
        if ours or any(values and not alias for *_to, values, _user, alias in routes):
            self._check_brings_mail()
        if any(not thread_id for _model, thread_id, *_rest in ours):
            raise ValueError("No e-mail makes a record of the referral program")
        return super()._message_route_process(message, message_dict, routes)

    def _message_compute_author(self, author_id=None, email_from=None):
        """Have staff speak of the program's records in their own name, not another's.

        Odoo believes whoever writes who the author is.
        """
        if self._name.startswith("referral.") and not has_role(
            self.env, "base.group_system"
        ):
            author = self.env.user.partner_id
            return author.id, author.email_formatted
        return super()._message_compute_author(author_id, email_from)

    def _check_brings_mail(self):
        """Refuse e-mails from anybody but Odoo itself, or the mail server's own user.

        :raise AccessError: if the user has no right to Odoo's settings
        """
        check_role(
            self.env,
            self.env._("Only a mail server hands in e-mails about these records."),
            "base.group_system",
        )
