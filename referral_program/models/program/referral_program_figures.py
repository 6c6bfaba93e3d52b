from odoo import fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain
from odoo.tools import SQL

from ...tools.actions import window

#: Months of the graph, and of what is called a year here.
MONTHS = 12
#: Participants in a list of the best.
TOP = 5

#: What a click on a figure opens: an action, and the domain of its records by the
#: program and by which one of them was clicked.
FIGURES = {
    "compensations": (
        "referral_compensation_register_action",
        lambda program, key: program._posted_domain("=", program._key_date(key)),
    ),
    "year": (
        "referral_compensation_register_action",
        lambda program, _key: program._posted_domain(">=", program._month(-MONTHS)),
    ),
    "top_month": (
        "referral_compensation_register_action",
        lambda program, key: [
            *program._posted_domain("=", program._month(-1)),
            ("participant_id", "=", program._key_id(key)),
        ],
    ),
    "top_year": (
        "referral_compensation_register_action",
        lambda program, key: [
            *program._posted_domain(">=", program._month(-MONTHS)),
            ("participant_id", "=", program._key_id(key)),
        ],
    ),
    "estimate": (
        "referral_estimate_action",
        lambda program, key: [
            ("participant_id.program_id", "=", program.id),
            (key if key in ("unpaid", "unrendered") else "so_far", "!=", 0),
        ],
    ),
    "visits": (
        "referral_visit_action",
        lambda program, _key: [
            ("participant_id.program_id", "=", program.id),
            ("day", ">=", program._month(1 - MONTHS)),
        ],
    ),
    "referrals": (
        "referral_referral_action",
        lambda program, key: program._brought_domain(key),
    ),
    "accruals": (
        "referral_accrual_action",
        lambda program, _key: [("program_id", "=", program.id)],
    ),
    "verification": (
        "referral_participant_verification_action",
        lambda program, key: program._verification_domain(key),
    ),
    "withdrawals": (
        "referral_withdrawal_action",
        lambda program, key: program._withdrawal_domain(key),
    ),
}


