"""Expressions."""

import ast
import operator
from collections.abc import Callable, Sequence
from dataclasses import replace

from grader.evidence.source import knowledge, recognise
from grader.evidence.source.draft import (
    NOTHING,
    Constant,
    Draft,
    Fact,
    Role,
    Routine,
    Scope,
)
from grader.evidence.source.flow import DEPTH, Flow
from grader.evidence.source.recognise import METRIC, Meaning

ARITHMETIC: dict[type[ast.operator], Callable[[int, int], int]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
}
LARGEST = 10**12
"""Constants beyond this are not folded: a student may write ``10 ** 10 ** 10``."""


class Expressions(Flow):
    """Every form of expression but calls and functions."""

    def evaluate(self, code: ast.expr) -> int:
        """Node of an expression."""
        self.depth += 1
        handler = HANDLERS.get(type(code), Expressions.other)
        node = handler(self, code) if self.depth < DEPTH else self.opaque(code)
        self.depth -= 1
        return node

    def call(self, code: ast.Call) -> int:
        """Node of a call."""

    def function_value(self, code: ast.Lambda) -> int:
        """Node of a lambda."""
        raise NotImplementedError

    def assign(self, target: ast.expr, node: int) -> None:
        """Give a value to a target."""
        raise NotImplementedError

    def opaque(self, code: ast.AST) -> int:
        """One node for something too deep to follow, with the names inside as its deps."""
        names = {inner.id for inner in ast.walk(code) if isinstance(inner, ast.Name)}
        found = [node for name in sorted(names) if (node := self.lookup(name)) is not None]
        return self.put(code, Draft("operation", type(code).__name__, found))

    def other(self, code: ast.expr) -> int:
        """A form without a meaning of its own: its parts flow into it."""
        parts = [self.evaluate(x) for x in ast.iter_child_nodes(code) if isinstance(x, ast.expr)]
        return self.put(code, Draft("operation", type(code).__name__, parts))

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
            return self.put(code, Draft("name", path, fact=Fact(path=path)))
        return self.put(code, Draft("name", text, [bound], fact=self.fact(bound)))

    def is_import(self, node: int) -> bool:
        """Whether a node stands for an imported thing itself."""
        draft = self.drafts[node]
        return draft.kind == "name" and not draft.deps and draft.fact.path is not None

    def attribute(self, code: ast.expr) -> int:
        """``value.name``."""
        if not isinstance(code, ast.Attribute):
            return self.other(code)
        path = self.path(code)
        if path is not None:
            return self.put(code, Draft("name", path, fact=Fact(path=path)))
        return self.attribute_of(code, self.evaluate(code.value), code.attr)

    def attribute_of(self, code: ast.AST, base: int, name: str) -> int:
        """An attribute of a node."""
        draft = Draft("attribute", f".{name}", [base], receiver=base)
        member = self.member(base, name)
        if member is not None:
            draft.deps, draft.fact = [member], self.fact(member)
            return self.put(code, draft)
        routine = self.method(self.fact(base), name)
        if routine is not None:
            draft.fact = Fact(routine=routine, owner=base)
            return self.put(code, draft)
        self.apply(draft, recognise.attribute(name, self.drafts[base]))
        metrics = self.fact(base).metrics
        if name == "metrics" and metrics is not None:
            draft.deps.append(metrics)
        if name in knowledge.OUTPUT_FIELDS:
            draft.deps = self.without_labels(base)
        return self.put(code, draft)

    def without_labels(self, output: int) -> list[int]:
        """What flows into the outputs of a model, which computes its loss alone from labels."""
        origin = self.fact(output).origin
        call = None if origin is None else self.drafts[origin]
        if call is None or all(name != "labels" for name, _ in call.arguments):
            return [output]
        labels = {node for name, node in call.arguments if name == "labels"}
        return [dep for dep in call.deps if dep not in labels]

    def method(self, fact: Fact, name: str) -> Routine | None:
        """A method of an object of a class of the notebook."""
        if fact.template is None:
            return None
        return fact.template.methods.get(name)

    def apply(self, draft: Draft, meaning: Meaning) -> None:
        """Put what was recognised on a draft."""
        draft.tags |= meaning.tags
        draft.split = meaning.split
        draft.limit = meaning.limit
        if meaning.role or meaning.bound is not None or meaning.splits is not None:
            draft.fact = replace(
                draft.fact,
                role=draft.fact.role | meaning.role,
                bound=meaning.bound,
                splits=meaning.splits or draft.fact.splits,
            )

    # --- items -------------------------------------------------------------------------

    def subscript(self, code: ast.expr) -> int:
        """``value[key]``."""
        if not isinstance(code, ast.Subscript):
            return self.other(code)
        base = self.evaluate(code.value)
        if isinstance(code.slice, ast.Slice):
            return self._slice(code, base, code.slice)
        key = self.evaluate(code.slice)
        constant = self.fact(key).const
        return self.item(code, base, constant if constant is not None else None, key)

    def item(self, code: ast.AST, base: int, constant: Constant, key: int | None = None) -> int:
        """An item of a node under a key."""
        draft = Draft("subscript", "", [base], receiver=base, value=constant)
        fact = self.fact(base)
        known = None
        if isinstance(constant, int | str):
            known = _field(fact.fields, constant)
        if known is not None:
            draft.deps, draft.fact = [known], self.fact(known)
        elif fact.items is not None:
            items = self.fact(fact.items)
            draft.fact = Fact(role=items.role, routine=items.routine, path=items.path)
        if known is None or fact.role & (Role.DATA | Role.PREDICTION):
            self.apply(draft, recognise.item(self._draft(key), constant, self.drafts[base]))
        if constant is None and key is not None:
            draft.deps.append(key)
        if fact.role & Role.PREDICTION and constant == 2 and fact.metrics is not None:
            draft.deps.append(fact.metrics)
        self._split_part(draft, base, constant)
        return self.put(code, draft)

    def _draft(self, node: int | None) -> Draft | None:
        return None if node is None else self.drafts[node]

    def _split_part(self, draft: Draft, base: int, constant: Constant) -> None:
        origin = self.fact(base).origin
        if origin is None or not isinstance(constant, int) or constant < 0:
            return
        call = self.drafts[origin]
        given = [node for name, node in call.arguments if name is None]
        if call.name in knowledge.PAIR_SPLITTERS and constant < 2 * len(given):
            part = given[constant // 2]
            draft.deps, draft.split = [part], ("train", "test")[constant % 2]
            draft.fact = Fact(role=self.fact(part).role)
        elif call.name in knowledge.SPLITTERS and len(given) > 1:
            self._sized_part(draft, given, constant)

    def _sized_part(self, draft: Draft, given: list[int], constant: int) -> None:
        sizes = self.fact(given[1]).fields or {}
        size = sizes.get(constant)
        meaning = Meaning(role=self.fact(given[0]).role)
        recognise.limited(meaning, None if size is None else recognise.whole(self.drafts[size]))
        self.apply(draft, meaning)

    def _slice(self, code: ast.AST, base: int, part: ast.Slice) -> int:
        lower, upper, step = (
            None if end is None else self.evaluate(end)
            for end in (part.lower, part.upper, part.step)
        )
        ends = [end for end in (lower, upper, step) if end is not None]
        start, stop = self._span(lower, upper) if step is None else (None, None)
        draft = Draft("subscript", "Slice", [base, *ends], receiver=base)
        self.apply(draft, recognise.slice_item(start, stop, self.drafts[base]))
        return self.put(code, draft)

    def _span(self, lower: int | None, upper: int | None) -> tuple[int | None, int | None]:
        start, stop = (
            None if end is None else _number(self.drafts[end]) for end in (lower, upper)
        )
        if lower is not None and start is None:
            return None, None
        if upper is None:
            return (None, -start) if start is not None and start < 0 else (None, None)
        negative = stop is None or stop < 0 or (start or 0) < 0
        return (None, None) if negative else (start, stop)

    # --- collections -------------------------------------------------------------------

    def collection(self, code: ast.expr) -> int:
        """A list, tuple or set display."""
        parts = code.elts if isinstance(code, ast.List | ast.Tuple | ast.Set) else []
        nodes = [self.evaluate(part) for part in parts]
        return self.gather(code, type(code).__name__, nodes, parts)

    def gather(
        self, code: ast.AST, name: str, nodes: list[int], parts: Sequence[ast.expr] = ()
    ) -> int:
        """A collection of nodes."""
        fact = NOTHING
        if not any(isinstance(part, ast.Starred) for part in parts):
            texts = tuple(self.fact(n).const for n in nodes)
            splits = tuple(knowledge.split_of(t.partition("[")[0]) for t in texts if isinstance(t, str))
            fact = Fact(
                fields=dict(enumerate(nodes)) if len(nodes) <= 1000 else None,
                items=self._typical(nodes),
                bound=len(nodes),
                splits=splits if splits and len(splits) == len(nodes) else None,
            )
        return self.put(code, Draft("collection", name, nodes, fact=fact))

    def _typical(self, nodes: list[int]) -> int | None:
        return next((n for n in nodes if self.fact(n).role or self.fact(n).routine), None)

    def dictionary(self, code: ast.expr) -> int:
        """A dict display."""
        if not isinstance(code, ast.Dict):
            return self.other(code)
        deps: list[int] = []
        fields: dict[Constant, int] | None = {}
        for key, value in zip(code.keys, code.values, strict=True):
            node = None if key is None else self.evaluate(key)
            item = self.evaluate(value)
            deps += [item] if node is None else [node, item]
            constant = None if node is None else self.fact(node).const
            if fields is not None and isinstance(constant, int | str):
                fields[constant] = item
            else:
                fields = None
        typical = self._typical(deps)
        return self.put(code, Draft("collection", "Dict", deps, fact=Fact(fields=fields, items=typical)))

    def comprehension(self, code: ast.expr) -> int:
        """A comprehension or generator expression."""
        if not isinstance(code, ast.ListComp | ast.SetComp | ast.GeneratorExp | ast.DictComp):
            return self.other(code)
        outer = self.scope
        self.scope = Scope(self.identity(), outer, outer.outer, comprehension=True)
        deps: list[int] = []
        matches = False
        for part in code.generators:
            source = self.evaluate(part.iter)
            deps.append(source)
            self.assign(part.target, self.element(part.iter, source))
            tests = [self.evaluate(test) for test in part.ifs]
            matches = matches or any(self.fact(t).role & Role.MATCHES for t in tests)
            deps += tests
        parts = (code.key, code.value) if isinstance(code, ast.DictComp) else (code.elt,)
        items = [self.evaluate(part) for part in parts]
        self._leave(self.scope, outer)
        role = Role.ROWS | (self.fact(items[-1]).role & Role.MATCHES)
        fact = Fact(role=role | (Role.MATCHES if matches else Role.NONE), items=items[-1])
        fact = replace(fact, bound=self._rounds(code.generators, deps[0]))
        return self.put(code, Draft("collection", type(code).__name__, [*items, *deps], fact=fact))

    def _rounds(self, generators: list[ast.comprehension], source: int) -> int | None:
        return self.fact(source).bound if len(generators) == 1 else None

    def _leave(self, scope: Scope, outer: Scope) -> None:
        self.scope = outer
        if not scope.captured:
            for key in [key for key in self.state if key[0] == scope.id]:
                del self.state[key]

    def element(self, code: ast.AST, iterable: int) -> int:
        """One item of an iterable."""
        draft = self.drafts[iterable]
        if draft.fact.columns is not None:
            columns = [self._column(code, iterable, column) for column in draft.fact.columns]
            return self.gather(code, "Tuple", columns)
        fact = recognise.element(draft)
        if draft.fact.items is not None:
            fact = replace(self.fact(draft.fact.items), const=None)
        return self.put(code, Draft("operation", "iter", [iterable], fact=fact))

    def _column(self, code: ast.AST, iterable: int, column: int | None) -> int:
        if column is not None:
            return self.element(code, column)
        bound = self.fact(iterable).bound
        return self.put(code, Draft("operation", "iter", [iterable], fact=Fact(index=bound)))

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
        return self.put(code, Draft("operation", type(code.op).__name__, nodes, fact=Fact(role=role)))

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
        return self.put(code, Draft("operation", "JoinedStr", nodes, fact=Fact(const=whole, tail=tail)))

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


def _field(fields: object, key: int | str) -> int | None:
    if not isinstance(fields, dict):
        return None
    if isinstance(key, int) and key < 0:
        key += len(fields)
    found = fields.get(key)
    return found if isinstance(found, int) else None


def _number(end: Draft) -> int | None:
    negative = end.fact.const
    if isinstance(negative, int) and negative < 0:
        return negative
    return recognise.whole(end)


def _folded(sign: ast.operator, left: Constant, right: Constant) -> Constant:
    if isinstance(left, str) and isinstance(right, str) and isinstance(sign, ast.Add):
        return left + right if len(left) + len(right) < 10_000 else None
    if not isinstance(left, int) or not isinstance(right, int):
        return None
    fold = ARITHMETIC.get(type(sign))
    if fold is None or max(abs(left), abs(right)) > LARGEST:
        return None
    return None if right == 0 and not isinstance(sign, ast.Add | ast.Sub | ast.Mult) else fold(left, right)


def _tail(sign: ast.operator, right: Fact) -> str | None:
    if not isinstance(sign, ast.Add | ast.Div):
        return None
    return right.const if isinstance(right.const, str) else right.tail


HANDLERS: dict[type[ast.expr], Callable[[Expressions, ast.expr], int]] = {
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
