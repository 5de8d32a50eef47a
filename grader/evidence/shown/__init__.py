"""Numbers that stand in outputs, each with what the output says it is of."""

from collections.abc import Mapping
from dataclasses import dataclass

from grader.model import CellRun, Figure, Lab, PrintedMatrix, Submission

__all__ = ["Shown", "shown"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
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

    Args:
        submission: What was handed in.
        rerun: Cells of our run; empty when nothing was executed.
        lab: Whose tasks and metrics.
        cell_tasks: Task of each cell, where it could be told.
    """
    return Shown()
