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


def convert(contents, kind="xlsx"):
    """Open workbooks in LibreOffice, compute them, and return them saved anew.

    Starting LibreOffice costs more than a workbook: give all that there are.

    :param list contents: the workbooks, each as bytes
    :param str kind: the format to save them in
    :return list: what LibreOffice saved of each, as bytes
    """
    names = [f"book{number}" for number in range(len(contents))]
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        settings = home / "profile" / "user" / "registrymodifications.xcu"
        settings.parent.mkdir(parents=True)
        settings.write_text(SETTINGS)
        for name, content in zip(names, contents, strict=True):
            (home / f"{name}.xlsx").write_bytes(content)
        subprocess.run(
            [
                "soffice",
                f"-env:UserInstallation=file://{home}/profile",
                "--headless",
                "--convert-to",
                kind,
                "--outdir",
                home / "out",
                *(home / f"{name}.xlsx" for name in names),
            ],
            check=True,
            capture_output=True,
            timeout=300,
        )
        return [(home / "out" / f"{name}.{kind}").read_bytes() for name in names]


def computed(*contents):
    """Return workbooks' sheets by name, with the values LibreOffice computed.

    :return: a dict of sheets for a single workbook, else a list of such dicts
    """
    books = [
        {sheet.title: sheet for sheet in book.worksheets}
        for book in (
            openpyxl.load_workbook(io.BytesIO(content), data_only=True)
            for content in convert(contents)
        )
    ]
    return books[0] if len(books) == 1 else books


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
