"""The evidence of one submission as other programs read it: ``grader evidence --format json``."""

from typing import Annotated, Literal

from pydantic import ConfigDict, Field

from grader.model._base import Artifact
from grader.model.figure import Coverage, Figure, PrintedMatrix, Quotation
from grader.model.provenance import Explanation, ProvenanceVerdict
from grader.model.source import Unparsed

EVIDENCE_SCHEMA: Literal["grader/evidence/v1"] = "grader/evidence/v1"


class _Row(Artifact):
    # A reader of v1 must accept fields that a later v1 adds.
    model_config = ConfigDict(frozen=True, extra="ignore", ser_json_inf_nan="null")


class EvaluationRow(_Row):
    """One evaluation: recorded in our run, or as the submission shows it."""

    basis: Literal["recorded", "code", "output", "text"]
    """What it is known from: our run, a scoring in the source, saved outputs, sentences."""

    task: str | None
    n: int | None
    classes: int | None
    split: str | None
    dataset: str | None
    model: str | None
    cell: int | None
    """Counts all cells from 0."""

    line: int | None
    """Counts from 1 inside the cell's source, or inside the output."""

    file_line: int | None
    """Counts from 1 inside the file, of a report."""

    headline: bool
    """Whether its task is judged by it."""

    scores: dict[str, float]
    """Recomputed where ``basis`` is ``recorded``, otherwise as printed or written."""


class NumberRow(_Row):
    """One number with where it stands and where it comes from."""

    figure: Figure
    """The number, its place and what it is said to be of."""

    verdict: ProvenanceVerdict | None
    """``null`` for a number of which no source is looked for, e.g. a time."""

    reason: str
    """One sentence; empty with no verdict."""

    explained_by: tuple[Explanation, ...]
    contradicted_by: tuple[Explanation, ...]
    candidates: int
    """Distinct values that were tried."""

    chance: float
    """Chance that an invented number of this precision would have been explained."""


class EvidenceFile(_Row):
    """The whole document."""

    schema_: Annotated[Literal["grader/evidence/v1"], Field(alias="schema")] = EVIDENCE_SCHEMA
    grader_version: str
    path: str
    digest: str
    form: Literal["notebook", "report"]
    lab: str
    cells: int
    """Cells of the submission."""

    ran: bool
    """Whether it was run."""

    outcome: str | None
    """What became of the run; ``null`` without one."""

    recorded: bool | None
    """Whether the recorder lived to the end; ``null`` without a run."""

    evaluations: tuple[EvaluationRow, ...]
    numbers: tuple[NumberRow, ...]
    matrices: tuple[PrintedMatrix, ...]
    quotations: tuple[Quotation, ...]
    coverage: Coverage
    unparsed: tuple[Unparsed, ...]
    """Cells whose code could not be read."""
