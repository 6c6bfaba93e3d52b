"""Actions that methods return: windows, notifications; and scheduled ones."""


def window(env, name, /, domain=(), context=None, single=None, **values):
    """Return a window action that shows the records of a domain.

    :param str name: the action's external id; of another addon, with its module
    :param domain: in place of the action's own
    :param dict context: in place of the action's own
    :param single: the records, if one alone is to be opened in its form
    :param values: further values of the action, in place of its own
    :return dict: the action
    """
    xmlid = name if "." in name else f"referral_program.{name}"
    action = env["ir.actions.act_window"]._for_xml_id(xmlid)
    action |= {"domain": list(domain), "context": context or {}}
    if single is not None and len(single) == 1:
        forms = [view for view in action["views"] if view[1] == "form"]
        action |= {"res_id": single.id, "view_mode": "form", "views": forms}
    return action | values


def window_of(records, name, path):
    """Return a window action that shows what belongs to records.

    :param str name: as above
    :param str path: from what is shown to one of the records
    """
    return window(records.env, name, [(path, "in", records.ids)])


def dialog(record, title, view=False, **values):
    """Return the action that shows a form, of this record or a new one, over the page.

    :param str view: the form's external id, without the module
    :param values: further values of the action, in place of these
    """
    view_id = view and record.env.ref(f"referral_program.{view}").id
    return {
        "type": "ir.actions.act_window",
        "name": title,
        "res_model": record._name,
        "res_id": record.id,
        "view_mode": "form",
        "views": [(view_id, "form")],
        "target": "new",
        **values,
    }


def download(path):
    """Return the action that downloads what is at an address of ours."""
    return {"type": "ir.actions.act_url", "url": path, "target": "download"}


def notification(kind, message):
    """Return the action that tells something and shows the records anew.

    :param str kind: ``success``, ``info`` or ``warning``; this stays until closed
    :param str message: what to tell
    :return dict: the action
    """
    return {
        "type": "ir.actions.client",
        "tag": "display_notification",
        "params": {
            "type": kind,
            "sticky": kind == "warning",
            "message": message,
            "next": {"type": "ir.actions.client", "tag": "soft_reload"},
        },
    }


def run_soon(env, name, at=None):
    """Have one of the addon's scheduled actions run, unless somebody deleted it.

    :param str name: its external id, without the module
    :param datetime at: when; after this transaction, if left out
    """
    action = env.ref(f"referral_program.{name}", raise_if_not_found=False)
    if action:
        # sudo: whoever causes it need not be allowed to start scheduled actions
        action.sudo()._trigger(at)
