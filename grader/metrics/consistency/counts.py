"""What follows from a confusion matrix, and from a square of similarities."""

from collections.abc import Sequence

from msgspec import Struct

from grader.metrics.consistency.shown import Range

__all__ = ["Confusion", "separation"]


class Confusion(Struct, frozen=True, kw_only=True):
    """A confusion matrix of whole numbers, a row for each true class."""

    rows: tuple[tuple[int, ...], ...]
    """Counts, shape (classes, classes)."""

    @property
    def n(self) -> int:
        """All items."""
        return sum(map(sum, self.rows))

    @property
    def right(self) -> int:
        """Items on the diagonal."""
        return sum(row[index] for index, row in enumerate(self.rows))

    @property
    def supports(self) -> tuple[int, ...]:
        """Items of each true class."""
        return tuple(map(sum, self.rows))

    @property
    def predicted(self) -> tuple[int, ...]:
        """Items predicted as each class."""
        return tuple(map(sum, zip(*self.rows, strict=True)))

    @property
    def turned(self) -> "Confusion":
        """The same with a column for each true class, as some libraries print it."""
        return Confusion(rows=tuple(zip(*self.rows, strict=True)))

    def class_scores(self, index: int) -> tuple[float, float, float]:
        """Precision, recall and F1 of one class, nought where undefined."""
        right, there, predicted = (
            self.rows[index][index], self.supports[index], self.predicted[index],
        )  # fmt: skip
        return (
            right / predicted if predicted else 0.0,
            right / there if there else 0.0,
            2 * right / (there + predicted) if there + predicted else 0.0,
        )


def separation(values: Sequence[Sequence[float]], decimals: int) -> Range:
    """Mean of the diagonal minus mean of everything else, of a printed square.

    Each entry may be off by its rounding, all in the same direction at worst.

    Args:
        values: The entries, shape (n, n), n at least 2.
        decimals: Decimals printed.

    Raises:
        ValueError: If it is no square of at least two rows.
    """
    n = len(values)
    if n < 2 or any(len(row) != n for row in values):
        raise ValueError("A diagonal and a rest need a square of at least two rows.")
    diagonal = sum(row[index] for index, row in enumerate(values))
    rest = sum(map(sum, values)) - diagonal
    middle = diagonal / n - rest / (n * n - n)
    # Entries rounded: half a unit each way on both means. Entries cut: up to one unit on one.
    unit = 10.0**-decimals
    return Range(low=middle - unit, high=middle + unit)
