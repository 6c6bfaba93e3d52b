from dateutil.relativedelta import relativedelta

from odoo.http import request

from odoo.addons.portal.controllers.portal import pager as portal_pager

from .portal import ReferralPortal
from .routes import portal_page

#: Referrals on a page.
PAGE_SIZE = 30
#: What a page reads of each: a client's name is its contact's.
SHOWN = ["partner_id", "program_id", "date_start", "date_end", "state"]
#: What a page of referrals may be sorted by.
SORTINGS = {
    "newest": "date_start desc, id desc",
    "oldest": "date_start, id",
}


class ReferralReferrals(ReferralPortal):
    @portal_page(
        ["/my/referral/referrals", "/my/referral/referrals/page/<referral_id:page>"]
    )
    def referral_referrals(self, page=1, sortby="newest", **_query):
        """Show the clients whom the participant brought, and what each gave."""
        participant = self._require_tab("referrals", lead_on=True)
        sortby = sortby if sortby in SORTINGS else "newest"
        # sudo: portal users read no referrals; these are their own
        referrals = request.env["referral.referral"].sudo()
        own = [
            ("participant_id", "=", participant.id),
            # a claim is answered the same whether the client exists or not
            ("state", "in", ("active", "ended")),
        ]
        pager = portal_pager(
            url="/my/referral/referrals",
            url_args={"sortby": sortby},
            total=referrals.search_count(own),
            page=page,
            step=PAGE_SIZE,
        )
        shown = referrals.search_fetch(
            own,
            SHOWN,
            order=SORTINGS[sortby],
            limit=PAGE_SIZE,
            offset=pager["offset"],
        )
        shown.partner_id.fetch(["name"])
        months = self._months(participant)
        return self._page(
            "portal_referrals",
            participant,
            title=request.env._("Referrals"),
            referrals=shown,
            by_month=self._by_month(shown, months),
            months=months,
            pager=pager,
            sortby=sortby,
        )

    def _months(self, participant):
        """Return the last credited months, the latest first."""
        return participant.program_id.accrual_ids.search(
            [("program_id", "=", participant.program_id.id), ("state", "=", "posted")],
            order="period_start desc",
            limit=3,
        )

    def _by_month(self, referrals, accruals):
        """Return what each referral gave in each month, by their ids."""
        monthly = request.env["referral.referral.month"].sudo()
        rows = monthly.search_fetch(
            [
                ("referral_id", "in", referrals.ids),
                ("accrual_id", "in", accruals.ids),
            ],
            ["referral_id", "accrual_id", "amount"],
        )
        return {(row.referral_id.id, row.accrual_id.id): row.amount for row in rows}

    @portal_page("/my/referral/referrals/<referral_id:referral_id>")
    def referral_referral(self, referral_id, **_query):
        """Show what one referral gave, month by month."""
        participant = self._require_tab("referrals")
        # sudo: whose referral it is, is checked here
        referral = request.env["referral.referral"].sudo().browse(referral_id)
        if (
            not referral.exists()
            or referral.participant_id != participant
            or referral.state not in ("active", "ended")
        ):
            raise request.not_found()
        monthly = request.env["referral.referral.month"].sudo()
        months = monthly.search([("referral_id", "=", referral.id)]).sorted(
            "period_start", reverse=True
        )
        since = participant.program_id._today() - relativedelta(months=13)
        return self._page(
            "portal_referral",
            participant,
            title=referral._shown_name(),
            referral=referral,
            months=months,
            bars=self._bars(
                [
                    (month.period_start, month.amount)
                    for month in reversed(months)
                    if month.period_start >= since
                ]
            ),
        )
