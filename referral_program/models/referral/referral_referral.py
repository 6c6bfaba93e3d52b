from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.tools import SQL, format_date

from ...tools.actions import window_of
from ...tools.masking import masked

#: Referrals in these states count on the days that they cover.
IN_FORCE_STATES = ("active", "ended")
#: What an officer does not decide about their own participation.
OWN_DECISIONS = frozenset({"participant_id", "partner_id", "date_start", "date_end"})
TRANSITIONS = {
    "pending": {"active", "cancelled"},
    "active": {"pending", "ended", "cancelled"},
    "ended": {"active", "cancelled"},
    "cancelled": set(),
}


class ReferralReferral(models.Model):
    """A client that a participant brought, and since when.

    Both ``date_start`` and ``date_end`` are inclusive; the dates of invoices
    decide whether the referral counts.
    """

    _name = "referral.referral"
    _description = "Referral"
    _inherit = ["referral.sight.mixin", "mail.thread", "mail.activity.mixin"]
    _order = "date_start desc, id desc"
    _rec_names_search = ["partner_id", "participant_id"]

    participant_id = fields.Many2one(
        "referral.participant", required=True, tracking=True
    )
    program_id = fields.Many2one(
        related="participant_id.program_id", store=True, index=True, precompute=True
    )
    company_id = fields.Many2one(related="program_id.company_id", store=True)
    currency_id = fields.Many2one(related="program_id.currency_id")
    partner_id = fields.Many2one(
        "res.partner",
        "Client",
        required=True,
        index=True,
        tracking=True,
        help="The client whom the participant referred: always the company itself, "
        "not one of its contacts.",
    )
    date_start = fields.Date(
        "First Day",
        required=True,
        tracking=True,
        default=lambda self: (self.env["referral.program"]._today_in(self.env.company)),
        help="The first day whose invoices count.",
    )
    date_end = fields.Date(
        "Last Day", tracking=True, help="The last day whose invoices count."
    )
    source = fields.Selection(
        [
            ("link", "Link"),
            ("code", "Code"),
            ("manual", "By Hand"),
            ("api", "API"),
        ],
        required=True,
        default="manual",
        tracking=True,
    )
    state = fields.Selection(
        [
            ("pending", "To Approve"),
            ("active", "Active"),
            ("ended", "Ended"),
            ("cancelled", "Cancelled"),
        ],
        required=True,
        default="active",
        tracking=True,
        copy=False,
        help="Active and ended referrals count on the days that they cover; a "
        "cancelled one was a mistake, and what was credited for it is reversed.",
    )
    line_ids = fields.One2many("referral.accrual.line", "referral_id")
    month_ids = fields.One2many("referral.referral.month", "referral_id", "Months")
    amount = fields.Monetary(
        "Compensation",
        compute="_compute_amounts",
        help="What was credited to the participant for this client, in posted "
        "accruals.",
    )
    base = fields.Monetary(compute="_compute_amounts")

    _dates_in_order = models.Constraint(
        "CHECK (date_end IS NULL OR date_end >= date_start)",
        "A referral cannot end before it begins.",
    )
    _ended_has_last_day = models.Constraint(
        "CHECK (state <> 'ended' OR date_end IS NOT NULL)",
        "A referral that has ended has a last day. If it goes on, reopen it.",
    )
    # Two workers at once cannot both bind a client: searching first would not
    # prevent it at Odoo's isolation level.
    _open_referral_unique = models.UniqueIndex(
        "(program_id, partner_id) WHERE date_end IS NULL "
        "AND state IN ('active', 'ended')",
        "The client has an open referral in this program already. End it first.",
    )
    _client_dates_idx = models.Index("(partner_id, program_id, date_start)")
    _participant_dates_idx = models.Index("(participant_id, date_start, id)")

    # === COMPUTE METHODS === #

    @api.depends("partner_id", "participant_id")
    def _compute_display_name(self):
        for referral in self:
            referral.display_name = (
                f"{referral.participant_id.display_name} → "
                f"{referral.partner_id.display_name}"
            )

    def _compute_amounts(self):
        totals = {
            referral: (base, amount)
            for referral, base, amount in self.env[
                "referral.referral.month"
            ]._read_group(
                [("referral_id", "in", self.ids)],
                ["referral_id"],
                ["base:sum", "amount:sum"],
            )
        }
        for referral in self:
            referral.base, referral.amount = totals.get(referral, (0.0, 0.0))

    def _is_over(self):
        """Tell whether the client's new invoices do not count any more."""
        self.ensure_one()
        today = self.program_id._today()
        return self.state not in IN_FORCE_STATES or bool(
            self.date_end and self.date_end < today
        )

    def _shown_name(self):
        """Return the client's name as the participant may see it."""
        self.ensure_one()
        # sudo: portal users read no contacts but their own
        referral = self.sudo()
        name = referral.partner_id.name or ""
        return masked(name) if referral.program_id.mask_names else name

    # === CONSTRAINT METHODS === #

    @api.constrains("partner_id", "program_id", "date_start", "date_end", "state")
    def _check_one_referral_at_a_time(self):
        """Refuse a referral that covers a day of another referral of the same client.

        Those whose clients were two when they began are none: the older holds.
        """
        self.flush_model(
            [
                "partner_id",
                "program_id",
                "date_start",
                "date_end",
                "state",
                "superseded_by_id",
            ]
        )
        self.env.cr.execute(
            SQL(
                """
                SELECT a.id, b.id
                  FROM referral_referral a
                  JOIN referral_referral b
                    ON b.partner_id = a.partner_id
                   AND b.program_id = a.program_id
                   AND b.id <> a.id
                   AND b.state IN %(states)s
                   AND daterange(a.date_start, a.date_end, '[]')
                       && daterange(b.date_start, b.date_end, '[]')
                   AND b.superseded_by_id IS NULL
                 WHERE a.id IN %(ids)s AND a.state IN %(states)s
                   AND a.superseded_by_id IS NULL
                 LIMIT 1
                """,
                ids=tuple(self.ids),
                states=IN_FORCE_STATES,
            )
        )
        for own_id, other_id in self.env.cr.fetchall():
            own, other = self.browse((own_id, other_id))
            raise ValidationError(
                self.env._(
                    "%(client)s is already a referral of %(participant)s, from "
                    "%(start)s to %(end)s. A client can have only one referral at a "
                    "time: end that one before this one begins.",
                    client=own.partner_id.display_name,
                    participant=other.participant_id.display_name,
                    start=format_date(self.env, other.date_start),
                    end=format_date(self.env, other.date_end)
                    if other.date_end
                    else self.env._("no end"),
                )
            )

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        vals_list = [self._with_commercial_partner(vals) for vals in vals_list]
        if not self.env.su:
            # not by way of the context either
            vals_list = [
                {**vals, "external_key": False, "superseded_by_id": False}
                for vals in vals_list
            ]
        referrals = super().create(vals_list)
        referrals.participant_id._check_not_ones_own()
        self.env["referral.mark"]._mark_partners(referrals.partner_id)
        return referrals

    def write(self, vals):
        if "state" in vals:
            raise UserError(
                self.env._(
                    "Referrals are approved, ended, reopened and cancelled with the "
                    "buttons of their form."
                )
            )
        if "participant_id" in vals and not self.env.su:
            self._check_participant_can_change(vals["participant_id"])
        self.env["referral.mark"]._mark_partners(self.partner_id)
        vals = self._with_commercial_partner(vals)
        if OWN_DECISIONS & vals.keys():
            # nor taken from it, so that somebody else does not see it
            self.participant_id._check_not_ones_own()
        if "partner_id" in vals:
            corrected = self.filtered(lambda r: r.partner_id.id != vals["partner_id"])
            corrected._check_client_can_change()
            corrected._let_go_of_invoices()
        result = super().write(vals)
        if OWN_DECISIONS & vals.keys():
            self.participant_id._check_not_ones_own()
        self.env["referral.mark"]._mark_partners(self.partner_id)
        return result

    @api.ondelete(at_uninstall=False)
    def _unlink_except_accrued(self):
        accrued = self._accrued()
        if accrued:
            raise UserError(
                self.env._(
                    "These referrals were used in accruals, so they cannot be "
                    "deleted: %(referrals)s. If a referral was a mistake, cancel it: "
                    "the next accrual reverses what was credited for it.",
                    referrals=", ".join(accrued.mapped("display_name")),
                )
            )

    def _check_client_can_change(self):
        """Refuse to correct the client of a referral that accruals used.

        :raise UserError: saying what to do instead
        """
        accrued = self._accrued()
        if accrued:
            raise UserError(
                self.env._(
                    "These referrals were used in accruals, so their client cannot be "
                    "changed: %(referrals)s. Cancel such a referral, so that the next "
                    "accrual reverses what was credited for it, and make one of the "
                    "right client.",
                    referrals=", ".join(accrued.mapped("display_name")),
                )
            )

    def _accrued(self):
        """Return those of these referrals that accruals gave something for."""
        # sudo: who may edit a referral need not see the evidence
        lines = self.env["referral.accrual.line"].sudo()
        return self.filtered(
            lambda referral: lines.search_count(
                [("referral_id", "=", referral.id)], limit=1
            )
        )

    def _with_commercial_partner(self, vals):
        """Bind the company of a contact, not the contact itself.

        :raise UserError: if the program is to be another than the participant's
        """
        if {"program_id", "company_id"} & vals.keys():
            raise UserError(
                self.env._(
                    "The program of a referral is that of its participant and cannot "
                    "be changed."
                )
            )
        if "external_key" in vals and not self.env.su:
            raise UserError(
                self.env._("The key is the API caller's own and cannot be changed.")
            )
        if "superseded_by_id" in vals and not self.env.su:
            raise UserError(
                self.env._(
                    "The program itself says which referral of a client is the older "
                    "one. To let this one hold, cancel the older one and reopen this."
                )
            )
        if not vals.get("partner_id"):
            return vals
        partner = self.env["res.partner"].browse(vals["partner_id"])
        return {**vals, "partner_id": partner.commercial_partner_id.id}

    # === STATE === #

    def _update_state(self, state):
        """Bring the referrals into a state: the only way to change it.

        One that ends gets a last day, today or its earlier one; one that goes on, none.

        :raise UserError: if a referral's state does not allow it
        """
        if state == "active":
            self.participant_id._check_not_ones_own()
        for referral in self:
            if state not in TRANSITIONS[referral.state]:
                labels = dict(self._fields["state"]._description_selection(self.env))
                raise UserError(
                    self.env._(
                        "%(referral)s is “%(old)s” and cannot become “%(new)s”.",
                        referral=referral.display_name,
                        old=labels[referral.state],
                        new=labels.get(state, state),
                    )
                )
            before, vals = referral.state, {"state": state}
            if state == "ended":
                vals["date_end"] = referral._last_day()
            elif referral.state == "ended" and state == "active":
                vals.update(date_end=False, superseded_by_id=False)
            super(ReferralReferral, referral).write(vals)
            referral._tell_state(before)
        self.env["referral.mark"]._mark_partners(self.partner_id)
        return True

    def _last_day(self):
        """Return the last day of a referral that ends today, if it has not before."""
        self.ensure_one()
        today = max(self.program_id._today(), self.date_start)
        return min(today, self.date_end or today)

    # === ACTION METHODS === #

    def action_end(self):
        """End the referrals today: invoices from tomorrow on do not count."""
        self.check_access("write")
        self.filtered(lambda r: r.state == "active")._update_state("ended")

    def action_reopen(self):
        """Let referrals that have ended go on, as if they had not."""
        self.check_access("write")
        self.filtered(lambda r: r.state == "ended")._update_state("active")

    def action_approve(self):
        """Let the referrals that wait for approval count."""
        self.check_access("write")
        self.filtered(lambda r: r.state == "pending")._update_state("active")

    def action_cancel(self):
        """Take the referrals back as mistakes, with what they gave."""
        self.check_access("write")
        self.filtered(lambda r: r.state != "cancelled")._update_state("cancelled")

    def action_view_lines(self):
        """Open the accrual lines of these referrals."""
        return window_of(self, "referral_accrual_line_action", "referral_id")

    def action_why(self):
        """Explain all invoice lines of this referral's client, as of today."""
        self.ensure_one()
        self.check_access("read")
        explain = self.env["referral.explain"].create(
            {
                "program_id": self.program_id.id,
                "participant_id": self.participant_id.id,
                "partner_id": self.partner_id.id,
                "date_from": False,
                "date_to": False,
            }
        )
        return explain.action_explain()
