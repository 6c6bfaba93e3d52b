"""Measured tables in the documentation, between two comments that name them."""

import re


def put(document, name, lines):
    """Put lines where a document has ``<!-- name -->`` … ``<!-- /name -->``.

    :param document: path of a Markdown file
    :raise ValueError: if it does not have the two comments
    """
    text = document.read_text("utf-8")
    place = re.compile(rf"(<!-- {name} -->\n).*?(<!-- /{name} -->)", re.DOTALL)
    content = "\n".join(lines)
    new, count = place.subn(lambda m: f"{m[1]}\n{content}\n\n{m[2]}", text)
    if count != 1:
        raise ValueError(f"{document.name} has no place for {name}")
    document.write_text(new, "utf-8")
