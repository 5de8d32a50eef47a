"""What a detector is."""

import re
from collections.abc import Callable, Iterator
from typing import Literal

from msgspec import Struct

from grader.model import Case, Confidence, EvidenceKind, EvidenceRef, Severity, Wording
from grader.patterns import regex

FAMILIES = {
    "SMP": "sample",
    "LAB": "labels",
    "PRD": "predictions",
    "MET": "metric computation",
    "NUM": "numeric consistency",
    "DAT": "data and leakage",
    "CLP": "CLIP",
    "BLP": "captions and answers",
    "OUT": "outputs and reporting",
    "COH": "cohort",
    "TAM": "tampering",
}
"""Subjects, by the first three letters of a code."""

Status = Literal["preview", "stable", "retired"]
WHY = regex(r"^\s*## Why it matters\n(?P<text>.*?)(?=^\s*## |\Z)", re.M | re.S)


class Undecided(Exception):  # noqa: N818 - an answer, not an error
    """Raised by a detector that looked and cannot tell; becomes ``Unassessed``."""

    def __init__(self, reason: str, *, needs: str = "") -> None:
        super().__init__(reason)
        self.reason = reason
        self.needs = needs


class Sighting(Struct, frozen=True, kw_only=True):
    """What a detector yields: a finding without the facts every finding of it shares."""

    severity: Severity
    """How grave, for this case."""

    confidence: Confidence
    """How sure, for this case."""

    message: str | Wording
    """One sentence for the student, with the numbers seen."""

    measured: str | Wording
    """What was counted or compared."""

    remedy: str | Wording
    """What to do."""

    sure: str | Wording
    """Why the confidence is what it is."""

    evidence: tuple[EvidenceRef, ...]
    """Where to look; at least one."""

    task: str | None = None
    """Task it concerns."""

    @property
    def wordings(self) -> dict[str, Wording]:
        """Its sentences that can be said in other languages."""
        texts = {
            "message": self.message,
            "measured": self.measured,
            "remedy": self.remedy,
            "sure": self.sure,
        }
        return {name: text for name, text in texts.items() if isinstance(text, Wording)}


Find = Callable[[Case], Iterator[Sighting]]


class Detector(Struct, frozen=True, kw_only=True):
    """A pure function over a case, with the facts needed to list it."""

    code: str
    name: str
    requires: frozenset[EvidenceKind]
    since: str
    status: Status
    explanation: str
    """The manual page, in Markdown."""

    find: Find

    severity: Severity | None = None
    """The gravest severity its findings have; the manual page says how it is chosen."""

    follows: frozenset[str] = frozenset()
    """Names of detectors whose findings cause those of this one."""

    @property
    def family(self) -> str:
        """What it is about, by the letters of its code."""
        return FAMILIES.get(self.code[:3], "plug-in")

    @property
    def why(self) -> str:
        """The paragraph under "Why it matters", on one line."""
        found = WHY.search(self.explanation)
        return " ".join(found["text"].split()) if found else ""

    @property
    def summary(self) -> str:
        """The first line of the manual page."""
        return self.explanation.strip().partition("\n")[0]

    def missing(self, kinds: frozenset[EvidenceKind]) -> frozenset[EvidenceKind]:
        """Kinds this detector needs that were not captured."""
        return self.requires - kinds


def detector(  # noqa: PLR0913 - each is a fact a detector is listed with
    *,
    code: str,
    name: str,
    requires: frozenset[EvidenceKind],
    since: str,
    status: Status = "preview",
    severity: Severity | None = None,
    follows: frozenset[str] = frozenset(),
) -> Callable[[Find], Detector]:
    """Make a detector of a function; its docstring becomes its manual page.

    Args:
        code: Three letters of its family and three digits.
        name: The mistake, in lower-case words joined by hyphens.
        requires: Kinds of evidence without which it cannot look.
        since: Version of the grader that had it first.
        status: ``preview`` until its error rates are measured.
        severity: The gravest severity its findings have.
        follows: Names of detectors whose findings cause those of this one.
    """

    def wrap(find: Find) -> Detector:
        return Detector(
            code=code,
            name=name,
            requires=requires,
            since=since,
            status=status,
            explanation=_dedent(find.__doc__ or ""),
            find=find,
            severity=severity,
            follows=follows,
        )

    return wrap


def _dedent(text: str) -> str:
    first, _, rest = text.partition("\n")
    lines = rest.splitlines()
    indents = [len(line) - len(line.lstrip()) for line in lines if line.strip()]
    depth = min(indents, default=0)
    return "\n".join([first.strip(), *(line[depth:] for line in lines)]).strip() + "\n"
