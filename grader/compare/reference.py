"""Make the record of the staff's own runs."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Any

import numpy as np
from msgspec import Struct, field

from grader.compare.bands import band
from grader.compare.items import Scored, Served
from grader.compare.prompts import prompts
from grader.errors import LabError
from grader.metrics.agreement import agreement
from grader.metrics.classification import confusion
from grader.model import (
    METRICS,
    ClassFigures,
    Evidence,
    Lab,
    Label,
    Machine,
    MetricName,
    Published,
    ReferenceRecord,
    ReferenceRun,
    ReferenceScore,
    ReferenceTask,
    Span,
    Task,
    TaskKind,
)

__all__ = [
    "FEWEST",
    "Circumstances",
    "Texts",
    "answers_of",
    "judged",
    "record",
    "served",
    "spelled",
]

FEWEST = 3
"""Fewest runs a band over seeds is made of."""


Texts = Mapping[TaskKind, Served]
"""What each row says in truth, by kind of task: captions, answers."""


class Circumstances(Struct, frozen=True, kw_only=True):
    """Where, when and with what the staff notebook ran."""

    machine: Machine
    """Of the first run."""

    on: date
    """Day of the runs."""

    cpu: str | None = None
    """Processor's model."""

    revisions: Mapping[str, str] = field(default_factory=dict)
    """Commits of what was downloaded, by id."""

    published: Sequence[Published] = ()
    """Figures to stand beside those measured."""

    texts: Texts = field(default_factory=dict)
    """Captions and answers served."""

    seconds: Mapping[int, float] = field(default_factory=dict)
    """Wall time of each run, by seed."""


def record(lab: Lab, runs: Mapping[int, Evidence], under: Circumstances) -> ReferenceRecord:
    """The record of reference runs.

    Args:
        lab: The lab.
        runs: Evidence of each run, by seed; at least three.
        under: Where, when and with what they ran.

    Raises:
        LabError: If a task was not evaluated in every run, a metric of it could not be computed,
            or there are fewer than three runs.
    """
    if len(runs) < FEWEST:
        raise LabError(f"A reference needs at least {FEWEST} runs, not {len(runs)}.")
    scored = {
        task.id: [judged(evidence, task, seed, under.texts) for seed, evidence in runs.items()]
        for task in lab.tasks
    }
    first = next(iter(runs.values()))
    return ReferenceRecord(
        lab=lab.id,
        profile=under.machine.profile,
        seeds=tuple(runs),
        notebook=first.submission.digest,
        date=under.on.isoformat(),
        machine=under.machine,
        cpu=under.cpu,
        lab_version=lab.version,
        assets=served(lab, under.revisions),
        tasks=tuple(_task(task, scored[task.id], first) for task in lab.tasks),
        scores=tuple(each for task in lab.tasks for each in _scores(task, scored[task.id])),
        published=tuple(under.published),
        runs=tuple(_runs(lab, runs, under)),
    )


def judged(evidence: Evidence, task: Task, seed: int, texts: Texts) -> Scored:
    """The evaluation a run's task is judged by.

    Raises:
        LabError: If there is none, or one of the task's metrics is unknown.
    """
    best = evidence.best(task.id)
    if best is None or not best.scores:
        raise LabError(f"The reference run with seed {seed} did not evaluate task {task.id!r}.")
    missing = [
        name for metric in task.metrics for name in _names(metric) if name not in best.scores
    ]
    if missing:
        raise LabError(
            f"The reference run with seed {seed} gives no {', '.join(missing)} of task {task.id!r}."
        )
    return Scored(
        evaluation=best, task=task, recording=evidence.recording, served=texts.get(task.kind, {})
    )


def served(lab: Lab, revisions: Mapping[str, str]) -> dict[str, str]:
    """What identifies each asset: the commit it was downloaded at, else its declared digest."""
    declared = {each.id: getattr(each, lab.profile).digest for each in lab.assets}
    known = {name: revisions.get(name) or digest for name, digest in declared.items()}
    return {name: said for name, said in known.items() if said}


def spelled(metric: str, average: str | None) -> str:
    """Name of a metric among the scores of an evaluation."""
    return metric if average is None else f"{metric}_{average}"


def _averages(metric: MetricName) -> tuple[str | None, ...]:
    return ("macro", "weighted") if METRICS[metric].averaged else (None,)


def _names(metric: MetricName) -> list[str]:
    return [spelled(metric, average) for average in _averages(metric)]


