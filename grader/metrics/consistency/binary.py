"""Scores of one class against the rest, and the confusion matrices that give them."""

from collections.abc import Iterator
from math import ceil, floor

from msgspec import Struct

from grader.metrics.consistency.shown import SLACK, Range, Verdict

__all__ = ["Binary", "harmonic", "judge_binary"]

ANY = Range(low=0.0, high=1.0)
MOST_STEPS = 200_000
"""Pairs of counts looked at before giving up, about a fifth of a second."""

NO_PREDICTION = (0.0, 1.0)
"""What libraries give for precision when nothing was predicted, and for recall of nothing."""


class Binary(Struct, frozen=True, kw_only=True):
    """What was printed of one class; what was not is ``ANY``."""

    precision: Range = ANY
    """Right among those predicted."""

    recall: Range = ANY
    """Right among those there."""

    f1: Range = ANY
    """Their harmonic mean."""

    accuracy: Range = ANY
    """Right among all, of either class."""


def harmonic(precision: Range, recall: Range) -> Range:
    """What F1 can be: 2PR/(P+R), which grows with either."""
    return Range(
        low=_mean(max(0.0, precision.low), max(0.0, recall.low)) - SLACK,
        high=_mean(min(1.0, precision.high), min(1.0, recall.high)) + SLACK,
    )


def _mean(one: float, other: float) -> float:
    return 2 * one * other / (one + other) if one + other > 0 else 0.0


def judge_binary(scores: Binary, n: int, positives: int | None = None) -> Verdict:
    """Search for whole counts that give the scores; every one is looked at or ruled out.

    For each number of positives and each number of them found, the others are bounded by the
    scores, so that one comparison decides.

    Args:
        scores: What was printed.
        n: Items.
        positives: Items of the class; ``None`` tries every number.
    """
    steps = 0
    for there in range(n + 1) if positives is None else (positives,):
        for right in _found(scores.recall, there):
            steps += 1
            if steps > MOST_STEPS:
                return Verdict(answer="undecided", why="too many confusion matrices to look at")
            wrong = _wrong(scores, n, there, right)
            if wrong is not None:
                return Verdict(
                    answer="consistent",
                    right=(right, n - there - wrong),
                    predicted=(right + wrong, n - right - wrong),
                )
    return Verdict(answer="inconsistent", why="no confusion matrix gives these scores together")


def _found(recall: Range, there: int) -> Iterator[int]:
    """Numbers of items found that give the recall."""
    if there == 0:
        yield from (0 for _ in range(any(each in recall for each in NO_PREDICTION)))
        return
    yield from range(
        max(0, ceil(recall.low * there - SLACK)), min(there, floor(recall.high * there + SLACK)) + 1
    )


def _wrong(scores: Binary, n: int, there: int, right: int) -> int | None:
    """A number of items wrongly predicted as the class, or ``None``."""
    missed = there - right
    low = max(0.0, n - missed - scores.accuracy.high * n)
    high = min(float(n - there), n - missed - scores.accuracy.low * n)
    if right == 0:
        return _nothing_right(scores, low, high)
    low = max(low, right / scores.precision.high - right)
    high = min(high, right / scores.precision.low - right if scores.precision.low > 0 else high)
    low = max(low, 2 * right / scores.f1.high - 2 * right - missed)
    high = min(high, 2 * right / scores.f1.low - 2 * right - missed if scores.f1.low > 0 else high)
    fewest = ceil(low - 1e-7)
    return fewest if fewest <= high + 1e-7 else None


def _nothing_right(scores: Binary, low: float, high: float) -> int | None:
    """The same when no item was found: F1 is nought, or undefined."""
    if not any(each in scores.f1 for each in NO_PREDICTION):
        return None
    fewest = ceil(low - 1e-7)
    if fewest <= 0 <= high and any(each in scores.precision for each in NO_PREDICTION):
        return 0
    if 0.0 in scores.precision and max(1, fewest) <= high + 1e-7:
        return max(1, fewest)
    return None
