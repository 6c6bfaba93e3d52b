"""Odoo's configuration for this clone, and databases copied from templates."""

import base64
import os
import shutil
import subprocess

from . import odoo_source, packages, paths, postgres
from .shell import SetupError, exclusively, progress

DATA = paths.CACHE / "data"
#: What the databases' documents are encrypted with.
KEY = paths.CACHE / "document-key"
#: Installed besides the addon, so that tests meet what production has.
EXTRA = (
    "account_financial_report",
    "account_payment",
    "auth_oauth",
    "l10n_account_withholding_tax",
)
#: Installed besides the glue addons, for what they do where these are there too.
BESIDE_GLUE = (
    "sale_loyalty",
    "sale_start_end_dates",
    "sale_timesheet",
    "website_sale",
)
#: How the names of templates end that have more than the addon.
DEMO, GLUE = "_demo", "_glue"
#: How a line of Odoo's log tells that something failed.
ERRORS = (" ERROR ", " CRITICAL ", "Error: ")


class Workplace:
    """Everything needed to run Odoo with this clone's addons.

    :param extra_addons: further folders for the addons path
    :param own: the folder that holds this project's addons; none of them, if None
    """

    def __init__(self, extra_addons=(), own=paths.ROOT):
        self.odoo = odoo_source.find()
        self.python = packages.python()
        self.addons = [
            *self.odoo.addons,
            packages.oca(),
            packages.oca(paths.GLUE_PINS),
            *extra_addons,
            *filter(None, [own]),
        ]
        self.server = postgres.settings()
        self.config = self._write_config()
        self.environment = {
            **os.environ,
            **self.server,
            "PYTHONPATH": str(self.odoo.python_path),
            "ODOO_RC": str(self.config),
            "REFERRAL_PROGRAM_KEY": os.environ.get("REFERRAL_PROGRAM_KEY")
            or document_key(),
            "PYTHONUNBUFFERED": "1",
        }

    def _write_config(self):
        name = paths.digest(*map(str, (paths.CLONE, *self.addons)))
        config = paths.CACHE / "clones" / f"{name}.conf"
        config.parent.mkdir(parents=True, exist_ok=True)
        DATA.mkdir(parents=True, exist_ok=True)
        lines = {
            "addons_path": ",".join(map(str, self.addons)),
            "data_dir": DATA,
            "db_host": self.server["PGHOST"],
            "db_port": self.server["PGPORT"],
            "db_user": self.server["PGUSER"],
            "http_interface": "127.0.0.1",
            "list_db": False,
            "limit_time_real": 1200,
            "limit_time_cpu": 1200,
            "max_cron_threads": 0,
        }
        if os.environ.get("PGPASSWORD"):
            lines["db_password"] = os.environ["PGPASSWORD"]
        text = "[options]\n" + "".join(f"{k} = {v}\n" for k, v in lines.items())
        if not config.exists() or config.read_text() != text:
            config.write_text(text)
        return config

    def command(self, *arguments):
        """Return Odoo's command line with this configuration."""
        return [str(self.python), str(self.odoo.server), *map(str, arguments)]

    def install(self, database, modules, demo):
        """Install modules into a database, making it if there is none.

        :raise SetupError: with the errors that Odoo logged
        """
        options = ["-i", ",".join(modules), *(["--with-demo"] if demo else [])]
        self._load(database, f"installing {', '.join(modules)}", options, ERRORS)

    def upgrade(self, database, modules):
        """Upgrade a database's modules.

        :raise SetupError: with the errors and warnings that Odoo logged
        """
        options = ["-u", ",".join(modules)]
        what = f"upgrading {', '.join(modules)}"
        self._load(database, what, options, (*ERRORS, " WARNING "))

    def _load(self, database, what, options, marks):
        """Have Odoo load a database with options, and look at its log."""
        log = paths.CACHE / "clones" / f"{database}.log"
        with open(log, "w") as handle:
            done = subprocess.run(
                self.command(
                    "-d", database, *options, "--stop-after-init", "--no-http"
                ),
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=handle,
                stderr=subprocess.STDOUT,
                check=False,
            )
        problems = [
            line
            for line in log.read_text(errors="replace").splitlines()
            if any(mark in line for mark in marks)
        ]
        if done.returncode or problems:
            raise SetupError(
                f"{what} failed:\n" + "\n".join(problems[:10]), f"read {log}"
            )


