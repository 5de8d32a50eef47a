"""Hard-coded ``cuda`` put right where there is no GPU and the lab lets notebooks use the CPU.

Only what is written out is changed: the texts ``"cuda"`` and ``"cuda:0"``, ``.cuda()``, and a few
calls that fail without a GPU. What a variable or an f-string may hold is not guessed, nor are
comparisons, printed texts and keys touched. Every line keeps its number.
"""

import ast
import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from itertools import accumulate
from typing import NamedTuple

from grader.model import Adaptation

_ON_CPU = "this runner has no GPU, and the lab lets it run on the CPU: cpu stands for cuda"
_LEFT_OUT = "this runner has no GPU, and the lab lets it run on the CPU: the call is left out"
_NO_MIXED = (
    "this runner has no GPU, and the lab lets it run on the CPU: mixed precision for GPUs is off"
)
_TEXT = re.compile(rb"""(['"])cuda(?::0)?\1""")
_LINE = re.compile(rb"[^\n]*\n|[^\n]+")
_NAMES = frozenset({"cuda", "cuda:0"})
_LEFT_OUT_CALLS = frozenset(
    f"torch.cuda.{name}"
    for name in (
        *("init", "ipc_collect", "reset_max_memory_allocated", "reset_max_memory_cached"),
        *("reset_peak_memory_stats", "set_device", "set_per_process_memory_fraction"),
        "synchronize",
    )
)
"""Calls without a result that raise on a machine without a GPU."""

_MIXED = frozenset({"autocast", "GradScaler"})
_TALKING = frozenset(
    {"count", "debug", "display", "endswith", "error", "find", "format", "getattr", "hasattr"}
    | {"import_module", "index", "info", "input", "print", "replace", "set_title", "split"}
    | {"startswith", "suptitle", "title", "warn", "warning", "write"}
)
"""Functions to which a text is a text."""

_ARGUMENTS = frozenset({"TrainingArguments", "Seq2SeqTrainingArguments"})
_GPU_ONLY = frozenset({"bf16", "fp16", "tf32"})


class _Edit(NamedTuple):
    """A stretch of the source, in bytes, and what stands in its place."""

    begin: int
    end: int
    text: bytes
    reason: str


def on_cpu(cell: int, tree: ast.Module, lines: list[str]) -> tuple[Adaptation, ...]:
    """Change the lines of a cell so that they ask for the CPU; says which were changed.

    Args:
        cell: Index of the cell.
        tree: Its syntax tree.
        lines: Its lines with their ends, as the tree has them; changed in place.
    """
    found = _Finder(lines)
    try:
        found.visit(tree)
    except RecursionError:
        # Nested deeper than anybody writes.
        return ()
    edits = _outermost(found.edits)
    before = list(lines)
    lines[:] = [line.decode() for line in _LINE.findall(_edited(found.source, edits))]
    return tuple(_told(cell, before, edits, found.starts))


def _edited(source: bytes, edits: Sequence[_Edit]) -> bytes:
    """The source with all edits made, which stand in order."""
    pieces: list[bytes] = []
    position = 0
    for edit in edits:
        pieces += [source[position : edit.begin], edit.text]
        position = edit.end
    return b"".join([*pieces, source[position:]])


def _told(
    cell: int, lines: Sequence[str], edits: Iterable[_Edit], starts: Sequence[int]
) -> Iterator[Adaptation]:
    reasons: dict[int, list[str]] = {}
    for edit in edits:
        number = bisect_right(starts, edit.begin)
        reasons.setdefault(number, []).append(edit.reason)
    for number, said in reasons.items():
        text = lines[number - 1].rstrip("\n")
        yield Adaptation(cell=cell, line=number, text=text, reason="; ".join(dict.fromkeys(said)))


def _outermost(edits: Iterable[_Edit]) -> list[_Edit]:
    """In order, without those that lie within another."""
    kept: list[_Edit] = []
    for edit in sorted(edits, key=lambda each: (each.begin, -each.end)):
        if not kept or edit.begin >= kept[-1].end:
            kept.append(edit)
    return kept


