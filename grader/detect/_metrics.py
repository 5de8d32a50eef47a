"""Where a notebook scores predictions against labels, and which argument is which."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from grader.detect._flow import flow, nearest
from grader.model import Case, Evaluation, EvidenceKind, Node, SourceGraph, Tag

SKLEARN = re.compile(
    r"^sklearn\.metrics\.(?:\w+\.)*(?P<name>(?:balanced_)?accuracy_score|precision_score"
    r"|recall_score|f1_score|fbeta_score|precision_recall_fscore_support|classification_report"
    r"|confusion_matrix|multilabel_confusion_matrix|matthews_corrcoef|cohen_kappa_score"
    r"|jaccard_score|hamming_loss|zero_one_loss|top_k_accuracy_score|roc_auc_score)$"
)
KERAS_LIKE = re.compile(r"^(?:torchmetrics\.functional|torcheval\.metrics\.functional)\.")
TRUE = re.compile(
    r"true|truth|label|target|actual|(?<![a-z])(?:gt|gold|refs?|references?|y)(?![a-z])"
    r"|etiquette|étiquette|cible|reel|réel|标签|真实",
    re.I,
)
PRED = re.compile(r"pred|guess|output|(?<![a-z])(?:hyp|hat|p|out)(?![a-z])|pr[ée]d|预测", re.I)
COMPARED = frozenset({"Eq", "numpy.equal", "torch.eq", ".eq", "numpy.array_equal"})

SUMMARY = re.compile(r"(?:^|\.)(?:mean|sum|average|count_nonzero|reduce_mean|reduce_sum)$")
"""Calls that turn matches into a score."""

How = Literal["sklearn", "evaluate", "functional", "by-hand"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Scoring:
    """One place where predictions are compared with labels."""

    node: Node
    """The metric call, or the metric computed by hand."""

    y_true: int
    """Node of the labels."""

    y_pred: int
    """Node of the predictions."""

    how: How
    """Whose metric it is."""


def scorings(graph: SourceGraph) -> tuple[Scoring, ...]:
    """Every scoring the source shows, in execution order.

    Of a metric computed by hand the operands of its nearest ``==`` are taken, and of the steps
    from them to the score the last; it is left out when neither the names of the operands nor
    what flows into them tells labels from predictions.
    """
    library = [each for node in graph.nodes if (each := _library(node)) is not None]
    by_hand = [each for node in graph.nodes if (each := _by_hand(graph, node)) is not None]
    last = {(each.y_true, each.y_pred): each for each in by_hand}
    return tuple(sorted([*library, *last.values()], key=lambda each: each.node.id))


def by_task(case: Case) -> dict[str | None, list[Scoring]]:
    """Scorings by the task of the cell they stand in; ``None`` where that is unknown.

    Those of tasks that are no classifications are left out: what is scored there are no labels.
    """
    tasks = case.evidence.cell_tasks
    others = {task.id for task in case.lab.tasks if task.kind != "classification"}
    grouped: dict[str | None, list[Scoring]] = {}
    for each in scorings(case.evidence.source):
        task = tasks.get(each.node.cell)
        if task not in others:
            grouped.setdefault(task, []).append(each)
    return grouped


def running_cells(graph: SourceGraph, node: Node) -> frozenset[int]:
    """Cells during which ``node`` is evaluated: its own, or those that call its function."""
    cells: set[int] = set()
    waiting, seen = [node], {node.function}
    while waiting:
        current = waiting.pop()
        if current.function is None:
            cells.add(current.cell)
            continue
        for call in _calls_of(graph, current.function):
            if call.function not in seen or call.function is None:
                seen.add(call.function)
                waiting.append(call)
    return frozenset(cells)


def recorded(case: Case, scoring: Scoring) -> tuple[Evaluation, ...]:
    """Classifications that were recorded while this scoring ran, a trainer's left out."""
    cells = running_cells(case.evidence.source, scoring.node)
    return tuple(
        each
        for each in case.evidence.evaluations
        if each.cell in cells
        and each.kind == "classification"
        and not each.source.startswith("trainer")
    )


