"""NUM002: binary-scores-inconsistent."""

from collections.abc import Iterator

from msgspec import Struct

from grader.detect._consistency import (
    Group,
    Report,
    ReportRow,
    groups,
    line_ref,
    outputs,
    ref,
    reports,
)
from grader.detect.api import Sighting, Undecided, detector
from grader.metrics.consistency.binary import ANY, Binary, harmonic, judge_binary
from grader.metrics.consistency.shown import meet
from grader.model import Case, Confidence, EvidenceKind, EvidenceRef, MetricName, Wording, say

UNBOUNDED = 10**9
"""Items assumed where a report does not say how many there are besides those of its classes."""

TRIPLE: tuple[MetricName, ...] = ("precision", "recall", "f1")


class Clash(Struct, frozen=True, kw_only=True):
    """Precision, recall and F1 of one class that exclude each other."""

    words: tuple[str, str, str]
    """The three as printed."""

    of: Wording
    """What they are of, with what else is known."""

    certain: bool
    """Whether one report gives them all."""

    task: str | None
    """Task."""

    refs: tuple[EvidenceRef, ...]
    """Where they stand."""


@detector(
    code="NUM002",
    name="binary-scores-inconsistent",
    requires=frozenset({EvidenceKind.SOURCE}),
    since="0.2.0",
    severity="major",
    follows=frozenset({"hard-coded-metric"}),
)
def binary_scores_inconsistent(case: Case) -> Iterator[Sighting]:
    """Precision, recall and F1 of one class that no confusion matrix gives together.

    ## Why it matters
    The three scores of a class follow from four whole numbers: right and wrong, of that class and
    of the rest. Scores that no four numbers give were not computed from one set of predictions.

    ## Example
    ```python
    # Task 1: ViT
    from sklearn.metrics import f1_score, precision_score, recall_score

    print(f"Precision: {precision_score(y_true, y_pred):.4f}")
    print(f"Recall: {recall_score(y_true, y_pred):.4f}")
    print(f"F1: {f1_score(y_true, y_pred):.4f}")
    ```

    ```output
    Precision: 0.9000
    Recall: 0.8000
    F1: 0.9100
    ```

    ## Use instead
    ```python
    # Task 1: ViT
    from sklearn.metrics import f1_score, precision_score, recall_score

    print(f"Precision: {precision_score(y_true, y_pred):.4f}")
    print(f"Recall: {recall_score(y_true, y_pred):.4f}")
    print(f"F1: {f1_score(y_true, y_pred):.4f}")
    ```

    ```output
    Precision: 0.9000
    Recall: 0.8000
    F1: 0.8471
    ```

    ## Verdict
    Major: at least one of the three scores is wrong, but an evaluation may well have been made.
    Certain for a row of a classification report, which names the class, its scores and its items
    together. Likely for three scores that stand together, because only the calls in the source
    tell that they are of one class.

    ## Known limits
    Judged are the rows of a classification report, and three scores that stand together when every
    call of scikit-learn that reaches the cell names no average, which it allows for two classes
    only. Means over classes are `macro-scores-inconsistent`'s matter. Beside words of training,
    validation, epochs and folds nothing is judged; nor is a row of which nothing was predicted
    right, because libraries differ on what is then undefined. A report whose rows do not add up
    to its total was not read whole and is left alone.

    ## Source
    F1 is 2PR/(P+R). Where the number of items is known, every confusion matrix is looked at or
    ruled out, with rounding and cutting of every printed number granted.
    """
    if not case.evidence.kinds & {EvidenceKind.SAVED, EvidenceKind.RERUN}:
        raise Undecided("The notebook holds no outputs.", needs="saved outputs or a run")
    found = [*_rows(case), *_triples(case)]
    for task in dict.fromkeys(each.task for each in found):
        yield _sighting(task, [each for each in found if each.task == task])


def _rows(case: Case) -> Iterator[Clash]:
    for seen in outputs(case):
        for report in reports(seen):
            if not report.complete:
                continue
            for row in report.rows:
                if _row_impossible(report, row):
                    yield Clash(
                        words=row.printed,
                        of=say("class {name} (support {n})", name=row.label[:40], n=row.support),
                        certain=True,
                        task=case.evidence.cell_tasks.get(seen.cell),
                        refs=(line_ref(seen, row.line),),
                    )


def _row_impossible(report: Report, row: ReportRow) -> bool:
    if row.support == 0 or row.recall.low <= 0 or row.precision.low <= 0:
        return False
    scores = Binary(precision=row.precision, recall=row.recall, f1=row.f1)
    # Without an accuracy, items may have several labels or none of those reported.
    n = UNBOUNDED if report.accuracy is None else report.n
    return judge_binary(scores, n, row.support).answer == "inconsistent"


def _triples(case: Case) -> Iterator[Clash]:
    for group in groups(case):
        if group.average != "binary" or group.named or not all(group.get(each) for each in TRIPLE):
            continue
        if _triple_impossible(group):
            numbers = [group.numbers[each] for each in TRIPLE]
            yield Clash(
                words=(numbers[0].printed, numbers[1].printed, numbers[2].printed),
                of=say("one class of two")
                if group.n is None
                else say("one class of two (n={n})", n=group.n),
                certain=False,
                task=group.task,
                refs=tuple(map(ref, numbers)),
            )


def _triple_impossible(group: Group) -> bool:
    precision, recall, f1 = (group.get(each) or ANY for each in TRIPLE)
    if recall.low <= 0 or precision.low <= 0:
        return False
    if not meet(f1, harmonic(precision, recall)):
        return True
    scores = Binary(
        precision=precision, recall=recall, f1=f1, accuracy=group.get("accuracy") or ANY
    )
    return group.n is not None and judge_binary(scores, group.n).answer == "inconsistent"


def _sighting(task: str | None, several: list[Clash]) -> Sighting:
    first, certain = several[0], any(each.certain for each in several)
    precision, recall, f1 = first.words
    return Sighting(
        severity="major",
        confidence=Confidence.CERTAIN if certain else Confidence.LIKELY,
        task=task,
        message=say(
            "No confusion matrix gives precision {precision}, recall {recall} and F1 {f1} "
            "together, for {what}.",
            precision=precision,
            recall=recall,
            f1=f1,
            what=first.of,
        ),
        measured=say("Classes with scores that exclude each other: {n}.", n=len(several)),
        remedy=say("Compute precision, recall and F1 from the same predictions in one cell."),
        sure=say("Arithmetic on one row of a report, with rounding and cutting granted.")
        if certain
        else say(
            "Arithmetic; that the scores are of one class is taken from the calls in the source."
        ),
        evidence=tuple(each for clash in several for each in clash.refs),
    )