def _runs(lab: Lab, runs: Mapping[int, Evidence], under: Circumstances) -> Iterator[ReferenceRun]:
    kept: set[str] = set()
    for seed, evidence in runs.items():
        best = tuple(judged(evidence, task, seed, under.texts).evaluation for task in lab.tasks)
        named = {name for each in best for name in (each.y_true, each.y_pred, *each.references)}
        arrays = {
            name: array for name, array in evidence.recording.arrays.items() if name in named - kept
        }
        kept |= arrays.keys()
        yield ReferenceRun(
            seed=seed, evaluations=best, arrays=arrays, seconds=under.seconds.get(seed)
        )


def _task(task: Task, runs: list[Scored], evidence: Evidence) -> ReferenceTask:
    best = runs[0].evaluation
    return ReferenceTask(
        task=task.id,
        model=best.model,
        dataset=best.dataset,
        split=best.split,
        n=best.n,
        trained=task.trained,
        prompts=prompts(evidence, task.id, best.cell),
        items=_difficulty(runs),
        **_agreement(runs),
        **_classes(task, runs),
    )


def _difficulty(runs: list[Scored]) -> dict[MetricName, tuple[float, ...]]:
    """Mean over the runs of each item's value, where all runs scored the same items."""
    if not _same_items(runs):
        return {}
    shared = [metric for metric in runs[0].items if all(metric in run.items for run in runs)]
    means = {metric: np.mean([run.items[metric] for run in runs], axis=0) for metric in shared}
    return {metric: tuple(round(float(each), 6) for each in means[metric]) for metric in shared}


def _same_items(runs: list[Scored]) -> bool:
    """Whether all runs scored the same items, as far as labels and shapes tell."""
    return len({_items_of(run) for run in runs}) == 1


def _items_of(run: Scored) -> tuple[object, ...]:
    lengths = tuple((metric, len(values)) for metric, values in run.items.items())
    return run.evaluation.y_true, run.evaluation.references, run.evaluation.n, lengths


def _agreement(runs: list[Scored]) -> dict[str, Any]:
    """How alike the runs answer: by their answers, else by what each item scored."""
    answers = [answers_of(run) for run in runs]
    if not _same_items(runs) or not all(answers):
        return {"exact": None, "same": None}
    same = min(agreement(answers[0], other).share for other in answers[1:])
    return {"exact": same == 1.0, "same": same}


def answers_of(run: Scored) -> tuple[Label, ...]:
    """Answer to each item, or what each item scored; empty where neither is known."""
    said = run.recording.labels(run.evaluation.y_pred)
    return said or tuple(
        f"{metric} {value:.4f}" for metric in sorted(run.items) for value in run.items[metric]
    )


def _classes(task: Task, runs: list[Scored]) -> dict[str, Any]:
    """Confusion over all runs, and what follows for each class."""
    found = [run.labels for run in runs if run.labels is not None]
    if task.kind != "classification" or len(found) < len(runs):
        return {}
    occurring = {label for sides in found for side in sides for label in side}
    if len({type(label) for label in occurring}) > 1:
        return {}
    labels = sorted(occurring, key=lambda each: (each if isinstance(each, int) else 0, str(each)))
    counts = np.sum([confusion(*sides, labels).counts for sides in found], axis=0)
    true, predicted, right = counts.sum(axis=1), counts.sum(axis=0), counts.diagonal()
    figures = tuple(
        ClassFigures(
            label=label,
            name=_name(task, label),
            n=int(true[row]) // len(runs),
            recall=int(right[row]) / int(true[row]) if true[row] else None,
            precision=int(right[row]) / int(predicted[row]) if predicted[row] else None,
        )
        for row, label in enumerate(labels)
    )
    return {"classes": figures, "confusion": tuple(tuple(map(int, row)) for row in counts)}


def _name(task: Task, label: Label) -> str:
    known = isinstance(label, int) and 0 <= label < len(task.class_names)
    return task.class_names[label] if known and isinstance(label, int) else str(label)


def _scores(task: Task, runs: list[Scored]) -> Iterator[ReferenceScore]:
    n = tuple(run.evaluation.n for run in runs)
    for metric in task.metrics:
        for average in _averages(metric):
            values = tuple(run.evaluation.scores[spelled(metric, average)] for run in runs)
            yield ReferenceScore(
                task=task.id,
                metric=metric,
                average=average,
                values=values,
                band=band(task, metric, values, n[0]),
                n=n,
                intervals=_spans(runs, metric, average),
            )


def _spans(runs: list[Scored], metric: MetricName, average: str | None) -> tuple[Span | None, ...]:
    """One a run; runs with the same answers share theirs, which takes a thousand samples."""
    known: dict[tuple[object, ...], Span | None] = {}
    for run in runs:
        if run.key not in known:
            known[run.key] = run.span(metric, average)
    return tuple(known[run.key] for run in runs)
