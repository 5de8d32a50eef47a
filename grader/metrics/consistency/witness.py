"""Counts that give some macro scores, found by search."""

from collections.abc import Sequence
from math import exp
from random import Random
from time import monotonic
from typing import TYPE_CHECKING

from msgspec import Struct

from grader.metrics.consistency.shown import Range, Verdict

if TYPE_CHECKING:
    from grader.metrics.consistency.macro import Macro

__all__ = ["confusion_of", "witness"]

STEPS = 200_000
"""Most changes tried; the published figures of the labs need a few thousand."""

WARM = 1e-3
"""Worsening accepted at first about once in three times."""

COOLING = 0.9997
"""By which that shrinks at each step."""

COLD = 1e-6
"""Below which it does not shrink."""

LARGEST = 40
"""Most items moved between two classes at once."""


class _State(Struct, kw_only=True):
    """Counts of every class, changed step by step."""

    supports: tuple[int, ...]
    right: list[int]
    predicted: list[int]
    errors: int = 0
    """Items that are not right, counted from the rest."""

    def __post_init__(self) -> None:
        self.errors = sum(self.supports) - sum(self.right)

    def fits(self, index: int) -> bool:
        """Whether the counts of a class can be part of some confusion matrix."""
        right, predicted, there = self.right[index], self.predicted[index], self.supports[index]
        if not 0 <= right <= min(there, predicted):
            return False
        return there + predicted - 2 * right <= self.errors

    def distance(self, scores: "Macro") -> float:
        """How far the means are from what was printed."""
        of_class = list(zip(self.right, self.predicted, self.supports, strict=True))
        classes = len(of_class)
        precision = sum(t / q for t, q, _ in of_class if q) / classes
        recall = sum(t / s for t, _, s in of_class) / classes
        f1 = sum(2 * t / (s + q) for t, q, s in of_class) / classes
        return (
            _beyond(precision, scores.precision)
            + _beyond(recall, scores.recall)
            + _beyond(f1, scores.f1)
        )


def _beyond(value: float, wanted: Range | None) -> float:
    if wanted is None or value in wanted:
        return 0.0
    return max(wanted.low - value, value - wanted.high)


def witness(scores: "Macro", supports: Sequence[int], deadline: float) -> Verdict | None:
    """Search for counts that give the scores; ``None`` when none was found, which proves nothing.

    Simulated annealing from equal scores in all classes. The same input gives the same answer but
    for the deadline.

    Args:
        scores: What was printed.
        supports: Items of each class.
        deadline: Value of the monotonic clock after which to stop.
    """
    state = _start(scores, supports)
    if state is None:
        return None
    # A seeded search, nothing that must be hard to guess.
    random = Random(0)  # noqa: S311
    now, warmth = state.distance(scores), WARM
    for step in range(STEPS):
        if now == 0:
            return Verdict(
                answer="consistent", right=tuple(state.right), predicted=tuple(state.predicted)
            )
        if step % 256 == 0 and monotonic() > deadline:
            return None
        now = _moved(state, scores, now, random, warmth)
        warmth = max(COLD, warmth * COOLING)
    return None


def _start(scores: "Macro", supports: Sequence[int]) -> _State | None:
    """As many right as the accuracy says, spread over classes by their size."""
    n = sum(supports)
    wanted = scores.accuracy or scores.recall or scores.f1 or scores.precision
    if wanted is None or len(supports) < 2:
        return None
    total = min(n, max(0, round((wanted.low + wanted.high) / 2 * n)))
    right = [total * each // n for each in supports]
    for index in range(total - sum(right)):
        right[index] += 1
    if scores.accuracy is not None and total / n not in scores.accuracy:
        return None
    return _State(supports=tuple(supports), right=right, predicted=list(supports))


def _moved(state: _State, scores: "Macro", now: float, random: Random, warmth: float) -> float:
    """Try to move items from one class to another; the distance afterwards."""
    one, other = random.sample(range(len(state.supports)), 2)
    counts = state.right if random.random() < 0.5 else state.predicted
    step = random.randint(1, LARGEST)
    counts[one] += step
    counts[other] -= step
    if state.fits(one) and state.fits(other):
        then = state.distance(scores)
        if then < now or random.random() < exp((now - then) / warmth):
            return then
    counts[one] -= step
    counts[other] += step
    return now


def confusion_of(
    right: Sequence[int], predicted: Sequence[int], supports: Sequence[int]
) -> tuple[tuple[int, ...], ...]:
    """A confusion matrix with these margins and this diagonal, a row for each true class.

    The class with most misses and false alarms left is served first, which never leaves a class
    only itself to be confused with, as long as none has more than there are errors in all.

    Raises:
        ValueError: If there is none.
    """
    rows = [[0] * len(supports) for _ in supports]
    missed = [s - t for s, t in zip(supports, right, strict=True)]
    alarms = [q - t for q, t in zip(predicted, right, strict=True)]
    for index, each in enumerate(right):
        rows[index][index] = each
    for _ in range(sum(missed)):
        source, target = _next_error(missed, alarms)
        rows[source][target] += 1
        missed[source] -= 1
        alarms[target] -= 1
    if any(missed) or any(alarms):
        raise ValueError("No confusion matrix has these counts.")
    return tuple(map(tuple, rows))


def _next_error(missed: Sequence[int], alarms: Sequence[int]) -> tuple[int, int]:
    classes = range(len(missed))
    urgent = max(classes, key=lambda each: missed[each] + alarms[each])
    if missed[urgent]:
        others = [each for each in classes if each != urgent and alarms[each]]
        pairs = (
            [(urgent, max(others, key=lambda each: missed[each] + alarms[each]))] if others else []
        )
    else:
        others = [each for each in classes if each != urgent and missed[each]]
        pairs = (
            [(max(others, key=lambda each: missed[each] + alarms[each]), urgent)] if others else []
        )
    if not pairs:
        raise ValueError("No confusion matrix has these counts.")
    return pairs[0]
