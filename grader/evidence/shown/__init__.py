"""Numbers that stand in outputs, each with what the output says it is of."""

from collections.abc import Iterable, Mapping
from typing import Literal

from msgspec import Struct

from grader.evidence.naming import task_names
from grader.evidence.shown.models import ModelNames
from grader.evidence.shown.part import Spot
from grader.evidence.shown.reading import CellReader, Found
from grader.evidence.shown.windows import Budget
from grader.model import CellRun, Figure, Lab, Output, PrintedMatrix, Submission

__all__ = ["Shown", "shown"]

MOST_FIGURES = 5_000
"""Figures of the saved outputs of a submission, and as many of our run."""

MOST_MATRICES = 200
"""Matrices, likewise."""


class Shown(Struct, frozen=True, kw_only=True):
    """What outputs show."""

    figures: tuple[Figure, ...] = ()
    """Numbers with a name: of saved outputs, then of our run's, in the order they stand."""

    matrices: tuple[PrintedMatrix, ...] = ()
    """Tables with a row and a column for each of something, likewise."""


def shown(
    submission: Submission,
    rerun: tuple[CellRun, ...],
    lab: Lab,
    cell_tasks: Mapping[int, str],
) -> Shown:
    """Everything outputs show, of the file handed in and of our own run.

    Of a long output, its beginning and its end are read: 80,000 characters and 2,000 lines
    together; behind 800,000 characters or 1,000 figures of all outputs, 1,000 characters of each.
    A metric that ``reported`` finds in what
    is read is a figure with the same number.

    Args:
        submission: What was handed in.
        rerun: Cells of our run; empty when nothing was executed.
        lab: Whose tasks and metrics.
        cell_tasks: Task of each cell, where it could be told.
    """
    codes = {cell.index: cell.source for cell in submission.cells}
    reader = _Reader(lab, codes, cell_tasks)
    saved = reader.read(((cell.index, cell.outputs) for cell in submission.code_cells), "saved")
    again = reader.read(((cell.index, cell.outputs) for cell in rerun), "rerun")
    return Shown(
        figures=(*saved.figures, *again.figures), matrices=(*saved.matrices, *again.matrices)
    )


class _Reader:
    """Reads the outputs of all cells."""

    def __init__(self, lab: Lab, codes: Mapping[int, str], cell_tasks: Mapping[int, str]) -> None:
        self._names = task_names(lab)
        self._models = ModelNames(self._names)
        self._codes = codes
        self._cell_tasks = cell_tasks

    def read(
        self, cells: Iterable[tuple[int, tuple[Output, ...]]], source: Literal["saved", "rerun"]
    ) -> Shown:
        """What the outputs of one run show, within the limits."""
        found, budget = Found(), Budget()
        for index, outputs in cells:
            if outputs and len(found.figures) < MOST_FIGURES:
                spot = Spot(
                    source=source,
                    cell=index,
                    code=self._codes.get(index, ""),
                    task=self._cell_tasks.get(index),
                    names=self._names,
                    models=self._models,
                )
                found.add(CellReader(spot, budget).read(outputs))
        return Shown(
            figures=tuple(found.figures[:MOST_FIGURES]),
            matrices=tuple(found.matrices[:MOST_MATRICES]),
        )
