"""What was recorded of the items of an evaluation: their pictures, and the labels served for them.

Everything here is told by digests of pictures, so that neither the order of a loader nor the names
of variables matter.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from grader.model import Case, Evaluation, Label, ModelPass, Recording, Task

Labels = tuple[Label, ...]

MOST = 200
"""Arrays, and passes through a model, that are looked through."""

FEWEST_DECIMALS = 3
"""Fewest decimals of a printed accuracy that tell which arrays it is of."""

DECISIVE = 20
"""Fewest items from which an order of labels is told; see ``Evaluation.origin``."""


def judged(case: Case) -> Iterator[tuple[Task, Evaluation]]:
    """The evaluation every classification is judged by.

    Where none was rebuilt, the predictions of a model beside labels of whatever name, of which the
    printed accuracy is theirs.
    """
    for task in case.lab.tasks:
        if task.kind == "classification":
            best = case.evidence.best(task.id) or _beside_predictions(case, task)
            if best is not None and best.n >= 1:
                yield task, best


def _beside_predictions(case: Case, task: Task) -> Evaluation | None:
    recording, printed = case.evidence.recording, _printed_accuracies(case, task)
    named = {each.array: each.cell for each in recording.named}
    for each in recording.passes[:MOST] if printed else ():
        pred = recording.labels(each.predictions)
        if pred is None or len(pred) < DECISIVE or each.model not in task.models:
            continue
        for array, cell in list(named.items())[:MOST]:
            true = recording.labels(array)
            if array == each.predictions or true is None or len(true) != len(pred):
                continue
            accuracy = agreement(true, pred) / len(pred)
            if any(abs(accuracy - value) <= 0.5 * 10.0**-decimals for value, decimals in printed):
                return _namespace(task, cell, (array, each.predictions or ""), true, accuracy)
    return None


def _printed_accuracies(case: Case, task: Task) -> list[tuple[float, int]]:
    return [
        (each.value, each.decimals)
        for each in case.evidence.reported
        if each.source == "rerun"
        and each.metric == "accuracy"
        and each.task == task.id
        and each.decimals >= FEWEST_DECIMALS
    ]


def _namespace(
    task: Task, cell: int | None, arrays: tuple[str, str], true: Labels, accuracy: float
) -> Evaluation:
    return Evaluation(
        task=task.id,
        cell=cell,
        source="namespace",
        n=len(true),
        y_true=arrays[0],
        y_pred=arrays[1],
        classes=len(set(true)),
        scores={"accuracy": accuracy},
    )


def pair(case: Case, evaluation: Evaluation) -> tuple[Labels, Labels] | None:
    """Labels and predictions of an evaluation; ``None`` unless both are known, item by item."""
    recording = case.evidence.recording
    true, pred = recording.labels(evaluation.y_true), recording.labels(evaluation.y_pred)
    return (true, pred) if true and pred and len(true) == len(pred) else None


def served_labels(case: Case, task: Task, evaluation: Evaluation) -> Labels | None:
    """The label the dataset has for each predicted item, in the order of the predictions.

    ``None`` unless it is known of every item: from the trainer that made these very predictions,
    else from the pictures that went through the model.
    """
    recording = case.evidence.recording
    found = _of_trainer(recording, evaluation)
    if found is None:
        labels = label_of_image(recording)
        seen = [labels.get(each) for each in images(case, evaluation) or ()]
        known = tuple(each for each in seen if each is not None)
        found = known if known and len(known) == len(seen) else None
    wanted = recording.labels(evaluation.y_true)
    return None if found is None else _spelled_like(wanted, found, task)


def images(case: Case, evaluation: Evaluation) -> tuple[str, ...] | None:
    """Digest of the picture of each item, in the order in which they went through the model.

    ``None`` when no pass of this many pictures is known, or several that differ.
    """
    recording = case.evidence.recording
    sources = _image_of_input(recording)
    found: list[tuple[str, ...]] = []
    for each in reversed(recording.passes):
        if (each.cell or 0) > (evaluation.cell or 0) or each.rows != evaluation.n:
            continue
        pictures = _pictures(recording, each, sources)
        if pictures is None:
            continue
        if each.predictions is not None and each.predictions == evaluation.y_pred:
            return pictures
        if evaluation.model in (None, each.model):
            found.append(pictures)
    return found[0] if len(set(found)) == 1 else None


def label_of_image(recording: Recording) -> Mapping[str, Label]:
    """Labels of the pictures that were handed out together with one, and never with two."""
    found: dict[str, Label] = {}
    doubtful: set[str] = set()
    for each in recording.served:
        pictures, labels = recording.labels(each.images), recording.labels(each.labels)
        if each.dataset is None or pictures is None or labels is None:
            continue
        for picture, label in zip(pictures, labels, strict=False):
            if found.setdefault(str(picture), label) != label:
                doubtful.add(str(picture))
    return {picture: label for picture, label in found.items() if picture not in doubtful}


def same_items(one: Sequence[Label], other: Sequence[Label]) -> bool:
    """Whether two arrays hold the same labels, in whatever order."""
    return Counter(one) == Counter(other)


def agreement(one: Sequence[Label], other: Sequence[Label]) -> int:
    """Items on which two arrays agree."""
    return sum(a == b for a, b in zip(one, other, strict=True))


def by_chance(one: Sequence[Label], other: Sequence[Label]) -> float:
    """Share of items on which two arrays of these labels agree when their order is random."""
    left, right = Counter(one), Counter(other)
    return sum(left[label] * right[label] for label in left) / (len(one) * len(other))


def renamed(one: Sequence[Label], other: Sequence[Label]) -> dict[Label, Label] | None:
    """The one-to-one renaming that makes ``one`` the other; ``None`` when there is none."""
    pairs = set(zip(one, other, strict=True))
    names = dict(pairs)
    one_to_one = len(names) == len(pairs) == len({second for _, second in pairs})
    return names if one_to_one else None


def _of_trainer(recording: Recording, evaluation: Evaluation) -> Labels | None:
    for call in recording.trainer_calls:
        if call.method != "train" and call.y_pred is not None and call.y_pred == evaluation.y_pred:
            labels = recording.labels(call.y_true)
            if labels is not None and len(labels) == evaluation.n:
                return labels
    return None


def _image_of_input(recording: Recording) -> dict[str, str]:
    found: dict[str, str] = {}
    for each in recording.prepared:
        pictures, inputs = recording.labels(each.images), recording.labels(each.inputs)
        for source, made in zip(pictures or (), inputs or (), strict=False):
            found[str(made)] = str(source)
    return found


def _pictures(
    recording: Recording, each: ModelPass, sources: Mapping[str, str]
) -> tuple[str, ...] | None:
    inputs = recording.labels(each.inputs)
    if not inputs:
        return None
    pictures = [sources.get(str(one)) for one in inputs]
    known = tuple(one for one in pictures if one is not None)
    return known if len(known) == len(pictures) else None


def _spelled_like(wanted: Labels | None, labels: Labels, task: Task) -> Labels | None:
    """The same labels as numbers or as names, as those they are compared with."""
    if wanted is None or type(wanted[0]) is type(labels[0]):
        return labels
    names = task.class_names
    if isinstance(wanted[0], str):
        numbers = [each for each in labels if isinstance(each, int) and 0 <= each < len(names)]
        return tuple(names[each] for each in numbers) if len(numbers) == len(labels) else None
    if not set(labels) <= set(names):
        return None
    return tuple(names.index(str(each)) for each in labels)
