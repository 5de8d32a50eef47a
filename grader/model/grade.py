"""What the findings are worth."""

from enum import StrEnum

from grader.model._base import Artifact
from grader.model.finding import Finding


class Verdict(StrEnum):
    """Outcome of one criterion."""

    MET = "met"
    NOT_MET = "not-met"
    NEEDS_REVIEW = "needs-review"
    NOT_ASSESSED = "not-assessed"


class CriterionGrade(Artifact):
    """Points for one criterion, with what decided it."""

    criterion: str
    """Id of the criterion in the rubric."""

    title: str
    """What the student is told it is about."""

    task: str | None = None
    """Task it belongs to."""

    verdict: Verdict
    """Outcome."""

    points: float | None
    """Points awarded; ``None`` until someone or something has decided."""

    max_points: float
    """Points when met."""

    why: str
    """One sentence giving the reason."""

    findings: tuple[Finding, ...] = ()
    """What decided it."""

    manual: bool = False
    """Whether a person decides it by the rubric's own word."""


class Grade(Artifact):
    """The whole grade, before review."""

    submission: str
    """Digest of the submission graded."""

    rubric: str
    """Lab id and version, e.g. ``week9-vit-clip@1``."""

    criteria: tuple[CriterionGrade, ...]
    """One entry per criterion, in rubric order."""

    @property
    def score(self) -> float:
        """Points decided so far."""
        return sum(entry.points or 0.0 for entry in self.criteria)

    @property
    def waiting(self) -> float:
        """Points nobody has decided yet."""
        return sum(entry.max_points for entry in self.criteria if entry.points is None)

    @property
    def max_score(self) -> float:
        """Points of the whole rubric."""
        return sum(entry.max_points for entry in self.criteria)

    @property
    def needs_review(self) -> bool:
        """Whether a criterion waits for a person who was not planned for."""
        return any(entry.points is None and not entry.manual for entry in self.criteria)
