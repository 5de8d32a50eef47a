"""The model a piece of text names, as it is written there."""

import re
from collections.abc import Sequence

from grader.evidence import vocabulary
from grader.evidence.headings import Line
from grader.evidence.naming import TaskNames
from grader.evidence.shown import words

__all__ = ["ModelNames"]

_HUB = re.compile(r"(?<![\w./:-])[\w-]{2,40}/(?=[\w.-]{0,80}-)[A-Za-z][\w.-]{2,80}(?![\w/])")
_FAMILY = re.compile(
    rf"(?<![^\W_])(?P<name>{vocabulary.alternation(vocabulary.every(words.MODELS))})(?![^\W_])"
    r"(?!-?[a-z]/\d)",
    re.IGNORECASE,
)
_NUMBERS = re.compile(r"[:=]\s{0,20}[-$~]?\d")
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

    def above(self, rows: Sequence[Line], line: int) -> str | None:
        """The model of the nearest title above a line, within 30 lines.

        A title is a short line without a named number.
        """
        for row in reversed(rows[max(0, line - _REACH) : line]):
            text = row.text
            if text.strip() and len(text) <= _LONGEST and not _NUMBERS.search(text):
                found = self.of(text)
                if found is not None:
                    return found
        return None


def _is_word(text: str, start: int, end: int) -> bool:
    around = text[max(0, start - 1) : start], text[end : end + 1]
    return not any(each.isalnum() for each in around)
