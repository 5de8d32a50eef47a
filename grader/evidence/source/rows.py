"""What the source scores, and how many rows arrive there."""

from collections.abc import Callable, Iterable, Sequence

from grader.evidence.source.draft import bits
from grader.model import Node, ScoredRows, SourceGraph, Tag
from grader.model.source import METADATA, SIZES

MODEL_SCORING = frozenset({".predict", ".evaluate"})
"""Methods of a model that take the data to score as first argument or ``eval_dataset``."""

COLLECTING = frozenset({".append", ".extend", ".add", ".add_batch", ".update", "zip"})
"""Calls that carry the rows of every argument, not of their receiver or first argument alone."""

STEPS = 200_000
"""Nodes visited for all scored rows together, so that time stays bounded: a notebook of
hundreds of scores, each built on the last, would take the square of them."""


class Rows:
    """Follows the rows that are scored back to where they come from."""

    def __init__(self, graph: SourceGraph, reach: Sequence[int]) -> None:
        self.graph = graph
        self.reach = reach
        self.steps = STEPS

    def scored(self) -> tuple[ScoredRows, ...]:
        """Calls that score something, in execution order, bodies of callbacks left out."""
        idle = {each.name for each in self.graph.functions if each.passed or not each.called}
        found = []
        for node in self.graph.nodes:
            starts = self._starts(node) if node.function not in idle else None
            if starts is not None and self.steps > 0:
                bounds = self.bounds(starts)
                found.append(ScoredRows(node=node.id, data=self.path(starts), bounds=bounds))
        return tuple(found)

    @property
    def exhausted(self) -> bool:
        """Whether something was left out because there was too much."""
        return self.steps <= 0

    def _starts(self, node: Node) -> tuple[int, ...] | None:
        """Nodes of the rows a call scores; ``None`` when it scores nothing."""
        if node.kind == "call" and node.name in MODEL_SCORING and node.receiver is not None:
            if not self.reach[node.receiver] & bits(Tag.MODEL):
                return None
            given = self.given(node)
            return () if given is None else (given,)
        if Tag.METRIC not in node.tags or Tag.MODEL in node.tags:
            return None
        return tuple(each.node for each in node.arguments) or node.deps

    def given(self, node: Node) -> int | None:
        """Node of the data a model's method is handed or a trainer has as ``eval_dataset``."""
        if node.arguments:
            return node.arguments[0].node
        if node.receiver is None:
            return None
        for each in reversed(self._counted(self.graph.slice(node.receiver))):
            for argument in each.arguments:
                if argument.name == "eval_dataset":
                    return argument.node
        return None

    def path(self, starts: Iterable[int]) -> tuple[int, ...]:
        """Nodes the rows of ``starts`` pass through, in execution order.

        Unlike a slice it follows only the value that carries the rows: the receiver of
        ``.select``, the data given to ``.predict``, the first argument of ``list``. A model's
        training data is not part of what the model is tested on, and an image used for its size
        limits nothing.
        """
        return tuple(each.id for each in self._walk(starts, lambda node: False))

    def bounds(self, starts: Iterable[int]) -> tuple[int, ...] | None:
        """Nodes that bound how many rows arrive; ``None`` without any, or with a way past them."""
        passed = self._walk(starts, self._bounds_rows)
        found = tuple(node.id for node in passed if self._bounds_rows(node))
        free = any({Tag.DATASET, Tag.FILE} & node.tags for node in passed if node.id not in found)
        return None if free or not found else found

    def most(self, bounds: tuple[int, ...] | None) -> int | None:
        """Rows that arrive at most."""
        return max((self.graph.nodes[each].limit or 0 for each in bounds or ()), default=None)

    def _bounds_rows(self, node: Node) -> bool:
        """Whether a node keeps a known number of rows whenever the notebook runs."""
        if node.limit is None or Tag.LIMIT not in node.tags or node.function is not None:
            return False
        return node.branch is None or (node.branch == "loop" and self._counted_through(node))

    def _counted_through(self, node: Node) -> bool:
        """Whether it is ``data[i]`` with the counter of a loop, and data from outside any loop.

        ``batch["label"][:1]`` inside a loop keeps one row *of every batch*.
        """
        if node.kind != "subscript" or node.receiver is None:
            return False
        index = [each for each in node.deps if each != node.receiver]
        counted = any(each.name == "iter" for one in index for each in self.graph.slice(one))
        return counted and all(each.name != "iter" for each in self.graph.slice(node.receiver))

    def _walk(self, starts: Iterable[int], stop: Callable[[Node], bool]) -> list[Node]:
        seen: set[int] = set()
        waiting = list(starts)
        while waiting:
            current = waiting.pop()
            if current not in seen:
                seen.add(current)
                node = self.graph.nodes[current]
                waiting.extend(() if stop(node) else self._carriers(node))
        return self._counted([self.graph.nodes[each] for each in sorted(seen)])

    def _counted(self, nodes: Sequence[Node]) -> list[Node]:
        self.steps -= len(nodes)
        return list(nodes)

    def _carriers(self, node: Node) -> tuple[int, ...]:
        if node.kind == "call" and node.name in MODEL_SCORING and node.receiver is not None:
            given = self.given(node)
            return (given,) if given is not None else ()
        if {Tag.MODEL, Tag.FIT} & node.tags or node.name in METADATA | SIZES:
            return ()
        if node.kind in ("call", "attribute", "subscript") and node.name not in COLLECTING:
            return self._carried(node)
        return node.deps

    def _carried(self, node: Node) -> tuple[int, ...]:
        """The one value that carries the rows of a call, an attribute or a subscript."""
        if node.receiver in node.deps and not self._is_model(node.receiver):
            return (node.receiver,)
        if node.kind != "call":
            return node.deps
        positional = [each.node for each in node.arguments if each.name is None]
        if node.receiver is None and positional:
            return (positional[0],)
        return tuple(each.node for each in node.arguments)

    def _is_model(self, start: int) -> bool:
        """Whether a value is a model itself, not something computed by one."""
        node = self.graph.nodes[start]
        while node.kind == "name" and len(node.deps) == 1:
            node = self.graph.nodes[node.deps[0]]
        return Tag.MODEL in node.tags
