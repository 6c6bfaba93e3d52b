from odoo.http import request


def html_data():
    """Return the attributes of a page's root: its language, for who has it read out."""
    return {"lang": (request.env.lang or "en").replace("_", "-")}
