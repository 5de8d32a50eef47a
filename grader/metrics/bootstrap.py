"""How far a metric of a set of items may be due to which items were drawn."""

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike, NDArray

from grader.metrics.interval import Interval

__all__ = ["RESAMPLES", "bootstrap", "bootstrap_of_mean"]

RESAMPLES = 1000
"""Samples drawn, the number Efron & Tibshirani (1993, chapter 19) advise for percentiles. Ends of a
95 % interval of a normal statistic then vary by 2 % of its width: sqrt(p (1 - p) / 1000) / f with
p = 0.025 and f = 0.058, the density there, is 0.08 of 3.9 standard errors."""


def bootstrap(
    statistic: Callable[[NDArray[np.intp]], float],
    n: int,
    *,
    confidence: float = 0.95,
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> Interval:
    """Percentile bootstrap interval of a metric of a whole corpus; quantiles by numpy.

    Items are drawn with replacement and the metric computed anew (Efron 1979; Efron & Tibshirani
    1993, chapter 13; Koehn 2004 for BLEU). The same arguments give the same interval. It tells
    how the score varies with the items, not with the seed of training.

    Args:
        statistic: From rows of the items drawn, shape (n,), some of them several times, to the
            metric, e.g. ``bleu.bleu_of_rows(...)``.
        n: Number of items, at least 2.
        confidence: Strictly between 0 and 1.
        resamples: How many samples to draw, at least 100.
        seed: Of the draws.

    Raises:
        ValueError: If an argument is out of range.
    """
    if n < 2:
        raise ValueError(f"How {n} item varies is unknown; two are needed.")
    if resamples < 100:
        raise ValueError(f"The ends of an interval need 100 samples or more, not {resamples}.")
    if not 0 < confidence < 1:
        raise ValueError(f"confidence must lie strictly between 0 and 1, not {confidence}.")
    draw = np.random.default_rng(seed)
    drawn = [statistic(draw.integers(n, size=n)) for _ in range(resamples)]
    low, high = np.quantile(drawn, [(1 - confidence) / 2, (1 + confidence) / 2])
    return Interval(
        low=float(low),
        high=float(high),
        confidence=confidence,
        method=(
            f"{confidence * 100:g} % percentile bootstrap, {resamples} samples of {n} items, "
            f"seed {seed}"
        ),
    )


def bootstrap_of_mean(
    values: ArrayLike, *, confidence: float = 0.95, resamples: int = RESAMPLES, seed: int = 0
) -> Interval:
    """``bootstrap`` of the mean of one value per item: METEOR, CIDEr-D, VQA accuracy, Recall@K.

    Args:
        values: Shape (n,), n at least 2.
        confidence: As for ``bootstrap``.
        resamples: As for ``bootstrap``.
        seed: As for ``bootstrap``.

    Raises:
        ValueError: If there are fewer than two values, one is not finite, or an argument is out
            of range.
    """
    each = np.asarray(values, dtype=np.float64)
    if each.ndim != 1 or not np.isfinite(each).all():
        raise ValueError("Values must be finite numbers, one an item.")
    return bootstrap(
        lambda rows: float(each[rows].mean()),
        len(each),
        confidence=confidence,
        resamples=resamples,
        seed=seed,
    )
