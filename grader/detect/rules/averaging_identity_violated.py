"""NUM004: averaging-identity-violated."""

import re
from collections.abc import Iterator, Sequence

from msgspec import Struct

from grader.detect._consistency import (
    Group,
    Report,
    groups,
    line_ref,
    outputs,
    ref,
    reports,
)
from grader.detect.api import Sighting, Undecided, detector
from grader.metrics.consistency.binary import harmonic
from grader.metrics.consistency.shown import Range, meet
from grader.model import (
    METRICS,
    Case,
    Confidence,
    EvidenceKind,
    EvidenceRef,
    MetricName,
    Wording,
    say,
)
from grader.patterns import regex

SCORES = ("precision", "recall", "F1")

SEVERAL_LABELS = regex(
    r"multi_?label|MultiLabelBinarizer|num_labels_per|sigmoid|BCEWithLogits|ignore_index", re.I
)
"""Words of sources where an item may have several labels or none, and no identity holds."""

MOST_CLASSES = 5_000
"""Rows of a report that are averaged; longer ones are left alone."""


class Broken(Struct, frozen=True, kw_only=True):
    """An identity that printed numbers break."""

    message: Wording
    """The numbers, without a full stop."""

    certain: bool
    """Whether one report gives all the numbers."""

    task: str | None
    """Task."""

    refs: tuple[EvidenceRef, ...]
    """Where they stand."""


@detector(
    code="NUM004",
    name="averaging-identity-violated",
    requires=frozenset({EvidenceKind.SOURCE}),
    since="0.2.0",
    status="stable",
    severity="major",
    follows=frozenset(
        {
            "hard-coded-metric",
            "binary-scores-inconsistent",
            "edited-output",
            "confusion-matrix-mismatch",
        }
    ),
)
def averaging_identity_violated(case: Case) -> Iterator[Sighting]:
    """Two printed numbers differ that are the same by definition.

    ## Why it matters
    Weighted recall is the share of right answers, that is, accuracy; so are micro precision,
    recall and F1; and the last rows of a report are means of its other rows. When they differ, the
    numbers come from different predictions, or one of them was not computed.

    ## Example
    ```python
    # Task 2: CLIP
    from sklearn.metrics import accuracy_score, recall_score

    print(f"Accuracy: {accuracy_score(y_true, y_pred):.4f}")
    print(f"Weighted recall: {recall_score(y_true, y_pred, average='weighted'):.4f}")
    ```

    ```output
    Accuracy: 0.9895
    Weighted recall: 0.8895
    ```

    ## Use instead
    ```python
    # Task 2: CLIP
    from sklearn.metrics import accuracy_score, recall_score

    print(f"Accuracy: {accuracy_score(y_true, y_pred):.4f}")
    print(f"Weighted recall: {recall_score(y_true, y_pred, average='weighted'):.4f}")
    ```

    ```output
    Accuracy: 0.8895
    Weighted recall: 0.8895
    ```

    ## Verdict
    Major: one of the two numbers is wrong, but an evaluation may well have been made. Certain
    within a classification report, whose rows are of the same predictions. Likely for scores that
    stand together outside of one, because that they are of one evaluation follows only from where
    they stand.

    ## Known limits
    The average must be named by the output, or by every call of scikit-learn that reaches the
    cell. Scores in one output are compared when each stands there once and no word speaks of
    training, validation, epochs or folds. Silent for several labels an item, where no identity
    holds, and for a report whose rows do not add up to its total. That macro recall equals
    accuracy holds for classes of equal size only and is left to `macro-scores-inconsistent`; F1 in
    a macro row may also be the harmonic mean of the row.

    ## Source
    The definitions, as in the user guide of scikit-learn, "Multiclass and multilabel
    classification"; rounding and cutting of every printed number are granted.
    """
    if not case.evidence.kinds & {EvidenceKind.SAVED, EvidenceKind.RERUN}:
        raise Undecided("The notebook holds no outputs.", needs="saved outputs or a run")
    found = [*_in_reports(case), *_in_groups(case)]
    for task in dict.fromkeys(each.task for each in found):
        yield _sighting(task, [each for each in found if each.task == task])


