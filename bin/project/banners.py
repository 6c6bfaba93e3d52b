"""The banners that the addon brings along: a sheet of HTML, drawn by Chromium."""

import shutil
import tempfile
from pathlib import Path
from string import Template

from PIL import Image

from . import odoo_source, paths, programs
from .shell import SetupError, run

SHEET = Path(__file__).with_name("banners.html")
TARGET = paths.ADDON / "data" / "banners"
#: Width and height of each banner, from the top of the sheet to its bottom.
SIZES = (
    (970, 250), (728, 90), (468, 60), (320, 50), (320, 100), (300, 250), (336, 280),
    (300, 600), (160, 600),
)  # fmt: skip
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
    """Write the banners of each language."""
    TARGET.mkdir(exist_ok=True)
    for lang in WORDS:
        with tempfile.TemporaryDirectory() as folder:
            sheet = _photograph(lang, Path(folder))
            _cut(sheet, lang)


def _photograph(lang, folder):
    """Return the sheet of a language as a picture."""
    page, picture = folder / "sheet.html", folder / "sheet.png"
    page.write_text(
        Template(SHEET.read_text()).substitute(
            WORDS[lang], lang=lang, fonts=_fonts().as_uri()
        )
    )
    width = max(width for width, _height in SIZES)
    height = sum(height for _width, height in SIZES)
    run(
        _chromium(), "--headless", "--no-sandbox", "--hide-scrollbars",
        "--force-device-scale-factor=1", "--disable-lcd-text",
        "--allow-file-access-from-files", f"--user-data-dir={folder / 'profile'}",
        f"--window-size={width},{height}", f"--screenshot={picture}", page.as_uri(),
        what="drawing the banners",
    )  # fmt: skip
    return Image.open(picture).convert("RGB")


def _cut(sheet, lang):
    top = 0
    for width, height in SIZES:
        banner = sheet.crop((0, top, width, top + height))
        top += height
        # few colours and no dithering: small files, even surfaces
        banner.quantize(COLOURS, dither=Image.Dither.NONE).save(
            TARGET / f"{lang}-{width}x{height}.png", optimize=True
        )


def _fonts():
    """Return the folder of the typeface, which Odoo brings along."""
    for folder in odoo_source.find().addons:
        fonts = folder / "web" / "static" / "fonts" / "google" / "Montserrat"
        if fonts.is_dir():
            return fonts.resolve()
    raise SetupError("Odoo's fonts were not found", "set ODOO_PATH to a whole Odoo 19")


def _chromium():
    names, _why = programs.NEEDED["chromium"]
    programs.ensure()
    return next(filter(None, map(shutil.which, names)))


if __name__ == "__main__":
    draw()
