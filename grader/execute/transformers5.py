"""Notebooks written for transformers 4, run with transformers 5.

``get_image_features`` and its like return the features in version 4, and in version 5 an object
that holds them as ``pooler_output``. Where a notebook uses what comes back as a tensor,
``.pooler_output`` is written behind the call. Where it takes the object apart, or tests what it
is, nothing is changed; so a notebook written for version 5, or for both, runs as it is. Every
line keeps its number.
"""

import ast
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple, TypeGuard

from grader.execute.environment import Environment
from grader.model import Adaptation

_CALLS = frozenset({"get_image_features", "get_text_features"})
_REASON = (
    "transformers 5 returns an object here, where transformers 4 returned the features: "
    ".pooler_output is taken from it"
)
_FIRST_WITH_OBJECTS = 5
_TAKES_APART = frozenset(
    {"attentions", "get", "hidden_states", "items", "keys", "last_hidden_state", "pooler_output"}
    | {"to_tuple", "values"}
)
"""Attributes of the object that a tensor does not have, or has with another meaning."""

_TESTS = frozenset({"getattr", "hasattr", "isinstance"})
_ADDED = b".pooler_output"
_Scope = ast.Module | ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda


class _Call(NamedTuple):
    """A call that returns an object."""

    node: ast.Call
    uses: tuple[ast.expr, ...]
    """Itself, or every place that uses the variable it is assigned to."""


def needs_features(source: str, environment: Environment) -> bool:
    """Whether a cell may have to be changed."""
    version = environment.version_of("transformers")
    first = (version or "").partition(".")[0]
    new = first.isdigit() and int(first) >= _FIRST_WITH_OBJECTS
    return new and any(name in source for name in _CALLS)


def take_features(
    cell: int, tree: ast.Module, lines: list[str], others: Sequence[ast.Module] = ()
) -> tuple[Adaptation, ...]:
    """Write ``.pooler_output`` behind the calls whose result is used as a tensor.

    Args:
        cell: Index of the cell.
        tree: Its syntax tree.
        lines: Its lines with their ends, as the tree has them; changed in place.
        others: The other cells, where a variable of this one may be used.
    """
    trees = (tree, *others)
    try:
        if _defines(trees):
            return ()
        aware = any(_names(each, {"pooler_output", "return_dict"}) for each in trees)
        parents = _parents(trees)
        calls = [each for each in _calls(tree, trees, parents) if _is_tensor(each, parents, aware)]
    except RecursionError:
        # Nested deeper than anybody writes.
        return ()
    return tuple(_change(cell, calls, lines))


def _change(cell: int, calls: Iterable[_Call], lines: list[str]) -> Iterator[Adaptation]:
    before = list(lines)
    told: set[int] = set()
    # From the last to the first, so that the columns of those still to come stay as they are.
    for node in sorted((each.node for each in calls), key=_end, reverse=True):
        row, column = _end(node)
        text = lines[row - 1].encode()
        lines[row - 1] = (text[:column] + _ADDED + text[column:]).decode()
        if node.lineno not in told:
            told.add(node.lineno)
            text_before = before[node.lineno - 1].rstrip("\n")
            yield Adaptation(cell=cell, line=node.lineno, text=text_before, reason=_REASON)


def _end(node: ast.Call) -> tuple[int, int]:
    return node.end_lineno or node.lineno, node.end_col_offset or 0


def _defines(trees: Iterable[ast.Module]) -> bool:
    """Whether the notebook has a function of this name itself, which may return anything."""
    nodes = (node for tree in trees for node in ast.walk(tree))
    return any(isinstance(node, ast.FunctionDef) and node.name in _CALLS for node in nodes)


def _names(tree: ast.Module, words: set[str]) -> bool:
    """Whether the code speaks of any of these."""
    for node in ast.walk(tree):
        named = (
            getattr(node, "attr", None),
            getattr(node, "arg", None),
            getattr(node, "value", None) if isinstance(node, ast.Constant) else None,
        )
        if any(isinstance(each, str) and each in words for each in named):
            return True
    return False


def _parents(trees: Iterable[ast.Module]) -> dict[ast.AST, ast.AST]:
    nodes = (node for tree in trees for node in ast.walk(tree))
    return {child: node for node in nodes for child in ast.iter_child_nodes(node)}


