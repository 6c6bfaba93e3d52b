"""Who may do what, read from the registry: rights, and what methods answer."""

import csv
import io
from pathlib import Path

from odoo.exceptions import AccessError, RedirectWarning, UserError
from odoo.service.model import call_kw, get_public_method

FILE = Path(__file__).resolve().parents[1] / "access_matrix.csv"
MODULE = "odoo.addons.referral_program."
#: One letter for each operation that a role may do with a model.
LETTERS = {"read": "r", "write": "w", "create": "c", "unlink": "d"}
#: What a method answered: it ran; it refused the role; it refused for another reason,
#: as the state of the record, and so perhaps before it asked for the role.
RAN, DENIED, REFUSED = "ran", "-", "refused"
#: It broke down, which nobody should be able to make it do.
FAILED = "failed"


def names_of_models(env):
    """Return the models whose access the addon decides, sorted."""
    return sorted(
        name
        for name, model in env.registry.items()
        if not model._abstract
        and name.split(".")[0] == "referral"
        and model._original_module == "referral_program"
    )


def public_methods(env):
    """Yield models and names of the methods that the addon lets anybody call.

    What Odoo's own classes have by that name is Odoo's, and asks for the rights on the
    model. What a mixin does with its records is tried on its heirs.
    """
    for name in sorted(env.registry):
        for method in sorted(_ours(env.registry[name])):
            try:
                get_public_method(env[name], method)
            except AccessError:
                continue  # @api.private
            if not env[name]._abstract or needs_no_record(env[name], method):
                yield name, method


def needs_no_record(model, method):
    """Tell whether a method is called on the model itself."""
    return getattr(getattr(model, method), "_api_model", False)


def _ours(model):
    """Return the public names that only the addon's classes define."""
    ours, others = set(), set()
    for parent in model.mro():
        names = ours if parent.__module__.startswith(MODULE) else others
        names.update(
            name
            for name, value in vars(parent).items()
            if callable(value) and not name.startswith("_")
        )
    return ours - others


def rights(env, model, user):
    """Return the letters of what a user may do with a model, or a dash."""
    records = env[model].with_user(user)
    allowed = (letter for name, letter in LETTERS.items() if records.has_access(name))
    return "".join(allowed) or DENIED


def answer(records, method, user, arguments):
    """Return what a method answers a user who calls it by RPC; undo what it did."""
    env = records.env
    model = records.browse().with_user(user)
    context = {"allowed_company_ids": user.company_ids.ids}
    if not needs_no_record(model, method):
        if not records:
            raise LookupError(f"no record to try {model._name}.{method} on")
        arguments = [records.ids, *arguments]
    env.flush_all()
    with env.cr.savepoint() as savepoint:
        try:
            call_kw(model, method, arguments, {"context": context})
            env.flush_all()
            told = RAN
        except AccessError:
            told = DENIED
        except (UserError, RedirectWarning):
            told = REFUSED
        except Exception:
            told = FAILED
        env.clear()
        savepoint.rollback()
    return told


def text(rows, roles):
    """Return the table as CSV."""
    target = io.StringIO()
    writer = csv.writer(target, lineterminator="\n")
    writer.writerow(["model", "method", *roles])
    writer.writerows(rows)
    return target.getvalue()