class _Finder(ast.NodeVisitor):
    """Collects what to change."""

    def __init__(self, lines: Sequence[str]) -> None:
        encoded = [line.encode() for line in lines]
        self.source = b"".join(encoded)
        self.starts = [0, *accumulate(len(line) for line in encoded)][: len(encoded)]
        self.edits: list[_Edit] = []

    def visit_Constant(self, node: ast.Constant) -> None:
        if node.value in _NAMES and isinstance(node.value, str):
            begin, end = self._span(node)
            text = self.source[begin:end]
            if _TEXT.fullmatch(text):
                self._change(begin, end, text[:1] + b"cpu" + text[:1], _ON_CPU)

    def visit_Call(self, node: ast.Call) -> None:
        name = _dotted(node.func)
        last = name.rpartition(".")[2]
        if name in _LEFT_OUT_CALLS:
            self._replace(node, b"None", _LEFT_OUT)
        elif last in _MIXED:
            self._visit_mixed(node, name)
        elif isinstance(node.func, ast.Attribute) and last == "cuda" and name != "torch.cuda":
            self._visit_move(node, node.func)
        elif last in _TALKING:
            self._visit_all(each for each in ast.iter_child_nodes(node) if not _is_text(each))
        else:
            self._visit_keywords(node, last)
            self.generic_visit(node)

    def visit_Compare(self, node: ast.Compare) -> None:
        sides = (node.left, *node.comparators)
        self._visit_all(each for each in sides if not _is_text(each))

    def visit_Dict(self, node: ast.Dict) -> None:
        self._visit_all(each for each in node.keys if each is not None and not _is_text(each))
        self._visit_all(node.values)

    def visit_Subscript(self, node: ast.Subscript) -> None:
        self.visit(node.value)
        if not _is_text(node.slice):
            self.visit(node.slice)

    def visit_If(self, node: ast.If) -> None:
        self.visit(node.test)
        self._visit_all([] if _asks_for_gpu(node.test) else node.body)
        self._visit_all(node.orelse)

    def visit_IfExp(self, node: ast.IfExp) -> None:
        self.visit(node.test)
        self._visit_all([] if _asks_for_gpu(node.test) else [node.body])
        self.visit(node.orelse)

    def visit_Expr(self, node: ast.Expr) -> None:
        if not _is_text(node.value):
            self.visit(node.value)

    def visit_MatchValue(self, node: ast.MatchValue) -> None:
        """A pattern is a comparison."""

    def visit_JoinedStr(self, node: ast.JoinedStr) -> None:
        """Before Python 3.12 the parts of an f-string have no true place."""

    def _visit_all(self, nodes: Iterable[ast.AST]) -> None:
        for node in nodes:
            self.visit(node)

    def _visit_mixed(self, node: ast.Call, name: str) -> None:
        given = [*node.args[:1], *(each.value for each in node.keywords)]
        named = any(isinstance(each, ast.Constant) and each.value in _NAMES for each in given)
        if named or "cuda" in name.split(".") or not given:
            # torch itself warns and goes on without.
            begin, end = self._span(node.func)
            self._change(begin, end, self.source[begin:end], _NO_MIXED)
        else:
            self.generic_visit(node)

    def _visit_move(self, node: ast.Call, function: ast.Attribute) -> None:
        """``x.cuda(...)`` becomes ``x.cpu()``, which takes none of its arguments."""
        self.visit(function.value)
        # A value in parentheses ends before they do.
        begin = self.source.rindex(b".", self._span(function.value)[1], self._span(function)[1])
        end = self._span(node)[1]
        lines = self.source[begin:end].count(b"\n")
        self._change(begin, end, b".cpu(" + b"\n" * lines + b")", _ON_CPU)

    def _visit_keywords(self, node: ast.Call, function: str) -> None:
        for each in node.keywords:
            value = each.value.value if isinstance(each.value, ast.Constant) else None
            if function == "pipeline" and each.arg == "device" and value == 0:
                self._replace(each.value, b'"cpu"', _ON_CPU)
            elif function in _ARGUMENTS and each.arg in _GPU_ONLY and value is True:
                self._replace(each.value, b"False", _NO_MIXED)

    def _replace(self, node: ast.expr, text: bytes, reason: str) -> None:
        begin, end = self._span(node)
        lines = self.source[begin:end].count(b"\n")
        # Parentheses keep a statement together that takes several lines.
        self._change(begin, end, b"(" + text + b"\n" * lines + b")" if lines else text, reason)

    def _change(self, begin: int, end: int, text: bytes, reason: str) -> None:
        self.edits.append(_Edit(begin, end, text, reason))

    def _span(self, node: ast.expr) -> tuple[int, int]:
        last = node.end_lineno or node.lineno
        end = node.end_col_offset or node.col_offset
        return self.starts[node.lineno - 1] + node.col_offset, self.starts[last - 1] + end


def _dotted(node: ast.expr) -> str:
    """``torch.cuda.init`` of a chain of names; of anything else only its last name."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        return f"{_dotted(node.value)}.{node.attr}"
    return ""


def _is_text(node: ast.AST) -> bool:
    """A literal text, or several."""
    if isinstance(node, ast.Tuple | ast.List | ast.Set):
        return any(map(_is_text, node.elts))
    return isinstance(node, ast.Constant) and isinstance(node.value, str)


def _asks_for_gpu(test: ast.expr) -> bool:
    """Whether a condition holds only where there is a GPU."""
    if isinstance(test, ast.BoolOp) and isinstance(test.op, ast.And):
        return any(map(_asks_for_gpu, test.values))
    return isinstance(test, ast.Call) and _dotted(test.func).endswith("cuda.is_available")
