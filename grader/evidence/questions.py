"""Evaluations of answers to questions about pictures."""

import re
from collections.abc import Iterator, Sequence

from grader.evidence.placing import Place, tests_first
from grader.evidence.rows import commonest, place_answers, rows_at
from grader.evidence.scene import FEWEST_UNPLACED, Scene, Scored
from grader.model import Evaluation, LabelOrigin, MetricCall
from grader.patterns import regex

__all__ = ["answerings", "is_answering"]

NAMED_ANSWERS = regex(r"pred|guess|gener|output|(?<![a-z])(?:hyps?|hat|p)(?![a-z])", re.I)
"""Names of variables that tell a model's answers from the right ones."""

OF_ANSWERS = "exact_match"
"""The metric for answers among those for texts."""

OF_A_QUESTION = 0.5
"""Work of scoring one answer, where that of a caption and one reference is 1."""

Arrays = tuple[str | None, str | None]
"""Right answers, and predictions."""


def is_answering(scene: Scene, call: MetricCall) -> bool:
    """Whether a call of a metric for labels compares answers to questions.

    It does in a cell of such a task, and where one side holds answers that were served.
    """
    if not scene.tasks("vqa"):
        return False
    sides = scene.texts(call.y_true), scene.texts(call.y_pred)
    if sides[0] is None or sides[1] is None:
        return False
    return scene.task_at(call.cell, "vqa") is not None or any(
        place_answers(side, scene.truth.answers) for side in sides if side
    )


def answerings(scene: Scene) -> list[Evaluation]:
    """From calls of metric libraries, and from the namespace."""
    if not scene.tasks("vqa"):
        return []
    found = list(_from_calls(scene))
    found.extend(_from_namespace(scene, {each.y_pred for each in found}))
    return found


def _from_calls(scene: Scene) -> Iterator[Evaluation]:
    calls: list[tuple[int | None, str, int | None, Arrays]] = [
        (call.cell, call.library, call.n, (call.y_true, call.y_pred))
        for call in scene.recording.metric_calls
        if not call.in_trainer and is_answering(scene, call)
    ]
    calls += [
        (call.cell, call.library, call.n, (call.references[0], call.predictions))
        for call in scene.recording.text_metrics
        if call.function == OF_ANSWERS and len(call.references) == 1
    ]
    seen: set[tuple[int | None, Arrays]] = set()
    for cell, library, n, arrays in calls:
        if n and (cell, arrays) not in seen:
            seen.add((cell, arrays))
            yield _evaluation(scene, library, cell, _oriented(scene, arrays))


def _oriented(scene: Scene, arrays: Arrays) -> Arrays:
    """Right answers first: swapped arguments are turned round when only the second are served."""
    first, second = arrays
    swapped = _place(scene, first) is None and _place(scene, second) is not None
    return (second, first) if swapped else arrays


def _place(scene: Scene, array: str | None) -> Place | None:
    return place_answers(scene.texts(array) or (), scene.truth.answers)


def _from_namespace(scene: Scene, known: set[str | None]) -> Iterator[Evaluation]:
    """Answers in variables, against right ones that make a printed score theirs.

    The right ones are another array of the same length that holds served answers, else what was
    served for the first rows of a split: the answers of ten people are a list in a list, which is
    no array.
    """
    if not scene.printed("vqa"):
        return
    named = scene.named_texts()
    for y_pred, cell in named.items():
        n = scene.recording.arrays[y_pred].length
        if y_pred in known or n < FEWEST_UNPLACED or not _is_named_so(scene, y_pred):
            continue
        for y_true, place in _candidates(scene, y_pred, sorted(named)):
            last = max(cell, named.get(y_true or "", 0))
            candidate = _evaluation(scene, "namespace", last, (y_true, y_pred), place)
            if scene.explained(candidate.scores, "vqa"):
                yield candidate
                break


def _is_named_so(scene: Scene, array: str) -> bool:
    return any(NAMED_ANSWERS.search(name) for name in scene.names(array))


def _candidates(
    scene: Scene, y_pred: str, named: Sequence[str]
) -> Iterator[tuple[str | None, Place]]:
    n = scene.recording.arrays[y_pred].length
    for other in named:
        place = None if other == y_pred else _place(scene, other)
        if place is not None and scene.recording.arrays[other].length == n:
            yield other, place
    datasets = {each for task in scene.tasks("vqa") for each in task.datasets}
    for dataset, split in tests_first(scene.truth.answers):
        rows = scene.truth.answers[dataset, split][:n]
        if dataset in datasets and len(rows) == n and all(rows):
            origin = LabelOrigin(dataset=dataset, split=split, start=0)
            yield None, Place(dataset=dataset, split=split, origin=origin)


def _evaluation(
    scene: Scene, source: str, cell: int | None, arrays: Arrays, place: Place | None = None
) -> Evaluation:
    y_true, y_pred = arrays
    predictions, labels = scene.texts(y_pred), scene.texts(y_true)
    place = place or _place(scene, y_true)
    size = next(scene.recording.arrays[each].length for each in (y_pred, y_true) if each)
    return scene.evaluation(
        Scored(
            kind="vqa",
            source=source,
            cell=cell,
            n=size,
            y_true=y_true,
            y_pred=y_pred,
            place=place,
            scores=_scores(scene, predictions, labels, rows_at(place, size, scene.truth.answers)),
        )
    )


def _scores(
    scene: Scene,
    predictions: Sequence[str] | None,
    labels: Sequence[str] | None,
    answers: Sequence[Sequence[str]] | None,
) -> dict[str, float]:
    """VQA accuracy and exact match with the answers served, else exact match with the labels.

    The answer most people gave is the one to match. Without the answers of all people there is no
    VQA accuracy. Behind an ``@`` stand other conventions that give a printed number:
    ``leave-one-out`` as the organisers' program averages, ``raw`` without making answers alike
    first, ``anybody`` where any person's answer counts as a match.
    """
    right = [commonest(each) for each in answers] if answers is not None else labels
    if predictions is None or right is None or len(right) != len(predictions):
        return {}
    if not scene.budget.take(len(predictions) * OF_A_QUESTION):
        return {}
    # numpy takes a moment to import; the static check never comes here
    from grader.metrics.vqa import ENOUGH, exact_match, vqa_accuracy

    scores = {"exact_match": float(exact_match(predictions, [[each] for each in right]).mean())}
    others = {"exact_match@raw": _raw(predictions, [[each] for each in labels or right])}
    if answers is not None and min(map(len, answers)) >= ENOUGH:
        scores["vqa_accuracy"] = float(vqa_accuracy(predictions, answers).mean())
        others |= {
            "vqa_accuracy@leave-one-out": float(
                vqa_accuracy(predictions, answers, leave_one_out=True).mean()
            ),
            "vqa_accuracy@raw": _raw(predictions, answers, enough=ENOUGH),
            "exact_match@anybody": float(exact_match(predictions, answers).mean()),
        }
    missing = scene.printed("vqa") - scene.explained(scores, "vqa")
    for name, value in others.items():
        theirs = missing & scene.explained({name: value}, "vqa")
        scores |= {name: value} if theirs else {}
        missing -= theirs
    return scores


def _raw(predictions: Sequence[str], answers: Sequence[Sequence[str]], *, enough: int = 1) -> float:
    """Mean of min(equal answers / enough, 1), the texts compared as they are."""
    shares = [
        min(list(several).count(said) / enough, 1.0)
        for said, several in zip(predictions, answers, strict=True)
    ]
    return sum(shares) / len(shares)
