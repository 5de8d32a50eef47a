"""Sentences of a text cell, with their offsets."""

import re
from collections.abc import Iterator

from msgspec import Struct

from grader.evidence import numbers
from grader.evidence.headings import Line, unfenced
from grader.patterns import regex

_BLOCK = regex(r"\s*(?:[-*+•▪o]\s|\d{1,3}[.)]\s|#{1,6}|>|\|)")
_END = regex(r"[.!?]['\")\]*_\u201d]{0,3}(?=\s)|[。！？]")  # noqa: RUF001 - CJK stops
_ABBREVIATION = regex(
    r"(?:e\.g|i\.e|et al|approx|vs|ca|fig|no|acc|prec|resp|z\.b|bzw|ggf|abb|nr|mio|mrd|p\.\s?ex|env"
    r"|aprox|pág|eq)\.$",
    re.IGNORECASE,
)
_TAG = regex(r"</?[a-z][^<>]{0,300}>", re.IGNORECASE)
_URL = regex(r"(?:https?://|www\.)[^\s<>)\]]{1,500}", re.IGNORECASE)
_LONGEST = 1000


class Sentence(Struct, frozen=True, kw_only=True):
    """A sentence, or a list item, or a piece of a very long one."""

    start: int
    """Offset in the cell's source."""

    text: str
    """Folded text; HTML tags are blank and addresses are ``§``, so that offsets hold."""


def masked(markdown: str) -> str:
    """The text folded, tags blanked, addresses struck out; offsets stay the same."""
    text = _without_comments(numbers.fold(markdown))
    text = _TAG.sub(lambda match: " " * len(match[0]), text)
    return _URL.sub(lambda match: "§" * len(match[0]), text)


def sentences(markdown: str) -> Iterator[Sentence]:
    """The sentences outside fenced code; a list item, heading or table row stands alone."""
    text = masked(markdown)
    for start, end in _blocks(unfenced(markdown)):
        left = start
        for stop in _stops(text, start, end):
            yield from _pieces(text, left, stop)
            left = stop


def _without_comments(text: str) -> str:
    """The text with HTML comments blanked, in one pass however many are left open."""
    kept, position = [], 0
    while (start := text.find("<!--", position)) >= 0:
        end = text.find("-->", start + 4)
        if end < 0:
            break
        kept += [text[position:start], " " * (end + 3 - start)]
        position = end + 3
    return "".join([*kept, text[position:]])


def _blocks(rows: list[Line]) -> Iterator[tuple[int, int]]:
    start: int | None = None
    end, barred = 0, False
    for row in rows:
        opens = not row.text.strip() or _BLOCK.match(row.text) is not None or row.start > end + 1
        barred, was_barred = "|" in row.text, barred
        if start is not None and (opens or barred or was_barred):
            yield start, end
            start = None
        if start is None and row.text.strip():
            start = row.start
        end = row.end
    if start is not None:
        yield start, end


def _stops(text: str, start: int, end: int) -> Iterator[int]:
    for match in _END.finditer(text, start, end):
        if not _ABBREVIATION.search(text, max(start, match.start() - 8), match.start() + 1):
            yield match.end()
    yield end


def _pieces(text: str, start: int, end: int) -> Iterator[Sentence]:
    """The stretch as it is, or cut at blanks where it is no sentence any more."""
    while end - start > _LONGEST:
        cut = text.rfind(" ", start + _LONGEST // 2, start + _LONGEST)
        cut = cut if cut > 0 else start + _LONGEST
        yield Sentence(start=start, text=text[start:cut])
        start = cut
    if text[start:end].strip():
        yield Sentence(start=start, text=text[start:end])
