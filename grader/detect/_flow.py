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
PURE_MODULES = ("numpy.", "torch.", "random.", "math.", "itertools.", "builtins.", "collections.")
READERS = frozenset({"load", "loadtxt", "genfromtxt", "fromfile", "memmap", "hub", "utils"})
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


def values(node: Node) -> Iterable[int]:
    """Everything but what is behind ``len(...)``, shapes and class names.

    An array drawn at random *for each* label does not contain the labels.
    """
    return () if _lends_only_size(node) else node.deps


def rows(node: Node) -> Iterable[int]:
    """As ``values``, but a draw or a selection keeps nothing of what decided it.

    ``labels[rng.permutation(n)]`` consists of labels; ``rng.permutation(labels)`` no longer tells
    the label of any row.
    """
    if Tag.RANDOM in node.tags:
        return ()
    if node.kind == "subscript" and node.receiver is not None:
        return (node.receiver,)
    return values(node)


def flow(graph: SourceGraph, node: int, through: Through = values) -> tuple[Node, ...]:
    """Nodes whose values end up in ``node``, itself included, in execution order."""
    seen: set[int] = set()
    waiting = [node]
    while waiting:
        current = waiting.pop()
        if current not in seen:
            seen.add(current)
            waiting.extend(through(graph.nodes[current]))
    return tuple(graph.nodes[each] for each in sorted(seen))


def nearest(
    graph: SourceGraph, node: int, wanted: Callable[[Node], bool], through: Through = values
) -> Node | None:
    """The wanted node reached over the fewest edges backwards; the latest among equals."""
    level, seen = {node}, {node}
    while level:
        found = [each for each in level if wanted(graph.nodes[each])]
        if found:
            return graph.nodes[max(found)]
        level = {dep for each in level for dep in through(graph.nodes[each])} - seen
        seen |= level
    return None


def opaque(graph: SourceGraph, nodes: Iterable[Node]) -> Node | None:
    """The first node whose value the source does not explain, e.g. a call of an unknown import."""
    own = {function.name for function in graph.functions}
    for node in nodes:
        if node.kind == "call" and not node.tags and not _known(node, own):
            return node
        if node.kind == "parameter" and not node.deps:
            return node
    return None


def carries(nodes: Iterable[Node], *tags: Tag) -> bool:
    """Whether any of these facts originates in these nodes."""
    wanted = frozenset(tags)
    return any(node.tags & wanted for node in nodes)


def _known(node: Node, own: set[str]) -> bool:
    name = node.name
    if name in own or name in PURE_BUILTINS or name in PURE_METHODS:
        return True
    if name.startswith("."):
        return any(each.endswith(name) for each in own)
    return name.startswith(PURE_MODULES) and not READERS & set(name.split("."))


def _lends_only_size(node: Node) -> bool:
    if node.kind == "call":
        return node.name in SIZES
    return node.kind == "attribute" and f".{node.name.rpartition('.')[2]}" in METADATA
