"""Which direction a Recall@K is of: captions found for an image, or images for a caption."""

import re

from msgspec import Struct

from grader.evidence import vocabulary
from grader.model import METRICS, MetricName
from grader.patterns import regex

__all__ = [
    "Mention",
    "direction_of",
    "is_open",
    "names_recall",
    "recall_at",
    "recall_ranks",
    "without_direction",
]

_DIRECTION = regex(
    r"(?<![^\W_])(?:"
    + "|".join(
        f"(?P<{direction}>{vocabulary.alternation(vocabulary.every(table))})"
        for direction, table in vocabulary.DIRECTIONS.items()
    )
    + r")(?![^\W_])",
    re.IGNORECASE,
)
_RECALL = regex(
    rf"(?<![^\W_]){vocabulary.alternation(vocabulary.every(vocabulary.RECALL_AT))}\d+(?!\d)",
    re.IGNORECASE,
)
_BETWEEN = regex(r"[\s_:()\[\],/|>*-]{0,4}")
"""What may stand between a direction and the Recall@K right behind it."""
_BEHIND = regex(r"\s?[(\[]\s?|_|\s(?:for|of|in)\s")
"""What must stand between a Recall@K and the direction right behind it."""
_REACH = 120


class Mention(Struct, frozen=True, kw_only=True):
    """A metric named in text."""

    start: int
    """Offset of its first character."""

    end: int
    """Offset behind its last."""

    metric: MetricName
    """Which metric."""


def recall_ranks(known: frozenset[MetricName]) -> tuple[int, ...]:
    """The K of every Recall@K among these metrics."""
    return tuple(k for k in (1, 5) if _of_rank(known, k))


def recall_at(match: re.Match[str], known: frozenset[MetricName], above: str) -> Mention | None:
    """The metric of a Recall@K, with the words beside it that say its direction.

    Those right behind it count first, then the nearest before it, then those of the text above.
    Where nothing says it, it is told only if the lab asks for one direction alone.

    Args:
        match: The Recall@K, whose last group is ``at1`` or ``at5``.
        known: Metrics of the lab.
        above: Text above it.
    """
    text, start, end = match.string, match.start(), match.end()
    asked = _of_rank(known, int(str(match.lastgroup)[2:]))
    behind = _behind(text, end)
    before = list(_DIRECTION.finditer(text, max(0, start - _REACH), start))
    if behind is not None:
        direction, end = behind
    elif before:
        direction = str(before[-1].lastgroup)
        start = before[-1].start() if _BETWEEN.fullmatch(text, before[-1].end(), start) else start
    else:
        direction = direction_of(above) or ""
    fitting = [each for each in asked if each.startswith(direction)]
    return Mention(start=start, end=end, metric=fitting[0]) if len(fitting) == 1 else None


def direction_of(text: str) -> str | None:
    """The one direction a text names."""
    named = {str(match.lastgroup) for match in _DIRECTION.finditer(text[:_REACH])}
    return named.pop() if len(named) == 1 else None


def without_direction(text: str) -> str:
    """The text with the directions it names left out."""
    return _DIRECTION.sub("", text)


def names_recall(label: str) -> bool:
    """Whether a label names a Recall@K, whose K is no number of a table."""
    return _RECALL.search(label) is not None


def is_open(label: str) -> bool:
    """Whether a label names a Recall@K without its direction."""
    return names_recall(label) and direction_of(label) is None


def _behind(text: str, end: int) -> tuple[str, int] | None:
    """The direction right behind a Recall@K, with where it ends."""
    gap = _BEHIND.match(text, end)
    named = _DIRECTION.match(text, gap.end()) if gap else None
    return (str(named.lastgroup), named.end()) if named else None


def _of_rank(known: frozenset[MetricName], k: int) -> tuple[MetricName, ...]:
    return tuple(each for each in METRICS if each in known and each.endswith(f"_recall_at_{k}"))
