"""Where a notebook scores predictions against labels, and which argument is which."""

from collections.abc import Iterator

from msgspec import Struct

from grader.detect._flow import nearest
from grader.model import Case, Evaluation, EvidenceKind, Node, ScoringHow, SourceGraph


class Scoring(Struct, frozen=True, kw_only=True):
    """One place where predictions are compared with labels."""

    node: Node
    """The metric call, or the metric computed by hand."""

    y_true: int
    """Node of the labels."""

    y_pred: int
    """Node of the predictions."""

    how: ScoringHow
    """Whose metric it is."""


def scorings(graph: SourceGraph) -> tuple[Scoring, ...]:
    """Every scoring of labels the source shows with both sides, in execution order."""
    return tuple(
        Scoring(node=graph.nodes[each.node], y_true=each.y_true, y_pred=each.y_pred, how=each.how)
        for each in graph.scorings
        if each.y_true is not None and each.y_pred is not None and each.how != "text"
    )


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


def dead(graph: SourceGraph, node: Node) -> bool:
    """Whether a node stands in a function that nothing calls and nothing is handed."""
    return any(
        function.name == node.function and not (function.called or function.passed)
        for function in graph.functions
    )
