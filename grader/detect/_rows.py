"""What the source scores, and how many rows arrive there."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from grader.detect._flow import METADATA, SIZES
from grader.model import Node, SourceGraph, Tag

MODEL_SCORING = frozenset({".predict", ".evaluate"})
"""Methods of a model that take the data to score as first argument or ``eval_dataset``."""

COLLECTING = frozenset({".append", ".extend", ".add", ".add_batch", ".update", "zip"})
"""Calls that carry the rows of every argument, not of their receiver or first argument alone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoredRows:
    """A call in the source that scores something."""

    node: Node
    """The call."""

    data: tuple[Node, ...]
    """Nodes the scored rows pass through, in execution order."""

    bounds: tuple[Node, ...] | None
    """Nodes that bound the rows; ``None`` when some rows come past every bound."""

    @property
    def limits(self) -> tuple[Node, ...]:
        """Nodes that keep only some of the rows."""
        return tuple(node for node in self.data if Tag.LIMIT in node.tags)

    @property
    def bound(self) -> Node | None:
        """The node that tells how many rows are scored at most."""
        return max(self.bounds or (), key=lambda node: node.limit or 0, default=None)


def scored_rows(graph: SourceGraph) -> tuple[ScoredRows, ...]:
    """Calls that score something, in execution order, bodies of callbacks left out."""
    idle = {each.name for each in graph.functions if each.passed or not each.called}
    found = []
    for node in graph.nodes:
        starts = _scored(graph, node)
        if starts is not None and node.function not in idle:
            data = data_path(graph, starts)
            found.append(ScoredRows(node=node, data=data, bounds=_bounds(graph, starts)))
    return tuple(found)


def _scored(graph: SourceGraph, node: Node) -> tuple[int, ...] | None:
    """Nodes of the rows a call scores; ``None`` when it scores nothing."""
    if node.kind == "call" and node.name in MODEL_SCORING and node.receiver is not None:
        if Tag.MODEL not in graph.tags(node.receiver):
            return None
        given = _given(graph, node)
        return () if given is None else (given,)
    if Tag.METRIC not in node.tags or Tag.MODEL in node.tags:
        return None
    return tuple(each.node for each in node.arguments) or node.deps


def _given(graph: SourceGraph, node: Node) -> int | None:
    """Node of the data handed to ``trainer.predict`` or set as the trainer's ``eval_dataset``."""
    if node.arguments:
        return node.arguments[0].node
    if node.receiver is None:
        return None
    for each in reversed(graph.slice(node.receiver)):
        for argument in each.arguments:
            if argument.name == "eval_dataset":
                return argument.node
    return None


def data_path(graph: SourceGraph, starts: Iterable[int]) -> tuple[Node, ...]:
    """Nodes the rows of ``starts`` pass through, in execution order.

    Unlike a slice it follows only the value that carries the rows: the receiver of ``.select``,
    the data given to ``.predict``, the first argument of ``list``. A model's training data is not
    part of what the model is tested on, and an image used for its size limits nothing.
    """
    return _walk(graph, starts, lambda node: False)


def _bounds(graph: SourceGraph, starts: Iterable[int]) -> tuple[Node, ...] | None:
    """Nodes that bound how many rows arrive; ``None`` when there are none, or a way past them."""
    passed = _walk(graph, starts, lambda node: _bounds_rows(graph, node))
    bounds = tuple(node for node in passed if _bounds_rows(graph, node))
    free = any({Tag.DATASET, Tag.FILE} & node.tags for node in passed if node not in bounds)
    return None if free or not bounds else bounds


def _bounds_rows(graph: SourceGraph, node: Node) -> bool:
    """Whether a node keeps a known number of rows whenever the notebook runs."""
    if node.limit is None or Tag.LIMIT not in node.tags or node.function is not None:
        return False
    return node.branch is None or (node.branch == "loop" and _counted_through(graph, node))


def _counted_through(graph: SourceGraph, node: Node) -> bool:
    """Whether it is ``data[i]`` with the counter of a loop, and data from outside any loop.

    ``batch["label"][:1]`` inside a loop keeps one row *of every batch*.
    """
    if node.kind != "subscript" or node.receiver is None:
        return False
    index = [each for each in node.deps if each != node.receiver]
    counted = any(each.name == "iter" for one in index for each in graph.slice(one))
    return counted and all(each.name != "iter" for each in graph.slice(node.receiver))


def _walk(
    graph: SourceGraph, starts: Iterable[int], stop: Callable[[Node], bool]
) -> tuple[Node, ...]:
    seen: set[int] = set()
    waiting = list(starts)
    while waiting:
        current = waiting.pop()
        if current not in seen:
            seen.add(current)
            node = graph.nodes[current]
            waiting.extend(() if stop(node) else _carriers(graph, node))
    return tuple(graph.nodes[each] for each in sorted(seen))


def _carriers(graph: SourceGraph, node: Node) -> tuple[int, ...]:
    if node.kind == "call" and node.name in MODEL_SCORING and node.receiver is not None:
        given = _given(graph, node)
        return (given,) if given is not None else ()
    if {Tag.MODEL, Tag.FIT} & node.tags or node.name in METADATA | SIZES:
        return ()
    if node.kind in ("call", "attribute", "subscript") and node.name not in COLLECTING:
        return _carried(graph, node)
    return node.deps


def _carried(graph: SourceGraph, node: Node) -> tuple[int, ...]:
    """The one value that carries the rows of a call, an attribute or a subscript."""
    if node.receiver in node.deps and not _is_model(graph, node.receiver):
        return (node.receiver,)
    if node.kind != "call":
        return node.deps
    positional = [each.node for each in node.arguments if each.name is None]
    if node.receiver is None and positional:
        return (positional[0],)
    return tuple(each.node for each in node.arguments)


def _is_model(graph: SourceGraph, start: int) -> bool:
    """Whether a value is a model itself, not something computed by one."""
    node = graph.nodes[start]
    while node.kind == "name" and len(node.deps) == 1:
        node = graph.nodes[node.deps[0]]
    return Tag.MODEL in node.tags
