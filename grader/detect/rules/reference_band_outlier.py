"""PRD009: reference-band-outlier."""

from collections.abc import Iterator

from grader.detect._samples import scoring_ref
from grader.detect.api import Sighting, Undecided, detector
from grader.model import (
    METRICS,
    Band,
    Case,
    Comparison,
    Confidence,
    EvidenceKind,
    Value,
    Wording,
    say,
)

SURE = 1e-5
"""Largest chance of a score so far outside the band that is told."""

SHARES = frozenset({"accuracy", "top5_accuracy", "exact_match"})
"""Metrics that are right answers divided by items."""


@detector(
    code="PRD009",
    name="reference-band-outlier",
    requires=frozenset({EvidenceKind.RECORDING}),
    since="0.2.0",
    severity="minor",
    follows=frozenset(
        {
            "answer-leak-in-prompt",
            "candidate-set-collapse",
            "chance-level-predictions",
            "cherry-picked-subset",
            "eval-on-train-split",
            "label-derived-predictions",
            "label-map-permuted",
            "labels-differ-from-dataset",
            "majority-class-accuracy",
            "misaligned-labels",
            "missing-forward-passes",
            "predictions-ignore-inputs",
            "random-labels",
            "simulated-fallback",
            "softmax-axis-or-direction",
            "stored-or-literal-predictions",
            "unnormalised-embeddings",
        }
    ),
)
def reference_band_outlier(case: Case) -> Iterator[Sighting]:
    """A score lies far outside what the reference runs of the same model reach.

    ## Why it matters
    The same model on the same data gives nearly the same score. One that is far away points to
    another split, other preprocessing or another checkpoint, or to predictions that are not the
    model's.

    ## Example
    ```python
    # Task 2: CLIP
    from sklearn.metrics import accuracy_score

    print(accuracy_score(y_true, y_pred))
    ```

    ```recorded
    - metric: {cell: 0, library: sklearn, function: accuracy_score, value: 0.6,
               y_true: "0x100 1x100", y_pred: "0x60 1x100 0x40"}
    ```

    ```band
    - {task: clip, metric: accuracy, value: 0.6, n: 200, low: 0.86, high: 0.92,
       verdict: below-band}
    ```

    ## Use instead
    ```python
    # Task 2: CLIP
    from sklearn.metrics import accuracy_score

    print(accuracy_score(y_true, y_pred))
    ```

    ```recorded
    - metric: {cell: 0, library: sklearn, function: accuracy_score, value: 0.9,
               y_true: "0x100 1x100", y_pred: "0x90 1x100 0x10"}
    ```

    ```band
    - {task: clip, metric: accuracy, value: 0.9, n: 200, low: 0.86, high: 0.92,
       verdict: within-band}
    ```

    ## Verdict
    `review` above the band, because a better score is nothing to be blamed for, and `minor` below
    it. `likely` when the same items were scored one by one and McNemar's test finds the difference
    at 1e-5 as well; `hint` when the number alone is known. Never `certain`: other prompts or other
    preparation of the images are allowed and move a score.

    ## Known limits
    Only shares of right answers are judged; of BLEU and its like the comparison itself tells. No
    answer is given without a reference, and nothing is said of scores that the comparison calls
    not comparable, for example on another split or with other prompts.

    ## Source
    A one-sided exact binomial test against the nearer end of the band, at 1e-5, so that of 3,000
    tests of a class 0.03 are wrong; McNemar's test as the comparison reports it.
    """
    entries = case.comparisons.entries
    if all(each.reference is None for each in entries):
        raise Undecided(
            case.comparisons.reference_missing or "No reference runs were compared with.",
            needs="recorded reference runs of the lab",
        )
    for each in entries:
        band, value = each.reference, each.recomputed
        outside = each.verdict in {"above-band", "below-band"} and each.metric in SHARES
        if outside and band is not None and value is not None and each.n:
            chance = _chance(each, band, value, each.n)
            if chance <= SURE:
                yield _sighting(case, each, band, value, chance)


def _chance(entry: Comparison, band: Band, value: Value, n: int) -> float:
    """Chance of a score so far out, were the true one at the nearer end of the band."""
    # scipy takes half a second to import; the static check never comes here.
    from scipy.stats import binomtest

    above = entry.verdict == "above-band"
    correct = min(n, max(0, round(value.value * n)))
    end = min(1.0, max(0.0, band.high if above else band.low))
    return float(binomtest(correct, n, end, alternative="greater" if above else "less").pvalue)


def _sighting(case: Case, entry: Comparison, band: Band, value: Value, chance: float) -> Sighting:
    above = entry.verdict == "above-band"
    paired = entry.paired is not None and entry.paired.p <= SURE
    best = case.evidence.best(entry.task)
    cell = value.cell if value.cell is not None else (best.cell if best is not None else None)
    return Sighting(
        severity="review" if above else "minor",
        confidence=Confidence.LIKELY if paired else Confidence.HINT,
        task=entry.task,
        message=_message(entry, band, value),
        measured=say(
            "Items: {n}; chance of a score so far out: {chance}.",
            n=entry.n or 0,
            chance=f"{chance:.1g}",
        ),
        remedy=say(
            "Check the split, how images are prepared and which checkpoint is loaded, or explain "
            "the difference."
        ),
        sure=say("Item by item the two differ as well.")
        if paired
        else say("A statistic over the number of right answers alone."),
        evidence=(scoring_ref(case, cell or 0, f"scores {entry.n} items"),),
    )


def _message(entry: Comparison, band: Band, value: Value) -> Wording:
    said: dict[str, str | int] = {
        "metric": METRICS[entry.metric].spoken,
        "value": f"{value.value:.4f}",
        "low": f"{band.low:.4f}",
        "high": f"{band.high:.4f}",
        "runs": band.runs,
    }
    if entry.verdict == "above-band":
        return say(
            "Your {metric} of {value} lies above what this model reaches on this data ({low} to "
            "{high} in {runs} reference runs).",
            **said,
        )
    return say(
        "Your {metric} of {value} lies below what this model reaches on this data ({low} to "
        "{high} in {runs} reference runs).",
        **said,
    )
