"""PRD005: majority-class-accuracy."""

from collections import Counter
from collections.abc import Iterator, Sequence

from msgspec import Struct

from grader.detect._samples import UNCOUNTED, by_task, scoring_ref, uncounted
from grader.detect.api import Sighting, Undecided, detector
from grader.model import (
    Case,
    Confidence,
    Evaluation,
    EvidenceKind,
    Label,
    Task,
    Wording,
    say,
    say_many,
)

FEWEST = 10
"""Fewest items worth judging; below it `tiny-eval-sample` speaks."""

P_VALUE = 0.01
"""Above it, the accuracy is not better than always answering the commonest class."""

HALF = 0.5
"""Accuracy, and share of the commonest class, up to which the second rule is silent."""

NEAR = 0.05
"""Distance from chance within which balanced accuracy counts as chance."""


class Tally(Struct, frozen=True, kw_only=True):
    """Counts over one pair of arrays."""

    n: int
    """Items."""

    correct: int
    """Items predicted right."""

    commonest: int
    """Items of the commonest true class."""

    classes: int
    """Distinct true classes."""

    predicted: int
    """Distinct predicted classes."""

    balanced: float
    """Mean recall over the true classes."""

    @property
    def one_class(self) -> bool:
        """Whether every prediction is the same although the labels differ."""
        return self.predicted == 1 and self.classes >= 2

    @property
    def like_majority(self) -> bool:
        """Whether the accuracy is a majority's: high, yet no better than one class for all."""
        if self.classes < 2 or min(self.correct, self.commonest) <= HALF * self.n:
            return False
        if self.balanced > 1 / self.classes + NEAR:
            return False
        # scipy takes half a second to import; the static check never comes here.
        from scipy.stats import binomtest

        share = self.commonest / self.n
        return bool(binomtest(self.correct, self.n, share, alternative="greater").pvalue > P_VALUE)


@detector(
    code="PRD005",
    name="majority-class-accuracy",
    requires=frozenset({EvidenceKind.RECORDING}),
    since="0.1.0",
    status="stable",
    severity="major",
    follows=frozenset(
        {
            "candidate-set-collapse",
            "softmax-axis-or-direction",
            "degenerate-labels",
            "label-derived-predictions",
            "missing-forward-passes",
            "predictions-ignore-inputs",
            "random-labels",
            "simulated-fallback",
            "single-sample-eval",
            "stored-or-literal-predictions",
        }
    ),
)
def majority_class_accuracy(case: Case) -> Iterator[Sighting]:
    """An accuracy that always answering the commonest class reaches as well.

    ## Why it matters
    When four test images of five belong to one class, a model that always answers that class
    scores 80 % without looking at a picture. Balanced accuracy and macro F1 show it.

    ## Example
    ```python
    # Task 1: ViT
    from sklearn.metrics import accuracy_score

    print(accuracy_score(y_true, y_pred))
    ```

    ```recorded
    - forward: {cell: 0, model: google/vit-base-patch16-224-in21k, rows: 100, training: false}
    - metric: {cell: 0, library: sklearn, function: accuracy_score, value: 0.8,
               y_true: "0x80 1x10 2x10", y_pred: "0x100"}
    ```

    ## Use instead
    ```python
    # Task 1: ViT
    from sklearn.metrics import accuracy_score

    print(accuracy_score(y_true, y_pred))
    ```

    ```recorded
    - forward: {cell: 0, model: google/vit-base-patch16-224-in21k, rows: 100, training: false}
    - metric: {cell: 0, library: sklearn, function: accuracy_score, value: 0.9,
               y_true: "0x80 1x10 2x10", y_pred: "0x75 1x12 2x13"}
    ```

    ## Verdict
    Always `major` and `certain`: how often each class was predicted is counted from the recorded
    predictions, whatever made them so.

    ## Known limits
    Silent below 10 items, and when another evaluation of the task on as many items is better than
    the commonest class, because then this one is a baseline. Needs the labels and predictions: a
    score of which only the number is known is not judged, and no answer is given when such a
    score stands beside this one.

    ## Source
    One-sided exact binomial test against the no-information rate, as reported by `caret`
    (M. Kuhn, "Building predictive models in R using the caret package", 2008). The limits 0.01,
    0.5 and 0.05 are chosen so that balanced data can never be reported by the second rule.
    """
    yield from by_task(case, _look)


