"""Debian packages, downloaded with a private apt state and unpacked aside.

Nothing of the system changes: its lists, its cache and its installed packages
stay as they are. Only :func:`install` installs, and only as root.
"""

import shutil
from urllib.parse import urlsplit

from . import paths
from .shell import SetupError, is_root, progress, run

KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"
#: Another program of the system may be installing something: wait for it.
WAIT = ("-o", "DPkg::Lock::Timeout=600")


def available():
    """Tell whether this machine has apt with a Debian mirror."""
    if not (shutil.which("apt-get") and shutil.which("dpkg-deb")):
        return False
    return bool(_mirror())


def _mirror():
    """Return the address of the Debian mirror that this machine is set up with."""
    lines = run(
        "apt-get", "indextargets", "--format", "$(ORIGIN)|$(REPO_URI)|$(CODENAME)"
    ).splitlines()
    lines += run("apt-get", "indextargets", "--format", "|$(REPO_URI)|").splitlines()
    for line in lines:
        _origin, address, _codename = line.split("|")
        if urlsplit(address).path.rstrip("/").endswith("/debian"):
            return address
    return ""


def private(*suites):
    """Make a private apt state that knows the given suites.

    :return: the options that make apt use it
    :raise SetupError: if the mirror cannot be reached
    """
    home = paths.CACHE / "apt"
    for folder in ("lists/partial", "cache/archives/partial"):
        (home / folder).mkdir(parents=True, exist_ok=True)
    sources = home / "sources.list"
    sources.write_text(
        "".join(
            f"deb [signed-by={KEYRING}] {_mirror()} {suite} main\n" for suite in suites
        )
    )
    options = [
        "-o", f"Dir::Etc::sourcelist={sources}",
        "-o", "Dir::Etc::sourceparts=/dev/null",
        "-o", f"Dir::State::lists={home / 'lists'}",
        "-o", f"Dir::Cache={home / 'cache'}",
        "-o", "APT::Sandbox::User=",
        "-o", "Acquire::Languages=none",
        "-o", "Acquire::Check-Valid-Until=false",
    ]  # fmt: skip
    with progress(f"reading the Debian package lists ({', '.join(suites)})"):
        run(
            "apt-get", *options, "update", "--error-on=any",
            what="reading Debian's package lists",
            cure="check the network, or name an Odoo 19 you have with ODOO_PATH=…",
        )  # fmt: skip
    return options


def unpack(options, packages, target):
    """Download packages and unpack them into one folder.

    :param options: what :func:`private` returned
    :param packages: names, each with an optional ``=version`` or ``/suite``
    """
    downloads = paths.CACHE / "apt" / "downloads"
    shutil.rmtree(downloads, ignore_errors=True)
    downloads.mkdir(parents=True)
    run(
        "apt-get", *options, "download", *packages, cwd=downloads,
        what=f"downloading {', '.join(packages)}",
        cure="check the network, or name an Odoo 19 you have with ODOO_PATH=…",
    )  # fmt: skip
    target.mkdir(parents=True, exist_ok=True)
    for package in sorted(downloads.glob("*.deb")):
        run("dpkg-deb", "-x", package, target)
    shutil.rmtree(downloads)


def versions(options, package):
    """Return the versions of a package that the private state offers."""
    table = run("apt-cache", *options, "madison", package)
    return [line.split("|")[1].strip() for line in table.splitlines() if "|" in line]


def install(package, why):
    """Install a package of the system, which only root may do.

    :raise SetupError: with the command to run, if this user may not
    """
    if not is_root() or not shutil.which("apt-get"):
        raise SetupError(
            f"{package} is missing ({why})",
            f"sudo apt-get update && sudo apt-get install --no-install-recommends "
            f"{package}   (or your system's own way to install it)",
        )
    with progress(f"installing Debian's {package} ({why})"):
        run("apt-get", *WAIT, "update", cure="check the network")
        run(
            "apt-get", *WAIT, "install", "--yes", "--no-install-recommends", package,
            what=f"installing {package}",
            cure=f"apt-get install {package}",
        )  # fmt: skip
