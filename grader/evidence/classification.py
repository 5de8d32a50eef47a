"""Evaluations of classifications: pairs of label and prediction arrays."""

import re
from collections.abc import Iterator, Sequence
from itertools import product

from grader.evidence.questions import is_answering
from grader.evidence.rounding import same_number
from grader.evidence.scene import FEWEST_DECIMALS, FEWEST_UNPLACED, Scene, Scored
from grader.evidence.similarity import top5_accuracy
from grader.model import Evaluation, Label, MetricCall, Recording, Reported, TrainerCall
from grader.patterns import regex

__all__ = ["classifications"]

NAMED_TRUE = regex(
    r"true|truth|label|target|actual|gold|(?<![a-z])(?:gt|refs?|references?|y)(?![a-z])", re.I
)
NAMED_PRED = regex(r"pred|guess|hypothes|(?<![a-z])(?:hyps?|hat|p)(?![a-z])", re.I)
"""Names of variables that tell labels from predictions where neither could be placed."""


def classifications(scene: Scene) -> list[Evaluation]:
    """From the trainer, from calls of metric libraries, and from the namespace."""
    found = [*_from_trainer(scene), *_from_calls(scene)]
    found.extend(_from_namespace(scene, found))
    return found


def _from_trainer(scene: Scene) -> Iterator[Evaluation]:
    for call in scene.recording.trainer_calls:
        if call.method == "train" or not call.rows:
            continue
        yield _evaluation(
            scene,
            source=f"trainer.{call.method}",
            cell=call.cell,
            n=call.rows,
            arrays=_arrays_of(call, scene.recording),
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


def _from_calls(scene: Scene) -> Iterator[Evaluation]:
    seen: set[tuple[int | None, str | None, str | None, int | None]] = set()
    for call in scene.recording.metric_calls:
        key = (call.cell, call.y_true, call.y_pred, call.n)
        if call.in_trainer or not call.n or key in seen or is_answering(scene, call):
            continue
        seen.add(key)
        yield _evaluation(
            scene,
            source=call.library,
            cell=call.cell,
            n=call.n,
            arrays=_oriented(call, scene),
        )


def _oriented(call: MetricCall, scene: Scene) -> tuple[str | None, str | None]:
    """Labels first: swapped arguments are turned round when only the second are served labels."""
    first, second = call.y_true, call.y_pred
    if scene.place(first) is None and scene.place(second) is not None:
        return second, first
    return first, second


def _from_namespace(scene: Scene, known: Sequence[Evaluation]) -> Iterator[Evaluation]:
    scored = {frozenset((each.y_true, each.y_pred)) for each in known}
    latest = {each.array: each.cell for each in scene.recording.named}
    placed = {array for array in latest if scene.place(array) is not None}
    for y_true, y_pred in product(latest, latest):
        pair = frozenset((y_true, y_pred))
        if len(pair) < 2 or pair in scored or not _same_length(scene, y_true, y_pred):
            continue
        if y_true not in placed and not _named_so(scene, y_true, y_pred):
            continue
        candidate = _evaluation(
            scene,
            source="namespace",
            cell=max(latest[y_true] or 0, latest[y_pred] or 0),
            n=scene.recording.arrays[y_true].length,
            arrays=(y_true, y_pred),
        )
        if _explains(candidate, scene.reported):
            scored.add(pair)
            yield candidate


def _named_so(scene: Scene, y_true: str, y_pred: str) -> bool:
    """Whether their names tell labels from predictions, as of a shuffled part of a split."""
    return (
        scene.recording.arrays[y_true].length >= FEWEST_UNPLACED
        and scene.place(y_pred) is None
        and any(
            NAMED_TRUE.search(each) and not NAMED_PRED.search(each) for each in scene.names(y_true)
        )
        and any(NAMED_PRED.search(each) for each in scene.names(y_pred))
    )


def _same_length(scene: Scene, one: str, other: str) -> bool:
    arrays = scene.recording.arrays
    return arrays[one].length == arrays[other].length


def _explains(candidate: Evaluation, reported: Sequence[Reported]) -> bool:
    """Whether a printed accuracy is this pair's, at three or more decimals."""
    accuracy = candidate.scores.get("accuracy")
    return accuracy is not None and any(
        number.metric == "accuracy"
        and number.decimals >= FEWEST_DECIMALS
        and same_number(accuracy, number)
        for number in reported
    )


def _evaluation(
    scene: Scene,
    *,
    source: str,
    cell: int | None,
    n: int,
    arrays: tuple[str | None, str | None],
    trainer: TrainerCall | None = None,
) -> Evaluation:
    y_true, y_pred = arrays
    labels, guesses = scene.recording.labels(y_true), scene.recording.labels(y_pred)
    found = scene.evaluation(
        Scored(
            kind="classification",
            source=source,
            cell=cell,
            n=n,
            y_true=y_true,
            y_pred=y_pred,
            place=scene.place(y_true),
            trainer=trainer,
            scores=_scores(labels, guesses),
        )
    )
    return _with_top5(scene, found, labels, guesses)


def _with_top5(
    scene: Scene,
    found: Evaluation,
    labels: Sequence[Label] | None,
    guesses: Sequence[Label] | None,
) -> Evaluation:
    task = next((each for each in scene.tasks("classification") if each.id == found.task), None)
    if task is None or "top5_accuracy" not in task.metrics or labels is None or guesses is None:
        return found
    among_five = top5_accuracy(scene, task, labels, guesses)
    if among_five is None:
        return found
    value, matrix = among_five
    scores = {**found.scores, "top5_accuracy": value}
    return found.model_copy(update={"scores": scores, "matrix": matrix})


def _scores(y_true: Sequence[Label] | None, y_pred: Sequence[Label] | None) -> dict[str, float]:
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
