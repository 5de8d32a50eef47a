"""The part of an output's text that is looked at, where it is long."""

from collections.abc import Iterable, Iterator

from msgspec import Struct

__all__ = ["Budget", "Window", "windows"]

WHOLE = 80_000
"""Characters of an output that are read whole; of a longer one its first and last half of that."""

ALL = 800_000
"""Characters of all outputs together; behind them only the ends of each output are read."""

ENDS = 500
"""Characters at either end of such an output."""


LINES = 1_000
"""Lines at either end of an output that are read, whatever their length."""

PLENTY = 1_000
"""Figures of all outputs together, behind which only their ends are read, too: the scores that
count often stand last."""


class Window(Struct, frozen=True, kw_only=True):
    """A part of a text, whole lines where it can be."""

    text: str
    """The part."""

    start: int
    """Offset of its first character in the text."""

    line: int
    """Zero-based line of the text it starts on."""


class Budget(Struct):
    """What may still be read of all outputs of a submission."""

    left: int = ALL
    """Characters."""

    figures: int = PLENTY
    """Figures."""

    def windows(self, text: str) -> Iterator[Window]:
        """The parts of an output's text to read; what they hold is taken off the budget."""
        most = WHOLE if self.left > 0 and self.figures > 0 else 2 * ENDS
        for window in windows(text, most):
            self.left -= len(window.text)
            yield window


def windows(text: str, most: int) -> Iterable[Window]:
    """A text whole, or its first and last ``most / 2`` characters, cut at ends of lines.

    Of more than 2,000 lines, the first and the last 1,000 of these.
    """
    if len(text) <= most and text.count("\n") <= 2 * LINES:
        return (Window(text=text, start=0, line=0),)
    half = min(most, len(text)) // 2
    head = text.rfind("\n", 0, half)
    head = _after(text, half if head < 0 else head)
    tail = text.find("\n", len(text) - half)
    tail = _before(text, len(text) - half if tail < 0 else tail + 1)
    return (
        Window(text=text[:head], start=0, line=0),
        Window(text=text[tail:], start=tail, line=text.count("\n", 0, tail)),
    )


def _after(text: str, end: int) -> int:
    """Offset behind the first lines of a text, at most ``end``."""
    position = -1
    for _ in range(LINES):
        position = text.find("\n", position + 1, end)
        if position < 0:
            return end
    return position


def _before(text: str, start: int) -> int:
    """Offset of the last lines of a text, at least ``start``."""
    position = len(text)
    for _ in range(LINES):
        position = text.rfind("\n", start, position)
        if position < 0:
            return start
    return position + 1
