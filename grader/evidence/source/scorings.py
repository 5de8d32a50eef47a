"""Where a notebook scores predictions against labels, and which argument is which."""

import re
from collections.abc import Iterator, Sequence

from grader.evidence.source import knowledge
from grader.evidence.source.draft import bits
from grader.evidence.source.makers import makers
from grader.evidence.source.reach import reaching
from grader.evidence.source.rows import Rows
from grader.evidence.source.signatures import Signature, of_function, of_method, of_unknown
from grader.model import Node, Scoring, SourceGraph, Tag, Unparsed
from grader.patterns import regex

TRUE = regex(
    r"true|truth|label|target|actual|(?<![a-z])(?:gt|gold|refs?|references?|y)(?![a-z])"
    r"|etiquette|étiquette|cible|reel|réel|标签|真实",
    re.I,
)
PRED = regex(r"pred|guess|output|(?<![a-z])(?:hyp|hat|p|out)(?![a-z])|pr[ée]d|预测", re.I)
COMPARED = frozenset({
    "Eq", "numpy.equal", "torch.eq", ".eq", "numpy.array_equal", "tensorflow.equal",
    "keras.ops.equal", "NotEq", "In",
})  # fmt: skip
SUMMARY = regex(r"(?:^|\.)(?:mean|sum|average|count_nonzero|reduce_mean|reduce_sum)$")
"""Calls that turn matches into a score."""

NAMES = 12
"""Names of a value that are looked at."""

MOST = 1000
"""Scorings looked for in one notebook, so that time stays bounded."""


def with_scorings(graph: SourceGraph, lengths: Sequence[int | None]) -> SourceGraph:
    """The same graph with what it scores.

    Args:
        graph: The graph so far.
        lengths: How many items the value of each node has at most, where known.
    """
    reader = _Reader(graph, lengths)
    found = reader.scorings()
    scored = reader.rows.scored()
    update: dict[str, object] = {"scorings": found, "scored": scored}
    if reader.rows.exhausted or reader.left <= 0:
        last = graph.nodes[-1]
        reason = "more scores than are followed"
        lost = Unparsed(cell=last.cell, line=last.line, reason=reason)
        update["unfollowed"] = (*graph.unfollowed, lost)
    return graph.model_copy(update=update)


