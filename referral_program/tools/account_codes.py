"""Free codes for accounts that stand beside others of a chart."""

import re
from collections import Counter

#: What is before the last digits of a code, they, and what is after them.
PARTS = re.compile(r"^(.*?)(\d+)(\D*)$")


def code_beside(start, taken):
    """Return the free code next to another one, of the same class and length.

    :param str start: the code to stand beside
    :param taken: the codes that there are
    :return: the code; None if there is none, or nothing in the code can be counted
    """
    parts = PARTS.match(start)
    if not parts:
        return None
    head, digits, tail = parts.groups()
    first = int(digits)
    # upwards as far as the class goes, then downwards
    for numbers in (range(first + 1, 10 ** len(digits)), range(first - 1, 0, -1)):
        for number in numbers:
            code = f"{head}{number:0{len(digits)}d}{tail}"
            if code[0] != start[0]:
                break
            if code not in taken:
                return code
    return None


def usual_code(codes):
    """Return the last code of the class and length that most of some codes have.

    :return: the code; None if there are no codes
    """
    kinds = Counter((len(code), code[0]) for code in codes if code)
    if not kinds:
        return None
    [(kind, _count)] = kinds.most_common(1)
    return max(code for code in codes if code and (len(code), code[0]) == kind)
