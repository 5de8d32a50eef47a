"""Nodes while the graph grows, and what is known of the value each stands for."""

import ast
from collections.abc import Mapping
from enum import IntFlag, auto

from msgspec import Struct, field
from msgspec.structs import replace

from grader.model import Argument, Node, NodeKind, Tag

Constant = bool | int | float | str | None


class Role(IntFlag):
    """What a value is, as opposed to where it comes from (``Tag``)."""

    NONE = 0
    DATA = auto()
    """A dataset, or a column, row or batch of one."""

    ROWS = auto()
    """A container whose length counts rows."""

    ITEM = auto()
    """One row or batch, or a part of it."""

    PAIRS = auto()
    """Rows are ``(image, label)`` tuples, as torchvision yields them."""

    XY = auto()
    """A tuple of inputs and labels."""

    SCHEMA = auto()
    """A description of columns (``ds.features``), which holds no labels."""

    MODEL = auto()
    """Calling it computes outputs."""

    TRAINER = auto()
    """A Hugging Face trainer."""

    OUTPUT = auto()
    """What a model computed, before anything was taken from it."""

    PREDICTION = auto()
    """A ``PredictionOutput`` or ``EvalPrediction``: predictions, labels and metrics in one."""

    GENERATOR = auto()
    """A random number generator."""

    MEASURE = auto()
    """A metric object with ``add_batch`` and ``compute``."""

    MATCHES = auto()
    """An equality of two computed values, or a count of such."""


class Scope(Struct, eq=False):
    """One namespace; names are looked up through ``parent``."""

    id: int
    parent: "Scope | None" = None
    outer: dict[str, int] = field(default_factory=dict)
    """Scope ids of names declared ``global`` or ``nonlocal``."""

    captured: bool = False
    """Whether a function defined inside may still read it."""

    comprehension: bool = False
    """Whether a walrus inside binds in the parent instead."""


class Routine(Struct, eq=False):
    """A function, method or lambda of the notebook."""

    name: str
    code: ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda
    cell: int
    scope: Scope
    decorators: tuple[str, ...] = ()
    defaults: Mapping[str, int] = field(default_factory=dict)
    called: bool = False
    passed: bool = False
    computes_metric: bool = False
    visited: bool = False


class Template(Struct, eq=False):
    """A class of the notebook."""

    name: str
    scope: Scope
    bases: tuple[str, ...] = ()
    """Dotted names of its bases, those of user-defined bases included."""

    methods: dict[str, Routine] = field(default_factory=dict)


class Fact(Struct, frozen=True, kw_only=True):
    """What is known of a value; ``None`` and empty mean unknown."""

    role: Role = Role.NONE
    const: Constant = None
    path: str | None = None
    """Dotted name of an imported module, class or function."""

    routine: Routine | None = None
    template: Template | None = None
    instance: int | None = None
    """Identity of an object of a class of the notebook."""

    owner: int | None = None
    """Node of the object a bound method was taken from."""

    fields: Mapping[Constant, int] | None = None
    """Nodes of its items by constant key or index."""

    rest: int | None = None
    """Node that holds the items not among ``fields``."""

    items: int | None = None
    """Node of a typical item."""

    columns: tuple[int | None, ...] | None = None
    """Nodes iterated in parallel, as by ``zip``; ``None`` for the counter of ``enumerate``."""

    bound: int | None = None
    """At most this many items."""

    index: int | None = None
    """A loop counter that takes at most this many values."""

    batch: int | None = None
    """Rows in each of its items, of a loader of batches."""

    splits: tuple[str | None, ...] | None = None
    """Split of each item."""

    tail: str | None = None
    """Last part of a path or text whose beginning is unknown."""

    origin: int | None = None
    """Call that made the object."""

    callback: Routine | None = None
    """``compute_metrics`` of a trainer."""

    metrics: int | None = None
    """Node of the metrics inside a ``PredictionOutput``."""

    evaluated: int | None = None
    """Dataset a ``PredictionOutput`` was computed on."""

    def with_role(self, role: Role) -> "Fact":
        """The same with further roles."""
        return replace(self, role=self.role | role)


NOTHING = Fact()
TAG_BITS = {tag: 1 << position for position, tag in enumerate(Tag)}


def bits(*tags: Tag) -> int:
    """A set of tags as an integer."""
    total = 0
    for tag in tags:
        total |= TAG_BITS[tag]
    return total


class Draft(Struct, eq=False):
    """A node that may still get tags and dependences."""

    kind: NodeKind
    name: str = ""
    deps: list[int] = field(default_factory=list)
    receiver: int | None = None
    arguments: list[tuple[str | None, int]] = field(default_factory=list)
    value: Constant = None
    fact: Fact = NOTHING
    tags: int = 0
    split: str | None = None
    limit: int | None = None
    cell: int = 0
    line: int = 1
    end_line: int = 1
    branch: str | None = None
    function: str | None = None
    reach: int = 0
    """Tags of everything that flowed in when the node was made."""

    def freeze(self, position: int) -> Node:
        """The finished node."""
        return Node.model_validate(
            {
                "id": position,
                "cell": self.cell,
                "line": self.line,
                "end_line": self.end_line,
                "kind": self.kind,
                "name": self.name,
                "value": self.value,
                "receiver": self.receiver,
                "arguments": tuple(Argument(name=n, node=i) for n, i in self.arguments),
                "deps": tuple(dict.fromkeys(self.deps)),
                "tags": _TAGS[self.tags] if self.tags in _TAGS else _tags(self.tags),
                "split": self.split,
                "limit": self.limit,
                "branch": self.branch,
                "function": self.function,
            }
        )


_TAGS: dict[int, frozenset[Tag]] = {0: frozenset()}


def _tags(mask: int) -> frozenset[Tag]:
    return _TAGS.setdefault(mask, frozenset(tag for tag, bit in TAG_BITS.items() if mask & bit))


def merged(facts: "list[Fact]") -> Fact:
    """What holds of a value that is one of several."""
    first, *others = facts
    if all(other is first for other in others):
        return first
    role = first.role
    for other in others:
        role |= other.role
    return Fact(
        role=role & ~Role.MATCHES,
        const=first.const if all(other.const == first.const for other in others) else None,
        path=next((each.path for each in facts if each.path), None),
        routine=next((each.routine for each in facts if each.routine), None),
        template=next((each.template for each in facts if each.template), None),
        instance=next((each.instance for each in facts if each.instance), None),
        items=next((each.items for each in facts if each.items is not None), None),
        origin=next((each.origin for each in facts if each.origin is not None), None),
        callback=next((each.callback for each in facts if each.callback), None),
    )


def loosened(fact: Fact) -> Fact:
    """What still holds of a value that a loop may change."""
    return replace(
        fact, const=None, fields=None, rest=None, bound=None, index=None, tail=None, columns=None
    )
