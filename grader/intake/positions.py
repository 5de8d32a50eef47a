"""On which line of its ``.ipynb`` file each line of a cell's source stands."""

import re
from bisect import bisect_right
from collections.abc import Iterator

from msgspec import Struct

from grader.patterns import regex

__all__ = ["source_lines"]

_TOKEN = regex(r'"[^"\\]*(?:\\.[^"\\]*)*"|[{}\[\],:]', re.DOTALL)
_BREAK = regex(r"(?<!\\)(?:\\\\)*\\n")
"""An escaped line feed, not an escaped backslash before an ``n``."""


def source_lines(text: str) -> dict[int, tuple[int, ...]]:
    """One-based line of the file for every line of every cell's source, by cell.

    A source kept as one string stands on one line of the file, however many lines it has. What is
    no notebook has no lines.

    Args:
        text: The file, which is JSON.
    """
    feeds = [found.start() for found in re.finditer("\n", text)]
    lines: dict[int, list[int]] = {}
    for cell, start, piece in _Scanner().pieces(text):
        line = bisect_right(feeds, start - 1) + 1
        # Each string of the array ends a line but the last; a single string holds them all.
        parts = len(_BREAK.findall(piece.removesuffix('\\n"'))) + 1
        lines.setdefault(cell, []).extend([line] * parts)
    return {cell: tuple(found) for cell, found in lines.items()}


class _Level(Struct):
    """An object or an array that is open."""

    array: bool
    key: str = ""
    index: int = 0


class _Scanner:
    """Goes through JSON, which it takes to be right, and knows where in the document it is."""

    def __init__(self) -> None:
        self._levels: list[_Level] = []
        self._last = ""

    def pieces(self, text: str) -> Iterator[tuple[int, int, str]]:
        """Cell, offset and text of every string of a source, in order."""
        for match in _TOKEN.finditer(text):
            piece = match[0]
            if piece[0] != '"':
                self._step(piece)
                continue
            self._last = piece
            if (cell := self._cell()) is not None:
                yield cell, match.start(), piece

    def _step(self, mark: str) -> None:
        if mark in "{[":
            self._levels.append(_Level(mark == "["))
            return
        if not self._levels:
            return
        level = self._levels[-1]
        if mark in "}]":
            self._levels.pop()
        elif mark == ",":
            # The next string of an object is a key, no value of the last one.
            level.index, level.key = level.index + 1, ""
        else:
            level.key = self._last

    def _cell(self) -> int | None:
        """The cell whose source a string at this place belongs to."""
        levels = self._levels
        if len(levels) not in (3, 4) or levels[0].key != '"cells"' or levels[2].key != '"source"':
            return None
        nested = len(levels) == 4
        inside = levels[1].array and not levels[2].array and (not nested or levels[3].array)
        return levels[1].index if inside else None
