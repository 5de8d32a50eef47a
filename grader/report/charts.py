"""Geometry of the charts: places in per cent, so that text keeps its size at every width.

The templates draw what is computed here; nothing in this file is markup.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from math import ceil, floor, isfinite

from msgspec import Struct

from grader.model import Label
from grader.report.text import clean, count, cut

__all__ = [
    "Axis",
    "Matrix",
    "MatrixCell",
    "Segment",
    "confusion",
    "percent",
    "scale",
    "segments",
]

MAX_CLASSES = 20
CELL = 34
_RIGHT = ((6, 0.95), (5, 0.90), (4, 0.80), (3, 0.70), (2, 0.50), (1, 0.0))
_WRONG = ((5, 0.10), (4, 0.06), (3, 0.03), (2, 0.01), (1, 0.0))


def percent(part: float) -> str:
    """A share of the width, clipped to the drawing."""
    return f"{min(1.0, max(0.0, part)) * 100:.2f}".rstrip("0").rstrip(".") + "%"


class Axis(Struct, frozen=True):
    """A linear axis with round ends."""

    low: float
    high: float
    ticks: tuple[float, ...]
    hundredths: bool = False
    """Whether it is labelled from 0 to 100."""

    def at(self, value: float) -> str:
        """Where a value stands."""
        return percent((value - self.low) / (self.high - self.low))

    def span(self, low: float, high: float) -> tuple[str, str]:
        """Start and width of a range, clipped to the axis."""
        start, end = max(low, self.low), min(high, self.high)
        return self.at(start), percent((end - start) / (self.high - self.low))

    @property
    def labels(self) -> tuple[tuple[str, str], ...]:
        """Place and text of every tick."""
        if self.hundredths:
            return tuple((self.at(tick), f"{100 * tick:.0f}") for tick in self.ticks)
        decimals = 1 if self.high - self.low > 0.5 else 2
        return tuple((self.at(tick), f"{tick:.{decimals}f}") for tick in self.ticks)

    @property
    def ends(self) -> tuple[str, str]:
        """Both ends as they are labelled."""
        unit = 100 if self.hundredths else 1
        return f"{unit * self.low:g}", f"{unit * self.high:g}"


def scale(values: Iterable[float], *, hundredths: bool = False) -> Axis:
    """The axis for scores: all of 0 to 1 when they are spread out, else the part that matters."""
    known = [value for value in values if isfinite(value)] or [0.0, 1.0]
    low, high = max(0.0, min(known)), min(1.0, max(known))
    if high - low > 0.25:
        return Axis(0.0, 1.0, (0.0, 0.2, 0.4, 0.6, 0.8, 1.0), hundredths)
    step = next(each for each in (0.01, 0.02, 0.05) if each >= (high - low) / 6 or each == 0.05)
    first = max(0, floor(round((low - step / 2) / step, 6)))
    last = min(round(1 / step), ceil(round((high + step / 2) / step, 6)))
    ticks = tuple(round(each * step, 2) for each in range(first, last + 1))
    return Axis(ticks[0], ticks[-1], ticks, hundredths)


class Segment(Struct, frozen=True):
    """One part of a bar."""

    kind: str
    start: str
    width: str


def segments(parts: Sequence[tuple[str, float]], total: float) -> tuple[Segment, ...]:
    """The parts of one bar, side by side; empty ones are left out."""
    drawn: list[Segment] = []
    start = 0.0
    for kind, value in parts:
        if value > 0 and total > 0:
            drawn.append(Segment(kind, percent(start / total), percent(value / total)))
            start += value
    return tuple(drawn)


class MatrixCell(Struct, frozen=True):
    """One square of the confusion matrix."""

    x: int
    y: int
    shade: str
    text: str


class Matrix(Struct, frozen=True, kw_only=True):
    """A confusion matrix: rows are true classes, columns predicted ones."""

    names: tuple[str, ...]
    counts: tuple[tuple[int, ...], ...]
    """Items of each true class by predicted class."""

    totals: tuple[int, ...]
    """Items of each true class, those predicted as a class that is not drawn included."""

    left_out: int
    """Classes beyond the cap."""

    @property
    def left(self) -> int:
        """Room for the row names."""
        return round(max(map(len, self.names)) * 7.2 + 10)

    @property
    def top(self) -> int:
        """Room for the column names, which are slanted."""
        return round(max(map(len, self.names)) * 5.4 + 14)

    @property
    def side(self) -> int:
        """Side of the square."""
        return CELL * len(self.names)

    @property
    def width(self) -> int:
        """Width of the drawing."""
        return self.left + self.side + max(2, round(len(self.names[-1]) * 4.4 - 8))

    @property
    def height(self) -> int:
        """Height of the drawing."""
        return self.top + self.side + 1

    @property
    def empty_rows(self) -> tuple[int, ...]:
        """Top edges of the rows without an item."""
        return tuple(self.top + CELL * row for row, total in enumerate(self.totals) if total == 0)

    @property
    def cells(self) -> tuple[MatrixCell, ...]:
        """Squares that hold something; the diagonal always does where the class has items."""
        return tuple(
            self._cell(row, column)
            for row, total in enumerate(self.totals)
            for column in range(len(self.names))
            if total and (row == column or self.counts[row][column])
        )

    def _cell(self, row: int, column: int) -> MatrixCell:
        value = self.counts[row][column]
        share = value / self.totals[row]
        steps, letter = (_RIGHT, "d") if row == column else (_WRONG, "e")
        shade = next(step for step, least in steps if share >= least)
        text = str(value) if value < 10_000 else f"{value / 1000:.0f}k"
        return MatrixCell(
            self.left + CELL * column, self.top + CELL * row, f"{letter}{shade}", text
        )

    @property
    def label(self) -> str:
        """The picture in words."""
        rows = [
            f"{name}: {count(self.counts[row][row])} of {count(self.totals[row])} right"
            for row, name in enumerate(self.names)
        ]
        return "Confusion matrix. " + "; ".join(rows) + "."


def confusion(
    y_true: Sequence[Label],
    y_pred: Sequence[Label],
    classes: int | None = None,
    names: Sequence[str] = (),
) -> Matrix | None:
    """Count true against predicted classes.

    Args:
        y_true: True labels, shape (n,).
        y_pred: Predictions, shape (n,).
        classes: Number of classes of the task, to draw those without an item where there is room.
        names: Names of integer labels, where the dataset scored is known to use them.

    Returns:
        ``None`` when the arrays do not belong together or are empty.
    """
    if not y_true or len(y_true) != len(y_pred):
        return None
    found = {*y_true, *y_pred}
    labels = _labels(found, classes)
    if len(labels) > MAX_CLASSES:
        labels = [label for label in labels if label in found]
    drawn = labels[:MAX_CLASSES]
    pairs = Counter(zip(y_true, y_pred, strict=True))
    totals = Counter(y_true)
    return Matrix(
        names=tuple(cut(clean(_name(label, names)), 20) or "(empty)" for label in drawn),
        counts=tuple(tuple(pairs[row, column] for column in drawn) for row in drawn),
        totals=tuple(totals[label] for label in drawn),
        left_out=len(labels) - len(drawn),
    )


def _name(label: Label, names: Sequence[str]) -> str:
    return names[label] if isinstance(label, int) and 0 <= label < len(names) else str(label)


def _labels(found: set[Label], classes: int | None) -> list[Label]:
    numbers = sorted(label for label in found if isinstance(label, int))
    if len(numbers) == len(found) and classes and numbers[0] >= 0 and numbers[-1] < classes:
        return list(range(classes))
    return [*numbers, *sorted(label for label in found if isinstance(label, str))]
