"""MET011: auc-called-f1."""

import re
from collections.abc import Iterator

from msgspec import Struct

from grader.detect._labelled import labelled
from grader.detect._samples import source_ref
from grader.detect.api import Sighting, detector
from grader.model import (
    Case,
    Confidence,
    EvidenceKind,
    EvidenceRef,
    Figure,
    Node,
    SourceGraph,
    Tag,
    Wording,
    say,
)
from grader.patterns import regex

SPOKEN = {
    "accuracy": regex(r"accuracy|(?<![a-z])acc(?![a-z])|exactitude|准确率", re.I),
    "precision": regex(r"precision|pr[ée]cision|精确率", re.I),
    "recall": regex(r"recall|rappel|sensitivity|召回率", re.I),
    "F1": regex(r"(?<![a-z])f-?1(?![0-9])|f1[ _-]?score", re.I),
    "ROC-AUC": regex(r"(?<![a-z])auc(?![a-z])|roc|auroc", re.I),
    "loss": regex(r"(?<![a-z])(?:log[ _-]?)?loss(?![a-z])|perte|entropy|损失", re.I),
    "kappa": regex(r"kappa", re.I),
}
"""What words beside a number call it."""

QUALIFIED = regex(
    r"balanced|top[ -]?\d|average[ _]precision|mean[ _]average|(?<![a-z])m?ap(?![a-z])|confiden"
    r"|probab|chance|baseline|per[ -]class|hamming|jaccard|(?<![a-z])iou|置信|概率|[eé]quilibr",
    re.I,
)
"""Words of names that are of something else than their last word."""

FUNCTIONS = {
    "accuracy_score": "accuracy",
    "accuracy": "accuracy",
    "precision_score": "precision",
    "precision": "precision",
    "recall_score": "recall",
    "recall": "recall",
    "f1_score": "F1",
    "f1": "F1",
    "roc_auc_score": "ROC-AUC",
    "roc_auc": "ROC-AUC",
    "log_loss": "loss",
    "cohen_kappa_score": "kappa",
}
"""What functions of scikit-learn, and metrics of ``evaluate``, give."""

ALIKE = frozenset({"accuracy", "precision", "recall", "F1"})
"""Metrics that are one number under the average that makes them so."""

OF_TEXT = {"accuracy": "accuracy", "precision": "precision", "recall": "recall", "f1": "F1"}
OTHERS = {"roc_auc": "ROC-AUC", "auc": "ROC-AUC", "average_precision": "average precision"}
DIGITS = 3
"""Fewest significant digits of a number of a text that can be told from another."""


class _Renamed(Struct, frozen=True, kw_only=True):
    """A number with two names."""

    called: str
    """What it is called."""

    really: Wording | str
    """What it is."""

    printed: str
    """The number, where one stands in a text."""

    refs: tuple[EvidenceRef, ...]
    task: str | None


@detector(
    code="MET011",
    name="auc-called-f1",
    requires=frozenset({EvidenceKind.SOURCE}),
    since="0.2.0",
    severity="major",
)
def auc_called_f1(case: Case) -> Iterator[Sighting]:
    """A number is shown under the name of another metric: an AUC as F1, a loss as accuracy.

    ## Why it matters
    Metrics answer different questions. A ROC-AUC of 0.97 can stand beside an F1 of 0.60, and the
    probability a model gives its own answer says nothing about whether the answer is right.

    ## Example
    ```python
    from sklearn.metrics import roc_auc_score

    auc = roc_auc_score(y_true, scores)
    print(f"F1 score: {auc:.4f}")
    ```

    ## Use instead
    ```python
    from sklearn.metrics import f1_score, roc_auc_score

    print(f"ROC-AUC: {roc_auc_score(y_true, scores):.4f}")
    print(f"F1 score: {f1_score(y_true, y_pred):.4f}")
    ```

    ## Verdict
    Always `major`, because the number shown is not what it is called. At most `likely`: what a
    label says is read from words.

    ## Known limits
    A label that names two metrics, or qualifies one, such as balanced accuracy, is left alone.
    Accuracy, precision, recall and F1 are not told apart where the average makes them one number.
    A number of a text is compared with outputs only if it has 3 digits or more, and only if an
    output shows it as an AUC and none shows it under the name the text gives it.

    ## Source
    A deduction, no statistic: the value beside the label is the result of the other metric's call.
    """
    found = [*_in_code(case), *_in_text(case)]
    for task in dict.fromkeys(each.task for each in found):
        yield _sighting(next(each for each in found if each.task == task))


