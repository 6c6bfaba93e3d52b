"""The machine's own Chromium, driven by Playwright, and how its pictures are kept."""

import contextlib
import io

from PIL import Image
from playwright.sync_api import sync_playwright

from . import programs


@contextlib.contextmanager
def chromium():
    """Give a headless browser that draws the same on every machine."""
    with (
        sync_playwright() as playwright,
        playwright.chromium.launch(
            executable_path=programs.chromium(),
            # the last one lets the banners' sheet have its typeface
            args=["--disable-lcd-text", "--allow-file-access-from-files"],
        ) as browser,
    ):
        yield browser


def picture(png):
    """Return the picture that Chromium took."""
    return Image.open(io.BytesIO(png)).convert("RGB")


def keep(image, file, colours):
    """Write a picture as a small file: few colours, and even surfaces."""
    few = image.quantize(colours, dither=Image.Dither.NONE)
    few.save(file, optimize=True)
