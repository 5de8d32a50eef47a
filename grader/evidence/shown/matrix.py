"""Which tables are matrices, and of what."""

import re
from collections.abc import Sequence
from typing import Literal

from grader.evidence import vocabulary
from grader.evidence.shown import words
from grader.evidence.shown.grids import Grid
from grader.evidence.shown.meaning import metric_in
from grader.patterns import regex

__all__ = ["MatrixKind", "is_matrix", "kind_of"]

MatrixKind = Literal["confusion", "similarity", "other"]

_SIMILAR = regex(
    rf"(?<![^\W\d_]){vocabulary.alternation(vocabulary.every(words.KINDS['similarity']))}(?![^\W\d_])",
    re.IGNORECASE,
)
_CONFUSED = regex(r"confusion|verwechslung|matriz de confusi", re.IGNORECASE)
_MATRIX = regex(r"matri|similarit|cosin|confusion|heatmap|ähnlichkeit", re.IGNORECASE)
_TABULAR = regex(
    r"(?<![^\W\d_])(?:loss|epoch|step|support|count|mean|std|n|time|score|params?|parameters)"
    r"(?![^\W\d_])",
    re.IGNORECASE,
)
_DOMINANT = 0.75
"""Least share of rows whose largest number stands on the diagonal, for unnamed similarities."""
_COSINE = 1.01
"""Largest cosine, rounding and half precision included."""


def is_matrix(grid: Grid) -> bool:
    """Whether a table is a matrix rather than a list of named numbers.

    Whatever stands in brackets is; columns that name metrics or quantities make a list.
    """
    if grid.layout == "brackets":
        return True
    headers = (*grid.columns, *(row for row in grid.rows[:50]))
    if any(metric_in(text) or _TABULAR.search(text) for text in headers):
        return False
    if len(grid.cells[0]) < 2:
        return False
    if _MATRIX.search(grid.title) or not grid.columns:
        return True
    square = len(grid.cells) == len(grid.cells[0])
    return square and (_alike(grid.rows, grid.columns) or _are_counted(grid.columns))


def kind_of(grid: Grid, *, title: str) -> MatrixKind:
    """What a matrix is of, by its numbers and by the words around it.

    Args:
        grid: The matrix.
        title: Its title, or the name of the variable that was shown.
    """
    values = grid.values
    square = len(values) == len(values[0])
    named = _SIMILAR.search(" ".join((title, *grid.rows[:3], *grid.columns[:3]))) is not None
    if grid.decimals == 0 and square and not named:
        whole = all(
            value >= 0 and value.is_integer() for row in values for value in row if value == value
        )
        return "confusion" if whole and any(map(any, values)) else "other"
    cosines = all(abs(value) <= _COSINE for row in values for value in row)
    if not cosines or _CONFUSED.search(title):
        return "other"
    return "similarity" if named or (square and _is_dominant(values)) else "other"


def _is_dominant(values: Sequence[Sequence[float]]) -> bool:
    """Whether images fit their own captions best, without the rows being probabilities."""
    size = len(values)
    if size < 3 or all(abs(sum(row) - 1) <= 0.02 for row in values):
        return False
    off_diagonal = [value for i, row in enumerate(values) for j, value in enumerate(row) if i != j]
    best = sum(row[i] == max(row) for i, row in enumerate(values))
    return best >= _DOMINANT * size and any(off_diagonal)


def _alike(rows: Sequence[str], columns: Sequence[str]) -> bool:
    """Whether rows and columns are of the same things: ``Actual cat`` and ``Predicted cat``."""
    if not rows:
        return False
    last = [
        {text.replace(":", " ").split()[-1].lower() for text in texts if text.split()}
        for texts in (rows, columns)
    ]
    return last[0] == last[1]


def _are_counted(columns: Sequence[str]) -> bool:
    return list(columns) == [str(index) for index in range(len(columns))]
