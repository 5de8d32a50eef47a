"""What the source scores, and how many rows arrive there."""

from msgspec import Struct

from grader.model import Node, SourceGraph, Tag

MODEL_SCORING = frozenset({".predict", ".evaluate"})
"""Methods of a model that take the data to score as first argument or ``eval_dataset``."""


class ScoredRows(Struct, frozen=True, kw_only=True):
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
    nodes = graph.nodes
    return tuple(
        ScoredRows(
            node=nodes[each.node],
            data=tuple(nodes[at] for at in each.data),
            bounds=None if each.bounds is None else tuple(nodes[at] for at in each.bounds),
        )
        for each in graph.scored
    )
