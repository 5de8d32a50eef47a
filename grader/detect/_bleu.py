"""Ways in which a BLEU is not what it is called, as the source shows them."""

import ast
import re
import textwrap
from collections.abc import Iterator

from msgspec import Struct

from grader.detect._texts import (
    DECODED,
    WORDS,
    Texts,
    compared_texts,
    listed_by,
    made_of,
    value_of,
)
from grader.model import Case, Node, SourceGraph
from grader.patterns import regex

DEFINED = regex(r"^(?P<indent>[ \t]{0,16})def (?P<name>\w{0,40}bleu\w{0,40})\(", re.I | re.M)
HELPER = regex(r"^[ \t]{0,16}def (?P<name>\w{1,80})\(", re.M)
PREPARES = regex(r"token|clean|normal|preprocess|lower", re.I)
"""Helpers that only prepare a text."""

KEEPS = frozenset({
    ".append", ".extend", "list", "tuple", "zip", "enumerate", "str", ".strip", ".lower",
    ".capitalize", ".rstrip", ".lstrip", "sorted", "tqdm.tqdm", "tqdm", "tqdm.auto.tqdm",
})  # fmt: skip
"""Calls that make no words of a text."""

LABEL = regex(
    r"bleu[-_ ]?(?P<number>[1-4](?!\d)|\{\w{1,20}\})?[\"'\])]{0,2}(?:[ _]score\w{0,2})?"
    r"[\"'\])]{0,2}\s{0,8}[:=|{]",
    re.I,
)
"""What a score is called where it is printed or kept: ``BLEU-4: ``, ``BLEU-{n}: ``."""

LIBRARY = frozenset({
    "corpus_bleu", "sentence_bleu", "corpus_score", "sentence_score", "compute", "BLEU",
    "bleu_score", "raw_corpus_bleu", "modified_precision", "BLEUScore",
})  # fmt: skip
"""Names of libraries that compute BLEU; a function that uses one is no implementation."""

WEIGHTS = frozenset({"weights"})
ORDERS = frozenset({"max_ngram_order", "max_order", "n_gram"})
USUAL = 4
"""N-grams BLEU counts when nothing else is asked for."""


class OwnBleu(Struct, frozen=True, kw_only=True):
    """A function of the notebook that is called BLEU and leaves out parts of it."""

    name: str
    """The function."""

    cell: int
    """Cell that defines it."""

    line: int
    """One-based line."""

    grams: bool
    """Whether it counts sequences of words."""

    clipped: bool
    """Whether a word counts at most as often as the reference has it."""

    brevity: bool
    """Whether short captions are penalised."""

    order: int | None
    """The number in what its score is called; ``None`` where it is called BLEU alone."""

    @property
    def is_called_more(self) -> bool:
        """Whether its name promises sequences of words that it does not count."""
        return not self.grams and self.order != 1


class Misuse(Struct, frozen=True, kw_only=True):
    """A call of a library's BLEU that gets something else than it wants."""

    kind: str
    """``turned``, ``letters``, ``flat`` or ``order``."""

    texts: Texts
    """The call."""

    asked: int | None = None
    """N-grams asked for, of ``order``."""

    called: int | None = None
    """Number in what the score is called; ``None`` where it varies."""


def own_bleus(case: Case) -> Iterator[OwnBleu]:
    """Functions written in the notebook that are called BLEU, are used, and lack parts of it."""
    cells = case.evidence.submission.code_cells
    if not any("bleu" in cell.source.casefold() for cell in cells):
        return
    whole = "\n".join(cell.source for cell in cells)
    every = {found["name"] for found in HELPER.finditer(whole)}
    defined = {name for name in every if not PREPARES.search(name)}
    for cell in cells:
        for found in DEFINED.finditer(cell.source):
            tree = _parsed(cell.source, found)
            used = len(re.findall(rf"\b{re.escape(found['name'])}\b", whole)) > 1
            if tree is not None and used and _compares_words(tree, defined - {found["name"]}):
                line = cell.source.count("\n", 0, found.start()) + 1
                yield _own(tree, found["name"], cell.index, line, whole)


