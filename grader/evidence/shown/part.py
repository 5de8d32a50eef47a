"""One output, or the part of a long one that is read, and what all its numbers have in common."""

from collections.abc import Iterator
from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

from grader.evidence import numbers
from grader.evidence.headings import lines
from grader.evidence.naming import TaskNames
from grader.evidence.outputs import OutputReader, Score
from grader.evidence.shown.counts import counts, label_ids
from grader.evidence.shown.draft import Draft, significant
from grader.evidence.shown.grids import Grid, grids
from grader.evidence.shown.matrix import is_matrix, kind_of
from grader.evidence.shown.meaning import is_aim, is_cited
from grader.evidence.shown.models import ModelNames, Titles
from grader.evidence.shown.named import NamedReader, is_noise
from grader.evidence.shown.results import last_line
from grader.evidence.shown.tabular import of_grid, rows_of
from grader.evidence.shown.windows import Window
from grader.model import Figure, Output, Place, PrintedMatrix

__all__ = ["Part", "Spot"]

_LONGEST_CAPTION = 200
_LONGEST_PRINTED = 60
_UNCOUNTABLE = 1e12
_COUNTS = 40
"""Counts of items in one output beyond which they are rows of data, not sizes of test sets."""


class Spot(Struct, frozen=True, kw_only=True):
    """Which cell's outputs are read."""

    source: Literal["saved", "rerun"]
    """An output in the file, or of our own run."""

    cell: int
    """The cell."""

    code: str
    """Its source."""

    task: str | None
    """Its task, where that could be told."""

    names: TaskNames
    """Words of the lab."""

    models: ModelNames
    """Names of models."""


class Part:
    """What stands in a window of an output's text.

    Args:
        spot: Which cell.
        index: Index of the output within the cell.
        output: The output.
        window: The part of its text; its line and start count from there.
    """

    def __init__(self, spot: Spot, index: int, output: Output, window: Window) -> None:
        self._spot = spot
        self._index = index
        self._output = output
        self._window = window
        given = output.model_copy(update={"text": window.text, "html": None})
        self.reader = OutputReader(given, spot.names, spot.task, always=True)
        self.text = _as_shown(window.text, self.reader)
        self._titles = Titles(spot.models, self.reader.rows)

    def scores(self) -> list[Score]:
        """What the readers of the lab's metrics find in the text, with the items they rest on."""
        return [replace(score, n=n) for score, _, n in self.reader.read()]

    def grids(self) -> list[Grid]:
        """Tables and matrices of numbers in the text."""
        return list(grids(self.text))

    def drafts(self, found: list[Grid]) -> Iterator[Draft]:
        """Every number with a name in the text.

        Args:
            found: Tables and matrices in it, whose lines are not read again.
        """
        tables = [grid for grid in found if not is_matrix(grid)]
        for grid in tables:
            yield from of_grid(grid, self.text)
        taken = rows_of([grid for grid in found if grid not in tables or grid.columns])
        reader = NamedReader()
        for index, row in enumerate(lines(self.text)):
            if index in taken or not row.text.strip():
                continue
            yield from reader.read(index, row)
            if not is_noise(row.text[:_LONGEST_CAPTION]):
                yield from counts(index, row)

    def matrix(self, grid: Grid) -> PrintedMatrix:
        """A table that is a matrix."""
        line = grid.line if grid.layout == "brackets" or not grid.lines else grid.lines[0]
        is_result = self._output.kind == "result"
        title = grid.title or (last_line(self._spot.code) if is_result else "")
        in_text = grid.end > 0
        return PrintedMatrix(
            place=self._place(
                line,
                grid.start if in_text else -1,
                grid.end,
            ),
            kind=kind_of(grid, title=title),
            title=title,
            model=self._spot.models.of(title) or self._above(line),
            rows=tuple(text[:_LONGEST_CAPTION] for text in grid.rows),
            columns=tuple(text[:_LONGEST_CAPTION] for text in grid.columns),
            values=grid.values,
            decimals=grid.decimals,
            truncated=grid.truncated,
        )

    def figures(self, drafts: list[Draft]) -> list[Figure]:
        """The numbers with what the rest of the output says of them: model, task, items."""
        n = self._items(drafts)
        return [self._figure(draft, n) for draft in drafts]

    def _figure(self, draft: Draft, n: int | None) -> Figure:
        quantity, meant = draft.quantity, draft.meaning
        models = self._spot.models
        scored = meant.kind in {"score", "loss"}
        return Figure(
            place=self._place(draft.line, draft.start, draft.start + len(quantity.printed)),
            kind=meant.kind,
            name=draft.name,
            metric=meant.metric,
            average=meant.average,
            value=quantity.value,
            printed=self._printed(draft)[:_LONGEST_PRINTED],
            decimals=quantity.decimals,
            digits=significant(quantity.printed),
            unit=draft.unit,
            model=models.of(draft.name) or models.of(draft.context) or self._above(draft.line),
            split=meant.split,
            n=draft.n if draft.n is not None or not scored else n,
            task=self._task(draft),
            hedged=draft.hedged,
            target=is_aim(draft.name),
            cited=is_cited(draft.name),
        )

    def _printed(self, draft: Draft) -> str:
        """The number as it stands in the output itself, its digits not folded."""
        if draft.start < 0:
            return draft.quantity.printed
        return self._window.text[draft.start : draft.start + len(draft.quantity.printed)]

    def _task(self, draft: Draft) -> str | None:
        words = f"{draft.context} {draft.name}"
        return self.reader.task_at(draft.line, self._spot.names.named(words))

    def _above(self, line: int) -> str | None:
        return self._titles.above(line)

    def _place(self, line: int, start: int, end: int) -> Place:
        from_line, from_start = self._window.line, self._window.start
        there = start >= 0
        file_line = None if self._output.line is None else self._output.line + from_line + line
        return Place(
            source=self._spot.source,
            cell=self._spot.cell,
            output=self._index,
            line=from_line + line + 1,
            start=from_start + start if there else 0,
            end=from_start + end if there else 0,
            file_line=file_line,
        )

    def _items(self, drafts: list[Draft]) -> int | None:
        """The one number of test items the output states, if it states exactly one."""
        labels = label_ids(self.text)
        if labels is not None:
            return labels
        stated = self.reader.stated(())
        if stated is not None:
            return stated
        counted = [
            draft.n or int(draft.quantity.value)
            for draft in drafts
            if draft.meaning.kind == "items"
            and 0 <= draft.quantity.value < _UNCOUNTABLE
            and draft.meaning.split != "train"
            and not draft.name.lower().endswith("support")
        ]
        return counted[0] if len(set(counted)) == 1 and len(counted) <= _COUNTS else None


def _as_shown(text: str, reader: OutputReader) -> str:
    """The text as a terminal shows it, blanks for what was written over: offsets stay the same."""
    if "\r" not in text:
        return numbers.fold(text)
    shown = []
    for row, line in zip(reader.rows, lines(text), strict=True):
        before = row.start - line.start
        behind = len(line.text) - before - len(row.text)
        shown.append(" " * before + row.text + " " * behind)
    return "\n".join(shown)
