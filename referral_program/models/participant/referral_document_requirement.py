from odoo import fields, models

DOCUMENT_KINDS = [("file", "File"), ("text", "Text")]
DOCUMENT_VALIDATORS = [
    ("passport", "Passport, any country"),
    ("ru_passport", "Passport, Russia"),
    ("ru_snils", "SNILS"),
    ("ru_inn", "Tax number, Russia"),
]


class ReferralDocumentRequirement(models.Model):
    """What participants of a type have to hand in.

    Requirements with the same ``one_of`` are alternatives: one of them is enough.
    Documents keep what they were asked for, so that a requirement can change
    without breaking what was handed in.
    """

    _name = "referral.document.requirement"
    _description = "Referral Document Requirement"
    _inherit = ["referral.history.mixin", "referral.shared.mixin"]
    _history_of = "type_id"
    _order = "type_id, sequence, id"

    type_id = fields.Many2one(
        "referral.participant.type", required=True, ondelete="cascade", index=True
    )
    company_id = fields.Many2one(related="type_id.company_id", store=True)
    sequence = fields.Integer(default=10)
    active = fields.Boolean(default=True, tracking=True)
    code = fields.Char(
        required=True,
        tracking=True,
        help="The name used for it in the API, within its type.",
    )
    name = fields.Char("Document", required=True, translate=True, tracking=True)
    hint = fields.Char(
        translate=True, tracking=True, help="Shown to the participant below the name."
    )
    kind = fields.Selection(
        DOCUMENT_KINDS, required=True, default="file", tracking=True
    )
    validator = fields.Selection(
        DOCUMENT_VALIDATORS,
        tracking=True,
        help="How the text is checked. If empty, any text is accepted.",
    )
    one_of = fields.Char(
        "Alternatives",
        tracking=True,
        help="Requirements with the same word here are alternatives: one is enough.",
    )

    _code_unique = models.UniqueIndex(
        "(type_id, code) WHERE active",
        "The type has a requirement with this code already.",
    )

    def _form_key(self):
        """Return the requirement's name on the joining form; empty without one."""
        return f"requirement_{self.id}" if self else ""

    def _form_field(self):
        """Return what the joining form shows before anything is handed in."""
        self.ensure_one()
        return {
            "key": self._form_key(),
            "name": self.name,
            "hint": self.hint,
            "kind": self.kind,
            "one_of": self.one_of,
            "state": "requested",
            "reason": False,
            "text": "",
            "pages": self.env["referral.document.page"],
        }
