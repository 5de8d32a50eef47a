"""What the code says: one def-use graph over a whole notebook, as data.

Every evaluated expression is a node; its ``deps`` are the nodes whose values flow into it.
A name resolves to the nodes that last bound it, so two nodes joined here really depend on
one another, in the order in which the cells stand. Nothing was executed to build it.
"""

from collections.abc import Callable, Iterable
from enum import StrEnum
from functools import cached_property
from typing import Literal

from grader.model._base import Artifact


class Tag(StrEnum):
    """A fact about where a value comes from, set on the node where it originates."""

    RANDOM = "random"
    """Drawn from a random number generator."""

    LABELS = "labels"
    """A label column or label ids of a dataset."""

    DATASET = "dataset"
    """Loaded from a dataset."""

    MODEL = "model"
    """A loaded or constructed model, trainer or pipeline."""

    MODEL_OUTPUT = "model-output"
    """Computed by a model from its inputs."""

    FILE = "file"
    """Read from a file."""

    METRIC = "metric"
    """The result of a metric, from a library or computed by hand."""

    FIT = "fit"
    """A call that fits or trains on its arguments."""

    LIMIT = "limit"
    """Keeps only some rows; see ``Node.limit``."""


class Argument(Artifact):
    """One argument of a call."""

    name: str | None
    """Keyword, or ``None`` when positional; ``**`` and ``*`` for unpacked ones."""

    node: int
    """Node of its value."""


NodeKind = Literal[
    "call",
    "literal",
    "name",
    "parameter",
    "attribute",
    "subscript",
    "operation",
    "collection",
    "function",
]


class Node(Artifact):
    """One evaluated expression."""

    id: int
    """Position in ``SourceGraph.nodes``."""

    cell: int
    """Cell it stands in."""

    line: int
    """One-based first line."""

    end_line: int
    """One-based last line."""

    kind: NodeKind
    """Form of the expression; a merge of several bindings is an ``operation`` named ``phi``."""

    name: str = ""
    """Dotted name with imports resolved, e.g. ``sklearn.metrics.accuracy_score``; a method whose
    receiver is a value is ``.predict``, an attribute ``.label_ids``; an operator is its class,
    e.g. ``Eq``."""

    value: bool | int | float | str | None = None
    """Value of a literal; of a subscript with a constant key, that key."""

    receiver: int | None = None
    """Node a method or attribute is taken from."""

    arguments: tuple[Argument, ...] = ()
    """Arguments of a call, in order."""

    deps: tuple[int, ...] = ()
    """Every node whose value flows into this one, receiver and arguments included."""

    tags: frozenset[Tag] = frozenset()
    """Facts that originate here."""

    split: str | None = None
    """``train``, ``validation`` or ``test`` where this node selects one."""

    limit: int | None = None
    """Rows kept, where this node limits a dataset to a number known from the source."""

    branch: Literal["except", "if", "else", "loop"] | None = None
    """Innermost conditional block it stands in; ``None`` when it always runs."""

    function: str | None = None
    """User-defined function whose body it stands in."""


class Binding(Artifact):
    """A name given to a value."""

    name: str
    """The name, or the dotted target of an attribute or the variable of ``d[key] = ...``."""

    cell: int
    """Cell of the assignment."""

    line: int
    """One-based line."""

    node: int
    """Node of the value."""


class Function(Artifact):
    """A function or method defined in the notebook."""

    name: str
    """Its name; methods as ``Class.method``."""

    cell: int
    """Cell of the definition."""

    line: int
    """One-based line."""

    called: bool
    """Whether a call of it is reachable from the top level."""

    passed: bool
    """Whether it is handed to something else, e.g. ``compute_metrics=compute_metrics``."""

    computes_metric: bool
    """Whether its body computes a metric."""


class Unparsed(Artifact):
    """A cell the graph had to leave out."""

    cell: int
    """The cell."""

    line: int
    """One-based line of the syntax error."""

    reason: str
    """What the parser said."""


ScoringHow = Literal[
    "sklearn", "evaluate", "functional", "torchmetrics", "keras", "trainer", "text", "by-hand"
]
"""Whose metric it is. ``functional``: a function of torchmetrics or torcheval, ``torchmetrics`` an
object of theirs. ``text``: one that compares sentences, of whatever library. ``trainer``: a
``Trainer`` scores by itself."""


class Scoring(Artifact):
    """One place where answers are compared with right ones."""

    node: int
    """The metric call, or the last step of a metric computed by hand."""

    y_true: int | None = None
    """Node of the labels or references; ``None`` where a library takes them from a dataset."""

    y_pred: int | None = None
    """Node of the predictions, likewise."""

    how: ScoringHow
    """Whose metric it is."""

    metric: str | None = None
    """What the library calls it, e.g. ``accuracy_score``; of ``evaluate`` what was loaded."""

    n: int | None = None
    """Items scored at most, where the source bounds them all."""

    split: str | None = None
    """``train``, ``validation`` or ``test``, where all that is scored is of one."""


