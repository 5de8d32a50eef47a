"""How fast predictions were made."""

from collections.abc import Sequence

import numpy as np
from msgspec import Struct

from grader.metrics._checks import same_length

__all__ = ["Latency", "latency"]


class Latency(Struct, frozen=True, kw_only=True):
    """Speed of a run."""

    items: int
    seconds: float
    """Sum over all calls."""
    images_per_second: float
    """All items divided by all seconds; a slow call weighs by how long it took."""
    median: float
    """Median time of one item, in seconds."""
    p95: float
    """Time that 95 % of items took at most, in seconds; of fewer than 20 items it is little more
    than the slowest."""


def latency(seconds: Sequence[float], items: Sequence[int] | None = None) -> Latency:
    """Throughput, and median and 95th percentile of the time of one item; by numpy.

    The time of an item in a batch is the batch's divided by its size: what it costs, not how long
    one waits for it. Percentiles are interpolated linearly (Hyndman & Fan 1996, type 7).

    Args:
        seconds: Duration of each call, shape (calls,). On a GPU the caller must have waited for
            the device before reading the clock, and left warm-up calls out.
        items: Items of each call, shape (calls,); one each by default.

    Raises:
        ValueError: If there are no calls, lengths differ, a duration is not positive and finite,
            or a call had no item.
    """
    sizes = [1] * len(seconds) if items is None else items
    same_length(seconds=seconds, items=sizes)
    durations, counts = np.asarray(seconds, dtype=np.float64), np.asarray(sizes)
    if not (np.isfinite(durations) & (durations > 0)).all():
        raise ValueError("Durations must be positive and finite.")
    if counts.min() < 1:
        raise ValueError("Every call must have had an item.")
    each = np.repeat(durations / counts, counts)
    median, p95 = np.percentile(each, [50, 95])
    total, number = float(durations.sum()), int(counts.sum())
    return Latency(
        items=number,
        seconds=total,
        images_per_second=number / total,
        median=float(median),
        p95=float(p95),
    )
