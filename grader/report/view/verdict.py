"""The answer first: what holds, what does not, and the points."""

from dataclasses import dataclass

from grader.model import Comparison, Confidence, EvidenceKind, Outcome, Task
from grader.report.charts import Segment, segments
from grader.report.text import count, number, points
from grader.report.view.reading import Reading, Shown, task_name

__all__ = ["Bar", "Clause", "Points", "clause", "points_view", "verdict"]

# Said when a stage gave no sentence of its own.
_OUTCOMES = {
    Outcome.UNREADABLE: "The file could not be read; hand in a complete copy.",
    Outcome.TIMEOUT: "Your notebook reached the time limit; what ran before is graded.",
    Outcome.KILLED: "The kernel of your notebook stopped; what ran before is graded.",
    Outcome.ENVIRONMENT: "This runner lacks something your notebook needs, so it was not run.",
    Outcome.HARNESS_ERROR: "Our runner stopped before your notebook was finished.",
}
_AFTER = {
    Outcome.UNREADABLE: "Nothing in it has been judged.",
    Outcome.ENVIRONMENT: "This costs no points. The course repairs the runner and runs your "
    "notebook again.",
    Outcome.HARNESS_ERROR: "This costs no points. Your notebook will run again.",
}


@dataclass(frozen=True, slots=True)
class Clause:
    """What can be said about one task."""

    text: str
    holds: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """Earned, waiting and not earned, as text and as a bar."""

    title: str
    href: str
    text: str
    segments: tuple[Segment, ...]
    width: str = "100%"


@dataclass(frozen=True, slots=True, kw_only=True)
class Points:
    """The points so far."""

    earned: str
    waiting: str
    rest: str
    of: str
    segments: tuple[Segment, ...]
    rows: tuple[Bar, ...]


def verdict(reading: Reading) -> tuple[str, str]:
    """The verdict and what follows it; the second may be empty."""
    result = reading.result
    if result.outcome in (Outcome.GRADED, Outcome.NEEDS_REVIEW):
        return _sentence(reading), ""
    message = result.message or _OUTCOMES[result.outcome]
    if result.outcome in _AFTER:
        return message, _AFTER[result.outcome]
    return message, _sentence(reading) if result.evidence else ""


def _sentence(reading: Reading) -> str:
    clauses = [clause(reading, task) for task in reading.context.lab.tasks]
    ordered = [each.text for each in sorted(clauses, key=lambda each: not each.holds)]
    text = "; ".join(ordered)
    return f"{text[:1].upper()}{text[1:]}."


def clause(reading: Reading, task: Task) -> Clause:
    """One clause about a task, composed from what is known about it."""
    entry = reading.headline(task.id)
    limited = _too_few(reading, task) or _invalid(reading, task)
    if limited:
        return Clause(limited, False)
    name = task_name(task)
    if entry is None or entry.verdict == "not-evaluated":
        return Clause(_not_evaluated(reading, name), False)
    return _compared(entry, reading, task)


def _too_few(reading: Reading, task: Task) -> str:
    best = reading.best(task.id)
    if best is None or best.n >= task.min_n:
        return ""
    noun = "test image" if best.split == task.split else "image"
    if best.n == 1:
        return (
            f"your {task_name(task)} score comes from one {noun}, "
            "so no accuracy can be read from it yet"
        )
    return (
        f"your {task_name(task)} score comes from {count(best.n)} {noun}s, "
        f"fewer than the {count(task.min_n)} asked for"
    )


def _invalid(reading: Reading, task: Task) -> str:
    grave = [each for each in reading.of_task(task.id) if each.finding.severity == "invalid"]
    if not grave:
        return ""
    name = task_name(task)
    if any(each.finding.confidence is Confidence.CERTAIN for each in grave):
        return f"no {name} score can be read from this evaluation yet"
    return f"a person looks at your {name} score before it counts"


def _not_evaluated(reading: Reading, name: str) -> str:
    evidence = reading.result.evidence
    if evidence is not None and EvidenceKind.RECORDING in evidence.kinds:
        return f"no {name} evaluation was recorded when your notebook ran"
    return f"your {name} score was not checked, because your notebook was not run"


def _compared(entry: Comparison, reading: Reading, task: Task) -> Clause:
    value = entry.recomputed or entry.rerun or entry.saved or entry.claimed
    subject = f"your {task_name(task)} {_metric(entry)} of {number(value.value if value else None)}"
    if entry.n is not None:
        best = reading.best(task.id)
        noun = "test images" if best is not None and best.split == task.split else "images"
        subject += f" on {count(entry.n)} {noun}"
    graver = [each for each in reading.of_task(task.id) if each.finding.severity == "major"]
    endings = {
        "not-reproduced": "was not reproduced by our run",
        "not-comparable": "could not be compared",
        **{f"{side}-band": f"lies {side} the reference band" for side in ("above", "below")},
    }
    ending = endings.get(entry.verdict)
    if ending is None:
        return Clause(f"{subject} {_holding(graver)}", not graver)
    return Clause(f"{subject} {ending}", False)


def _metric(entry: Comparison) -> str:
    return "score" if entry.metric == "accuracy" else entry.metric.replace("f1", "F1")


def _holding(graver: list[Shown]) -> str:
    if not graver:
        return "holds"
    return f"was reproduced, but see {graver[0].finding.code}"


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
    sums = _sums(reading, {task})
    return bar_text(*sums) if sums[2] else ""
