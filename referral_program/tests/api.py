"""Calling the API as the provider's own systems do, over real HTTP."""

import json
import re
from datetime import timedelta
from functools import cache
from pathlib import Path

import yaml
from jsonschema import Draft202012Validator
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012

from odoo import fields

DOCS = Path(__file__).resolve().parents[2] / "docs"
GUIDE = DOCS / "api.md"
#: Where an operation of the OpenAPI file is, and what it says of its answers.
OPERATION = "/json/2/referral.api/{}"
ANSWER = "#/paths/~1json~12~1referral.api~1{}/post/responses/200/content/{}/schema"
JSON = "application~1json"
#: A request of the guide, with the answer below it if it shows one.
REQUEST = re.compile(
    r"referral\.api/(\w+) .*?-d '(.*?)'\n```\n(?:```json\n(.*?)\n```)?", re.DOTALL
)


def guide_requests(beginning, end):
    """Return (method, body, answer shown) of the guide's requests between headings."""
    text = GUIDE.read_text()
    return REQUEST.findall(text[text.index(beginning) : text.index(end)])


@cache
def openapi():
    """Return the OpenAPI file as plain data."""
    return yaml.safe_load((DOCS / "openapi.yaml").read_text())


def validate(value, pointer):
    """Check plain data against a schema of the OpenAPI file.

    :param str pointer: such as ``#/components/schemas/Balance``
    :raise jsonschema.ValidationError: if it is not as the file says
    """
    resource = Resource(openapi(), DRAFT202012)
    registry = Registry().with_resource("urn:api", resource)
    schema = {"$ref": f"urn:api{pointer}"}
    Draft202012Validator(schema, registry=registry).validate(value)


class ApiMixin:
    """For tests that inherit :class:`HttpCase` as well."""

    def _key(self, user):
        soon = fields.Datetime.now() + timedelta(days=1)
        return (
            self.env["res.users.apikeys"].with_user(user)._generate("rpc", "test", soon)
        )

    def _call(self, method, api_key, /, **arguments):
        """Call a method as the panel does; return status and answer.

        The answer is as the OpenAPI file says, or the test fails.
        """
        response = self.url_open(
            f"/json/2/referral.api/{method}",
            data=json.dumps(arguments),
            headers={
                "Authorization": f"bearer {api_key}",
                "Content-Type": "application/json",
                "X-Odoo-Database": self.env.cr.dbname,
            },
        )
        answer = response.json()
        if response.status_code == 200:
            validate(answer, ANSWER.format(method, JSON))
        elif response.status_code in (403, 422):
            validate(answer, "#/components/schemas/Error")
        return response.status_code, answer

    def assertShown(self, answer, shown):
        """Check that an answer has the names that the guide shows, if it shows any."""
        if not shown:
            return
        example = json.loads(shown)
        if isinstance(example, list):
            answer, example = answer[0], example[0]
        self.assertEqual(answer.keys(), example.keys())

    def assertAnswered(self, method, api_key, /, **arguments):
        """Call a method and return its answer."""
        status, answer = self._call(method, api_key, **arguments)
        self.assertEqual(status, 200, answer)
        return answer

    def assertCode(self, code, method, api_key, /, **arguments):
        """Check that a call is refused with a code and a text."""
        status, answer = self._call(method, api_key, **arguments)
        self.assertIn(status, (403, 422), answer)
        self.assertEqual(answer["context"]["code"], code, answer["message"])
        self.assertTrue(answer["message"])
