"""What a printed number may have been before it was rounded or cut."""

from typing import Literal

from msgspec import Struct

__all__ = ["Answer", "Range", "Verdict", "meet", "shown"]

Answer = Literal["consistent", "inconsistent", "undecided"]
"""``undecided``: neither a proof nor an example within the effort allowed."""

FINEST = 5
"""Decimals believed; single precision and sums over batches blur those behind."""

ROUNDED = 0.505
"""Units below the printed value: half of one, and a little where it was rounded to two more
decimals before."""

RETYPED = 0.56
"""The same where a person may have rounded a rounded number: up to 5/9."""

SLACK = 1e-9
"""Granted on both sides for binary fractions."""


class Range(Struct, frozen=True, kw_only=True):
    """Numbers from ``low`` to ``high``, both included."""

    low: float
    """Smallest."""

    high: float
    """Largest."""

    def __contains__(self, value: float) -> bool:
        """Whether a number lies in it."""
        return self.low <= value <= self.high


class Verdict(Struct, frozen=True, kw_only=True):
    """Whether several scores can stand together."""

    answer: Answer
    """What is known."""

    why: str = ""
    """The law that is broken, or what stopped the search; empty when consistent."""

    right: tuple[int, ...] = ()
    """An example when consistent: items predicted right, by class."""

    predicted: tuple[int, ...] = ()
    """And items predicted as the class, by class."""


def shown(value: float, decimals: int, *, retyped: bool = False) -> Range:
    """What a number printed with so many decimals may have been.

    Args:
        value: As a fraction: 0.8895 for ``88.95%``.
        decimals: Decimals of ``value`` that were printed: 4 for ``88.95%``.
        retyped: Whether it stands in a text, not in an output.
    """
    unit = 10.0 ** -min(decimals, FINEST)
    below = RETYPED if retyped else ROUNDED
    return Range(low=value - below * unit - SLACK, high=value + unit + SLACK)


def meet(one: Range, other: Range) -> bool:
    """Whether two numbers can be the same number."""
    return one.low <= other.high and other.low <= one.high
