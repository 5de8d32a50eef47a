"""The state of the walk: the nodes so far and which of them every name stands for."""

import ast
import builtins
from abc import ABC, abstractmethod
from collections.abc import Iterable

from msgspec import Struct, field
from msgspec.structs import replace

from grader.evidence.source import knowledge
from grader.evidence.source.draft import (
    NOTHING,
    Constant,
    Draft,
    Fact,
    Role,
    Routine,
    Scope,
    loosened,
    merged,
)
from grader.model import Binding, Unparsed

State = dict[tuple[int, str], int]
"""Node of every name by scope; attributes of objects stand under the negated object id."""

DEPTH = 80
"""Levels of nesting followed; what lies deeper is one node with the names inside as its deps."""

LARGEST = 40_000
"""Nodes after which nothing more is followed, so that time stays bounded. A notebook of forty
cells has some two thousand."""

Place = ast.Name | ast.Attribute | ast.Subscript


class Frame(Struct, eq=False):
    """One call being followed."""

    routine: Routine | None = None
    returns: list[int] = field(default_factory=list)
    exits: list[State] = field(default_factory=list)
    """The state at every ``return``."""

    mutated: set[str] = field(default_factory=set)
    """Local names changed in place."""


class Loop(Struct, eq=False):
    """One loop being followed."""

    breaks: list[State] = field(default_factory=list)
    continues: list[State] = field(default_factory=list)


