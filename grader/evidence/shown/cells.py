"""One number of a table or matrix, as it is written in a cell of its own."""

import re
from decimal import Decimal
from typing import NamedTuple

from grader.patterns import regex

__all__ = ["GridNumber", "number_in"]

_NUMBER = regex(
    r"(?P<digits>[-+\u2212]?(?:\d{1,15}(?:[.,]\d{0,18})?|\d{1,3}(?:,\d{3}){1,4}(?:\.\d{1,18})?"
    r"|\.\d{1,18})(?:[eE][-+]?\d{1,3})?)(?P<unit>\s?%)?"
)
_GROUPED = regex(r"[-+]?[1-9]\d{0,2}(?:,\d{3})+(?:\.\d+)?")
_MARKS = regex(r"(?:</?\w{1,10}>|[*_`$\\\s])*")
_LONGEST = 60


class GridNumber(NamedTuple):
    """A number and where it stands; a tuple, for tables of many thousands."""

    start: int
    """Offset of its first character in the text."""

    end: int
    """Offset behind its last, a percent sign included."""

    value: float
    """The number; of a percentage, as a fraction."""

    decimals: int
    """Decimals of ``value`` that were written."""

    percent: bool = False
    """Whether a percent sign stands with it."""


def number_in(text: str, start: int, end: int) -> GridNumber | None:
    """The number this part of a folded text consists of, blanks and emphasis aside.

    ``<b>0.0937</b>`` and ``**0.41**`` are numbers; ``0.41 (best)`` is none.
    """
    if end - start > _LONGEST:
        return None
    marks = _MARKS.match(text, start, end)
    match = _NUMBER.match(text, marks.end() if marks else start, end)
    if match is None:
        return None
    behind = _MARKS.match(text, match.end(), end)
    return made(match) if behind is None or behind.end() == end else None


def made(match: re.Match[str]) -> GridNumber:
    """The number of a match with the groups ``digits`` and ``unit``."""
    digits = match["digits"].replace("\u2212", "-")
    plain = digits.replace(",", "") if _GROUPED.fullmatch(digits) else digits.replace(",", ".")
    mantissa, _, exponent = plain.lower().partition("e")
    decimals = max(0, len(mantissa.partition(".")[2]) - int(exponent or 0))
    percent = match["unit"] is not None
    value = float(Decimal(plain).scaleb(-2)) if percent else float(plain)
    return GridNumber(
        start=match.start(),
        end=match.end(),
        value=value,
        decimals=decimals + 2 if percent else decimals,
        percent=percent,
    )
