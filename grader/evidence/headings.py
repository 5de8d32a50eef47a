"""Headings of text cells and leading comments of code cells."""

import re
import unicodedata
from collections.abc import Iterator
from itertools import islice
from typing import NamedTuple

from msgspec import Struct

from grader.evidence.naming import number_of
from grader.patterns import regex

_LONGEST = 120
_MOST = 1000
_INLINE = 7
_STRUCTURAL = 2

_ATX = regex(r" {0,3}(?P<marks>#{1,6})(?:[ \t]+|(?=[^\s#!]))(?P<text>.*)")
_BOLD = regex(r"(?P<marks>\*\*|__)(?P<text>[^*_]{1,120})(?P=marks)[ \t]*:?")
_UNDERLINE = regex(r" {0,3}(?:=+|-+)[ \t]*")
_TAGGED = regex(r"<h(?P<level>[1-6])[^>]{0,200}>(?P<text>.{1,400})</h[1-6]>", re.IGNORECASE)
_TAG = regex(r"<[^<>]{0,200}>")
_FENCE = regex(r" {0,3}(?:```|~~~)")
_COMMENT = regex(r"#(?!!)(?P<text>.*)")
_MARKS = regex(r"[*_`#•▪]+")


class Heading(Struct, frozen=True, kw_only=True):
    """A line that names what follows it."""

    start: int
    """Offset of the line."""

    end: int
    """Offset behind the line (or behind its underline)."""

    level: int
    """1 to 6 as in Markdown; 7 for a bold line inside a section."""

    text: str
    """Its words, without marks."""


class Line(NamedTuple):
    """A line of text and where it starts; a tuple, for texts of a million lines."""

    start: int
    text: str

    @property
    def end(self) -> int:
        """Offset behind its last character."""
        return self.start + len(self.text)


def lines(text: str) -> list[Line]:
    """The lines of a text, split at line feeds only so that offsets add up."""
    found, start = [], 0
    for piece in text.split("\n"):
        found.append(Line(start, piece))
        start += len(piece) + 1
    return found


def unfenced(markdown: str) -> list[Line]:
    """The lines of a text cell outside fenced code."""
    kept, fenced = [], False
    for line in lines(markdown):
        if ("```" in line.text or "~~~" in line.text) and _FENCE.match(line.text):
            fenced = not fenced
        elif not fenced:
            kept.append(line)
    return kept


def headings(markdown: str) -> tuple[Heading, ...]:
    """The headings of a text cell: Markdown, HTML, bold lines, emoji lines, ``Task 1 ...``."""
    rows = [row for row in unfenced(markdown) if row.text.strip()]
    following = [*rows, Line(len(markdown), "")][1:]
    found = (_heading(row, below) for row, below in zip(rows, following, strict=True))
    return tuple(islice((each for each in found if each is not None), _MOST))


def leading_comments(code: str) -> Iterator[str]:
    """The comment lines that open a code cell, without marks."""
    for line in code.lstrip().split("\n"):
        match = _COMMENT.match(line.strip())
        if match is None:
            return
        text = match["text"].strip(" #=-*_~\t")
        if text and len(text) <= _LONGEST:
            yield text


def numbered_comments(code: str) -> Iterator[str]:
    """Comment lines anywhere in a code cell that start like ``# Task 2``."""
    for line in code.split("\n"):
        match = _COMMENT.match(line.strip())
        if match is not None and number_of(match["text"][:_LONGEST]) is not None:
            yield match["text"][:_LONGEST]


def _heading(line: Line, below: Line) -> Heading | None:
    text, stripped = line.text, line.text.strip()
    if atx := _ATX.match(text):
        return _made(line, len(atx["marks"]), atx["text"][: 4 * _LONGEST])
    if tagged := _TAGGED.match(stripped):
        return _made(line, int(tagged["level"]), tagged["text"])
    if len(stripped) > _LONGEST:
        return None
    if _UNDERLINE.fullmatch(below.text) and below.start == line.end + 1 and not _is_mark(stripped):
        level = 1 if "=" in below.text else 2
        return Heading(start=line.start, end=below.end, level=level, text=_clean(stripped))
    if bold := _BOLD.fullmatch(stripped):
        return _made(line, _STRUCTURAL if _is_structural(bold["text"]) else _INLINE, bold["text"])
    return _made(line, _STRUCTURAL, stripped) if _is_structural(stripped) else None


def _made(line: Line, level: int, text: str) -> Heading:
    return Heading(start=line.start, end=line.end, level=level, text=_clean(text))


def _clean(text: str) -> str:
    return " ".join(_MARKS.sub(" ", _TAG.sub("", text)[:_LONGEST]).split())


def _is_mark(text: str) -> bool:
    """Whether the line is a list item, a table row or a rule, never a heading by underline."""
    return text[0] in "|>-*+=" or text[-1] in ".,;|"


def _is_structural(text: str) -> bool:
    """Whether a short line opens a section: it starts with an emoji or with ``Task 1``."""
    if text[-1] in ".!?,;" or len(text.split()) > 12:
        return False
    numbered = number_of(text) is not None
    return numbered or unicodedata.category(text[0]) == "So"
