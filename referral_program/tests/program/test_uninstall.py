"""The addon uninstalled and installed again: what others build on stays.

Each step is a process of its own, in a database that has been used.
"""

import json
import re
from pathlib import Path

from odoo.tests import tagged
from odoo.tools import config

from ..processes import ProcessCase

SCRIPT = Path(__file__).parents[1] / "uninstalling.py"
ROOT = "Without Referral Compensation"
#: The starter categories that something refers to.
USED = [
    ROOT,
    f"{ROOT} / API security",
    f"{ROOT} / Domain registration and renewal",
    f"{ROOT} / Domain registration and renewal / Own",
    f"{ROOT} / Qrator traffic filtering",
]


#: Files that say so run one after the other, however many processes the suite has.
SERIAL = True


@tagged("post_install", "-at_install")
class TestUninstall(ProcessCase):
    def _step(self, name):
        done = self._python(str(SCRIPT), config["config"], self.database, name)
        return json.loads(done.stdout.splitlines()[-1])

    def _module(self, action):
        """Have Odoo's command line do something with the addon, without a warning."""
        done = self._python(
            "-m", "odoo", "module", action, "--config", config["config"],
            "--database", self.database, "referral_program",
        )  # fmt: skip
        problems = re.findall(r".* (?:WARNING|ERROR|CRITICAL) .*", done.stderr)
        # how Odoo finds out what has to wait until its table goes
        tried = "odoo.sql_db: bad query: b'DELETE FROM \"referral_"
        self.assertEqual([p for p in problems if tried not in p], [])

    def test_what_others_build_on_stays_and_is_found_again(self):
        before = self._step("use")
        self.assertEqual(before["products"]["Filtering"], USED[4])
        self._module("uninstall")
        after = self._step("go_on")
        for what in ("accounts", "items", "journals", "products"):
            with self.subTest(what):
                self.assertEqual(after[what], before[what])
        gone = set(before["categories"]) - set(after["categories"])
        self.assertEqual(len(gone), 5)
        self.assertEqual([c for c in after["categories"] if ROOT in c], USED)
        self.assertEqual(after["columns"], [])
        self.assertEqual(after["models"], [])
        self.assertEqual(
            after["names"],
            [
                "product_category_api_security",
                "product_category_domains",
                "product_category_qrator_filtering",
                "product_category_without_compensation",
            ],
        )
        self.assertEqual(after["invoice"], ["posted", after["paid"]])
        self._module("install")
        again = self._step("back_again")
        for what in ("accounts", "categories", "journals", "products"):
            with self.subTest(what):
                self.assertEqual(again[what], before[what])
        self.assertEqual(again["journal"], "Referral Program")
        self.assertEqual(again["liability"], 828.0)
