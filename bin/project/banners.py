"""The banners that the addon brings along: a sheet of HTML, drawn by Chromium."""

import tempfile
from pathlib import Path
from string import Template

from . import odoo_source, paths
from .browser import chromium, keep, picture
from .shell import SetupError, main

SHEET = Path(__file__).with_name("banners.html")
TARGET = paths.ADDON / "data" / "banners"
#: Enough for flat shapes and smooth edges.
COLOURS = 96
WORDS = {
    "en": {
        "headline": "Run your project in the cloud",
        "broken": "Run your project<br>in the cloud",
        "details": "Servers, storage and networks on demand",
        "button": "Learn more",
    },
    "ru": {
        "headline": "Запустите проект в\N{NO-BREAK SPACE}облаке",
        "broken": "Запустите проект<br>в облаке",
        "details": "Серверы, хранилища и\N{NO-BREAK SPACE}сети по запросу",
        "button": "Подробнее",
    },
}


def draw():
    """Write the banners of each language, named by it and by their sizes."""
    TARGET.mkdir(exist_ok=True)
    template = Template(SHEET.read_text())
    fonts = _fonts().as_uri()
    with tempfile.TemporaryDirectory() as folder, chromium() as browser:
        sheet = Path(folder) / "sheet.html"
        page = browser.new_page()
        for lang, words in WORDS.items():
            sheet.write_text(template.substitute(words, lang=lang, fonts=fonts))
            page.goto(sheet.as_uri())
            for element in page.locator(".b").all():
                banner = picture(element.screenshot())
                name = f"{lang}-{banner.width}x{banner.height}.png"
                keep(banner, TARGET / name, COLOURS)


def _fonts():
    """Return the folder of the typeface, which Odoo brings along."""
    for folder in odoo_source.find().addons:
        fonts = folder / "web" / "static" / "fonts" / "google" / "Montserrat"
        if fonts.is_dir():
            return fonts.resolve()
    raise SetupError("Odoo's fonts were not found", "set ODOO_PATH to a whole Odoo 19")


if __name__ == "__main__":
    main(draw)
