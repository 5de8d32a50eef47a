"""What a submission shows of its tasks, for comparing it with the others of its class."""

import re
from collections.abc import Iterator

from grader.model import Evidence, Figure, FigureKind, Lab, Node, Peer, PeerResult, Task
from grader.patterns import regex

__all__ = ["peer_of"]

DECIMALS = 4
"""Fewest decimals of a number by which two runs are told apart."""

SEEDED = regex(r"seed|random_state|deterministic", re.I)
"""What code says that makes two runs alike."""

SAMPLES = regex(r"do_sample\s{0,4}=\s{0,4}True")

MOST_ANSWERS = 2_000
"""First predictions kept of a task; a class has hundreds of submissions."""


def peer_of(evidence: Evidence, lab: Lab) -> Peer:
    """The submission as the others of its class are compared with it."""
    results = tuple(_result(evidence, task) for task in lab.tasks)
    return Peer(submission=evidence.submission.digest, results=results)


def _result(evidence: Evidence, task: Task) -> PeerResult:
    judged_by = evidence.best(task.id)
    labels = judged_by.y_true if judged_by is not None else None
    predictions = judged_by.y_pred if judged_by is not None else None
    answers = evidence.recording.labels(predictions)
    return PeerResult(
        task=task.id,
        by_chance=_by_chance(evidence, task),
        scores=_printed(evidence, task, "score"),
        losses=_printed(evidence, task, "loss"),
        errors=_errors(evidence, task),
        work=tuple(dict.fromkeys(_work(evidence, task))),
        labels=labels,
        predictions=predictions,
        answers=answers[:MOST_ANSWERS] if answers is not None else None,
    )


def _by_chance(evidence: Evidence, task: Task) -> bool:
    sources = [cell.source for cell in evidence.submission.code_cells]
    if any(SEEDED.search(source) for source in sources):
        return False
    mine = {cell for cell, owner in evidence.cell_tasks.items() if owner == task.id}
    sampled = any(
        cell.index in mine and SAMPLES.search(cell.source)
        for cell in evidence.submission.code_cells
    )
    return sampled or any(node.cell in mine and _trains(node) for node in evidence.source.nodes)


def _trains(node: Node) -> bool:
    """Whether a call follows gradients; a solver of scikit-learn gives the same every time."""
    trainer = node.name.rpartition(".")[2].endswith("Trainer")
    return node.kind == "call" and (trainer or node.name == ".backward")


def _printed(evidence: Evidence, task: Task, kind: FigureKind) -> tuple[str, ...]:
    found = {
        f"{each.metric or each.name} {each.printed}"
        for each in _saved(evidence, task)
        if each.kind == kind and each.decimals >= DECIMALS and 0 < each.value != 1
    }
    return tuple(sorted(found))


def _saved(evidence: Evidence, task: Task) -> Iterator[Figure]:
    starter = {cell.index for cell in evidence.submission.cells if cell.from_starter}
    for each in evidence.figures:
        place = each.place
        if place.source == "saved" and each.task == task.id and place.cell not in starter:
            yield each


def _errors(evidence: Evidence, task: Task) -> int | None:
    """Wrong answers by the saved accuracy whose items are known, the most there are."""
    found = [
        round((1 - each.value) * each.n)
        for each in _saved(evidence, task)
        if each.metric == "accuracy" and each.n and 0 <= each.value <= 1
    ]
    return max(found, default=None)


def _work(evidence: Evidence, task: Task) -> Iterator[str]:
    """Trainings that were recorded, but for those in cells of other tasks."""
    recording = evidence.recording
    others = {cell for cell, owner in evidence.cell_tasks.items() if owner != task.id}
    for each in recording.training:
        if each.cell not in others:
            yield f"{each.optimiser} {each.steps} steps of {each.model or 'a model'}"
    for call in recording.trainer_calls:
        if call.cell not in others and call.method == "train":
            yield f"Trainer {call.steps} steps of {call.model or 'a model'}"
