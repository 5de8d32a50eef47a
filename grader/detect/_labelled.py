"""Values that the source shows, with the words it writes beside them."""

from collections.abc import Iterator

from grader.detect._metrics import dead
from grader.detect._sides import core
from grader.model import Node, SourceGraph
from grader.patterns import regex

PERCENT = regex(r"%[-+ #0]{0,3}\d{0,4}(?:\.\d{1,4})?[a-zA-Z]")
"""Where a number goes in a text with ``%``."""

BRACES = regex(r"\{(?::[^{}]{0,40})?\}")
"""Where a number goes in a text with ``.format``."""

FILLS = frozenset({"Mod", ".format"})
"""What puts values into a text."""

LONGEST = 2_000
"""Characters of a text that are looked at."""

SHOWS = frozenset({"print", "display", "IPython.display.display", "rich.print"})


def labelled(graph: SourceGraph) -> Iterator[tuple[str, Node]]:
    """Every value in a text, a print, or a dictionary, with the words right before it.

    Names, conversions and factors of a hundred are looked through.
    """
    for node in graph.nodes:
        if _shows(graph, node) and not dead(graph, node):
            for label, position in _pairs(graph, node):
                yield label, _behind(graph, position)


def _shows(graph: SourceGraph, node: Node) -> bool:
    if node.name in FILLS:
        return bool(node.deps) and bool(_text(graph, node.deps[0]))
    return node.name in {"Dict", "JoinedStr"} or (node.kind == "call" and node.name in SHOWS)


def _pairs(graph: SourceGraph, node: Node) -> Iterator[tuple[str, int]]:
    if node.name == "Dict":
        for key, value in zip(node.deps[::2], node.deps[1::2], strict=False):
            yield _text(graph, key), value
    elif node.name == "JoinedStr":
        yield from _in_order(graph, node.deps)
    elif node.kind == "call" and node.name in SHOWS:
        given = tuple(each.node for each in node.arguments if each.name is None)
        yield from _in_order(graph, given)
    elif node.name in FILLS:
        yield from _filled(graph, node)


def _filled(graph: SourceGraph, node: Node) -> Iterator[tuple[str, int]]:
    """Values put into a text, each with the words before its place."""
    text = _text(graph, node.deps[0])[:LONGEST]
    if node.name == "Mod":
        right = graph.nodes[node.deps[-1]]
        given = right.deps if right.name == "Tuple" else node.deps[1:]
        before = PERCENT.split(text.replace("%%", " "))
    else:
        given = tuple(each.node for each in node.arguments if each.name is None)
        before = BRACES.split(text)
    if len(before) == len(given) + 1:
        yield from ((label, at) for label, at in zip(before, given, strict=False) if label.strip())


def _in_order(graph: SourceGraph, deps: tuple[int, ...]) -> Iterator[tuple[str, int]]:
    label = ""
    for dep in deps:
        text = _text(graph, dep)
        if text:
            label = text
        elif label:
            yield label, dep
            label = ""


def _text(graph: SourceGraph, position: int) -> str:
    value = graph.nodes[position].value
    plain = graph.nodes[position].kind == "literal"
    return value if plain and isinstance(value, str) else ""


def _behind(graph: SourceGraph, position: int) -> Node:
    found = graph.nodes[position]
    if found.name == "FormattedValue" and found.deps:
        found = graph.nodes[found.deps[0]]
    found = core(graph, found.id)
    if found.name == "Mult":
        others = [dep for dep in found.deps if graph.nodes[dep].value not in (100, 100.0)]
        if len(found.deps) == 2 and len(others) == 1:
            return core(graph, others[0])
    return found
