"""Points earned, waiting and not earned."""

from msgspec import Struct

from grader.report.charts import Segment, segments
from grader.report.text import points
from grader.report.view.reading import Reading

__all__ = ["Bar", "Points", "bar_text", "points_view", "task_points"]


class Bar(Struct, frozen=True, kw_only=True):
    """Earned, waiting and not earned, as text and as a bar."""

    title: str
    href: str
    text: str
    segments: tuple[Segment, ...]
    width: str = "100%"


class Points(Struct, frozen=True, kw_only=True):
    """The points so far."""

    earned: str
    waiting: str
    rest: str
    of: str
    segments: tuple[Segment, ...]
    rows: tuple[Bar, ...]


def points_view(reading: Reading) -> Points | None:
    """The points bar with one row per task; ``None`` where nothing was graded."""
    grade = reading.result.grade
    if grade is None:
        return None
    parts = (grade.score, grade.waiting, grade.max_score - grade.score - grade.waiting)
    return Points(
        earned=points(parts[0]),
        waiting=points(parts[1]),
        rest=points(parts[2]),
        of=points(grade.max_score),
        segments=segments((("earned", parts[0]), ("waiting", parts[1])), grade.max_score),
        rows=_rows(reading),
    )


def _rows(reading: Reading) -> tuple[Bar, ...]:
    lab = reading.context.lab
    groups = [(task.id, task.title, f"#task-{task.id}") for task in lab.tasks]
    known = {task.id for task in lab.tasks}
    rows = [(title, href, _sums(reading, {task})) for task, title, href in groups]
    rows.append(("Text and other criteria", "#points", _sums(reading, known, inverted=True)))
    largest = max((sums[2] for _, _, sums in rows), default=0.0)
    return tuple(
        Bar(
            title=title,
            href=href,
            text=bar_text(*sums),
            segments=segments((("earned", sums[0]), ("waiting", sums[1])), largest),
            width=f"{sums[2] / largest * 100:.2f}%",
        )
        for title, href, sums in rows
        if sums[2] > 0
    )


def _sums(
    reading: Reading, tasks: set[str], *, inverted: bool = False
) -> tuple[float, float, float]:
    grade = reading.result.grade
    entries = [
        entry for entry in (grade.criteria if grade else ()) if (entry.task in tasks) != inverted
    ]
    earned = sum(entry.points or 0.0 for entry in entries)
    waiting = sum(entry.max_points for entry in entries if entry.points is None)
    return earned, waiting, sum(entry.max_points for entry in entries)


def bar_text(earned: float, waiting: float, of: float) -> str:
    """Points of a group in words, e.g. ``10 of 30, 5 waiting``."""
    text = f"{points(earned)} of {points(of)}"
    return f"{text}, {points(waiting)} waiting" if waiting else text


def task_points(reading: Reading, task: str) -> str:
    """Points of a task in words, empty where nothing was graded."""
    earned, waiting, of = _sums(reading, {task})
    text = f"{points(earned)} of {points(of)} points" if of else ""
    return f"{text}, {points(waiting)} waiting" if waiting else text
