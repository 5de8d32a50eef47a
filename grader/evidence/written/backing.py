"""What a sentence says its numbers rest on: how many items, which split, whether it is enough."""

import re
from collections.abc import Sequence

from msgspec.structs import replace

from grader.evidence import numbers
from grader.evidence.written import words
from grader.evidence.written.quantities import Amount
from grader.model import FigureKind
from grader.patterns import regex

__all__ = ["as_items", "is_disclaimed", "item_count", "speaks_of_single", "split_of"]

_DISCLAIMED = regex(words.one_of(words.DISCLAIMERS), re.IGNORECASE)
_SINGLE = regex(words.one_of(words.SINGLE), re.IGNORECASE)
_ANAPHOR = words.bounded(words.one_of(words.ANAPHORS))
_SPLITS = {name: words.bounded(words.one_of(table)) for name, table in words.SPLITS.items()}
_PRETRAINED = regex(r"pre-?train|trained on|entraîné|trainiert|entrenado|预训练", re.IGNORECASE)
_COUNTS: frozenset[FigureKind] = frozenset({"items"})
_RESTS = regex(
    r"(?<!\w)(?:on|over|across|of the|auf|sur|über|sobre)\s(?:just\s|only\s|all\s|the\s|nur\s)?$",
    re.IGNORECASE,
)
_THINGS = regex(r"\s(?:[a-zà-ÿ]{2,16}[\s-])?[a-zà-ÿ]{3,16}(?![^\W_])")


def is_disclaimed(text: str, following: str) -> bool:
    """Whether a sentence says that its numbers mean little, or the next one says so of it."""
    if _DISCLAIMED.search(text):
        return True
    return _ANAPHOR.search(following[:90]) is not None and _DISCLAIMED.search(following) is not None


def speaks_of_single(following: str) -> bool:
    """Whether the next sentence says of this one that it rests on a single item."""
    return _ANAPHOR.search(following[:90]) is not None and _SINGLE.search(following) is not None


def split_of(text: str) -> str | None:
    """The one split a text names."""
    named = [name for name, pattern in _SPLITS.items() if pattern.search(text)]
    return named[0] if len(named) == 1 else None


def item_count(text: str, found: Sequence[Amount]) -> int | None:
    """Items a sentence says its scores rest on; ``None`` when it says none or several."""
    counted = numbers.item_count(text)
    if counted is not None:
        return counted
    if _PRETRAINED.search(text):
        return None
    if _SINGLE.search(text):
        return 1
    whole = {each.value for each in found if each.kind in _COUNTS and each.value % 1 == 0}
    return int(whole.pop()) if len(whole) == 1 else None


def as_items(text: str, amount: Amount) -> Amount:
    """``on 128 bean leaves``: a whole number of things a result rests on, whatever they are."""
    if "§" in amount.unit:
        # Digits of names are struck out where numbers are looked for.
        unit = text[amount.end - len(amount.unit) : amount.end]
        return replace(amount, unit=unit)
    if amount.kind is not None or amount.decimals or amount.value < 1 or amount.value % 1:
        return amount
    things = _THINGS.match(text, amount.end)
    if things is None or not _RESTS.search(text, max(0, amount.start - 24), amount.start):
        return amount
    return replace(amount, end=things.end(), kind="items", unit=things[0].strip())
