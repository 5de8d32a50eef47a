"""Turn arrays of labels of any library into plain integers and strings.

Types are compared by identity: a method of a class the student wrote is never called.
"""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

from .foreign import Foreign

MAX_ELEMENTS = 20_000
MAX_CHARACTERS = 400
"""Of one text: captions are shorter."""

_LABEL_KINDS = "biuUO"


@dataclass(frozen=True)
class Labels:
    """A one-dimensional array of labels."""

    length: int
    """Number of elements."""

    values: list[int | str] | None
    """The elements; ``None`` above ``MAX_ELEMENTS``."""

    @cached_property
    def digest(self) -> str:
        """Identity of the elements within one run."""
        return hashlib.sha256(json.dumps(self.values).encode()).hexdigest()[:16]


def labels(value: Foreign, *, whole_floats: bool = False) -> Labels | None:
    """The elements of a one-dimensional list, tuple, array, tensor or column.

    Args:
        value: Anything.
        whole_floats: Whether floats without a fraction count as integers.
    """
    listing = _listing(value)
    if listing is None:
        return None
    length, first, read = listing
    if length > MAX_ELEMENTS:
        return None if _label(first(), whole_floats) is None else Labels(length, None)
    plain: list[int | str] = []
    for element in read():
        label = _label(element, whole_floats)
        if label is None:
            return None
        plain.append(label)
    return Labels(length, plain)


def column(value: Foreign) -> list[Foreign] | None:
    """The elements, whatever they are, of what ``labels`` reads; ``None`` if they are too many."""
    listing = _listing(value)
    return list(listing[2]()) if listing is not None and listing[0] <= MAX_ELEMENTS else None


_Listing = tuple[int, Callable[[], Foreign], Callable[[], Foreign]]


def _listing(value: Foreign) -> _Listing | None:
    """Length, a function for the first element and one for all of them."""
    kind = type(value)
    if kind is list or kind is tuple:
        return len(value), lambda: value[0], lambda: value
    if _is(kind, "torch", "Tensor"):
        value = _array_of_tensor(value)
    elif _is(kind, "pandas", "Series"):
        value = value.to_numpy()
    elif _is(kind, "datasets.arrow_dataset", "Column"):
        return len(value), lambda: value[0], lambda: value[:]
    if _is(type(value), "numpy", "ndarray"):
        return _listing_of_array(value)
    return None


def _listing_of_array(array: Foreign) -> _Listing | None:
    if array.ndim == 2 and array.shape[1] == 1:
        array = array[:, 0]
    if array.ndim != 1 or array.dtype.kind not in _LABEL_KINDS + "f":
        return None
    return len(array), lambda: array[:1].tolist()[0], lambda: array.tolist()


def _array_of_tensor(tensor: Foreign) -> Foreign:
    if tensor.dim() > 2 or tensor.is_sparse or tensor.numel() > 10 * MAX_ELEMENTS:
        return None
    detached = tensor.detach().cpu()
    return detached.float().numpy() if detached.is_floating_point() else detached.numpy()


def _is(kind: type, module: str, name: str) -> bool:
    """Whether ``kind`` is this class of an imported library."""
    return kind is getattr(sys.modules.get(module), name, None)


def _label(element: Foreign, whole_floats: bool) -> int | str | None:
    if (type(element).__module__ == "numpy" and _is_scalar(element)) or (
        _is(type(element), "torch", "Tensor") and element.dim() == 0
    ):
        element = element.item()
    kind = type(element)
    if kind is bool or kind is int:
        return int(element) if abs(element) < 1 << 63 else None
    if kind is str:
        return element if len(element) <= MAX_CHARACTERS else None
    if kind is float and whole_floats and element.is_integer() and abs(element) < 1 << 53:
        return int(element)
    return None


def _is_scalar(element: Foreign) -> bool:
    numpy = sys.modules["numpy"]
    return type(element).__name__ in vars(numpy) and isinstance(element, numpy.generic)
