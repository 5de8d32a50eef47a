"""Proof that no predictions give some macro scores, by a linear programme.

The one module of this package that imports numpy and scipy.
"""

from collections.abc import Mapping
from time import monotonic
from typing import TYPE_CHECKING

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray
from scipy.optimize import linprog

from grader.metrics.consistency.shown import Range

if TYPE_CHECKING:
    from grader.metrics.consistency.macro import Macro

__all__ = ["outside"]

Array = NDArray[np.float64]

MOST_POINTS = 400_000
"""Points of all clouds together; more are not looked at."""

ROUNDS = 60
"""Most linear programmes solved."""

ADDED = 4
"""Points of a cloud added after each."""

MARGIN = 1e-8
"""By how much a certificate must hold, against errors of floating point."""


class _Cloud(Struct, frozen=True, kw_only=True):
    """What one class of some size can reach; ``count`` classes have that size."""

    count: int
    points: Array
    """Shape (points, scores)."""


class _Box(Struct, frozen=True, kw_only=True):
    """Where the means over classes must lie, one row for each score printed."""

    low: Array
    high: Array
    chosen: tuple[int, ...]
    """Which features: right, predicted, precision, recall, F1."""


def outside(scores: "Macro", sizes: Mapping[int, int], deadline: float) -> bool | None:
    """Whether it is proven that nothing gives the scores.

    ``False`` proves nothing: they lie in the hull, which holds more than what can be reached.
    ``None`` when time ran out or the classes are too large.

    Args:
        scores: What was printed.
        sizes: Number of classes with so many items each.
        deadline: Value of the monotonic clock after which to stop.
    """
    n = sum(size * count for size, count in sizes.items())
    classes = sum(sizes.values())
    errors = n if scores.accuracy is None else int(n - max(0.0, scores.accuracy.low) * n + 1e-6)
    if sum(2 * (min(n, size + errors) + 1) for size in sizes) > MOST_POINTS:
        return None
    box = _box(scores)
    clouds = [
        _Cloud(count=count, points=_points(size, n, errors, classes)[:, box.chosen])
        for size, count in sizes.items()
    ]
    return _ruled_out(clouds, box, classes, deadline)


def _box(scores: "Macro") -> _Box:
    printed: list[tuple[int, Range | None]] = [
        (0, scores.accuracy),
        # Every item gets one prediction.
        (1, Range(low=1.0, high=1.0)),
        (2, scores.precision),
        (3, scores.recall),
        (4, scores.f1),
    ]
    kept = [(index, each) for index, each in printed if each is not None]
    return _Box(
        low=np.array([each.low for _, each in kept]),
        high=np.array([each.high for _, each in kept]),
        chosen=tuple(index for index, _ in kept),
    )


def _points(size: int, n: int, errors: int, classes: int) -> Array:
    """Corners of what a class of ``size`` can reach, shape (points, 5).

    All five features are linear in the number right when the number predicted is held, so that
    the fewest and the most right are the corners. A class with more misses and false alarms than
    there are errors in all cannot be.
    """
    predicted = np.arange(0, min(n, size + errors) + 1, dtype=np.float64)
    most = np.minimum(size, predicted)
    fewest = np.maximum(0.0, np.ceil((size + predicted - errors) / 2))
    possible = fewest <= most
    right = np.concatenate([fewest[possible], most[possible]])
    predicted = np.concatenate([predicted[possible], predicted[possible]])
    precision = right / np.maximum(predicted, 1)
    points = np.stack(
        [
            right * classes / n,
            predicted * classes / n,
            precision,
            right / size,
            2 * right / (size + predicted),
        ],
        axis=1,
    )
    # Where nothing was predicted as a class, some libraries give precision as 1.
    never = points[predicted == 0].copy()
    never[:, 2] = 1.0
    return np.concatenate([points, never])


def _ruled_out(clouds: list[_Cloud], box: _Box, classes: int, deadline: float) -> bool | None:
    """Grow the linear programme by the points that matter until it is decided."""
    chosen = [_first(each.points) for each in clouds]
    for _ in range(ROUNDS):
        if monotonic() > deadline:
            return None
        direction = _direction(clouds, chosen, box, classes)
        if direction is None:
            return False
        reached = [each.points @ direction for each in clouds]
        if _certified(clouds, reached, box, direction):
            return True
        for index, heights in enumerate(reached):
            best = np.argpartition(heights, -min(ADDED, len(heights)))[-ADDED:]
            chosen[index] = np.union1d(chosen[index], best)
    return None


def _first(points: Array) -> NDArray[np.int64]:
    """A spread of points to begin with, the extremes of each score among them."""
    spread = np.linspace(0, len(points) - 1, min(60, len(points))).astype(np.int64)
    extremes = np.concatenate([points.argmin(axis=0), points.argmax(axis=0)])
    return np.union1d(spread, extremes)


def _direction(
    clouds: list[_Cloud], chosen: list[NDArray[np.int64]], box: _Box, classes: int
) -> Array | None:
    """The direction in which the box lies farthest beyond the chosen points, or ``None``.

    Minimises the distance, summed over scores, from the box to a mean of chosen points; the dual
    of the solution is the direction. ``None`` when the distance is nought.
    """
    columns = np.concatenate([c.points[i] for c, i in zip(clouds, chosen, strict=True)])
    rows, m = len(box.low), len(columns)
    means = columns.T / classes
    apart = np.eye(rows)
    none = np.zeros((rows, rows))
    upper = np.block([[means, -apart, none], [-means, none, -apart]])
    member = np.zeros((len(clouds), m + 2 * rows))
    starts = np.cumsum([0, *map(len, chosen)])
    for index in range(len(clouds)):
        member[index, starts[index] : starts[index + 1]] = 1.0
    solved = linprog(
        np.concatenate([np.zeros(m), np.ones(2 * rows)]),
        A_ub=upper,
        b_ub=np.concatenate([box.high, -box.low]),
        A_eq=member,
        b_eq=np.array([each.count for each in clouds], dtype=np.float64),
        method="highs",
    )
    if solved.status != 0 or solved.fun is None or solved.fun < MARGIN:
        return None
    dual = np.asarray(solved.ineqlin.marginals, dtype=np.float64)
    return dual[:rows] - dual[rows:]


def _certified(clouds: list[_Cloud], reached: list[Array], box: _Box, direction: Array) -> bool:
    """Whether the whole box lies beyond everything the classes reach in that direction.

    This is checked on every point of every cloud, so it holds whatever the solver did.
    """
    classes = sum(each.count for each in clouds)
    farthest = sum(
        each.count * float(heights.max()) for each, heights in zip(clouds, reached, strict=True)
    )
    nearest = float(np.where(direction > 0, direction * box.low, direction * box.high).sum())
    return nearest - farthest / classes > MARGIN
