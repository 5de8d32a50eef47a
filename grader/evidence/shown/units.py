"""Numbers with what stands right behind them: units, zeros spelled out, nouns."""

import re
from decimal import Decimal
from math import floor, isfinite, log10

from msgspec import Struct
from msgspec.structs import replace

from grader.evidence import numbers, vocabulary
from grader.evidence.numbers import Quantity
from grader.evidence.shown import words
from grader.model import FigureKind
from grader.patterns import regex

__all__ = ["Measured", "in_seconds", "measured_at"]

_ATTACHED = regex(
    r"(?<![\w.])(?P<digits>\d{1,15}(?:\.\d{1,18})?)(?P<unit>[a-zA-Z\u00b5\u03bc]{1,6})(?![^\W_])"
)
_RATE = regex(
    r"\s?(?:(?P<noun>[a-z]{1,20})\s?(?:/|\sper\s)\s?(?:s|sec|second)|it/s|fps)(?![^\W_])",
    re.IGNORECASE,
)
_WORD = regex(r"\s?(?P<unit>[a-zA-Z\u00b5\u03bc]{1,12})(?![^\W_])")
_ITEM = regex(vocabulary.alternation(vocabulary.every(words.COUNTED["items"])), re.IGNORECASE)
_CLASS = regex(r"class(?:es)?|categories|labels", re.IGNORECASE)
_CURRENCY = "$\u20ac\u00a3"


class Measured(Struct, frozen=True, kw_only=True):
    """A number and its unit."""

    quantity: Quantity
    """The number in the unit of its kind: seconds, bytes; its text and end include the unit."""

    unit: str = ""
    """Unit as written."""

    kind: FigureKind | None = None
    """What the unit says it is of; ``None`` when it says nothing."""


def measured_at(text: str, position: int, end: int) -> Measured | None:
    """The number that starts exactly here, with the unit behind it; ``text`` is folded."""
    negative = text[position : position + 1] in {"-", "\u2212"}
    quantity = numbers.quantity_at(text, position + negative, end)
    if quantity is None:
        quantity = _attached(text, position + negative, end)
    if quantity is None or not isfinite(quantity.value):
        return None
    if negative:
        quantity = replace(
            quantity, start=position, printed=f"-{quantity.printed}", value=-quantity.value
        )
    return _with_unit(text, quantity, end)


def in_seconds(quantity: Quantity) -> Quantity:
    """A number of milliseconds in seconds."""
    return replace(quantity, value=quantity.value / 1e3, decimals=quantity.decimals + 3)


def _attached(text: str, position: int, end: int) -> Quantity | None:
    """A number right before the letters of a unit: ``21ms``, ``86M``."""
    match = _ATTACHED.match(text, position, end)
    if match is None or _scale(match["unit"]) is None:
        return None
    return numbers.quantity_at(match["digits"], 0, len(match["digits"])) and Quantity(
        start=position,
        end=match.end("digits"),
        printed=match["digits"],
        value=float(match["digits"]),
        decimals=len(match["digits"].partition(".")[2]),
        percent=False,
        whole="." not in match["digits"],
    )


def _with_unit(text: str, quantity: Quantity, end: int) -> Measured:
    if quantity.percent:
        return Measured(quantity=quantity, unit="%")
    before = text[quantity.start - 1 : quantity.start]
    if before and before in _CURRENCY:
        return Measured(quantity=quantity, unit=before, kind="other")
    if rate := _RATE.match(text, quantity.end, end):
        unit = rate[0].strip()
        return Measured(quantity=_longer(quantity, text, rate.end()), unit=unit, kind="rate")
    word = _WORD.match(text, quantity.end, end)
    if word is None:
        return Measured(quantity=quantity)
    scale = _scale(word["unit"])
    if scale is not None:
        kind, factor = scale
        whole = _longer(quantity, text, word.end())
        return Measured(quantity=_scaled(whole, factor), unit=word["unit"], kind=kind)
    return _counted(quantity, text, word)


def _counted(quantity: Quantity, text: str, word: re.Match[str]) -> Measured:
    """Nouns count whole numbers only; ``100 images/day`` is no count."""
    if not quantity.whole or text[word.end() : word.end() + 1] == "/":
        return Measured(quantity=quantity)
    kinds: dict[FigureKind, re.Pattern[str]] = {"items": _ITEM, "classes": _CLASS}
    for kind, pattern in kinds.items():
        if pattern.fullmatch(word["unit"]):
            whole = _longer(quantity, text, word.end())
            return Measured(quantity=whole, unit=word["unit"], kind=kind)
    return Measured(quantity=quantity)


def _scale(unit: str) -> tuple[FigureKind | None, float] | None:
    """What a unit measures, and how many seconds, bytes or ones it is."""
    lower = unit.lower()
    # "5 M" and "5 m" are no minutes, and "s" stands behind plurals of models: RN50s.
    if lower in words.SECONDS:
        return "seconds", words.SECONDS[lower]
    if lower in words.BYTES and (unit[0].isupper() or lower == "bytes" or unit == "kB"):
        return "bytes", words.BYTES[lower]
    if unit in {"K", "k", "M", "B"} or lower in {"million", "billion"}:
        return None, words.THOUSANDS[lower]
    return None


def _longer(quantity: Quantity, text: str, end: int) -> Quantity:
    return replace(quantity, end=end, printed=text[quantity.start : end])


def _scaled(quantity: Quantity, factor: float) -> Quantity:
    value = float(Decimal(repr(quantity.value)) * Decimal(repr(factor)))
    decimals = max(0, quantity.decimals - floor(log10(factor)))
    return replace(quantity, value=value, decimals=decimals)
