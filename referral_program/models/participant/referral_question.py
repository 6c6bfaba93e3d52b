from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL, plaintext2html

#: Questions of a participant that may wait for an answer at a time.
MOST_WAITING = 10
#: Messages of a participant about one question that may wait for an answer.
MOST_IN_A_ROW = 10
#: How long a message of a participant may be.
MOST_TEXT = 2_000
ACTIVITY = "referral_program.mail_activity_question"


class ReferralQuestion(models.Model):
    """A participant's question about a month, and what was answered.

    The messages are the thread; participants read those that are sent, never a note
    that is logged. Whoever wrote last decides the state: nobody sets it.
    """

    _name = "referral.question"
    _description = "Referral Question"
    _inherit = ["mail.thread", "mail.activity.mixin"]
    _order = "id desc"
    _rec_names_search = ["name", "participant_id"]

    name = fields.Char("Question", readonly=True, required=True)
    participant_id = fields.Many2one(
        "referral.participant", required=True, readonly=True, index=True
    )
    program_id = fields.Many2one(related="participant_id.program_id")
    company_id = fields.Many2one(related="participant_id.company_id")
    accrual_id = fields.Many2one("referral.accrual", required=True, readonly=True)
    period_start = fields.Date(related="accrual_id.period_start", string="Month")
    line_key = fields.Integer(
        "Invoice Line ID", readonly=True, help="Zero if the whole month is asked about."
    )
    group_key = fields.Integer("Invoice ID", readonly=True)
    explanation = fields.Text(
        "What the Page Said",
        readonly=True,
        help="Why the line earned what it earned, as the participant read it.",
    )
    state = fields.Selection(
        [("waiting", "To Answer"), ("answered", "Answered")],
        required=True,
        readonly=True,
        default="waiting",
        tracking=True,
    )

    def write(self, vals):
        if not self.env.su and not all(
            name.startswith(("activity_", "message_")) for name in vals
        ):
            raise UserError(
                self.env._("A question cannot be edited. Answer it by a message.")
            )
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_never(self):
        raise UserError(self.env._("Questions cannot be deleted. Answer them instead."))

    # === ASKING === #

    def _ask(self, participant, accrual, text, row=None):
        """Ask in a participant's name; the accountant is told.

        :param participant: the ``referral.participant`` for whom the user acts
        :param accrual: the month asked about
        :param str text: what the user wrote
        :param row: the ``referral.explanation`` of the line asked about, if one is
        :return: the ``referral.question`` in superuser mode
        :raise UserError: without a text, or if too many questions wait
        """
        text = self._checked(text)
        # one question at a time: all of them are counted
        participant._lock_money()
        # sudo: participants create and read no records
        questions = self.sudo()
        waiting = [("participant_id", "=", participant.id), ("state", "=", "waiting")]
        if questions.search_count(waiting) >= MOST_WAITING:
            raise UserError(
                self.env._(
                    "We have not answered your other questions yet. Please wait."
                )
            )
        question = questions.create(
            {
                "name": row.display_name if row else accrual._month().capitalize(),
                "participant_id": participant.id,
                "accrual_id": accrual.id,
                "line_key": row.line_key if row else 0,
                "group_key": row.group_key if row else 0,
                "explanation": row.explanation if row else False,
            }
        )
        question._say(text)
        return question

    def _say(self, text):
        """Add a participant's message; who asked is told of the answers.

        :param str text: what the user wrote
        :raise UserError: without a text, or if too many messages wait
        """
        self.ensure_one()
        text = self._checked(text)
        # sudo: the caller has found the question among the participant's own
        question = self.sudo()
        question.participant_id._lock_money()
        latest = question._messages()[-MOST_IN_A_ROW:]
        by_staff = latest.author_id.user_ids.filtered(lambda user: not user.share)
        if len(latest) >= MOST_IN_A_ROW and not by_staff:
            raise UserError(
                self.env._(
                    "We have not answered your other questions yet. Please wait."
                )
            )
        partner = self.env.user.partner_id
        question.message_post(
            body=plaintext2html(text),
            author_id=partner.id,
            # no client's address: their domain does not let us send from it
            email_from=question.company_id.email_formatted or partner.email_formatted,
            message_type="comment",
            subtype_xmlid="mail.mt_comment",
        )

    def _checked(self, text):
        text = (text or "").strip()
        if not text:
            raise UserError(self.env._("Write what you want to know."))
        if len(text) > MOST_TEXT:
            raise UserError(
                self.env._(
                    "Write at most %(most)s characters; you can send more messages.",
                    most=MOST_TEXT,
                )
            )
        return text

    # === THE THREAD === #

    def _messages(self):
        """Return what participants read: what was sent, oldest first, no notes."""
        self.ensure_one()
        return (
            self.sudo()
            .message_ids.filtered(
                lambda message: message.message_type in ("comment", "email")
                and not message.is_internal
                and message.subtype_id
                and not message.subtype_id.internal
            )
            .sorted("id")
        )

    def _message_post_after_hook(self, message, msg_vals):
        result = super()._message_post_after_hook(message, msg_vals)
        # sudo: neither a message nor the state is everybody's to read or write
        question = self.sudo()
        if message.sudo() in question._messages():
            users = message.sudo().author_id.user_ids
            by_staff = users.filtered(lambda user: not user.share)
            question._update_state("answered" if by_staff else "waiting")
        return result

    def _update_state(self, state):
        """Bring a question into a state: the only way to change it.

        The accountant is told of what waits, and of nothing any more once it is
        answered.
        """
        self.state = state
        if state == "answered":
            self.activity_feedback([ACTIVITY])
        elif not self.activity_search([ACTIVITY]):
            self.program_id._plan_for(self.program_id._accountant(), self, ACTIVITY)

    def _path(self):
        """Return the page where the participant reads the question."""
        self.ensure_one()
        return f"/my/referral/questions/{self.id}"

    def _notify_get_recipients(self, message, msg_vals=False, **kwargs):
        """Send messages to who asked, as long as they act for the participant.

        They do not follow the question: employees see who follows what.
        """
        if message.sudo() in self._messages():
            acting = self.participant_id._acting_users().partner_id
            asked = self._messages().author_id & acting
            named = message.sudo().partner_ids | asked
            msg_vals = {**(msg_vals or {}), "partner_ids": named.ids}
        return super()._notify_get_recipients(message, msg_vals=msg_vals, **kwargs)

    def _notify_get_recipients_groups(self, message, model_description, msg_vals=False):
        """Have the mails of answers lead to the participant's page."""
        groups = super()._notify_get_recipients_groups(
            message, model_description, msg_vals=msg_vals
        )
        for name, _function, data in groups:
            if name == "portal" and self:
                data.update(
                    active=True,
                    has_button_access=True,
                    button_access={
                        "url": f"{self.get_base_url()}{self._path()}",
                        "title": self.env._("View the question"),
                    },
                )
        return groups

    # === ACTION METHODS === #

    def action_why(self):
        """Explain the line asked about, or the lines of the participant's month."""
        self.ensure_one()
        self.check_access("read")
        groups, keep = self.participant_id._why_groups(self.accrual_id), None
        if self.line_key:
            groups = SQL("SELECT %s AS group_id", self.group_key)
            keep = SQL("line.line_key = %s", self.line_key)
        return self.env["referral.explain"]._ask(
            self.program_id, groups, keep, self.accrual_id.period_end
        )
