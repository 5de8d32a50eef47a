"""One text cell, read for numbers, matrices and quotations."""

import re
from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence

from msgspec import Struct

from grader.evidence.headings import headings, unfenced
from grader.evidence.labels import Context
from grader.evidence.naming import TaskNames
from grader.evidence.numbers import average_of
from grader.evidence.sentences import Sentence, masked, sentences
from grader.evidence.tasks import Span
from grader.evidence.written.aside import without_asides
from grader.evidence.written.naming import Names
from grader.evidence.written.placing import Placer
from grader.evidence.written.prose import Found, Said, read
from grader.evidence.written.quantities import Amount
from grader.evidence.written.quotations import Library, quoted
from grader.evidence.written.tabular import Tables, tables
from grader.model import (
    Cell,
    Claim,
    Figure,
    MetricName,
    Place,
    PrintedMatrix,
    Quotation,
    metric_of,
)
from grader.patterns import regex

__all__ = ["CellReader", "Reading", "says_anything"]

_SAYS_ANYTHING = regex(r"[\d\"'\u2018\u201c\u201e«»「『]")

_MOST = 5_000
"""Numbers of one text cell that are read."""
_LONGEST = 200_000
"""Characters of one text cell that are read; what is longer was not written by hand."""


class Reading(Struct, frozen=True, kw_only=True):
    """What one text cell states."""

    figures: tuple[Figure, ...] = ()
    """Numbers with a name, in the order they stand."""

    matrices: tuple[PrintedMatrix, ...] = ()
    """Matrices."""

    quotations: tuple[Quotation, ...] = ()
    """Quoted words."""

    understood: int = 0
    """Numbers that became figures or stand in matrices."""

    missed: tuple[Place, ...] = ()
    """Where the others stand."""


def says_anything(text: str) -> bool:
    """Whether a text holds a digit or a quotation mark; most text cells have neither."""
    return _SAYS_ANYTHING.search(text) is not None


class CellReader:
    """Reads one text cell."""

    def __init__(
        self,
        cell: Cell,
        under: Sequence[Span],
        tasks: TaskNames,
        names: Names,
        context: Context,
    ) -> None:
        """Prepare to read a cell.

        Args:
            cell: The cell.
            under: Its parts and their tasks.
            tasks: Names of the lab's tasks.
            names: Names of models and datasets.
            context: Model of the headings above each line.
        """
        self._cell = cell
        self._source = cell.source[:_LONGEST]
        self._names = names
        self._context = context
        self._placer = Placer(cell)
        self._tasks = tasks
        self._spans = under
        self._headings = [(each.start, each.end) for each in headings(self._source)]

    def read(self, claims: Sequence[Claim], library: Library) -> Reading:
        """Everything the cell states.

        Args:
            claims: The claims of this cell.
            library: The words of the code cells.
        """
        asked = self._tasks.metrics
        by_start: dict[int, list[Claim]] = {}
        for claim in claims:
            by_start.setdefault(claim.start, []).append(claim)
        text = _without_fences(self._source, masked(self._source))
        in_tables = tables(text, self._names, self._context, self._placer, by_start, asked)
        prose = _blanked(text, in_tables.taken)
        found, missed = self._in_sentences(prose, by_start, asked)
        return Reading(
            figures=self._figures([*in_tables.figures, *found]),
            matrices=tuple(in_tables.matrices),
            quotations=tuple(quoted(self._source, text, self._placer, library)),
            understood=in_tables.numbers + _count([*in_tables.figures, *found]),
            missed=self._missed(in_tables, missed),
        )

    def _in_sentences(
        self, prose: str, claims: Mapping[int, Sequence[Claim]], asked: frozenset[MetricName]
    ) -> tuple[list[Found], list[Amount]]:
        plain = without_asides(self._source, prose, self._names)
        found: list[Found] = []
        missed: list[Amount] = []
        for sentence, following in _with_following(prose):
            said = Said(
                sentence=sentence,
                plain=plain[sentence.start : sentence.start + len(sentence.text)],
                claims=claims,
                model=self._context.model(sentence.start),
                asked=asked,
                following=following,
            )
            figures, others = read(said, self._names)
            found += figures
            missed += others
            if len(found) + len(missed) > _MOST:
                break
        return found, missed

    def _figures(self, found: Sequence[Found]) -> tuple[Figure, ...]:
        in_order = sorted(found, key=lambda each: each.amount.start)
        return tuple(self._figure(each) for each in in_order)

    def _figure(self, found: Found) -> Figure:
        amount = found.amount
        return Figure(
            place=self._placer.place(amount.start, amount.end),
            kind=found.kind,
            name=found.name or "number",
            metric=found.metric,
            average=average_of(found.name) if found.kind == "score" else None,
            value=amount.value,
            printed=self._source[amount.start : amount.end],
            decimals=amount.decimals,
            digits=amount.digits,
            unit=amount.unit,
            model=found.model,
            dataset=found.dataset,
            split=found.split,
            n=found.n,
            task=self._task(found),
            hedged=found.hedged,
            target=found.target,
            cited=found.cited,
            disclaimed=found.disclaimed,
        )

    def _task(self, found: Found) -> str | None:
        """The task of the model named for a number, else that of the heading above it.

        A BLEU below the heading of a retrieval belongs to no task that could be told.
        """
        index = bisect_right(self._spans, found.amount.start, key=lambda span: span.start) - 1
        above = found.claim.task if found.claim else self._spans[index].task
        named = self._tasks.only(found.model) if found.model else None
        task = named or above
        metric = metric_of(found.metric) if found.metric else None
        return task if metric is None or self._tasks.may_have(task, metric) else None

    def _missed(self, in_tables: Tables, missed: Sequence[Amount]) -> tuple[Place, ...]:
        """Where the numbers stand that are none of a heading."""
        others = sorted([*in_tables.missed, *missed], key=lambda amount: amount.start)
        return tuple(
            self._placer.place(each.start, each.end)
            for each in others
            if not self._in_heading(each.start)
        )

    def _in_heading(self, position: int) -> bool:
        index = bisect_right(self._headings, (position, len(self._source) + 1)) - 1
        return index >= 0 and position < self._headings[index][1]


def _count(found: Sequence[Found]) -> int:
    return len({each.amount.start for each in found})


def _with_following(prose: str) -> Iterator[tuple[Sentence, str]]:
    """Each sentence with the next one of the same paragraph."""
    above: Sentence | None = None
    for sentence in sentences(prose):
        if above is not None:
            joined = above.start + len(above.text) == sentence.start
            yield above, sentence.text if joined else ""
        above = sentence
    if above is not None:
        yield above, ""


def _without_fences(source: str, text: str) -> str:
    """The text with fenced code blank; offsets stay the same."""
    kept, position = [], 0
    for row in unfenced(source):
        kept += [re.sub(r"[^\n]", " ", text[position : row.start]), text[row.start : row.end]]
        position = row.end
    return "".join([*kept, re.sub(r"[^\n]", " ", text[position:])])


def _blanked(text: str, stretches: Sequence[tuple[int, int]]) -> str:
    kept, position = [], 0
    for start, end in sorted(stretches):
        if end > position:
            left = max(start, position)
            kept += [text[position:left], re.sub(r"[^\n]", " ", text[left:end])]
            position = end
    return "".join([*kept, text[position:]])
