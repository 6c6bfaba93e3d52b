import base64

from dateutil.relativedelta import relativedelta

from odoo.exceptions import UserError
from odoo.http import request

from ..models.participant.referral_representative import OWNER
from ..tools.sharing import qr_png, share_addresses
from .portal import ReferralPortal
from .routes import portal_form, portal_page

#: What the numbers are about: how far back, and by which steps.
PERIODS = {"30": ("day", {"days": 29}), "365": ("month", {"months": 11, "day": 1})}


class ReferralLinks(ReferralPortal):
    """The participant's links: sharing them, naming them, and what each brings."""

    @portal_page("/my/referral/links")
    def referral_links(self, days="30", link=None, **_query):
        """Show the links, how to share them, and their numbers."""
        participant = self._require_tab("links", lead_on=True)
        return self._links_page(participant, days=days, name=link)

    @portal_form("/my/referral/links")
    def referral_links_post(self, **post):
        """Give the participant a link with a name."""
        participant = self._require_role(OWNER)
        if not participant.link_active:
            raise request.not_found()
        try:
            with request.env.cr.savepoint():
                link = request.env["referral.link"]._add(participant, post.get("name"))
        except UserError as error:
            return self._links_page(
                participant, error=error.args[0], typed=post.get("name")
            )
        return request.redirect(f"/my/referral/links?link={link.name}")

    @portal_form("/my/referral/links/<referral_id:link_id>/remove")
    def referral_link_remove(self, link_id, **_post):
        """Take a link with a name back."""
        participant = self._require_role(OWNER)
        # sudo: portal users read no links; these are the participant's own
        own = participant.sudo().link_ids.filtered(lambda link: link.id == link_id)
        if not own:
            raise request.not_found()
        own._remove()
        return request.redirect("/my/referral/links")

    def _links_page(self, participant, days="30", name=None, error=None, typed=None):
        days = days if days in PERIODS else "30"
        step, back = PERIODS[days]
        today = participant.program_id._today()
        since = today - relativedelta(**back)
        rows = participant._link_numbers(since)
        named = (row for row in rows if row["link"].active)
        chosen = next((row for row in named if row["link"].name == name), None)
        periods = participant._link_periods(
            since, today, step, link=chosen and chosen["link"]
        )
        address = chosen["link"].address if chosen else participant.link
        return self._page(
            "portal_links",
            participant,
            title=request.env._("Links"),
            rows=rows,
            best=self._best(rows),
            total={
                name: sum(row[name] for row in rows)
                for name in ("visits", "sign_ups", "clients")
            },
            chosen=chosen,
            address=address,
            shares=self._shares(participant, address),
            qr=self._qr(participant, address),
            days=days,
            step=step,
            periods=periods,
            most=max(max(p["visits"], p["sign_ups"]) for p in periods),
            error=error,
            typed=typed,
        )

    def _best(self, rows):
        """Return the row that brought most sign-ups; None if there is no choice."""
        brought = [row for row in rows if row["sign_ups"]]
        if len(rows) < 2 or not brought:
            return None
        return max(brought, key=lambda r: (r["sign_ups"], r["conversion"] or 0))

    def _shares(self, participant, address):
        company = participant.company_id.name
        return share_addresses(
            address,
            request.env._("A recommendation: %s", company),
            request.env._("I recommend %s. Sign up with my link:", company),
        )

    def _qr(self, participant, address):
        """Return the link's QR code to download, by kind of file."""
        return {
            kind: f"data:{mimetype};base64,{base64.b64encode(content).decode()}"
            for kind, mimetype, content in (
                ("png", "image/png", qr_png(address)),
                ("svg", "image/svg+xml", participant._draw_qr_code(address).encode()),
            )
        }
