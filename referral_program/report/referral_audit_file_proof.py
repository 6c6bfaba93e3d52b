from odoo import fields, models, release


class AuditFileXlsx(models.AbstractModel):
    """Its sheets that say whether all agrees, and how to see that nobody changed it."""

    _inherit = "report.referral_program.audit_file_xlsx"

    def _moment(self, moment):
        return f"{fields.Datetime.to_string(moment)} UTC" if moment else None

    def _yes(self, value):
        return self.env._("Yes") if value else self.env._("No")

    # === INTEGRITY === #

    def _write_integrity(self, sheet, run):
        """Write the result of the program's own checks.

        :return str: the cells that are 1 for each check that failed
        """
        for column, width in enumerate((64, 44, 36, 30, 18, 18)):
            sheet.sheet.set_column(column, column, width)
        sheet.add([self.env._("Integrity check")], ["title"])
        sheet.add([])
        model = run._name
        for name, value in (
            ("state", self._selection(model, "state")[run.state]),
            ("started_on", self._moment(run.started_on)),
            ("user_id", run.user_id.name),
        ):
            sheet.add([self._label(model, name), value], ["bold"])
        sheet.add([])
        sheet.head(
            [
                self.env._("Rule checked"),
                self.env._("Failed (1 = yes)"),
                self.env._("Findings"),
            ],
            ["head"] * 3,
        )
        first = sheet.row + 1
        for result in run.result_ids:
            sheet.add(
                [result.title, int(result.is_failed), result.finding_count],
                ["wrap", "id", "id"],
            )
        last = sheet.row
        self._write_findings(sheet, run.finding_ids)
        return sheet.reference(f"$B${first}:$B${last}")

    def _write_findings(self, sheet, findings):
        sheet.add([])
        if not findings:
            return
        names = ("title", "description", "record_name", "participant_id",
                 "expected_text", "found_text")  # fmt: skip
        sheet.head([self._label(findings._name, name) for name in names], ["head"] * 6)
        for finding in findings:
            sheet.add(
                [
                    finding.title,
                    finding.description or None,
                    finding.record_name or None,
                    finding.participant_id.display_name or None,
                    finding.expected_text or None,
                    finding.found_text or None,
                ],
                ["wrap"] * 4,
            )

    # === MANIFEST === #

    def _write_manifest(self, sheet, hashed, accrual, data):
        for column, width in enumerate((34, 34, 10, 10, 72)):
            sheet.sheet.set_column(column, column, width)
        sheet.add([self.env._("Manifest")], ["title"])
        sheet.add([])
        for label, value in self._origin(accrual, data):
            sheet.add([label, value], ["bold", "id"])
        sheet.add([])
        sheet.head(
            [
                self.env._("Sheet"),
                self.env._("Columns"),
                self.env._("From row"),
                self.env._("To row"),
                self.env._("SHA-256 of the stored data"),
            ],
            ["head"] * 5,
        )
        for each in hashed:
            sheet.add(
                [each.name, f"A:{each.last_column}", each.hash_from + 1, each.row,
                 each.sha256()],
                ["", "", "id", "id", "code"],
            )  # fmt: skip
        sheet.add([])
        for text in self._how_to():
            sheet.add([text], ["note_line"])

    def _origin(self, accrual, data):
        """Return labels and values: by what, by whom and from what it was made."""
        module = self.env["ir.module.module"].search(
            [("name", "=", "referral_program")], limit=1
        )
        user = data["user"]
        return [
            (self.env._("Accrual ID"), accrual.id),
            *(
                (self._label(accrual._name, name), accrual[name] or None)
                for name in ("chain_number", "hash", "previous_hash")
            ),
            (self.env._("Made on"), self._moment(data["made_on"])),
            (self.env._("Made by"), f"{user.name} ({user.login})"),
            (self.env._("Database"), self.env.cr.dbname),
            (self.env._("Odoo version"), release.version),
            (self.env._("Program's version"), module.latest_version),
        ]

    def _how_to(self):
        return (
            self.env._(
                "The hash of a sheet is the SHA-256 of its stored data, written in "
                "UTF-8 as follows:"
            ),
            self.env._(
                "a line for each row from the first to the last one named above, each "
                "ended by a line feed (LF);"
            ),
            self.env._(
                "in it the cells of the named columns, separated by commas without "
                "spaces; nothing for an empty cell;"
            ),
            self.env._(
                "texts in double quotes, with quotes inside doubled; dates as "
                "2026-01-31;"
            ),
            self.env._(
                "numbers as plain decimals such as -1234.5, rounded to 6 decimals, "
                "without separators and zeros at the end."
            ),
            self.env._(
                "Formulas are not part of it. A sheet that is hashed from its second "
                "row has the same hash in any language."
            ),
            self.env._(
                "The hash of the whole file is kept in Odoo: in the list of audit "
                "files and in the accrual's log."
            ),
        )
