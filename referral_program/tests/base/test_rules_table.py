"""CONTRIBUTING.md says where each rule is; its functions are there and say it."""

import ast
import re
from pathlib import Path

from odoo.tests import BaseCase, tagged

ADDON = Path(__file__).resolve().parents[2]
GUIDE = ADDON.parent / "CONTRIBUTING.md"
ROW = re.compile(r"^\| (.+) \| `(\S+\.py)` \| `(\w+)` \| `(\S+\.py)` \|$", re.M)


@tagged("post_install", "-at_install")
class TestRulesTable(BaseCase):
    def test_each_rule_is_where_the_table_says(self):
        rows = ROW.findall(GUIDE.read_text())
        self.assertGreaterEqual(len(rows), 20)
        for rule, file, function, test in rows:
            with self.subTest(rule=rule):
                code = ast.parse((ADDON / "models" / file).read_text())
                found = [
                    node
                    for node in ast.walk(code)
                    if isinstance(node, ast.FunctionDef) and node.name == function
                ]
                self.assertTrue(found, f"{function} is not in {file}")
                self.assertTrue(ast.get_docstring(found[0]), "it does not say its rule")
                self.assertTrue((ADDON / "tests" / test).is_file())