class _Reader:
    """Reads the scorings off a graph."""

    def __init__(self, graph: SourceGraph, lengths: Sequence[int | None]) -> None:
        self.graph = graph
        self.lengths = lengths
        self.reach = reaching(graph.nodes)
        self.rows = Rows(graph, self.reach)
        self.makers = makers(graph.nodes)
        self.names: dict[int, list[str]] = {}
        self.left = MOST
        inside = [node.function for node in graph.nodes if Tag.METRIC in node.tags]
        self.measuring = {name.rpartition(".")[2] for name in inside if name}
        for binding in graph.bindings:
            self.names.setdefault(binding.node, []).append(binding.name)

    def scorings(self) -> tuple[Scoring, ...]:
        """Every scoring the source shows, in execution order.

        Of a metric computed by hand the operands of its nearest ``==`` are taken, and of the
        steps from them to the score the last; it is left out when neither the names of the
        operands nor what flows into them tells labels from predictions.
        """
        library: list[Scoring] = []
        last: dict[tuple[int | None, int | None], Scoring] = {}
        for node in self.graph.nodes:
            if self.left <= 0:
                break
            found = self._library(node) or self._own(node)
            by_hand = None if found else self._by_hand(node)
            if by_hand is not None:
                last[by_hand.y_true, by_hand.y_pred] = by_hand
            library += [found] if found else []
        every = [*library, *last.values()]
        return tuple(self._sized(each) for each in sorted(every, key=lambda each: each.node))

    def _sized(self, scoring: Scoring) -> Scoring:
        """The same with the rows that arrive there."""
        node = self.graph.nodes[scoring.node]
        sides = [each for each in (scoring.y_true, scoring.y_pred) if each is not None]
        given = self.rows.given(node) if scoring.how in {"trainer", "keras"} else None
        starts = sides or ([] if given is None else [given])
        if not starts or self.rows.exhausted:
            return scoring
        splits = {self.graph.nodes[each].split for each in self.rows.path(starts)} - {None}
        split = splits.pop() if len(splits) == 1 else None
        n = self.rows.most(self.rows.bounds(starts))
        if n is None:
            n = min((found for each in sides if (found := self.lengths[each])), default=None)
        return scoring.model_copy(update={"n": n, "split": split})

    # --- of libraries ------------------------------------------------------------------

    def _library(self, node: Node) -> Scoring | None:
        if node.kind != "call":
            return None
        if node.receiver is None:
            known = of_function(knowledge.canonical(node.name))
            return None if known is None else self._read(node, known, node.name)
        maker = self._maker(node)
        known = of_method(node, maker)
        if known is None and maker is None:
            known = of_unknown(node, self.graph.nodes[node.receiver])
        if known is None:
            return None
        name = None if maker is None else self._loaded(maker) or maker.name
        return self._read(node, known, name)

    def _maker(self, node: Node) -> Node | None:
        made = None if node.receiver is None else self.makers[node.receiver]
        return None if made is None else self.graph.nodes[made]

    def _loaded(self, maker: Node) -> str | None:
        """What ``evaluate.load`` was asked for."""
        if maker.name not in knowledge.MEASURES or not maker.arguments:
            return None
        value = self._literal(maker.arguments[0].node)
        return value if isinstance(value, str) else None

    def _literal(self, start: int) -> object:
        node = self.graph.nodes[start]
        while node.kind in {"name", "parameter"} and len(node.deps) == 1:
            node = self.graph.nodes[node.deps[0]]
        return node.value if node.kind == "literal" else None

    def _read(self, node: Node, known: Signature, name: str | None) -> Scoring | None:
        true, pred = _argument(node, known.true), _argument(node, known.pred)
        if not known.alone and (true is None or pred is None):
            return None
        self.left -= 1
        metric = None if name is None else name.rpartition(".")[2]
        if known.how in {"trainer", "keras"}:
            metric = None
        return Scoring(node=node.id, y_true=true, y_pred=pred, how=known.how, metric=metric)

    # --- by hand -----------------------------------------------------------------------

    def _own(self, node: Node) -> Scoring | None:
        """A call of a function that is named for a metric and divides, but compares nothing.

        One that does holds a scoring, of better known operands.
        """
        name = node.name.rpartition(".")[2]
        own = node.kind == "call" and node.name in self.graph.own_calls
        if not own or Tag.METRIC not in node.tags or name in self.measuring:
            return None
        named = [
            (argument.node, f"{argument.name or ''} {self._names(argument.node)}")
            for argument in node.arguments
        ]
        true = [each for each, text in named if _looks_true(text)]
        pred = [each for each, text in named if PRED.search(text) and not _looks_true(text)]
        if len(true) != 1 or len(pred) != 1:
            return None
        self.left -= 1
        return Scoring(node=node.id, y_true=true[0], y_pred=pred[0], how="by-hand", metric=name)

    def _by_hand(self, node: Node) -> Scoring | None:
        summed = node.kind == "operation" or SUMMARY.search(node.name)
        if Tag.METRIC not in node.tags or not summed:
            return None
        self.left -= 1
        same = self.graph.nearest(node.id, lambda each: each.name in COMPARED)
        if same is None or same.function != node.function:
            return None
        sides = list(_operands(same))
        true = self._labels_of(*sides) if len(sides) == 2 else None
        if true is None:
            return None
        pred = sides[1] if true == sides[0] else sides[0]
        return Scoring(node=node.id, y_true=true, y_pred=pred, how="by-hand")

    def _labels_of(self, left: int, right: int) -> int | None:
        """The side that holds labels: the one no model computed, else by name or origin."""
        computed = [bool(self.reach[side] & bits(Tag.MODEL_OUTPUT)) for side in (left, right)]
        if computed[0] != computed[1]:
            return right if computed[0] else left
        named = [_looks_true(self._names(side)) for side in (left, right)]
        if named[0] != named[1]:
            return left if named[0] else right
        guessed = [bool(PRED.search(self._names(side))) for side in (left, right)]
        read = [bool(self.reach[side] & bits(Tag.LABELS)) for side in (left, right)]
        if guessed[0] != guessed[1] and read[0] != read[1]:
            return left if read[0] else right
        inside = [
            other in {node.id for node in self.graph.flow(side)}
            for side, other in ((left, right), (right, left))
        ]
        return (right if inside[0] else left) if inside[0] != inside[1] else None

    def _names(self, node: int) -> str:
        """Names a value goes by, joined by blanks, and those of what it is taken from."""
        found: list[str] = []
        current: int | None = node
        while current is not None and len(found) < NAMES:
            one = self.graph.nodes[current]
            key = one.value if one.kind == "subscript" and isinstance(one.value, str) else ""
            found += [one.name, key, *self.names.get(current, ())]
            current = one.receiver if one.kind != "call" or one.name.startswith(".") else None
        return " ".join(found)


def _argument(node: Node, place: tuple[Sequence[str], int | None]) -> int | None:
    names, position = place
    for each in node.arguments:
        if each.name in names:
            return each.node
    unnamed = [each.node for each in node.arguments if each.name is None]
    return unnamed[position] if position is not None and position < len(unnamed) else None


def _operands(same: Node) -> Iterator[int]:
    sides = [arg.node for arg in same.arguments] or list(same.deps)
    if same.receiver is not None and same.receiver not in sides:
        yield same.receiver
    yield from sides


def _looks_true(names: str) -> bool:
    return bool(TRUE.search(names)) and not PRED.search(names)
