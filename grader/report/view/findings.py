"""One article per finding."""

from msgspec import Struct

from grader.model import Confidence, CriterionGrade
from grader.report.text import points
from grader.report.view.excerpt import Excerpt, excerpts, place
from grader.report.view.reading import Reading, Shown

__all__ = ["Article", "articles"]


class Article(Struct, frozen=True, kw_only=True):
    """What is said about a finding, its facts in fixed order."""

    anchor: str
    code: str
    name: str
    severity: str
    confidence: str
    place: str
    message: str
    excerpts: tuple[Excerpt, ...]
    measured: str
    why: str
    remedy: str
    sure: str
    points: str
    mark: str
    """Why only a reviewer sees it, if so."""


def articles(reading: Reading, task: str | None) -> tuple[Article, ...]:
    """The findings of a task, or with ``None`` those of no task."""
    return tuple(_article(each, reading) for each in reading.of_task(task))


def _article(shown: Shown, reading: Reading) -> Article:
    finding = shown.finding
    return Article(
        anchor=shown.anchor,
        code=finding.code,
        name=finding.name,
        severity=finding.severity,
        confidence=finding.confidence.value,
        place=place(finding),
        message=finding.message.removesuffix("."),
        excerpts=excerpts(finding, reading.result.evidence),
        measured=finding.measured,
        why=finding.why,
        remedy=finding.remedy,
        sure=_sure(shown),
        points=_points(shown, graded=reading.result.grade is not None),
        mark=_mark(shown),
    )


def _sure(shown: Shown) -> str:
    level = shown.finding.confidence.value.capitalize()
    return f"{level}. {shown.finding.sure}" if shown.finding.sure else f"{level}."


def _points(shown: Shown, *, graded: bool) -> str:
    if not graded:
        return "Not counted yet."
    parts = [_stake(entry) for entry in shown.criteria]
    return " ".join(parts) if parts else "None in this lab."


def _stake(entry: CriterionGrade) -> str:
    title = entry.title.rstrip(".")
    if entry.points is None:
        return f"{title}: {points(entry.max_points)} points wait for a person."
    return f"{title}: {points(entry.points)} of {points(entry.max_points)}."


def _mark(shown: Shown) -> str:
    if shown.finding.from_starter:
        return "Stands unchanged in the starter notebook; not shown to the student."
    if shown.finding.confidence is Confidence.HINT:
        return "A hint; not shown to the student."
    return ""
