"""Arrays and numbers that appear in a notebook's namespace."""

from __future__ import annotations

import math
from collections.abc import Iterator
from time import monotonic
from typing import NamedTuple

from . import plain
from .foreign import Foreign
from .recorder import Recorder

_MAX_NAMES = 500
_MAX_BYTES_PER_CELL = 4 << 20
_MAX_SECONDS_PER_CELL = 1.0
_MIN_ELEMENTS = 2
_MAX_PARTS = 100
"""Entries of one dictionary that are looked at."""
_MAX_DEPTH = 2
_MAX_NUMBERS_PER_CELL = 2000
_NAME_CHARACTERS = 200
_RESULTS = ("transformers.trainer_utils", "transformers.trainer_callback", "sacrebleu")
"""Modules whose classes hold results in attributes."""


class _Part(NamedTuple):
    """A value under the name it can be reached by."""

    name: str
    value: Foreign
    depth: int


class Watcher:
    """Notices arrays and numbers that are new or have changed since the last cell."""

    def __init__(self, shell: Foreign) -> None:
        self._shell = shell
        self._tokens: dict[str, Foreign] = {}

    def tell(self, recorder: Recorder) -> None:
        """Report what is new or has changed, within bounds of work and size."""
        deadline, budget = monotonic() + _MAX_SECONDS_PER_CELL, _MAX_BYTES_PER_CELL
        found: list[tuple[str, float, bool]] = []
        given = names(self._shell)
        for place, name in enumerate(given):
            late = monotonic() > deadline
            if late or budget < 0:
                recorder.drop("arrays", "time" if late else "bytes", len(given) - place)
                break
            for part in _parts(_Part(name, self._shell.user_ns.get(name), 0)):
                with recorder.quietly("namespace"), recorder.reading():
                    budget -= self._tell_part(recorder, part, found)
        if len(found) > _MAX_NUMBERS_PER_CELL:
            recorder.drop("numbers", "number", len(found) - _MAX_NUMBERS_PER_CELL)
        if found:
            recorder.emit("numbers", values=found[:_MAX_NUMBERS_PER_CELL])

    def _tell_part(
        self, recorder: Recorder, part: _Part, found: list[tuple[str, float, bool]]
    ) -> int:
        """Report an array, or add a number to the others; bytes that were sent."""
        array = plain.numbers(part.value)
        if array is None:
            number = plain.number(part.value)
            if number is None or not math.isfinite(number):
                return 0
            if self._is_new(part.name, (type(number), number)):
                found.append((part.name, number, type(number) is int))
            return 0
        if array.length < _MIN_ELEMENTS or not self._is_new(part.name, array.token or array.length):
            return 0
        if isinstance(array, plain.Floats):
            recorder.emit("floats", name=part.name, array=recorder.stored_floats(array))
            return 2 * len(array.data or b"")
        recorder.emit("named", name=part.name, array=recorder.stored(array))
        return 0 if array.values is None else len(array.text)

    def _is_new(self, name: str, token: Foreign) -> bool:
        news: bool = self._tokens.get(name) != token
        self._tokens[name] = token
        return news


def _parts(part: _Part) -> Iterator[_Part]:
    """The value itself, and what a dictionary or a library's result holds."""
    inner = _inner(part.value)
    if inner is None:
        yield part
        return
    if part.depth == _MAX_DEPTH:
        return
    for key, value in inner:
        name = f"{part.name}{key}"
        if len(name) <= _NAME_CHARACTERS:
            yield from _parts(_Part(name, value, part.depth + 1))


def _inner(value: Foreign) -> list[tuple[str, Foreign]] | None:
    """Entries with what is written after the name to reach each; ``None`` for no such thing."""
    kind = type(value)
    if kind is dict:
        entries = list(value.items())[:_MAX_PARTS]
        return [(f"[{key}]", each) for key, each in entries if type(key) is str]
    if not _is_result(kind):
        return None
    fields = getattr(kind, "_fields", None)
    entries = list(zip(fields, tuple(value))) if fields else list(vars(value).items())
    return [(f".{key}", each) for key, each in entries[:_MAX_PARTS]]


def _is_result(kind: type) -> bool:
    return any(plain.is_class_of_library(kind, module) for module in _RESULTS)


def names(shell: Foreign) -> list[str]:
    """Names that the notebook gave, the last ones if they are many."""
    hidden = shell.user_ns_hidden
    given = [
        name
        for name in shell.user_ns
        if type(name) is str and not name.startswith("_") and name not in hidden
    ]
    return [name for name in given if name not in ("In", "Out")][-_MAX_NAMES:]
