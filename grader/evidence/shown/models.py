"""The model a piece of text names, as it is written there."""

import re
from collections.abc import Sequence

from grader.evidence import vocabulary
from grader.evidence.headings import Line
from grader.evidence.naming import TaskNames
from grader.evidence.shown import words
from grader.patterns import regex

__all__ = ["ModelNames", "Titles"]

_HUB = regex(r"(?<![\w./:-])[\w-]{2,40}/(?=[\w.-]{0,80}-)[A-Za-z][\w.-]{2,80}(?![\w/])")
_FAMILY = regex(
    rf"(?<![^\W_])(?P<name>{vocabulary.alternation(vocabulary.every(words.MODELS))})(?![^\W_])"
    r"(?!-?[a-z]/\d)",
    re.IGNORECASE,
)
_NUMBERS = regex(r"[:=]\s{0,20}[-$~]?\d")
_REACH = 30
_LONGEST = 120


class ModelNames:
    """Finds models in text: those of the lab, ids of a hub, and well-known families."""

    def __init__(self, names: TaskNames) -> None:
        self._ids = tuple(sorted(names.models, key=len, reverse=True))
        self._tails = tuple(each.rpartition("/")[2] for each in self._ids)

    def of(self, text: str) -> str | None:
        """The first model a text names; a longer name counts before a shorter one."""
        lower = text.lower()
        for each in (*self._ids, *self._tails):
            start = lower.find(each) if len(each) > 3 else -1
            if start >= 0 and _is_word(lower, start, start + len(each)):
                return text[start : start + len(each)]
        match = _HUB.search(text) or _FAMILY.search(text)
        return match[0] if match else None


class Titles:
    """The models that titles of one output name.

    Args:
        models: Names of models.
        rows: Lines of the output.
    """

    def __init__(self, models: ModelNames, rows: Sequence[Line]) -> None:
        self._models = models
        self._rows = rows
        self._known: dict[int, str | None] = {}

    def above(self, line: int) -> str | None:
        """The model of the nearest title above a line, within 30 lines.

        A title is a short line without a named number.
        """
        for index in range(min(line, len(self._rows)) - 1, max(0, line - _REACH) - 1, -1):
            found = self._at(index)
            if found is not None:
                return found
        return None

    def _at(self, index: int) -> str | None:
        """The model a line names as a title; looked up for many lines below it."""
        if index not in self._known:
            text = self._rows[index].text
            may_be = text.strip() and len(text) <= _LONGEST and not _NUMBERS.search(text)
            self._known[index] = self._models.of(text) if may_be else None
        return self._known[index]


def _is_word(text: str, start: int, end: int) -> bool:
    around = text[max(0, start - 1) : start], text[end : end + 1]
    return not any(each.isalnum() for each in around)
