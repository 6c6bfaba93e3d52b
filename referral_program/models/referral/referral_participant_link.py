from dateutil.relativedelta import relativedelta

from odoo import fields, models

from .referral_referral import IN_FORCE_STATES

#: Who came by one of the participant's links, or typed the code in.
SOURCES = ("link", "code")


class ReferralParticipant(models.Model):
    """How the participant's links do: who opened them, signed up, and paid."""

    _inherit = "referral.participant"

    link_ids = fields.One2many("referral.link", "participant_id", "Named Links")

    def _sign_ups_domain(self, since):
        return [
            ("participant_id", "=", self.id),
            # a claim is answered the same whether the client exists or not
            ("state", "in", IN_FORCE_STATES),
            ("source", "in", SOURCES),
            ("date_start", ">=", since),
        ]

    def _visits_domain(self, since):
        return [("participant_id", "=", self.id), ("day", ">=", since)]

    def _link_numbers(self, since):
        """Return what each of the participant's links brought.

        :param date since: the first day that counts
        :return: a list of dictionaries, the link without a name first, then those
            with one, then the code as it was typed in, if anybody did: ``kind``
            (``plain``, ``named``, ``code``), ``link``, ``visits``, ``sign_ups``,
            ``clients`` (those of them who have paid) and ``conversion``, in percent of
            the visits; None without any
        """
        self.ensure_one()
        # sudo: portal users read neither; these are their own
        links = self.env["referral.link"].sudo()
        referrals = self.env["referral.referral"].sudo()
        counted = self.env["referral.visit"].sudo()
        visits = dict(
            counted._read_group(self._visits_domain(since), ["link_id"], ["visits:sum"])
        )
        signed = {
            (source, link): (count, paid)
            for source, link, count, paid in referrals._read_group(
                self._sign_ups_domain(since),
                ["source", "link_id"],
                ["__count", "first_paid_on:count"],
            )
        }
        named = links.search([("participant_id", "=", self.id)])
        # those that were removed, as far as they brought anything
        named |= (links.concat(*visits) | links.concat(*(k[1] for k in signed))) - named
        rows = [
            self._link_row(kind, link, visits.get(link, 0), *signed.get(key, (0, 0)))
            for kind, link, key in (
                ("plain", links, ("link", links)),
                *(
                    ("named", link, ("link", link))
                    for link in named.sorted(lambda link: (not link.active, link.name))
                ),
            )
        ]
        if typed := signed.get(("code", links)):
            rows.append(self._link_row("code", links, 0, *typed))
        return rows

    def _link_row(self, kind, link, visits, sign_ups, clients):
        return {
            "kind": kind,
            "link": link,
            "visits": visits,
            "sign_ups": sign_ups,
            "clients": clients,
            "conversion": 100 * sign_ups / visits if visits else None,
        }

    def _link_periods(self, since, until, step, link=None):
        """Return visits and sign-ups over time.

        :param date since: the first day
        :param date until: the last day
        :param str step: ``day`` or ``month``
        :param link: one ``referral.link``; an empty one for that without a name; None
            for all of them
        :return: a list of dictionaries with ``start``, ``visits`` and ``sign_ups``,
            oldest first, those without any included
        """
        self.ensure_one()
        which = [] if link is None else [("link_id", "=", link.id)]
        # sudo: as above
        counted = self.env["referral.visit"].sudo()
        visits = dict(
            counted._read_group(
                [*self._visits_domain(since), *which], [f"day:{step}"], ["visits:sum"]
            )
        )
        if link is not None:
            which = [*which, ("source", "=", "link")]
        referrals = self.env["referral.referral"].sudo()
        sign_ups = dict(
            referrals._read_group(
                [*self._sign_ups_domain(since), *which],
                [f"date_start:{step}"],
                ["__count"],
            )
        )
        periods, start = [], since
        while start <= until:
            periods.append(
                {
                    "start": start,
                    "visits": visits.get(start, 0),
                    "sign_ups": sign_ups.get(start, 0),
                }
            )
            start += relativedelta(**{f"{step}s": 1})
        return periods