def _parsed(source: str, found: re.Match[str]) -> ast.AST | None:
    """The function alone: what stands around it in a cell of a report need not be Python."""
    lines = source[found.start() :].lstrip("\n").splitlines()
    depth = len(found["indent"])
    body = [lines[0]]
    for line in lines[1:]:
        if line.strip() and len(line) - len(line.lstrip()) <= depth:
            break
        body.append(line)
    try:
        return ast.parse(textwrap.dedent("\n".join(body)))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def _names(tree: ast.AST) -> set[str]:
    found = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    found |= {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    return found | {node.arg for node in ast.walk(tree) if isinstance(node, ast.arg)}


def _compares_words(tree: ast.AST, helpers: set[str]) -> bool:
    """Whether words of two texts are matched and counted here, by no library and no helper."""
    names = _names(tree)
    if names & LIBRARY or names & helpers:
        return False
    nodes = list(ast.walk(tree))
    divides = any(isinstance(node, ast.Div) for node in nodes)
    arguments = sum(isinstance(node, ast.arg) for node in nodes)
    matched = names & {"set", "intersection", "Counter"}
    inside = any(
        isinstance(node, ast.Compare)
        and isinstance(node.ops[0], ast.In)
        and isinstance(node.left, ast.Name)
        for node in nodes
    )
    return divides and arguments >= 2 and (bool(matched) or inside)


def _own(tree: ast.AST, name: str, cell: int, line: int, whole: str) -> OwnBleu:
    names = {each.casefold() for each in _names(tree)}
    words = " ".join(sorted(names))
    called = [match["number"] for match in LABEL.finditer(whole)]
    numbers = {int(each) if each and each.isdigit() else None for each in called}
    own = re.search(r"bleu_?([1-4])(?!\d)", name, re.I)
    order = int(own[1]) if own else min(numbers) if len(numbers) == 1 else None  # type: ignore[type-var]
    return OwnBleu(
        name=name,
        cell=cell,
        line=line,
        grams=re.search("(?<!uni)gram", words) is not None or _slices(tree),
        clipped="min" in names or "counter" in names or "clip" in words,
        brevity="exp" in names or "brevity" in words or "penalty" in words or "bp" in names,
        order=order,
    )


def _slices(tree: ast.AST) -> bool:
    """Whether stretches of a list are taken, as in ``words[i : i + n]`` or by ``zip``."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Slice) and isinstance(node.upper, ast.BinOp):
            return True
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            stars = any(isinstance(each, ast.Starred) for each in node.args)
            if node.func.id == "zip" and (stars or any(map(_is_tail, node.args))):
                return True
    return False


def _is_tail(node: ast.AST) -> bool:
    return isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Slice)


def misuses(case: Case) -> Iterator[Misuse]:
    """Calls of a library's BLEU that get something else than it wants."""
    graph = case.evidence.source
    every = [each for each in compared_texts(case) if each.is_bleu]
    for each in every:
        if _is_turned(graph, each):
            yield Misuse(kind="turned", texts=each)
        elif _is_flat(graph, each):
            yield Misuse(kind="flat", texts=each)
        elif _is_letters(graph, each):
            yield Misuse(kind="letters", texts=each)
    yield from _of_order(case, every)


def _is_turned(graph: SourceGraph, texts: Texts) -> bool:
    """Whether references are listed by picture for sacrebleu, or by annotator for the others."""
    sacrebleu = texts.metric == "bleu" and texts.node.name == ".corpus_score"
    sacrebleu = sacrebleu or texts.node.name.startswith("sacrebleu.corpus")
    listed = listed_by(graph, texts.references)
    if sacrebleu:
        return listed == "picture"
    return texts.is_nltk and "corpus" in texts.metric and listed == "annotator"


def _is_flat(graph: SourceGraph, texts: Texts) -> bool:
    """Whether the words of a sentence are given where ``sentence_bleu`` wants a list of those."""
    value = value_of(graph, texts.references)
    made = value.kind == "call" and (value.name == ".split" or value.name.endswith("word_tokenize"))
    return texts.is_nltk and "sentence" in texts.metric and made


def _is_letters(graph: SourceGraph, texts: Texts) -> bool:
    """Whether a function that wants words gets sentences, of which it takes the letters."""
    if not texts.is_nltk:
        return False
    typed = value_of(graph, texts.hypotheses)
    if typed.kind == "literal":
        return isinstance(typed.value, str)
    inside = made_of(graph, texts.hypotheses)
    decoded = {node.id for node in inside if node.name in DECODED}
    calls = [node for node in inside if node.kind == "call" and node.id not in decoded]
    later = [node for node in calls if decoded & {each.id for each in made_of(graph, node.id)}]
    return bool(decoded) and all(_keeps_text(graph, node) for node in later)


def _keeps_text(graph: SourceGraph, node: Node) -> bool:
    """Whether a call is known to make no words of a text."""
    return node.name in KEEPS or (node.name in graph.own_calls and not WORDS.search(node.name))


def _of_order(case: Case, every: list[Texts]) -> Iterator[Misuse]:
    """Scores whose name has another number than the n-grams that are asked for."""
    graph = case.evidence.source
    for each in every:
        cell = case.evidence.submission.cells[each.node.cell]
        here = [other for other in every if other.node.cell == cell.index]
        asked = {_order(graph, other) for other in here}
        named = {match["number"] for match in LABEL.finditer(cell.source)} - {None}
        numbers = {int(number) for number in named if number.isdigit()}
        if len(asked) != 1 or None in asked or not named:
            continue
        order = asked.pop()
        varies = len(numbers) < len(named) and each.node.branch == "loop"
        if order not in numbers if numbers else varies:
            yield Misuse(
                kind="order", texts=each, asked=order, called=None if varies else max(numbers)
            )
            return


def _order(graph: SourceGraph, texts: Texts) -> int | None:
    """N-grams a call asks for; ``None`` where the source does not say."""
    nodes = [texts.node]
    if texts.node.receiver is not None:
        maker = graph.nearest(texts.node.receiver, lambda node: node.name.endswith("BLEU"))
        nodes += [maker] if maker is not None else []
    for node in nodes:
        for argument in node.arguments:
            value = value_of(graph, argument.node)
            if argument.name in ORDERS:
                return value.value if type(value.value) is int else None
            if argument.name in WEIGHTS:
                return _weighted(graph, value)
            if argument.name in {"**", "*"}:
                return None
    return USUAL


def _weighted(graph: SourceGraph, value: Node) -> int | None:
    """The last n-gram with a weight; ``None`` where weights are not typed."""
    weights = [graph.nodes[dep] for dep in value.deps]
    if value.kind != "collection" or not weights:
        return None
    typed = [each.kind in {"literal", "operation"} for each in weights]
    if not all(typed):
        return None
    return max((at for at, each in enumerate(weights, start=1) if each.value != 0), default=None)
