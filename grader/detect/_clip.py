"""Where a notebook compares pictures with texts, and what its similarities are made of."""

import re
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Literal

from msgspec import Struct

from grader.detect._flow import flow
from grader.model import Node, SourceGraph, Tag
from grader.patterns import regex

IMAGE_FEATURES = frozenset({".get_image_features", ".encode_image"})
"""Methods of CLIP models that give embeddings of pictures, not divided by their length."""

TEXT_FEATURES = frozenset({".get_text_features", ".encode_text"})
"""The same for texts."""

LOGITS = frozenset({".logits_per_image", ".logits_per_text"})
"""Similarities a CLIP model gives itself, times its scale; it normalises before."""

OPERATIONS = frozenset({"torch.matmul", "torch.mm", "numpy.matmul", "numpy.dot", "torch.inner"})
METHODS = frozenset({".matmul", ".mm", ".dot"})
SUMS = frozenset({"torch.einsum", "numpy.einsum"})

NORMALISES = regex(r"norm|rsqrt|cos_sim|cosine", re.I)
"""Names of calls that divide by the length of a vector, or measure it."""

NO_LENGTH = regex(r"(?:^|\.)(?:torchvision|albumentations)\b|(?:Layer|Batch|Group)Norm\b")
"""Names that match the pattern above and do something else: with colours, with layers."""

KEPT_BY = frozenset({
    ".cpu", ".detach", ".numpy", ".float", ".to", ".cuda", ".clone", ".double", ".half", ".copy",
    ".softmax", ".log_softmax", ".sigmoid", ".tolist", ".contiguous",
    "torch.softmax", "torch.nn.functional.softmax", "scipy.special.softmax", "numpy.array",
    "numpy.asarray", "torch.sigmoid",
})  # fmt: skip
"""Calls that leave rows and columns where they are."""

FLIPS = frozenset({".T", ".mT", ".t", ".transpose", "numpy.transpose", "torch.transpose"})

BEST = frozenset({
    ".argmax", "torch.argmax", "numpy.argmax", ".max", "torch.max", ".topk", "torch.topk",
})  # fmt: skip
"""Calls that take the best along an axis."""

SEVERAL = frozenset({".topk", "torch.topk"})
"""Those whose first number is no axis."""

MOST = 300
"""Multiplications and divisions looked at; no notebook has that many, generated ones may."""

Side = Literal["images", "texts"]


class Product(Struct, frozen=True, kw_only=True):
    """Embeddings of pictures multiplied with embeddings of texts."""

    node: Node
    """The multiplication."""

    images: int
    """Node of the embeddings of pictures that went in."""

    texts: int
    """Node of those of texts."""

    images_first: bool
    """Whether those of pictures stand on the left: they are then the rows."""


def products(graph: SourceGraph) -> tuple[Product, ...]:
    """Every multiplication of embeddings of pictures with embeddings of texts."""
    if not (graph.calls(*IMAGE_FEATURES) and graph.calls(*TEXT_FEATURES)):
        return ()
    pairs = ((node, factors) for node in graph.nodes if (factors := _factors(node)) is not None)
    made = (_product(graph, node, *factors) for node, factors in islice(pairs, MOST))
    return tuple(each for each in made if each is not None)


def features(graph: SourceGraph, node: int) -> dict[Side, list[Node]]:
    """Calls that make embeddings among the values of a node."""
    found: dict[Side, list[Node]] = {"images": [], "texts": []}
    for each in flow(graph, node):
        if each.name in IMAGE_FEATURES:
            found["images"].append(each)
        elif each.name in TEXT_FEATURES:
            found["texts"].append(each)
    return found


def is_normalised(graph: SourceGraph, node: int) -> bool:
    """Whether embeddings were divided by their length on the way to this node, or may have been."""
    inside = flow(graph, node)
    made = [each for each in inside if each.name in IMAGE_FEATURES | TEXT_FEATURES]
    if any(_asks_for_it(graph, each) for each in made):
        return True
    if any(each.kind == "call" and _normalises(each.name) for each in inside):
        return True
    return any(_divides_by_itself(graph, each) for each in inside) or _in_place(graph, made)


def is_divided(graph: SourceGraph, product: Product) -> bool:
    """Whether a product is divided by lengths afterwards."""
    after = graph.nodes[product.node.id + 1 :]
    divisions = (node for node in after if node.name == "Div" and len(node.deps) == 2)
    for node in islice(divisions, MOST):
        above, below = (flow(graph, dep) for dep in node.deps)
        if product.node in above and any(_normalises(each.name) for each in below):
            return True
    return False


class Table(Struct, frozen=True, kw_only=True):
    """Similarities of pictures with texts, and what its rows are."""

    origin: Node
    """Where they are computed."""

    rows: Side
    """What a row is of."""

    through: frozenset[int] = frozenset()
    """Nodes between that computation and where they are held, that one included."""


def table_behind(graph: SourceGraph, node: int) -> Table | None:
    """The similarities a node holds all of, in the same order of rows and columns or turned.

    ``None`` where they are none, or single rows were taken out of them.
    """
    waiting, seen = [(node, False)], {node}
    while waiting:
        position, turned = waiting.pop()
        current = graph.nodes[position]
        rows = _rows_of(graph, current)
        if rows is not None:
            side = _other(rows) if turned else rows
            return Table(origin=current, rows=side, through=frozenset(seen))
        for behind in _behind(current):
            if behind not in seen:
                seen.add(behind)
                waiting.append((behind, turned ^ (current.name in FLIPS)))
    return None


