"""What the detectors saw, and what they could not look at."""

from enum import StrEnum
from typing import Annotated

from pydantic import Field

from grader.model._base import Artifact
from grader.model.evidence import EvidenceRef
from grader.model.lab import Severity
from grader.model.wording import Wording

SEVERITIES: tuple[Severity, ...] = ("invalid", "major", "minor", "review")
"""Gravest first."""


class Confidence(StrEnum):
    """How sure a detector is."""

    CERTAIN = "certain"
    """Follows from the evidence; may cost points without review."""

    LIKELY = "likely"
    """Costs points only once a reviewer agrees."""

    HINT = "hint"
    """Shown to the reviewer, never to the student."""


class Finding(Artifact):
    """One thing one detector saw. Carries no points."""

    code: str
    """Code of the detector, e.g. ``SMP001``."""

    name: str
    """Name of the detector, e.g. ``single-sample-eval``."""

    severity: Severity
    """``invalid``: no valid evaluation exists; ``major``: a number is biased or wrong; ``minor``:
    weak evidence or reporting; ``review``: a person must look."""

    confidence: Confidence
    """How sure the detector is."""

    task: str | None = None
    """Task it concerns."""

    message: str
    """One sentence for the student, with the numbers seen, without blame."""

    measured: str
    """What was counted or compared, in plain words."""

    why: str
    """Why it matters."""

    remedy: str
    """What to do."""

    sure: str
    """Why the confidence is what it is."""

    wordings: tuple[tuple[str, Wording], ...] = ()
    """``message``, ``measured``, ``remedy`` and ``sure`` with their values apart, from which the
    same is said in other languages; what is missing is there in English alone."""

    evidence: Annotated[tuple[EvidenceRef, ...], Field(min_length=1)]
    """Where to look. A finding that points nowhere is not a finding."""

    from_starter: bool = False
    """Whether every line pointed at stands unchanged in the lab's starter notebook."""

    allowed: bool = False
    """Whether a comment ``# grader: allow[NAME]`` at one of these lines asks for silence. Only a
    check of one's own notebook obeys; in grading it is counted and shown to the instructor."""

    under: str | None = None
    """Code of the finding this one follows from; ``None`` for one that stands for itself."""


class Unassessed(Artifact):
    """A detector that gave no answer."""

    code: str
    """Code of the detector."""

    name: str
    """Name of the detector."""

    reason: str
    """Missing evidence, or the error that stopped it."""

    needs: str = ""
    """What would allow an answer."""


class Detection(Artifact):
    """The result of running a set of detectors."""

    findings: tuple[Finding, ...] = ()
    """Gravest first, then in notebook order; each with a cause of its own."""

    folded: tuple[Finding, ...] = ()
    """What follows from those: the same flaw seen by other detectors. They count for the rubric
    like any other, and are not told a second time."""

    unassessed: tuple[Unassessed, ...] = ()
    """Silence from these detectors means nothing."""

    clear: tuple[str, ...] = ()
    """Names of the detectors that looked and found nothing."""