class ReferralProgram(models.Model):
    """The figures of the dashboard: where they come from, and what they open."""

    _inherit = "referral.program"

    # === WHAT A CLICK OPENS === #

    def action_open_figure(self, figure, key=False):
        """Open the records behind a figure of the dashboard, or a step's place.

        :param str figure: such as ``liability``; see the rows
        :param key: which one of them: a month, a participant, a step
        :return: an action
        :raise UserError: if there is no such figure
        """
        self.ensure_one()
        self.check_access("read")
        openers = {
            "liability": self._open_liability,
            "month": self._open_month,
            "integrity": self._open_integrity,
            "step": self._open_step,
        }
        if not isinstance(figure, str) or not isinstance(key, (str, int)):
            raise UserError(self.env._("The dashboard has no such figure."))
        if figure in openers:
            return openers[figure](key)
        if figure not in FIGURES:
            raise UserError(self.env._("The dashboard has no such figure."))
        action, domain = FIGURES[figure]
        return window(self.env, action, domain(self, key))

    def _open_liability(self, _key):
        """The journal items, or the participants with their balances."""
        if self.env["account.move.line"].has_access("read"):
            return window(self.env, "referral_liability_action", self._ledger_domain())
        return self.action_view_participants()

    def _open_month(self, key):
        """The month's accrual, or the program if there is none yet."""
        accrual = self.env["referral.accrual"].search(
            [("program_id", "=", self.id), ("period_start", "=", self._key_date(key))]
        )
        return (accrual or self)._get_records_action()

    def _open_integrity(self, _key):
        """The last check of everything, or all checks if there is none."""
        if self.integrity_run_id:
            return self.integrity_run_id._get_records_action()
        return self.action_view_integrity_runs()

    def _key_date(self, key):
        try:
            return fields.Date.to_date(key) or self._month(-1)
        except (TypeError, ValueError) as error:
            raise UserError(self.env._("The dashboard has no such figure.")) from error

    def _key_id(self, key):
        if not isinstance(key, int):
            raise UserError(self.env._("The dashboard has no such figure."))
        return key

    # === WHOSE RECORDS THEY ARE === #

    def _posted_domain(self, operator, month):
        """Return the domain of the posted months, or of their compensations."""
        return [
            ("program_id", "=", self.id),
            ("state", "=", "posted"),
            ("period_start", operator, month),
        ]

    def _brought_domain(self, key):
        """Return the domain of the clients brought in a year.

        :param key: ``link`` for those by link, ``paying`` for those who gave something
            in a posted month, ``link_paying`` for both; ``all`` of them otherwise
        """
        domain = [
            ("program_id", "=", self.id),
            ("state", "in", ("active", "ended")),
            ("date_start", ">=", self._month(1 - MONTHS)),
        ]
        if key in ("link", "link_paying"):
            domain.append(("source", "=", "link"))
        if key in ("paying", "link_paying"):
            domain.append(("month_ids", "any", [("amount", ">", 0)]))
        return domain

    def _verification_domain(self, key):
        """Return the domain of who waits to be verified, or is ``late`` to be."""
        domain = [
            ("program_id", "=", self.id),
            "|",
            ("state", "=", "submitted"),
            ("verification_deadline", "!=", False),
        ]
        return [*domain, ("is_late", "=", True)] if key == "late" else domain

    def _withdrawal_domain(self, key):
        """Return the domain of the withdrawals by the step that they wait for."""
        decided = self.env["referral.withdrawal"]._decided_domain()
        domain = {
            "to_pay": [("state", "=", "billed")],
            "to_bill": [("state", "=", "requested"), *decided],
        }.get(key, [("state", "=", "requested"), "!", *decided])
        return [("program_id", "=", self.id), *domain]

    # === WHERE THEY COME FROM === #

    def _dashboard_facts(self):
        """Return what the cards say, by program: so many queries for any number.

        The caller may read the programs, and whoever may read a program may read what
        is added up here in superuser mode.
        """
        programs = self.sudo()
        readings = {
            "liability": (programs._liabilities(), 0.0),
            "next_period": (programs._next_periods(), False),
            "months": (programs._read_months(), {}),
            "top": (programs._read_top(), {}),
            "estimate": (programs._read_estimates(), (False, 0, 0, 0)),
            "visits": (programs._read_visits(), 0),
            "referrals": (programs._read_brought(), (0, 0, 0, 0)),
            "verification": (programs._read_verifications(), (0, 0)),
            "withdrawals": (programs._read_withdrawals(), {}),
            "integrity": (programs._last_integrity_runs(), False),
        }
        return {
            program.id: {
                name: found.get(program, nothing)
                for name, (found, nothing) in readings.items()
            }
            for program in self
        }

    def _add_up(self, model, domain, group="program_id", aggregates=("__count",)):
        """Add up records of all programs.

        :param domain: a function of the program
        :param str group: the path from a record to its program
        :return dict: program → the value, or several of them
        """
        rows = self.env[model]._read_group(
            Domain.OR(Domain(domain(program)) for program in self),
            [group],
            aggregates,
        )
        return {
            program: values if values[1:] else values[0] for program, *values in rows
        }

    def _read_months(self):
        """Return the compensation of the posted months of a year, by first day."""
        accruals = self.env["referral.accrual"].search(
            Domain.OR(
                Domain(program._posted_domain(">=", program._month(-MONTHS)))
                for program in self
            )
        )
        return {
            program: {accrual.period_start: accrual.amount for accrual in of_program}
            for program, of_program in accruals.grouped("program_id").items()
        }

    def _read_top(self):
        """Return who earned most, in the last month and in a year, best first.

        :return dict: program → span, ``month`` or ``year`` → triples of participant's
            id, name and amount
        """
        if not self:
            return {}
        self.env.flush_all()
        rows = self.env.execute_query(
            SQL(
                """
                WITH earned AS (
                    SELECT program.id AS program_id, compensation.participant_id,
                           SUM(compensation.amount) AS year,
                           SUM(compensation.amount) FILTER (
                               WHERE accrual.period_start = program.last) AS month
                      FROM (VALUES %(programs)s) program(id, first, last)
                      JOIN referral_accrual accrual
                        ON accrual.program_id = program.id
                       AND accrual.period_start >= program.first
                       AND accrual.state = 'posted'
                      JOIN referral_compensation compensation
                        ON compensation.accrual_id = accrual.id
                     GROUP BY program.id, compensation.participant_id
                ),
                ranked AS (
                    SELECT program_id, participant_id, span.name, span.amount,
                           ROW_NUMBER() OVER (
                               PARTITION BY program_id, span.name
                                   ORDER BY span.amount DESC, participant_id) AS rank
                      FROM earned
                     CROSS JOIN LATERAL (VALUES ('month', month), ('year', year))
                                        span(name, amount)
                     WHERE span.amount > 0
                )
                SELECT ranked.program_id, ranked.name, ranked.participant_id,
                       partner.complete_name, ranked.amount
                  FROM ranked
                  JOIN referral_participant participant
                    ON participant.id = ranked.participant_id
                  JOIN res_partner partner ON partner.id = participant.partner_id
                 WHERE ranked.rank <= %(top)s
                 ORDER BY ranked.program_id, ranked.name, ranked.rank
                """,
                programs=SQL(", ").join(
                    SQL(
                        "(%s, %s::date, %s::date)",
                        program.id,
                        program._month(-MONTHS),
                        program._month(-1),
                    )
                    for program in self
                ),
                top=TOP,
            )
        )
        best = {}
        for program_id, span, *values in rows:
            spans = best.setdefault(self.browse(program_id), {})
            spans.setdefault(span, []).append(values)
        return best

    def _read_estimates(self):
        """Return what is on its way, and of which day the oldest of it is."""
        return self._add_up(
            "referral.estimate",
            lambda program: [("participant_id.program_id", "=", program.id)],
            "participant_id.program_id",
            ["day:min", "so_far:sum", "unpaid:sum", "unrendered:sum"],
        )

    def _read_visits(self):
        _action, domain = FIGURES["visits"]
        return self._add_up(
            "referral.visit",
            lambda program: domain(program, False),
            "participant_id.program_id",
            ["visits:sum"],
        )

    def _count(self, model, domain, *keys):
        """Return dict: program → how many records there are of each key."""
        counts = [
            self._add_up(model, lambda program, key=key: domain(program, key))
            for key in keys
        ]
        return {
            program: [count.get(program, 0) for count in counts] for program in self
        }

    def _read_brought(self):
        """Return how many clients were brought by link, of these pay, were brought
        in any way, and pay."""
        return self._count(
            "referral.referral",
            ReferralProgram._brought_domain,
            "link",
            "link_paying",
            "all",
            "paying",
        )

    def _read_verifications(self):
        """Return how many wait, and how many are late."""
        return self._count(
            "referral.participant",
            ReferralProgram._verification_domain,
            "waiting",
            "late",
        )

    def _read_withdrawals(self):
        """Return number and sum of the open withdrawals by the step they wait for."""
        found = {program: {} for program in self}
        for key in ("to_approve", "to_bill", "to_pay"):
            withdrawals = self.env["referral.withdrawal"].search(
                Domain.OR(Domain(program._withdrawal_domain(key)) for program in self)
            )
            for program, waiting in withdrawals.grouped("program_id").items():
                amount = sum(w.billed_amount or w.amount for w in waiting)
                found[program][key] = (len(waiting), amount)
        return found
