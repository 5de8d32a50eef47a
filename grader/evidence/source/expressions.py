"""Expressions."""

import ast
import operator
from collections.abc import Callable

from msgspec.structs import replace

from grader.evidence.source import recognise
from grader.evidence.source.draft import (
    NOTHING,
    Constant,
    Draft,
    Fact,
    Role,
)
from grader.evidence.source.flow import BUILTINS, DEPTH
from grader.evidence.source.items import Items
from grader.evidence.source.recognise import METRIC

ARITHMETIC: dict[type[ast.operator], Callable[[int, int], int]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
}
LARGEST = 10**12
"""Constants beyond this are not folded: a student may write ``10 ** 10 ** 10``."""


class Expressions(Items):
    """The other forms of expression, calls and functions excepted."""

    def evaluate(self, code: ast.expr) -> int:
        """Node of an expression."""
        self.depth += 1
        handler = HANDLERS.get(type(code), Expressions.other)
        node = self.opaque(code) if self.beyond() else handler(self, code)
        self.depth -= 1
        return node

    def opaque(self, code: ast.AST) -> int:
        """One node for something that is not followed: names inside flow in, and out again."""
        self.give_up(code, "nested too deeply" if self.depth >= DEPTH else "too much code")
        names = [inner for inner in ast.walk(code) if isinstance(inner, ast.Name)]
        read = sorted({inner.id for inner in names if not isinstance(inner.ctx, ast.Store)})
        found = [node for name in read if (node := self.lookup(name)) is not None]
        result = self.put(code, Draft("operation", type(code).__name__, found))
        if isinstance(code, ast.stmt):
            for name in sorted({inner.id for inner in names} - set(read)):
                self.bind(name, result)
        return result

    # --- leaves ------------------------------------------------------------------------

    def constant(self, code: ast.expr) -> int:
        """A literal."""
        value = code.value if isinstance(code, ast.Constant) else None
        plain = value if isinstance(value, bool | int | float | str) else None
        name = "" if plain is not None else type(value).__name__
        return self.put(code, Draft("literal", name, value=plain, fact=Fact(const=plain)))

    def name(self, code: ast.expr) -> int:
        """A variable, or something imported."""
        text = code.id if isinstance(code, ast.Name) else ""
        bound = self.lookup(text)
        if bound is None or self.is_import(bound):
            path = self.path(code) or text
            known = bound is not None or "." in path or path in BUILTINS
            fact = Fact(path=path) if known else NOTHING
            return self.put(code, Draft("name", path, fact=fact))
        return self.put(code, Draft("name", text, [bound], fact=self.fact(bound)))

    def is_import(self, node: int) -> bool:
        """Whether a node stands for an imported thing itself."""
        draft = self.drafts[node]
        return draft.kind == "name" and not draft.deps and draft.fact.path is not None

    # --- operators ---------------------------------------------------------------------

    def binary(self, code: ast.expr) -> int:
        """``left + right``."""
        if not isinstance(code, ast.BinOp):
            return self.other(code)
        return self.combine(code, code.op, self.evaluate(code.left), self.evaluate(code.right))

    def combine(self, code: ast.AST, sign: ast.operator, left: int, right: int) -> int:
        """The result of an operator on two nodes."""
        facts = self.fact(left), self.fact(right)
        draft = Draft("operation", type(sign).__name__, [left, right])
        draft.fact = Fact(const=_folded(sign, facts[0].const, facts[1].const))
        draft.fact = replace(draft.fact, tail=_tail(sign, facts[1]))
        rows = (facts[0].role | facts[1].role) & Role.ROWS if isinstance(sign, ast.Add) else 0
        role = Role(rows) | ((facts[0].role | facts[1].role) & Role.MATCHES)
        if isinstance(sign, ast.Div | ast.FloorDiv):
            role = facts[0].role & Role.MATCHES
            draft.tags |= METRIC if role else 0
        draft.fact = draft.fact.with_role(role)
        return self.put(code, draft)

    def unary(self, code: ast.expr) -> int:
        """``-value``."""
        if not isinstance(code, ast.UnaryOp):
            return self.other(code)
        value = self.evaluate(code.operand)
        const = self.fact(value).const
        negated = isinstance(code.op, ast.USub) and isinstance(const, int | float)
        fact = Fact(const=-const) if negated and isinstance(const, int | float) else NOTHING
        return self.put(code, Draft("operation", type(code.op).__name__, [value], fact=fact))

    def compare(self, code: ast.expr) -> int:
        """``left == right``."""
        if not isinstance(code, ast.Compare):
            return self.other(code)
        nodes = [self.evaluate(part) for part in (code.left, *code.comparators)]
        role = Role.NONE
        if len(nodes) == 2 and isinstance(code.ops[0], ast.Eq):
            role = recognise.compared_role(self.drafts[nodes[0]], self.drafts[nodes[1]])
        elif len(nodes) == 2 and isinstance(code.ops[0], ast.NotEq | ast.In):
            role = recognise.differing_role(self.drafts[nodes[0]], self.drafts[nodes[1]])
        name = type(code.ops[0]).__name__
        return self.put(code, Draft("operation", name, nodes, fact=Fact(role=role)))

    def boolean(self, code: ast.expr) -> int:
        """``a and b``."""
        if not isinstance(code, ast.BoolOp):
            return self.other(code)
        nodes = [self.evaluate(part) for part in code.values]
        role = Role.NONE
        for node in nodes:
            role |= self.fact(node).role
        return self.put(
            code, Draft("operation", type(code.op).__name__, nodes, fact=Fact(role=role))
        )

    def conditional(self, code: ast.expr) -> int:
        """``a if test else b``."""
        if not isinstance(code, ast.IfExp):
            return self.other(code)
        nodes = [self.evaluate(part) for part in (code.test, code.body, code.orelse)]
        facts = [self.fact(node) for node in nodes]
        first, second = facts[1], facts[2]
        fact = Fact(role=first.role | second.role, path=first.path or second.path)
        if facts[0].role & Role.MATCHES:
            fact = fact.with_role(Role.MATCHES)
        return self.put(code, Draft("operation", "IfExp", nodes, fact=fact))

    # --- text and the rest -------------------------------------------------------------

    def formatted(self, code: ast.expr) -> int:
        """An f-string."""
        parts = code.values if isinstance(code, ast.JoinedStr) else []
        nodes = [self.evaluate(part) for part in parts]
        texts = [self.fact(node).const for node in nodes]
        whole = "".join(map(str, texts)) if all(t is not None for t in texts) else None
        last = self.fact(nodes[-1]) if nodes else NOTHING
        tail = last.const if isinstance(last.const, str) else last.tail
        return self.put(
            code, Draft("operation", "JoinedStr", nodes, fact=Fact(const=whole, tail=tail))
        )

    def placeholder(self, code: ast.expr) -> int:
        """``{value:format}`` inside an f-string."""
        if not isinstance(code, ast.FormattedValue):
            return self.other(code)
        if code.format_spec is not None:
            return self.other(code)
        return self.evaluate(code.value)

    def walrus(self, code: ast.expr) -> int:
        """``name := value``."""
        if not isinstance(code, ast.NamedExpr):
            return self.other(code)
        node = self.evaluate(code.value)
        inner = self.scope
        while self.scope.comprehension and self.scope.parent is not None:
            self.scope = self.scope.parent
        self.assign(code.target, node)
        self.scope = inner
        return node

    def passed_through(self, code: ast.expr) -> int:
        """``await value``."""
        return self.evaluate(code.value) if isinstance(code, ast.Await) else self.other(code)

    def yielded(self, code: ast.expr) -> int:
        """``yield value``."""
        node = self.other(code)
        self.frames[-1].returns.append(node)
        return node


