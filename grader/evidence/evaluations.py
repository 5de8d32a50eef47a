"""Rebuild every scoring of predictions against labels, outside the student's process."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product

from grader.evidence.headline import FINEST, with_headlines
from grader.evidence.placing import Place, Truth, place, task_of
from grader.model import (
    Evaluation,
    Lab,
    MetricCall,
    Recording,
    Reported,
    TrainerCall,
)
from grader.model.recording import Label

__all__ = ["Truth", "evaluations"]

NAMED_TRUE = re.compile(
    r"true|truth|label|target|actual|gold|(?<![a-z])(?:gt|refs?|references?|y)(?![a-z])", re.I
)
NAMED_PRED = re.compile(r"pred|guess|hypothes|(?<![a-z])(?:hyps?|hat|p)(?![a-z])", re.I)
"""Names of variables that tell labels from predictions where neither could be placed."""

FEWEST_UNPLACED = 20
"""Fewest items of a pair that is known by its names alone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Scene:
    recording: Recording
    lab: Lab
    cell_tasks: Mapping[int, str]
    truth: Truth
    reported: Sequence[Reported]


def evaluations(
    recording: Recording,
    lab: Lab,
    cell_tasks: Mapping[int, str],
    truth: Truth,
    reported: Sequence[Reported] = (),
) -> tuple[Evaluation, ...]:
    """Every evaluation the recording shows, in cell order.

    An evaluation is one pair of label and prediction arrays, however many metrics were computed
    from it: from a ``Trainer`` call, from calls of a metric library, or from arrays in the
    namespace that reproduce a printed accuracy.

    Args:
        recording: What the recorder saw.
        lab: Tasks, with the models and datasets that identify them.
        cell_tasks: Task of each cell, where it could be told.
        truth: Labels the harness served.
        reported: Metrics printed in the same run, for arrays no metric function was called on.
    """
    scene = _Scene(
        recording=recording, lab=lab, cell_tasks=cell_tasks, truth=truth, reported=reported
    )
    found = [*_from_trainer(scene), *_from_calls(scene)]
    found.extend(_from_namespace(scene, found))
    in_order = sorted(found, key=lambda each: -1 if each.cell is None else each.cell)
    return with_headlines(in_order, reported, recording.trainer_calls, lab)


def _from_trainer(scene: _Scene) -> Iterator[Evaluation]:
    for call in scene.recording.trainer_calls:
        if call.method == "train" or not call.rows:
            continue
        y_true, y_pred = _arrays_of(call, scene.recording)
        yield _evaluation(
            scene,
            source=f"trainer.{call.method}",
            cell=call.cell,
            n=call.rows,
            arrays=(y_true, y_pred),
            trainer=call,
        )


def _arrays_of(call: TrainerCall, recording: Recording) -> tuple[str | None, str | None]:
    """Arrays of a trainer call: its own, else those its ``compute_metrics`` scored."""
    if call.y_true is not None:
        return call.y_true, call.y_pred
    inner = [
        each
        for each in recording.metric_calls
        if each.in_trainer and each.cell == call.cell and each.n == call.rows
    ]
    return (inner[-1].y_true, inner[-1].y_pred) if inner else (None, None)


def _from_calls(scene: _Scene) -> Iterator[Evaluation]:
    seen: set[tuple[int | None, str | None, str | None, int | None]] = set()
    for call in scene.recording.metric_calls:
        key = (call.cell, call.y_true, call.y_pred, call.n)
        if call.in_trainer or not call.n or key in seen:
            continue
        seen.add(key)
        yield _evaluation(
            scene,
            source=call.library,
            cell=call.cell,
            n=call.n,
            arrays=_oriented(call, scene),
        )


def _oriented(call: MetricCall, scene: _Scene) -> tuple[str | None, str | None]:
    """Labels first: swapped arguments are turned round when only the second are served labels."""
    first, second = call.y_true, call.y_pred
    if _place(scene, first) is None and _place(scene, second) is not None:
        return second, first
    return first, second


def _from_namespace(scene: _Scene, known: Sequence[Evaluation]) -> Iterator[Evaluation]:
    scored = {frozenset((each.y_true, each.y_pred)) for each in known}
    latest = {each.array: each.cell for each in scene.recording.named}
    placed = {array for array in latest if _place(scene, array) is not None}
    for y_true, y_pred in product(latest, latest):
        pair = frozenset((y_true, y_pred))
        if len(pair) < 2 or pair in scored or not _same_length(scene, y_true, y_pred):
            continue
        if y_true not in placed and not _named_so(scene, y_true, y_pred):
            continue
        cell = max(latest[y_true] or 0, latest[y_pred] or 0)
        candidate = _evaluation(
            scene,
            source="namespace",
            cell=cell,
            n=scene.recording.arrays[y_true].length,
            arrays=(y_true, y_pred),
        )
        if _explains(candidate, scene.reported):
            scored.add(pair)
            yield candidate


def _named_so(scene: _Scene, y_true: str, y_pred: str) -> bool:
    """Whether their names tell labels from predictions, as of a shuffled part of a split."""
    names = {
        side: {each.name for each in scene.recording.named if each.array == side}
        for side in (y_true, y_pred)
    }
    return (
        scene.recording.arrays[y_true].length >= FEWEST_UNPLACED
        and _place(scene, y_pred) is None
        and any(NAMED_TRUE.search(each) and not NAMED_PRED.search(each) for each in names[y_true])
        and any(NAMED_PRED.search(each) for each in names[y_pred])
    )


def _same_length(scene: _Scene, one: str, other: str) -> bool:
    arrays = scene.recording.arrays
    return arrays[one].length == arrays[other].length


