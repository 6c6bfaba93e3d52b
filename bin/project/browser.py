"""Chromium, in which the tests look at every page."""

import shutil

from . import apt

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def find():
    """Return the browser's executable, or None."""
    return next(filter(None, map(shutil.which, NAMES)), None)


def ensure():
    """Install Chromium if there is none.

    :raise SetupError: with the command to run, if this user may not install it
    """
    if not find():
        apt.install("chromium", "the tests look at every page in it")
