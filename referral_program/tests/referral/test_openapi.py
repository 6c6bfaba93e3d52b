"""The OpenAPI file says what the code does: every method, argument and code, no more.

That the running server answers by it is checked wherever a test calls the API.
"""

import inspect
import re
from pathlib import Path

from openapi_spec_validator import validate as validate_openapi

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import TransactionCase, tagged

from ...tools.refusals import code_of
from ..api import GUIDE, OPERATION, guide_requests, openapi
from ..base.matrix import public_methods

ADDON = Path(__file__).resolve().parents[2]
#: Where a refusal gets its code.
CODED = re.compile(r"""\brefusal\(\s*"(\w+)",""")


@tagged("post_install", "-at_install")
class TestOpenApi(TransactionCase):
    def _methods(self):
        api = self.env["referral.api"]
        return {
            name: inspect.signature(inspect.unwrap(getattr(type(api), name)))
            for model, name in public_methods(self.env)
            if model == "referral.api"
        }

    def _schema(self, operation):
        content = operation["post"]["requestBody"]["content"]["application/json"]
        return content["schema"]

    def test_it_is_openapi(self):
        self.assertEqual(openapi()["openapi"], "3.1.0")
        validate_openapi(openapi())

    def test_every_method_and_no_other(self):
        self.assertEqual(
            set(openapi()["paths"]),
            {OPERATION.format(name) for name in self._methods()},
        )

    def test_every_argument_and_which_may_be_left_out(self):
        for name, signature in self._methods().items():
            parameters = dict(signature.parameters)
            parameters.pop("self")
            schema = self._schema(openapi()["paths"][OPERATION.format(name)])
            with self.subTest(method=name):
                self.assertEqual(
                    list(schema["properties"]), [*parameters, "context"], name
                )
                self.assertEqual(
                    schema.get("required", []),
                    [
                        argument
                        for argument, parameter in parameters.items()
                        if parameter.default is parameter.empty
                    ],
                )

    def test_the_guide_shows_every_method(self):
        shown = {method for method, *_rest in guide_requests("# API", "## Refusals")}
        self.assertEqual(shown, set(self._methods()))

    def test_every_code_and_no_other(self):
        general = {
            code_of(kind("")) for kind in (UserError, AccessError, ValidationError)
        }
        raised = {
            code
            for path in (ADDON / "models").rglob("*.py")
            for code in CODED.findall(path.read_text())
        }
        documented = openapi()["components"]["schemas"]["Code"]["enum"]
        self.assertEqual(set(documented), raised | general)
        text = GUIDE.read_text()
        table = text[text.index("## Refusals") : text.index("## Events")]
        cells = re.findall(r"^\| (`.*?) \|", table, re.MULTILINE)
        told = re.findall(r"`(\w+)`", "".join(cells))
        self.assertEqual(sorted(told), sorted(documented))