def fully_recorded(case: Case) -> bool:
    """Whether silence of the recording means something: each cell ran through, and was recorded.

    What was not evaluated because a cell failed on this machine may have been elsewhere.
    """
    evidence = case.evidence
    return (
        EvidenceKind.RECORDING in evidence.kinds
        and evidence.recording.complete
        and all(cell.outcome == "ok" for cell in evidence.rerun)
    )


def trainer_of(graph: SourceGraph, call: Node) -> Node | None:
    """The construction of the ``Trainer`` a method is called on."""
    if call.receiver is None:
        return None
    return nearest(
        graph,
        call.receiver,
        lambda node: node.kind == "call" and node.name.rpartition(".")[2].endswith("Trainer"),
    )


def names_of(graph: SourceGraph, node: int) -> str:
    """Names a value goes by, joined by blanks: its own and those bound to it."""
    own = graph.nodes[node].name
    return " ".join([own, *(each.name for each in graph.bindings if each.node == node)])


def _calls_of(graph: SourceGraph, function: str) -> Iterator[Node]:
    method = f".{function.rpartition('.')[2]}" if "." in function else None
    for node in graph.nodes:
        if node.kind == "call" and node.name in {function, method}:
            yield node


def _library(node: Node) -> Scoring | None:
    if node.kind != "call":
        return None
    if SKLEARN.match(node.name):
        return _scoring(node, "sklearn", ("y_true", 0), ("y_pred", 1))
    if node.name in {".compute", ".add_batch"}:
        return _scoring(node, "evaluate", ("references", None), ("predictions", None))
    if KERAS_LIKE.match(node.name):
        return _scoring(node, "functional", ("target", 1), ("preds", 0))
    return None


def _scoring(
    node: Node, how: How, y_true: tuple[str, int | None], y_pred: tuple[str, int | None]
) -> Scoring | None:
    true, pred = _argument(node, *y_true), _argument(node, *y_pred)
    if true is None or pred is None:
        return None
    return Scoring(node=node, y_true=true, y_pred=pred, how=how)


def _argument(node: Node, name: str, position: int | None) -> int | None:
    for each in node.arguments:
        if each.name == name:
            return each.node
    unnamed = [each.node for each in node.arguments if each.name is None]
    return unnamed[position] if position is not None and position < len(unnamed) else None


def _by_hand(graph: SourceGraph, node: Node) -> Scoring | None:
    if Tag.METRIC not in node.tags or not (node.kind == "operation" or SUMMARY.search(node.name)):
        return None
    same = nearest(graph, node.id, lambda each: each.name in COMPARED)
    if same is None or same.function != node.function:
        return None
    sides = [arg.node for arg in same.arguments] or list(same.deps)
    if same.receiver is not None and same.receiver not in sides:
        sides = [same.receiver, *sides]
    if len(sides) != 2:
        return None
    true = _labels_of(graph, sides[0], sides[1])
    if true is None:
        return None
    pred = sides[1] if true == sides[0] else sides[0]
    return Scoring(node=node, y_true=true, y_pred=pred, how="by-hand")


def _labels_of(graph: SourceGraph, left: int, right: int) -> int | None:
    """The side that holds labels: the one no model computed, else by name."""
    computed = [Tag.MODEL_OUTPUT in graph.tags(side) for side in (left, right)]
    if computed[0] != computed[1]:
        return right if computed[0] else left
    named = [_looks_true(names_of(graph, side)) for side in (left, right)]
    if named[0] != named[1]:
        return left if named[0] else right
    inside = [
        other in {node.id for node in flow(graph, side)}
        for side, other in ((left, right), (right, left))
    ]
    return (right if inside[0] else left) if inside[0] != inside[1] else None


def _looks_true(names: str) -> bool:
    return bool(TRUE.search(names)) and not PRED.search(names)


def dead(graph: SourceGraph, node: Node) -> bool:
    """Whether a node stands in a function that nothing calls and nothing is handed."""
    return any(
        function.name == node.function and not (function.called or function.passed)
        for function in graph.functions
    )
