"""What to do, the step that most points depend on first."""

from msgspec import Struct

from grader.model import SEVERITIES, CriterionGrade, Verdict
from grader.report.text import first_sentence, plural, points
from grader.report.view.reading import Reading, Shown

__all__ = ["Step", "Todo", "todo"]

MAX_STEPS = 6


class Step(Struct, frozen=True, kw_only=True):
    """One thing to do."""

    lead: str
    """What to do, as one sentence."""

    text: str
    """What was seen, and the rest of what to do."""

    stake: str
    """What it is worth."""

    href: str
    rank: tuple[float, float, int]


class Todo(Struct, frozen=True):
    """The first step and those after it."""

    first: Step | None
    others: tuple[Step, ...]
    left_out: int
    nothing: str
    """What to say where there is no step."""


def todo(reading: Reading) -> Todo | None:
    """Steps by the points that depend on them; ``None`` where nothing was graded."""
    grade = reading.result.grade
    if grade is None:
        return None
    steps = [_from_finding(each) for each in reading.shown if each.finding.remedy]
    steps += [_from_criterion(each) for each in grade.criteria if _stands_alone(each, reading)]
    steps.sort(key=lambda step: step.rank)
    waiting = f" {points(grade.waiting)} points wait for a person." if grade.waiting else ""
    return Todo(
        first=steps[0] if steps else None,
        others=tuple(steps[1:MAX_STEPS]),
        left_out=max(0, len(steps) - MAX_STEPS),
        nothing=f"No finding asks for a change.{waiting}",
    )


def _from_finding(shown: Shown) -> Step:
    finding = shown.finding
    lead, rest = first_sentence(finding.remedy)
    return Step(
        lead=lead.removesuffix("."),
        text=" ".join(part for part in (f"{finding.message.removesuffix('.')}.", rest) if part),
        stake=_stake(shown),
        href=f"#{shown.anchor}",
        rank=(-shown.lost, -shown.waiting, SEVERITIES.index(finding.severity)),
    )


def _stake(shown: Shown) -> str:
    lost = [each for each in shown.criteria if each.points is not None]
    parts = []
    if shown.lost:
        several = plural(len(lost), "criterion", "criteria")
        parts.append(f"{_points(shown.lost)} in {several} depend on this.")
    if shown.waiting:
        parts.append(f"{_points(shown.waiting)} wait for this.")
    return " ".join(parts) or "No points depend on this."


def _points(value: float) -> str:
    return f"{points(value)} point" if value == 1 else f"{points(value)} points"


def _stands_alone(entry: CriterionGrade, reading: Reading) -> bool:
    """Whether points were not earned without a finding that this audience sees."""
    seen = any(reading.shown_for(finding) for finding in entry.findings)
    return entry.verdict is Verdict.NOT_MET and not seen


def _from_criterion(entry: CriterionGrade) -> Step:
    lost = entry.max_points - (entry.points or 0.0)
    return Step(
        lead=entry.title,
        text=entry.why,
        stake=f"{_points(lost)} depend on this.",
        href="#points",
        rank=(-lost, 0.0, len(SEVERITIES)),
    )
