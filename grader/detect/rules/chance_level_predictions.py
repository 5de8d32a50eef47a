"""PRD004: chance-level-predictions."""

from collections import Counter
from collections.abc import Iterator, Sequence

from msgspec import Struct

from grader.detect._samples import UNCOUNTED, by_task, scoring_ref, uncounted
from grader.detect.api import Sighting, Undecided, detector
from grader.model import Case, Confidence, Evaluation, EvidenceKind, Label, Task, Wording, say

FEWEST = 30
"""Fewest items of which chance can be told."""

MARGIN = 0.10
"""How far above guessing the accuracy may lie, at the most, to count as guessing."""

LEVEL = 0.05
"""Level of the two tests: that labels and predictions belong together, and that the accuracy is
below the margin."""

FAR = 0.25
"""Distance above guessing that a model of any use has."""

SURE = 1e-5
"""Largest chance that a model which is better by ``FAR`` is right as seldom as this one."""


class _Guessed(Struct, frozen=True, kw_only=True):
    """Predictions that are right as often as guessing is."""

    n: int
    correct: int
    chance: float
    """Share of right answers when predictions are dealt out at random."""

    association: float
    """Chance of a table as uneven as this one when the two do not belong together."""

    far: float
    """Chance that a model which is better by ``FAR`` has so few right answers."""

    @property
    def accuracy(self) -> float:
        """Share of right answers."""
        return self.correct / self.n


@detector(
    code="PRD004",
    name="chance-level-predictions",
    requires=frozenset({EvidenceKind.RECORDING}),
    since="0.2.0",
    status="stable",
    severity="major",
    follows=frozenset(
        {
            "cherry-picked-subset",
            "degenerate-labels",
            "label-map-permuted",
            "labels-differ-from-dataset",
            "majority-class-accuracy",
            "misaligned-labels",
            "missing-forward-passes",
            "predictions-ignore-inputs",
            "random-labels",
            "simulated-fallback",
            "single-sample-eval",
            "softmax-axis-or-direction",
            "stored-or-literal-predictions",
        }
    ),
)
def chance_level_predictions(case: Case) -> Iterator[Sighting]:
    """The predictions are right no more often than guessing.

    ## Why it matters
    A model that does no better than a die has not learned, was not loaded, or is given images and
    classes in the wrong form. Its score says nothing about what the model can do.

    ## Example
    ```python
    # Task 2: CLIP
    from sklearn.metrics import accuracy_score

    print(accuracy_score(y_true, y_pred))
    ```

    ```recorded
    - metric: {cell: 0, library: sklearn, function: accuracy_score, value: 0.25,
               y_true: "0x60 1x60 2x60 3x60",
               y_pred: "0x15 1x15 2x15 3x15 0x15 1x15 2x15 3x15 0x15 1x15 2x15 3x15 0x15 1x15 2x15
                        3x15"}
    - served: {cell: 0, dataset: uoft-cs/cifar10, split: test, rows: 240,
               labels: "0x60 1x60 2x60 3x60"}
    ```

    ## Use instead
    ```python
    # Task 2: CLIP
    from sklearn.metrics import accuracy_score

    print(accuracy_score(y_true, y_pred))
    ```

    ```recorded
    - metric: {cell: 0, library: sklearn, function: accuracy_score, value: 0.9,
               y_true: "0x60 1x60 2x60 3x60",
               y_pred: "0x54 1x6 1x54 2x6 2x54 3x6 3x54 0x6"}
    - served: {cell: 0, dataset: uoft-cs/cifar10, split: test, rows: 240,
               labels: "0x60 1x60 2x60 3x60"}
    ```

    ## Verdict
    Always `major`. `likely` when the labels are those of the served data set and a model better
    than guessing by 25 hundredths would have so few right answers at most once in 100,000 times;
    `hint` otherwise, because a hard task looks the same. Never `certain`: it is a statistic.

    ## Known limits
    Silent below 30 items, for one predicted class (`majority-class-accuracy`), and where labels
    and predictions belong together in any way, as with classes in another order. No answer is
    given when another score of the task stands beside this one that could not be counted.

    ## Source
    Chance is the sum over classes of the share among labels times the share among predictions.
    A chi-square test of independence that finds nothing at 0.05, and a one-sided exact binomial
    test at 0.05 that the accuracy is below chance plus 0.10, so that guessing is shown and not
    only not refuted (J. L. Rogers, K. I. Howard and J. T. Vessey, "Using significance tests to
    evaluate equivalence between two experimental groups", 1993). The margins are chosen.
    """
    yield from by_task(case, _look)


