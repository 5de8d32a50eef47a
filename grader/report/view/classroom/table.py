"""All submissions, one row each."""

from msgspec import Struct

from grader.model import SEVERITIES
from grader.report.charts import Segment, segments
from grader.report.text import count, points
from grader.report.view.classroom.group import Group, Who
from grader.report.view.reading import Reading, Shown, task_name
from grader.report.view.spelling import spelled

__all__ = ["Row", "Score", "columns", "table"]

_WEIGHTS = {severity: 10 ** (3 - rank) for rank, severity in enumerate(SEVERITIES)}


class Score(Struct, frozen=True):
    """A recomputed score with its n; the sort keys are empty where it is unknown."""

    label: str
    text: str
    key: str
    n: str
    n_key: str


class Row(Struct, frozen=True, kw_only=True):
    """One submission."""

    who: Who
    outcome: str
    graded: bool
    assessed: bool
    points: str
    waiting: str
    width: str
    segments: tuple[Segment, ...]
    scores: tuple[Score, ...]
    findings: tuple[Shown, ...]
    weight: str
    severities: str
    seconds: str
    time: str


def columns(group: Group) -> tuple[str, ...]:
    """Names of the tasks whose score has a column."""
    return tuple(task_name(task) for task in group.context.lab.tasks)


def table(group: Group) -> tuple[Row, ...]:
    """Rows by name."""
    return tuple(_row(reading, group) for reading in group.readings)


def _row(reading: Reading, group: Group) -> Row:
    result, grade = reading.result, reading.result.grade
    found = tuple(each for each in reading.shown if not each.finding.from_starter)
    assessed = result.detection is not None
    whole = grade.max_score if grade else 0.0
    parts = (("earned", grade.score), ("waiting", grade.waiting)) if grade else ()
    return Row(
        who=group.who(reading),
        outcome=result.outcome.value,
        graded=grade is not None,
        assessed=assessed,
        points=points(grade.score) if grade else "",
        waiting=points(grade.waiting) if grade else "",
        width="100%" if grade else "0%",
        segments=segments(parts, whole),
        scores=tuple(_score(reading, task.id, task_name(task)) for task in group.context.lab.tasks),
        findings=found,
        weight=str(sum(_WEIGHTS[each.finding.severity] for each in found)) if assessed else "",
        severities=" ".join(sorted({each.finding.severity for each in found})) or "none",
        seconds=f"{result.run.seconds:.0f}" if result.run else "",
        time=_clock(result.run.seconds) if result.run else "unknown",
    )


def _score(reading: Reading, task: str, name: str) -> Score:
    entry = reading.headline(task)
    value = entry.recomputed if entry else None
    if entry is None or value is None:
        return Score(name, "unknown", "", "–", "")  # noqa: RUF001
    n = "" if entry.n is None else str(entry.n)
    return Score(
        name,
        spelled(entry.metric, value.value),
        str(value.value),
        count(int(n)) if n else "unknown",
        n,
    )


def _clock(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes}:{rest:02d}"
