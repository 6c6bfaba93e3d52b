"""Odoo's own runner finds every test of every room."""

import ast
from pathlib import Path

from odoo.tests import BaseCase

TESTS = Path(__file__).parent.parent


def _imported(room):
    """Return the modules that a room imports from itself."""
    tree = ast.parse((room / "__init__.py").read_text())
    return {
        alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.level == 1 and not node.module
        for alias in node.names
    }


class TestRooms(BaseCase):
    def test_each_room_imports_all_of_its_tests(self):
        rooms = [path.parent for path in TESTS.glob("*/__init__.py")]
        self.assertGreater(len(rooms), 5)
        for room in rooms:
            tests = {path.stem for path in room.glob("test_*.py")}
            self.assertEqual(tests - _imported(room), set(), room.name)

    def test_all_rooms_are_imported(self):
        tree = ast.parse((TESTS / "__init__.py").read_text())
        imported = {
            node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)
        }
        rooms = {path.parent.name for path in TESTS.glob("*/test_*.py")}
        self.assertEqual(rooms - imported, set())
