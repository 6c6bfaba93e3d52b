import io
import zipfile

from odoo import http
from odoo.http import request

from ..tools.inputs import whole_number
from .files import file_response
from .routes import file_route


class ReferralAuditController(http.Controller):
    @file_route("/referral/audit/<string:file_ids>", readonly=True)
    def audit_files(self, file_ids, **_query):
        """Give an audit file, or several in a ZIP file, to who may read all of them.

        :param str file_ids: ids, separated by commas
        """
        files = self._files(file_ids)
        if len(files) == 1:
            return file_response(files._read_file(), "xlsx", files.name)
        target = io.BytesIO()
        # workbooks are compressed already
        with zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as archive:
            for file in files:
                archive.writestr(file.name, file._read_file())
        return file_response(target.getvalue(), "zip", "audit.zip")

    def _files(self, file_ids):
        """Return the files; for those that the user may not read there is no page."""
        try:
            ids = sorted(set(map(whole_number, file_ids.split(","))))
        except ValueError as error:
            raise request.not_found() from error
        files = request.env["referral.audit.file"]
        if not files.has_access("read"):
            raise request.not_found()
        files = files.search([("id", "in", ids)])
        if len(files) != len(ids):
            raise request.not_found()
        return files
