"""Findings by detector, criteria, and flaws of the starter notebook."""

from collections import Counter

from msgspec import Struct

from grader.model import SEVERITIES, Criterion, Verdict
from grader.report.charts import Segment, segments
from grader.report.text import plural
from grader.report.view.classroom.group import Group
from grader.report.view.excerpt import Excerpt, excerpts, place
from grader.report.view.reading import Reading, Shown

__all__ = ["CriterionBar", "Detectors", "MapRow", "StarterFlaw", "criteria", "detectors", "starter"]

UNASSESSED = "x"
_KINDS = ("met", "part", "not", "wait", "unk")
_SHORT = {Verdict.MET: "met", Verdict.NEEDS_REVIEW: "wait", Verdict.NOT_ASSESSED: "unk"}


class MapRow(Struct, frozen=True):
    """One detector: per submission a severity, nothing, or ``x`` for not assessed."""

    code: str
    name: str
    cells: tuple[str, ...]
    total: int


class Detectors(Struct, frozen=True):
    """The detectors that reported something."""

    rows: tuple[MapRow, ...]
    silent: str
    """How many reported nothing."""

    allowed: str
    """How many findings a comment in the notebook asks to be silent about."""


class CriterionBar(Struct, frozen=True, kw_only=True):
    """How many submissions met a criterion."""

    title: str
    segments: tuple[Segment, ...]
    counts: tuple[int, ...]
    """Met, partly, not met, waiting, not assessed."""


class StarterFlaw(Struct, frozen=True, kw_only=True):
    """A finding in lines the course wrote."""

    shown: Shown
    place: str
    seen: str
    excerpts: tuple[Excerpt, ...]


def detectors(group: Group) -> Detectors:
    """One row per detector with a finding, the gravest first."""
    names = {
        each.finding.code: each.finding.name
        for reading in group.readings
        for each in reading.shown
        if not each.finding.from_starter
    }
    rows = [_map_row(code, name, group) for code, name in names.items()]
    rows.sort(key=lambda row: (min(map(_rank, row.cells)), -row.total, row.code))
    quiet = {
        name
        for reading in group.readings
        if reading.result.detection
        for name in reading.result.detection.clear
    } - set(names.values())
    silent = f"{plural(len(quiet), 'further detector')} reported nothing." if quiet else ""
    return Detectors(tuple(rows), silent, _allowed(group))


def _allowed(group: Group) -> str:
    counts = Counter(
        reading.result.student
        for reading in group.readings
        for each in reading.shown
        if each.finding.allowed
    )
    if not counts:
        return ""
    found, books = plural(counts.total(), "finding"), plural(len(counts), "notebook")
    return f"Comments in {books} ask for silence about {found}; all are shown and counted."


def _map_row(code: str, name: str, group: Group) -> MapRow:
    cells = tuple(_cell(code, reading) for reading in group.readings)
    return MapRow(code, name, cells, sum(cell not in ("", UNASSESSED) for cell in cells))


def _cell(code: str, reading: Reading) -> str:
    found = [
        each.finding.severity
        for each in reading.shown
        if each.finding.code == code and not each.finding.from_starter
    ]
    if found:
        return min(found, key=_rank)
    detection = reading.result.detection
    if detection is None or any(each.code == code for each in detection.unassessed):
        return UNASSESSED
    return ""


def _rank(severity: str) -> int:
    return next((i for i, each in enumerate(SEVERITIES) if each == severity), len(SEVERITIES))


def criteria(group: Group) -> tuple[CriterionBar, ...]:
    """One bar per criterion, the most often missed first."""
    bars = [_bar(criterion, group) for criterion in group.context.lab.criteria]
    return tuple(sorted(bars, key=lambda bar: (-bar.counts[2], -bar.counts[1], -bar.counts[3])))


def _bar(criterion: Criterion, group: Group) -> CriterionBar:
    tally = Counter(_kind(criterion.id, reading) for reading in group.readings)
    counts = tuple(tally[kind] for kind in _KINDS)
    parts = [(f"k-{kind}", float(tally[kind])) for kind in _KINDS]
    task = next((each for each in group.context.lab.tasks if each.id == criterion.task), None)
    title = f"{task.title.partition(':')[0]}: {criterion.title}" if task else criterion.title
    return CriterionBar(
        title=title, segments=segments(parts, float(len(group.readings))), counts=counts
    )


def _kind(criterion: str, reading: Reading) -> str:
    grade = reading.result.grade
    for entry in grade.criteria if grade else ():
        if entry.criterion == criterion:
            partly = entry.points is not None and 0 < entry.points < entry.max_points
            return "part" if partly else _SHORT.get(entry.verdict, "not")
    return "unk"


def starter(group: Group) -> tuple[StarterFlaw, ...]:
    """Findings in the starter notebook, the most frequent first."""
    seen: dict[tuple[str, str], list[tuple[Shown, Reading]]] = {}
    for reading in group.readings:
        for each in reading.shown:
            if each.finding.from_starter:
                key = (each.finding.code, each.finding.message)
                seen.setdefault(key, []).append((each, reading))
    groups = sorted(seen.values(), key=len, reverse=True)
    whole = sum(reading.result.detection is not None for reading in group.readings)
    return tuple(_flaw(members, whole) for members in groups)


def _flaw(members: list[tuple[Shown, Reading]], whole: int) -> StarterFlaw:
    shown, reading = members[0]
    return StarterFlaw(
        shown=shown,
        place=place(shown.finding),
        seen=f"unchanged in {len(members)} of {plural(whole, 'notebook')}",
        excerpts=excerpts(shown.finding, reading.result.evidence),
    )
