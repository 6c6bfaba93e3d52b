"""The Python environment and the OCA addons, both from PyPI, both pinned."""

import os
import shutil
import subprocess
import sys
import venv

from . import paths
from .shell import SetupError, exclusively, progress, run

NETWORK = "check the network and the machine's pip configuration, then run it again"


def python():
    """Return the interpreter of the project's environment, made at the first call."""
    return _environment("python", paths.PYTHON_PINS)


def linter(name):
    """Return a pinned linter's executable."""
    return _environment("lint", paths.LINT_PINS).parent / name


def _environment(name, pins):
    label = ".".join(map(str, sys.version_info[:2]))
    home = paths.CACHE / f"{name}-{label}-{paths.digest(pins, sys.executable)}"
    interpreter = home / "bin" / "python"
    with exclusively(name):
        if (home / ".ready").exists():
            return interpreter
        shutil.rmtree(home, ignore_errors=True)
        with progress(f"making the Python environment from {pins.name}"):
            try:
                venv.create(home, with_pip=True)
            except Exception as error:  # ensurepip's errors have many types
                raise SetupError(
                    f"Python {label} cannot make a virtual environment: {error}",
                    "install Python's venv and pip (Debian: apt-get install "
                    f"python{label}-venv)",
                ) from error
            run(
                interpreter, "-m", "pip", "install", "--quiet", "--quiet",
                "--disable-pip-version-check", "--requirement", pins,
                what=f"installing {pins.name}",
                cure=NETWORK,
            )  # fmt: skip
        (home / ".ready").touch()
    return interpreter


def oca(pins=paths.OCA_PINS):
    """Return the folder of the OCA addons that a file pins.

    Their wheels require ``odoo`` itself, which PyPI does not have.
    """
    return _folder("oca", pins) / "odoo" / "addons"


def browser():
    """Return the folder of Playwright and of axe-core's JavaScript."""
    return _folder("browser", paths.BROWSER_PINS)


def run_with_browser(module, *arguments):
    """Run a module of this package that needs Playwright and Pillow.

    :return int: how it ended
    """
    return subprocess.run(
        [python(), "-m", f"project.{module}", *arguments],
        cwd=paths.ROOT / "bin",
        env={**os.environ, "PYTHONPATH": str(browser())},
        check=False,
    ).returncode


def _folder(name, pins):
    """Return a folder with the packages that a file pins, without dependencies."""
    home = paths.CACHE / f"{name}-{paths.digest(pins)}"
    with exclusively(name):
        if not (home / ".ready").exists():
            shutil.rmtree(home, ignore_errors=True)
            interpreter = python()
            with progress(f"installing the packages of {pins.name}"):
                run(
                    interpreter, "-m", "pip", "install", "--quiet", "--no-deps",
                    "--disable-pip-version-check", "--target", home,
                    "--requirement", pins,
                    what=f"installing {pins}",
                    cure=NETWORK,
                )  # fmt: skip
            (home / ".ready").touch()
    return home
