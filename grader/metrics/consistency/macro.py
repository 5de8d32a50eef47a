"""Accuracy and means over classes of precision, recall and F1.

Of a class with ``s`` items, of which ``t`` were predicted right, and ``q`` items predicted as it,
precision is t/q, recall t/s and F1 2t/(s+q). Each macro score is the mean of one of them, and the
sums of ``t`` and ``q`` are the right answers and all answers. So the scores of any predictions
lie in the convex hull of what single classes can reach: outside it lies what nothing can give.
"""

from collections import Counter
from collections.abc import Sequence
from time import monotonic

from msgspec import Struct

from grader.metrics.consistency.binary import harmonic
from grader.metrics.consistency.lattice import count_mean
from grader.metrics.consistency.shown import Range, Verdict, meet

__all__ = [
    "COUNT_LAW", "F1_LAW", "HULL_LAW", "NO_TIME", "POSSIBLE", "RECALL_LAW", "Macro",
    "f1_of_averages", "highest_f1", "judge_macro",
]  # fmt: skip

BUDGET = 0.3
"""Seconds after which the answer is ``undecided``."""


COUNT_LAW = "the accuracy is no whole number of right answers"
RECALL_LAW = "macro recall must equal accuracy when all classes have as many items"
F1_LAW = "macro F1 is above 2PR/(P+R)"
HULL_LAW = "no predictions give these scores together"
"""Why an answer is ``inconsistent``."""

NO_TIME = "the time allowed was not enough"
POSSIBLE = "nothing rules them out"
"""Why an answer is ``undecided``."""


class Macro(Struct, frozen=True, kw_only=True):
    """What was printed; ``None`` for what was not."""

    accuracy: Range | None = None
    """Right among all."""

    precision: Range | None = None
    """Mean over classes."""

    recall: Range | None = None
    """Mean over classes."""

    f1: Range | None = None
    """Mean over classes, or the harmonic mean of the two means."""


def highest_f1(precision: Range, recall: Range) -> float:
    """The most macro F1 can be: 2PR/(P+R), by Jensen's inequality.

    J. Opitz and S. Burst, "Macro F1 and macro F1" (2019).
    """
    return harmonic(precision, recall).high


def f1_of_averages(scores: Macro) -> bool:
    """Whether F1 can be the harmonic mean of the two means, another definition in use."""
    if scores.precision is None or scores.recall is None or scores.f1 is None:
        return False
    return meet(scores.f1, harmonic(scores.precision, scores.recall))


def judge_macro(
    scores: Macro, supports: Sequence[int], *, seconds: float = BUDGET, example: bool = False
) -> Verdict:
    """Decide whether any predictions give these scores.

    Closed forms come first, then a linear programme over the hull whose dual is checked as a
    certificate, then, on request, a search for counts as an example.

    Args:
        scores: What was printed.
        supports: Items of each class, all at least 1.
        seconds: Time allowed, looked at between steps of a few milliseconds.
        example: Whether to look for counts that give the scores. Without, ``consistent`` is never
            answered, only that nothing was proven.
    """
    if min(supports, default=0) < 1:
        return Verdict(answer="undecided", why="a class without items")
    broken = _closed_forms(scores, supports)
    if broken:
        return Verdict(answer="inconsistent", why=broken)
    if f1_of_averages(scores):
        # Either definition may have been used; only the other numbers are judged.
        scores = Macro(accuracy=scores.accuracy, precision=scores.precision, recall=scores.recall)
    # numpy and scipy take half a second to import; few notebooks come here.
    from grader.metrics.consistency.hull import outside
    from grader.metrics.consistency.witness import witness

    deadline = monotonic() + seconds
    ruled_out = outside(scores, Counter(supports), deadline)
    if ruled_out:
        return Verdict(answer="inconsistent", why=HULL_LAW)
    found = witness(scores, supports, deadline) if example else None
    return found or Verdict(answer="undecided", why=NO_TIME if ruled_out is None else POSSIBLE)


def _closed_forms(scores: Macro, supports: Sequence[int]) -> str:
    """The law that is broken, or nothing."""
    accuracy, recall = scores.accuracy, scores.recall
    if accuracy is not None and not count_mean(accuracy, sum(supports)):
        return COUNT_LAW
    balanced = len(set(supports)) == 1
    if balanced and accuracy and recall and not meet(accuracy, recall):
        return RECALL_LAW
    if scores.precision is None or recall is None or scores.f1 is None:
        return ""
    if scores.f1.low > highest_f1(scores.precision, recall):
        return F1_LAW
    return ""
