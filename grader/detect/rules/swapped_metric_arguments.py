"""MET009: swapped-metric-arguments."""

import re
from collections.abc import Iterator

from msgspec import Struct

from grader.detect._metrics import Scoring, names_of, running_cells, scorings
from grader.detect._samples import source_ref
from grader.detect._sides import contents
from grader.detect.api import Sighting, detector
from grader.model import Case, Confidence, EvidenceKind, MetricCall, Tag, say, say_many
from grader.patterns import regex

ONE_SIDED = frozenset({
    "precision_score", "recall_score", "precision_recall_fscore_support", "fbeta_score",
    "classification_report", "confusion_matrix", "multilabel_confusion_matrix",
})  # fmt: skip
"""Functions of scikit-learn whose result changes when its first two arguments do."""

TRUE = regex(
    r"true|truth|label|target|actual|(?<![a-z])(?:gt|gold)(?![a-z])|(?<![a-z])y_test(?![a-z])"
    r"|cible|[ée]tiquette|真实|标签",
    re.I,
)
PRED = regex(r"pred|guess|hypothes|(?<![a-z])y_hat(?![a-z])|pr[ée]d|预测", re.I)


class _Swapped(Struct, frozen=True, kw_only=True):
    """A call with its arguments exchanged."""

    scoring: Scoring
    call: MetricCall | None
    """The same, as the run recorded it."""


@detector(
    code="MET009",
    name="swapped-metric-arguments",
    requires=frozenset({EvidenceKind.SOURCE}),
    since="0.2.0",
    status="stable",
    severity="minor",
)
def swapped_metric_arguments(case: Case) -> Iterator[Sighting]:
    """Predictions stand where a metric takes the labels, and labels where it takes predictions.

    ## Why it matters
    Precision divides by what was predicted, recall by what is true. With the arguments exchanged
    each is reported under the other's name, and a confusion matrix is turned over.

    ## Example
    ```python
    # Task 2: CLIP
    from datasets import load_dataset
    from sklearn.metrics import precision_score
    from transformers import pipeline

    test = load_dataset("uoft-cs/cifar10", split="test")
    names = test.features["label"].names
    clip = pipeline("zero-shot-image-classification", model="openai/clip-vit-base-patch32")
    answers = [clip(row["img"], candidate_labels=names)[0]["label"] for row in test]
    predictions = [names.index(answer) for answer in answers]
    print("Precision:", precision_score(predictions, test["label"], average="macro"))
    ```

    ## Use instead
    ```python
    # Task 2: CLIP
    from datasets import load_dataset
    from sklearn.metrics import precision_score
    from transformers import pipeline

    test = load_dataset("uoft-cs/cifar10", split="test")
    names = test.features["label"].names
    clip = pipeline("zero-shot-image-classification", model="openai/clip-vit-base-patch32")
    answers = [clip(row["img"], candidate_labels=names)[0]["label"] for row in test]
    predictions = [names.index(answer) for answer in answers]
    print("Precision:", precision_score(test["label"], predictions, average="macro"))
    ```

    ## Verdict
    Always `minor`: both numbers are right but for their names, and accuracy and F1 do not change.
    `certain` when the run recorded the call with labels of the served data set in the place of
    the predictions; `likely` when the code alone tells which side a model computed, or both sides
    are named for what they are.

    ## Known limits
    Metrics that do not change, such as accuracy, are left alone, and so are two models compared
    with each other. Where neither the values nor the names tell labels from predictions, nothing
    is said. Only the functions of scikit-learn are looked at; others take their arguments by name.

    ## Source
    The user guide of scikit-learn, "Metrics and scoring": functions take `y_true` first and
    `y_pred` second.
    """
    found: dict[str | None, list[_Swapped]] = {}
    truths = _truths(case)
    for scoring in scorings(case.evidence.source):
        if scoring.how == "sklearn" and scoring.node.name.rpartition(".")[2] in ONE_SIDED:
            call = _recorded(case, scoring, truths)
            if call is not None or _reads_swapped(case, scoring):
                task = case.evidence.cell_tasks.get(scoring.node.cell)
                found.setdefault(task, []).append(_Swapped(scoring=scoring, call=call))
    for task, several in found.items():
        yield _sighting(task, several)


def _truths(case: Case) -> frozenset[str]:
    """Ids of the arrays that are labels of served rows."""
    evidence = case.evidence
    placed = {each.y_true for each in evidence.evaluations if each.origin is not None}
    served = {each.labels for each in evidence.recording.served}
    return frozenset(each for each in placed | served if each is not None)


def _recorded(case: Case, scoring: Scoring, truths: frozenset[str]) -> MetricCall | None:
    name = scoring.node.name.rpartition(".")[2]
    cells = running_cells(case.evidence.source, scoring.node) if truths else frozenset()
    for call in case.evidence.recording.metric_calls:
        exchanged = call.y_pred in truths and call.y_true not in truths
        if call.cell in cells and call.function == name and exchanged and call.y_true is not None:
            return call
    return None


def _reads_swapped(case: Case, scoring: Scoring) -> bool:
    """Whether a model computed what stands in the place of the labels, and not the other side."""
    graph = case.evidence.source
    first, second = contents(graph, scoring.y_true), contents(graph, scoring.y_pred)
    computed = [each.has(Tag.MODEL_OUTPUT) for each in (first, second)]
    if computed[0] != computed[1]:
        return computed[0] and second.has(Tag.LABELS, Tag.DATASET, Tag.FILE)
    names = [names_of(graph, each) for each in (scoring.y_true, scoring.y_pred)]
    return (
        bool(PRED.search(names[0]) and TRUE.search(names[1]))
        and not TRUE.search(names[0])
        and not PRED.search(names[1])
    )


def _sighting(task: str | None, several: list[_Swapped]) -> Sighting:
    names = dict.fromkeys(each.scoring.node.name.rpartition(".")[2] for each in several)
    certain = any(each.call is not None for each in several)
    return Sighting(
        severity="minor",
        confidence=Confidence.CERTAIN if certain else Confidence.LIKELY,
        message=say_many(
            "{n} call has the predictions in the place of the labels (`{names}`), so precision and "
            "recall are exchanged.",
            "{n} calls have the predictions in the place of the labels (`{names}`), so precision "
            "and recall are exchanged.",
            len(several),
            names="`, `".join(names),
        ),
        measured=say(
            "What stands first in the call is computed by a model; what stands second is read "
            "with the data."
        ),
        remedy=say("Give the labels first: `precision_score(y_true, y_pred)`."),
        sure=say("The run recorded labels of the data set in the place of the predictions.")
        if certain
        else say("Read from the code: what flows into each argument, or what both are called."),
        evidence=tuple(
            source_ref(each.scoring.node, "predictions first, labels second") for each in several
        ),
        task=task,
    )
