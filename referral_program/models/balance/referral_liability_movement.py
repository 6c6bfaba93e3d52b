from odoo import fields, models

from . import ledger


class ReferralLiabilityMovement(models.Model):
    """What moved the liability to the participants: the ledger, item by item.

    A row is a posted item on a program's liability account, an accrual's item with
    what was taken back is two. Nothing is stored: these are the journal items.
    """

    _name = "referral.liability.movement"
    _description = "Movement of the Referral Liability"
    _auto = False
    _order = "date desc, id desc"
    _rec_name = "move_id"

    date = fields.Date("Accounting Date")
    kind = fields.Selection(
        [
            ("accrued", "Accrued"),
            ("reversed", "Reversed"),
            ("withdrawn", "Withdrawn"),
            ("used_for_invoices", "Used for invoices"),
            ("adjusted", "Adjusted"),
        ],
        help="Accrued: compensations for a month's services. Reversed: what was "
        "credited in excess before. Withdrawn: bills of withdrawals, net of "
        "reversals. Used for invoices: own invoices paid from the balance, net of "
        "those undone. Adjusted: all other entries, such as opening balances and "
        "corrections.",
    )
    amount = fields.Monetary(help="Positive if it increases what the company owes.")
    currency_id = fields.Many2one("res.currency")
    company_id = fields.Many2one("res.company")
    program_id = fields.Many2one("referral.program")
    participant_id = fields.Many2one(
        "referral.participant",
        help="Empty if the item's partner does not take part in the program.",
    )
    partner_id = fields.Many2one("res.partner", "Client")
    journal_id = fields.Many2one("account.journal")
    move_id = fields.Many2one("account.move", "Journal Entry")
    move_line_id = fields.Many2one("account.move.line", "Journal Item")
    accrual_id = fields.Many2one("referral.accrual")
    name = fields.Char("Label")

    _depends = {**ledger.SOURCES, "referral.compensation": ["accrued", "move_line_id"]}

    @property
    def _table_query(self):
        return ledger.movements(self.env)

    def _movement_kinds(self):
        """Return how what moves a balance is known: the first that holds decides.

        An app that moves balances in another way adds the condition of its entries,
        and to ``_depends`` the fields that it reads. What no condition holds for is
        adjusted.

        :return: a list of (kind, one of ``ledger.KINDS``: the figure of statements
            and roll-forward that shows it; condition, SQL over ``item``, ``move`` and
            ``accrual``)
        """
        return list(ledger.OWN_KINDS)

    def action_view_entry(self):
        """Open the journal entry."""
        self.ensure_one()
        return self.move_id._get_records_action(context={})

    def action_view_evidence(self):
        """Open what the accrual's item consists of."""
        self.ensure_one()
        compensation = self.env["referral.compensation"].search(
            [("move_line_id", "=", self.move_line_id.id)]
        )
        return compensation.action_view_lines()
