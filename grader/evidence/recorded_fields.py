"""Fields of the recorder's events, bounded: what is not as expected is ``None``."""

import math
from typing import TypeVar

from pydantic import JsonValue

from grader.model import Label

__all__ = ["count", "labels", "number", "numbers", "one_of", "text"]

MAX_ELEMENTS = 200_000
"""Of one array; see ``guest.plain``."""

_MAX_CHARACTERS = 300
_MAX_CHARACTERS_OF_ELEMENT = 400
_MAX_COUNT = 1 << 40
_MAX_INTEGER = 1 << 63
_MAX_METRICS = 100

_T = TypeVar("_T", bound=str)


def one_of(value: JsonValue, known: tuple[_T, ...]) -> _T | None:
    """The one of some known words."""
    return next((each for each in known if each == value), None)


def text(value: JsonValue) -> str | None:
    """A short text."""
    if not isinstance(value, str) or not 0 < len(value) <= _MAX_CHARACTERS:
        return None
    return value


def count(value: JsonValue) -> int | None:
    """A number of things, 0 among them."""
    if not isinstance(value, int) or isinstance(value, bool):
        return None
    return value if 0 <= value < _MAX_COUNT else None


def number(value: JsonValue) -> float | None:
    """A finite number."""
    if not isinstance(value, int | float) or isinstance(value, bool):
        return None
    if isinstance(value, int) and abs(value) >= _MAX_INTEGER:
        return None
    return float(value) if math.isfinite(value) else None


def numbers(value: JsonValue) -> dict[str, float]:
    """Numbers by name; others are left out."""
    if not isinstance(value, dict):
        return {}
    found = {name: number(each) for name, each in list(value.items())[:_MAX_METRICS]}
    return {name: each for name, each in found.items() if each is not None and text(name)}


def labels(value: JsonValue) -> tuple[Label, ...] | None:
    """The elements of an array of labels."""
    if not isinstance(value, list) or len(value) > MAX_ELEMENTS:
        return None
    found: list[Label] = []
    for each in value:
        if isinstance(each, str) and len(each) <= _MAX_CHARACTERS_OF_ELEMENT:
            found.append(each)
        elif isinstance(each, int) and abs(each) < _MAX_INTEGER:
            found.append(int(each))
        else:
            return None
    return tuple(found)
