"""After how many rounds a loop stops early, where its body says so."""

import ast
from collections.abc import Callable

Number = Callable[[ast.expr], int | None]
"""Value of an expression where it is a known whole number."""

GROWS = frozenset({"append", "add"})


def stops_early(code: ast.For | ast.AsyncFor) -> bool:
    """Whether the body has ``if counter >= 5: break``."""
    return any(_breaks(statement) for statement in code.body)


def rounds(code: ast.For | ast.AsyncFor, number: Number) -> int | None:
    """Rounds in which the body gets past its ``break``; ``None`` where that cannot be told.

    Known are the counter of ``enumerate``, a counter that every round adds 1 to, and the length
    of a list that every round appends to.
    """
    tests = [(at, s) for at, s in enumerate(code.body) if _breaks(s)]
    if len(tests) != 1:
        return None
    at, statement = tests[0]
    if not isinstance(statement, ast.If) or not isinstance(statement.test, ast.Compare):
        return None
    test = statement.test
    limit = number(test.comparators[0]) if len(test.ops) == 1 else None
    if limit is None or not isinstance(test.ops[0], ast.GtE | ast.Eq | ast.Gt):
        return None
    extra = 1 if isinstance(test.ops[0], ast.Gt) else 0
    if _is_counter(code, test.left):
        # Its first value is 0, and what stands before the test has run once more.
        return limit + extra if at == 0 else limit + extra + 1
    if _counts_up(code.body, test.left):
        return limit + extra
    return None


def _breaks(statement: ast.stmt) -> bool:
    return (
        isinstance(statement, ast.If)
        and isinstance(statement.test, ast.Compare)
        and isinstance(statement.body[-1], ast.Break)
    )


def _is_counter(code: ast.For | ast.AsyncFor, place: ast.expr) -> bool:
    """Whether a place is the counter of ``for i, row in enumerate(rows)``."""
    target, source = code.target, code.iter
    if not isinstance(target, ast.Tuple) or not isinstance(source, ast.Call):
        return False
    plain = isinstance(source.func, ast.Name) and source.func.id == "enumerate"
    first = target.elts[0] if target.elts else None
    named = isinstance(place, ast.Name) and isinstance(first, ast.Name) and first.id == place.id
    return plain and len(source.args) == 1 and not source.keywords and named


def _counts_up(body: list[ast.stmt], place: ast.expr) -> bool:
    """Whether every round adds 1 to a counter, or one item to a list whose length is asked."""
    if isinstance(place, ast.Name):
        return any(_adds_one(statement, place.id) for statement in body)
    if not isinstance(place, ast.Call) or len(place.args) != 1:
        return False
    asked = isinstance(place.func, ast.Name) and place.func.id == "len"
    listed = place.args[0]
    if not asked or not isinstance(listed, ast.Name):
        return False
    return any(_appends(statement, listed.id) for statement in body)


def _adds_one(statement: ast.stmt, name: str) -> bool:
    return (
        isinstance(statement, ast.AugAssign)
        and isinstance(statement.op, ast.Add)
        and isinstance(statement.target, ast.Name)
        and statement.target.id == name
        and isinstance(statement.value, ast.Constant)
        and statement.value.value == 1
    )


def _appends(statement: ast.stmt, name: str) -> bool:
    call = statement.value if isinstance(statement, ast.Expr) else None
    func = call.func if isinstance(call, ast.Call) else None
    return (
        isinstance(func, ast.Attribute)
        and func.attr in GROWS
        and isinstance(func.value, ast.Name)
        and func.value.id == name
    )