def _explains(candidate: Evaluation, reported: Sequence[Reported]) -> bool:
    """Whether a printed accuracy is this pair's, at three or more decimals.

    Two decimals match by chance too often: with 100 pairs, 63 % of invented values would be
    "explained"; with four decimals it is 1 %.
    """
    accuracy = candidate.scores.get("accuracy")
    return accuracy is not None and any(
        number.metric == "accuracy"
        and number.decimals >= 3
        and abs(number.value - accuracy) <= max(0.5 * 10**-number.decimals, FINEST)
        for number in reported
    )


def _evaluation(
    scene: _Scene,
    *,
    source: str,
    cell: int | None,
    n: int,
    arrays: tuple[str | None, str | None],
    trainer: TrainerCall | None = None,
) -> Evaluation:
    y_true, y_pred = arrays
    placed = _place(scene, y_true)
    dataset = (trainer.dataset if trainer else None) or (placed.dataset if placed else None)
    split = (trainer.split if trainer else None) or (placed.split if placed else None)
    labels = scene.recording.labels(y_true)
    model = trainer.model if trainer else None
    task = _task(scene, dataset, labels, cell, model)
    trained_on = _trained_on(scene, trainer, placed)
    return Evaluation(
        task=task,
        cell=cell,
        source=source,
        n=n,
        y_true=y_true,
        y_pred=y_pred,
        classes=len(set(labels)) if labels is not None else None,
        origin=placed.origin if placed else None,
        dataset=dataset,
        split=split,
        is_training_data=trained_on,
        off_task=bool(trained_on)
        or _other_split(scene, task, split)
        or _other_model(scene, task, cell, n),
        model=model or _model(scene, task, cell),
        forward_rows=_forward_rows(scene, task, cell),
        scores=_scores(labels, scene.recording.labels(y_pred)),
    )


def _place(scene: _Scene, array: str | None) -> Place | None:
    return place(scene.recording.labels(array), scene.truth, scene.lab)


def _task(
    scene: _Scene,
    dataset: str | None,
    labels: tuple[Label, ...] | None,
    cell: int | None,
    model: str | None,
) -> str | None:
    for task in scene.lab.tasks:
        if dataset in task.datasets:
            return task.id
    if cell is not None and cell in scene.cell_tasks:
        return scene.cell_tasks[cell]
    for task in scene.lab.tasks:
        if model in task.models:
            return task.id
    return task_of(labels, scene.lab)


def _trained_on(scene: _Scene, trainer: TrainerCall | None, placed: Place | None) -> bool | None:
    if trainer is not None and trainer.is_training_data is not None:
        return trainer.is_training_data
    if placed is None:
        return None
    trained = {
        (call.dataset, call.split)
        for call in scene.recording.trainer_calls
        if call.method == "train"
    }
    return (placed.dataset, placed.split) in trained


def _other_split(scene: _Scene, task: str | None, split: str | None) -> bool:
    return any(each.id == task and split not in (None, each.split) for each in scene.lab.tasks)


def _other_model(scene: _Scene, task: str | None, cell: int | None, n: int) -> bool:
    """Whether only models of other tasks saw images in this cell, and as many as were scored."""
    others = {model for each in scene.lab.tasks if each.id != task for model in each.models}
    own = {model for each in scene.lab.tasks if each.id == task for model in each.models}
    here = [each for each in scene.recording.forwards if each.cell == cell]
    if task is None or any(each.model not in others or each.model in own for each in here):
        return False
    return sum(each.rows for each in here) >= n


def _models_of(scene: _Scene, task: str | None) -> Callable[[str], bool]:
    """Models that may serve a task: its own, and those no other task claims."""
    others = {model for each in scene.lab.tasks if each.id != task for model in each.models}
    own = {model for each in scene.lab.tasks if each.id == task for model in each.models}
    return lambda model: model in own or model not in others


def _model(scene: _Scene, task: str | None, cell: int | None) -> str | None:
    serves = _models_of(scene, task)
    models = {
        each.model
        for each in scene.recording.forwards
        if serves(each.model) and (each.cell or 0) <= (cell or 0)
    }
    return models.pop() if len(models) == 1 else None


def _forward_rows(scene: _Scene, task: str | None, cell: int | None) -> int | None:
    if not scene.recording.complete:
        return None
    serves = _models_of(scene, task)
    return sum(
        each.rows
        for each in scene.recording.forwards
        if not each.training and serves(each.model) and (each.cell or 0) <= (cell or 0)
    )


def _scores(y_true: tuple[Label, ...] | None, y_pred: tuple[Label, ...] | None) -> dict[str, float]:
    """Accuracy, and precision, recall and F1 with macro and weighted averaging.

    Computed by scikit-learn; a class that is never predicted counts as precision 0, the
    library's own default value.
    """
    if y_true is None or y_pred is None or len(y_true) != len(y_pred):
        return {}
    # sklearn takes a second to import; the static check never comes here.
    from sklearn.metrics import accuracy_score, precision_recall_fscore_support

    if len({type(label) for label in (*y_true, *y_pred)}) > 1:
        y_true, y_pred = tuple(map(str, y_true)), tuple(map(str, y_pred))
    scores = {"accuracy": float(accuracy_score(y_true, y_pred))}
    for average in ("macro", "weighted"):
        precision, recall, f1, _ = precision_recall_fscore_support(
            y_true, y_pred, average=average, zero_division=0
        )
        scores[f"precision_{average}"] = float(precision)
        scores[f"recall_{average}"] = float(recall)
        scores[f"f1_{average}"] = float(f1)
    return scores
