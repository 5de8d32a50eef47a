"""Which pictures the recorder saw a model learn from, and which were scored."""

import math

from msgspec import Struct

from grader.model import Case, Evaluation, ModelPass
from grader.model.arrays import Label

PUBLISHED = 0.033
"""Share of near-duplicates of training images in the test split of CIFAR-10 (Barz and Denzler, "Do
we train on test data?", 2020): what an honest notebook may have without knowing."""

BY_CHANCE = 1e-5
"""Chance at most that so many of the scored images are such duplicates."""


class Overlap(Struct, frozen=True, kw_only=True):
    """Scored images, and how many of them the model had learned from."""

    scored: int
    """Images scored."""

    learned: int
    """Those among them that the model had learned from."""

    @property
    def chance(self) -> float:
        """Chance that at least so many are duplicates that the data set was published with."""
        return _tail(self.learned, self.scored, PUBLISHED)


def overlap(case: Case, evaluation: Evaluation) -> Overlap | None:
    """How many scored images the model learned from before; ``None`` where that was not seen.

    Compared are digests of what went into the model, so a picture that was changed at random for
    the training is another one.
    """
    recording = case.evidence.recording
    found = _scoring_pass(case, evaluation)
    if found is None or evaluation.n == 0:
        return None
    model, inputs = found
    steps = [
        each
        for each in recording.training
        if each.model == model and (each.cell or 0) <= (evaluation.cell or 0)
    ]
    if not steps or any(each.inputs is None for each in steps):
        return None
    learned = {row for each in steps for row in recording.labels(each.inputs) or ()}
    return Overlap(scored=len(inputs), learned=sum(row in learned for row in inputs))


def split_scored(case: Case, evaluation: Evaluation) -> str | None:
    """``train``, ``validation`` or ``test``: the split of the rows scored, where it is known.

    Told by the labels or the trainer, else by the split of the rows that were handed out with
    just these labels.
    """
    if evaluation.split is not None:
        return plain_split(evaluation.split)
    handed = {
        plain_split(each.split)
        for each in case.evidence.recording.served
        if each.labels is not None
        and each.labels == evaluation.y_true
        and each.split is not None
        and len(set(case.evidence.recording.labels(each.labels) or ())) > 1
    }
    return handed.pop() if len(handed) == 1 else None


def plain_split(split: str) -> str:
    """The split without its rows: ``test`` of ``test[:100]``."""
    return split.partition("[")[0].strip().lower()


def _scoring_pass(case: Case, evaluation: Evaluation) -> tuple[str, tuple[Label, ...]] | None:
    """The model that made the predictions scored, and digests of what it was given for them."""
    recording = case.evidence.recording
    wanted = _numbered(case, evaluation)
    passes = [
        each
        for each in recording.passes
        if (each.cell or 0) <= (evaluation.cell or 0) and each.rows >= evaluation.n
    ]
    for each in reversed(passes):
        inputs, start = recording.labels(each.inputs), _start(case, each, wanted)
        if inputs is not None and start is not None:
            return each.model, inputs[start : start + len(wanted)]
    return None


def _start(case: Case, one: ModelPass, wanted: tuple[Label, ...]) -> int | None:
    """Where these predictions stand among all of a pass; the last place."""
    made = case.evidence.recording.labels(one.predictions)
    if made is None or not wanted:
        return None
    for start in range(len(made) - len(wanted), -1, -1):
        if made[start] == wanted[0] and made[start : start + len(wanted)] == wanted:
            return start
    return None


def _numbered(case: Case, evaluation: Evaluation) -> tuple[Label, ...]:
    """The predictions as numbers of classes, also where they were scored as names."""
    labels = case.evidence.recording.labels(evaluation.y_pred) or ()
    for task in case.lab.tasks:
        numbers: dict[Label, int] = {name: at for at, name in enumerate(task.class_names)}
        if labels and all(label in numbers for label in labels):
            return tuple(numbers[label] for label in labels)
    return labels


def _tail(least: int, n: int, share: float) -> float:
    """Chance of at least so many among ``n`` (binomial)."""
    if least <= 0:
        return 1.0
    total = 0.0
    for k in range(least, n + 1):
        log = math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1)
        term = math.exp(log + k * math.log(share) + (n - k) * math.log1p(-share))
        total += term
        # Beyond the mean the terms only get smaller.
        if k > n * share and term < total * 1e-9:
            break
    return min(1.0, total)
