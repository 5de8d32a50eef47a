"""Evaluations of matrices of similarities, and what score matrices say of classifications."""

from collections.abc import Iterator, Sequence
from math import isfinite
from typing import TYPE_CHECKING

from grader.evidence import numbers
from grader.evidence.rounding import FINEST, same_number
from grader.evidence.scene import Scene, Scored
from grader.model import Evaluation, Label, Matrix, Task, TaskKind

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = ["retrievals", "similarities", "top5_accuracy"]

RECALL_AT = (1, 5)
"""The K of Recall@K that tasks can ask for."""

ALIKE = 0.99
"""Least share of predictions that are the best scored class of a row, for scores to be theirs."""

TELLING = 4
"""Fewest decimals of a number in an output that tells which matrix it is the score of, where no
word beside it does."""


def retrievals(scene: Scene) -> list[Evaluation]:
    """Matrices of images by captions, or the reverse, of which a Recall@K is printed.

    Caption ``j`` belongs to image ``j // k`` where there are ``k`` times as many captions.
    """
    found: list[Evaluation] = []
    for cell, matrix in _named(scene, "retrieval"):
        read = [
            (scene.explained(each.scores, "retrieval"), each)
            for each in _recalls(scene, cell, matrix)
        ]
        explained, scored = max(read, key=lambda each: len(each[0]), default=((), None))
        if explained and scored is not None:
            found.append(scene.evaluation(scored))
    return found


def similarities(scene: Scene) -> list[Evaluation]:
    """Square matrices in cells of such a task, of which the score is printed."""
    found = []
    for cell, matrix in _named(scene, "similarity"):
        if matrix.rows != matrix.columns:
            continue
        # numpy takes a moment to import; the static check never comes here
        from grader.metrics.retrieval import similarity_score

        score = similarity_score(_values(matrix))
        scored = Scored(
            kind="similarity",
            source="namespace",
            cell=cell,
            n=matrix.rows,
            matrix=matrix.id,
            scores={"similarity_score": score},
        )
        if scene.explained(scored.scores, "similarity") or _is_shown(scene, cell, score):
            found.append(scene.evaluation(scored))
    return found


def top5_accuracy(
    scene: Scene, task: Task, labels: Sequence[Label], guesses: Sequence[Label]
) -> tuple[float, str] | None:
    """Top-5 accuracy by the scores the predictions are the best of, with the id of their matrix.

    It is a matrix of the namespace with a row an item and a column a class. ``None`` where there
    is none, or its best columns are not the predictions.
    """
    true, said = _numbered(labels, task), _numbered(guesses, task)
    if true is None or said is None or (task.classes or 0) < 5:
        return None
    for each in scene.recording.named_matrices:
        matrix = scene.recording.matrices.get(each.matrix)
        if matrix is None or (matrix.rows, matrix.columns) != (len(true), task.classes):
            continue
        if _is_known(matrix):
            # numpy takes a moment to import; the static check never comes here
            from grader.metrics.classification import top_k_accuracy

            values = _values(matrix)
            if (values.argmax(axis=1) == said).mean() >= ALIKE:
                return float(top_k_accuracy(values, true, 5)), matrix.id
    return None


def _named(scene: Scene, kind: TaskKind) -> Iterator[tuple[int, Matrix]]:
    """Matrices of which all values are known, with their last cell, in cells of such a task."""
    latest = {each.matrix: each.cell for each in scene.recording.named_matrices}
    for name, cell in latest.items():
        matrix = scene.recording.matrices.get(name)
        if cell is not None and scene.task_at(cell, kind) and matrix and _is_known(matrix):
            yield cell, matrix


def _recalls(scene: Scene, cell: int, matrix: Matrix) -> Iterator[Scored]:
    """Recall@K in both directions, the matrix read as images by captions and the reverse."""
    # numpy takes a moment to import; the static check never comes here
    import numpy as np

    from grader.metrics.retrieval import hits_at_k

    values = _values(matrix)
    for transposed, table in ((False, values), (True, values.T)):
        images, captions = table.shape
        if captions % images:
            continue
        belongs = np.arange(images)[:, None] == np.arange(captions)[None, :] // (captions // images)
        scores: dict[str, float] = {}
        for k in (k for k in RECALL_AT if k <= images):
            for name, (rows, wanted) in {
                f"image_to_text_recall_at_{k}": (table, belongs),
                f"text_to_image_recall_at_{k}": (table.T, belongs.T),
            }.items():
                hits = hits_at_k(rows, wanted, k)
                scores |= {name: float(hits.mean()), **_with_ties(scene, name, hits)}
        yield Scored(
            kind="retrieval",
            source="namespace",
            cell=cell,
            n=images,
            matrix=matrix.id,
            transposed=transposed,
            scores=scores,
        )


def _with_ties(scene: Scene, name: str, hits: "NDArray[np.float64]") -> dict[str, float]:
    """A printed Recall@K that some order of equal similarities gives, as ``name@ties``.

    Programs order them as it comes, so that a query is a hit or none; the definition counts the
    probability of a hit. Any share between the sure hits and the possible ones can come out.
    """
    n, mean = len(hits), float(hits.mean())
    for number in scene.numbers("retrieval"):
        share = round(number.value * n) / n
        fits = (hits >= 1).mean() <= share <= (hits > 0).mean() and same_number(share, number)
        if number.metric == name and fits and not same_number(mean, number):
            return {f"{name}@ties": share}
    return {}


def _is_shown(scene: Scene, at: int, score: float) -> bool:
    """Whether a number in an output of the cell's task is this score, whatever it is called."""
    task = scene.cell_tasks.get(at)
    return any(
        number.decimals >= TELLING
        and abs(number.value - score) <= max(0.5 * 10.0**-number.decimals, FINEST)
        for cell in scene.rerun
        if scene.cell_tasks.get(cell.index) == task
        for output in cell.outputs
        for number in numbers.quantities(numbers.fold(output.text))
    )


def _numbered(labels: Sequence[Label], task: Task) -> list[int] | None:
    """Labels as columns of a score matrix; ``None`` when they are no classes of the task."""
    names = {name: number for number, name in enumerate(task.class_names)}
    found = [each if isinstance(each, int) else names.get(each, -1) for each in labels]
    return found if found and all(0 <= each < (task.classes or 0) for each in found) else None


def _is_known(matrix: Matrix) -> bool:
    """Whether all values were recorded, and are numbers."""
    values = matrix.values
    if values is None or len(values) != matrix.rows * matrix.columns:
        return False
    return min(matrix.rows, matrix.columns) > 1 and all(map(isfinite, values))


def _values(matrix: Matrix) -> "NDArray[np.float64]":
    import numpy as np

    return np.array(matrix.values, dtype=np.float64).reshape(matrix.rows, matrix.columns)
