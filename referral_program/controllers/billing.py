from odoo.exceptions import UserError
from odoo.http import request

from odoo.addons.portal.controllers.portal import pager

from .files import file_response
from .portal import ReferralPortal
from .routes import file_route, portal_page

MONTHS_PER_PAGE = 24
LINES_PER_PAGE = 80


class ReferralBilling(ReferralPortal):
    """The participant's months: what each gave, and its documents."""

    # === PAGES === #

    @portal_page(
        ["/my/referral/billing", "/my/referral/billing/page/<referral_id:page>"]
    )
    def referral_billing(self, page=1, **_query):
        """List the months, the newest first."""
        participant = self._require_role(lead_on=True)
        # sudo: portal users read no statements; these are the user's own
        statements = request.env["referral.statement"].sudo()
        own = [("participant_id", "=", participant.id)]
        pages = pager(
            "/my/referral/billing",
            statements.search_count(own),
            page=page,
            step=MONTHS_PER_PAGE,
        )
        return self._billing_page(
            "portal_billing",
            participant,
            statements=statements.search(
                own, limit=MONTHS_PER_PAGE, offset=max(pages["offset"], 0)
            ),
            pager=pages,
            last_month=participant._months_to_explain()[:1],
        )

    @portal_page(
        [
            "/my/referral/billing/<referral_id:statement_id>",
            "/my/referral/billing/<referral_id:statement_id>/page/<referral_id:page>",
        ]
    )
    def referral_billing_month(self, statement_id, page=1, **_query):
        """Show a month: its figures, and the services behind them."""
        participant = self._require_role()
        statement = self._statement(participant, statement_id)
        subtotals = statement._subtotals()
        pages = pager(
            f"/my/referral/billing/{statement.id}",
            sum(count for count, _base, _amount in subtotals.values()),
            page=page,
            step=LINES_PER_PAGE,
        )
        lines = statement._lines(LINES_PER_PAGE, max(pages["offset"], 0))
        return self._billing_page(
            "portal_billing_month",
            participant,
            title=statement._month().capitalize(),
            statement=statement,
            lines=lines,
            reversing=lines._reversing(),
            subtotals=subtotals,
            pager=pages,
        )

    # === DOWNLOADS === #

    @portal_page(
        "/my/referral/billing/<referral_id:statement_id>/<any(pdf,xlsx):kind>",
        readonly=False,
    )
    def referral_billing_file(self, statement_id, kind, **_query):
        """Give the participant a month's document."""
        participant = self._require_role()
        statement = self._statement(participant, statement_id)
        try:
            return self._file_response(statement, kind)
        except UserError as error:
            response = self._billing_page(
                "portal_billing_problem",
                participant,
                statement=statement,
                problem=error.args[0],
            )
            response.status_code = 500
            return response

    @file_route("/referral/statement/<referral_id:statement_id>/<any(pdf,xlsx):kind>")
    def referral_statement_file(self, statement_id, kind, **_query):
        """Give staff a month's document."""
        statement = request.env["referral.statement"].browse(statement_id)
        if not request.env.user.has_group("referral_program.group_reader") or (
            not statement.exists() or not statement.has_access("read")
        ):
            raise request.not_found()
        return self._file_response(statement, kind)

    def _file_response(self, statement, kind):
        return file_response(
            statement._read_file(kind), kind, statement._file_name(kind)
        )

    # === WHOSE === #

    def _statement(self, participant, statement_id):
        """Return a statement of this participant; of nobody else there is any."""
        # sudo: as above; the domain says whose it is
        statements = request.env["referral.statement"].sudo()
        statement = statements.search(
            [("participant_id", "=", participant.id), ("id", "=", statement_id)]
        )
        if not statement:
            raise request.not_found()
        return statement

    def _billing_page(self, template, participant, **values):
        return self._page(
            template,
            participant,
            referral_billing=True,
            **{"title": request.env._("Billing documents"), **values},
        )