def document_key():
    """Return the key that documents are encrypted with, made at the first call."""
    with exclusively("key"):
        if not KEY.exists():
            KEY.touch(mode=0o600)
        if not KEY.read_text():
            KEY.write_text(base64.urlsafe_b64encode(os.urandom(32)).decode())
        return KEY.read_text()


def manifest(addon=paths.ADDON):
    """Return an addon's manifest."""
    return eval((addon / "__manifest__.py").read_text())  # noqa: S307


def dependencies(glue=False):
    """Return the addons of others that this project's addons depend on.

    :param bool glue: those of the glue addons too
    """
    needed = {*manifest()["depends"], *EXTRA}
    if glue:
        needed.update(*(manifest(addon)["depends"] for addon in paths.GLUE))
        needed.update(BESIDE_GLUE)
    return sorted(needed - {addon.name for addon in (paths.ADDON, *paths.GLUE)})


def exists(name):
    return bool(postgres.query(f"SELECT 1 FROM pg_database WHERE datname = '{name}'"))


def drop(name):
    """Drop a database and its files; no error if there is none."""
    postgres.query(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
    shutil.rmtree(DATA / "filestore" / name, ignore_errors=True)


def copy(source, target):
    """Copy a database with its files; the target must not exist."""
    postgres.query(f'CREATE DATABASE "{target}" TEMPLATE "{source}"')
    files = DATA / "filestore" / source
    if files.is_dir():
        # files are named after their content and never written again: link them
        shutil.copytree(
            files,
            DATA / "filestore" / target,
            copy_function=os.link,
            dirs_exist_ok=True,
        )


def base(workplace, demo=False, glue=False):
    """Return the name of a database with what the addons depend on, to copy from.

    Clones share it, so it knows of no addon that only one of them may have.
    """
    modules = dependencies(glue)
    key = paths.digest("others", workplace.odoo.version, paths.OCA_PINS, *modules)
    if glue:
        key = paths.digest(key, paths.GLUE_PINS)
    name = f"referral_base_{key}{DEMO if demo else ''}"
    with exclusively(name):
        if not exists(name):
            with progress("installing Odoo's modules into a template (once)"):
                others = Workplace(own=None)
                build(name, lambda: others.install(name, modules, demo))
    return name


def template(workplace, demo=False, glue=False):
    """Return the name of a database with the addon installed, to copy from.

    Made in two layers, each kept until its sources change: the addons that it
    depends on (minutes), then the addon itself (seconds).

    :param bool demo: with demonstration data
    :param bool glue: with the glue addons, and what they join the addon to
    """
    suffix = GLUE if glue else DEMO if demo else ""
    addons = [paths.ADDON, *(paths.GLUE if glue else ())]
    source = base(workplace, demo, glue)
    content = paths.digest(*map(paths.tree_digest, addons))
    whole = f"referral_{paths.CLONE}_{content}{suffix}"
    with exclusively(f"database_{paths.CLONE}{suffix}"):
        if not exists(whole):
            _drop_outdated(suffix)
            with progress("installing the addon into a template"):
                copy(source, f"{whole}_new")
                names = [addon.name for addon in addons]
                workplace.install(f"{whole}_new", names, demo)
                rename(f"{whole}_new", whole)
    return whole


def build(name, install):
    """Make a template under its name only once it is whole."""
    drop(name)
    try:
        install()
    except BaseException:
        drop(name)
        raise


def rename(old, new):
    """Give a database with its files another name; replace one that has it."""
    drop(new)
    postgres.query(f'ALTER DATABASE "{old}" RENAME TO "{new}"')
    files = DATA / "filestore" / old
    if files.is_dir():
        files.rename(DATA / "filestore" / new)


def _drop_outdated(suffix):
    for name in postgres.query(
        f"SELECT datname FROM pg_database WHERE datname LIKE 'referral_{paths.CLONE}_%'"
    ):
        whole = name.removesuffix("_new")
        if next((end for end in (DEMO, GLUE) if whole.endswith(end)), "") == suffix:
            drop(name)


def fresh(workplace, name, demo=False):
    """Make a database anew from the template.

    :param str name: replaced if it exists
    :param bool demo: with demonstration data
    """
    renew(name, template(workplace, demo))
    return name


def renew(name, source):
    """Make a database anew as a copy of another one."""
    drop(name)
    copy(source, name)
