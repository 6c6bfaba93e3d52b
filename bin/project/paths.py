"""Where things live: the clone, the cache that clones share, the pinned versions."""

import hashlib
import os
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
ADDON = ROOT / "referral_program"
#: Addons that join it to others of Odoo and OCA, and are installed with those.
GLUE = sorted(
    manifest.parent for manifest in ROOT.glob("referral_program_*/__manifest__.py")
)
CACHE = (
    Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    / "referral-program"
)
PYTHON_PINS = ROOT / "requirements.txt"
OCA_PINS = ROOT / "requirements-oca.txt"
GLUE_PINS = ROOT / "requirements-glue.txt"
BENCH_PINS = ROOT / "bench" / "requirements-oca.txt"
LINT_PINS = ROOT / "requirements-lint.txt"
BROWSER_PINS = ROOT / "requirements-browser.txt"
ODOO_PINS = ROOT / "odoo-version.txt"


def digest(*parts):
    """Return a short, stable name for the given strings or files' contents."""
    value = hashlib.sha256()
    for part in parts:
        value.update(part.read_bytes() if isinstance(part, Path) else part.encode())
        value.update(b"\0")
    return value.hexdigest()[:12]


def tree_digest(folder):
    """Return a short name for everything Odoo would load from a folder."""
    value = hashlib.sha256()
    for path in sorted(folder.rglob("*")):
        relative = path.relative_to(folder)
        if path.is_file() and not {"__pycache__", "tests"} & set(relative.parts):
            value.update(str(relative).encode() + b"\0" + path.read_bytes())
    return value.hexdigest()[:12]


#: Names this clone's databases and configuration, so that clones do not meet.
CLONE = digest(str(ROOT))
