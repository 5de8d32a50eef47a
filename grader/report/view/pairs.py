"""Similarities of a few images with a few captions, as a table."""

from msgspec import Struct

from grader.model import Evaluation, Evidence, Task
from grader.model.arrays import Matrix
from grader.report.text import count
from grader.report.view.spelling import noun

__all__ = ["PairCell", "Pairs", "pairs", "shape", "sides"]

MAX_SIDE = 12
"""Rows and columns of a matrix that is shown as a table."""


class PairCell(Struct, frozen=True):
    """One similarity."""

    text: str
    belongs: bool
    """Whether image and caption belong together."""


class Pairs(Struct, frozen=True):
    """A matrix of similarities, images by captions."""

    rows: tuple[tuple[PairCell, ...], ...]


def pairs(best: Evaluation, evidence: Evidence, task: Task) -> Pairs | None:
    """The matrix, where it is square and small enough to be read."""
    matrix = _matrix(best, evidence)
    if task.kind != "similarity" or matrix is None or matrix.values is None:
        return None
    if matrix.rows != matrix.columns or matrix.rows > MAX_SIDE:
        return None
    return Pairs(
        tuple(
            tuple(
                PairCell(_text(matrix, row, column, best.transposed), row == column)
                for column in range(matrix.columns)
            )
            for row in range(matrix.rows)
        )
    )


def shape(best: Evaluation, evidence: Evidence) -> str:
    """Size of the matrix in words; empty where there is none."""
    matrix = _matrix(best, evidence)
    if matrix is None:
        return ""
    images, captions = matrix.rows, matrix.columns
    if best.transposed:
        images, captions = captions, images
    return f"{count(images)} images by {count(captions)} captions"


def sides(best: Evaluation, evidence: Evidence, task: Task) -> str:
    """Mean similarity of what belongs together and of all else; empty where it is not known."""
    matrix = _matrix(best, evidence)
    if task.kind != "similarity" or matrix is None or matrix.values is None:
        return ""
    n = matrix.rows
    if n != matrix.columns or n < 2:
        return ""
    own = sum(_at(matrix, row, row) for row in range(n))
    others = (sum(matrix.values) - own) / (n * n - n)
    return (
        f"{own / n:.4f} on average for {noun(task)}s that belong together, {others:.4f} for others"
    )


def _matrix(best: Evaluation, evidence: Evidence) -> Matrix | None:
    return evidence.recording.matrices.get(best.matrix) if best.matrix is not None else None


def _text(matrix: Matrix, image: int, caption: int, transposed: bool) -> str:
    value = _at(matrix, caption, image) if transposed else _at(matrix, image, caption)
    return f"{value:.2f}"


def _at(matrix: Matrix, row: int, column: int) -> float:
    return matrix.values[row * matrix.columns + column] if matrix.values is not None else 0.0
