"""Which parts of the data the source trains on, fits on and scores."""

from collections.abc import Callable, Iterator
from typing import Generic, TypeVar

from msgspec import Struct

from grader.detect._flow import nearest
from grader.detect._metrics import dead, running_cells, trainer_of
from grader.detect._prepares import PREPARES
from grader.model import Case, Node, SourceGraph, Tag

NARROWS = frozenset({
    ".select", ".shard", ".skip", ".take", ".sample", ".drop", ".filter", ".head", ".tail",
    "torch.utils.data.Subset", "torch.utils.data.SubsetRandomSampler", "random.sample",
})  # fmt: skip
"""Calls that may keep only some rows of a part."""

DIVIDES = frozenset({
    ".train_test_split", "torch.utils.data.random_split", "torch.utils.data.dataset.random_split",
    "sklearn.model_selection.train_test_split",
})  # fmt: skip
"""Calls that divide rows into parts."""

LEARNS = frozenset({".fit", ".partial_fit", ".train", ".backward", ".fit_generator"})
"""Calls behind which stands what was learned from, not what is predicted or scored."""

TRANSFORMS = frozenset({
    ".transform", ".fit_transform", ".inverse_transform", ".texts_to_sequences", ".encode", ".flow",
})  # fmt: skip
"""Methods of what prepares rows."""

HELD_OUT = frozenset({"test", "validation"})

T = TypeVar("T")


class Part(Struct, frozen=True, kw_only=True):
    """Rows of one split that reach a value."""

    node: Node
    """Where the split is selected."""

    split: str
    """``train``, ``validation`` or ``test``."""

    key: tuple[str | int, ...]
    """Equal for the same rows, wherever they are selected."""

    base: int | None
    """Node of what was divided, where a call divided rows into parts."""

    some: bool
    """Whether perhaps only some of its rows are kept."""


class Rows(Struct, frozen=True, kw_only=True):
    """All that reaches a value."""

    parts: tuple[Part, ...]
    """Parts of the data, the nearest first."""

    whole: frozenset[int]
    """Nodes on the way to these parts of which it keeps every row."""

    nodes: frozenset[int]
    """All nodes on the way."""

    @property
    def splits(self) -> frozenset[str]:
        """Their splits."""
        return frozenset(each.split for each in self.parts)


class Scored(Struct, frozen=True, kw_only=True):
    """One place where something is scored, and the data it scores."""

    node: Node
    """The metric, or the call of a ``Trainer``."""

    sides: tuple[int, ...]
    """Nodes of labels, predictions or a dataset."""

    rows: Rows
    """What reaches them."""


class Training(Struct, frozen=True, kw_only=True):
    """One place where a model learns."""

    node: Node
    """The call: ``.fit``, ``.train`` of a trainer, ``.backward`` of a loss."""

    rows: Rows
    """What it learns from."""


class _Last(Generic[T]):
    """What was made of the graph that was looked at last: detectors ask for the same in turn."""

    def __init__(self, make: Callable[[SourceGraph], T]) -> None:
        self._make = make
        self._held: tuple[SourceGraph, T] | None = None

    def __call__(self, graph: SourceGraph) -> T:
        held = self._held
        # One look at the attribute: another thread may put another graph there.
        if held is None or held[0] is not graph:
            held = self._held = (graph, self._make(graph))
        return held[1]


def rows_of(graph: SourceGraph, *nodes: int) -> Rows:
    """Parts of the data that reach these nodes, what a model learned from left out."""
    found: dict[tuple[str | int, ...], Part] = {}
    whole: set[int] = set()
    seen: set[tuple[int, bool]] = set()
    level = [(each, False) for each in nodes]
    while level:
        behind: list[tuple[int, bool]] = []
        for at, some in level:
            node = graph.nodes[at]
            if (at, some) in seen or node.name in LEARNS:
                continue
            seen.add((at, some))
            if not some:
                whole.add(at)
            narrow = some or _narrows(node)
            if node.split is not None:
                part = _part(graph, node, some=narrow or _is_slice(graph, node))
                found.setdefault(part.key, part)
            else:
                behind.extend((dep, narrow) for dep in graph.content(node))
        level = behind
    passed = frozenset(at for at, _ in seen)
    return Rows(parts=tuple(found.values()), whole=frozenset(whole), nodes=passed)


def scored(graph: SourceGraph) -> tuple[Scored, ...]:
    """Everything that is scored, in execution order, bodies of callbacks left out."""
    return _SCORED(graph)


