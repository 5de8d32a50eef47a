"""Look for known mistakes in the evidence."""

from collections.abc import Sequence

from grader.detect.allowed import Allowances
from grader.detect.api import Detector, Sighting, Undecided, detector
from grader.detect.choosing import chosen
from grader.detect.folding import folded
from grader.detect.registry import load_detectors
from grader.model import SEVERITIES, Case, Detection, EvidenceKind, Finding, Unassessed

__all__ = [
    "Detector",
    "Sighting",
    "Undecided",
    "chosen",
    "detect",
    "detector",
    "load_detectors",
]

SAID: dict[EvidenceKind, str] = {
    EvidenceKind.SOURCE: "The code cells could not be read.",
    EvidenceKind.SAVED: "The file holds no saved outputs.",
    EvidenceKind.PROSE: "The notebook has no text cells.",
    EvidenceKind.RERUN: "The notebook was not run.",
    EvidenceKind.RECORDING: "Nothing was recorded, because the notebook was not run.",
}


def detect(case: Case, detectors: Sequence[Detector]) -> Detection:
    """Run every detector; one that cannot answer never stops the others."""
    findings: list[Finding] = []
    unassessed: list[Unassessed] = []
    clear: list[str] = []
    allowances = Allowances(case.evidence.submission)
    for each in detectors:
        if missing := each.missing(case.evidence.kinds):
            unassessed.append(_unassessed(each, SAID[min(missing)]))
            continue
        try:
            found = [_finding(each, sighting, case, allowances) for sighting in each.find(case)]
        except Undecided as answer:
            unassessed.append(_unassessed(each, answer.reason, answer.needs))
        except Exception as error:  # noqa: BLE001 - a plug-in may raise anything
            unassessed.append(_unassessed(each, f"{type(error).__name__}: {error}"))
        else:
            findings.extend(found)
            if not found:
                clear.append(each.name)
    findings.sort(key=lambda one: (SEVERITIES.index(one.severity), one.evidence[0].cell, one.code))
    roots, consequences = folded(findings, {each.name: each.follows for each in detectors})
    return Detection(
        findings=tuple(roots),
        folded=tuple(consequences),
        unassessed=tuple(unassessed),
        clear=tuple(clear),
    )


def _finding(each: Detector, sighting: Sighting, case: Case, allowances: Allowances) -> Finding:
    starter = {cell.index for cell in case.evidence.submission.cells if cell.from_starter}
    return Finding(
        code=each.code,
        name=each.name,
        severity=sighting.severity,
        confidence=sighting.confidence,
        task=sighting.task,
        message=str(sighting.message),
        measured=str(sighting.measured),
        why=each.why,
        remedy=str(sighting.remedy),
        sure=str(sighting.sure),
        wordings=tuple(sighting.wordings.items()),
        evidence=sighting.evidence,
        from_starter=all(ref.cell in starter for ref in sighting.evidence),
        allowed=allowances.allow(each.code, each.name, sighting.evidence),
    )


def _unassessed(each: Detector, reason: str, needs: str = "") -> Unassessed:
    return Unassessed(code=each.code, name=each.name, reason=reason, needs=needs)
