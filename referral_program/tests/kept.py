"""Odoo's company for tests with its program, made once in a database of tests.

Odoo makes a company with a chart of accounts for each class. What `ReferralCommon` has
made for its first class stays in the database instead, and the other classes begin with
it.
Only where whoever runs the tests says by `REFERRAL_KEEP_COMPANY` that the database is
theirs: nothing else of a test is ever committed.
"""

import json
import os

from odoo import api
from odoo.models import BaseModel
from odoo.modules.registry import Registry
from odoo.tests import TransactionCase, get_db_name

from odoo.addons.account.tests.common import AccountTestInvoicingCommon
from odoo.addons.base.tests.common import BaseCommon

PARAMETER = "referral_program.kept_for_tests"
#: What classes of Odoo's own have of the database itself.
CONNECTED = ("env", "cr", "registry")
#: What a class with a company of another kind overrides.
OF_THE_COMPANY = (
    "chart_template",
    "country_code",
    "get_default_groups",
    "setup_independent_company",
    "setup_independent_user",
)


def is_for(case, common):
    """Tell whether a class can begin with the kept company.

    :param common: the class of tests that all of the addon's inherit
    """
    line = case.__mro__
    between = line[line.index(common) + 1 : line.index(BaseCommon)]
    return (
        bool(os.environ.get("REFERRAL_KEEP_COMPANY"))
        and case.is_kept
        and between == common.__mro__[1 : common.__mro__.index(BaseCommon)]
        and all(
            getattr(getattr(case, name), "__func__", getattr(case, name))
            == getattr(
                getattr(AccountTestInvoicingCommon, name),
                "__func__",
                getattr(AccountTestInvoicingCommon, name),
            )
            for name in OF_THE_COMPANY
        )
    )


def begin(case, common):
    """Set a class up with the kept company, making it if there is none yet."""
    kept = json.loads(_read() or _make(common) or _read())
    super(BaseCommon, case).setUpClass()
    context = case.default_env_context()
    case.env = case.env(user=kept.pop("uid"), context=context)
    case.user = case.env.user
    for name, value in kept.items():
        setattr(case, name, _restored(case.env, value))


def _read():
    with Registry(get_db_name()).cursor() as cr:
        parameters = api.Environment(cr, api.SUPERUSER_ID, {})["ir.config_parameter"]
        return parameters.get_param(PARAMETER)


def _make(common):
    """Make and commit the company of a class that inherits nothing but ``common``."""
    maker = type("Maker", (common,), {"is_kept": False})
    maker.setUpClass()
    try:
        values = {
            name: _described(value)
            for name, value in vars(maker).items()
            if name not in {*CONNECTED, *vars(TransactionCase), "is_kept", "user"}
            and _is_kept(value)
        }
        values["uid"] = maker.env.uid
        maker.env["ir.config_parameter"].sudo().set_param(PARAMETER, json.dumps(values))
        # Odoo forbids the cursor's own to whoever tests
        type(maker.cr).commit(maker.cr)
    finally:
        maker.tearDownClass()
        maker.doClassCleanups()


def _is_kept(value):
    if isinstance(value, dict):
        return all(map(_is_kept, value.values()))
    return value is None or isinstance(value, BaseModel | str | int | float)


def _described(value):
    """Return a value as JSON has it: records by their model and numbers."""
    if isinstance(value, BaseModel):
        return {"model": value._name, "ids": value.ids}
    if isinstance(value, dict):
        return {"of": {name: _described(part) for name, part in value.items()}}
    return value


def _restored(env, value):
    if not isinstance(value, dict):
        return value
    if "of" in value:
        return {name: _restored(env, part) for name, part in value["of"].items()}
    return env[value["model"]].browse(value["ids"])
