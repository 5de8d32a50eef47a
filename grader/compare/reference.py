"""Make the record of the staff's own runs."""

from collections.abc import Iterator, Mapping
from datetime import date
from statistics import fmean

from grader.errors import LabError
from grader.metrics.interval import prediction_interval
from grader.model import (
    Band,
    Evaluation,
    Evidence,
    Lab,
    Machine,
    ReferenceRecord,
    ReferenceRun,
    ReferenceScore,
    ReferenceTask,
    Task,
)

__all__ = ["record"]

MARGIN = 0.03
"""Half-width of the band of a deterministic evaluation: the equivalence margin of zero-shot
scores, within which prompts of the same kind differ."""


def record(
    lab: Lab, runs: Mapping[int, Evidence], machine: Machine, *, on: date
) -> ReferenceRecord:
    """The record of reference runs.

    Args:
        lab: The lab.
        runs: Evidence of each run, by seed; at least three.
        machine: Where they ran.
        on: Day of the runs.

    Raises:
        LabError: If a task was not evaluated in every run, or there are fewer than three.
    """
    if len(runs) < 3:
        raise LabError(f"A reference needs at least 3 runs, not {len(runs)}.")
    evaluated = {
        task.id: [_best(evidence, task, seed) for seed, evidence in runs.items()]
        for task in lab.tasks
    }
    first = next(iter(runs.values()))
    return ReferenceRecord(
        lab=lab.id,
        profile=machine.profile,
        seeds=tuple(runs),
        notebook=first.submission.digest,
        date=on.isoformat(),
        machine=machine,
        tasks=tuple(_task(task, evaluated[task.id][0]) for task in lab.tasks),
        scores=tuple(score for task in lab.tasks for score in _scores(task, evaluated[task.id])),
        runs=tuple(_run(lab, seed, evidence) for seed, evidence in runs.items()),
    )


def _best(evidence: Evidence, task: Task, seed: int) -> Evaluation:
    best = evidence.best(task.id)
    if best is None or not best.scores:
        raise LabError(f"The reference run with seed {seed} did not evaluate task {task.id!r}.")
    return best


def _run(lab: Lab, seed: int, evidence: Evidence) -> ReferenceRun:
    best = tuple(_best(evidence, task, seed) for task in lab.tasks)
    names = {name for each in best for name in (each.y_true, each.y_pred)}
    arrays = evidence.recording.arrays
    return ReferenceRun(
        seed=seed,
        evaluations=best,
        arrays={name: array for name, array in arrays.items() if name in names},
    )


def _task(task: Task, best: Evaluation) -> ReferenceTask:
    return ReferenceTask(
        task=task.id, model=best.model, dataset=best.dataset, split=best.split, n=best.n
    )


def _scores(task: Task, runs: list[Evaluation]) -> Iterator[ReferenceScore]:
    for metric in task.metrics:
        for average in (None,) if metric == "accuracy" else ("macro", "weighted"):
            name = metric if average is None else f"{metric}_{average}"
            values = tuple(run.scores[name] for run in runs)
            yield ReferenceScore(
                task=task.id,
                metric=metric,
                average=average,
                values=values,
                band=_band(values, runs[0].n, trained=task.trained),
            )


def _band(values: tuple[float, ...], n: int, *, trained: bool) -> Band:
    """Prediction interval for the next run of a trained model, else a fixed margin.

    The interval is that of ``grader.metrics.interval``, clipped to [0, 1].
    """
    if trained:
        found = prediction_interval(values)
        low, high, method = found.low, found.high, found.method
    else:
        centre = fmean(values)
        low, high = centre - MARGIN, centre + MARGIN
        method = f"mean of {len(values)} runs plus or minus {MARGIN} (equivalence margin)"
    return Band(
        low=max(0.0, low),
        high=min(1.0, high),
        n=n,
        runs=len(values),
        method=method,
    )
