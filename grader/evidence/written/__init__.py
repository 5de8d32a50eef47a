"""Numbers and quotations that stand in text cells, each with what the text says it is of."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from grader.model import Coverage, Figure, Lab, PrintedMatrix, Quotation, Submission

__all__ = ["Written", "written"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """What the text says."""

    figures: tuple[Figure, ...] = ()
    """Numbers with a name, in the order they stand."""

    matrices: tuple[PrintedMatrix, ...] = ()
    """Tables with a row and a column for each of something."""

    quotations: tuple[Quotation, ...] = ()
    """Words in quotation marks that may be those of a model or of the notebook."""

    coverage: Coverage = field(default_factory=Coverage)
    """How many of the numbers in the text became figures."""


def written(submission: Submission, lab: Lab, cell_tasks: Mapping[int, str]) -> Written:
    """Everything the text of a submission states.

    Args:
        submission: What was handed in.
        lab: Whose tasks and metrics.
        cell_tasks: Task of each cell, where it could be told.
    """
    return Written()
