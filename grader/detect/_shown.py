"""Literals that reach an output as they stand in the source."""

from collections.abc import Iterator

from msgspec import Struct
from msgspec.structs import replace

from grader.detect._flow import flow
from grader.detect._metrics import dead
from grader.model import Node, SourceGraph

SHOWS = frozenset({
    "print", "display", "IPython.display.display", "IPython.display.Markdown", "pandas.DataFrame",
    "IPython.display.HTML", "pandas.Series", "tabulate.tabulate", "matplotlib.pyplot.bar",
    "matplotlib.pyplot.barh", "matplotlib.pyplot.plot", ".bar", ".barh", "rich.print",
    "pprint.pprint",
})  # fmt: skip
KEEPS = SHOWS | {
    "str", "round", "float", "format", ".format", "dict", "list", "tuple", "zip", "enumerate",
    "numpy.array", ".items", ".values", ".keys", ".get", ".append", ".join", "repr",
}  # fmt: skip
"""Calls that hand a number on as it is."""

STATIC = frozenset({"literal", "name", "operation", "collection"})


class Context(Struct, frozen=True):
    """Words met on the way from the output to a number."""

    words: str = ""
    label: str = ""


def shown_literals(graph: SourceGraph) -> Iterator[tuple[Node, Node, Context]]:
    """Every output with each literal it shows unchanged, and the words beside that literal."""
    names: dict[int, str] = {}
    for binding in graph.bindings:
        names[binding.node] = f"{names.get(binding.node, '')} {binding.name}"
    own = {function.name for function in graph.functions}
    for sink in graph.nodes:
        if sink.kind == "call" and sink.name in SHOWS and not dead(graph, sink):
            walk = _Walk(graph, names, own)
            for node, context in walk.literals(sink.id, Context()):
                yield sink, node, context


class _Walk:
    """Backwards from an output over everything that shows a number as it is."""

    def __init__(self, graph: SourceGraph, names: dict[int, str], own: set[str]) -> None:
        self._graph = graph
        self._names = names
        self._own = own
        self._seen: set[int] = set()

    def literals(self, position: int, context: Context) -> Iterator[tuple[Node, Context]]:
        """Literals with the words beside them."""
        if position in self._seen:
            return
        self._seen.add(position)
        node = self._graph.nodes[position]
        name = self._names.get(position, "")
        if node.kind == "subscript":
            name = f"{name} {node.value}"
        elif node.kind == "attribute":
            name = f"{name} {node.name.rpartition('.')[2]}"
        context = Context(f"{context.words} {name}", f"{context.label} {name}")
        if node.kind == "literal":
            yield node, context
        for dep, inner in self._behind(node, context):
            yield from self.literals(dep, inner)

    def _behind(self, node: Node, context: Context) -> Iterator[tuple[int, Context]]:
        if node.kind == "call":
            yield from self._arguments(node, context)
        elif node.name == "Dict":
            for key, value in zip(node.deps[::2], node.deps[1::2], strict=False):
                yield value, _under(context, self._text(key))
        elif node.name == "store" and len(node.deps) == 3:
            container, key, value = node.deps
            yield container, context
            yield value, _under(context, self._text(key))
        elif node.name in {"JoinedStr", "Tuple", "List"}:
            yield from self._in_order(node.deps, context)
        elif node.name in {"ListComp", "GeneratorExp", "FormattedValue"} or node.kind in {
            "name", "subscript",
        } or _is_known_field(node):  # fmt: skip
            yield from ((dep, context) for dep in node.deps[:1])
        elif node.name == "iter" or self._is_typed(node):
            yield from ((dep, context) for dep in node.deps)

    def _arguments(self, node: Node, context: Context) -> Iterator[tuple[int, Context]]:
        if node.name in self._own:
            given = {argument.node for argument in node.arguments}
            yield from ((dep, context) for dep in node.deps if dep not in given)
        elif node.name in KEEPS:
            unnamed = [each.node for each in node.arguments if each.name is None]
            if node.receiver is not None:
                unnamed.insert(0, node.receiver)
            yield from self._in_order(tuple(unnamed), context)
            for argument in node.arguments:
                if argument.name is not None:
                    yield argument.node, _under(context, argument.name)

    def _in_order(self, deps: tuple[int, ...], context: Context) -> Iterator[tuple[int, Context]]:
        """A text labels what follows it."""
        for dep in deps:
            yield dep, context
            text = self._text(dep)
            if text:
                context = replace(context, words=f"{context.words} {text}", label=text)

    def _is_typed(self, node: Node) -> bool:
        """Whether an operation has nothing but literals in it."""
        if node.kind != "operation":
            return False
        inside = flow(self._graph, node.id)
        return all(each.kind in STATIC for each in inside) and any(
            each.kind == "literal" for each in inside
        )

    def _text(self, position: int) -> str:
        value = self._graph.nodes[position].value
        return value if isinstance(value, str) else ""


def _is_known_field(node: Node) -> bool:
    """Whether an attribute stands for the very value its object was made with."""
    return node.kind == "attribute" and node.receiver not in node.deps


def _under(context: Context, key: str) -> Context:
    return Context(f"{context.words} {key}", key)
