"""The range of scores that a correct run reaches."""

from collections.abc import Sequence
from statistics import fmean

from grader.metrics.interval import prediction_interval
from grader.model import METRICS, Band, MetricName, Task

__all__ = ["band", "margin"]

WIDER: dict[MetricName, float] = {"cider": 10.0}
"""Metrics in another unit than fractions: CIDEr-D goes to 10, so its margin is ten times that of
a fraction. The similarity score is a difference of cosines and keeps the margin as it is."""


def margin(task: Task, metric: MetricName) -> float:
    """Largest difference of this metric that does not matter, in its own unit."""
    return task.margin * WIDER.get(metric, 1.0)


def band(task: Task, metric: MetricName, values: Sequence[float], n: int) -> Band:
    """The band over the seeds, clipped to the range of the metric.

    For a task that trains, the 95 % prediction interval for the next run (``grader.metrics``): it
    is where another correct run lands. A tolerance interval of five runs is 1.7 times as wide and
    would hold runs that are wrong. For deterministic inference all runs are equal, and
    the band is their mean plus or minus the margin of the task.

    Args:
        task: Whether it trains, and its margin.
        metric: What the values are.
        values: One value a seed, at least two.
        n: Items of each run.
    """
    highest = METRICS[metric].highest
    lowest = -highest if metric == "similarity_score" else 0.0
    if task.trained:
        found = prediction_interval(values)
        low, high, method = found.low, found.high, found.method
    else:
        half = margin(task, metric)
        low, high = fmean(values) - half, fmean(values) + half
        method = f"mean of {len(values)} runs plus or minus {half:g} (margin of the task)"
    return Band(low=max(lowest, low), high=min(highest, high), n=n, runs=len(values), method=method)
