"""The releases that CHANGELOG.md names, and a database of each."""

import re
import shutil
import subprocess
import sys
import tarfile

from . import databases, paths
from .shell import SetupError, exclusively, progress, run

CHANGELOG = paths.ROOT / "CHANGELOG.md"
#: A release's heading; what is not released has no day in it.
HEADING = re.compile(r"^## (\d+(?:\.\d+){4}) \(\d{4}-\d\d-\d\d\)$", re.MULTILINE)
#: What the shell of a release runs, in its folder.
ACCRUE = """
import sys
sys.path.insert(0, "bin")
from project import demo_accrual
demo_accrual.main(env)
"""


def number(version):
    """Return a version to compare by."""
    return tuple(map(int, version.split(".")))


def chosen(names):
    """Return the releases with these versions, all if there are none, oldest first.

    :raise SetupError: naming a version that is no release
    """
    known = sorted(HEADING.findall(CHANGELOG.read_text("utf-8")), key=number)
    if unknown := set(names) - set(known):
        raise SetupError(
            f"{', '.join(sorted(unknown))} is no release of CHANGELOG.md",
            f"choose from: {', '.join(known) or 'there is none yet'}",
        )
    return [version for version in known if not names or version in names]


def commit(version):
    """Return the commit of a release: its tag's, or the one that wrote its heading.

    The manifest does not tell: it has the version long before the release.

    :raise SetupError: if the history does not go back to it
    """
    if tagged := _git("rev-parse", "--verify", f"refs/tags/{version}^{{commit}}"):
        return tagged
    heading = f"^## {re.escape(version)} \\([0-9]"
    found = _git("log", "-1", "--format=%H", f"-G{heading}", "--", CHANGELOG.name)
    if _git("rev-parse", "--is-shallow-repository") == "true":
        cut = paths.ROOT / _git("rev-parse", "--git-path", "shallow")
        if not found or found in cut.read_text().split():
            raise SetupError(
                f"this clone is shallow: its history does not reach {version}",
                "git fetch --unshallow --tags",
            )
    if not found:
        raise SetupError(
            f"no commit of CHANGELOG.md has released {version}",
            f"commit its heading, or tag its commit: git tag {version} COMMIT",
        )
    return found


def _git(*arguments):
    """Return what Git prints, nothing if it fails."""
    done = subprocess.run(
        ["git", *arguments], cwd=paths.ROOT, capture_output=True, text=True, check=False
    )
    return "" if done.returncode else done.stdout.strip()


def database(version):
    """Return the name of a database of a release, made by the release's own scripts.

    It has the demonstration data and their accruals. It is kept: a release is what it
    is.
    """
    revision = commit(version)
    name = f"referral_release_{revision[:12]}"
    with exclusively("release"):
        if not databases.exists(name):
            folder = _unpack(version, revision)
            with progress(f"making a database of {version} ({revision[:12]})"):
                _make(f"{name}_new", folder)
            databases.rename(f"{name}_new", name)
    return name


def _unpack(version, revision):
    """Return a folder with what a commit holds."""
    folder = paths.CACHE / "releases" / revision[:12]
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    archive = folder / "release.tar"
    run(
        "git", "archive", f"--output={archive}", revision,
        cwd=paths.ROOT, what=f"unpacking {version}",
    )  # fmt: skip
    with tarfile.open(archive) as tar:
        tar.extractall(folder, filter="data")
    archive.unlink()
    return folder


def _make(name, folder):
    run(
        sys.executable, "bin/db", name, "--demo",
        cwd=folder, what="making the release's database",
    )  # fmt: skip
    run(
        sys.executable, "bin/odoo", "shell", "-d", name, "--no-http",
        "--log-level=warn",
        cwd=folder, input=ACCRUE, what="accruing the release's demonstration",
    )  # fmt: skip
