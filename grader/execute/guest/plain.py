"""Turn arrays of any library into plain integers, strings and floats.

Types are compared by identity: a method of a class the student wrote is never called.
"""

from __future__ import annotations

import hashlib
import json
import math
import sys
from abc import ABCMeta
from array import array as packed
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import takewhile

from .foreign import Foreign

MAX_ELEMENTS = 200_000
MAX_TEXTS = 20_000
"""Texts and references that one call scores; what is longer is not read."""
MAX_CHARACTERS = 400
"""Of one text: captions are shorter."""

_LABEL_KINDS = "biuUO"
_MAX_INTEGER = 1 << 63
_WHOLE = frozenset({int, bool})
_NUMBERS = frozenset({int, bool, float})


@dataclass(frozen=True)
class Labels:
    """A one-dimensional array of labels."""

    length: int
    """Number of elements."""

    values: list[int | str] | None
    """The elements; ``None`` above ``MAX_ELEMENTS``."""

    @cached_property
    def text(self) -> bytes:
        """The elements as JSON."""
        return json.dumps(self.values).encode()

    @cached_property
    def digest(self) -> str:
        """Identity of the elements within one run."""
        return hashlib.sha256(self.text).hexdigest()[:16]

    @property
    def token(self) -> Foreign:
        """The same for the same elements, and quick; only -1 and -2 have one hash."""
        values = self.values
        return None if values is None else (len(values), hash(tuple(values)), values.count(-1))


@dataclass(frozen=True)
class Floats:
    """A one-dimensional array of floats."""

    length: int
    """Number of elements."""

    data: bytes | None
    """The elements, 64 bits each, the lowest byte first; ``None`` above ``MAX_ELEMENTS``."""

    @cached_property
    def digest(self) -> str:
        """Identity of the elements within one run."""
        return hashlib.sha256(b"floats " + (self.data or b"")).hexdigest()[:16]

    @property
    def token(self) -> Foreign:
        """The same for the same elements, and quick."""
        return None if self.data is None else (len(self.data), hash(self.data))


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
    return _labels(read(), whole_floats)


def numbers(value: Foreign) -> Labels | Floats | None:
    """The same, or, if there are floats among its elements, all of them as floats."""
    listing = _listing(value)
    if listing is None:
        return None
    length, first, read = listing
    if length > MAX_ELEMENTS:
        known = number(first())
        return Floats(length, None) if type(known) is float else labels(value)
    elements = read()
    kinds = set(map(type, elements))
    if float in kinds and kinds <= _NUMBERS:
        return _floats(elements)
    found = _labels(elements, False)
    if found is not None:
        return found
    scalars = list(takewhile(lambda each: each is not None, map(number, elements)))
    return _floats(scalars) if len(scalars) == len(elements) else None


def number(value: Foreign) -> int | float | None:
    """A number of Python's, NumPy's or torch's; ``None`` for anything else, truth among it."""
    value = _scalar(value)
    kind = type(value)
    if kind is int:
        return value if abs(value) < _MAX_INTEGER else None
    return value if kind is float else None


def column(value: Foreign) -> list[Foreign] | None:
    """The elements, whatever they are, of what ``labels`` reads; ``None`` if they are too many."""
    listing = _listing(value)
    return list(listing[2]()) if listing is not None and listing[0] <= MAX_TEXTS else None


def is_class_of_library(kind: type, module: str) -> bool:
    """Whether a class is the one that a module, or one below it, has under its name."""
    if type(kind) not in (type, ABCMeta):
        # What stands in another class's place may run when it is asked anything.
        return False
    home = kind.__module__
    if type(home) is not str or not f"{home}.".startswith(f"{module}."):
        return False
    return _is(kind, home, kind.__name__)


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
    if tensor.dim() not in (1, 2) or (tensor.dim() == 2 and tensor.shape[1] != 1):
        return None
    if tensor.is_sparse or tensor.is_meta or tensor.numel() > 10 * MAX_ELEMENTS:
        return None
    detached = tensor.detach().cpu()
    return detached.double().numpy() if detached.is_floating_point() else detached.numpy()


def _is(kind: type, module: str, name: str) -> bool:
    """Whether ``kind`` is this class of an imported library."""
    return kind is getattr(sys.modules.get(module), name, None)


def _labels(elements: Sequence[Foreign], whole_floats: bool) -> Labels | None:
    kinds = set(map(type, elements))
    if kinds <= _WHOLE and kinds:
        # Nearly all arrays: their elements need not be looked at one by one.
        within = min(elements) > -_MAX_INTEGER and max(elements) < _MAX_INTEGER
        values = list(elements) if kinds == {int} else list(map(int, elements))
        return Labels(len(values), values) if within else None
    if kinds == {str}:
        short = max(map(len, elements)) <= MAX_CHARACTERS
        return Labels(len(elements), list(elements)) if short else None
    plain: list[int | str] = []
    for element in elements:
        label = _label(element, whole_floats)
        if label is None:
            return None
        plain.append(label)
    return Labels(len(plain), plain)


def _floats(elements: Sequence[Foreign]) -> Floats | None:
    """All as floats of 64 bits; ``None`` if an integer is too large for one."""
    try:
        made = packed("d", elements)
    except OverflowError:
        return None
    if sys.byteorder == "big":
        made.byteswap()
    return Floats(len(made), made.tobytes())


def _label(element: Foreign, whole_floats: bool) -> int | str | None:
    element = _scalar(element)
    kind = type(element)
    if kind is bool or kind is int:
        return int(element) if abs(element) < _MAX_INTEGER else None
    if kind is str:
        return element if len(element) <= MAX_CHARACTERS else None
    if kind is float and whole_floats and math.isfinite(element):
        return int(element) if element.is_integer() and abs(element) < 1 << 53 else None
    return None


def _scalar(element: Foreign) -> Foreign:
    """What a NumPy scalar or a tensor without dimensions holds; anything else as it is."""
    kind = type(element)
    if _is(kind, "torch", "Tensor"):
        return element.item() if element.dim() == 0 and not element.is_meta else element
    numpy = sys.modules.get("numpy")
    if numpy is None or type(kind) is not type or kind.__module__ != "numpy":
        return element
    known = vars(numpy).get(kind.__name__) is kind and isinstance(element, numpy.generic)
    return element.item() if known else element
