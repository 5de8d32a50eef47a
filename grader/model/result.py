"""One submission's way through all stages, and the file other programs read."""

from enum import StrEnum
from typing import Annotated, Literal

from pydantic import ConfigDict, Field

from grader.model._base import Artifact
from grader.model.comparison import Comparisons, ComparisonVerdict
from grader.model.evidence import Evidence
from grader.model.finding import Confidence, Detection
from grader.model.grade import Grade, Verdict
from grader.model.lab import Severity
from grader.model.run import Run
from grader.model.submission import Submission


class Outcome(StrEnum):
    """What became of a submission."""

    GRADED = "graded"
    """As far as a program can."""

    NEEDS_REVIEW = "needs-review"
    """A person must decide something that was not planned for a person."""

    UNREADABLE = "unreadable"
    """No notebook, or nothing in it to grade."""

    TIMEOUT = "timeout"
    """The notebook reached a time limit; what ran before is graded."""

    KILLED = "killed"
    """The kernel died; what ran before is graded."""

    ENVIRONMENT = "environment"
    """This runner lacks a package or an asset; costs no points."""

    HARNESS_ERROR = "harness-error"
    """The machinery failed; costs no points."""


UNSETTLED = (Outcome.HARNESS_ERROR, Outcome.ENVIRONMENT)
"""Outcomes of the machine, which another try may change."""


class Result(Artifact):
    """Everything known about one submission; the later fields are ``None`` where it ended early."""

    student: str
    path: str
    digest: str
    outcome: Outcome
    message: str = ""
    """One plain sentence about an outcome other than ``graded``."""

    submission: Submission | None = None
    run: Run | None = None
    evidence: Evidence | None = None
    comparisons: Comparisons | None = None
    detection: Detection | None = None
    grade: Grade | None = None


SCHEMA: Literal["grader/results/v1"] = "grader/results/v1"


class _Row(Artifact):
    # A reader of v1 must accept fields that a later v1 adds.
    model_config = ConfigDict(frozen=True, extra="ignore", ser_json_inf_nan="null")


class FindingRow(_Row):
    """One finding in ``results.json``."""

    code: str
    name: str
    severity: Severity
    confidence: Confidence
    cell: Annotated[int | None, Field(ge=0)]
    """Counts all cells from 0."""

    line: Annotated[int | None, Field(ge=1)]
    """Counts from 1 inside the cell."""

    task: str | None
    message: str
    from_starter: bool


class UnassessedRow(_Row):
    """One detector that gave no answer."""

    code: str
    reason: str


class BandRow(_Row):
    """Range of the reference runs."""

    low: float
    high: float
    n: int


class ComparisonRow(_Row):
    """Five values of one metric."""

    task: str
    metric: str
    claimed: float | None
    saved: float | None
    rerun: float | None
    recomputed: float | None
    n: int | None
    reference: BandRow | None
    verdict: ComparisonVerdict


class CriterionRow(_Row):
    """One criterion."""

    id: str
    points: float | None
    max_points: float
    verdict: Verdict
    why: str


class SubmissionRow(_Row):
    """One submission in ``results.json``."""

    student: str
    path: str
    digest: str
    outcome: Outcome
    message: str
    score: float | None
    max_score: float
    waiting: float
    """Points no program and no person has decided yet."""

    needs_review: bool
    findings: tuple[FindingRow, ...]
    unassessed: tuple[UnassessedRow, ...]
    comparisons: tuple[ComparisonRow, ...]
    criteria: tuple[CriterionRow, ...]


class Results(_Row):
    """The whole of ``results.json``: the contract other programs read."""

    schema_: Annotated[Literal["grader/results/v1"], Field(alias="schema")] = SCHEMA
    lab: str
    profile: str
    grader_version: str
    submissions: tuple[SubmissionRow, ...]
