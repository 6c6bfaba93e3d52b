from odoo.exceptions import UserError, ValidationError
from odoo.http import request

from odoo.addons.portal.controllers.portal import pager

from ..models.participant.referral_pace import EXPLANATIONS_AN_HOUR
from ..tools.inputs import whole_number
from .portal import ReferralPortal
from .routes import portal_page

#: Clients compared at once: those with the largest change.
MOST_CLIENTS = 50
LINES_PER_PAGE = 40


class ReferralWhy(ReferralPortal):
    """Why a month gave what it gave, and questions about it."""

    # === A MONTH === #

    @portal_page(
        [
            "/my/referral/why/<string:month>",
            "/my/referral/why/<string:month>/page/<referral_id:page>",
        ],
        readonly=False,
    )
    def referral_why(self, month, page=1, **_query):
        """Compare a month with the one before, and say what lines still wait for."""
        participant, accrual, months = self._month_of(month)
        program = participant.program_id
        before = months.filtered(lambda one: one.period_start < accrual.period_start)[
            :1
        ]
        clients = participant._compare_months(accrual, before)
        lines, problem = self._lines_of(participant, accrual)
        pages = pager(
            f"/my/referral/why/{month}", len(lines), page=page, step=LINES_PER_PAGE
        )
        first = max(pages["offset"], 0)
        shown = lines[first : first + LINES_PER_PAGE]
        later = months.filtered(lambda one: one.period_start > accrual.period_start)
        return self._why_page(
            "portal_why",
            participant,
            accrual,
            title=request.env._("Why this month"),
            before=before,
            later=later[-1:],
            amount=sum(participant._credited(accrual).mapped("amount")),
            amount_before=sum(participant._credited(before).mapped("amount")),
            clients=clients[:MOST_CLIENTS],
            left_out=max(0, len(clients) - MOST_CLIENTS),
            excluded=shown.filtered(lambda row: not row.waits),
            waiting=shown.filtered("waits"),
            problem=problem,
            pager=pages,
            estimate=self._estimate(participant) if not later else False,
            next_credit=program._credit_date(program._today().replace(day=1)),
            questions=self._questions(participant).filtered(
                lambda question: question.accrual_id == accrual
            ),
        )

    def _estimate(self, participant):
        # sudo: portal users read no estimates; this is their own
        estimates = request.env["referral.estimate"].sudo()
        return estimates.search([("participant_id", "=", participant.id)], limit=1)

    @portal_page(
        "/my/referral/why/<string:month>/ask", methods=["GET", "POST"], readonly=False
    )
    def referral_ask(self, month, line=None, text=None, **_query):
        """Ask staff about a month, or about one of its lines."""
        participant, accrual, _months = self._month_of(month)
        row = self._line_of(participant, accrual, line)
        error = False
        if request.httprequest.method == "POST":
            try:
                question = request.env["referral.question"]._ask(
                    participant, accrual, text, row
                )
                return request.redirect(question._path())
            except UserError as refusal:
                error = refusal.args[0]
        return self._why_page(
            "portal_ask",
            participant,
            accrual,
            title=request.env._("Ask about this"),
            row=row,
            text=text,
            error=error,
        )

    def _month_of(self, text):
        """Return own membership, the month asked for, and all there are.

        :param str text: the month in an address, such as 2026-01
        """
        participant = self._require_role()
        months = participant._months_to_explain()
        accrual = months.filtered(lambda one: f"{one.period_start:%Y-%m}" == text)
        if not accrual:
            raise request.not_found()
        return participant, accrual, months

    def _lines_of(self, participant, accrual, key=None):
        """Return a month's lines, and why they are not computed now, or nothing."""
        try:
            request.env["referral.pace"]._step(
                "why", participant.id, EXPLANATIONS_AN_HOUR
            )
        except ValidationError as error:
            # sudo: there are none; the page is made as with some
            return request.env["referral.explanation"].sudo(), error.args[0]
        return participant._why_lines(accrual, key), ""

    def _line_of(self, participant, accrual, line):
        """Return the line asked about; of lines that are others' there are none."""
        if not line:
            return None
        try:
            key = whole_number(line)
        except ValueError as error:
            raise request.not_found() from error
        row, _problem = self._lines_of(participant, accrual, key)
        if len(row) != 1:
            raise request.not_found()
        return row

    def _why_page(self, template, participant, accrual, **values):
        return self._page(
            template,
            participant,
            referral_why=True,
            accrual=accrual,
            month=f"{accrual.period_start:%Y-%m}",
            **values,
        )

    # === QUESTIONS === #

    @portal_page("/my/referral/questions")
    def referral_questions(self, **_query):
        """List the participant's questions, the newest first."""
        participant = self._require_role(lead_on=True)
        return self._page(
            "portal_questions",
            participant,
            title=request.env._("Questions"),
            questions=self._questions(participant),
        )

    @portal_page(
        "/my/referral/questions/<referral_id:question_id>", methods=["GET", "POST"]
    )
    def referral_question(self, question_id, text=None, **_query):
        """Show a question with its answers, and take another message."""
        participant = self._require_role()
        question = self._questions(participant).filtered(
            lambda one: one.id == question_id
        )
        if not question:
            raise request.not_found()
        error = False
        if request.httprequest.method == "POST":
            try:
                question.with_env(request.env)._say(text)
                return request.redirect(question._path())
            except UserError as refusal:
                error = refusal.args[0]
        return self._page(
            "portal_question",
            participant,
            title=question.name,
            question=question,
            text=text,
            error=error,
        )

    def _questions(self, participant):
        """Return the participant's own questions, in superuser mode."""
        # sudo: portal users read no questions; these are their own
        questions = request.env["referral.question"].sudo()
        return questions.search([("participant_id", "=", participant.id)])