class ScoredRows(Artifact):
    """A call that scores something, and the rows that arrive there."""

    node: int
    """The call."""

    data: tuple[int, ...]
    """Nodes the scored rows pass through, in execution order."""

    bounds: tuple[int, ...] | None = None
    """Nodes that bound the rows; ``None`` when some rows come past every bound."""


Through = Callable[[Node], Iterable[int]]
"""Which of a node's ``deps`` count as flowing through it."""

SIZES = frozenset({"len", ".__len__", ".size", ".numel", ".dim"})
"""Calls that lend only the size of a value."""

METADATA = frozenset({
    ".shape", ".size", ".ndim", ".num_rows", ".num_classes", ".features", ".names", ".id2label",
    ".label2id", ".dtype", ".device",
})  # fmt: skip
"""Attributes that lend only its size, its type or the names of its classes."""

COMPREHENSIONS = {"ListComp": 1, "SetComp": 1, "GeneratorExp": 1, "DictComp": 2}
"""Leading ``deps`` that are items; the others are what is iterated, and the conditions."""


class SourceGraph(Artifact):
    """The graph of one notebook.

    Detectors ask it what flows into a value, in full (``slice``) or of its content alone
    (``flow``, ``nearest``), and what is scored, and nothing lower.
    """

    nodes: tuple[Node, ...] = ()
    """Every expression, in execution order."""

    bindings: tuple[Binding, ...] = ()
    """Every assignment, in execution order."""

    functions: tuple[Function, ...] = ()
    """Every function defined."""

    unparsed: tuple[Unparsed, ...] = ()
    """Cells left out."""

    unfollowed: tuple[Unparsed, ...] = ()
    """Code whose inside was not followed, because it nests too deeply or the notebook is too
    large; the first place of each cell and reason."""

    scorings: tuple[Scoring, ...] = ()
    """Where answers are compared with right ones, in execution order."""

    scored: tuple[ScoredRows, ...] = ()
    """Calls that score something, in execution order, bodies of callbacks left out."""

    def slice(self, node: int) -> tuple[Node, ...]:
        """Everything that flows into ``node``, itself included, in execution order."""
        seen: set[int] = set()
        waiting = [node]
        while waiting:
            current = waiting.pop()
            if current not in seen:
                seen.add(current)
                waiting.extend(self.nodes[current].deps)
        return tuple(self.nodes[each] for each in sorted(seen))

    def calls(self, *names: str) -> tuple[Node, ...]:
        """Calls of any of these names: ``a.b.c`` exactly, ``.method`` of any receiver."""
        wanted = frozenset(names)
        return tuple(node for node in self._calls if node.name in wanted)

    def tagged(self, tag: Tag) -> tuple[Node, ...]:
        """Nodes on which this fact originates."""
        return tuple(node for node in self.nodes if tag in node.tags)

    def tags(self, node: int) -> frozenset[Tag]:
        """Facts that reach ``node`` from anywhere."""
        return frozenset(tag for each in self.slice(node) for tag in each.tags)

    def flow(self, node: int, through: Through | None = None) -> tuple[Node, ...]:
        """Nodes whose values end up in ``node``, itself included, in execution order."""
        behind = through or self.content
        seen: set[int] = set()
        waiting = [node]
        while waiting:
            current = waiting.pop()
            if current not in seen:
                seen.add(current)
                waiting.extend(behind(self.nodes[current]))
        return tuple(self.nodes[each] for each in sorted(seen))

    def nearest(self, node: int, wanted: Callable[[Node], bool]) -> Node | None:
        """The wanted node reached over the fewest edges backwards; the latest among equals."""
        level, seen = {node}, {node}
        while level:
            found = [each for each in level if wanted(self.nodes[each])]
            if found:
                return self.nodes[max(found)]
            level = {dep for each in level for dep in self.content(self.nodes[each])} - seen
            seen |= level
        return None

    def content(self, node: Node) -> Iterable[int]:
        """Everything but what is behind ``len(...)``, shapes, class names and loop headers.

        An array drawn at random *for each* label does not contain the labels. Of a call of the
        notebook's own function only what it returns flows on.
        """
        return self._contents[node.id]

    @cached_property
    def _contents(self) -> tuple[Iterable[int], ...]:
        return tuple(self._content(node) for node in self.nodes)

    def _content(self, node: Node) -> Iterable[int]:
        if _lends_only_size(node):
            return ()
        if node.name in COMPREHENSIONS:
            return node.deps[: COMPREHENSIONS[node.name]]
        if node.kind == "call" and node.name in self.own_calls:
            given = {argument.node for argument in node.arguments} | {node.receiver}
            return [dep for dep in node.deps if dep not in given] or node.deps
        return node.deps

    @cached_property
    def own_calls(self) -> frozenset[str]:
        """Names under which the notebook's own functions and methods are called."""
        full = {function.name for function in self.functions}
        return frozenset(full | {f".{name.rpartition('.')[2]}" for name in full if "." in name})

    @cached_property
    def _calls(self) -> tuple[Node, ...]:
        return tuple(node for node in self.nodes if node.kind == "call")


def _lends_only_size(node: Node) -> bool:
    if node.kind == "call":
        return node.name in SIZES
    return node.kind == "attribute" and f".{node.name.rpartition('.')[2]}" in METADATA
