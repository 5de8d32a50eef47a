"""What waits for the instructor: decisions, runs to repeat, decisions already made."""

from collections.abc import Iterator

from msgspec import Struct
from msgspec.structs import replace

from grader.model import Confidence, CriterionGrade, Outcome, Verdict
from grader.report.text import points
from grader.report.view.classroom.group import Group, Who
from grader.report.view.reading import Reading, Shown, task_name

__all__ = ["Again", "Decided", "Decision", "decided", "decisions", "runs_to_repeat"]

_WHAT_TO_DO = {
    Outcome.HARNESS_ERROR: "Run again.",
    Outcome.ENVIRONMENT: "Add what is missing to this machine, then run again.",
    Outcome.TIMEOUT: "Decide whether the lab's time limit should hold here.",
}


class Decision(Struct, frozen=True, kw_only=True):
    """A finding or a criterion that a person must look at, for all submissions it is equal in."""

    who: tuple[Who, ...]
    severity: str
    code: str
    href: str
    measured: str
    todo: str
    points: float
    """Points that wait, in each submission."""

    @property
    def worth(self) -> str:
        """The points as text."""
        noun = "point" if self.points == 1 else "points"
        return f"{points(self.points)} {noun}{' each' if len(self.who) > 1 else ''}"


class Again(Struct, frozen=True):
    """A run that did not finish."""

    who: Who
    outcome: str
    message: str
    todo: str


class Decided(Struct, frozen=True, kw_only=True):
    """Certain findings that decided points, in one submission or equally in several."""

    who: tuple[Who, ...]
    findings: tuple[Shown, ...]
    measured: str
    lost: float
    """Points not earned, in each submission."""

    @property
    def points(self) -> str:
        """The points as text."""
        return points(self.lost)


def decisions(group: Group) -> tuple[Decision, ...]:
    """Open decisions: those on findings first, then by the points that wait."""
    merged: dict[tuple[str, str, str], Decision] = {}
    for reading in group.readings:
        for each in _of(reading, group.who(reading)):
            same = merged.get(key := (each.code, each.measured, each.todo))
            merged[key] = replace(same, who=(*same.who, *each.who)) if same else each
    return tuple(
        sorted(merged.values(), key=lambda each: (not each.code, -each.points * len(each.who)))
    )


def _of(reading: Reading, who: Who) -> Iterator[Decision]:
    grade = reading.result.grade
    waiting: dict[str, list[CriterionGrade]] = {}
    for entry in grade.criteria if grade else ():
        if entry.points is None and not entry.manual:
            shown = _first(entry, reading)
            waiting.setdefault(shown.anchor if shown else entry.why, []).append(entry)
    for entries in waiting.values():
        yield _decision(entries, reading, who)


def _first(entry: CriterionGrade, reading: Reading) -> Shown | None:
    seen = (reading.shown_for(finding) for finding in entry.findings)
    return next((each for each in seen if each is not None), None)


def _decision(entries: list[CriterionGrade], reading: Reading, who: Who) -> Decision:
    shown = _first(entries[0], reading)
    names = {task.id: f"{task_name(task)}: " for task in reading.context.lab.tasks}
    titles = ", ".join(f"“{names.get(entry.task or '', '')}{entry.title}”" for entry in entries)
    total = sum(entry.max_points for entry in entries)
    page = who.href
    return Decision(
        who=(who,),
        severity=shown.finding.severity if shown else "review",
        code=shown.finding.code if shown else "",
        href=f"{page}#{shown.anchor}" if page and shown else "",
        measured=f"{shown.finding.message.removesuffix('.')}. {shown.finding.sure}"
        if shown
        else entries[0].why,
        todo=f"Decide {titles}.",
        points=total,
    )


def runs_to_repeat(group: Group) -> tuple[Again, ...]:
    """Submissions that a machine fault or a time limit ended."""
    return tuple(
        Again(
            group.who(reading),
            reading.result.outcome.value,
            reading.result.message or "No message was kept.",
            _WHAT_TO_DO[reading.result.outcome],
        )
        for reading in group.readings
        if reading.result.outcome in _WHAT_TO_DO
    )


def decided(group: Group) -> tuple[Decided, ...]:
    """Submissions where certain findings decided points, the most points first."""
    merged: dict[tuple[str, float], Decided] = {}
    for reading in group.readings:
        entries = [entry for entry in _criteria(reading) if entry.verdict is Verdict.NOT_MET]
        found = tuple(each for each in reading.shown if _decides(each, entries))
        if not found:
            continue
        seen = [each.finding for each in found]
        lost = sum(
            entry.max_points - (entry.points or 0.0)
            for entry in entries
            if any(each in entry.findings for each in seen)
        )
        measured = " ".join(dict.fromkeys(_ended(each.message) for each in seen))
        who = (group.who(reading),)
        same = merged.get(key := (measured, lost))
        merged[key] = (
            replace(same, who=same.who + who)
            if same
            else Decided(who=who, findings=found, measured=measured, lost=lost)
        )
    return tuple(sorted(merged.values(), key=lambda each: -each.lost))


def _criteria(reading: Reading) -> tuple[CriterionGrade, ...]:
    return reading.result.grade.criteria if reading.result.grade else ()


def _decides(shown: Shown, entries: list[CriterionGrade]) -> bool:
    certain = shown.finding.confidence is Confidence.CERTAIN and not shown.finding.from_starter
    return certain and any(shown.finding in entry.findings for entry in entries)


def _ended(sentence: str) -> str:
    return f"{sentence.removesuffix('.')}."
