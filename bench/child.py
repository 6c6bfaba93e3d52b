"""One step in a process of its own: ``python -m bench.child TASK DATABASE [JSON]``.

Runs in Odoo's environment and prints what the step returns as one line of JSON.
"""

import importlib
import json
import sys

#: The steps: module and function, called with an environment and parameters.
TASKS = {
    "seed": "bench.seed:seed",
    "generate": "bench.generate:generate",
    "generate_unpaid": "bench.generate:generate_unpaid",
    "check": "bench.check:check",
    "ours": "bench.ours:accrue",
    "history": "bench.ours:accrue_history",
    "compute": "bench.ours:compute",
    "post": "bench.ours:post",
    "settle": "bench.oca:settle",
    "bill": "bench.oca:bill",
    "aggregate": "bench.baseline:aggregate",
    "insert": "bench.baseline:insert",
    "entry": "bench.baseline:entry",
    "pay": "bench.pay:serve",
    "portal": "bench.portal:prepare",
    "browse": "bench.portal:browse",
    "withdraw": "bench.billing:prepare",
    "request": "bench.billing:request",
    "make_bills": "bench.billing:bill",
}


def main(task, database, parameters="{}"):
    registry = _registry(database)
    module, function = TASKS[task].split(":")
    function = getattr(importlib.import_module(module), function)
    with registry.cursor() as cr:
        from odoo import SUPERUSER_ID, api

        # the superuser: neither side spends time on access rights
        env = api.Environment(cr, SUPERUSER_ID, {})
        result = function(env, **json.loads(parameters))
    print(json.dumps(result), flush=True)


def _registry(database):
    """Load Odoo with a database, as a server does before it takes requests."""
    from odoo.modules.registry import Registry
    from odoo.tools import config

    config.parse_config(
        ["-d", database, "--no-http", "--log-level=warn"], setup_logging=True
    )
    return Registry(database)


if __name__ == "__main__":
    main(*sys.argv[1:])