def _scored(graph: SourceGraph) -> tuple[Scored, ...]:
    left_out = {each.name for each in graph.functions if each.passed}
    sides: dict[int, tuple[int, ...]] = {}
    for each in graph.scorings:
        if each.y_true is not None or each.y_pred is not None:
            both = (each.y_true, each.y_pred)
            sides[each.node] = tuple(side for side in both if side is not None)
            sides[each.node] += _features(graph.nodes[each.node])
    for call in graph.calls(".evaluate", ".predict"):
        data = _given_to_trainer(graph, call)
        if data is not None:
            sides.setdefault(call.id, (data,))
    nodes = ((graph.nodes[at], both) for at, both in sorted(sides.items()))
    return tuple(
        Scored(node=node, sides=both, rows=rows_of(graph, *both))
        for node, both in nodes
        if node.function not in left_out and not dead(graph, node)
    )


def _features(node: Node) -> tuple[int, ...]:
    """What a model answers for that scores itself, as ``model.score(X, y)`` does."""
    given = [each.node for each in node.arguments if each.name in (None, "X")]
    return tuple(given[:1]) if node.name == ".score" else ()


def sinks(graph: SourceGraph) -> Iterator[Scored]:
    """What is scored, and what a model answers for where no score of these rows is recognised."""
    found = scored(graph)
    yield from found
    known = {part.key for each in found for part in each.rows.parts}
    for each in predicted(graph):
        if not any(part.key in known for part in each.rows.parts):
            yield each


def predicted(graph: SourceGraph) -> Iterator[Scored]:
    """Where a model answers for whole held-out parts, outside the training.

    A few rows of one are a demonstration.
    """
    learning = {node.id for call in graph.calls(".backward") for node in graph.slice(call.id)}
    for node in graph.tagged(Tag.MODEL_OUTPUT):
        if node.kind == "call" and node.id not in learning and not dead(graph, node):
            rows = rows_of(graph, *(each.node for each in node.arguments))
            whole = not any(part.some for part in rows.parts)
            if whole and rows.splits and rows.splits <= HELD_OUT:
                yield Scored(node=node, sides=(node.id,), rows=rows)


def trainings(graph: SourceGraph) -> tuple[Training, ...]:
    """Where models learn, and from what; what only prepares the data is no model."""
    return _TRAININGS(graph)


def _trainings(graph: SourceGraph) -> Iterator[Training]:
    for node in graph.tagged(Tag.FIT):
        made_by = maker(graph, node).rpartition(".")[2]
        if dead(graph, node) or made_by in PREPARES or made_by.startswith("Dummy"):
            continue
        data = _learned_from(graph, node)
        if data:
            yield Training(node=node, rows=rows_of(graph, *data))


def all_learned(graph: SourceGraph, learned: Rows, tested: Rows) -> bool:
    """Whether what is tested was selected from a selection of rows that was trained on whole."""
    return any(_narrows(graph.nodes[at]) for at in learned.whole & tested.nodes)


def is_whole(graph: SourceGraph, at: int, learned: Rows) -> bool:
    """Whether every row of a value was trained on; names without a value are told by the name."""
    name = graph.nodes[at].name if _is_unbound(graph.nodes[at]) else None
    return at in learned.whole or any(
        name == graph.nodes[each].name and _is_unbound(graph.nodes[each])
        for each in (learned.whole if name else ())
    )


def _is_unbound(node: Node) -> bool:
    return node.kind == "name" and not node.deps


def resolved(graph: SourceGraph, at: int) -> int:
    """The node a name stands for."""
    node, seen = graph.nodes[at], {at}
    while node.kind in {"name", "parameter"} and len(node.deps) == 1:
        # A function that calls itself hands its parameter to itself.
        if node.deps[0] in seen:
            break
        seen.add(node.deps[0])
        node = graph.nodes[node.deps[0]]
    return node.id


def learned_in(graph: SourceGraph, training: Training, each: Scored) -> bool:
    """Whether what is scored was made by a model that had learned there before."""
    if training.node.id > each.node.id:
        return False
    if training.node.name != ".backward":
        return training.node.id in learned_behind(graph, each)
    models = _models(graph, training.node.id)
    return any(models & _models(graph, side) for side in (*each.sides, each.node.id))


def _models(graph: SourceGraph, at: int) -> frozenset[int]:
    """Models that a value comes from."""
    known = _MODELS(graph)
    if at not in known:
        known[at] = frozenset(node.id for node in graph.slice(at) if _is_model(node))
    return known[at]


def learned_behind(graph: SourceGraph, each: Scored) -> frozenset[int]:
    """Calls in which the model learned that made what is scored.

    What another model learned, of which only the settings were taken over, is none of them.
    """
    known = _BEHIND(graph)
    if each.node.id not in known:
        known[each.node.id] = _learned_behind(graph, (*each.sides, each.node.id))
    return known[each.node.id]


