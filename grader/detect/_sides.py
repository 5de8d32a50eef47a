"""What the two sides of a scoring are made of, and which task it belongs to."""

from collections.abc import Iterable

from msgspec import Struct

from grader.detect._flow import carries, flow, opaque, rows
from grader.detect._metrics import Scoring, scorings, trainer_of
from grader.model import Case, Node, SourceGraph, Tag
from grader.model.source import Through

SAME = frozenset({
    "list", "tuple", "numpy.array", "numpy.asarray", "torch.tensor", "torch.as_tensor", "str",
    "torch.LongTensor", "pandas.Series", ".tolist", ".numpy", ".cpu", ".copy", ".clone", ".to",
    ".astype", ".detach", ".squeeze", ".flatten", ".ravel", ".item", ".to_numpy", ".to_list",
    "float", "round", "int", "numpy.round", ".round", ".long",
})  # fmt: skip
"""Calls whose result holds the values of their first argument or receiver."""

LIKE = frozenset({
    "numpy.zeros_like", "numpy.ones_like", "numpy.full_like", "torch.zeros_like",
    "torch.ones_like", "torch.full_like",
})  # fmt: skip
"""Calls that take from their first argument its shape alone."""

FILLS = LIKE | {
    "numpy.full", "numpy.zeros", "numpy.ones", "torch.full", "torch.zeros", "torch.ones",
    "numpy.repeat", "itertools.repeat",
}  # fmt: skip
"""Calls that write one value everywhere."""

SHAPED = frozenset({".softmax", ".log_softmax", ".sigmoid", ".topk", ".exp", ".log", ".std"})
"""Methods that compute with nothing but their receiver."""

FOREIGN = (Tag.MODEL_OUTPUT, Tag.MODEL, Tag.DATASET, Tag.LABELS, Tag.FILE)
"""Where a value may come from besides the source itself."""


class Side(Struct, frozen=True, kw_only=True):
    """Everything predictions are made of."""

    kept: tuple[Node, ...]
    """Nodes whose values end up in them, in execution order."""

    opaque: bool
    """Whether the source does not explain some of them."""

    def has(self, *tags: Tag) -> bool:
        """Whether any of these facts is among them."""
        return carries(self.kept, *tags)

    @property
    def drawn(self) -> Node | None:
        """The first random draw among them."""
        return next((node for node in self.kept if Tag.RANDOM in node.tags), None)


def contents(graph: SourceGraph, node: int) -> Side:
    """What a value is made of; what lends only its shape is left out."""
    kept = flow(graph, node, _values(graph))
    known = (each for each in kept if each.name not in SHAPED)
    return Side(kept=kept, opaque=opaque(graph, known))


def _values(graph: SourceGraph) -> Through:
    through = rows(graph)

    def values(node: Node) -> Iterable[int]:
        if node.kind == "call" and node.name in LIKE:
            return ()
        return through(node)

    return values


def core(graph: SourceGraph, node: int) -> Node:
    """The value behind names, parameters and conversions."""
    current = graph.nodes[node]
    for _ in range(60):
        if current.kind in {"name", "parameter"} and len(current.deps) == 1:
            current = graph.nodes[current.deps[0]]
        elif current.kind == "call" and current.name in SAME and current.deps:
            current = graph.nodes[_first(current)]
        else:
            break
    return current


def _first(call: Node) -> int:
    if call.receiver is not None:
        return call.receiver
    return call.arguments[0].node if call.arguments else call.deps[0]


def home(graph: SourceGraph, scoring: Scoring) -> int:
    """The cell that hands over the predictions, also where a function scores them."""
    current = graph.nodes[scoring.y_pred]
    for _ in range(60):
        inside = current.function is not None and current.kind in {"name", "parameter"}
        if not inside or not current.deps:
            break
        current = graph.nodes[current.deps[0]]
    return current.cell if current.function is None else scoring.node.cell


class Group(Struct, frozen=True, kw_only=True):
    """Scorings of one task, or of one array of labels where the task is unknown."""

    task: str | None
    """The task of the cell that hands over the predictions."""

    scorings: tuple[Scoring, ...]
    """In execution order."""


def grouped(case: Case) -> tuple[Group, ...]:
    """Scorings with both sides, of whatever kind.

    A baseline and a model are scored against the same labels, so that both are in one group.
    """
    graph, tasks = case.evidence.source, case.evidence.cell_tasks
    found: dict[tuple[str | None, int | None], list[Scoring]] = {}
    for each in scorings(graph):
        task = tasks.get(home(graph, each))
        key = (task, core(graph, each.y_true).id if task is None else None)
        found.setdefault(key, []).append(each)
    return tuple(Group(task=task, scorings=tuple(each)) for (task, _), each in found.items())


def judged_otherwise(case: Case, task: str | None) -> bool:
    """Whether a trainer or a model that scores by itself gives the task a score of its own."""
    graph = case.evidence.source
    return any(
        case.evidence.cell_tasks.get(graph.nodes[each.node].cell) == task
        and _scores_itself(graph, graph.nodes[each.node])
        for each in graph.scorings
        if each.y_pred is None
    )


def _scores_itself(graph: SourceGraph, call: Node) -> bool:
    trainer = trainer_of(graph, call)
    if trainer is not None:
        given = {argument.name for argument in trainer.arguments}
        return bool(given & {"compute_metrics", "**", "*"}) and call.name == ".evaluate"
    made = " ".join(node.name for node in graph.flow(call.receiver or call.id) if node.tags)
    return "Dummy" not in made
