"""Follow values through the source graph, leaving out what only lends its size or its names."""

from collections.abc import Callable, Iterable

from grader.model import Node, SourceGraph, Tag

Through = Callable[[Node], Iterable[int]]
"""Which of a node's ``deps`` count as flowing through it."""

SIZES = frozenset({"len", ".__len__", ".size", ".numel", ".dim"})
METADATA = frozenset({
    ".shape", ".size", ".ndim", ".num_rows", ".num_classes", ".features", ".names", ".id2label",
    ".label2id", ".dtype", ".device",
})  # fmt: skip
COMPREHENSIONS = {"ListComp": 1, "SetComp": 1, "GeneratorExp": 1, "DictComp": 2}
"""Leading ``deps`` that are items; the others are what is iterated, and the conditions."""

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


def values(graph: SourceGraph) -> Through:
    """Everything but what is behind ``len(...)``, shapes, class names and loop headers.

    An array drawn at random *for each* label does not contain the labels. Of a call of the
    notebook's own function only what it returns flows on.
    """
    own = _own_calls(graph)

    def through(node: Node) -> Iterable[int]:
        if _lends_only_size(node):
            return ()
        if node.name in COMPREHENSIONS:
            return node.deps[: COMPREHENSIONS[node.name]]
        if node.kind == "call" and node.name in own:
            given = {argument.node for argument in node.arguments} | {node.receiver}
            return [dep for dep in node.deps if dep not in given] or node.deps
        return node.deps

    return through


def rows(graph: SourceGraph) -> Through:
    """As ``values``, but a draw or a selection keeps nothing of what decided it.

    ``labels[rng.permutation(n)]`` consists of labels; ``rng.permutation(labels)`` no longer tells
    the label of any row, ``choice([label, other])`` does. Of ``where(test, a, b)`` the values
    come from ``a`` and ``b``.
    """
    every = values(graph)

    def through(node: Node) -> Iterable[int]:
        if Tag.RANDOM in node.tags:
            return [dep for dep in node.deps if graph.nodes[dep].name in {"List", "Tuple"}]
        if node.kind == "subscript":
            return node.deps[:1]
        if node.kind == "call" and node.name in SELECTORS:
            return [argument.node for argument in node.arguments[1:]]
        return every(node)

    return through


def flow(graph: SourceGraph, node: int, through: Through | None = None) -> tuple[Node, ...]:
    """Nodes whose values end up in ``node``, itself included, in execution order."""
    behind = through or values(graph)
    seen: set[int] = set()
    waiting = [node]
    while waiting:
        current = waiting.pop()
        if current not in seen:
            seen.add(current)
            waiting.extend(behind(graph.nodes[current]))
    return tuple(graph.nodes[each] for each in sorted(seen))


def nearest(graph: SourceGraph, node: int, wanted: Callable[[Node], bool]) -> Node | None:
    """The wanted node reached over the fewest edges backwards; the latest among equals."""
    through = values(graph)
    level, seen = {node}, {node}
    while level:
        found = [each for each in level if wanted(graph.nodes[each])]
        if found:
            return graph.nodes[max(found)]
        level = {dep for each in level for dep in through(graph.nodes[each])} - seen
        seen |= level
    return None


def opaque(graph: SourceGraph, nodes: Iterable[Node]) -> bool:
    """Whether the source does not explain some value, e.g. the result of an unknown import."""
    own = _own_calls(graph)
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


def _own_calls(graph: SourceGraph) -> frozenset[str]:
    """Names under which the notebook's own functions and methods are called."""
    full = {function.name for function in graph.functions}
    return frozenset(full | {f".{name.rpartition('.')[2]}" for name in full if "." in name})


def _known(name: str) -> bool:
    if name in PURE_BUILTINS or name in PURE_METHODS:
        return True
    return f"{name}.".startswith(PURE_MODULES) and not READERS & set(name.split("."))


def _imported(name: str) -> bool:
    """Whether a name without a value is a type or a module, such as ``int`` or ``numpy.int64``."""
    return name in PURE_BUILTINS or f"{name}.".startswith(PURE_MODULES)


def _lends_only_size(node: Node) -> bool:
    if node.kind == "call":
        return node.name in SIZES
    return node.kind == "attribute" and f".{node.name.rpartition('.')[2]}" in METADATA
