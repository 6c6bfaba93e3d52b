"""What strangers send: values for whatever takes some, and where they can be put."""

import inspect
import re
from pathlib import Path

DIGITS = "9" * 5000
#: Values of a path, a query or a form, as bytes that are percent-encoded already.
TEXTS = (
    "%00",
    "%ff%fe",
    "%ed%a0%80",
    DIGITS,
    "-1",
    "2147483648",
    "%D9%A3",
    "NaN",
    "%27%22%3E%3Cscript%3E",
    "%0d%0aX-Evil:1",
    "x" * 4000,
    "",
)
#: Arguments of a call.
VALUES = (
    None,
    True,
    False,
    0,
    -1,
    2**31,
    2**70,
    10**4000,
    1.5,
    1e308,
    "",
    "\0",
    "a\0b",
    "\ud800",
    DIGITS,
    "x" * 100_000,
    "2026-02-30",
    "2026-01-31 12:00:00",
    "20260131",
    "9999-99-99",
    [],
    [[]],
    [None],
    [{}],
    [{"id": [], "hash": {}, "lang": 1}],
    [{"id": 2**70, "hash": "\0", "lang": "\0"}],
    [{"name": None, "content": None}],
    [{"name": "a\0b.png", "content": "AAAA"}],
    [{"name": "a.png", "content": "é"}],
    [{"name": "a.png", "content": "A"}],
    ["x"] * 1000,
    {},
    {"a": {"b": [1, {"c": None}]}},
)
#: Where a controller says by which name it takes something.
TAKEN = re.compile(
    r"""(?:post|query|given|form)(?:\.get\(|\[)["'](\w+)["']|getlist\(["'](\w+)"""
)
#: How an address says where a value goes.
PLACE = re.compile(r"<(?:(\w+)(?:\([^)]*\))?:)?(\w+)>")


def names_of(endpoint, method):
    """Return the names under which a route takes values of a query or a form.

    What is done with a form is spread over its whole file.
    """
    function = inspect.unwrap(endpoint.func)
    source = (
        inspect.getsource(function)
        if method == "GET"
        else Path(inspect.getsourcefile(function)).read_text()
    )
    own = {
        name
        for name, parameter in inspect.signature(function).parameters.items()
        if parameter.kind is not parameter.VAR_KEYWORD
    }
    found = {one for names in TAKEN.findall(source) for one in names if one}
    return sorted(own | found | {"self", "page"})


def paths_of(rule, text):
    """Yield addresses of a rule with a hostile text in each of its places."""
    places = PLACE.findall(rule)
    for hostile in range(len(places)):
        numbers = iter(range(len(places)))

        def value(match, hostile=hostile, numbers=numbers):
            if next(numbers) == hostile:
                return text
            choices = re.search(r"any\((\w+)", match.group(0))
            return choices.group(1) if choices else "1"

        yield PLACE.sub(value, rule)
