"""Whether two shares measured on different items may count as the same."""

from math import sqrt
from statistics import NormalDist

from msgspec import Struct

from grader.metrics.interval import Interval
from grader.model.interval import wilson

__all__ = ["Equivalence", "equivalence"]


class Equivalence(Struct, frozen=True, kw_only=True):
    """What two one-sided tests say of the difference of two shares."""

    difference: float
    """First share minus second."""
    interval: Interval
    """Of the difference, with confidence 1 - 2 alpha."""
    margin: float
    """Largest difference that does not matter."""
    alpha: float

    @property
    def equivalent(self) -> bool:
        """Whether both tests reject: the difference is smaller than the margin either way."""
        return -self.margin < self.interval.low and self.interval.high < self.margin

    @property
    def not_worse(self) -> bool:
        """Whether the first is shown to be no worse than the second by more than the margin."""
        return -self.margin < self.interval.low

    @property
    def worse(self) -> bool:
        """Whether the first is shown to be worse by more than the margin.

        When neither this nor ``not_worse`` holds, the samples are too small to tell.
        """
        return self.interval.high < -self.margin


def equivalence(
    first: tuple[int, int], second: tuple[int, int], *, margin: float, alpha: float = 0.05
) -> Equivalence:
    """TOST of two independent shares by Newcombe's interval.

    Two one-sided tests at level ``alpha`` (Schuirmann 1987) both reject exactly if the interval
    with confidence 1 - 2 alpha lies within the margin (Westlake 1981). The interval is the hybrid
    score interval of Newcombe (1998, "Interval estimation for the difference between independent
    proportions", Statistics in Medicine 17, 873-890, method 10): with Wilson intervals (l, u) of
    each share and d = p1 - p2::

        d - sqrt((p1 - l1)^2 + (u2 - p2)^2)   to   d + sqrt((u1 - p1)^2 + (p2 - l2)^2)

    The items must be different ones; for the same items use ``agreement.mcnemar``.

    Args:
        first: Right items and all items.
        second: The same of the other run.
        margin: Largest difference that does not matter, strictly between 0 and 1.
        alpha: Level of each test, strictly between 0 and 0.5.

    Raises:
        ValueError: If a count is impossible, or the margin or level out of range.
    """
    for right, n in (first, second):
        if n < 1 or not 0 <= right <= n:
            raise ValueError(f"{right} of {n} is no share.")
    if not 0 < margin < 1:
        raise ValueError(f"margin must lie strictly between 0 and 1, not {margin}.")
    if not 0 < alpha < 0.5:
        raise ValueError(f"alpha must lie strictly between 0 and 0.5, not {alpha}.")
    difference = first[0] / first[1] - second[0] / second[1]
    below, above = _wilson(*first, alpha)
    under, over = _wilson(*second, alpha)
    return Equivalence(
        difference=difference,
        interval=Interval(
            low=difference - sqrt(below**2 + over**2),
            high=difference + sqrt(above**2 + under**2),
            confidence=1 - 2 * alpha,
            method=f"{(1 - 2 * alpha) * 100:g} % Newcombe hybrid score interval",
        ),
        margin=margin,
        alpha=alpha,
    )


def _wilson(right: int, n: int, alpha: float) -> tuple[float, float]:
    """How far the Wilson interval reaches below and above the share."""
    share = right / n
    low, high = wilson(share, n, z=NormalDist().inv_cdf(1 - alpha))
    return share - low, high - share
