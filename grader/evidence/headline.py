"""Which of several evaluations of a task is the one its notebook reports."""

from collections import defaultdict
from collections.abc import Mapping, Sequence

from grader.evidence.rounding import FINEST
from grader.model import (
    Evaluation,
    Lab,
    MetricName,
    Reported,
    Task,
    TrainerCall,
    metric_of,
)

__all__ = ["with_headlines"]


def with_headlines(
    evaluations: Sequence[Evaluation],
    reported: Sequence[Reported],
    calls: Sequence[TrainerCall],
    lab: Lab,
) -> tuple[Evaluation, ...]:
    """The same evaluations, the headline of each task marked.

    On the task's own split and on enough items first; of those the one whose metrics the notebook
    prints. A baseline, a check with shuffled labels, a bootstrap or a second model stands beside
    it and is no worse for being printed later.

    Args:
        evaluations: All of them.
        reported: Metrics printed in the same run.
        calls: What a trainer returned, for evaluations whose arrays are unknown.
        lab: Its tasks say how many items are enough.
    """
    of_task: dict[str | None, list[Evaluation]] = defaultdict(list)
    for each in evaluations:
        of_task[each.task].append(each)
    best = []
    for task in lab.tasks:
        ranked = [(_rank(each, reported, calls, task), each) for each in of_task[task.id]]
        best += [each for rank, each in ranked if rank == max(rank for rank, _ in ranked)][-1:]
    return tuple(
        each.model_copy(update={"headline": True}) if any(each is one for one in best) else each
        for each in evaluations
    )


def _rank(
    each: Evaluation, reported: Sequence[Reported], calls: Sequence[TrainerCall], task: Task
) -> tuple[float, ...]:
    scores = _returned(each, calls) | each.scores
    explained = sum(_is_printed(metric, scores, reported, task) for metric in task.metrics)
    return (
        not each.off_task,
        min(each.n, task.min_n),
        explained,
        each.dataset is not None,
        each.n,
        scores.get("accuracy", scores.get(task.metrics[0], -1.0)),
        -1 if each.cell is None else each.cell,
    )


def _returned(each: Evaluation, calls: Sequence[TrainerCall]) -> dict[str, float]:
    """Scores of a trainer call by metric, ``eval_f1`` as ``f1``."""
    return {
        name.partition("_")[2]: value
        for call in calls
        if (call.cell, f"trainer.{call.method}", call.rows) == (each.cell, each.source, each.n)
        for name, value in call.metrics.items()
    }


def _is_printed(
    metric: MetricName, scores: Mapping[str, float], reported: Sequence[Reported], task: Task
) -> bool:
    values = [value for name, value in scores.items() if metric_of(name) == metric]
    return any(
        abs(value - number.value) <= max(10.0**-number.decimals, FINEST)
        for number in reported
        if number.metric == metric and number.task in (None, task.id)
        for value in values
    )
