"""Captured arrays: what they are called, where they first stood, and their elements as numbers."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from math import isfinite
from typing import TYPE_CHECKING

from msgspec import Struct, field

from grader.evidence.classification import NAMED_PRED, NAMED_TRUE
from grader.evidence.provenance.labels import Encoded, encoded
from grader.model import Evaluation, Label, Matrix, Recording

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = ["Arrays", "Captured", "captured", "is_whole", "table_of"]

MOST_WORK = 6_000_000
"""Elements of arrays and pairs that are looked at of one notebook. A million take about a tenth
of a second; a student's process decides how many there are."""

MOST_OF_ONE = 200_000
"""Most elements of an array that is looked at."""

Role = str
"""``true``, ``said`` or nothing."""


class Captured(Struct, frozen=True, kw_only=True):
    """One array."""

    id: str
    """Id in the recording; that of the matrix for the best column of each row."""

    length: int
    """Number of elements."""

    cell: int | None
    """First cell in which it was seen."""

    name: str
    """What people call it."""

    role: Role = ""
    """``true`` for labels, ``said`` for predictions, as far as use or name tell."""

    certain: bool = False
    """Whether use tells, not the name alone."""


class Arrays(Struct, kw_only=True):
    """Elements of arrays, each read once, within bounds of work."""

    recording: Recording
    class_names: Sequence[Sequence[str]] = ()
    left: float = MOST_WORK
    """Elements that may still be looked at."""
    _read: dict[str, Encoded | None] = field(default_factory=dict)

    def take(self, elements: float) -> bool:
        """Whether so much work is left; then it is spent."""
        enough = elements <= self.left
        self.left -= elements if enough else 0
        return enough

    def elements(self, array: str) -> Encoded | None:
        """Elements of an array, or the best column of each row of a matrix; ``None`` if unknown."""
        if array not in self._read:
            self._read[array] = self._encoded(array)
        return self._read[array]

    def _encoded(self, array: str) -> Encoded | None:
        values: Sequence[Label] | None = self.recording.labels(array)
        if values is None and is_whole(self.recording.matrices.get(array)):
            values = table_of(self.recording.matrices[array]).argmax(axis=1).tolist()
        if values is None or len(values) > MOST_OF_ONE or not self.take(len(values)):
            return None
        return encoded(values, self.class_names)


def captured(recording: Recording, evaluations: Sequence[Evaluation]) -> dict[str, Captured]:
    """Every array of labels, by id, in the order in which they were seen."""
    found: dict[str, Captured] = {}
    for array, cell, name, role, certain in _seen(recording, evaluations):
        known = recording.arrays.get(array) or recording.matrices.get(array)
        if known is None:
            continue
        length = known.rows if isinstance(known, Matrix) else known.length
        before = found.get(array)
        if length < 2 or (before is not None and (before.certain or not role)):
            continue
        found[array] = Captured(
            id=array,
            length=length,
            cell=_first(before.cell if before else cell, cell),
            name=before.name if before and before.name else name,
            role=role,
            certain=certain,
        )
    return found


def _first(one: int | None, other: int | None) -> int | None:
    return min((each for each in (one, other) if each is not None), default=None)


Seen = tuple[str, int | None, str, Role, bool]


def _seen(recording: Recording, evaluations: Sequence[Evaluation]) -> Iterator[Seen]:
    """Ids with cell, name and role: names first, so that they name what libraries scored."""
    yield from _named(recording)
    for one in evaluations:
        yield from _sides(one.y_true, one.y_pred, one.cell, one.source)
    for call in recording.metric_calls:
        yield from _sides(call.y_true, call.y_pred, call.cell, call.function)
    yield from _served(recording)


def _named(recording: Recording) -> Iterator[Seen]:
    names: dict[str, list[str]] = defaultdict(list)
    for each in recording.named:
        names[each.array].append(each.name)
        yield each.array, each.cell, each.name, _role(names[each.array]), False
    for named in recording.named_matrices:
        if is_whole(recording.matrices.get(named.matrix)):
            yield named.matrix, named.cell, f"best column of {named.name}", "said", False


def _served(recording: Recording) -> Iterator[Seen]:
    for row in recording.served:
        if row.labels is not None:
            yield row.labels, row.cell, f"labels of {row.dataset or 'served rows'}", "true", True
    for model in recording.passes:
        if model.predictions is not None:
            yield model.predictions, model.cell, f"predictions of {model.model}", "said", True


def _sides(true: str | None, said: str | None, cell: int | None, by: str) -> Iterator[Seen]:
    if true is not None:
        yield true, cell, f"labels of {by}", "true", True
    if said is not None:
        yield said, cell, f"predictions of {by}", "said", True


def _role(names: Sequence[str]) -> Role:
    """What the names of a variable tell, predictions before labels: ``pred_labels``."""
    if any(NAMED_PRED.search(name) for name in names):
        return "said"
    return "true" if any(NAMED_TRUE.search(name) for name in names) else ""


def is_whole(matrix: Matrix | None) -> bool:
    """Whether it has at least two rows and columns, of which all elements are known numbers."""
    if matrix is None or matrix.values is None or min(matrix.rows, matrix.columns) < 2:
        return False
    return len(matrix.values) == matrix.rows * matrix.columns and all(map(isfinite, matrix.values))


def table_of(matrix: Matrix) -> "NDArray[np.float64]":
    """The elements of a whole matrix, shape (rows, columns)."""
    # numpy takes a moment to import; the static check never comes here
    import numpy as np

    return np.array(matrix.values, dtype=np.float64).reshape(matrix.rows, matrix.columns)
