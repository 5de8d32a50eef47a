"""Whether a score can come from so many items (GRIM).

N. Brown and J. Heathers, "The GRIM test" (2017): a mean of whole numbers over n items is a whole
number divided by n. With few items and many decimals most invented values are not.
"""

from collections.abc import Callable, Sequence
from math import ceil, floor

from grader.metrics.consistency.shown import FINEST, SLACK, Range

__all__ = ["batch_mean", "chance", "count_mean", "possible"]

COMMON_BATCHES = (8, 16, 32, 64, 128)
"""Sizes assumed where batches are used and none is known."""

NEIGHBOURS = 100
"""Printed values looked at on either side for the chance that an invented one passes."""

MOST_PARTS = 4096
"""Largest last batch that is searched; a larger one counts as reachable."""


def possible(number: Range, n: int, *, parts: int = 1, batches: Sequence[int] = ()) -> bool:
    """Whether a mean over ``n`` items can be that number.

    Args:
        number: What was printed.
        n: Items, at least 1.
        parts: Steps one item can be scored in: 1 for right or wrong, 3 for the thirds and 10 for
            the tenths of answers ten people gave.
        batches: Sizes of batches whose scores may have been averaged.
    """
    if count_mean(number, n * parts):
        return True
    return any(batch_mean(number, n, size) for size in batches)


def count_mean(number: Range, n: int) -> bool:
    """Whether some k/n with k from 0 to n is that number."""
    return max(0, ceil(number.low * n - SLACK)) <= min(n, floor(number.high * n + SLACK))


def batch_mean(number: Range, n: int, size: int) -> bool:
    """Whether it can be the mean of the scores of batches of ``size``.

    The last batch may be smaller and then weighs too much, may be left out, or may be counted as
    a full one.
    """
    full, last = divmod(n, size)
    if last == 0 or full == 0:
        return False
    if count_mean(number, full * size) or count_mean(number, (full + 1) * size):
        return True
    if last > MOST_PARTS:
        return True
    return any(_with_last(number, full, size, k / last) for k in range(last + 1))


def _with_last(number: Range, full: int, size: int, share: float) -> bool:
    """Whether full batches can make up the mean when the last one scored ``share``."""
    rest = Range(
        low=(number.low * (full + 1) - share) / full,
        high=(number.high * (full + 1) - share) / full,
    )
    return count_mean(rest, full * size)


def chance(number: Range, decimals: int, accepts: Callable[[Range], bool]) -> float:
    """Share of the numbers one could have printed near this one that ``accepts`` lets pass.

    Args:
        number: What was printed.
        decimals: Decimals printed.
        accepts: Told what could have been printed instead, with as many decimals.
    """
    unit = 10.0 ** -min(decimals, FINEST)
    steps = range(-NEIGHBOURS, NEIGHBOURS + 1)
    near = [Range(low=number.low + k * unit, high=number.high + k * unit) for k in steps]
    inside = [each for each in near if each.low >= -unit and each.high <= 1 + unit]
    return sum(map(accepts, inside)) / len(inside) if inside else 1.0
