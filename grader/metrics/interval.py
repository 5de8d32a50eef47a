"""Intervals, and those over the seeds of a reference run."""

from collections.abc import Sequence
from math import isfinite, sqrt
from statistics import fmean, stdev

from msgspec import Struct

__all__ = ["Interval", "prediction_interval", "tolerance_interval"]


class Interval(Struct, frozen=True, kw_only=True):
    """A range, how sure it is, and how it was found."""

    low: float
    high: float
    confidence: float
    """Between 0 and 1."""
    method: str
    """For a table or a page: name of the method and what it rests on."""

    def __contains__(self, value: float) -> bool:
        """Whether the value lies in the range, ends included."""
        return self.low <= value <= self.high


def prediction_interval(values: Sequence[float], *, confidence: float = 0.95) -> Interval:
    """Where the next run of the same kind falls with that confidence; t quantile by scipy.

    mean +- t((1 + confidence) / 2, k - 1) * s * sqrt(1 + 1/k) for k runs of a normal population
    (Hahn & Meeker, Statistical Intervals, section 4.7). It is not clipped to the range of a metric.

    Args:
        values: One value a seed, shape (k,), k at least 2.
        confidence: Strictly between 0 and 1.

    Raises:
        ValueError: If there are fewer than two values, one is not finite, or ``confidence`` is
            out of range.
    """
    _check(values, confidence=confidence)
    # scipy.stats takes half a second to import, and the static check comes past this module
    from scipy.stats import t

    k = len(values)
    factor = float(t.ppf((1 + confidence) / 2, k - 1)) * sqrt(1 + 1 / k)
    name = f"{confidence * 100:g} % prediction interval over {k} seeds (Student t)"
    return _around(values, factor, confidence, name)


def tolerance_interval(
    values: Sequence[float], *, coverage: float = 0.95, confidence: float = 0.95
) -> Interval:
    """What holds a share ``coverage`` of all runs with that confidence; quantiles by scipy.

    mean +- z((1 + coverage) / 2) * s * sqrt((k - 1) (1 + 1/k) / chi2(1 - confidence, k - 1)), the
    two-sided interval of a normal population in the approximation of Howe (1969, "Two-sided
    tolerance limits for normal populations", JASA 64, 610-620); with few seeds it is several
    times as wide as the prediction interval.

    Args:
        values: One value a seed, shape (k,), k at least 2.
        coverage: Share of runs to hold, strictly between 0 and 1.
        confidence: Strictly between 0 and 1.

    Raises:
        ValueError: If there are fewer than two values, one is not finite, or a share is out of
            range.
    """
    _check(values, confidence=confidence, coverage=coverage)
    # scipy.stats takes half a second to import, and the static check comes past this module
    from scipy.stats import chi2, norm

    k = len(values)
    spread = (k - 1) * (1 + 1 / k) / float(chi2.ppf(1 - confidence, k - 1))
    factor = float(norm.ppf((1 + coverage) / 2)) * sqrt(spread)
    name = (
        f"{confidence * 100:g} % tolerance interval for {coverage * 100:g} % of runs over {k} "
        "seeds (normal, Howe)"
    )
    return _around(values, factor, confidence, name)


def _around(values: Sequence[float], factor: float, confidence: float, method: str) -> Interval:
    centre, half = fmean(values), factor * stdev(values)
    return Interval(low=centre - half, high=centre + half, confidence=confidence, method=method)


def _check(values: Sequence[float], **shares: float) -> None:
    if len(values) < 2:
        raise ValueError(f"The spread of {len(values)} value is unknown; two are needed.")
    if not all(map(isfinite, values)):
        raise ValueError("A value is not finite.")
    for name, share in shares.items():
        if not 0 < share < 1:
            raise ValueError(f"{name} must lie strictly between 0 and 1, not {share}.")
