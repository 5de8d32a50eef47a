"""The confusion matrix of a cell, and what the cell prints beside it."""

from collections.abc import Iterator, Sequence

from msgspec import Struct

from grader.detect._asked import handed, same_arrays
from grader.detect._consistency import (
    OTHER_DATA,
    Report,
    Shown,
    outputs,
    reports,
    without_average,
)
from grader.metrics.consistency.counts import Confusion
from grader.model import Case, EvidenceKind, EvidenceRef, PrintedMatrix, Reported

MOST_CLASSES = 1000
"""Rows of a matrix that is looked at."""


class Printed(Struct, frozen=True, kw_only=True):
    """The one confusion matrix of a cell, and what the cell prints beside it."""

    at: PrintedMatrix
    """Where it stands."""

    matrix: Confusion
    """Its counts."""

    task: str | None
    """Task of the cell."""

    reports: tuple[Report, ...]
    """Classification reports of the cell, else of the cell above that is handed the same arrays."""

    numbers: tuple[Reported, ...]
    """Scores of the cell outside of reports."""

    proven: bool | None
    """Whether the source hands the matrix and the accuracy the same arrays; ``None``: not told."""

    @property
    def ref(self) -> EvidenceRef:
        """Where the matrix stands."""
        place = self.at.place
        return EvidenceRef(kind=EvidenceKind(place.source), cell=place.cell, line=place.line)

    @property
    def share(self) -> float:
        """Right answers among all."""
        return self.matrix.right / self.matrix.n

    @property
    def ways(self) -> tuple[Confusion, Confusion]:
        """With a row, or a column, for each true class: both are in use."""
        return self.matrix, self.matrix.turned


def printed_matrices(case: Case) -> Iterator[Printed]:
    """Cells with one confusion matrix."""
    for at in case.evidence.matrices:
        same = [m for m in case.evidence.matrices if _place(m) == _place(at)]
        matrix = _counts(at)
        if at.place.source == "text" or matrix is None or len(same) > 1:
            continue
        texts = [s for s in outputs(case) if (s.source, s.cell) == _place(at)]
        if any(_other_data(text) for text in texts):
            continue
        found = tuple(report for text in texts for report in reports(text))
        found = found or _of_same_arrays(case, at)
        yield Printed(
            at=at,
            matrix=matrix,
            task=case.evidence.cell_tasks.get(at.place.cell),
            reports=found,
            numbers=_numbers(case, at, found),
            proven=same_arrays(case, at.place.cell, "accuracy_score", "confusion_matrix"),
        )


def _of_same_arrays(case: Case, at: PrintedMatrix) -> tuple[Report, ...]:
    """Reports of the nearest cell above whose report is of the arrays the matrix is of."""
    cells = [cell for cell in case.evidence.submission.code_cells if cell.index <= at.place.cell]
    given = handed(cells[-1].source, "confusion_matrix") if cells else None
    for above in reversed(cells[:-1]):
        changed = {
            each.name
            for each in case.evidence.source.bindings
            if above.index < each.cell <= at.place.cell
        }
        if given is None or changed & set(given):
            return ()
        if handed(above.source, "classification_report") == given:
            texts = [
                s for s in outputs(case) if (s.source, s.cell) == (at.place.source, above.index)
            ]
            return tuple(report for text in texts for report in reports(text))
    return ()


def _place(matrix: PrintedMatrix) -> tuple[str, int]:
    return matrix.place.source, matrix.place.cell


def _other_data(seen: Shown) -> bool:
    reported = {line for report in reports(seen) for line in report.lines}
    lines = (text for index, text in enumerate(seen.lines, start=1) if index not in reported)
    return seen.several_runs or any(OTHER_DATA.search(without_average(text)) for text in lines)


def _counts(at: PrintedMatrix) -> Confusion | None:
    """The matrix as counts; ``None`` for what is no whole square of whole numbers."""
    size = len(at.values)
    if at.kind != "confusion" or at.truncated or not 2 <= size <= MOST_CLASSES:
        return None
    whole = all(value >= 0 and value == int(value) for row in at.values for value in row)
    if not whole or at.decimals or any(len(row) != size for row in at.values):
        return None
    matrix = Confusion(rows=tuple(tuple(map(int, row)) for row in at.values))
    return matrix if matrix.n else None


def _numbers(case: Case, at: PrintedMatrix, found: Sequence[Report]) -> tuple[Reported, ...]:
    taken = {(report.shown.output, line) for report in found for line in report.lines}
    return tuple(
        each
        for each in case.evidence.reported
        if (each.source, each.cell) == _place(at)
        and (each.output, each.line) not in taken
        and 0 <= each.value <= 1
    )
