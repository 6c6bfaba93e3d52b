"""A name that its owner's acquaintance recognises, and nobody else reads."""

#: Words that are shown: more would tell too much.
MAX_WORDS = 3


def masked(name):
    """Return the beginnings of a name's words, then asterisks.

    The number of asterisks says nothing about the length. A word of up to three
    letters shows one of them, a longer one two.

    >>> masked("Baltic Web Studio")
    'Ba*** W*** St***'
    """
    words = []
    for word in (name or "").split()[:MAX_WORDS]:
        letters = "".join(sign for sign in word if sign.isalnum())
        if letters:
            words.append(f"{letters[: 2 if len(letters) > 3 else 1]}***")
    return " ".join(words) or "***"