def _in_reports(case: Case) -> Iterator[Broken]:
    for seen in outputs(case):
        for report in reports(seen):
            if not report.complete or len(report.rows) > MOST_CLASSES:
                continue
            task = case.evidence.cell_tasks.get(seen.cell)
            for message, line in (*_means(report), *_accuracy(report)):
                refs = (line_ref(seen, line),)
                yield Broken(message=message, certain=True, task=task, refs=refs)


def _means(report: Report) -> Iterator[tuple[Wording, int]]:
    """Rows of averages that are not the averages of the rows above."""
    weights = {"macro avg": [1] * len(report.rows), "weighted avg": list(report.supports)}
    for label, row in report.averages.items():
        if label not in weights or not sum(weights[label]):
            continue
        for index, name in enumerate(SCORES):
            mean = _mean([each.scores[index] for each in report.rows], weights[label])
            other = harmonic(row.precision, row.recall)
            by_row = name == "F1" and label == "macro avg" and meet(row.f1, other)
            if not meet(mean, row.scores[index]) and not by_row:
                middle = (mean.low + mean.high) / 2
                yield (
                    say(
                        "The report gives {metric} {printed} as {label}, but the mean of its rows "
                        "is {mean}",
                        metric=name,
                        printed=row.printed[index],
                        label=label,
                        mean=f"{middle:.4f}",
                    ),
                    row.line,
                )


def _mean(values: Sequence[Range], weights: Sequence[int]) -> Range:
    total = sum(weights)
    pairs = list(zip(values, weights, strict=True))
    return Range(
        low=sum(each.low * weight for each, weight in pairs) / total,
        high=sum(each.high * weight for each, weight in pairs) / total,
    )


def _accuracy(report: Report) -> Iterator[tuple[Wording, int]]:
    """An accuracy that is not the weighted recall of its own report."""
    weighted = report.averages.get("weighted avg")
    if report.accuracy is None or weighted is None:
        return
    accuracy, printed, line = report.accuracy
    if not meet(accuracy, weighted.recall):
        message = say(
            "The report gives accuracy {printed}, but weighted recall {recall}",
            printed=printed,
            recall=weighted.printed[1],
        )
        yield message, line


def _in_groups(case: Case) -> Iterator[Broken]:
    source = "\n".join(cell.source for cell in case.evidence.submission.code_cells)
    if SEVERAL_LABELS.search(source):
        return
    for group in groups(case):
        same: tuple[MetricName, ...] = ()
        if group.average == "weighted":
            same = ("recall",)
        elif group.average == "micro":
            same = ("recall", "precision", "f1")
        yield from _unlike(group, same)


def _unlike(group: Group, metrics: Sequence[MetricName]) -> Iterator[Broken]:
    """Scores of a group that differ from its accuracy, or else from each other."""
    present = [each for each in ("accuracy", *metrics) if each in group.numbers]
    if len(present) < 2:
        return
    first = group.numbers[present[0]]
    for metric in present[1:]:
        number, one, other = group.numbers[metric], group.get(present[0]), group.get(metric)
        if one is not None and other is not None and not meet(one, other):
            yield Broken(
                message=say(
                    "{one} is {first}, but {average} {other} is {second}",
                    one=METRICS[first.metric].title,
                    first=first.printed,
                    average=str(group.average),
                    other=METRICS[metric].spoken,
                    second=number.printed,
                ),
                certain=False,
                task=group.task,
                refs=(ref(first), ref(number)),
            )


def _sighting(task: str | None, several: list[Broken]) -> Sighting:
    certain = any(each.certain for each in several)
    return Sighting(
        severity="major",
        confidence=Confidence.CERTAIN if certain else Confidence.LIKELY,
        task=task,
        message=say("{what}; the two must be equal.", what=several[0].message),
        measured=say("Identities broken: {n}.", n=len(several)),
        remedy=say(
            "Compute all scores from the same labels and predictions, and print them together."
        ),
        sure=say("Arithmetic within one report, with rounding and cutting granted.")
        if certain
        else say(
            "Arithmetic; that the scores are of one evaluation is taken from where they stand."
        ),
        evidence=tuple(dict.fromkeys(ref for each in several for ref in each.refs)),
    )
