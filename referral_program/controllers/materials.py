from odoo import http
from odoo.http import request
from odoo.tools import groupby

from ..tools.replica import only_reads
from .files import file_response
from .portal import ReferralPortal
from .routes import portal_page

#: Seconds for which browsers and proxies may show a banner without asking again; an
#: archived one is gone everywhere after that.
MAX_AGE = 24 * 60 * 60


class ReferralMaterials(ReferralPortal):
    @portal_page("/my/referral/materials")
    def referral_materials(self, language=None, **_query):
        """Show what the participant may advertise with, with their own link in it."""
        participant = self._require_tab("materials", lead_on=True)
        # sudo: portal users read no materials; these are for every participant
        materials = request.env["referral.material"].sudo()
        if participant.link_active:
            materials = materials._of_program(participant.program_id)
        languages = materials.lang_id
        chosen = self._chosen_language(languages, language)
        shown = materials.filtered(
            lambda m: not chosen or not m.lang_id or m.lang_id == chosen
        )
        return self._page(
            "portal_materials",
            participant,
            title=request.env._("Advertising materials"),
            languages=languages,
            titles={lang: self._title(lang) for lang in languages},
            chosen=chosen,
            sizes=self._by_size(shown, participant, chosen),
            texts=[
                {
                    "material": text,
                    "text": text._in_language(chosen)._text_with_link(participant),
                }
                for text in shown.filtered(lambda m: m.kind == "text")
            ],
        )

    def _chosen_language(self, languages, code):
        """Return the language asked for, or the nearest to the user's own."""
        own = request.env.lang or "en_US"
        for matches in (
            lambda lang: lang.code == code,
            lambda lang: lang.code == own,
            lambda lang: lang.code[:2] == own[:2],
        ):
            if found := languages.filtered(matches)[:1]:
                return found
        return languages[:0]

    def _title(self, language):
        """Return a language's name in itself, such as “Русский язык”."""
        name = language.name.rpartition("/")[2].strip()
        return name[:1].upper() + name[1:]

    def _by_size(self, materials, participant, language):
        """Return the banners by size, the sizes in the order in which staff put them.

        :return: a list of (size, list of values for the template)
        """
        banners = materials.filtered(lambda m: m.kind == "banner")
        return [
            (
                size,
                [
                    {
                        "material": banner,
                        "alt": banner._in_language(language).alt,
                        "snippet": banner._in_language(language)._snippet(participant),
                    }
                    for banner in group
                ],
            )
            for size, group in groupby(banners, key=lambda banner: banner.size)
        ]


class ReferralMaterialPicture(http.Controller):
    @http.route(
        "/referral/material/<referral_id:material_id>/<string:name>",
        type="http",
        auth="public",
        methods=["GET"],
        readonly=only_reads,
        sitemap=False,
        save_session=False,
    )
    def open_picture(self, material_id, name, **_query):
        """Show a banner's picture to everybody.

        The name is not looked at: addresses that were given out before the picture
        changed show the new one.
        """
        # sudo: visitors read nothing; banners that are not archived are for everybody
        materials = request.env["referral.material"].sudo()
        material = materials.browse(material_id).exists()
        content = material and material._public_content()
        if not content:
            raise request.not_found()
        response = file_response(
            content,
            material.mimetype,
            headers={
                "Cache-Control": f"public, max-age={MAX_AGE}",
                "Content-Security-Policy": "sandbox; default-src 'none'",
                "Cross-Origin-Resource-Policy": "cross-origin",
            },
        )
        response.set_etag(material.checksum)
        return response.make_conditional(request.httprequest.environ)
