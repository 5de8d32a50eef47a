"""A number as a reader of outputs finds it, before the output around it has been looked at."""

import re

from msgspec import Struct

from grader.evidence.numbers import Quantity
from grader.evidence.shown.meaning import Meaning
from grader.patterns import regex

__all__ = ["LONGEST_NAME", "Draft", "named", "significant"]

LONGEST_NAME = 80
"""Characters of a name."""

_DIGITS = regex(r"[\d.,]+")


class Draft(Struct, frozen=True, kw_only=True):
    """A number with its name."""

    line: int
    """Zero-based line of the text."""

    start: int
    """Offset of the number in the text; -1 where it stands only in HTML."""

    quantity: Quantity
    """The number."""

    name: str
    """What it is called, the keys or captions around it included."""

    meaning: Meaning
    """What it is of."""

    unit: str = ""
    """Unit as written."""

    context: str = ""
    """Words that may name a model or a task: a title, a row, the words before the name."""

    n: int | None = None
    """Items it rests on, when its line or row says so."""

    hedged: bool = False
    """Whether what stands right before it makes it inexact: ``~``, ``about``."""


def named(*parts: str) -> str:
    """Words joined into a name of at most 80 characters; the last ones count most."""
    joined = " ".join(" ".join(part.split()) for part in parts if part.strip())
    return joined if len(joined) <= LONGEST_NAME else joined[-LONGEST_NAME:].lstrip()


def significant(printed: str) -> int:
    """Significant digits of a number as written, see ``Figure.digits``."""
    match = _DIGITS.search(printed)
    digits = match[0].rstrip(".,") if match else ""
    plain = re.sub(r"[.,]", "", digits).lstrip("0")
    is_whole = "." not in digits and not re.search(r",\d{1,2}$|,\d{4}", digits)
    return len(plain.rstrip("0") if is_whole else plain)