def _learned_behind(graph: SourceGraph, sides: tuple[int, ...]) -> frozenset[int]:
    found: set[int] = set()
    seen: set[int] = set()
    waiting = list(sides)
    while waiting:
        at = waiting.pop()
        node = graph.nodes[at]
        if at in seen:
            continue
        seen.add(at)
        if node.name not in LEARNS:
            # What only prepared the rows does not answer for them.
            prepared = node.receiver if node.name in TRANSFORMS else None
            waiting.extend(dep for dep in node.deps if dep != prepared)
            continue
        found.add(at)
        before = None if node.receiver is None else resolved(graph, node.receiver)
        if before is not None and graph.nodes[before].name in LEARNS:
            waiting.append(before)
    return frozenset(found)


def task_of(case: Case, each: Scored) -> str | None:
    """The task of a scoring: of its cell, of the cell that runs it, else of the data it scores."""
    tasks, graph = case.evidence.cell_tasks, case.evidence.source
    for cells in (
        running_cells(graph, each.node),
        {part.node.cell for part in each.rows.parts},
    ):
        found = {tasks[cell] for cell in cells if cell in tasks}
        if len(found) == 1:
            return found.pop()
    return None


def maker(graph: SourceGraph, call: Node) -> str:
    """Name of the class of the object a method is called on; empty where it is not seen."""
    if call.receiver is None:
        return ""
    found = nearest(graph, call.receiver, _constructs)
    return found.name if found is not None else ""


def _constructs(node: Node) -> bool:
    last = node.name.rpartition(".")[2]
    return node.kind == "call" and last[:1].isupper()


def _is_model(node: Node) -> bool:
    return Tag.MODEL in node.tags and node.kind == "call"


def _learned_from(graph: SourceGraph, node: Node) -> tuple[int, ...]:
    if node.name == ".backward":
        return () if node.receiver is None else (node.receiver,)
    if node.name == ".train":
        trainer = trainer_of(graph, node)
        given = trainer.arguments if trainer is not None else ()
        return tuple(each.node for each in given if each.name == "train_dataset")
    # Behind the first two may stand what the training is only watched with.
    unnamed = [each.node for each in node.arguments if each.name is None][:2]
    wanted = {"X", "x", "y", "X_train", "train_data", "training_data", "train_dataloaders"}
    return (*unnamed, *(each.node for each in node.arguments if each.name in wanted))


def _given_to_trainer(graph: SourceGraph, call: Node) -> int | None:
    trainer = trainer_of(graph, call)
    if trainer is None:
        return None
    for argument in call.arguments:
        if argument.name in {None, "eval_dataset", "test_dataset"}:
            return argument.node
    given = (each.node for each in trainer.arguments if each.name == "eval_dataset")
    return next(given, None)


def _narrows(node: Node) -> bool:
    return node.limit is not None or Tag.LIMIT in node.tags or node.name in NARROWS


def _is_slice(graph: SourceGraph, node: Node) -> bool:
    """Whether a split is asked for with some of its rows, as in ``test[:100]``."""
    return any(_has_brackets(graph.nodes[dep]) for dep in node.deps)


def _has_brackets(node: Node) -> bool:
    return node.kind == "literal" and "[" in str(node.value)


def _part(graph: SourceGraph, node: Node, *, some: bool) -> Part:
    split, base = node.split or "", _divided(graph, node)
    if base is not None:
        return Part(node=node, split=split, key=(node.id,), base=base, some=some)
    root = nearest(graph, node.id, _is_root)
    key: tuple[str | int, ...] = (node.id,) if root is None else (root.id, split)
    if root is not None and root.receiver is None and root.name not in DIVIDES:
        names = [graph.nodes[each.node].value for each in root.arguments]
        texts = [each for each in names if isinstance(each, str) and "[" not in each]
        texts = [each for each in texts if each not in (split, "train", "validation", "test")]
        key = (root.name, *texts, split) if texts else key
    return Part(node=node, split=split, key=key, base=None, some=some)


def _divided(graph: SourceGraph, node: Node) -> int | None:
    """What was divided, of a part known by its position only."""
    if node.kind != "subscript" or not isinstance(node.value, int) or not node.deps:
        return None
    return resolved(graph, node.deps[0])


def _is_root(node: Node) -> bool:
    return node.kind == "call" and (Tag.DATASET in node.tags or node.name in DIVIDES)


_SCORED = _Last(_scored)
_MODELS: _Last[dict[int, frozenset[int]]] = _Last(lambda _graph: {})
_BEHIND: _Last[dict[int, frozenset[int]]] = _Last(lambda _graph: {})
_TRAININGS = _Last(lambda graph: tuple(_trainings(graph)))