def _in_code(case: Case) -> Iterator[_Renamed]:
    graph = case.evidence.source
    known = {each.node: each.metric for each in graph.scorings}
    for label, node in labelled(graph):
        called = _called(label)
        if called is None:
            continue
        really = FUNCTIONS.get(known.get(node.id) or "")
        other = really is not None and really != called and not _one_number(graph, node, called)
        said: Wording | str | None = really if other else _no_metric(graph, node, called)
        if said is not None:
            task = case.evidence.cell_tasks.get(node.cell)
            ref = source_ref(node, f"shown as {called}")
            yield _Renamed(called=called, really=said, printed="", refs=(ref,), task=task)


def _called(label: str) -> str | None:
    """The one metric that the last words before a number name."""
    text = re.split(r"[\n,;|]", label[-80:])[-1] or label[-80:]
    if QUALIFIED.search(text):
        return None
    names = [name for name, words in SPOKEN.items() if words.search(text)]
    return names[0] if len(names) == 1 else None


def _one_number(graph: SourceGraph, node: Node, called: str) -> bool:
    """Whether the average makes the two metrics the same, or may."""
    if called not in ALIKE or FUNCTIONS.get(node.name.rpartition(".")[2]) not in ALIKE:
        return False
    given = {each.name: graph.nodes[each.node].value for each in node.arguments}
    pair = {called, FUNCTIONS[node.name.rpartition(".")[2]]}
    return given.get("average") in {"micro", "weighted"} or pair == {"accuracy", "recall"}


def _no_metric(graph: SourceGraph, node: Node, called: str) -> Wording | None:
    """A loss, or the probability of an answer, in the place of a score."""
    if called not in ALIKE or Tag.METRIC in node.tags:
        return None
    if node.kind == "attribute" and node.name.endswith(".loss"):
        return say("a loss")
    best = node.name in {".max", "torch.max", "numpy.max", "max"}
    if best and node.kind == "call" and _soft(graph, node):
        return say("the probability a model gives its own answer")
    return None


def _soft(graph: SourceGraph, node: Node) -> bool:
    inside = graph.flow(node.id)
    scored = any(Tag.METRIC in each.tags or each.name == "Eq" for each in inside)
    return not scored and any(each.name.rpartition(".")[2] == "softmax" for each in inside)


def _in_text(case: Case) -> Iterator[_Renamed]:
    """Numbers of the text that outputs show as an AUC alone."""
    figures = case.evidence.figures
    shown = [each for each in figures if each.place.source != "text" and each.metric is not None]
    if not any(each.metric in OTHERS for each in shown):
        return
    for figure in figures:
        called = OF_TEXT.get(figure.metric or "") if figure.place.source == "text" else None
        if called is None or figure.digits < DIGITS or figure.cited or figure.target:
            continue
        same = [each for each in shown if _same(figure, each)]
        if same and all(each.metric in OTHERS for each in same):
            yield _Renamed(
                called=called,
                really=OTHERS[str(same[0].metric)],
                printed=figure.printed,
                refs=(_at(figure), _at(same[0])),
                task=figure.task,
            )


def _same(one: Figure, other: Figure) -> bool:
    near = 0.5 * 10.0 ** -min(one.decimals, other.decimals) + 1e-9
    return other.digits >= DIGITS and abs(one.value - other.value) <= near


def _at(figure: Figure) -> EvidenceRef:
    kinds = {"saved": EvidenceKind.SAVED, "rerun": EvidenceKind.RERUN, "text": EvidenceKind.PROSE}
    place = figure.place
    remark = f"{figure.name[:40]} {figure.printed}"
    return EvidenceRef(kind=kinds[place.source], cell=place.cell, line=place.line, remark=remark)


def _sighting(found: _Renamed) -> Sighting:
    return Sighting(
        severity="major",
        confidence=Confidence.LIKELY,
        message=_message(found),
        measured=say(
            "What the number is called: {called}; what it is: {really}.",
            called=found.called,
            really=found.really,
        ),
        remedy=say("Show every number under the name of the function that computes it."),
        sure=say("Read from the code and from the words beside the number."),
        evidence=found.refs,
        task=found.task,
    )


def _message(found: _Renamed) -> Wording:
    if found.printed:
        return say(
            "The text gives {printed} as {called}; an output shows this number as {really}.",
            printed=found.printed,
            called=found.called,
            really=found.really,
        )
    return say(
        "The number shown as {called} is {really}.", called=found.called, really=found.really
    )
