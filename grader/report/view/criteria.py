"""The rubric, line by line, with what decided each."""

from msgspec import Struct

from grader.model import CriterionGrade, Verdict
from grader.report.text import points
from grader.report.view.reading import Reading, Shown, may_see
from grader.report.view.tally import bar_text

__all__ = ["Criteria", "CriterionLine", "Group", "criteria"]


class CriterionLine(Struct, frozen=True, kw_only=True):
    """One criterion."""

    title: str
    verdict: str
    why: str
    findings: tuple[Shown, ...]
    points: str


class Group(Struct, frozen=True, kw_only=True):
    """The criteria of one task."""

    title: str
    points: str
    lines: tuple[CriterionLine, ...]


class Criteria(Struct, frozen=True, kw_only=True):
    """The whole rubric."""

    groups: tuple[Group, ...]
    summary: str
    total: str


def criteria(reading: Reading) -> Criteria | None:
    """The rubric as graded; ``None`` where nothing was graded."""
    grade = reading.result.grade
    if grade is None:
        return None
    tasks = {task.id: task.title for task in reading.context.lab.tasks}
    titles = [*tasks.values(), "Text and other criteria"]
    members: dict[str, list[CriterionGrade]] = {title: [] for title in titles}
    for entry in grade.criteria:
        members[tasks.get(entry.task or "", titles[-1])].append(entry)
    total = f"{points(grade.score)} of {points(grade.max_score)}"
    waiting = f", {points(grade.waiting)} waiting" if grade.waiting else ""
    return Criteria(
        groups=tuple(
            _group(title, entries, reading) for title, entries in members.items() if entries
        ),
        summary=f"{total}{' so far' if waiting else ''}{waiting}",
        total=total,
    )


def _group(title: str, entries: list[CriterionGrade], reading: Reading) -> Group:
    earned = sum(entry.points or 0.0 for entry in entries)
    waiting = sum(entry.max_points for entry in entries if entry.points is None)
    return Group(
        title=title,
        points=bar_text(earned, waiting, sum(entry.max_points for entry in entries)),
        lines=tuple(_line(entry, reading) for entry in entries),
    )


def _line(entry: CriterionGrade, reading: Reading) -> CriterionLine:
    seen = (reading.shown_for(finding) for finding in entry.findings)
    if entry.points is None:
        text = f"{points(entry.max_points)} waiting"
    else:
        text = f"{points(entry.points)} of {points(entry.max_points)}"
    return CriterionLine(
        title=entry.title,
        verdict=_verdict(entry),
        why=_why(entry, reading),
        findings=tuple(each for each in seen if each is not None),
        points=text,
    )


def _why(entry: CriterionGrade, reading: Reading) -> str:
    """The reason, unless it quotes a finding this audience must not see."""
    hidden = (each for each in entry.findings if not may_see(each, reading.audience))
    quoted = any(each.message in entry.why for each in hidden)
    return "A person looks at this." if quoted else entry.why


def _verdict(entry: CriterionGrade) -> str:
    """``met``, ``partly``, ``not-met``, ``needs-review`` or ``not-assessed``."""
    partly = entry.points is not None and 0 < entry.points < entry.max_points
    return "partly" if partly and entry.verdict is not Verdict.MET else entry.verdict.value
