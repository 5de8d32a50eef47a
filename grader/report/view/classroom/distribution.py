"""Points and run times of the class."""

from collections import Counter
from math import log
from statistics import median, quantiles

from msgspec import Struct

from grader.model import Outcome
from grader.report.charts import percent
from grader.report.text import count, duration, plural, points
from grader.report.view.classroom.group import Group
from grader.report.view.reading import Reading

__all__ = ["Box", "Dot", "Histogram", "Times", "histogram", "outcomes", "run_times"]

BINS = 10
_BIN_WIDTH, _CHART_HEIGHT, _MAX_BOX = 50, 160, 17.0
_LANES = (40, 29, 51, 18, 62, 7, 73)
_MARKS = (1, 2, 5, 10, 30, 60, 120, 300, 600, 1800, 3600, 7200, 14400, 43200)
_CAUSES = {
    Outcome.GRADED: "–",  # noqa: RUF001
    Outcome.NEEDS_REVIEW: "–",  # noqa: RUF001
    Outcome.UNREADABLE: "file",
    Outcome.TIMEOUT: "notebook",
    Outcome.KILLED: "notebook",
    Outcome.ENVIRONMENT: "machine",
    Outcome.HARNESS_ERROR: "machine",
}
_LOOKS = {Outcome.GRADED: "u-graded", Outcome.NEEDS_REVIEW: "u-review"}


class Box(Struct, frozen=True):
    """One submission in the histogram."""

    look: str
    x: int
    y: str
    height: str
    title: str


class Label(Struct, frozen=True):
    """A text in the histogram."""

    x: int
    y: str
    text: str


class Histogram(Struct, frozen=True, kw_only=True):
    """Points decided so far, one box per submission."""

    boxes: tuple[Box, ...]
    labels: tuple[Label, ...]
    alt: str
    caption: str
    median: str


class Dot(Struct, frozen=True):
    """One run."""

    look: str
    x: str
    y: int
    title: str


class Times(Struct, frozen=True, kw_only=True):
    """Run times on a logarithmic axis."""

    dots: tuple[Dot, ...]
    ticks: tuple[tuple[str, str], ...]
    limit: str
    alt: str
    caption: str


def outcomes(group: Group) -> tuple[tuple[str, int, str], ...]:
    """Outcomes that occur, with their count and who caused them."""
    counts = Counter(reading.result.outcome for reading in group.readings)
    return tuple((each.value, counts[each], _CAUSES[each]) for each in Outcome if counts[each])


def histogram(group: Group) -> Histogram | None:
    """Boxes by points; ``None`` where nobody has any."""
    scored = [(_score(reading), reading) for reading in group.readings if reading.result.grade]
    if not scored:
        return None
    scored.sort(key=lambda pair: _look(pair[1]))
    whole = group.context.lab.max_score
    bins: list[list[tuple[float, Reading]]] = [[] for _ in range(BINS)]
    for score, reading in scored:
        bins[min(BINS - 1, int(score / whole * BINS))].append((score, reading))
    size = min(_MAX_BOX, _CHART_HEIGHT / max(map(len, bins)))
    scores = [score for score, _ in scored]
    missing = len(group.readings) - len(scored)
    return Histogram(
        boxes=tuple(
            _box(column, row, size, score, reading)
            for column, members in enumerate(bins)
            for row, (score, reading) in enumerate(members)
        ),
        labels=tuple(_labels(bins, size, whole)),
        alt=f"Points decided so far. {_in_words(bins, whole)}",
        caption=_caption(scores, missing),
        median=points(median(scores)),
    )


def _score(reading: Reading) -> float:
    return reading.result.grade.score if reading.result.grade else 0.0


def _look(reading: Reading) -> str:
    return _LOOKS.get(reading.result.outcome, "u-machine")


def _box(column: int, row: int, size: float, score: float, reading: Reading) -> Box:
    top = _CHART_HEIGHT - size * (row + 1)
    title = f"{reading.result.student}: {points(score)}"
    x = 12 + _BIN_WIDTH * column
    return Box(_look(reading), x, f"{top:.1f}", f"{size * 0.85:.1f}", title)


def _labels(bins: list[list[tuple[float, Reading]]], size: float, whole: float) -> list[Label]:
    """Points at the edges of the bins, and the number of boxes above each."""
    made = [
        Label(9 + _BIN_WIDTH * edge, str(_CHART_HEIGHT + 20), points(whole * edge / BINS))
        for edge in range(BINS + 1)
    ]
    for column, members in enumerate(bins):
        if members:
            top = _CHART_HEIGHT - size * len(members) - 5
            made.append(Label(34 + _BIN_WIDTH * column, f"{top:.1f}", str(len(members))))
    return made


def _range(column: int, whole: float) -> str:
    step = whole / BINS
    last = whole if column == BINS - 1 else step * (column + 1) - (1 if step >= 2 else 0)
    return f"{points(step * column)}–{points(last)}"  # noqa: RUF001


def _in_words(bins: list[list[tuple[float, Reading]]], whole: float) -> str:
    parts = [f"{_range(i, whole)} points {len(each)}" for i, each in enumerate(bins) if each]
    return f"Submissions by points: {', '.join(parts)}."


def _caption(scores: list[float], missing: int) -> str:
    text = f"One box is one submission. Median {points(median(scores))}"
    if len(scores) >= 4:
        low, _, high = quantiles(scores, n=4, method="inclusive")
        text += f", middle half {points(low)} to {points(high)}"
    if missing:
        text += f". {plural(missing, 'submission')} without points yet, not drawn"
    return f"{text}."


def run_times(group: Group) -> Times | None:
    """Dots by wall time; ``None`` where nothing ran."""
    ran = [
        (reading.result.run.seconds, reading)
        for reading in group.readings
        if reading.result.run and reading.result.run.seconds > 0
    ]
    ran.sort(key=lambda pair: pair[0])
    return _times(ran, group) if ran else None


def _times(ran: list[tuple[float, Reading]], group: Group) -> Times:
    limit = group.context.lab.limits.run_seconds
    seconds = [each for each, _ in ran]
    low, high = log(seconds[0] / 1.2), log(max(seconds[-1], limit) * 1.05)
    middle = duration(median(seconds))
    missing = len(group.readings) - len(ran)
    left_out = f" Not drawn: {plural(missing, 'submission')} that did not run." if missing else ""
    return Times(
        dots=tuple(_dots(ran, low, high)),
        ticks=tuple(
            (percent((log(mark) - low) / (high - low)), duration(mark))
            for mark in _MARKS
            if low <= log(mark) <= high
        ),
        limit=percent((log(limit) - low) / (high - low)),
        alt=f"Run times of {plural(len(ran), 'submission')} on a logarithmic axis, from "
        f"{duration(seconds[0])} to {duration(seconds[-1])}, median {middle}.",
        caption=f"Run time, one dot per submission. Median {middle}; the dashed line is the limit "
        f"of {duration(limit)}. The axis is logarithmic.{left_out} All runs together took "
        f"{duration(sum(seconds))}.",
    )


def _dots(ran: list[tuple[float, Reading]], low: float, high: float) -> list[Dot]:
    """Dots that would touch go to another lane."""
    ends = dict.fromkeys(_LANES, -1.0)
    dots = []
    for seconds, reading in ran:
        share = (log(seconds) - low) / (high - low)
        lane = next((each for each in _LANES if share - ends[each] > 0.016), _LANES[0])
        ends[lane] = share
        title = f"{reading.result.student}: {count(round(seconds))} s"
        dots.append(Dot(_look(reading), percent(share), lane, title))
    return dots
