"""Arrays in the recorder's events, each stored once under the digest of its elements."""

import base64
import binascii
import hashlib
import json
import math
import struct

from pydantic import JsonValue

from grader.evidence import recorded_fields as fields
from grader.model import FloatArray, Label, LabelArray

__all__ = ["Arrays", "Floats"]

_BYTES_OF_FLOAT = 8


class Arrays:
    """Arrays of labels.

    The recorder sends the elements of an array once and its own id after that.
    """

    def __init__(self) -> None:
        self.stored: dict[str, LabelArray] = {}
        self._known: dict[str, str] = {}

    def read(self, field: JsonValue) -> str | None:
        """Id of the array a field describes; ``None`` when it describes none."""
        if not isinstance(field, dict):
            return None
        theirs = fields.text(field.get("id"))
        values = fields.labels(field.get("values"))
        if values is not None:
            return self._store(theirs, values)
        if theirs is not None:
            return self._known.get(theirs)
        return self._store_length(fields.count(field.get("n")))

    def texts(self, field: JsonValue) -> str | None:
        """Id of the array a field describes, unless something in it is no text."""
        array = self.read(field)
        values = self.stored[array].values if array is not None else None
        return None if any(not isinstance(each, str) for each in values or ()) else array

    def length(self, array: str | None) -> int | None:
        """Number of elements of a stored array."""
        return None if array is None else self.stored[array].length

    def _store(self, theirs: str | None, values: tuple[Label, ...]) -> str:
        digest = _digest(values)
        self.stored[digest] = LabelArray(id=digest, length=len(values), values=values)
        if theirs is not None:
            self._known[theirs] = digest
        return digest

    def _store_length(self, length: int | None) -> str | None:
        if length is None:
            return None
        # Arrays too long to record are never known to be equal.
        digest = _digest(("not recorded", length, len(self.stored)))
        self.stored[digest] = LabelArray(id=digest, length=length, values=None)
        return digest


class Floats:
    """Arrays of floats.

    The recorder sends the elements once, as 64-bit floats in base64, the lowest byte first, and
    its own id after that.
    """

    def __init__(self) -> None:
        self.stored: dict[str, FloatArray] = {}
        self._known: dict[str, str] = {}

    def read(self, field: JsonValue) -> str | None:
        """Id of the array a field describes; ``None`` when it describes none."""
        if not isinstance(field, dict):
            return None
        theirs, data = fields.text(field.get("id")), field.get("data")
        if theirs is not None and (theirs in self._known or not isinstance(data, str)):
            return self._known.get(theirs)
        values = _floats(data) if isinstance(data, str) else None
        length = fields.count(field.get("n")) if values is None else len(values)
        stored = None if length is None else self._store(length, values)
        if theirs is not None and stored is not None:
            self._known[theirs] = stored
        return stored

    def _store(self, length: int, values: tuple[float, ...] | None) -> str:
        # Arrays too long to record are never known to be equal.
        content = repr(len(self.stored) if values is None else values)
        digest = hashlib.sha256(f"floats {values is None} {content}".encode()).hexdigest()[:32]
        self.stored[digest] = FloatArray(id=digest, length=length, values=values)
        return digest


def _floats(data: str) -> tuple[float, ...] | None:
    """The elements; ``None`` if some are not finite, or they are too many."""
    if len(data) > fields.MAX_ELEMENTS * _BYTES_OF_FLOAT * 4 // 3 + 4:
        return None
    try:
        raw = base64.b64decode(data, validate=True)
    except (binascii.Error, ValueError):
        return None
    if len(raw) % _BYTES_OF_FLOAT:
        return None
    values = struct.unpack(f"<{len(raw) // _BYTES_OF_FLOAT}d", raw)
    return values if all(map(math.isfinite, values)) else None


def _digest(values: tuple[Label, ...]) -> str:
    return hashlib.sha256(json.dumps(values).encode()).hexdigest()[:32]
