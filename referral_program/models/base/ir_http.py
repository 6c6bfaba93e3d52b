import json
import re

from werkzeug.datastructures import FileStorage
from werkzeug.exceptions import BadRequest, NotFound
from werkzeug.routing import IntegerConverter

from odoo import models
from odoo.http import request

from ...tools.inputs import MAX_ID, is_plain, whole_number
from ...tools.replica import note_writing

#: Where all pages of the addon are.
OWN_PAGES = ("/referral/", "/referral-program", "/my/referral")
#: Longer parts of an address name no record; Python makes no number of them.
MAX_SLUG = 4000
#: No form of ours has a longer text: looking for one in the database takes its time.
MAX_FORM_TEXT = 100_000


class IdConverter(IntegerConverter):
    """An id in an address; whatever cannot be one is no address of ours."""

    regex = "[0-9]{1,10}"

    def __init__(self, url_map):
        super().__init__(url_map, max=MAX_ID)


class IrHttp(models.AbstractModel):
    """What comes with a request for one of our pages is judged here, for all of them.

    Controllers get texts that can be stored, and the number of a page as a number.
    """

    _inherit = "ir.http"

    @classmethod
    def _get_converters(cls):
        return {**super()._get_converters(), "referral_id": IdConverter}

    @classmethod
    def _unslug(cls, value):
        # menus of a website look for an id in each address, whatever its length
        return super()._unslug(value) if len(value) <= MAX_SLUG else (None, None)

    @classmethod
    def _match(cls, path_info):
        if any(page in path_info for page in OWN_PAGES) and not is_plain(path_info):
            # looking for another page of that name would be an error
            raise BadRequest
        return super()._match(path_info)

    @classmethod
    def _pre_dispatch(cls, rule, args):
        result = super()._pre_dispatch(rule, args)
        if rule.rule.startswith(OWN_PAGES):
            cls._referral_refuse(args)
        elif args.get("reportname", "").startswith("referral_program."):
            # before others' controllers, which may print what is no report
            given = {**request.httprequest.args, **args}
            cls._referral_judge_report(
                given["reportname"],
                given.get("docids"),
                given.get("converter"),
                given.get("context") or "{}",
            )
        return result

    @classmethod
    def _referral_judge_report(cls, name, docids, converter, context):
        """Let nothing but a report of ours about what the user may read be printed.

        :raise NotFound: for anything else
        """
        report = request.env["ir.actions.report"]._get_report_from_name(name)
        kinds = ("xlsx",) if report.report_type == "xlsx" else ("html", "pdf")
        if not report or converter not in kinds:
            raise NotFound
        try:
            ids = list(map(whole_number, (docids or "").split(",")))
            if not isinstance(json.loads(context), dict):
                raise NotFound
        except (ValueError, RecursionError) as error:
            raise NotFound from error
        records = request.env[report.model].browse(ids)
        # a wizard's answer is one
        if (
            records._transient
            and len(ids) > 1
            or records.exists() != records
            or not records.has_access("read")
        ):
            raise NotFound

    @classmethod
    def _referral_refuse(cls, args):
        """Refuse what no browser sends that shows our pages.

        :raise BadRequest: for names and texts that cannot be stored, or that nobody
            types, and a token that cannot be one
        """
        files = request.httprequest.files
        given = {**request.httprequest.args, **request.httprequest.form, **args}
        texts = [*given, *files, *filter(lambda v: isinstance(v, str), given.values())]
        texts += [file.filename or "" for key in files for file in files.getlist(key)]
        if (
            any(len(text) > MAX_FORM_TEXT or not is_plain(text) for text in texts)
            or "self" in given
            or not given.get("csrf_token", "").isascii()
            or "csrf_token" in files
        ):
            raise BadRequest

    @classmethod
    def _post_dispatch(cls, response):
        result = super()._post_dispatch(response)
        note_writing(response)
        return result

    @classmethod
    def _dispatch(cls, endpoint):
        if endpoint.routing["routes"][0].startswith(OWN_PAGES):
            request.params = cls._referral_params(endpoint, request.params)
        return super()._dispatch(endpoint)

    @classmethod
    def _referral_params(cls, endpoint, params):
        """Return what a page's method is called with.

        Files are left out: pages that take some read them from the request.

        :raise NotFound: for an id or a page that is no number
        """
        params = {
            name: value
            for name, value in params.items()
            if not isinstance(value, FileStorage)
        }
        numbers = re.findall(
            r"<referral_id:(\w+)>", " ".join(endpoint.routing["routes"])
        )
        for name in numbers:
            if isinstance(params.get(name), str):  # in a query or a form
                try:
                    params[name] = whole_number(params[name])
                except ValueError as error:
                    raise NotFound from error
        return params