def _look(case: Case, task: Task) -> Iterator[Sighting]:
    evaluation = case.evidence.best(task.id)
    if evaluation is None or evaluation.n < FEWEST or task.kind != "classification":
        return
    tally = _tally(case, evaluation)
    if tally is None or not _degenerate(tally) or _better(case, task, evaluation):
        return
    if uncounted(case, task, evaluation) is not None:
        raise Undecided(UNCOUNTED, needs="a person who reads what the other score rests on")
    yield _sighting(case, task, evaluation, tally)


def _degenerate(tally: Tally) -> bool:
    return tally.one_class or tally.like_majority


def _better(case: Case, task: Task, judged_by: Evaluation) -> bool:
    """Whether the judged one is a baseline beside a real evaluation of the same size."""
    for each in case.evidence.evaluations:
        if each is judged_by or each.task != task.id or each.n < min(judged_by.n, task.min_n):
            continue
        tally = _tally(case, each)
        if tally is None or not _degenerate(tally):
            return True
    return False


def _tally(case: Case, evaluation: Evaluation) -> Tally | None:
    y_true = case.evidence.recording.labels(evaluation.y_true)
    y_pred = case.evidence.recording.labels(evaluation.y_pred)
    if y_true is None or y_pred is None or not y_true or len(y_true) != len(y_pred):
        return None
    return _count(y_true, y_pred)


def _count(y_true: Sequence[Label], y_pred: Sequence[Label]) -> Tally:
    pairs = zip(map(str, y_true), map(str, y_pred), strict=True)
    support = Counter(map(str, y_true))
    right = Counter(true for true, predicted in pairs if true == predicted)
    return Tally(
        n=len(y_true),
        correct=right.total(),
        commonest=max(support.values()),
        classes=len(support),
        predicted=len(set(y_pred)),
        balanced=sum(right[label] / count for label, count in support.items()) / len(support),
    )


def _sighting(case: Case, task: Task, evaluation: Evaluation, tally: Tally) -> Sighting:
    return Sighting(
        severity="major",
        confidence=Confidence.CERTAIN,
        task=task.id,
        message=_message(tally),
        measured=say(
            "Classes predicted: {predicted}; true classes: {classes}; share of the commonest: "
            "{share}; balanced accuracy: {balanced}.",
            predicted=tally.predicted,
            classes=tally.classes,
            share=f"{tally.commonest / tally.n:.3f}",
            balanced=f"{tally.balanced:.3f}",
        ),
        remedy=say(
            "Check training, preprocessing and the order of the classes, and report balanced "
            "accuracy or macro F1 as well."
        ),
        sure=say("Counted from the labels and predictions recorded in our run."),
        evidence=(scoring_ref(case, evaluation.cell or 0, f"scores {tally.n} predictions"),),
    )


def _message(tally: Tally) -> Wording:
    accuracy = f"{tally.correct / tally.n:.1%}"
    if tally.one_class:
        return say_many(
            "The {n} prediction is of one class, so the accuracy of {accuracy} is only the share "
            "of that class in the test images.",
            "All {n} predictions are the same class, so the accuracy of {accuracy} is only the "
            "share of that class in the test images.",
            tally.n,
            accuracy=accuracy,
        )
    return say(
        "Always answering the commonest class gives {share}; the accuracy of {accuracy} is no "
        "better, and balanced accuracy is {balanced}.",
        share=f"{tally.commonest / tally.n:.1%}",
        accuracy=accuracy,
        balanced=f"{tally.balanced:.1%}",
    )
