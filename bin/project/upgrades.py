"""Bringing a database of a release to the addon as it is here."""

from . import databases, demo, paths, postgres, releases
from .shell import SetupError, progress

#: The addon's own tables and what it adds to those of others, without views.
COLUMNS = """
    SELECT tables.table_name || ' ' || column_name
      FROM information_schema.columns JOIN information_schema.tables
     USING (table_schema, table_name)
     WHERE table_schema = 'public' AND table_type = 'BASE TABLE'
       AND (tables.table_name LIKE 'referral\\_%' OR column_name LIKE 'referral\\_%')
"""


def upgrade(workplace, version, source):
    """Upgrade a copy of a release's database, then check it and accrue a month.

    :param str source: the release's database
    :raise SetupError: if Odoo warns, data are lost, or the books are not right
    """
    database = f"referral_upgrade_{paths.CLONE}"
    databases.drop(database)
    databases.copy(source, database)
    before = contents(database)
    with progress(f"upgrading {database} from {version}"):
        workplace.upgrade(database, ["referral_program"])
    if missed := unexplained(version, before, contents(database)):
        raise SetupError(
            f"upgrading from {version} lost data: {', '.join(missed)}",
            "write a migration that moves them and names them (CONTRIBUTING.md: "
            "Migrations)",
        )
    with progress("checking the books and accruing a month"):
        failed = demo.run_in_shell(workplace, database, "upgrade_check")
    if failed:
        raise SetupError(
            f"the books upgraded from {version} are not right (see above)",
            f"look into them: bin/odoo shell -d {database}",
        )
    databases.drop(database)


def contents(database):
    """Return the number of rows by table, and of values by table and column."""
    columns = {}
    for line in postgres.query(COLUMNS, database):
        table, column = line.split()
        columns.setdefault(table, []).append(column)
    counts = {}
    for table, names in columns.items():
        values = ", ".join(f'COUNT("{name}")' for name in names)
        (line,) = postgres.query(f'SELECT COUNT(*), {values} FROM "{table}"', database)
        keys = [table, *(f"{table}.{name}" for name in names)]
        counts.update(zip(keys, map(int, line.split("|")), strict=True))
    return counts


def unexplained(version, before, after):
    """Return what has fewer rows or values than before, and no migration names it."""
    texts = migrations(version)
    return [
        f"{name} ({count} before, {after.get(name, 0)} now)"
        for name, count in sorted(before.items())
        if after.get(name, 0) < count
        and not any(all(part in text for part in name.split(".")) for text in texts)
    ]


def migrations(version):
    """Return the texts of the migrations that Odoo runs after a version."""
    last = releases.number(databases.manifest()["version"])
    return [
        script.read_text("utf-8")
        for script in paths.ADDON.glob("migrations/*/*.py")
        if releases.number(version) < releases.number(script.parent.name) <= last
    ]
