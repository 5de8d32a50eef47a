"""Matrices of floats that appear in a notebook's namespace: scores, similarities, embeddings."""

from __future__ import annotations

import base64
import hashlib
import math
import sys
from typing import NamedTuple

from .foreign import Foreign
from .namespace import names
from .recorder import Recorder

MAX_ELEMENTS = 100_000
_MIN_SIDE = 2
_MAX_BYTES_READ_PER_CELL = 8 << 20
"""Read and compared with what was seen before; at 2 GB/s this takes 4 ms."""
_MAX_MEASURED_PER_CELL = 64 << 20
"""Bytes of matrices too large to be sent whose rows are measured."""
_MAX_TOLD_PER_CELL = 100


class _Seen(NamedTuple):
    """What was last seen under a name."""

    rows: int
    columns: int
    hash: int
    """Of the elements; which object it is when there are too many to read."""


class Watcher:
    """Notices matrices that are new or have changed since the last cell."""

    def __init__(self, shell: Foreign) -> None:
        self._shell = shell
        self._seen: dict[str, _Seen] = {}

    def tell(self, recorder: Recorder) -> None:
        """Report each new or changed matrix, within bounds of work and size."""
        left, told = _Left(), 0
        for name in names(self._shell):
            value = self._shell.user_ns.get(name)
            shape = _shape(value)
            if shape is None:
                continue
            read = shape[0] * shape[1] <= MAX_ELEMENTS
            if told == _MAX_TOLD_PER_CELL or (read and not left.read(value.nbytes)):
                recorder.drop("matrices", "number" if told == _MAX_TOLD_PER_CELL else "bytes")
                continue
            array = _array(value) if read else None
            seen = _Seen(*shape, id(value) if array is None else hash(array.tobytes()))
            if self._seen.get(name) != seen:
                self._seen[name] = seen
                told += 1
                recorder.emit("matrix", name=name, matrix=_entry(recorder, seen, array))
                if read or left.measure(value.nbytes):
                    tell_norms(recorder, name, _array(value) if array is None else array)
                else:
                    recorder.drop("row norms", "bytes")


class _Left:
    """Bytes that may still be looked at in this cell."""

    def __init__(self) -> None:
        self._read = _MAX_BYTES_READ_PER_CELL
        self._measured = _MAX_MEASURED_PER_CELL

    def read(self, size: int) -> bool:
        """Whether a matrix may be read and compared with what was there before."""
        self._read -= size
        return self._read >= 0

    def measure(self, size: int) -> bool:
        """Whether the rows of one that is too large for this may be measured."""
        self._measured -= size
        return self._measured >= 0


def entry_of(recorder: Recorder, value: Foreign) -> dict[str, Foreign] | None:
    """A matrix of floats as an event field; ``None`` if it is none."""
    shape = _shape(value)
    if shape is None:
        return None
    read = shape[0] * shape[1] <= MAX_ELEMENTS
    return _entry(recorder, _Seen(*shape, 0), _array(value) if read else None)


def tell_norms(recorder: Recorder, name: str, array: Foreign) -> None:
    """Report the smallest and the largest Euclidean norm of the rows, if all are finite.

    Args:
        recorder: Sends it.
        name: Of the variable or method that gave the matrix.
        array: A NumPy matrix of floats.
    """
    numpy = sys.modules["numpy"]
    with numpy.errstate(all="ignore"):
        squares = numpy.einsum("ij,ij->i", array, array, dtype="float64", casting="unsafe")
        low, high = float(squares.min()) ** 0.5, float(squares.max()) ** 0.5
    if math.isfinite(low) and math.isfinite(high):
        rows, columns = map(int, array.shape)
        recorder.emit("norms", name=name, rows=rows, columns=columns, low=low, high=high)


def _shape(value: Foreign) -> tuple[int, int] | None:
    """Rows and columns of a matrix of floats; ``None`` for anything else."""
    kind = type(value)
    if kind is getattr(sys.modules.get("numpy"), "ndarray", None):
        if value.ndim != 2 or value.dtype.kind != "f":
            return None
    elif kind is getattr(sys.modules.get("torch"), "Tensor", None):
        # Sparse, quantised and meta tensors have no elements to read in order.
        plain = str(value.layout) == "torch.strided" and not value.is_meta
        if value.dim() != 2 or not value.is_floating_point() or not plain:
            return None
    else:
        return None
    rows, columns = value.shape
    return (int(rows), int(columns)) if min(rows, columns) >= _MIN_SIDE else None


def _array(value: Foreign) -> Foreign:
    """The elements as a NumPy array."""
    if type(value) is sys.modules["numpy"].ndarray:
        return value
    return value.detach().cpu().float().numpy()


def _entry(recorder: Recorder, seen: _Seen, array: Foreign) -> dict[str, Foreign]:
    """A matrix as an event field, its elements only the first time.

    They are 32-bit floats, the lowest byte first, row by row, in base64: exact, and half as long
    as digits.
    """
    entry: dict[str, Foreign] = {"rows": seen.rows, "columns": seen.columns}
    if array is None:
        return entry
    # A float of 64 bits may be too large for 32.
    with sys.modules["numpy"].errstate(all="ignore"):
        data = array.astype("<f4").tobytes()
    digest = hashlib.sha256(f"{seen.rows} ".encode() + data).hexdigest()[:16]
    text = base64.b64encode(data).decode()
    named, new = recorder.bought("matrices", digest, len(text))
    return {**entry, **({"id": digest} if named else {}), **({"data": text} if new else {})}
