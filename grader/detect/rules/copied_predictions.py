"""COH002: copied-predictions."""

from collections.abc import Iterator, Sequence
from itertools import pairwise
from math import exp, fsum, lgamma, log, log1p

from msgspec import Struct

from grader.detect._samples import scoring_ref
from grader.detect.api import Sighting, Undecided, detector
from grader.model import Case, Confidence, EvidenceKind, EvidenceRef, Label, PeerResult, Task, say

LEAST_WRONG = 20
"""Fewest items that either gets wrong; below, agreement says nothing."""

USUAL = 0.75
"""Share of wrong answers that trainings of one model have in common at most, when the class shows
no more; published pairs lie between 0.2 and 0.6."""

RARE = 1e-3
"""Probability below which agreement is told."""


class Agreement(Struct, frozen=True, kw_only=True):
    """Wrong answers of two submissions to the same items."""

    same: int
    """Items both get wrong with the same answer."""

    either: int
    """Items at least one gets wrong."""

    @property
    def share(self) -> float:
        """The share of the former among the latter."""
        return self.same / self.either if self.either else 0.0


@detector(
    code="COH002",
    name="copied-predictions",
    requires=frozenset({EvidenceKind.RECORDING}),
    since="0.2.0",
    severity="review",
    follows=frozenset({"identical-results-across-students"}),
)
def copied_predictions(case: Case) -> Iterator[Sighting]:
    """Two differently trained models give the same wrong answers to the same items.

    ## Why it matters
    Two trainings err on different items, or give different wrong answers. Where nearly every
    wrong answer is the same, the answers have one origin.

    ## Example
    ```python
    # Task 1: ViT
    optimizer.step()
    print(accuracy_score(labels, predictions))
    ```

    ```recorded
    - training: {cell: 0, optimiser: AdamW, steps: 70}
    - metric: {cell: 0, library: sklearn, function: accuracy_score, y_true: "0x40 1x40",
               y_pred: "0x10 2x30 1x40", value: 0.625}
    ```

    ```cohort
    - task: vit
      labels: same
      answers: "0x10 2x30 1x40"
      work: [AdamW 40 steps of another]
    ```

    ## Use instead
    ```python
    # Task 1: ViT
    optimizer.step()
    print(accuracy_score(labels, predictions))
    ```

    ```recorded
    - training: {cell: 0, optimiser: AdamW, steps: 70}
    - metric: {cell: 0, library: sklearn, function: accuracy_score, y_true: "0x40 1x40",
               y_pred: "0x10 2x30 1x40", value: 0.625}
    ```

    ```cohort
    - task: vit
      labels: same
      answers: "0x40 2x20 1x20"
      work: [AdamW 40 steps of another]
    ```

    ## Verdict
    Always a hint for review: it is a statistic, and no second kind of evidence agrees. It is told
    when the share of common wrong answers is larger than that of every other pair of the class,
    and larger than 0.75 with a probability of chance below 0.001, corrected for the pairs.

    ## Known limits
    Needs the recorded runs of a class. Only submissions whose recorded trainings differ are
    compared: our run sets the same seed for all, so equal code gives equal answers. What nobody
    trained, as in zero-shot, is never compared. Needs 20 items that either gets wrong.

    ## Source
    R. Geirhos, K. Meding and F. Wichmann, "Beyond accuracy: quantifying trial-by-trial behaviour
    of CNNs and humans by measuring error consistency" (2020); the binomial tail is exact.
    """
    if case.cohort is None:
        raise Undecided("There is no class to compare with.", needs="other submissions")
    for task in case.lab.tasks:
        own = case.cohort.own.result(task.id)
        judged_by = case.evidence.best(task.id)
        truth = case.evidence.recording.labels(judged_by.y_true) if judged_by else None
        if own is None or not own.work or truth is None or own.answers is None:
            continue
        found = _closest(own, _comparable(case, task, own), truth)
        if found is not None:
            cell = judged_by.cell if judged_by is not None else None
            yield _sighting(task, found, scoring_ref(case, cell or 0, "scores the predictions"))


def _comparable(case: Case, task: Task, own: PeerResult) -> list[PeerResult]:
    """Results of others on the same items in the same order, after some training."""
    others = case.cohort.others if case.cohort is not None else ()
    results = (peer.result(task.id) for peer in others)
    return [
        each
        for each in results
        if each is not None and each.work and each.answers and each.labels == own.labels
    ]


def _closest(
    own: PeerResult, others: Sequence[PeerResult], truth: Sequence[Label]
) -> Agreement | None:
    """The other training with the most common wrong answers, if that cannot be chance."""
    pairs = [_agreement(own, each, truth) for each in others if each.work != own.work]
    best = max(pairs, key=lambda pair: pair.share, default=None)
    if best is None or best.either < LEAST_WRONG:
        return None
    usual = max([USUAL, *(pair.share for pair in _among(others, truth))])
    if best.share <= usual:
        return None
    return best if _tail(best.same, best.either, usual) * len(pairs) <= RARE else None


def _among(others: Sequence[PeerResult], truth: Sequence[Label]) -> Iterator[Agreement]:
    """Agreement of each of the others with the next, as many pairs as there are others."""
    for one, other in pairwise(others):
        yield _agreement(one, other, truth)


def _agreement(one: PeerResult, other: PeerResult, truth: Sequence[Label]) -> Agreement:
    same = either = 0
    for right, first, second in zip(truth, one.answers or (), other.answers or (), strict=False):
        if first != right or second != right:
            either += 1
            same += first == second
    return Agreement(same=same, either=either)


def _tail(hits: int, n: int, probability: float) -> float:
    """Probability of at least so many hits in ``n`` trials, each likely but not certain.

    By logarithms: the number of ways is beyond floating point from a thousand trials on.
    """
    one, other = log(probability), log1p(-probability)
    return fsum(
        exp(lgamma(n + 1) - lgamma(k + 1) - lgamma(n - k + 1) + k * one + (n - k) * other)
        for k in range(hits, n + 1)
    )


def _sighting(task: Task, found: Agreement, where: EvidenceRef) -> Sighting:
    return Sighting(
        severity="review",
        confidence=Confidence.HINT,
        task=task.id,
        message=say(
            "{same} of {either} wrong answers are the same as in another submission, whose model "
            "was trained differently; please explain how they were produced.",
            same=found.same,
            either=found.either,
        ),
        measured=say(
            "Share of common wrong answers: {share}; the largest share expected is {usual}.",
            share=f"{found.share:.2f}",
            usual=f"{USUAL:.2f}",
        ),
        remedy=say("Show the code that produced your predictions, and say with whom you worked."),
        sure=say("A statistic over the class; nothing else was compared."),
        evidence=(where,),
    )
