"""Notebooks as lists of cells, and short questions to their graphs."""

from hashlib import sha256

from grader.evidence.source import build
from grader.model import Cell, Node, SourceGraph, Submission, Tag


def notebook(*sources: str) -> Submission:
    """A submission of code cells."""
    text = "\n".join(sources).encode("utf-8", "surrogatepass")
    cells = tuple(Cell(index=i, kind="code", source=s) for i, s in enumerate(sources))
    digest = sha256(text).hexdigest()
    return Submission(student="a", lab="lab", path="a.ipynb", digest=digest, cells=cells)


def graph_of(*sources: str) -> SourceGraph:
    """The graph of code cells."""
    return build(notebook(*sources))


def value_of(graph: SourceGraph, name: str) -> int:
    """Node last given to a name."""
    return [binding.node for binding in graph.bindings if binding.name == name][-1]


def slice_of(graph: SourceGraph, name: str) -> tuple[Node, ...]:
    """Everything that flows into the value last given to a name."""
    return graph.slice(value_of(graph, name))


def tags_of(graph: SourceGraph, name: str) -> frozenset[Tag]:
    """Facts that reach the value last given to a name."""
    return graph.tags(value_of(graph, name))


def argument(graph: SourceGraph, call: str, position: int = 0) -> int:
    """Node of a positional argument of the last call of this name."""
    return graph.calls(call)[-1].arguments[position].node


def splits(nodes: tuple[Node, ...]) -> set[str]:
    """Splits that nodes select."""
    return {node.split for node in nodes if node.split}


def limits(nodes: tuple[Node, ...]) -> set[int | None]:
    """Numbers of rows to which nodes limit."""
    return {node.limit for node in nodes if Tag.LIMIT in node.tags}