def _look(case: Case, task: Task) -> Iterator[Sighting]:
    best = case.evidence.best(task.id)
    if best is None or best.n < FEWEST or task.kind != "classification":
        return
    true = case.evidence.recording.labels(best.y_true)
    pred = case.evidence.recording.labels(best.y_pred)
    found = _guessed(true, pred) if true and pred and len(true) == len(pred) else None
    if found is None:
        return
    if uncounted(case, task, best) is not None:
        raise Undecided(UNCOUNTED, needs="a person who reads what the other score rests on")
    yield _sighting(case, task, best, found)


def _guessed(true: Sequence[Label], pred: Sequence[Label]) -> _Guessed | None:
    """What is known of predictions that are no better than guessing; ``None`` for others."""
    labels, answers = Counter(map(str, true)), Counter(map(str, pred))
    n = len(true)
    if len(labels) < 2 or len(answers) < 2:
        return None
    correct = sum(str(one) == str(other) for one, other in zip(true, pred, strict=True))
    chance = sum(labels[name] * answers[name] for name in labels) / (n * n)
    if correct / n >= chance + MARGIN:
        return None
    # scipy takes half a second to import; the static check never comes here.
    from scipy.stats import binomtest, chi2_contingency

    upper = min(1.0, chance + MARGIN)
    if binomtest(correct, n, upper, alternative="less").pvalue > LEVEL:
        return None
    pairs = Counter(zip(map(str, true), map(str, pred), strict=True))
    table = [[pairs[row, column] for column in answers] for row in labels]
    association = float(chi2_contingency(table).pvalue)
    far = float(binomtest(correct, n, min(1.0, chance + FAR), alternative="less").pvalue)
    if association <= LEVEL:
        return None
    return _Guessed(n=n, correct=correct, chance=chance, association=association, far=far)


def _sighting(case: Case, task: Task, best: Evaluation, found: _Guessed) -> Sighting:
    real = best.origin is not None or best.y_true in {
        each.labels for each in case.evidence.recording.served
    }
    likely = real and found.far <= SURE
    return Sighting(
        severity="major",
        confidence=Confidence.LIKELY if likely else Confidence.HINT,
        task=task.id,
        message=say(
            "The accuracy of {accuracy} on {n} items is what guessing gives ({chance}).",
            accuracy=f"{found.accuracy:.1%}",
            n=found.n,
            chance=f"{found.chance:.1%}",
        ),
        measured=say(
            "Right answers: {correct} of {n}; expected of answers dealt out at random: {expected}; "
            "p of independence: {p}.",
            correct=found.correct,
            n=found.n,
            expected=f"{found.chance * found.n:.0f}",
            p=f"{found.association:.2g}",
        ),
        remedy=say(
            "Check that trained weights were loaded, how images are prepared, and that the order "
            "of the classes is that of the labels."
        ),
        sure=_sure(likely=likely),
        evidence=(scoring_ref(case, best.cell or 0, f"scores {found.n} predictions"),),
    )


def _sure(*, likely: bool) -> Wording:
    if likely:
        return say(
            "The labels are those of the data set, and chance alone makes this of a model "
            "of use less than once in 100,000 times."
        )
    return say("A statistic; a task too hard for the model looks the same.")
