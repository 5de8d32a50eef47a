"""What true labels are made of, and whether a task is also scored on labels of a dataset."""

from collections.abc import Callable, Iterable, Iterator

from msgspec import Struct

from grader.detect._flow import carries, flow, rows
from grader.detect._metrics import dead, running_cells
from grader.model import Case, Confidence, Node, ScoringHow, SourceGraph, Tag, say
from grader.model.source import Through

ORIGINS = (Tag.DATASET, Tag.LABELS, Tag.FILE, Tag.MODEL, Tag.MODEL_OUTPUT, Tag.RANDOM)
"""Where labels may come from that are not typed in."""

MOST = 60
"""Scorings of different values that are looked at."""

FEWEST_LOOKED_AT = 4
STEPS = 200_000
"""Nodes visited for all of them together, roughly."""

MOST_UNNAMED = 3
"""Findings of one kind for which no task is known."""

ANOTHER = say("The code shows it, but the task has another evaluation with labels of a dataset.")
"""Why labels that only a part of a task is scored on are a hint."""

SURE = {
    Confidence.LIKELY: say("The code shows it; the run did not confirm it."),
    Confidence.HINT: ANOTHER,
}
"""How sure what the code alone shows of labels is; see ``by_code``."""


def by_code(*, elsewhere: bool) -> Confidence:
    """How sure it is, by whether the task is also scored on labels of a dataset."""
    return Confidence.HINT if elsewhere else Confidence.LIKELY


class Compared(Struct, frozen=True, kw_only=True):
    """One place where answers of whatever kind are compared with right ones."""

    node: Node
    """The metric call, or the metric computed by hand."""

    true: int
    """Node of the right answers."""

    pred: int
    """Node of the answers."""

    how: ScoringHow
    """Whose metric it is."""

    task: str | None
    """Task it belongs to, where that could be told."""

    split: str | None = None
    """``train``, ``validation`` or ``test``, where all that is scored is of one."""


def compared(case: Case) -> tuple[Compared, ...]:
    """Every scoring the source shows with both sides, of code that runs, in execution order.

    Several metrics of the same two values are one; of a notebook with very much code only the
    first are looked at, so that time stays bounded.
    """
    graph = case.evidence.source
    found: dict[tuple[int, int, int], Compared] = {}
    most = _most(graph)
    for each in graph.scorings:
        if each.y_true is None or each.y_pred is None or len(found) >= most:
            continue
        node, true = graph.nodes[each.node], graph.nodes[each.y_true]
        key = (node.cell, source_of(graph, true.id).id, source_of(graph, each.y_pred).id)
        if key not in found and not dead(graph, node):
            found[key] = Compared(
                node=node,
                true=true.id,
                pred=each.y_pred,
                how=each.how,
                task=task_of(case, node, true),
                split=each.split,
            )
    return tuple(found.values())


def equalities(case: Case) -> Iterator[Compared]:
    """Comparisons of two things item by item, each side taken for the right answers in turn.

    For scores by hand of which neither names nor origins tell the sides apart.
    """
    graph = case.evidence.source
    left_over = _most(graph)
    for node in graph.nodes:
        if node.name != "Eq" or len(node.deps) != 2 or left_over <= 0 or dead(graph, node):
            continue
        left, right = node.deps
        if not all(_is_item(graph, side) for side in node.deps):
            continue
        left_over -= 1
        task = task_of(case, node)
        for true, pred in ((left, right), (right, left)):
            yield Compared(node=node, true=true, pred=pred, how="by-hand", task=task)


def _most(graph: SourceGraph) -> int:
    """How many scorings are looked at, each of which may reach every node."""
    return max(FEWEST_LOOKED_AT, min(MOST, STEPS // (len(graph.nodes) + 1)))


def source_of(graph: SourceGraph, node: int) -> Node:
    """The value behind names and loops over it."""
    current = graph.nodes[node]
    while current.deps and (current.kind in {"name", "parameter"} or is_of_loop(graph, current)):
        current = graph.nodes[current.deps[0]]
    return current


def is_of_loop(graph: SourceGraph, node: Node) -> bool:
    """Whether it is the variable of a loop, or one of several."""
    if node.name == "iter":
        return True
    taken = node.kind == "subscript" and type(node.value) is int and len(node.deps) == 1
    return taken and graph.nodes[node.deps[0]].name == "iter"


def _is_item(graph: SourceGraph, node: int) -> bool:
    current = graph.nodes[node]
    while current.deps and current.kind in {"name", "parameter", "subscript"}:
        current = graph.nodes[current.deps[0]]
    return current.name == "iter"


def task_of(case: Case, node: Node, *others: Node) -> str | None:
    """Task of the cells a node runs in, if it is one, else that of the other nodes' cells."""
    tasks = case.evidence.cell_tasks
    here = {tasks.get(cell) for cell in running_cells(case.evidence.source, node)}
    if len(here) == 1:
        return here.pop()
    there = {tasks.get(each.cell) for each in others if each.function is None} - {None}
    return there.pop() if len(there) == 1 else None


def values(graph: SourceGraph) -> Through:
    """As ``rows``, but an output of a model keeps nothing of what it was computed from."""
    through = rows(graph)

    def behind(node: Node) -> Iterable[int]:
        return () if Tag.MODEL_OUTPUT in node.tags else through(node)

    return behind


def order(graph: SourceGraph) -> Through:
    """As ``values``, but with everything that decides which value stands where.

    What was drawn consists of what it was drawn from, and an item also of its position.
    """
    through = values(graph)

    def behind(node: Node) -> Iterable[int]:
        if Tag.RANDOM in node.tags:
            return graph.content(node)
        if node.kind == "subscript" and Tag.MODEL_OUTPUT not in node.tags:
            return node.deps
        return through(node)

    return behind


def made_of(graph: SourceGraph, node: int) -> tuple[Node, ...]:
    """Nodes whose values stand in ``node``, those behind a model's output left out."""
    return flow(graph, node, values(graph))


def sound_elsewhere(
    case: Case, here: Compared, spoilt: Callable[[Compared], bool], every: Iterable[Compared]
) -> bool:
    """Whether another cell scores a model of the same task on labels as a dataset gives them.

    A trial of the code, or a comparison made beside the evaluation, is then not what counts.
    """
    graph = case.evidence.source
    return any(
        other.node.cell != here.node.cell
        and other.task == here.task
        and other.split not in {"train", "validation"}
        and carries(made_of(graph, other.true), Tag.LABELS, Tag.DATASET)
        and carries(flow(graph, other.pred), Tag.MODEL_OUTPUT)
        and not spoilt(other)
        for other in every
    )


def firsts(found: Iterable[tuple[Compared, Node]]) -> Iterator[tuple[Compared, Node]]:
    """The first of each place in the source, and of each task: one root cause is one finding."""
    places: set[tuple[int, int]] = set()
    tasks: set[str | None] = set()
    unnamed = 0
    for each, at in found:
        place = (at.cell, at.line)
        again = each.task in tasks if each.task is not None else unnamed >= MOST_UNNAMED
        if place not in places and not again:
            places.add(place)
            tasks.add(each.task)
            unnamed += each.task is None
            yield each, at