class Flow(ABC):
    """Names, scopes, branches and loops; the subclasses know the syntax."""

    def __init__(self) -> None:
        self.drafts: list[Draft] = []
        self.bindings: list[Binding] = []
        self.routines: list[Routine] = []
        self.state: State = {}
        self.top = Scope(0)
        self.scope = self.top
        self.frames = [Frame()]
        self.loops: list[Loop] = []
        self.stars: list[str] = []
        self.cell = 0
        self.line = 1
        self.branch: str | None = None
        self.function: str | None = None
        self.depth = 0
        self.reachable = True
        self.identities = 0
        self.unfollowed: dict[tuple[int, str], Unparsed] = {}

    @abstractmethod
    def evaluate(self, code: ast.expr) -> int:
        """Node of an expression."""

    @abstractmethod
    def execute(self, statements: Iterable[ast.stmt]) -> bool:
        """Follow statements; whether control reaches their end."""

    @abstractmethod
    def call(self, code: ast.expr) -> int:
        """Node of a call."""

    @abstractmethod
    def read_property(self, routine: Routine, owner: int) -> int | None:
        """Node of what a property returns."""

    @abstractmethod
    def function_value(self, code: ast.expr) -> int:
        """Node of a lambda."""

    @abstractmethod
    def assign(self, target: ast.expr, node: int) -> None:
        """Give a value to a target."""

    def other(self, code: ast.expr) -> int:
        """A form without a meaning of its own: its parts flow into it."""
        parts = [self.evaluate(x) for x in ast.iter_child_nodes(code) if isinstance(x, ast.expr)]
        return self.put(code, Draft("operation", type(code).__name__, parts))

    # --- nodes -------------------------------------------------------------------------

    def put(self, where: ast.AST, draft: Draft) -> int:
        """Add a node that stands at ``where``."""
        self.line = getattr(where, "lineno", self.line)
        draft.cell, draft.line = self.cell, self.line
        draft.end_line = getattr(where, "end_lineno", None) or self.line
        draft.branch, draft.function = self.branch, self.function
        draft.reach = draft.tags
        for dep in draft.deps:
            draft.reach |= self.drafts[dep].reach
        self.drafts.append(draft)
        return len(self.drafts) - 1

    def fact(self, node: int) -> Fact:
        """What is known of a node's value."""
        return self.drafts[node].fact

    def name_of(self, node: int) -> str:
        """Name of a node."""
        return self.drafts[node].name

    def identity(self) -> int:
        """A number for a scope or an object that no other has."""
        self.identities += 1
        return self.identities

    # --- names -------------------------------------------------------------------------

    def find(self, name: str) -> tuple[int, str] | None:
        """Key under which a name is bound, as seen from here."""
        scope: Scope | None = self.scope
        if name in self.scope.outer:
            key = (self.scope.outer[name], name)
            return key if key in self.state else None
        while scope is not None:
            if (scope.id, name) in self.state:
                return scope.id, name
            scope = scope.parent
        return None

    def lookup(self, name: str) -> int | None:
        """Node a name stands for."""
        key = self.find(name)
        return None if key is None else self.state[key]

    def bind(self, name: str, node: int) -> None:
        """Let a name of this scope stand for a node."""
        self.state[self.scope.outer.get(name, self.scope.id), name] = node

    def beyond(self) -> bool:
        """Whether code from here on is too deep, or too much, to be followed."""
        return self.depth >= DEPTH or len(self.drafts) >= LARGEST

    def give_up(self, where: ast.AST, reason: str) -> None:
        """Note code whose inside is not followed."""
        line = getattr(where, "lineno", self.line)
        lost = Unparsed(cell=self.cell, line=line, reason=reason)
        self.unfollowed.setdefault((self.cell, reason), lost)

    def record(self, name: str, where: ast.AST, node: int) -> None:
        """Note an assignment."""
        line = getattr(where, "lineno", self.line)
        self.bindings.append(Binding(name=name, cell=self.cell, line=line, node=node))

    def path(self, code: ast.expr) -> str | None:
        """Dotted name of an imported thing or builtin; ``None`` for a value."""
        parts: list[str] = []
        while isinstance(code, ast.Attribute):
            parts.append(code.attr)
            code = code.value
        if not isinstance(code, ast.Name):
            return None
        root = self._root(code.id, bare=not parts)
        return None if root is None else ".".join([root, *reversed(parts)])

    def _root(self, name: str, *, bare: bool) -> str | None:
        bound = self.lookup(name)
        if bound is not None:
            return self.fact(bound).path
        for module in self.stars:
            if knows(f"{module}.{name}"):
                return f"{module}.{name}"
        if name in knowledge.CONVENTIONAL:
            return knowledge.CONVENTIONAL[name]
        return name if bare or name in BUILTINS else None

    # --- places that can be assigned ---------------------------------------------------

    def peek(self, code: ast.expr, depth: int = 0) -> int | None:
        """Node a place stands for now, without adding one."""
        if isinstance(code, ast.Name):
            return self.lookup(code.id)
        if depth > DEPTH or not isinstance(code, ast.Attribute | ast.Subscript):
            return None
        base = self.peek(code.value, depth + 1)
        if base is None:
            return None
        if isinstance(code, ast.Attribute):
            return self.member(base, code.attr)
        key = code.slice.value if isinstance(code.slice, ast.Constant) else None
        fields = self.fact(base).fields
        return fields.get(key) if fields and isinstance(key, int | str) else None

    def member(self, base: int, name: str) -> int | None:
        """Node of an attribute of an object or class of the notebook."""
        fact = self.fact(base)
        if fact.instance is not None and (-fact.instance, name) in self.state:
            return self.state[-fact.instance, name]
        if fact.template is not None:
            return self.state.get((fact.template.scope.id, name))
        return None

    def rebind(self, place: ast.expr, node: int) -> None:
        """Let the variable a place belongs to stand for its new version."""
        while isinstance(place, ast.Attribute | ast.Subscript):
            base = self.peek(place.value)
            instance = None if base is None else self.fact(base).instance
            if instance is not None and isinstance(place, ast.Attribute):
                self.state[-instance, place.attr] = node
                return
            if not isinstance(place.value, Place):
                return
            node = self._version(place, base, node)
            place = place.value
        key = self.find(place.id) if isinstance(place, ast.Name) else None
        if key is not None:
            self.state[key] = node
            self.frames[-1].mutated.add(key[1])

    def _version(self, place: ast.Attribute | ast.Subscript, base: int | None, node: int) -> int:
        deps = [node] if base is None else [base, node]
        fact = NOTHING if base is None else self.fact(base)
        key = place.slice if isinstance(place, ast.Subscript) else None
        return self.put(
            place, Draft("operation", "store", deps, fact=_stored(fact, key, node, base))
        )

    # --- branches ----------------------------------------------------------------------

    def join(self, where: ast.AST, states: list[State], gate: int | None = None) -> None:
        """Continue from whichever of several states, with a ``phi`` where they differ."""
        first = states[0]
        self.state = dict(first)
        if len(states) == 1:
            return
        differing = {key for other in states[1:] for key, _ in first.items() ^ other.items()}
        for key in sorted(differing):
            found = list(dict.fromkeys(state[key] for state in states if key in state))
            self.state[key] = found[0] if len(found) == 1 else self.phi(where, found, gate)

    def phi(self, where: ast.AST, nodes: list[int], gate: int | None = None) -> int:
        """A value that is one of several, chosen by ``gate`` where that is known."""
        fact = merged([self.fact(node) for node in nodes])
        if gate is not None and self.fact(gate).role & Role.MATCHES and self._counted(nodes):
            fact = fact.with_role(Role.MATCHES)
        if any(self.fact(node).role & Role.MATCHES for node in nodes):
            fact = fact.with_role(Role.MATCHES)
        deps = nodes if gate is None else [*nodes, gate]
        return self.put(where, Draft("operation", "phi", list(deps), fact=fact))

    def _counted(self, nodes: list[int]) -> bool:
        return any(self.name_of(node) in {"Add", ".append"} for node in nodes)

    def open_loop(self, where: ast.AST, body: list[ast.stmt]) -> list[tuple[tuple[int, str], int]]:
        """A ``phi`` for everything the body may change, to be closed by ``close_loop``."""
        heads = []
        for key in self._changed(body):
            old = self.state[key]
            fact = loosened(self.fact(old))
            head = self.put(where, Draft("operation", "phi", [old], fact=fact))
            self.state[key] = head
            heads.append((key, head))
        return heads

    def close_loop(self, heads: list[tuple[tuple[int, str], int]]) -> None:
        """What the body left behind flows into its next round."""
        for key, head in heads:
            last = self.state.get(key)
            if last is not None and last != head:
                self.drafts[head].deps.append(last)
                self.drafts[head].reach |= self.drafts[last].reach

    def _changed(self, body: list[ast.stmt]) -> list[tuple[int, str]]:
        keys = (self._place_key(place) for place in changed_places(body))
        return list(dict.fromkeys(key for key in keys if key is not None and key in self.state))

    def _place_key(self, place: ast.expr) -> tuple[int, str] | None:
        while isinstance(place, ast.Attribute | ast.Subscript):
            base = self.peek(place.value)
            instance = None if base is None else self.fact(base).instance
            if instance is not None and isinstance(place, ast.Attribute):
                return -instance, place.attr
            place = place.value
        return self.find(place.id) if isinstance(place, ast.Name) else None


