"""The programs with which the tests look at pages, documents and workbooks."""

import shutil

from . import apt

#: Debian's package, the names its program goes by, and what it is for.
NEEDED = {
    "chromium": (
        ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable"),
        "the tests look at every page in it",
    ),
    "libreoffice-calc-nogui": (
        ("soffice", "libreoffice", "localc"),
        "the tests recompute the workbooks in it",
    ),
    "wkhtmltopdf": (("wkhtmltopdf",), "Odoo prints PDF with it"),
}


def ensure():
    """Install the programs that are missing.

    :raise SetupError: with the command to run, if this user may not install them
    """
    for package, (names, why) in NEEDED.items():
        if not any(map(shutil.which, names)):
            apt.install(package, why)


def chromium():
    """Return Chromium's executable."""
    ensure()
    names, _why = NEEDED["chromium"]
    return next(filter(None, map(shutil.which, names)))
