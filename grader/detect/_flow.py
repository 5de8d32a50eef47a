"""Follow values through the source graph, leaving out what only lends its size or its names."""

from collections.abc import Callable, Iterator

from grader.model import Node, SourceGraph, Tag

Cut = Callable[[Node], bool]
"""Whether nothing behind a node counts as flowing through it."""

SIZES = frozenset({"len", "builtins.len", ".__len__", ".size", ".numel", ".dim", ".nelement"})
METADATA = frozenset({".shape", ".size", ".ndim", ".num_rows", ".num_classes", ".features",
                      ".names", ".id2label", ".label2id", ".dtype", ".device"})  # fmt: skip

PURE_MODULES = ("numpy.", "torch.", "random.", "math.", "itertools.", "builtins.", "collections.",
                "sklearn.utils.")  # fmt: skip
READERS = frozenset({"load", "loadtxt", "genfromtxt", "fromfile", "memmap", "load_state_dict",
                     "hub", "utils", "open"})  # fmt: skip
PURE_BUILTINS = frozenset({
    "abs", "bool", "dict", "divmod", "enumerate", "filter", "float", "int", "iter", "len", "list",
    "map", "max", "min", "next", "range", "reversed", "round", "set", "slice", "sorted", "str",
    "sum", "tuple", "zip",
})  # fmt: skip
PURE_METHODS = frozenset({
    ".append", ".extend", ".insert", ".tolist", ".astype", ".numpy", ".item", ".cpu", ".cuda",
    ".detach", ".to", ".type", ".long", ".int", ".float", ".double", ".bool", ".reshape", ".view",
    ".flatten", ".ravel", ".squeeze", ".unsqueeze", ".copy", ".clone", ".clip", ".clamp", ".round",
    ".index", ".get", ".items", ".keys", ".values", ".pop", ".repeat", ".transpose", ".masked_fill",
    ".masked_fill_", ".where", ".fill", ".fill_", ".scatter_", ".index_fill_", ".union", ".add",
    ".update", ".sort", ".numel", ".size", ".mean", ".sum", ".any", ".all", ".max", ".min",
    ".to_numpy", ".to_list", ".format", ".manual_seed", ".join", ".split", ".strip", ".lower",
})  # fmt: skip


def flow(graph: SourceGraph, node: int, *, cut: Cut | None = None) -> tuple[Node, ...]:
    """Nodes whose values end up in ``node``, itself included, in execution order.

    Unlike ``SourceGraph.slice`` it does not look behind ``len(...)``, shapes and class names: an
    array drawn at random *for each* label does not contain the labels.

    Args:
        graph: The notebook's graph.
        node: Where the values arrive.
        cut: Further nodes not to look behind.
    """
    seen: set[int] = set()
    waiting = [node]
    while waiting:
        current = waiting.pop()
        if current in seen:
            continue
        seen.add(current)
        here = graph.nodes[current]
        if not (lends_only_size(here) or (cut is not None and cut(here))):
            waiting.extend(here.deps)
    return tuple(graph.nodes[each] for each in sorted(seen))


def lends_only_size(node: Node) -> bool:
    """Whether a node hands on a length, a shape or names, not the values themselves."""
    if node.kind == "call":
        return node.name in SIZES
    return node.kind == "attribute" and _last(node.name) in METADATA


def nearest(
    graph: SourceGraph, node: int, wanted: Callable[[Node], bool], *, cut: Cut | None = None
) -> Node | None:
    """The wanted node reached over the fewest edges backwards from ``node``."""
    level, seen = [node], {node}
    while level:
        found = [each for each in level if wanted(graph.nodes[each])]
        if found:
            return graph.nodes[max(found)]
        level = list(_behind(graph, level, seen, cut))
    return None


def _behind(
    graph: SourceGraph, level: list[int], seen: set[int], cut: Cut | None
) -> Iterator[int]:
    for each in level:
        here = graph.nodes[each]
        if lends_only_size(here) or (cut is not None and cut(here)):
            continue
        for dep in here.deps:
            if dep not in seen:
                seen.add(dep)
                yield dep


def opaque(graph: SourceGraph, nodes: tuple[Node, ...]) -> Node | None:
    """The first call whose result the source does not explain, e.g. of an unknown import."""
    own = {function.name for function in graph.functions}
    for node in nodes:
        if node.kind == "call" and not node.tags and not _known(node.name, own):
            return node
    return None


def _known(name: str, own: set[str]) -> bool:
    last = name.rpartition(".")[2]
    if name in own or name in PURE_BUILTINS or name in PURE_METHODS:
        return True
    if name.startswith("."):
        return any(each.endswith(name) for each in own)
    return name.startswith(PURE_MODULES) and not READERS & set(name.split(".")) and last != "load"


def carries(nodes: tuple[Node, ...], *tags: Tag) -> bool:
    """Whether any of these facts originates in these nodes."""
    wanted = frozenset(tags)
    return any(node.tags & wanted for node in nodes)


def _last(name: str) -> str:
    return f".{name.rpartition('.')[2]}"
