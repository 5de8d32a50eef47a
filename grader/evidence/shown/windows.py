"""The part of an output's text that is looked at, where it is long."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

__all__ = ["Budget", "Window", "windows"]

WHOLE = 120_000
"""Characters of an output that are read whole; of a longer one its first and last half of that."""

ALL = 1_500_000
"""Characters of all outputs together; behind them only the ends of each output are read."""

ENDS = 2_000
"""Characters at either end of such an output."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """A part of a text, whole lines where it can be."""

    text: str
    """The part."""

    start: int
    """Offset of its first character in the text."""

    line: int
    """Zero-based line of the text it starts on."""


@dataclass(slots=True)
class Budget:
    """Characters that may still be read of all outputs of a submission."""

    left: int = ALL

    def windows(self, text: str) -> Iterator[Window]:
        """The parts of an output's text to read; what they hold is taken off the budget."""
        most = WHOLE if self.left > 0 else 2 * ENDS
        for window in windows(text, most):
            self.left -= len(window.text)
            yield window


def windows(text: str, most: int) -> Iterable[Window]:
    """A text whole, or its first and last ``most / 2`` characters, cut at ends of lines."""
    if len(text) <= most:
        return (Window(text=text, start=0, line=0),)
    half = most // 2
    head = text.rfind("\n", 0, half)
    head = half if head < 0 else head
    tail = text.find("\n", len(text) - half)
    tail = len(text) - half if tail < 0 else tail + 1
    return (
        Window(text=text[:head], start=0, line=0),
        Window(text=text[tail:], start=tail, line=text.count("\n", 0, tail)),
    )
