"""COH001: identical-results-across-students."""

from collections.abc import Iterator

from grader.detect.api import Sighting, Undecided, detector
from grader.model import (
    Case,
    Confidence,
    EvidenceKind,
    EvidenceRef,
    PeerResult,
    Task,
    say,
    say_many,
)

LEAST_SCORES = 3
"""Fewest distinct scores that must agree."""

LEAST_LOSSES = 2
"""Fewest distinct losses by which a training is known again."""

LEAST_ERRORS = 20
"""Wrong answers below which two models often make the same table of classes."""


@detector(
    code="COH001",
    name="identical-results-across-students",
    requires=frozenset({EvidenceKind.SAVED}),
    since="0.2.0",
    severity="review",
)
def identical_results_across_students(case: Case) -> Iterator[Sighting]:
    """The saved scores of a training equal those of another submission, digit for digit.

    ## Why it matters
    A training without a seed gives other numbers each time. Where two notebooks show the same
    ones, one run stands behind both of them.

    ## Example
    ```python
    # Task 1: ViT
    loss.backward()
    print(f"loss {loss:.4f}")
    print(f"Accuracy: {accuracy:.4f}  Precision: {precision:.4f}  F1: {f1:.4f}")
    ```

    ```output
    loss 0.2716
    loss 0.1934
    Accuracy: 0.9141  Precision: 0.9182  F1: 0.9130
    ```

    ```cohort
    - task: vit
      by_chance: true
      scores: [accuracy 0.9141, f1 0.9130, precision 0.9182]
      losses: [loss 0.1934, loss 0.2716]
    ```

    ## Use instead
    ```python
    # Task 1: ViT
    loss.backward()
    print(f"loss {loss:.4f}")
    print(f"Accuracy: {accuracy:.4f}  Precision: {precision:.4f}  F1: {f1:.4f}")
    ```

    ```output
    loss 0.2698
    loss 0.1951
    Accuracy: 0.9219  Precision: 0.9251  F1: 0.9212
    ```

    ```cohort
    - task: vit
      by_chance: true
      scores: [accuracy 0.9141, f1 0.9130, precision 0.9182]
      losses: [loss 0.1934, loss 0.2716]
    ```

    ## Verdict
    Always for review: two people may have shown one run with leave. Likely when the losses of the
    training agree too, which are real numbers; a hint when only the scores do and at least 20
    answers are wrong, because fewer errors make the same scores by coincidence.

    ## Known limits
    Needs the other submissions of a class, so `grader check` never reports it. Only trainings by
    gradients and sampled answers count, and only without a seed anywhere in the code: zero-shot
    answers of one model to the same prompts are the same for everybody, and so is a seeded run.
    Cells of the starter are left out. Our own run is seeded and not looked at here.

    ## Source
    n items make n + 1 accuracies, so few digits agree by chance (N. Brown and J. Heathers, "The
    GRIM test", 2017); losses of floating point do not.
    """
    if case.cohort is None:
        raise Undecided("There is no class to compare with.", needs="other submissions")
    for task in case.lab.tasks:
        own = case.cohort.own.result(task.id)
        if own is None or not own.by_chance or len(own.scores) < LEAST_SCORES:
            continue
        same = [result for result in _others(case, task) if result.scores == own.scores]
        with_losses = [each for each in same if each.losses == own.losses]
        if with_losses and len(own.losses) >= LEAST_LOSSES:
            yield _sighting(case, task, own, len(with_losses), losses=True)
        elif same and (own.errors or 0) >= LEAST_ERRORS:
            yield _sighting(case, task, own, len(same), losses=False)


def _others(case: Case, task: Task) -> Iterator[PeerResult]:
    for peer in case.cohort.others if case.cohort is not None else ():
        result = peer.result(task.id)
        if result is not None and result.by_chance:
            yield result


def _where(case: Case, task: Task) -> EvidenceRef:
    """The first of the scores."""
    for each in case.evidence.figures:
        saved = each.place.source == "saved" and each.kind == "score"
        if saved and each.task == task.id:
            return EvidenceRef(kind=EvidenceKind.SAVED, cell=each.place.cell, line=each.place.line)
    return EvidenceRef(kind=EvidenceKind.SAVED, cell=0)


def _sighting(case: Case, task: Task, own: PeerResult, n: int, *, losses: bool) -> Sighting:
    sure = say("Scores can agree by coincidence; the losses of the training were not shown.")
    if losses:
        sure = say("Losses are real numbers, and nothing in the code sets a seed.")
    return Sighting(
        severity="review",
        confidence=Confidence.LIKELY if losses else Confidence.HINT,
        task=task.id,
        message=say_many(
            "The scores of this training equal those of {n} other submission digit for digit; "
            "please explain how they were produced.",
            "The scores of this training equal those of {n} other submissions digit for digit; "
            "please explain how they were produced.",
            n,
        ),
        measured=say(
            "Numbers with four or more decimals that agree: {n}.",
            n=len(own.scores) + (len(own.losses) if losses else 0),
        ),
        remedy=say("Show the outputs of your own run, and say with whom you worked."),
        sure=sure,
        evidence=(_where(case, task),),
    )
