"""One result as one audience may read it."""

import re

from msgspec import Struct

from grader.model import (
    Audience,
    Comparison,
    Confidence,
    CriterionGrade,
    Evaluation,
    Finding,
    Result,
    Task,
    Verdict,
)
from grader.report.context import Context

__all__ = ["Anchors", "Reading", "Shown", "may_see", "read", "task_name"]


_HEADLINES = frozenset({"accuracy", "bleu4", "vqa_accuracy"})
"""Metrics that stand for a task where it has them."""


class Anchors:
    """Hands out ids, each once on a page; a second use of a name gets an ordinal."""

    def __init__(self) -> None:
        self._given: dict[str, int] = {}

    def give(self, name: str) -> str:
        """An id made of this name."""
        base = re.sub(r"[^A-Za-z0-9_-]+", "-", name).strip("-") or "item"
        ordinal = self._given.get(base, 0) + 1
        self._given[base] = ordinal
        if ordinal == 1:
            return base
        return self.give(f"{base}-{ordinal}")


class Shown(Struct, frozen=True, kw_only=True):
    """A finding with its place on the page and the criteria it decided."""

    finding: Finding
    anchor: str
    criteria: tuple[CriterionGrade, ...]

    @property
    def lost(self) -> float:
        """Points not earned in the criteria it decided."""
        return sum(
            each.max_points - each.points for each in self.criteria if each.points is not None
        )

    @property
    def waiting(self) -> float:
        """Points that wait for a person to look at it."""
        return sum(
            each.max_points for each in self.criteria if each.points is None and not each.manual
        )


class Reading(Struct, frozen=True, kw_only=True):
    """Everything the sections of one page are made from."""

    result: Result
    context: Context
    audience: Audience
    shown: tuple[Shown, ...]

    def comparisons(self, task: str) -> tuple[Comparison, ...]:
        """The comparisons of a task, in lab order."""
        entries = self.result.comparisons.entries if self.result.comparisons else ()
        return tuple(entry for entry in entries if entry.task == task)

    def headline(self, task: str) -> Comparison | None:
        """The comparison a task is summed up by, else that of its first metric."""
        entries = self.comparisons(task)
        named = (entry for entry in entries if entry.metric in _HEADLINES)
        return next(named, entries[0] if entries else None)

    def best(self, task: str) -> Evaluation | None:
        """The evaluation a task is judged by."""
        return self.result.evidence.best(task) if self.result.evidence else None

    def of_task(self, task: str | None) -> tuple[Shown, ...]:
        """Findings of a task; with ``None``, those that belong to no task of the lab."""
        known = {each.id for each in self.context.lab.tasks}
        return tuple(
            each
            for each in self.shown
            if each.finding.task == task or (task is None and each.finding.task not in known)
        )

    def shown_for(self, finding: Finding) -> Shown | None:
        """The place of a finding on this page, if this audience sees it."""
        return next((each for each in self.shown if each.finding == finding), None)


def may_see(finding: Finding, audience: Audience) -> bool:
    """Whether a finding is for these eyes: a student sees no hint and no flaw of the course."""
    hidden = finding.confidence is Confidence.HINT or finding.from_starter
    return audience == "reviewer" or not hidden


def read(result: Result, context: Context, audience: Audience) -> Reading:
    """Choose what is shown and give every finding its anchor."""
    anchors = Anchors()
    # Hidden ones take an anchor too, so that links agree between the pages of both audiences.
    placed = [(finding, anchors.give(finding.code)) for finding in _findings(result)]
    shown = tuple(
        Shown(finding=finding, anchor=anchor, criteria=_decided(result, finding))
        for finding, anchor in placed
        if may_see(finding, audience)
    )
    return Reading(result=result, context=context, audience=audience, shown=shown)


def _findings(result: Result) -> list[Finding]:
    detected = result.detection.findings if result.detection else ()
    graded = [each for entry in _criteria(result) for each in entry.findings]
    return list(dict.fromkeys([*detected, *graded]))


def _decided(result: Result, finding: Finding) -> tuple[CriterionGrade, ...]:
    return tuple(
        entry
        for entry in _criteria(result)
        if finding in entry.findings and entry.verdict is not Verdict.MET
    )


def _criteria(result: Result) -> tuple[CriterionGrade, ...]:
    return result.grade.criteria if result.grade else ()


def task_name(task: Task) -> str:
    """The task in a word, spelled as its title does: ``ViT`` for "Task 1: evaluate ViT"."""
    for keyword in task.keywords:
        found = re.search(rf"\b{re.escape(keyword)}\b", task.title, re.IGNORECASE)
        if found:
            return found[0]
    return task.title
