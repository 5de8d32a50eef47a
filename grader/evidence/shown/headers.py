"""What stands above a table in plain text: the headers of its columns, and a title."""

import re
from collections.abc import Sequence
from itertools import pairwise
from typing import Literal

from msgspec import Struct

from grader.evidence.headings import Line
from grader.patterns import regex

__all__ = [
    "BARS",
    "RULE",
    "TABS",
    "Header",
    "Layout",
    "edges",
    "header_above",
    "plain",
    "title_above",
]

Layout = Literal["brackets", "bars", "tabs", "blanks"]
"""What separates the numbers of a table."""

BARS = regex(r"[|\u2502\u2503\u2551]")
"""Bars between cells, those drawn by programs included."""

TABS = regex(r"\s*\t\s*")
"""Tabs between cells; several are one."""

RULE = regex(r"[\s|:+\-=_\u2500-\u257f]+")
"""A line that only separates."""

_GAP = regex(r"\s{2,}")
_DECIMAL = regex(r"-?\d{0,15}[.,]\d{1,18}%?")
_LETTER = regex(r"[^\W\d_]")
_MARKS = regex(r"</?\w{1,10}>|\*\*")
_EDGES = " \t\r#>*_`=-:" + "".join(map(chr, range(0x2500, 0x2580)))
_LONGEST_LINE = 8_000
_LONGEST_TITLE = 160
_REACH = 5
"""Lines between a title and its table: a header, a rule, and blank lines."""


class Header(Struct, frozen=True, kw_only=True):
    """A line of headers."""

    corner: str
    """Header of the column of captions; empty without one."""

    columns: tuple[str, ...]
    """Headers of the columns of numbers, as many as these or one fewer."""

    line: int
    """Zero-based line it stands on."""


def edges(text: str, separator: re.Pattern[str]) -> list[tuple[int, int]]:
    """Where the cells of a line start and end."""
    cuts = [(-1, 0), *((match.start(), match.end()) for match in separator.finditer(text))]
    return [(left[1], right[0]) for left, right in pairwise([*cuts, (len(text), 0)])]


def header_above(rows: Sequence[Line], top: int, layout: Layout, width: int) -> Header | None:
    """The header above a table.

    Args:
        rows: Lines of the text.
        top: Line of the first row of numbers.
        layout: What separates its cells.
        width: Numbers in a row.
    """
    for index in range(top - 1, max(-1, top - 3), -1):
        text = rows[index].text
        if not text.strip() or RULE.fullmatch(text) or _is_index_name(rows, index, top):
            continue
        cells = _header_cells(text, layout, width, len(rows[top].text.rstrip()))
        if any(_DECIMAL.fullmatch(cell) for cell in cells):
            return None
        if len(cells) == width + 1:
            return Header(corner=cells[0], columns=tuple(cells[1:]), line=index)
        fits = len(cells) == width or (len(cells) == width - 1 and width > 2)
        found = Header(corner="", columns=tuple(cells), line=index)
        return found if fits and len(cells) > 1 else None
    return None


def _is_index_name(rows: Sequence[Line], index: int, top: int) -> bool:
    """Whether a line only names the captions, as pandas does below its headers."""
    text = rows[index].text
    alone = index == top - 1 and len(text.split()) == 1 and not text[0].isspace()
    return alone and index > 0 and len(rows[index - 1].text.split()) > 1


def _header_cells(text: str, layout: Layout, width: int, reach: int) -> list[str]:
    """The texts of a header; ``reach`` is the length of the row below it."""
    if len(text) > _LONGEST_LINE or (layout == "blanks" and text.rstrip().endswith(":")):
        return []
    separator = {"bars": BARS, "tabs": TABS}.get(layout, _GAP)
    cells = [plain(text[left:right]) for left, right in edges(text, separator)]
    cells = [cell for cell in cells if cell]
    if layout != "blanks" or len(cells) in (width, width + 1):
        return cells
    # Columns of numbers are often narrower than their headers: one blank between two words. A
    # title of as many words starts at the margin and ends elsewhere than the numbers.
    words, aligned = text.split(), text[0].isspace() or abs(len(text.rstrip()) - reach) <= 1
    return words if aligned and len(words) in (width, width - 1) else cells


def title_above(rows: Sequence[Line], top: int) -> str:
    """The nearest line above that says something, blank lines and rules aside."""
    for index in range(top - 1, max(-1, top - 1 - _REACH), -1):
        text = rows[index].text
        if not text.strip() or RULE.fullmatch(text):
            continue
        said = len(text) <= _LONGEST_TITLE and _LETTER.search(text) and not BARS.search(text)
        return plain(text) if said else ""
    return ""


def plain(text: str) -> str:
    """A caption or title without marks, at most 160 characters."""
    return _MARKS.sub("", text.strip()[:_LONGEST_TITLE]).strip(_EDGES)
