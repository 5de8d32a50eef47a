"""When a computed value is the number that is printed."""

from typing import Protocol

__all__ = ["FINEST", "Printed", "could_be", "same_number"]

FINEST = 1e-6
"""Numbers are compared no more finely than this: 32-bit floats print digits that mean nothing."""

SLACK = 1e-9
"""What arithmetic with 64-bit floats may be off by where a value lies just between two numbers."""


class Printed(Protocol):
    """A number as it was written."""

    @property
    def value(self) -> float:
        """As a fraction where it is a percentage."""

    @property
    def decimals(self) -> int:
        """Decimals of the value that were written."""


def same_number(value: float, number: Printed) -> bool:
    """Whether a value is printed so, when rounded; halves may go either way."""
    return abs(number.value - value) <= max(0.5 * 10.0**-number.decimals + SLACK, FINEST)


def could_be(value: float, number: Printed) -> bool:
    """Whether a value is printed so, when rounded or when digits are cut off."""
    cut = abs(value) - abs(number.value)
    return same_number(value, number) or (
        number.value * value >= 0 and -SLACK <= cut < 10.0**-number.decimals
    )