def _calls(
    tree: ast.Module, trees: Sequence[ast.Module], parents: dict[ast.AST, ast.AST]
) -> Iterator[_Call]:
    for node in ast.walk(tree):
        if _is_wanted(node):
            yield _Call(node, tuple(_uses(node, trees, parents)))


def _is_wanted(node: ast.AST) -> TypeGuard[ast.Call]:
    if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
        return False
    return node.func.attr in _CALLS and not _asks_for_tuple(node)


def _asks_for_tuple(node: ast.Call) -> bool:
    return any(each.arg == "return_dict" for each in node.keywords)


def _uses(
    node: ast.Call, trees: Sequence[ast.Module], parents: dict[ast.AST, ast.AST]
) -> Iterator[ast.expr]:
    name = _assigned(node, parents)
    if name is None:
        yield node
        return
    scope = _scope(node, parents)
    for inside in trees if isinstance(scope, ast.Module) else (scope,):
        for each in ast.walk(inside):
            if isinstance(each, ast.Name) and each.id == name and _reads(each, parents):
                yield each


def _reads(node: ast.Name, parents: dict[ast.AST, ast.AST]) -> bool:
    """Whether a variable is used here, not only given a value."""
    return isinstance(node.ctx, ast.Load) or isinstance(parents[node], ast.AugAssign)


def _target(node: ast.expr, parents: dict[ast.AST, ast.AST]) -> ast.Name | None:
    """The variable that a value is assigned to."""
    parent = parents[node]
    if isinstance(parent, ast.Tuple | ast.List):
        statement = parents[parent]
        position = parent.elts.index(node)
        if isinstance(statement, ast.Assign) and isinstance(statement.targets[0], ast.Tuple):
            targets = statement.targets[0].elts
            found = targets[position] if position < len(targets) else None
            return found if isinstance(found, ast.Name) else None
        return None
    if isinstance(parent, ast.Assign) and len(parent.targets) == 1:
        return parent.targets[0] if isinstance(parent.targets[0], ast.Name) else None
    if isinstance(parent, ast.AnnAssign | ast.NamedExpr):
        return parent.target if isinstance(parent.target, ast.Name) else None
    return None


def _assigned(node: ast.Call, parents: dict[ast.AST, ast.AST]) -> str | None:
    target = _target(node, parents)
    return target.id if target is not None else None


def _scope(node: ast.AST, parents: dict[ast.AST, ast.AST]) -> _Scope:
    while not isinstance(node, _Scope):
        node = parents[node]
    return node


def _is_tensor(call: _Call, parents: dict[ast.AST, ast.AST], aware: bool) -> bool:
    """Whether the result of a call is used as a tensor, and never as the object it is.

    Args:
        call: The call.
        parents: Of every node.
        aware: Whether the notebook knows of the object somewhere: what it does then with a
            result that it hands on is not guessed.
    """
    used = [_use(each, parents) for each in call.uses]
    return "object" not in used and ("tensor" in used or (not aware and "handed on" in used))


def _use(node: ast.expr, parents: dict[ast.AST, ast.AST]) -> str:
    """``tensor``, ``object``, ``handed on`` or nothing that can be told."""
    parent = parents[node]
    if isinstance(parent, ast.Attribute):
        return "object" if parent.attr in _TAKES_APART else "tensor"
    if isinstance(parent, ast.Subscript) and parent.value is node:
        return _subscript(parent.slice)
    if isinstance(parent, ast.BinOp | ast.UnaryOp | ast.AugAssign | ast.Compare):
        return "tensor"
    if isinstance(parent, ast.Call):
        return _argument(parent.func)
    if isinstance(parent, ast.Assign):
        return "" if isinstance(parent.targets[0], ast.Tuple | ast.List) else "handed on"
    handed_on = (ast.Return, ast.keyword, ast.List, ast.Tuple, ast.Dict, ast.ListComp)
    return "handed on" if isinstance(parent, handed_on) else ""


def _argument(function: ast.expr) -> str:
    name = function.id if isinstance(function, ast.Name) else ""
    if name == "type":
        return ""
    return "object" if name in _TESTS else "handed on"


def _subscript(index: ast.expr) -> str:
    if isinstance(index, ast.Constant):
        # ``result[0]`` is the first row of a tensor and the first part of the object.
        return "object" if isinstance(index.value, str) else ""
    return "tensor"