def worked_on(call: Node) -> int:
    """The table a call works on: its receiver or its first argument."""
    if call.receiver is not None:
        return call.receiver
    return call.arguments[0].node if call.arguments else call.id


def axis_of(graph: SourceGraph, call: Node) -> int | None:
    """The axis a call names; ``None`` when it names none, or not by a number."""
    named = [each.node for each in call.arguments if each.name in {"dim", "axis"}]
    unnamed = [each.node for each in call.arguments if each.name is None]
    before = (call.receiver is None) + (call.name in SEVERAL)
    found = named or unnamed[before : before + 1]
    if not found:
        return None
    node = graph.nodes[found[0]]
    sign = 1
    if node.name == "USub" and len(node.deps) == 1:
        sign, node = -1, graph.nodes[node.deps[0]]
    if node.kind != "literal" or type(node.value) is not int:
        return None
    return sign * node.value


def compared_over(axis: int, rows: Side) -> Side | None:
    """What is compared along an axis of a table."""
    other: Side = "texts" if rows == "images" else "images"
    return {0: rows, -2: rows, 1: other, -1: other}.get(axis)


def answers(graph: SourceGraph) -> Iterator[tuple[Node, frozenset[int]]]:
    """Scorings against labels of a dataset, each with the nodes its predictions are made of."""
    for each in graph.scorings:
        if each.how in {"text", "trainer"}:
            continue
        true = each.node if each.y_true is None else each.y_true
        said = each.node if each.y_pred is None else each.y_pred
        if any(Tag.LABELS in node.tags for node in flow(graph, true)):
            yield graph.nodes[each.node], frozenset(node.id for node in flow(graph, said))


def _other(side: Side) -> Side:
    return "texts" if side == "images" else "images"


def _rows_of(graph: SourceGraph, node: Node) -> Side | None:
    """What the rows of similarities are, where a node computes some."""
    if node.name in LOGITS:
        return "images" if node.name == ".logits_per_image" else "texts"
    factors = _factors(node)
    product = _product(graph, node, *factors) if factors is not None else None
    if product is None:
        return None
    return "images" if product.images_first else "texts"


def _behind(node: Node) -> tuple[int, ...]:
    """The values a node hands on with their rows and columns kept, or turned."""
    if node.kind == "name":
        return node.deps if len(node.deps) == 1 else ()
    if node.kind == "attribute":
        return (node.receiver,) if node.name in FLIPS and node.receiver is not None else ()
    if node.name in {"Mult", "Div"}:
        return node.deps if node.name == "Mult" else node.deps[:1]
    if node.kind == "call" and node.name in KEPT_BY | FLIPS:
        given = tuple(each.node for each in node.arguments[:1])
        return given if node.receiver is None else (node.receiver,)
    return ()


def _factors(node: Node) -> tuple[int, int] | None:
    """Both sides of a matrix multiplication."""
    if node.name == "MatMult" and len(node.deps) == 2:
        return node.deps[0], node.deps[1]
    if node.kind != "call":
        return None
    given = [each.node for each in node.arguments if each.name is None]
    if node.name in METHODS and node.receiver is not None and len(given) == 1:
        return node.receiver, given[0]
    if node.name in OPERATIONS and len(given) == 2:
        return given[0], given[1]
    if node.name in SUMS and len(given) == 3:
        return given[1], given[2]
    return None


def _product(graph: SourceGraph, node: Node, left: int, right: int) -> Product | None:
    on_left, on_right = features(graph, left), features(graph, right)
    for images_first in (True, False):
        first, second = (on_left, on_right) if images_first else (on_right, on_left)
        if first["images"] and second["texts"] and not (first["texts"] or second["images"]):
            images, texts = (left, right) if images_first else (right, left)
            return Product(node=node, images=images, texts=texts, images_first=images_first)
    return None


def _normalises(name: str) -> bool:
    return bool(NORMALISES.search(name)) and not NO_LENGTH.search(name)


def _asks_for_it(graph: SourceGraph, call: Node) -> bool:
    """``encode_image(images, normalize=True)``."""
    return any(
        each.name is not None and _normalises(each.name) and graph.nodes[each.node].value is True
        for each in call.arguments
    )


def _divides_by_itself(graph: SourceGraph, node: Node) -> bool:
    """A division of embeddings by something computed from embeddings."""
    if node.name not in {"Div", ".div", ".div_", "torch.div", "numpy.divide"}:
        return False
    given = node.deps if node.name == "Div" else [each.node for each in node.arguments][-1:]
    return any(_holds_features(flow(graph, dep)) for dep in given[-1:])


def _in_place(graph: SourceGraph, made: Iterable[Node]) -> bool:
    """Whether the very embeddings are divided in place by a method, its result dropped."""
    ids = {each.id for each in made}
    return any(
        call.receiver is not None
        and ids & {each.id for each in flow(graph, call.receiver)}
        and any(_normalises(each.name) for each in flow(graph, call.id))
        for call in graph.calls(".div_", ".mul_")
    )


def _holds_features(nodes: Iterable[Node]) -> bool:
    return any(each.name in IMAGE_FEATURES | TEXT_FEATURES for each in nodes)
