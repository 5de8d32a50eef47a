"""Captions and answers that are compared as texts, and what both sides are made of."""

import re
from collections.abc import Iterable
from typing import Literal

from msgspec import Struct

from grader.detect._flow import flow
from grader.detect._metrics import dead
from grader.detect._samples import source_ref
from grader.model import Case, EvidenceKind, EvidenceRef, Node, SourceGraph, Tag
from grader.patterns import regex

Listed = Literal["picture", "annotator"]
"""Whether a list of references has an entry for each picture, or one for each annotator."""

CAPTION_KEYS = frozenset({
    "sentences", "sentence", "captions", "caption", "references", "reference", "refs", "raw",
    "sentences_raw", "text", "texts", "answer_list", "original_alt_text", "alt_text", "label",
    "description", "comments", "comment", "caption_0", "caption_1", "caption_2", "caption_3",
    "caption_4",
})  # fmt: skip
"""Columns that hold what people wrote."""

LISTS = frozenset({"sentences", "captions", "references", "sentences_raw"})
"""Those that hold several texts for one picture."""

DECODED = frozenset({".batch_decode", ".decode"})
"""Methods that make sentences of token ids."""

PLAIN = frozenset({"list", "tuple", "sorted", "copy.copy", "copy.deepcopy"})
"""Calls that give the items of their first argument."""

WORDS = regex(r"token|(?:^|\.)(?:r?split|findall|words?)$|(?:^|\.)lower_split", re.I)
"""Calls that make words of a sentence."""

MOST = 40
"""Comparisons that are looked at in one notebook, so that time stays bounded."""

FEW = 20
"""A loop over at most so many numbers goes over annotators, not over pictures."""


class Texts(Struct, frozen=True, kw_only=True):
    """One comparison of texts with references."""

    node: Node
    """The call of the metric."""

    metric: str
    """What the library calls it, in lower case, e.g. ``corpus_bleu``."""

    references: int
    """Node of the references."""

    hypotheses: int
    """Node of the model's texts."""

    @property
    def is_bleu(self) -> bool:
        """Whether it is BLEU, of whatever library."""
        return "bleu" in self.metric or "bleu" in self.node.name.casefold()

    @property
    def is_nltk(self) -> bool:
        """Whether it is a function of nltk, which wants words where others want sentences."""
        return self.node.name.startswith("nltk.")


def compared_texts(case: Case) -> tuple[Texts, ...]:
    """Every comparison of texts that the source shows with both sides, in execution order."""
    graph = case.evidence.source
    every = [each for each in graph.scorings if each.how == "text"]
    return tuple(
        Texts(
            node=graph.nodes[each.node],
            metric=(each.metric or "").casefold(),
            references=each.y_true,
            hypotheses=each.y_pred,
        )
        for each in every[:MOST]
        if each.y_true is not None
        and each.y_pred is not None
        and "exact_match" not in (each.metric or "")
        and not dead(graph, graph.nodes[each.node])
    )


def text_ref(case: Case, cell: int, remark: str) -> EvidenceRef:
    """The line of a cell that compares texts; the cell alone where the source does not show it."""
    for each in compared_texts(case):
        if each.node.cell == cell:
            return source_ref(each.node, remark)
    return EvidenceRef(kind=EvidenceKind.SOURCE, cell=cell, remark=remark)


def keys(nodes: Iterable[Node]) -> frozenset[str]:
    """Names of columns among these nodes."""
    return frozenset(
        node.value for node in nodes if node.kind == "subscript" and isinstance(node.value, str)
    )


def made_of(graph: SourceGraph, node: int) -> tuple[Node, ...]:
    """What flows into a list of texts; the graph does not follow ``for several in zip(*lists)``."""

    def behind(one: Node) -> Iterable[int]:
        inner = graph.content(one)
        if one.name not in {"ListComp", "GeneratorExp"}:
            return inner
        turned = [at for at in one.deps[1:] if _is_turn(graph.nodes[at])]
        return [*inner, *turned]

    return flow(graph, node, behind)


