"""Whom the lines of a text are about, by the headings and labels above them."""

from bisect import bisect_right
from collections.abc import Iterator, Sized
from typing import Protocol

from grader.evidence import numbers, vocabulary
from grader.evidence.headings import Heading, Line, headings, unfenced
from grader.patterns import regex

__all__ = ["Context", "Namer", "Sections"]

_ITEM = regex(r"(?P<indent>\s{0,40})(?:[-*+•▪o]|\d{1,3}[.)])\s{1,4}")
_LABEL_END = regex(r"[:\uff1a]\W{0,6}$")
_AGAINST = vocabulary.phrases(vocabulary.AGAINST)
_LONGEST_LABEL = 80
_PLAIN_LABEL = -1
"""Indent of a label that is no list item: every item below stands deeper."""


class Namer(Protocol):
    """Finds names: of models, or of tasks."""

    def models(self, text: str) -> Sized:
        """Everything a text names."""

    def model(self, text: str) -> str | None:
        """What a text names, when it names exactly one."""


class Context:
    """Whom the text is about, from each offset of one cell on."""

    def __init__(self, starts: list[int], models: list[tuple[str | None, bool]]) -> None:
        self._starts = starts
        self._models = models

    def model(self, position: int) -> str | None:
        """The name the text above an offset gives, by a label or else a heading."""
        index = bisect_right(self._starts, position) - 1
        return self._models[index][0] if index >= 0 else None

    def label(self, position: int) -> str | None:
        """The name a label above an offset gives: ``- ViT:`` above a list."""
        index = bisect_right(self._starts, position) - 1
        return self._models[index][0] if index >= 0 and self._models[index][1] else None


class Sections:
    """Walks the text cells from top to bottom: a heading holds over the cells below it."""

    def __init__(self, names: Namer) -> None:
        self._names = names
        self._headings: list[tuple[int, str | None]] = []
        self._labels: list[tuple[int, str]] = []

    def context(self, markdown: str) -> Context:
        """The models of one text cell, line by line."""
        opened = {each.start: each for each in headings(markdown)}
        self._labels = []
        starts: list[int] = []
        models: list[tuple[str | None, bool]] = []
        for start, model in self._walk(markdown, opened):
            if not models or models[-1] != model:
                starts.append(start)
                models.append(model)
        return Context(starts, models)

    def _walk(
        self, markdown: str, opened: dict[int, Heading]
    ) -> Iterator[tuple[int, tuple[str | None, bool]]]:
        blank = True
        for row in unfenced(markdown):
            if not row.text.strip():
                blank = True
                continue
            if heading := opened.get(row.start):
                self._under(heading)
            else:
                self._line(Line(row.start, numbers.fold(row.text[:400])), after_blank=blank)
            blank = False
            yield row.start, (self._current(), bool(self._labels))

    def _current(self) -> str | None:
        if self._labels:
            return self._labels[-1][1]
        return self._headings[-1][1] if self._headings else None

    def _under(self, heading: Heading) -> None:
        """A heading without a model keeps that of the one above it, if it stands deeper."""
        while self._headings and self._headings[-1][0] >= heading.level:
            self._headings.pop()
        named = self._names.models(heading.text)
        inherited = self._headings[-1][1] if self._headings and not named else None
        model = self._names.model(heading.text) or inherited
        self._headings.append((heading.level, model))
        self._labels = []

    def _line(self, row: Line, *, after_blank: bool) -> None:
        item = _ITEM.match(row.text)
        if item is not None:
            indent = len(item["indent"].expandtabs(4))
            self._labels = [each for each in self._labels if each[0] < indent]
        elif after_blank and not row.text[0].isspace():
            self._labels = []
        label = row.text.strip()
        if len(label) > _LONGEST_LABEL or not _LABEL_END.search(label) or _AGAINST.search(label):
            return
        model = self._names.model(label)
        if model is not None:
            depth = len(item["indent"].expandtabs(4)) if item else _PLAIN_LABEL
            self._labels = [each for each in self._labels if each[0] < depth]
            self._labels.append((depth, model))
