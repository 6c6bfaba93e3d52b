"""Finding an Odoo 19: the user's own, Debian's package unpacked, or a Git clone."""

import os
import shutil
from pathlib import Path

from . import apt, paths
from .shell import SetupError, exclusively, progress, run, say

#: Debian puts links to these packages in place of some of Odoo's own files.
LINKED = (
    "libjs-jquery/sid",
    "libjs-jquery-form/sid",
    "libjs-underscore/sid",
    "fonts-montserrat/sid",
    "fonts-roboto-unhinted/sid",
    "fonts-ocr-b/sid",
    "fonts-inconsolata/sid",
    # sid has version 7; Odoo draws its icons with 4.7
    "fonts-font-awesome/bookworm",
)
#: Left out by Debian; an empty file keeps the browser's console clean.
LEFT_OUT = "mail/static/lib/selfie_segmentation/selfie_segmentation.js"
GIT = "https://github.com/odoo/odoo.git"


class Odoo:
    """An Odoo 19 tree.

    :ivar Path python_path: the folder to import ``odoo`` from
    :ivar Path server: the server's script
    :ivar list addons: its folders of addons
    :ivar str version: names the tree, to name caches after it
    """

    def __init__(self, python_path, server, addons, version):
        self.python_path = python_path
        self.server = server
        self.addons = [folder for folder in addons if folder.is_dir()]
        self.version = version


def find():
    """Return the Odoo to use, fetching it at the first call.

    :raise SetupError: if none can be had
    """
    given = os.environ.get("ODOO_PATH")
    if given:
        return _given(Path(given).expanduser().resolve())
    with exclusively("odoo"):
        return _unpacked() or _cloned()


def _given(path):
    """Recognize a source checkout, or an installation's ``site-packages``."""
    for python_path in (path, path.parent):
        package = python_path / "odoo"
        if (package / "release.py").exists():
            break
    else:
        raise SetupError(
            f"ODOO_PATH={path} holds no Odoo",
            "set it to a checkout of Odoo's branch 19.0, or to the folder that "
            "holds the installed package 'odoo'",
        )
    release = {}
    exec((package / "release.py").read_text(), release)  # noqa: S102 - Odoo's own file
    if release["version_info"][0] != 19:
        raise SetupError(
            f"ODOO_PATH={path} is Odoo {release['version']}, not 19.0",
            "set ODOO_PATH to a checkout of Odoo's branch 19.0",
        )
    candidates = (path / "odoo-bin", path.parents[2] / "bin" / "odoo")
    server = next((file for file in candidates if file.exists()), None)
    if not server:
        raise SetupError(
            f"no server script beside {path} (looked for odoo-bin and bin/odoo)",
            "set ODOO_PATH to a source checkout of Odoo 19.0",
        )
    return Odoo(
        python_path,
        server,
        [path / "addons", package / "addons"],
        f"given-{paths.digest(str(path))}",
    )


def _unpacked():
    """Return Debian's package, unpacked into the cache; None on other systems."""
    pinned = paths.ODOO_PINS.read_text().split()[-1]
    ready = sorted((paths.CACHE / "odoo").glob("debian-*/.ready"))
    chosen = [mark for mark in ready if mark.parent.name == f"debian-{pinned}"] or ready
    if chosen:
        return _debian(chosen[-1].parent)
    if not apt.available():
        return None
    options = apt.private("sid", "bookworm")
    offered = apt.versions(options, "odoo-19")
    if not offered:
        return None
    version = pinned if pinned in offered else offered[0]
    if version != pinned:
        say(
            f"   Debian offers Odoo {version}; the project was tested with {pinned}. "
            "Should something differ, this is the first suspect."
        )
    root = paths.CACHE / "odoo" / f"debian-{version}"
    shutil.rmtree(root, ignore_errors=True)
    with progress(f"downloading and unpacking Odoo {version} (123 MB)"):
        apt.unpack(options, (f"odoo-19={version}", *LINKED), root)
        missing = _debian(root).addons[0] / LEFT_OUT
        missing.parent.mkdir(parents=True, exist_ok=True)
        missing.touch()
        (root / ".ready").touch()
    return _debian(root)


def _debian(root):
    packages = root / "usr/lib/python3/dist-packages"
    return Odoo(packages, root / "usr/bin/odoo", [packages / "odoo/addons"], root.name)


def _cloned():
    """Return a checkout of Odoo's own repository in the cache."""
    root = paths.CACHE / "odoo" / "git-19.0"
    if not (root / ".ready").exists():
        shutil.rmtree(root, ignore_errors=True)
        with progress("cloning Odoo 19.0 (about 1 GB)"):
            run(
                "git", "clone", "--depth", "1", "--branch", "19.0", GIT, root,
                what="cloning Odoo 19.0",
                cure="check the network, or name an Odoo 19 you have: "
                "make test ODOO_PATH=/path/to/odoo",
            )  # fmt: skip
        (root / ".ready").touch()
    return Odoo(
        root, root / "odoo-bin", [root / "addons", root / "odoo/addons"], root.name
    )
