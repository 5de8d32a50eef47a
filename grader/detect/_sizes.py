"""How many items a task was scored on, where neither its evaluation nor the source alone tells."""

import re
from collections.abc import Iterator, Mapping

from grader.detect._metrics import dead, running_cells
from grader.detect._samples import Sized, keeps, source_ref
from grader.model import (
    Case,
    Evaluation,
    EvidenceKind,
    EvidenceRef,
    Figure,
    Node,
    SourceGraph,
    Stated,
    Tag,
    Task,
    TaskKind,
)
from grader.patterns import regex

ELSEWHERE = frozenset({"train", "validation"})
"""Splits of which a score is no score of the test."""

FOLDS = (
    "sklearn.model_selection.cross_val_score",
    "sklearn.model_selection.cross_val_predict",
    "sklearn.model_selection.cross_validate",
)
"""Calls that score parts of what was trained on, one after another."""

OWN: Mapping[TaskKind, re.Pattern[str]] = {
    "captioning": regex(r"bleu|meteor|cider|rouge", re.I),
    "retrieval": regex(r"recall_?(?:at|@)|precision_?at|(?<![a-z])(?:mrr|ndcg)(?![a-z])", re.I),
}
"""Names of functions a notebook writes itself to score such a task."""


def judged_by(case: Case, task: Task) -> Evaluation | None:
    """The evaluation a task is judged by.

    What the source shows to be scored on training or validation data only stands back, and an
    evaluation without a task is that of the one whose model saw as many pictures in its cell.
    """
    best = case.evidence.best(task.id)
    if best is not None and not _beside_the_test(case, best):
        return best
    others = [each for each in case.evidence.evaluations if each is not best]
    mine = [
        each
        for each in others
        if (each.task == task.id and not _beside_the_test(case, each) and not each.off_task)
        or (best is None and _of_models(case, task, each))
    ]
    return max(mine, key=lambda each: (each.n, each.cell or -1), default=best)


def shown_size(case: Case, task: Task) -> Sized | None:
    """The size of the largest evaluation of a task, as outputs or a report state it.

    ``None`` unless every evaluation of the task that is stated has a size. An output must say
    that its number is one of items: the support of a class and the K of a Recall@K are none.
    """
    if task.kind in {"retrieval", "similarity"}:
        return None
    stated = [each for each in case.evidence.stated if each.task == task.id and each.scores]
    sized = [each for each in stated if each.n is not None]
    if not sized or len(sized) < len(stated) or any(_is_open(case, each) for each in stated):
        return None
    largest = max(sized, key=lambda each: each.n or 0)
    if largest.source == "output" and not _is_said(case, largest):
        return None
    n = largest.n or 0
    return Sized(n=n, ref=_ref(largest)) if n >= _most(case, task) else None


def own_size(case: Case, task: Task) -> Sized | None:
    """Items that reach the notebook's own functions for scores of such a task.

    ``None`` unless these functions are all there is, and each call is bounded by the source;
    calls on typed sentences, which show how the function works, are left out.
    """
    pattern, graph = OWN.get(task.kind), case.evidence.source
    others = any(each.task == task.id and each.scores for each in case.evidence.stated)
    if pattern is None or others or any(each.how == "text" for each in graph.scorings):
        return None
    sizes: list[Sized] = []
    for node in graph.nodes:
        own = node.kind == "call" and node.name in graph.own_calls and len(node.arguments) > 1
        if not own or not pattern.search(node.name) or dead(graph, node):
            continue
        if all(_is_literal(graph, each.node) for each in node.arguments):
            continue
        bound = _bound(graph, node)
        if bound is None or bound.limit is None:
            return None
        sizes.append(Sized(n=bound.limit, ref=source_ref(bound, keeps(bound.limit, None))))
    return max(sizes, key=lambda each: each.n, default=None)


def _is_literal(graph: SourceGraph, node: int) -> bool:
    return all(each.kind in {"literal", "name"} for each in graph.flow(node))


def _bound(graph: SourceGraph, call: Node) -> Node | None:
    """What keeps the fewest rows on the way to a call, if something bounds them."""
    found = [
        node
        for argument in call.arguments
        for node in graph.flow(argument.node)
        if Tag.LIMIT in node.tags and node.limit is not None and not _of_a_row(graph, node)
    ]
    return min(found, key=lambda node: node.limit or 0, default=None)


def _of_a_row(graph: SourceGraph, node: Node) -> bool:
    """Whether it keeps something of each row, e.g. the first of its captions."""
    inside = () if node.receiver is None else graph.flow(node.receiver)
    return any(each.name == "iter" for each in inside)


def _beside_the_test(case: Case, evaluation: Evaluation) -> bool:
    """Whether all the source scores in this cell is of another split, or a cross-validation."""
    graph = case.evidence.source
    folds = [node for node in graph.calls(*FOLDS) if node.cell == evaluation.cell]
    here = [
        each.split
        for each in graph.scorings
        if evaluation.cell in running_cells(graph, graph.nodes[each.node])
    ]
    return bool(here or folds) and all(split in ELSEWHERE for split in here)


def _of_models(case: Case, task: Task, evaluation: Evaluation) -> bool:
    """Whether models of this task alone saw just as many pictures in the cell."""
    if evaluation.task is not None or evaluation.kind != task.kind:
        return False
    passes = [
        each
        for each in case.evidence.recording.passes
        if each.cell == evaluation.cell and each.rows == evaluation.n
    ]
    return bool(passes) and all(each.model in task.models for each in passes)


def _is_open(case: Case, stated: Stated) -> bool:
    """Whether a stated evaluation may be one of training, or belongs to somebody else."""
    figures = [case.evidence.figures[at] for at in stated.scores]
    return stated.split in ELSEWHERE or any(
        each.hedged or each.target or each.cited for each in figures
    )


def _is_said(case: Case, stated: Stated) -> bool:
    """Whether the same cell prints this number as one of items."""
    return any(
        each.kind == "items" and each.value == stated.n and each.place.cell == stated.cell
        for each in _outputs(case)
    )


def _most(case: Case, task: Task) -> int:
    """The largest number of items any score of the task is said to rest on."""
    mine = [each.n for each in case.evidence.figures if each.task == task.id and each.n]
    return max(mine, default=0)


def _outputs(case: Case) -> Iterator[Figure]:
    return (each for each in case.evidence.figures if each.place.source != "text")


def _ref(stated: Stated) -> EvidenceRef:
    kinds = {
        "code": EvidenceKind.SOURCE,
        "output": EvidenceKind.SAVED,
        "text": EvidenceKind.PROSE,
    }
    n = stated.n or 0
    remark = f"rests on {n} {'item' if n == 1 else 'items'}"
    return EvidenceRef(kind=kinds[stated.source], cell=stated.cell, line=stated.line, remark=remark)
