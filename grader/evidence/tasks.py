"""Which task each cell belongs to, by the ids it uses and the headings above it."""

import re

from msgspec import Struct
from msgspec.structs import replace

from grader.evidence import vocabulary
from grader.evidence.headings import (
    Heading,
    headings,
    leading_comments,
    numbered_comments,
    unfenced,
)
from grader.evidence.naming import number_of, task_names
from grader.evidence.wanted import wanted_answers
from grader.model import Cell, Lab, Submission
from grader.patterns import regex

_COMPARISONS = vocabulary.phrases(vocabulary.COMPARISONS)
_ENDINGS = vocabulary.phrases(vocabulary.ENDINGS)
_LEAD = regex(r" {0,3}(?:\*\*|__)(?P<text>\S+ [^*_\n]{1,80})(?:\*\*|__)(?!$)")
"""Bold words that open a paragraph: ``**Observation on ViT** The accuracy ...``."""


class Section(Struct, frozen=True, kw_only=True):
    """What the last heading or leading comment said."""

    task: str | None = None
    """Task of the cells below it."""

    level: int = 1
    """Level of the heading that started it."""


class Span(Struct, frozen=True, kw_only=True):
    """A part of a text cell under one heading."""

    start: int
    """Offset of its first character."""

    task: str | None
    """Task the heading names, or that of the section it stands in."""


def cell_tasks(submission: Submission, lab: Lab) -> dict[int, str]:
    """The task of each cell; a cell is absent where that cannot be told.

    A cell belongs to the task whose model (else dataset) it names, else to the task its leading
    comment names, else to that of the last heading or leading comment. A heading that names two
    tasks, or that opens a written answer, ends the section.
    """
    reader = _Reader(lab)
    tasks = {cell.index: reader.read(cell) for cell in submission.cells}
    return {index: task for index, task in tasks.items() if task is not None}


def spans(markdown: str, lab: Lab, above: str | None) -> tuple[Span, ...]:
    """The parts of a text cell and their tasks.

    Args:
        markdown: Source of the cell.
        lab: Whose tasks.
        above: Task of the cell, for the text before its first heading.
    """
    reader = _Reader(lab)
    reader.section = Section(task=above)
    found = [Span(start=0, task=above)]
    opened = headings(markdown)
    for heading in opened:
        found.append(Span(start=heading.start, task=reader.under(heading)))
    taken = {heading.start for heading in opened}
    for line in unfenced(markdown):
        lead = _LEAD.match(line.text)
        named = reader.names.only(lead["text"]) if lead else None
        if named is not None and line.start not in taken:
            found.append(Span(start=line.start, task=named))
    return tuple(sorted(found, key=lambda span: span.start))


class _Reader:
    """Walks the cells from top to bottom and keeps the current section."""

    def __init__(self, lab: Lab) -> None:
        self.names = task_names(lab)
        self.answers = wanted_answers(lab)
        self.section = Section()

    def read(self, cell: Cell) -> str | None:
        """Task of this cell; the section moves on."""
        return self._code(cell.source) if cell.kind == "code" else self._text(cell.source)

    def under(self, heading: Heading) -> str | None:
        """Task of the text right below a heading; the section moves on."""
        named = self.names.headed(heading.text)
        alone = next(iter(named)) if len(named) == 1 else None
        if self._closes(heading, len(named)):
            self.section = Section(level=heading.level)
            answer = self.answers.headed(heading.text)
            return self.answers.owner(answer) if alone is None and answer else alone
        if alone is not None:
            self.section = Section(task=alone, level=heading.level)
        return self.section.task

    def _closes(self, heading: Heading, named: int) -> bool:
        """Whether no code below this heading belongs to the task it names."""
        text = heading.text
        number = number_of(text)
        of_tasks = number is not None and number <= len(self.names.order)
        beyond = number is not None and not of_tasks and named != 1
        general = named == 0 and (heading.level < self.section.level or _ENDINGS.search(text))
        compares = _COMPARISONS.search(text) is not None and not (of_tasks and named == 1)
        return bool(named > 1 or beyond or general or compares or self.answers.headed(text))

    def _text(self, source: str) -> str | None:
        found = headings(source)
        if not found:
            return self.section.task
        tasks = {self.under(heading) for heading in found}
        named = tasks - {None}
        return named.pop() if len(named) == 1 else None

    def _code(self, source: str) -> str | None:
        if len({task for text in numbered_comments(source) for task in self._one(text)}) > 1:
            self.section = replace(self.section, task=None)
            return None
        for comment in leading_comments(source):
            self._comment(comment)
        used = self.names.by_ids(_without_comments(source))
        if not used:
            return self.section.task
        task = next(iter(used)) if len(used) == 1 else None
        if task != self.section.task and task is not None:
            self._contradicted()
        return task

    def _one(self, text: str) -> frozenset[str]:
        named = self.names.headed(text)
        return named if len(named) == 1 else frozenset()

    def _comment(self, text: str) -> None:
        named = self.names.headed(text)
        if len(named) > 1 or (_COMPARISONS.search(text) and number_of(text) is None):
            self.section = replace(self.section, task=None)
        elif named:
            level = 1 if number_of(text) is not None else self.section.level
            self.section = Section(task=next(iter(named)), level=level)

    def _contradicted(self) -> None:
        """Code went on to another task without a heading: what follows cannot be told."""
        self.section = replace(self.section, task=None)


def _without_comments(code: str) -> str:
    return re.sub(r"(?m)^[ \t]*#.*$", "", code)
