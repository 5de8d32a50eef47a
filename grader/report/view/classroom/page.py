"""The whole class page."""

from msgspec import Struct

from grader.model import Confidence, Outcome
from grader.report.text import count, listing, plural, points
from grader.report.view.against import warnings
from grader.report.view.classroom.distribution import (
    Histogram,
    Times,
    histogram,
    outcomes,
    run_times,
)
from grader.report.view.classroom.group import FINISHED, Group
from grader.report.view.classroom.queues import (
    Again,
    Decided,
    Decision,
    decided,
    decisions,
    runs_to_repeat,
)
from grader.report.view.classroom.summary import (
    CriterionBar,
    Detectors,
    StarterFlaw,
    criteria,
    detectors,
    starter,
)
from grader.report.view.classroom.table import Row, columns, table

__all__ = ["ClassPage", "class_view"]


class ClassPage(Struct, frozen=True, kw_only=True):
    """What ``class.html.j2`` reads. Sections without data are left out."""

    title: str
    lab: str
    version: int
    profile: str
    grader_version: str
    date: str
    size: str
    state: str
    tally: tuple[tuple[str, str], ...]
    warnings: tuple[str, ...]
    """What makes the reference doubtful, each once."""

    decisions: tuple[Decision, ...]
    again: tuple[Again, ...]
    decided: tuple[Decided, ...]
    histogram: Histogram | None
    outcomes: tuple[tuple[str, int, str], ...]
    times: Times | None
    columns: tuple[str, ...]
    rows: tuple[Row, ...]
    detectors: Detectors
    criteria: tuple[CriterionBar, ...]
    starter: tuple[StarterFlaw, ...]

    @property
    def toc(self) -> tuple[tuple[str, str], ...]:
        """Anchor and title of every section present."""
        sections = (
            ("queue", "Decide first", self.decisions),
            ("again", "Run again", self.again),
            ("reference", "Reference", self.warnings),
            ("check", "Decided without you", self.decided),
            ("distribution", "Points and outcomes", self.rows),
            ("all", "All submissions", True),
            ("detectors", "Findings by detector", self.detectors.rows),
            ("criteria", "Criteria", self.rows),
            ("starter", "Starter flaws", self.starter),
            ("labels", "What the labels mean", True),
        )
        return tuple((anchor, title) for anchor, title, present in sections if present)


def class_view(group: Group) -> ClassPage:
    """Compose the page."""
    context = group.context
    queue, again = decisions(group), runs_to_repeat(group)
    bars = histogram(group)
    return ClassPage(
        title=context.lab.title,
        lab=context.lab.id,
        version=context.lab.version,
        profile=context.profile,
        grader_version=context.grader_version,
        date=context.date,
        size=plural(len(group.readings), "submission"),
        state=_state(group),
        tally=tuple(_tally(group, queue, again, bars)),
        warnings=tuple(
            dict.fromkeys(each for one in group.readings for each in warnings(one.result))
        ),
        decisions=queue,
        again=again,
        decided=decided(group),
        histogram=bars,
        outcomes=outcomes(group),
        times=run_times(group),
        columns=columns(group),
        rows=table(group),
        detectors=detectors(group),
        criteria=criteria(group),
        starter=starter(group),
    )


def _state(group: Group) -> str:
    if not group.readings:
        return "There is no submission yet."
    kinds = [reading.result.outcome for reading in group.readings]
    graded, waiting = kinds.count(Outcome.GRADED), kinds.count(Outcome.NEEDS_REVIEW)
    ended = sum(kind not in FINISHED for kind in kinds)
    verb = "is" if graded == 1 else "are"
    of = plural(len(kinds), "submission")
    parts = [f"{graded} of {of} {verb} graded as far as a program can"]
    if waiting:
        verb = "waits" if waiting == 1 else "wait"
        parts.append(f"{waiting} {verb} for a decision from you")
    if ended:
        parts.append(f"{ended} did not finish")
    return f"{listing(parts)}."


def _tally(
    group: Group, queue: tuple[Decision, ...], again: tuple[Again, ...], bars: Histogram | None
) -> list[tuple[str, str]]:
    waiting = sum(each.points * len(each.who) for each in queue)
    machine = sum(each.outcome != Outcome.TIMEOUT.value for each in again)
    entries = [
        (count(len(queue)), f"to decide, {points(waiting)} points wait"),
        (count(len(again)), f"to run again, {machine} by a machine fault"),
        (count(_to_read(group)), "with texts to read"),
        (count(_invalid(group)), "with an evaluation that is certainly invalid"),
    ]
    if bars:
        whole = points(group.context.lab.max_score)
        entries.append((bars.median, f"median of the points decided so far, of {whole}"))
    return entries


def _to_read(group: Group) -> int:
    return sum(
        any(entry.manual and entry.points is None for entry in reading.result.grade.criteria)
        for reading in group.readings
        if reading.result.grade
    )


def _invalid(group: Group) -> int:
    return sum(
        any(
            each.finding.severity == "invalid"
            and each.finding.confidence is Confidence.CERTAIN
            and not each.finding.from_starter
            for each in reading.shown
        )
        for reading in group.readings
    )
