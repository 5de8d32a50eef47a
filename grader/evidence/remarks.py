"""What a sentence says of its numbers: inexact, an aim, somebody else's."""

import re

from grader.evidence import vocabulary
from grader.patterns import regex

__all__ = [
    "is_cited",
    "is_hedged",
    "is_of_other_run",
    "is_target",
    "names_other_run",
    "names_target",
    "part_at",
]

_HEDGE = regex(
    rf"(?:(?<!\w){vocabulary.alternation(vocabulary.every(vocabulary.HEDGES))}\.?\s(?:the\s|an?\s)?"
    rf"|{vocabulary.alternation(vocabulary.HEDGES['zh'].split(', '))}|[~≈±<>≥≤])"
    r"[\s*_(]{0,3}$",
    re.IGNORECASE,
)
_HEDGE_BEHIND = regex(r"\s?(?:\+|or\s(?:so|more|higher|better)\b|-?ish\b|左右|上下)", re.IGNORECASE)
_TARGET = vocabulary.phrases(vocabulary.TARGETS)
_BOUND = regex(
    r"(?:above|below|over|under|(?:greater|less|more|higher|lower)\sthan|[<>≥≤])\s?\d",
    re.IGNORECASE,
)
_VERDICT = vocabulary.phrases(vocabulary.VERDICTS)
_JUDGED = regex(
    rf"\W{{0,6}}{vocabulary.alternation(vocabulary.every(vocabulary.VERDICTS))}\s?:", re.IGNORECASE
)
_CITED = vocabulary.phrases(vocabulary.CITATIONS)
_OTHER_RUN = vocabulary.phrases(vocabulary.OTHER_RUNS)
_COMPARED = regex(
    r"\b(?:than|above|over|beats?|against|outperforms?|compared (?:to|with))\s(?:\w{1,8}\s)?$",
    re.IGNORECASE,
)
_SOURCE = regex(r"\[\d{1,3}\](?!\()|§|\(\w{2,20}(?:\set\sal\.?)?,\s(?:19|20)\d\d\)")

_AROUND = 400
"""Characters before and behind a number that are looked at."""


def is_hedged(text: str, start: int, end: int) -> bool:
    """Whether the words around a number make it inexact."""
    before = text[max(0, start - 30) : start]
    return _HEDGE.search(before) is not None or _HEDGE_BEHIND.match(text, end) is not None


def part_at(text: str, position: int) -> str:
    """The part of a sentence between semicolons that a number stands in.

    "CLIP reaches 86 %; guessing would give 10 %" says two things.
    """
    start = max(text.rfind(mark, 0, position) for mark in ";\uff1b") + 1
    ends = [end for mark in ";\uff1b" if (end := text.find(mark, position)) >= 0]
    return text[start : min(ends, default=len(text))]


def is_target(text: str) -> bool:
    """Whether a sentence is about an aim, a requirement or a made-up case."""
    if _TARGET.search(text) or _JUDGED.match(text) or text.rstrip(" *_").endswith("?"):
        return True
    return _BOUND.search(text) is not None and _VERDICT.search(text) is not None


def is_cited(text: str) -> bool:
    """Whether a sentence points to somebody else's result."""
    return _CITED.search(text) is not None or _SOURCE.search(text) is not None


def is_of_other_run(text: str, position: int) -> bool:
    """Whether a sentence speaks of a baseline or an earlier run before a number, or behind it.

    "89 %, far above chance" still gives the model's own number. Of a sentence longer than any
    that people write only the words around the number are read.
    """
    first = max(0, position - _AROUND)
    text, position = text[first : position + _AROUND], position - first
    begin = max(text.rfind(mark, 0, position) for mark in ";\uff1b") + 1
    text, position = part_at(text, position), position - begin
    return any(
        found.start() < position or not _COMPARED.search(text[: found.start()])
        for found in _OTHER_RUN.finditer(text)
    )


def names_other_run(text: str) -> bool:
    """Whether a text names a baseline or an earlier run at all."""
    return _OTHER_RUN.search(text) is not None


def names_target(text: str) -> bool:
    """Whether a text has a word of an aim or a requirement at all."""
    return _TARGET.search(text) is not None
