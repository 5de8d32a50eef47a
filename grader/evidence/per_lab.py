"""Things made of a lab alone, made once and not for every cell."""

from collections.abc import Callable
from typing import Generic, TypeVar

from grader.model import Lab

Made = TypeVar("Made")

KEPT = 4
"""Labs remembered: one is graded at a time, tests use a few."""


class PerLab(Generic[Made]):
    """A function of a lab that remembers its last results, by identity: labs are frozen."""

    def __init__(self, make: Callable[[Lab], Made]) -> None:
        self._make = make
        self._kept: tuple[tuple[Lab, Made], ...] = ()

    def __call__(self, lab: Lab) -> Made:
        """The result for a lab."""
        kept = self._kept
        found = next((made for known, made in kept if known is lab), None)
        if found is not None:
            return found
        made = self._make(lab)
        # Replaced as a whole, so that threads that read it never see it half changed.
        self._kept = ((lab, made), *kept[: KEPT - 1])
        return made