def changed_places(body: list[ast.stmt]) -> list[ast.expr]:
    """Everything the statements assign or change in place."""
    places: list[ast.expr] = []
    for statement in body:
        for code in ast.walk(statement):
            if isinstance(code, ast.Name | ast.Attribute | ast.Subscript):
                if isinstance(code.ctx, ast.Store):
                    places.append(code)
            elif isinstance(code, ast.Call):
                places += _mutated(code)
    return places


def _mutated(code: ast.Call) -> list[ast.expr]:
    func = code.func
    if isinstance(func, ast.Attribute) and func.attr in knowledge.MUTATORS:
        return [func.value]
    shuffles = isinstance(func, ast.Attribute) and func.attr == "shuffle"
    return code.args[:1] if shuffles else []


def knows(path: str) -> bool:
    """Whether the tables say anything about a dotted name."""
    path = knowledge.canonical(path)
    questions = (
        knowledge.draws,
        knowledge.loads_dataset,
        knowledge.makes_model,
        knowledge.reads_file,
        knowledge.is_metric,
        knowledge.makes_measure,
    )
    return any(question(path) for question in questions)


def _stored(fact: Fact, key: ast.expr | None, node: int, base: int | None) -> Fact:
    constant = key.value if isinstance(key, ast.Constant) else None
    return stored(fact, constant if isinstance(constant, int | str) else None, node, base)


def stored(fact: Fact, key: Constant, node: int, base: int | None) -> Fact:
    """What is known of a container after ``value[key] = node``."""
    fields = rest = None
    if isinstance(key, int | str) and (fact.fields is not None or fact.columns is None):
        fields = {**(fact.fields or {}), key: node}
        rest = base if fact.rest is None else fact.rest
    return replace(
        fact,
        const=None,
        fields=fields,
        rest=rest,
        items=node if fact.items is None else fact.items,
        bound=None,
        columns=None,
        metrics=None,
    )


BUILTINS = frozenset(dir(builtins))


def dotted(code: ast.expr) -> str:
    """The variable and attributes of a place, keys left out: ``a.b`` of ``a.b[0]``."""
    parts: list[str] = []
    while isinstance(code, ast.Attribute | ast.Subscript):
        if isinstance(code, ast.Attribute):
            parts.append(code.attr)
        code = code.value
    return ".".join([code.id if isinstance(code, ast.Name) else "", *reversed(parts)])
