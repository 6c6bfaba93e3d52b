import base64
import binascii
import hashlib

from markupsafe import Markup

from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.tools import clean_context

from ...tools.banners import MAX_SIDE, MAX_SIZE, check_banner
from ...tools.uploads import EXTENSIONS, UploadRefused

#: What follows from the picture, so that nobody writes it.
MEASURED_FIELDS = frozenset({"mimetype", "width", "height", "size", "checksum"})
#: What stands for the participant's link in a text.
LINK = "{link}"


class ReferralMaterial(models.Model):
    """A banner or a text with which participants advertise.

    A banner's picture is for everybody: participants put its address on their own
    pages. The address changes with the picture; those given out before show the
    new one, until the banner is archived.
    """

    _name = "referral.material"
    _description = "Advertising Material"
    _inherit = ["referral.shared.mixin", "mail.thread"]
    _order = "sequence, id"
    _owner = "program_id"

    program_id = fields.Many2one(
        "referral.program",
        ondelete="cascade",
        index="btree_not_null",
        tracking=True,
        default=lambda self: self._own(),
        help="If empty, the participants of all programs see it.",
    )
    sequence = fields.Integer(default=10)
    active = fields.Boolean(
        default=True,
        tracking=True,
        help="An archived banner is no longer shown anywhere, not even on pages where "
        "it was placed.",
    )
    name = fields.Char(required=True, translate=True, tracking=True)
    kind = fields.Selection(
        [("banner", "Banner"), ("text", "Text")],
        required=True,
        default="banner",
        tracking=True,
    )
    lang_id = fields.Many2one(
        "res.lang",
        "Language",
        tracking=True,
        context={"active_test": False},
        help="The language of its audience. If empty, it is offered with every "
        "language.",
    )
    image = fields.Binary(
        "Picture", attachment=True, help="A PNG or a JPEG of up to 2 MB."
    )
    mimetype = fields.Char("Type", readonly=True, copy=False)
    width = fields.Integer(readonly=True, copy=False, help="Pixels.")
    height = fields.Integer(readonly=True, copy=False, help="Pixels.")
    size = fields.Char(readonly=True, copy=False)
    checksum = fields.Char(
        readonly=True,
        copy=False,
        tracking=True,
        help="SHA-256 of the picture: a picture that differs is not shown.",
    )
    alt = fields.Char(
        "Alternative Text",
        translate=True,
        help="What the banner says, for people who cannot see it.",
    )
    text = fields.Text(
        translate=True,
        tracking=True,
        help="“{link}” stands for the participant's link; without it, the link follows "
        "the text.",
    )
    address = fields.Char("Public Address", compute="_compute_address")

    # === COMPUTE METHODS === #

    @api.depends("checksum", "kind", "program_id")
    def _compute_address(self):
        for material in self:
            path = material._path()
            base = (material.program_id or material).get_base_url()
            material.address = f"{base}{path}" if path else False

    # === CONSTRAINT METHODS === #

    @api.constrains("kind", "checksum", "text")
    def _check_content(self):
        for material in self:
            if material.kind == "banner" and not material.checksum:
                raise ValidationError(self.env._("Add a picture to the banner."))
            if material.kind == "text" and not (material.text or "").strip():
                raise ValidationError(self.env._("Enter the text."))

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        # neither by way of the context: pictures come through here only
        clean = self.with_env(self.env(context=clean_context(self.env.context)))
        return super(ReferralMaterial, clean).create(
            [
                {**vals, **self._prepare_image_vals(vals.get("image"))}
                for vals in map(self._without_measures, vals_list)
            ]
        )

    def write(self, vals):
        vals = self._without_measures(vals)
        if "image" in vals:
            vals = {**vals, **self._prepare_image_vals(vals["image"])}
        return super().write(vals)

    def _without_measures(self, vals):
        """Return the values unless they say what only the picture can say."""
        if not MEASURED_FIELDS.isdisjoint(vals):
            raise UserError(
                self.env._(
                    "Size and type are determined by the picture and cannot be edited."
                )
            )
        return vals

    def _prepare_image_vals(self, image):
        """Return what is kept of a picture, which is encoded anew.

        :param image: in base 64; empty for none
        :raise ValidationError: with a text for whoever uploads it
        """
        if not image:
            return {"image": False, **dict.fromkeys(MEASURED_FIELDS, False)}
        try:
            banner = check_banner(base64.b64decode(image))
        except UploadRefused as refusal:
            raise ValidationError(self._explain_refusal(refusal.reason)) from None
        except (binascii.Error, ValueError):
            raise ValidationError(self._explain_refusal("broken")) from None
        return {
            "image": base64.b64encode(banner.content),
            "mimetype": banner.mimetype,
            "width": banner.width,
            "height": banner.height,
            "size": f"{banner.width} × {banner.height}",
            "checksum": banner.sha256,
        }

    def _explain_refusal(self, reason):
        """Return what can be done about a picture that was refused."""
        texts = {
            "type": self.env._(
                "This file is neither a PNG nor a JPEG, whatever its name says. Save "
                "the picture in one of these formats."
            ),
            "too_large": self.env._(
                "The picture is too large: up to %(size)s MB are accepted.",
                size=MAX_SIZE // 1024 // 1024,
            ),
            "pixels": self.env._(
                "The picture has too many pixels: up to %(side)s on each side are "
                "accepted.",
                side=MAX_SIDE,
            ),
            "busy": self.env._(
                "Too many files are being checked. Try again in a minute."
            ),
        }
        return texts.get(reason) or self.env._(
            "The picture cannot be read. Save it again."
        )

    def _of_own_company(self):
        return self.env["referral.program"]._of_company(self.env.company)

    # === WHAT PARTICIPANTS GET === #

    def _of_program(self, program):
        """Return what the participants of a program advertise with."""
        return self.search([("program_id", "in", (False, program.id))])

    def _path(self):
        """Return where the banner's picture is, without the server; empty for a text.

        It holds a part of the checksum: what has an address once may be cached.
        """
        self.ensure_one()
        if self.kind != "banner" or not self.checksum:
            return ""
        name = f"{self.checksum[:12]}-{self.width}x{self.height}"
        return f"/referral/material/{self.id}/{name}.{EXTENSIONS[self.mimetype]}"

    def _public_content(self):
        """Return the picture's bytes for everybody.

        :return bytes: empty if it is not for everybody, or is not the picture that was
            checked
        """
        self.ensure_one()
        if not self.active or self.kind != "banner" or not self.image:
            return b""
        if self.program_id and not self.program_id.active:
            return b""
        content = base64.b64decode(self.image)
        if hashlib.sha256(content).hexdigest() != self.checksum:
            return b""
        return content

    def _snippet(self, participant):
        """Return the HTML that shows the banner and leads to a participant's link.

        :return str: HTML, escaped; not marked as such, as it is shown as text
        """
        self.ensure_one()
        return str(
            Markup(
                '<a href="%s"><img src="%s" width="%d" height="%d" alt="%s" '
                'style="border:0;max-width:100%%;height:auto" /></a>'
            )
            % (
                participant.link,
                self.address,
                self.width,
                self.height,
                self.alt or self.name,
            )
        )

    def _text_with_link(self, participant):
        """Return the text with a participant's link in its place, or after it."""
        self.ensure_one()
        text = self.text or ""
        if LINK not in text:
            text = f"{text.rstrip()}\n{LINK}"
        return text.replace(LINK, participant.link)

    def _in_language(self, language):
        """Return the material worded in its own language, or else in the given one.

        :param language: a ``res.lang``, possibly empty
        """
        self.ensure_one()
        wanted = self.lang_id or language
        return self.with_context(lang=wanted.code) if wanted.active else self
