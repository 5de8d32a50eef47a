"""Numbers and quotations that stand in text cells, each with what the text says it is of."""

from collections.abc import Iterable, Mapping

from msgspec import Struct, field

from grader.evidence.claims import claims
from grader.evidence.labels import Sections
from grader.evidence.naming import task_names
from grader.evidence.tasks import spans
from grader.evidence.written.cells import CellReader, Reading, says_anything
from grader.evidence.written.naming import Names
from grader.evidence.written.quotations import Library
from grader.model import (
    Claim,
    Coverage,
    Figure,
    Lab,
    PrintedMatrix,
    Quotation,
    Submission,
)

__all__ = ["Written", "written"]

_MOST_MISSED = 100


class Written(Struct, frozen=True, kw_only=True):
    """What the text says."""

    figures: tuple[Figure, ...] = ()
    """Numbers with a name, in the order they stand."""

    matrices: tuple[PrintedMatrix, ...] = ()
    """Tables with a row and a column for each of something."""

    quotations: tuple[Quotation, ...] = ()
    """Words in quotation marks that may be those of a model or of the notebook."""

    coverage: Coverage = field(default_factory=Coverage)
    """How many of the numbers in the text became figures."""


def written(
    submission: Submission,
    lab: Lab,
    cell_tasks: Mapping[int, str],
    claimed: Iterable[Claim] | None = None,
) -> Written:
    """Everything the text of a submission states.

    Text that stands unchanged in the lab's starter notebook is not the student's and left out.
    Numbers of matrices count as understood.

    Args:
        submission: What was handed in.
        lab: Whose tasks.
        cell_tasks: Task of each cell, where it could be told.
        claimed: What ``claims`` finds in it, if that is known already.
    """
    names, sections, library = Names(lab), Sections(Names(lab)), Library(submission)
    stated = _by_cell(claims(submission, lab, cell_tasks) if claimed is None else claimed)
    tasks = task_names(lab)
    readings: list[Reading] = []
    for cell in submission.cells:
        if cell.kind == "markdown":
            # A heading of the starter still says what the text below it is about.
            context = sections.context(cell.source)
            if not cell.from_starter and says_anything(cell.source):
                under = spans(cell.source, lab, cell_tasks.get(cell.index))
                reader = CellReader(cell, under, tasks, names, context)
                made = reader.read(stated.get(cell.index, ()), library)
                readings.append(made)
    return Written(
        figures=tuple(each for reading in readings for each in reading.figures),
        matrices=tuple(each for reading in readings for each in reading.matrices),
        quotations=tuple(each for reading in readings for each in reading.quotations),
        coverage=_coverage(readings),
    )


def _by_cell(found: Iterable[Claim]) -> dict[int, list[Claim]]:
    by_cell: dict[int, list[Claim]] = {}
    for claim in found:
        by_cell.setdefault(claim.cell, []).append(claim)
    return by_cell


def _coverage(readings: list[Reading]) -> Coverage:
    missed = tuple(place for reading in readings for place in reading.missed)
    understood = sum(reading.understood for reading in readings)
    return Coverage(
        numbers=understood + len(missed), understood=understood, missed=missed[:_MOST_MISSED]
    )
