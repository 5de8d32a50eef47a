"""Whether two runs on the same items differ."""

from collections import Counter
from collections.abc import Sequence
from math import erfc, sqrt
from typing import Literal

from msgspec import Struct

from grader.metrics._checks import same_length
from grader.model import Label

__all__ = ["Agreement", "McNemar", "Method", "agreement", "mcnemar"]

Method = Literal["exact", "mid-p", "chi-square"]

FEW = 25
"""Discordant items from which textbooks take McNemar's approximation instead of the exact test;
below, the exact test is used here."""


class McNemar(Struct, frozen=True, kw_only=True):
    """Whether two models are right equally often on the same items."""

    n: int
    only_first: int
    """Items that only the first has right."""
    only_second: int
    """Items that only the second has right."""
    p: float
    """Two-sided; how likely a split at least as uneven is if both are right equally often."""
    method: Method


class Agreement(Struct, frozen=True, kw_only=True):
    """How often two runs give the same answer, right or wrong."""

    n: int
    same: int
    share: float
    """From 0 to 1."""
    kappa: float | None
    """Cohen's kappa, at most 1, 0 for what chance gives; ``None`` when both give one and the same
    answer everywhere, so that chance alone agrees fully."""


def mcnemar(
    first_right: Sequence[bool], second_right: Sequence[bool], *, method: Method | None = None
) -> McNemar:
    """Paired test of two accuracies on the same items; written out in whole numbers.

    McNemar (1947). Only the items on which one is right and the other wrong count; of these, b
    and c, each side should have half. ``exact`` is the two-sided binomial test; ``mid-p``
    subtracts the probability of the split seen, which makes it less conservative and close to the
    nominal level at any size (Fagerland, Lydersen & Laake 2013, BMC Medical Research Methodology
    13:91); ``chi-square`` is (b - c)^2 / (b + c) on one degree of freedom, without continuity
    correction. No discordant item gives p = 1.

    Args:
        first_right: Whether the first has each item right, shape (n,).
        second_right: The same of the second.
        method: By default ``exact`` below 25 discordant items, else ``mid-p``.

    Raises:
        ValueError: If there are no items or lengths differ.
    """
    n = same_length(first_right=first_right, second_right=second_right)
    pairs = list(zip(first_right, second_right, strict=True))
    b = sum(1 for first, second in pairs if first and not second)
    c = sum(1 for first, second in pairs if second and not first)
    chosen: Method = method or ("exact" if b + c < FEW else "mid-p")
    p = _p(b, c, chosen) if b + c else 1.0
    return McNemar(n=n, only_first=b, only_second=c, p=p, method=chosen)


def _p(b: int, c: int, method: Method) -> float:
    n, least = b + c, min(b, c)
    if method == "chi-square":
        # chi-square on one degree of freedom is the square of a standard normal variable
        return erfc(abs(b - c) / sqrt(2 * n))
    # In whole numbers, so exact for any n; scipy.stats, which takes half a second to import, is
    # what tests compare this with.
    splits = 1  # n over 0, of all 2^n
    ways = 2 * splits
    for few in range(1, least + 1):
        splits = splits * (n - few + 1) // few
        ways += 2 * splits
    if method == "mid-p":
        ways -= splits
    return min(1.0, float(ways / (1 << n)))


def agreement(first: Sequence[Label], second: Sequence[Label]) -> Agreement:
    """How often two runs give the same answer on the same items.

    Cohen (1960), "A coefficient of agreement for nominal scales": (share - chance) / (1 - chance),
    where chance is how often two runs with these frequencies of answers would agree.

    Args:
        first: Answers of one run, shape (n,), all integers or all strings.
        second: Answers of the other.

    Raises:
        ValueError: If there are no items, lengths differ, or integers and strings are mixed.
    """
    n = same_length(first=first, second=second)
    labels = {*first, *second}
    if len({isinstance(label, str) for label in labels}) > 1:
        raise ValueError("Answers are integers in one place and strings in another.")
    same = sum(one == other for one, other in zip(first, second, strict=True))
    kappa = _kappa(first, second) if len(labels) > 1 else None
    return Agreement(n=n, same=same, share=same / n, kappa=kappa)


def _kappa(first: Sequence[Label], second: Sequence[Label]) -> float:
    # scikit-learn, which takes a second to import, is what tests compare this with.
    n, ours, theirs = len(first), Counter(first), Counter(second)
    same = sum(one == other for one, other in zip(first, second, strict=True))
    by_chance = sum(ours[label] * theirs[label] for label in ours) / n
    return (same - by_chance) / (n - by_chance)
