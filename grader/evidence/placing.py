"""Where an array of true labels stands among the labels the harness served."""

from collections.abc import Iterable, Iterator, Sequence

from msgspec import Struct

from grader.evidence.truth import Labels
from grader.model import Lab, LabelOrigin
from grader.model.arrays import Label

__all__ = ["Place", "place", "task_of", "tests_first"]

SHORTEST_WINDOW = 20
"""Fewest labels that are looked for among the served ones: ten classes make a chance match of 20
labels less likely than 1e-15 for each place it could stand; fewer labels stay unplaced."""


class Place(Struct, frozen=True, kw_only=True):
    """The served rows an array of labels was read from."""

    dataset: str
    split: str
    origin: LabelOrigin | None
    """The rows in order; ``None`` for a whole split in another order."""


def place(labels: Sequence[Label] | None, truth: Labels, lab: Lab) -> Place | None:
    """The rows that equal the labels exactly, else the split that holds just these labels.

    Labels may be written as numbers or as the class names of a task. Splits the lab asks for come
    first, then test splits.

    Args:
        labels: True labels of an evaluation; ``None`` when they were not recorded.
        truth: Labels served.
        lab: Tasks, with class names and datasets.
    """
    # One class alone stands in every split that is ordered by class, so it says nothing.
    if labels is None or len(labels) < SHORTEST_WINDOW or len(set(labels)) < 2:
        return None
    spelled = list(_numbered(labels, lab))
    asked = {(dataset, task.split) for task in lab.tasks for dataset in task.datasets}
    for dataset, split in sorted(tests_first(truth), key=lambda each: each not in asked):
        for datasets, wanted in spelled:
            if datasets is None or dataset in datasets:
                start = bytes(truth[dataset, split]).find(wanted)
                if start >= 0:
                    origin = LabelOrigin(dataset=dataset, split=split, start=start)
                    return Place(dataset=dataset, split=split, origin=origin)
    return _shuffled(spelled, truth)


def tests_first(columns: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    """Datasets and splits in their order, but test splits before all others."""
    return sorted(columns, key=lambda each: each[1] != "test")


def task_of(labels: Sequence[Label] | None, lab: Lab) -> str | None:
    """The one task whose classes these labels cover, every one of them, and no others."""
    if labels is None or len(labels) < SHORTEST_WINDOW:
        return None
    present = set(labels)
    found = [
        task.id
        for task in lab.tasks
        if present in (set(range(task.classes or 0)), set(task.class_names))
    ]
    return found[0] if len(found) == 1 else None


def _numbered(labels: Sequence[Label], lab: Lab) -> Iterator[tuple[tuple[str, ...] | None, bytes]]:
    """The labels as row values, with the datasets whose classes are numbered so."""
    values = [label for label in labels if isinstance(label, int) and 0 <= label < 256]
    if len(values) == len(labels):
        yield None, bytes(values)
        return
    for task in lab.tasks:
        numbers = {name: number for number, name in enumerate(task.class_names)}
        if set(labels) <= numbers.keys():
            yield tuple(task.datasets), bytes(numbers[str(label)] for label in labels)


def _shuffled(
    spelled: Sequence[tuple[tuple[str, ...] | None, bytes]], truth: Labels
) -> Place | None:
    """The one split whose labels are these in another order, as a shuffling loader yields them."""
    found = [
        (dataset, split)
        for (dataset, split), column in truth.items()
        for datasets, wanted in spelled
        if (datasets is None or dataset in datasets)
        and len(column) == len(wanted)
        and sorted(column) == sorted(wanted)
    ]
    if len(found) != 1:
        return None
    return Place(dataset=found[0][0], split=found[0][1], origin=None)
