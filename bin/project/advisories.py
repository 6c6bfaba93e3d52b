"""What is publicly known of weaknesses in the pinned packages, by pip-audit."""

import json
import subprocess

from . import packages, paths
from .shell import say

#: Seconds that lint may wait for the advisories, which come over the network.
PATIENCE = 20


def tell():
    """Say which pinned packages have known weaknesses, or that nobody knows.

    Lint does not fail for it: advisories appear without a change here.
    """
    for pins in (paths.PYTHON_PINS, paths.LINT_PINS):
        known = _ask(pins)
        if known is None:
            say(f"pip-audit: skipped, no advisories can be had for {pins.name}")
            continue
        for package in known:
            for weakness in package["vulns"]:
                cure = ", ".join(weakness["fix_versions"]) or "none yet"
                say(
                    f"pip-audit: {pins.name}: {package['name']} {package['version']}: "
                    f"{weakness['id']}, mended in {cure}"
                )


def _ask(pins):
    """Return the packages of a file of which something is known.

    :return: a list of what pip-audit tells, or ``None`` without its data
    """
    command = [
        packages.linter("pip-audit"), "--requirement", pins, "--no-deps",
        "--disable-pip", "--format", "json", "--progress-spinner", "off",
        "--timeout", "5",
    ]  # fmt: skip
    try:
        done = subprocess.run(
            command, capture_output=True, timeout=PATIENCE / 2, check=False
        )
        found = json.loads(done.stdout)["dependencies"]
    except (subprocess.TimeoutExpired, ValueError):
        return None
    # a package index without advisories answers that it knows no package
    return [package for package in found if "vulns" in package] or None