def _folded(sign: ast.operator, left: Constant, right: Constant) -> Constant:
    if isinstance(left, str) and isinstance(right, str) and isinstance(sign, ast.Add):
        return left + right if len(left) + len(right) < 10_000 else None
    if not isinstance(left, int) or not isinstance(right, int):
        return None
    fold = ARITHMETIC.get(type(sign))
    if fold is None or max(abs(left), abs(right)) > LARGEST:
        return None
    return (
        None
        if right == 0 and not isinstance(sign, ast.Add | ast.Sub | ast.Mult)
        else fold(left, right)
    )


def _tail(sign: ast.operator, right: Fact) -> str | None:
    if not isinstance(sign, ast.Add | ast.Div):
        return None
    return right.const if isinstance(right.const, str) else right.tail


HANDLERS: dict[type[ast.expr], Callable[[Expressions, ast.expr], int]] = {
    ast.Call: lambda walk, code: walk.call(code),
    ast.Lambda: lambda walk, code: walk.function_value(code),
    ast.Constant: Expressions.constant,
    ast.Name: Expressions.name,
    ast.Attribute: Expressions.attribute,
    ast.Subscript: Expressions.subscript,
    ast.List: Expressions.collection,
    ast.Tuple: Expressions.collection,
    ast.Set: Expressions.collection,
    ast.Dict: Expressions.dictionary,
    ast.ListComp: Expressions.comprehension,
    ast.SetComp: Expressions.comprehension,
    ast.GeneratorExp: Expressions.comprehension,
    ast.DictComp: Expressions.comprehension,
    ast.BinOp: Expressions.binary,
    ast.UnaryOp: Expressions.unary,
    ast.Compare: Expressions.compare,
    ast.BoolOp: Expressions.boolean,
    ast.IfExp: Expressions.conditional,
    ast.JoinedStr: Expressions.formatted,
    ast.FormattedValue: Expressions.placeholder,
    ast.NamedExpr: Expressions.walrus,
    ast.Await: Expressions.passed_through,
    ast.Yield: Expressions.yielded,
    ast.YieldFrom: Expressions.yielded,
}
