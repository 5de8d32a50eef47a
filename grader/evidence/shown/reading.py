"""Reads the outputs of one cell into figures and matrices."""

from collections.abc import Sequence
from itertools import islice

from msgspec import Struct, field

from grader.evidence.shown.draft import Draft
from grader.evidence.shown.grids import Grid
from grader.evidence.shown.matrix import is_matrix
from grader.evidence.shown.merging import as_score, merged, with_probabilities
from grader.evidence.shown.part import Part, Spot
from grader.evidence.shown.results import values
from grader.evidence.shown.tabular import grid_of, of_table
from grader.evidence.shown.windows import Budget, windows
from grader.evidence.tables import html_tables
from grader.model import Figure, Output, PrintedMatrix

__all__ = ["CellReader", "Found"]

_LONGEST_HTML = 500_000
_BESIDE_HTML = 100_000
_MOST_IN_ONE = 1_000
"""Figures of one part of an output; what is longer is data."""
_REMEMBERED = 50


class Found(Struct):
    """What an output, or the outputs of a cell, show."""

    figures: list[Figure] = field(default_factory=list)
    matrices: list[PrintedMatrix] = field(default_factory=list)

    def add(self, other: "Found") -> None:
        """What another shows as well."""
        self.figures.extend(other.figures)
        self.matrices.extend(other.matrices)


class CellReader:
    """Reads the outputs of one cell, in order.

    Args:
        spot: Which cell.
        budget: Characters that may still be read.
    """

    def __init__(self, spot: Spot, budget: Budget) -> None:
        self._spot = spot
        self._budget = budget
        self._before: list[Draft] = []

    def read(self, outputs: Sequence[Output]) -> Found:
        """Everything its outputs show; those of an error show nothing."""
        found = Found()
        for index, output in enumerate(outputs):
            if output.kind == "error":
                continue
            # Where a table stands in HTML, its text says the same again.
            shown = self._of_html(index, output)
            if not shown.figures and not shown.matrices:
                shown = self._of_text(index, output)
            self._budget.figures -= len(shown.figures)
            found.add(shown)
        return found

    def _of_html(self, index: int, output: Output) -> Found:
        """Tables of the HTML form; their lines are those of the text beside it."""
        html = (output.html or "")[:_LONGEST_HTML] if self._budget.left > 0 else ""
        found = Found()
        if "<table" not in html.lower():
            return found
        self._budget.left -= len(html)
        window = next(iter(windows(output.text, _BESIDE_HTML)))
        part = Part(self._spot, index, output, window)
        for table in html_tables(html):
            grid = grid_of(table)
            if grid is not None and is_matrix(grid):
                found.matrices.append(part.matrix(grid))
                continue
            left = _MOST_IN_ONE - len(found.figures)
            read = of_table(table, self._spot.names, part.reader.line_of)
            drafts = [
                as_score(draft, reading) if reading else draft
                for draft, reading in islice(read, max(0, left))
            ]
            found.figures.extend(part.figures(drafts))
        return found

    def _of_text(self, index: int, output: Output) -> Found:
        found = Found()
        for window in self._budget.windows(output.text):
            part = Part(self._spot, index, output, window)
            tables = part.grids()
            found.matrices.extend(part.matrix(grid) for grid in tables if is_matrix(grid))
            found.figures.extend(part.figures(self._drafts(part, output, tables)))
        return found

    def _drafts(self, part: Part, output: Output, tables: list[Grid]) -> list[Draft]:
        drafts = list(islice(part.drafts(tables), _MOST_IN_ONE))
        if output.kind == "result" and not drafts:
            drafts = list(values(part.text, self._spot.code, self._before))
        found = with_probabilities(merged(drafts, part.scores(), part.reader.rows))
        self._before = [*self._before, *found][-_REMEMBERED:]
        return found[:_MOST_IN_ONE]
