"""What a notebook calls the data it scores."""

import re
from collections.abc import Iterator

from grader.detect._metrics import running_cells
from grader.detect._splits import Scored
from grader.model import Binding, Node, SourceGraph
from grader.patterns import regex

TEST = regex(
    r"(?<![a-z])tests?(?![a-z])|(?<![a-z])test(?:bild|daten|menge|satz|beispiel)"
    r"|测试|測試|テスト|тест|테스트",
    re.I,
)
"""A test split, in words; ``latest`` and ``contest`` are none."""

OTHER = regex(r"valid|(?<![a-z])(?:dev|val)(?![a-z])|train|验证|训练|entra[iî]n|trénov", re.I)
"""Another split, in words."""

JOINS = frozenset({"JoinedStr", "FormattedValue", "Add", "Mod", "Tuple", ".format", ".join"})
"""What puts texts together."""

DEEPEST = 4
"""Steps from what is printed to a text in it: ``"a: " + f"{b}" + "c"``."""

HAS_TEST = frozenset({
    "AI-Lab-Makerere/beans", "beans", "uoft-cs/cifar10", "cifar10", "uoft-cs/cifar100", "cifar100",
    "ylecun/mnist", "mnist", "zalando-datasets/fashion_mnist", "fashion_mnist",
    "stanfordnlp/imdb", "imdb", "yerevann/coco-karpathy", "nlphuji/flickr30k",
    "dpdl-benchmark/oxford_flowers102", "timm/oxford-iiit-pet",
})  # fmt: skip
"""Published data sets whose test split has labels for everybody. Of many others the validation
split is the one that papers report, among them ImageNet, Food-101 and VQAv2."""


def has_test_split(graph: SourceGraph, each: Scored) -> bool:
    """Whether the data that is scored is known to have a test split with labels."""
    known = any(set(part.key) & HAS_TEST for part in each.rows.parts)
    return known or any(_is_sibling(node, each) for node in graph.nodes if node.split == "test")


def test_names(graph: SourceGraph, nodes: frozenset[int]) -> Iterator[Binding]:
    """Variables called after a test split, among those that hold one of these nodes."""
    for binding in graph.bindings:
        last = binding.name.rpartition(".")[2]
        words = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", last).replace("_", " ")
        if binding.node in nodes and TEST.search(words) and not OTHER.search(words):
            yield binding


def printed_test(graph: SourceGraph, each: Scored) -> str | None:
    """A text beside the score that says test, and names no other split."""
    cells = running_cells(graph, each.node)
    for call in graph.calls("print", "display", "IPython.display.display"):
        shown = [text for dep in call.deps for text in _texts(graph, graph.nodes[dep], DEEPEST)]
        plain = [text for text in shown if TEST.search(text) and not OTHER.search(text)]
        if plain and cells & running_cells(graph, call):
            return plain[0].strip()
    return None


def _texts(graph: SourceGraph, node: Node, depth: int) -> Iterator[str]:
    """Literals that are shown as they stand."""
    if isinstance(node.value, str) and node.kind == "literal":
        yield node.value
    elif depth and node.name in JOINS:
        for dep in node.deps:
            yield from _texts(graph, graph.nodes[dep], depth - 1)


def _is_sibling(node: Node, each: Scored) -> bool:
    """Whether a test split is read as the scored part is: of the same thing, by another key."""
    return any(
        node.kind == part.node.kind and node.name == part.node.name and node.kind == "call"
        for part in each.rows.parts
    )
