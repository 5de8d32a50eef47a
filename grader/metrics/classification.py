"""What classifiers are measured by beyond accuracy, precision, recall and F1."""

from collections.abc import Sequence

import numpy as np
from msgspec import Struct
from numpy.typing import ArrayLike, NDArray

from grader.metrics._checks import matrix, same_length
from grader.metrics.retrieval import recall_at_k
from grader.model import Label

__all__ = ["Confusion", "confusion", "recall_per_class", "top_k_accuracy"]


class Confusion(Struct, frozen=True, kw_only=True):
    """How often each true class was predicted as each class."""

    labels: tuple[Label, ...]
    counts: NDArray[np.int64]
    """Shape (classes, classes): rows are true classes, columns predicted ones."""


def top_k_accuracy(scores: ArrayLike, y_true: Sequence[int], k: int) -> float:
    """Share of items whose true class is among the ``k`` best scored; by numpy.

    The definition of ``sklearn.metrics.top_k_accuracy_score``, which breaks ties by the order of
    classes and wants two classes in another shape; here tied classes count as in
    ``grader.metrics.retrieval.hits_at_k``, so that constant scores give k / classes.

    Args:
        scores: Logits or probabilities, shape (n, classes).
        y_true: Column of the true class, shape (n,).
        k: From 1 to the number of classes.

    Returns:
        From 0 to 1.

    Raises:
        ValueError: If there is no item, lengths differ, a class does not exist or ``k`` is out
            of range.
    """
    table, columns = matrix(scores, "scores"), np.asarray(y_true)
    same_length(scores=table, y_true=columns)
    classes = table.shape[1]
    if columns.min() < 0 or columns.max() >= classes:
        raise ValueError(f"True classes must lie between 0 and {classes - 1}.")
    return recall_at_k(table, columns[:, None] == np.arange(classes)[None, :], k)


def recall_per_class(
    y_true: Sequence[Label], y_pred: Sequence[Label], labels: Sequence[Label] | None = None
) -> dict[Label, float | None]:
    """Share of each class's items that were predicted as that class; by numpy.

    Args:
        y_true: True labels, shape (n,).
        y_pred: Predictions, shape (n,).
        labels: All classes, in the order wanted; by default those that occur, sorted.

    Returns:
        Label to recall from 0 to 1; ``None`` for a class without items, whose recall is unknown.

    Raises:
        ValueError: As ``confusion``.
    """
    found = confusion(y_true, y_pred, labels)
    totals = found.counts.sum(axis=1)
    right = found.counts.diagonal()
    return {
        label: int(right[row]) / int(totals[row]) if totals[row] else None
        for row, label in enumerate(found.labels)
    }


def confusion(
    y_true: Sequence[Label], y_pred: Sequence[Label], labels: Sequence[Label] | None = None
) -> Confusion:
    """Count true against predicted classes; by numpy.

    The counts of ``sklearn.metrics.confusion_matrix``, which leaves out labels it was not told of
    and warns where only one class occurs.

    Args:
        y_true: True labels, shape (n,), all integers or all strings.
        y_pred: Predictions, shape (n,).
        labels: All classes, in the order wanted; by default those that occur, sorted.

    Raises:
        ValueError: If there is no item, lengths differ, integers and strings are mixed, or a
            label occurs that ``labels`` lacks.
    """
    same_length(y_true=y_true, y_pred=y_pred)
    occurring = {*y_true, *y_pred}
    if len({isinstance(label, str) for label in occurring}) > 1:
        raise ValueError("Labels are integers in one place and strings in another.")
    names = tuple(sorted(occurring, key=_order) if labels is None else labels)
    if unknown := occurring.difference(names):
        raise ValueError(f"Not among the {len(names)} classes: {sorted(unknown, key=_order)[:5]}.")
    place = {label: row for row, label in enumerate(names)}
    counts = np.zeros((len(names), len(names)), dtype=np.int64)
    np.add.at(counts, ([place[label] for label in y_true], [place[label] for label in y_pred]), 1)
    return Confusion(labels=names, counts=counts)


def _order(label: Label) -> tuple[int, str]:
    return (label, "") if isinstance(label, int) else (0, label)
