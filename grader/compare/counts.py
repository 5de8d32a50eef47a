"""Precision, recall and F1 as functions of counts, so that a thousand samples take milliseconds.

The counts are those of a confusion matrix: rows are true classes, columns predicted ones.
"""

from collections.abc import Sequence
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from grader.metrics.bootstrap import RESAMPLES
from grader.metrics.classification import confusion
from grader.metrics.interval import Interval
from grader.model import Label, MetricName

__all__ = ["interval", "score_of", "scores"]

Averaged = Literal["precision", "recall", "f1"]


def scores(counts: NDArray[np.int64], metric: Averaged, average: str) -> NDArray[np.float64]:
    """Precision, recall or F1 of confusion matrices, as scikit-learn averages them; by numpy.

    A class that occurs neither among labels nor predictions does not count in the macro mean, as
    in ``sklearn.metrics.precision_recall_fscore_support`` without ``labels``, and what would be
    divided by zero counts as 0.

    Args:
        counts: Shape (..., classes, classes).
        metric: Which of the three.
        average: ``macro``, or ``weighted`` by the number of items of each class.

    Returns:
        Shape (...), each from 0 to 1.
    """
    right = np.diagonal(counts, axis1=-2, axis2=-1).astype(np.float64)
    true, predicted = counts.sum(axis=-1), counts.sum(axis=-2)
    each = _ratio(right, predicted), _ratio(right, true), _ratio(2 * right, true + predicted)
    values = each[("precision", "recall", "f1").index(metric)]
    weights = true if average == "weighted" else (true + predicted) > 0
    return np.asarray(_ratio((values * weights).sum(axis=-1), weights.sum(axis=-1)))


def score_of(
    y_true: Sequence[Label], y_pred: Sequence[Label], metric: MetricName, average: str
) -> float | None:
    """``scores`` of labels and predictions, shape (n,) each; ``None`` for another metric."""
    if metric not in ("precision", "recall", "f1"):
        return None
    return float(scores(confusion(y_true, y_pred).counts, metric, average))


def interval(
    counts: NDArray[np.int64], metric: Averaged, average: str, *, confidence: float = 0.95
) -> Interval:
    """Percentile bootstrap interval of precision, recall or F1; by numpy.

    Drawing items with replacement and counting is drawing the counts from a multinomial
    distribution, so this is ``grader.metrics.bootstrap`` without going through the items. The
    same counts give the same interval.

    Args:
        counts: Shape (classes, classes), at least two items.
        metric: Which of the three.
        average: ``macro`` or ``weighted``.
        confidence: Strictly between 0 and 1.
    """
    n = int(counts.sum())
    drawn = np.random.default_rng(0).multinomial(n, counts.ravel() / n, size=RESAMPLES)
    values = scores(drawn.reshape(RESAMPLES, *counts.shape), metric, average)
    low, high = np.quantile(values, [(1 - confidence) / 2, (1 + confidence) / 2])
    return Interval(
        low=float(low),
        high=float(high),
        confidence=confidence,
        method=f"{confidence * 100:g} % percentile bootstrap, {RESAMPLES} samples",
    )


def _ratio(above: NDArray[np.float64], below: NDArray[np.int64]) -> NDArray[np.float64]:
    return np.divide(above, below, out=np.zeros(np.shape(above)), where=np.asarray(below) > 0)
