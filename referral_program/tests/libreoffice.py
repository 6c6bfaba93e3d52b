"""Workbooks in a real LibreOffice, which computes all formulas anew."""

import io
import re
import subprocess
import tempfile
import zipfile
from pathlib import Path

import openpyxl

#: LibreOffice's setting: always compute what it loads, whatever values are stored.
SETTINGS = """<?xml version="1.0" encoding="UTF-8"?>
<oor:items xmlns:oor="http://openoffice.org/2001/registry">
  <item oor:path="/org.openoffice.Office.Calc/Formula/Load">
    <prop oor:name="OOXMLRecalcMode" oor:op="fuse"><value>0</value></prop>
  </item>
</oor:items>
"""


def convert(content, kind="xlsx"):
    """Open a workbook in LibreOffice, compute it, and return it saved anew.

    :param bytes content: the workbook
    :param str kind: the format to save it in
    :return bytes: what LibreOffice saved
    """
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        settings = home / "profile" / "user" / "registrymodifications.xcu"
        settings.parent.mkdir(parents=True)
        settings.write_text(SETTINGS)
        (home / "book.xlsx").write_bytes(content)
        subprocess.run(
            [
                "soffice",
                f"-env:UserInstallation=file://{home}/profile",
                "--headless",
                "--convert-to",
                kind,
                "--outdir",
                home / "out",
                home / "book.xlsx",
            ],
            check=True,
            capture_output=True,
            timeout=300,
        )
        return (home / "out" / f"book.{kind}").read_bytes()


def computed(content):
    """Return the workbook's sheets by name, with the values LibreOffice computed."""
    book = openpyxl.load_workbook(io.BytesIO(convert(content)), data_only=True)
    return {sheet.title: sheet for sheet in book.worksheets}


def with_number(content, number, cell, value):
    """Return a workbook with another number in a cell, and nothing else changed.

    The values that are stored beside its formulas stay as they were.

    :param int number: the sheet's, from 1
    """
    target = io.BytesIO()
    changed = f"xl/worksheets/sheet{number}.xml"
    pattern = re.compile(rf'(<c r="{cell}"[^>]*><v>)[^<]*(</v>)')
    with (
        zipfile.ZipFile(io.BytesIO(content)) as source,
        zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as book,
    ):
        for name in source.namelist():
            data = source.read(name)
            if name == changed:
                text, count = pattern.subn(rf"\g<1>{value}\g<2>", data.decode())
                if count != 1:
                    raise ValueError(f"{cell} holds no number")
                data = text.encode()
            book.writestr(name, data)
    return target.getvalue()