def _is_turn(node: Node) -> bool:
    return node.name == "zip" and any(each.name == "*" for each in node.arguments)


def beyond(graph: SourceGraph, node: int, other: int) -> tuple[Node, ...]:
    """What flows into one list of texts and not into another."""
    known = {each.id for each in made_of(graph, other)}
    return tuple(each for each in made_of(graph, node) if each.id not in known)


def value_of(graph: SourceGraph, position: int) -> Node:
    """The value behind names that were bound once."""
    node = graph.nodes[position]
    for _ in range(FEW):
        if node.kind not in {"name", "parameter"} or len(node.deps) != 1:
            break
        node = graph.nodes[node.deps[0]]
    return node


def is_generated(nodes: Iterable[Node]) -> bool:
    """Whether sentences of a model are among these values."""
    return any(
        node.name in DECODED or Tag.MODEL_OUTPUT in node.tags or node.value == "generated_text"
        for node in nodes
    )


def listed_by(graph: SourceGraph, position: int, depth: int = 12) -> Listed | None:
    """How a list of references is ordered; ``None`` where the source does not tell."""
    node = value_of(graph, position)
    if depth == 0:
        return None
    if node.kind == "call":
        return _of_call(graph, node, depth - 1)
    if node.kind == "subscript":
        if node.name == "Slice" and node.receiver is not None:
            return listed_by(graph, node.receiver, depth - 1)
        return "picture" if node.value in LISTS else None
    if node.name == "ListComp" and len(node.deps) == 2:
        return _of_loop(graph, *node.deps, depth - 1)
    return None


def _of_call(graph: SourceGraph, node: Node, depth: int) -> Listed | None:
    given = node.arguments
    if node.name == "zip" and len(given) == 1 and given[0].name == "*":
        inner = listed_by(graph, given[0].node, depth)
        return {"picture": "annotator", "annotator": "picture"}.get(inner or "")  # type: ignore[return-value]
    if node.name in PLAIN and given:
        return listed_by(graph, given[0].node, depth)
    if node.name == "map" and len(given) == 2 and graph.nodes[given[0].node].name in PLAIN:
        return listed_by(graph, given[1].node, depth)
    return None


def _of_loop(graph: SourceGraph, item: int, over: int, depth: int) -> Listed | None:
    """A list made item by item."""
    source = value_of(graph, over)
    element = _unwrapped(graph, item)
    if element.kind == "name" and source.kind == "call":
        return listed_by(graph, over, depth)
    if not _is_list(graph, element):
        return None
    if source.kind == "call" and source.name == "range":
        return _of_range(graph, source, element)
    return "picture"


def _of_range(graph: SourceGraph, source: Node, element: Node) -> Listed | None:
    """A list made over numbers: a few are annotators, as many as there are rows pictures."""
    sizes = [graph.nodes[each.node] for each in source.arguments]
    if any(node.name == "len" or (type(node.value) is int and node.value > FEW) for node in sizes):
        return "picture"
    few = all(type(node.value) is int for node in sizes)
    return "annotator" if few and element.name == "ListComp" else None


def _unwrapped(graph: SourceGraph, position: int) -> Node:
    """An item without a conversion to a list round it."""
    node = graph.nodes[position]
    if node.kind == "call" and node.name in PLAIN and node.arguments:
        return graph.nodes[node.arguments[0].node]
    return node


def _is_list(graph: SourceGraph, node: Node) -> bool:
    """Whether an item is a list of texts of one picture."""
    if node.name == "Slice" and node.receiver is not None:
        node = graph.nodes[node.receiver]
    if node.kind == "subscript":
        return node.value in LISTS
    over = iterated(graph, node)
    if over is not None:
        return value_of(graph, over).value in LISTS or listed_by(graph, over, 4) is not None
    return node.name in {"ListComp", "List"}


def iterated(graph: SourceGraph, node: Node) -> int | None:
    """What a loop variable goes over."""
    inner = [graph.nodes[dep] for dep in node.deps]
    if node.kind == "name" and len(inner) == 1 and inner[0].name == "iter":
        return inner[0].deps[0] if inner[0].deps else None
    return None
