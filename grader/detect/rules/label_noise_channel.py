"""PRD003: label-noise-channel."""

from collections.abc import Iterator

from grader.detect._samples import scoring_ref
from grader.detect.api import Sighting, Undecided, detector
from grader.model import Case, Comparison, Confidence, Difficulty, EvidenceKind, Wording, say

FEWEST = 50
"""Fewest mistakes from which their places can be told."""

REACHABLE = 0.8
"""What the hardest items must be able to reach for the reference to be a measure at all."""

WEAKER = 0.1
"""How far below the reference runs a score may lie; a weak model errs in ways of its own."""

SURE = 1e-5
"""Largest chance of mistakes so indifferent to difficulty that is told to a person."""

SEEN = 0.9
"""Share of the items that must have gone through a model for one to have been seen at work."""


@detector(
    code="PRD003",
    name="label-noise-channel",
    requires=frozenset({EvidenceKind.RECORDING}),
    since="0.2.0",
    severity="review",
    follows=frozenset(
        {
            "chance-level-predictions",
            "label-derived-predictions",
            "label-map-permuted",
            "labels-differ-from-dataset",
            "labels-from-predictions",
            "misaligned-labels",
            "missing-forward-passes",
            "predictions-ignore-inputs",
            "random-labels",
            "simulated-fallback",
            "stored-or-literal-predictions",
        }
    ),
)
def label_noise_channel(case: Case) -> Iterator[Sighting]:
    """Mistakes fall on images that other runs find easy and hard alike.

    ## Why it matters
    Models mostly fail on the same images: the blurred, the unusual, those of two classes. Where
    mistakes fall on any image with the same chance, the predictions may be the labels with some
    of them changed, and then the score is one that somebody chose.

    ## Example
    ```python
    # Task 2: CLIP
    from sklearn.metrics import accuracy_score

    print(accuracy_score(y_true, y_pred))
    ```

    ```recorded
    - metric: {cell: 0, library: sklearn, function: accuracy_score, value: 0.9,
               y_true: "0x1000 1x1000", y_pred: "0x900 1x1000 0x100"}
    ```

    ```band
    - {task: clip, metric: accuracy, value: 0.9, n: 2000, low: 0.86, high: 0.92,
       verdict: within-band, difficulty: {wrong: 200, auc: 0.5, high: 0.53, reachable: 1.0,
       p: 1.0e-12}}
    ```

    ## Use instead
    ```python
    # Task 2: CLIP
    from sklearn.metrics import accuracy_score

    print(accuracy_score(y_true, y_pred))
    ```

    ```recorded
    - metric: {cell: 0, library: sklearn, function: accuracy_score, value: 0.9,
               y_true: "0x1000 1x1000", y_pred: "0x900 1x1000 0x100"}
    ```

    ```band
    - {task: clip, metric: accuracy, value: 0.9, n: 2000, low: 0.86, high: 0.92,
       verdict: within-band, difficulty: {wrong: 200, auc: 0.91, high: 0.95, reachable: 1.0,
       p: 1.0}}
    ```

    ## Verdict
    Always `review`: it says where to look, not what was done. `likely` when mistakes so
    indifferent to difficulty have a chance of at most 1 in 100,000 and fewer images went through
    a model than were scored; `hint` otherwise. Never `certain`: it is a statistic.

    ## Known limits
    Classifications only, on the very items of the reference runs. Silent below 50 mistakes, for a
    score more than 0.1 below the reference's, and where the reference finds too few items hard to
    be a measure. A model of quite another kind may fail elsewhere; its mistakes still follow some
    difficulty, though less.

    ## Source
    The area under the ROC curve of difficulty (the share of reference runs that are wrong) for
    mistakes, within classes, and its 99 % interval by E. R. DeLong, D. M. DeLong and D. L.
    Clarke-Pearson, "Comparing the areas under two or more correlated receiver operating
    characteristic curves", 1988. The limits of 50 mistakes and 0.6 are chosen; in simulations with
    200 mistakes of 2,000 noise is found 19 times in 20, and a model that shares half of its
    mistakes with the reference never.
    """
    entries = [each for each in case.comparisons.entries if each.metric == "accuracy"]
    known = [each for each in entries if each.difficulty is not None]
    if not known:
        raise Undecided(
            case.comparisons.reference_missing or "The items are not those of the reference runs.",
            needs="reference runs on the same items",
        )
    for each in known:
        if each.difficulty is not None and _is_indifferent(each, each.difficulty):
            yield _sighting(case, each, each.difficulty)


def _is_indifferent(entry: Comparison, found: Difficulty) -> bool:
    if found.wrong < FEWEST or found.reachable < REACHABLE:
        return False
    if entry.reference is None or entry.recomputed is None:
        return False
    usual = (entry.reference.low + entry.reference.high) / 2
    return entry.recomputed.value >= usual - WEAKER and found.indifferent


def _sighting(case: Case, entry: Comparison, found: Difficulty) -> Sighting:
    best = case.evidence.best(entry.task)
    rows = best.forward_rows if best is not None else None
    unseen = rows is not None and rows < SEEN * found.n
    likely = unseen and found.p <= SURE
    cell = best.cell if best is not None else None
    return Sighting(
        severity="review",
        confidence=Confidence.LIKELY if likely else Confidence.HINT,
        task=entry.task,
        message=say(
            "Your {wrong} mistakes fall on images the reference runs find easy and hard alike; "
            "those of a model mostly fall on the hard ones.",
            wrong=found.wrong,
        ),
        measured=say(
            "Chance that an image answered wrong is harder than one of its class answered right: "
            "{auc} (at most {high} with 99 % confidence; 0.5 where mistakes fall anywhere).",
            auc=f"{found.auc:.2f}",
            high=f"{found.high:.2f}",
        ),
        remedy=say(
            "Show the code that makes the predictions, from the model's output to the label."
        ),
        sure=_sure(likely=likely),
        evidence=(scoring_ref(case, cell or 0, f"scores {found.n} predictions"),),
    )


def _sure(*, likely: bool) -> Wording:
    if likely:
        return say("A statistic, and fewer images went through a model than were scored.")
    return say("A statistic over where the mistakes fall; a model of another kind may fail so.")
