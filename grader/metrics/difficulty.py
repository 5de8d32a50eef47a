"""Whether mistakes fall on items that are hard for another model."""

from collections.abc import Hashable, Sequence
from math import erfc, sqrt

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from grader.metrics._checks import same_length

__all__ = ["Separation", "separation"]

Floats = NDArray[np.float64]

Z99 = 2.5758293035489004
"""Two-sided 99 % of a standard normal variable."""


class Separation(Struct, frozen=True, kw_only=True):
    """How well difficulty tells wrong answers from right ones."""

    wrong: int
    """Wrong answers that stand beside a right one of the same class."""

    auc: float
    """Chance that a wrong item is harder than a right one of its class, ties counting half: 0.5
    where mistakes fall anywhere, near 1 where they fall on what is hard."""

    error: float
    """Standard error of it."""

    reachable: float
    """The same chance, had the hardest items of each class been the wrong ones: ties and few hard
    items keep it below 1."""

    @property
    def high(self) -> float:
        """Upper end of its 99 % interval."""
        return min(1.0, self.auc + Z99 * self.error)

    def chance_of(self, least: float) -> float:
        """One-sided p of an AUC this low, were the true one ``least``."""
        if self.error == 0:
            return float(self.auc >= least)
        return 0.5 * erfc((least - self.auc) / self.error / sqrt(2))


def separation(
    difficulty: Sequence[float], wrong: Sequence[bool], classes: Sequence[Hashable]
) -> Separation | None:
    """Area under the ROC curve of difficulty for mistakes, within classes.

    Wrong items are compared with right ones of the same class only, so that a model that is weak
    in one class does not look as if it minded difficulty; each wrong item counts the same. The
    variance is that of DeLong, DeLong & Clarke-Pearson (1988, Biometrics 44, 837-845), summed over
    the classes.

    Args:
        difficulty: Of each item, larger is harder, shape (n,).
        wrong: Whether it was answered wrong, shape (n,).
        classes: Its class, shape (n,).

    Returns:
        ``None`` where no class has both a wrong and a right answer.

    Raises:
        ValueError: If there are no items or lengths differ.
    """
    same_length(difficulty=difficulty, wrong=wrong, classes=classes)
    hard, missed = np.array(difficulty, dtype=np.float64), np.array(wrong, dtype=bool)
    strata = _strata(classes)
    parts = [_Part.of(hard[rows], missed[rows]) for rows in strata]
    there = [part for part in parts if part is not None]
    if not there:
        return None
    best = [_Part.of(hard[rows], _hardest(hard[rows], int(missed[rows].sum()))) for rows in strata]
    auc, error = _together(there)
    reachable, _ = _together([part for part in best if part is not None])
    return Separation(
        wrong=sum(len(part.wrong) for part in there),
        auc=auc,
        error=error,
        reachable=reachable,
    )


class _Part(Struct, frozen=True):
    """One class: for each item, the share of the other side that it is on the right side of."""

    wrong: Floats
    right: Floats

    @classmethod
    def of(cls, hard: Floats, missed: NDArray[np.bool_]) -> "_Part | None":
        wrong, right = hard[missed], hard[~missed]
        if not (len(wrong) and len(right)):
            return None
        return cls(_below(wrong, right), 1 - _below(right, wrong))


def _below(items: Floats, others: Floats) -> Floats:
    """For each item, the share of the others below it, equal ones counting half."""
    ordered = np.sort(others)
    less, most = (np.searchsorted(ordered, items, side=side) for side in ("left", "right"))
    return (less + most) / (2 * len(ordered))


def _strata(classes: Sequence[Hashable]) -> list[NDArray[np.intp]]:
    rows: dict[Hashable, list[int]] = {}
    for row, name in enumerate(classes):
        rows.setdefault(name, []).append(row)
    return [np.array(each, dtype=np.intp) for each in rows.values()]


def _hardest(hard: Floats, count: int) -> NDArray[np.bool_]:
    chosen = np.zeros(len(hard), dtype=bool)
    chosen[np.argsort(-hard, kind="stable")[:count]] = True
    return chosen


def _together(parts: Sequence[_Part]) -> tuple[float, float]:
    """The mean over all wrong items, and its standard error."""
    wrong = np.concatenate([part.wrong for part in parts])
    total = len(wrong)
    spread = float(wrong.var(ddof=1)) / total if total > 1 else 0.0
    for part in parts:
        if len(part.right) > 1:
            weight = len(part.wrong) / total
            spread += weight**2 * float(part.right.var(ddof=1)) / len(part.right)
    return float(wrong.mean()), sqrt(spread)
