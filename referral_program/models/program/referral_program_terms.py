from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import format_date

from ...tools.actions import dialog, window
from ...tools.names import search_by_display_name

#: Shipped categories whose services earn nothing.
EXCLUDED_CATEGORIES = (
    "product_category_colocation_racks",
    "product_category_focl_rental",
    "product_category_fibre_maintenance",
    "product_category_transit_connections",
    "product_category_qrator_filtering",
    "product_category_api_security",
    "product_category_public_clouds",
    "product_category_domains",
)

#: What decides about money, see ``_protected_fields``.
CONDITIONS = frozenset(
    {
        "program_id",
        "date_from",
        "rate",
        "base",
        "exclude_discounted",
        "excluded_category_ids",
        "tier_ids",
    }
)


class ReferralProgramTerms(models.Model):
    """Dated conditions of a program: rate, tiers, exclusions and base.

    Terms hold from ``date_from`` (inclusive) until the day before the next
    terms of the same program begin. Drafts hold never: an administrator keeps
    them to simulate what they would give, and puts them in force one day.
    """

    _name = "referral.program.terms"
    _description = "Referral Program Terms"
    _inherit = ["referral.sight.mixin", "mail.thread"]
    _order = "program_id, date_from desc, id desc"
    _check_company_auto = True

    program_id = fields.Many2one(
        "referral.program", required=True, index=True, tracking=True
    )
    company_id = fields.Many2one(related="program_id.company_id", store=True)
    currency_id = fields.Many2one(related="program_id.currency_id")
    date_from = fields.Date(
        "In Force From",
        required=True,
        tracking=True,
        default=lambda self: self._this_month(),
        help="The first day of these terms. They apply until the next ones begin.",
    )
    rate = fields.Float(
        "Rate (%)",
        required=True,
        default=9.0,
        digits="Referral Rate",
        tracking=True,
        help="Percent of the base that the participant earns.",
    )
    base = fields.Selection(
        selection="_selection_base",
        required=True,
        default="untaxed",
        tracking=True,
        help="The part of an invoice line that the rate is applied to.",
    )
    exclude_discounted = fields.Boolean(
        "Discounted Services Earn Nothing",
        default=True,
        tracking=True,
        help="A line with a discount earns nothing, and so does every line of an "
        "invoice that contains a discount product.",
    )
    excluded_category_ids = fields.Many2many(
        "product.category",
        "referral_terms_excluded_category_rel",
        "terms_id",
        "category_id",
        string="Excluded Categories",
        tracking=True,
        ondelete="restrict",
        default=lambda self: self._default_excluded_category_ids(),
        help="Products of these categories, and of all categories below them, earn "
        "nothing.",
    )
    tier_ids = fields.One2many(
        "referral.program.tier",
        "terms_id",
        "Tiers",
        copy=True,
        help="Higher rates for a client with a high new base in a month.",
    )
    is_draft = fields.Boolean(
        "Draft",
        tracking=True,
        help="Not in force: accruals do not use these terms until they are put in "
        "force.",
    )
    is_locked = fields.Boolean(
        "Locked",
        compute="_compute_is_locked",
        help="A posted accrual used these terms: they cannot change any more.",
    )

    _program_date_unique = models.UniqueIndex(
        "(program_id, date_from) WHERE is_draft IS NOT TRUE",
        "The program has terms that begin on this day already.",
    )
    _rate_is_percent = models.Constraint(
        "CHECK (rate >= 0 AND rate <= 100)", "Enter a rate between 0 and 100 percent."
    )

    def _selection_base(self):
        """Return what terms can earn on: whatever the rule knows."""
        bases = self.env["referral.earning"]._bases()
        return [(code, label) for code, label, _amount in bases]

    # === COMPUTE METHODS === #

    def _this_month(self):
        """Return the first day of the month that it is in the user's company."""
        programs = self.env["referral.program"]
        return programs._today_in(self.env.company).replace(day=1)

    def _default_excluded_category_ids(self):
        """Return the shipped categories that earn nothing, as far as they exist."""
        categories = self.env["product.category"]
        for name in EXCLUDED_CATEGORIES:
            categories |= (
                self.env.ref(f"referral_program.{name}", raise_if_not_found=False)
                or categories
            )
        return categories

    @api.depends("date_from", "rate", "is_draft")
    @api.depends_context("lang")
    def _compute_display_name(self):
        for terms in self:
            values = {
                "rate": f"{terms.rate:g}",
                "date": format_date(self.env, terms.date_from),
            }
            terms.display_name = (
                self.env._("%(rate)s %% from %(date)s (draft)", **values)
                if terms.is_draft
                else self.env._("%(rate)s %% from %(date)s", **values)
            )

    def _search_display_name(self, operator, value):
        return search_by_display_name(self, operator, value)

    def _compute_is_locked(self):
        locked = self._locked()
        for terms in self:
            terms.is_locked = terms in locked

    def _protected_fields(self):
        """Return what decides about money: locked once a posted accrual used it.

        :rtype: frozenset
        """
        return CONDITIONS

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        all_terms = super().create(vals_list)
        all_terms._tell_program(self.env._("Terms added"))
        all_terms._not_drafts().program_id._mark_everything()
        return all_terms

    def write(self, vals):
        if "is_draft" in vals and any(
            terms.is_draft != bool(vals["is_draft"]) for terms in self
        ):
            raise UserError(
                self.env._(
                    "Put terms in force with the button Put in Force. Terms in force "
                    "cannot become drafts again: make a copy of them."
                )
            )
        if not self._protected_fields().isdisjoint(vals):
            self._conditions_changed()
        result = super().write(vals)
        if "program_id" in vals:
            self._not_drafts().program_id._mark_everything()
        return result

    def copy_data(self, default=None):
        """Return the values of copies: drafts, because two terms cannot begin at once.

        :param dict default: values that differ from the originals'
        """
        return super().copy_data({"is_draft": True, **(default or {})})

    def unlink(self):
        self._conditions_changed()
        self._tell_program(self.env._("Terms deleted"))
        return super().unlink()

    # === BUSINESS METHODS === #

    def _tell_program(self, title):
        """Note in the programs' history that there are other terms."""
        for terms in self:
            # sudo: terms may be deleted by who only reads the program
            terms.program_id.sudo()._message_log(
                body=self.env._(
                    "%(title)s: %(terms)s", title=title, terms=terms.display_name
                )
            )

    def _not_drafts(self):
        """Return those of these terms that hold, or will from their first day on."""
        return self.filtered(lambda terms: not terms.is_draft)

    def _in_force(self, day):
        """Return those of these terms that are in force on a day, if any."""
        begun = self._not_drafts().filtered(lambda terms: terms.date_from <= day)
        return begun.sorted("date_from")[-1:]

    def _put_in_force(self):
        """Make a draft the terms that hold from its first day on: its only door.

        :raise UserError: if it is in force already
        :raise ValidationError: if other terms in force begin on that day
        """
        self.ensure_one()
        if not self.is_draft:
            raise UserError(
                self.env._("%(terms)s is in force already.", terms=self.display_name)
            )
        self.program_id._mark_everything()
        result = super().write({"is_draft": False})
        self.program_id.invalidate_recordset(["terms_ids", "draft_terms_ids"])
        self._tell_program(self.env._("Terms put in force"))
        return result

    def _locked(self):
        """Return those of these terms that a posted accrual used."""
        if not self.ids:
            return self.browse()
        # sudo: who may change terms need not have access to accruals
        accruals = self.env["referral.accrual"].sudo()
        posted = accruals.search(
            [("terms_ids", "in", self.ids), ("state", "=", "posted")]
        )
        return self & posted.terms_ids.with_env(self.env)

    def _conditions_changed(self):
        """Refuse to change locked terms; have the program look at all lines anew.

        Drafts change nothing, so that nothing is looked at because of them.

        :raise UserError: if a posted accrual used one of the terms
        """
        locked = self._locked()
        if locked:
            raise UserError(
                self.env._(
                    "A posted accrual used these terms, so they are locked: %(terms)s. "
                    "To change the conditions, add new terms with a later date.",
                    terms=", ".join(locked.mapped("display_name")),
                )
            )
        self._not_drafts().program_id._mark_everything()

    # === ACTION METHODS === #

    def action_ask_to_put_in_force(self):
        """Ask whether to put a draft in force, saying from which day on."""
        self.ensure_one()
        view = "referral_program_terms_view_put_in_force"
        return dialog(self, self.env._("Put in Force"), view)

    def action_simulate(self):
        """Open the simulator with these terms."""
        self.ensure_one()
        return window(
            self.env,
            "referral_simulation_action",
            context={
                "default_program_id": self.program_id.id,
                "default_terms_id": self.id,
            },
        )

    def action_put_in_force(self):
        """Put a draft in force from its first day on.

        :raise AccessError: if the user may not change terms
        :raise UserError: if it is in force already
        """
        self.check_access("write")
        self._put_in_force()
        return {"type": "ir.actions.act_window_close"}
