"""Matrices in brackets, as numpy, torch and lists of lists print them."""

import re
from collections.abc import Iterator

from msgspec import Struct, field

from grader.evidence.shown.cells import GridNumber, made
from grader.patterns import regex

__all__ = ["Bracketed", "bracketed"]

_OPEN = regex(r"\[\s{0,40}\[")
_TOKEN = regex(
    r"(?P<space>[\s,]{1,400})|(?P<open>\[)|(?P<close>\])|(?P<dots>\.{3}|\u2026)"
    r"|(?P<wrapper>(?:np\.|numpy\.)?(?:float|int)\d{0,2}\(|tensor\()|(?P<end>\))"
    r"|(?P<digits>[-+]?(?:\d{1,17}(?:\.\d{0,18})?|\.\d{1,18})(?:[eE][-+]?\d{1,3})?)"
    r"(?P<unit>(?!))?|(?P<none>nan|-?inf)",
)
_MOST = 40_000
"""Numbers of one matrix; what is longer is data, not a result."""


class Bracketed(Struct, frozen=True, kw_only=True):
    """A list of rows of equal length."""

    start: int
    """Offset of the first bracket."""

    end: int
    """Offset behind the last."""

    cells: tuple[tuple[GridNumber, ...], ...]
    """The numbers."""

    truncated: bool
    """Whether dots stand for rows or columns."""


class _Reading(Struct):
    """What has been read of one matrix."""

    depth: int = 0
    wrapped: int = 0
    count: int = 0
    truncated: bool = False
    row: list[GridNumber] = field(default_factory=list)
    rows: list[tuple[GridNumber, ...]] = field(default_factory=list)


def bracketed(text: str) -> Iterator[Bracketed]:
    """Two-dimensional lists of numbers, each character looked at once or twice.

    Lists of three dimensions, with rows of different lengths or of other things are left out.
    """
    position = 0
    while (opened := _OPEN.search(text, position)) is not None:
        end, reading = _read(text, opened.start())
        widths = {len(row) for row in reading.rows}
        if reading.depth == 0 and len(widths) == 1 and widths != {0}:
            yield Bracketed(
                start=opened.start(),
                end=end,
                cells=tuple(reading.rows),
                truncated=reading.truncated,
            )
        position = max(end, opened.end())


def _read(text: str, start: int) -> tuple[int, _Reading]:
    """Where a matrix ends, or what is none stops being one; and what was read."""
    reading, position = _Reading(), start
    while (token := _TOKEN.match(text, position)) is not None and reading.count <= _MOST:
        if not _take(reading, token):
            break
        position = token.end()
        if reading.depth == 0:
            break
    return position, reading


def _take(reading: _Reading, token: re.Match[str]) -> bool:
    """Take one token in; ``False`` where it cannot stand there."""
    kind = str(token.lastgroup)
    if kind == "open":
        reading.depth += 1
        return reading.depth <= 2
    if kind == "close":
        if reading.depth == 2:
            reading.rows.append(tuple(reading.row))
            reading.row.clear()
        reading.depth -= 1
    elif kind == "dots":
        reading.truncated = True
    elif kind in {"wrapper", "end"}:
        reading.wrapped += 1 if kind == "wrapper" else -1
        return reading.wrapped >= 0
    elif kind in {"digits", "none"}:
        reading.count += 1
        reading.row.append(_number(token))
        return reading.depth == 2
    return True


def _number(token: re.Match[str]) -> GridNumber:
    if token["none"]:
        return GridNumber(token.start(), token.end(), float(token["none"]), 0)
    return made(token)
