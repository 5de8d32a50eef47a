"""Follow values through the source graph, leaving out what only lends its size or its names."""

from collections.abc import Callable, Iterable

from grader.model import Node, SourceGraph, Tag
from grader.model.source import Through

SELECTORS = frozenset({"numpy.where", "torch.where", "numpy.select", "numpy.choose"})
"""Functions whose first argument decides which of the others is taken."""

PURE_MODULES = (
    "numpy.",
    "torch.",
    "random.",
    "math.",
    "itertools.",
    "builtins.",
    "collections.",
    "tensorflow.",
    "pandas.Series.",
    "pandas.DataFrame.",
)
READERS = frozenset(
    {"load", "loadtxt", "genfromtxt", "fromfile", "memmap", "hub", "utils", "io", "data", "keras"}
)
PURE_BUILTINS = frozenset({
    "abs", "bool", "dict", "divmod", "enumerate", "filter", "float", "int", "iter", "len", "list",
    "map", "max", "min", "next", "range", "reversed", "round", "set", "slice", "sorted", "str",
    "sum", "tuple", "zip",
})  # fmt: skip
PURE_METHODS = frozenset({
    ".append", ".extend", ".insert", ".tolist", ".astype", ".numpy", ".item", ".cpu", ".cuda",
    ".detach", ".to", ".type", ".long", ".int", ".float", ".double", ".bool", ".reshape", ".view",
    ".flatten", ".ravel", ".squeeze", ".unsqueeze", ".copy", ".clone", ".clip", ".clamp", ".round",
    ".index", ".get", ".items", ".keys", ".values", ".pop", ".repeat", ".transpose", ".where",
    ".masked_fill", ".masked_fill_", ".fill", ".fill_", ".update", ".sort", ".mean", ".sum",
    ".any", ".all", ".max", ".min", ".numel", ".size", ".to_numpy", ".to_list", ".format",
    ".join", ".split", ".strip", ".lower", ".manual_seed", ".flip", ".argmax",
})  # fmt: skip


def rows(graph: SourceGraph) -> Through:
    """As ``SourceGraph.content``, but a draw or a selection keeps nothing of what decided it.

    ``labels[rng.permutation(n)]`` consists of labels; ``rng.permutation(labels)`` no longer tells
    the label of any row, ``choice([label, other])`` does. Of ``where(test, a, b)`` the values
    come from ``a`` and ``b``.
    """

    def through(node: Node) -> Iterable[int]:
        if Tag.RANDOM in node.tags:
            return [dep for dep in node.deps if graph.nodes[dep].name in {"List", "Tuple"}]
        if node.kind == "subscript":
            return node.deps[:1]
        if node.kind == "call" and node.name in SELECTORS:
            return [argument.node for argument in node.arguments[1:]]
        return graph.content(node)

    return through


def flow(graph: SourceGraph, node: int, through: Through | None = None) -> tuple[Node, ...]:
    """Nodes whose values end up in ``node``, itself included, in execution order."""
    return graph.flow(node, through)


def nearest(graph: SourceGraph, node: int, wanted: Callable[[Node], bool]) -> Node | None:
    """The wanted node reached over the fewest edges backwards; the latest among equals."""
    return graph.nearest(node, wanted)


def opaque(graph: SourceGraph, nodes: Iterable[Node]) -> bool:
    """Whether the source does not explain some value, e.g. the result of an unknown import."""
    own = graph.own_calls
    for node in nodes:
        if node.kind == "call" and not node.tags and not (node.name in own or _known(node.name)):
            return True
        if node.kind in {"parameter", "name"} and not node.deps and not _imported(node.name):
            return True
    return False


def carries(nodes: Iterable[Node], *tags: Tag) -> bool:
    """Whether any of these facts originates in these nodes."""
    wanted = frozenset(tags)
    return any(node.tags & wanted for node in nodes)


def _known(name: str) -> bool:
    if name in PURE_BUILTINS or name in PURE_METHODS:
        return True
    return f"{name}.".startswith(PURE_MODULES) and not READERS & set(name.split("."))


def _imported(name: str) -> bool:
    """Whether a name without a value is a type or a module, such as ``int`` or ``numpy.int64``."""
    return name in PURE_BUILTINS or f"{name}.".startswith(PURE_MODULES)
