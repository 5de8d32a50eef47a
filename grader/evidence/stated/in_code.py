"""Evaluations the code makes: each scoring of the source graph, with what it rests on."""

import re
from collections.abc import Iterable, Mapping

from msgspec import Struct

from grader.evidence.stated.draft import Draft
from grader.model import Node, Scoring, SourceGraph, Submission, Tag
from grader.patterns import regex

MODEL_NAMES = frozenset({"model", "model_name", "pretrained_model_name_or_path", "name"})
DATASET_NAMES = frozenset({"path", "name", "root", "directory"})
CLASS_LISTS = regex(
    r"(?:^|[_.])(?:class|classes|class_names|labels?|label_names|candidate_labels|categories)$"
    r"|^(?:class|label)_?names$",
    re.IGNORECASE,
)
"""Names of variables and arguments that list the classes."""

STEPS = 1_000_000
"""Nodes visited for models and datasets of all scorings together, so that time stays bounded."""


def in_code(
    submission: Submission, graph: SourceGraph, cell_tasks: Mapping[int, str]
) -> list[Draft]:
    """Evaluations the code makes, in execution order.

    Metrics of the same labels and predictions are one evaluation. Functions nobody calls make
    none, and callbacks handed to a trainer make that of the trainer.
    """
    idle = {each.name for each in graph.functions if not each.called}
    handed = {each.name for each in graph.functions if each.passed}
    live = [
        each
        for each in graph.scorings
        if (function := graph.nodes[each.node].function) not in idle
        and not (function in handed and _of_trainer(graph, each))
    ]
    reader = _Reader(submission, graph, cell_tasks)
    groups: list[list[_Found]] = []
    for scoring in live[: max(1, STEPS // (4 * len(graph.nodes) + 1))]:
        one = reader.read(scoring)
        known = (group for group in groups if any(_same(each, one) for each in group))
        group = next(known, None)
        if group is None:
            groups.append([one])
        else:
            group.append(one)
    return [_merged(group) for group in groups]


def _merged(group: list["_Found"]) -> Draft:
    first = group[0].draft
    for each in group[1:]:
        first.fill(each.draft)
    first.node = group[-1].draft.node
    return first


class _Found(Struct, frozen=True, kw_only=True):
    """An evaluation in code, and by what it is known again."""

    draft: Draft
    scoring: Scoring
    sides: tuple[int | None, int | None]
    """Values compared, names looked through."""

    inside: frozenset[int]
    """Nodes that flow into the predictions."""


def _same(one: _Found, other: _Found) -> bool:
    """Whether two scorings are of the same predictions.

    Either they compare the same values, or the second scores what the first returned, as
    ``trainer.predict`` does; or one cell scores the same rows of the same model in two ways,
    e.g. with counters and with a library.
    """
    if any(one.sides) and one.sides == other.sides:
        return True
    if one.scoring.node in other.inside:
        return True
    ways = one.scoring.how != other.scoring.how and one.draft.cell == other.draft.cell
    known = one.draft.model or one.draft.dataset
    names = ("model", "dataset", "split", "n")
    alike = all(getattr(one.draft, name) == getattr(other.draft, name) for name in names)
    return bool(ways and known and alike)


def _of_trainer(graph: SourceGraph, scoring: Scoring) -> bool:
    """Whether a trainer hands over what is scored: its own ``evaluate`` stands for that."""
    starts = [each for each in (scoring.y_true, scoring.y_pred) if each is not None]
    return any(
        node.kind == "operation" and node.name == "predict"
        for start in starts
        for node in graph.flow(start)
    )


class _Reader:
    """Reads what a scoring rests on."""

    def __init__(
        self, submission: Submission, graph: SourceGraph, cell_tasks: Mapping[int, str]
    ) -> None:
        self.graph = graph
        self.tasks = cell_tasks
        self.lines = {cell.index: cell.line for cell in submission.cells}
        self.calls: dict[str, list[int]] = {}
        for node in graph.nodes:
            if node.kind == "call" and node.name in graph.own_calls:
                self.calls.setdefault(node.name, []).append(node.id)

    def read(self, scoring: Scoring) -> _Found:
        """The evaluation of one scoring."""
        inside = () if scoring.y_pred is None else self.graph.flow(scoring.y_pred)
        return _Found(
            draft=self._draft(scoring),
            scoring=scoring,
            sides=(self._source_of(scoring.y_true), self._source_of(scoring.y_pred)),
            inside=frozenset(each.id for each in inside),
        )

    def _draft(self, scoring: Scoring) -> Draft:
        node = self._outermost(self.graph.nodes[scoring.node])
        first = self.lines.get(node.cell)
        model = self._model(scoring)
        return Draft(
            source="code",
            cell=node.cell,
            line=node.line,
            file_line=None if first is None else first + node.line - 1,
            task=self.tasks.get(node.cell),
            n=scoring.n,
            split=scoring.split,
            classes=self._classes(scoring, model),
            dataset=self._dataset(scoring),
            model=None if model is None else self._called(model, MODEL_NAMES),
            node=node.id,
        )

    def _source_of(self, side: int | None) -> int | None:
        """The value a name stands for."""
        while side is not None:
            node = self.graph.nodes[side]
            if node.kind not in {"name", "parameter"} or len(node.deps) != 1:
                return side
            side = node.deps[0]
        return None

    def _outermost(self, node: Node) -> Node:
        """The call at the top level during which a node is evaluated: the next of its function.

        Bodies of functions stand right before the call they were followed for.
        """
        current = node
        while current.function is not None:
            name = current.function
            calls = [*self.calls.get(name, ()), *self.calls.get(f".{name.rpartition('.')[2]}", ())]
            later = [each for each in calls if each > current.id]
            if not later:
                return node
            current = self.graph.nodes[min(later)]
        return current

    def _model(self, scoring: Scoring) -> Node | None:
        """The call that made the model that is scored."""
        node = self.graph.nodes[scoring.node]
        start = scoring.y_pred
        if start is None or scoring.how in {"trainer", "keras"}:
            start = node.receiver
        if start is None:
            return None
        makes = [n for n in self.graph.flow(start) if Tag.MODEL in n.tags and n.kind == "call"]
        named = [each for each in makes if self._text(each, MODEL_NAMES)]
        found = named or makes
        return found[-1] if found else None

    def _dataset(self, scoring: Scoring) -> str | None:
        node = self.graph.nodes[scoring.node]
        starts = [each for each in (scoring.y_true, scoring.y_pred) if each is not None]
        starts += [argument.node for argument in node.arguments]
        if scoring.how == "trainer" and not node.arguments and node.receiver is not None:
            starts.append(node.receiver)
        for start in starts:
            loads = [each for each in self.graph.flow(start) if Tag.DATASET in each.tags]
            if loads:
                return self._called(loads[-1], DATASET_NAMES)
        return None

    def _classes(self, scoring: Scoring, model: Node | None) -> int | None:
        """Classes: what the model was told, else the length of a list named for them."""
        if model is not None:
            told = [a.node for a in model.arguments if a.name in {"num_labels", "num_classes"}]
            value = self._literal(told[0]) if told else None
            if isinstance(value, int) and not isinstance(value, bool):
                return value
        if scoring.y_pred is None:
            return None
        return self._listed(self.graph.slice(scoring.y_pred))

    def _listed(self, nodes: Iterable[Node]) -> int | None:
        """Length of the one list of texts that is named for classes."""
        lists = {node.id: len(node.deps) for node in nodes if self._texts(node)}
        named = {each.node for each in self.graph.bindings if CLASS_LISTS.search(each.name)}
        named |= {
            argument.node
            for node in nodes
            for argument in node.arguments
            if argument.name and CLASS_LISTS.search(argument.name)
        }
        sizes = {size for node, size in lists.items() if node in named}
        return sizes.pop() if len(sizes) == 1 else None

    def _texts(self, node: Node) -> bool:
        listed = node.kind == "collection" and node.name in {"List", "Tuple"}
        return (
            listed
            and len(node.deps) > 1
            and all(isinstance(self.graph.nodes[dep].value, str) for dep in node.deps)
        )

    def _called(self, node: Node, names: frozenset[str]) -> str | None:
        """What a call was asked to load, else what it is called."""
        return (
            self._text(node, names)
            or node.name.removesuffix(".from_pretrained").rpartition(".")[2]
            or None
        )

    def _text(self, node: Node, names: frozenset[str]) -> str | None:
        """A text among the arguments of a call: one of these names, else the first."""
        if node.name.rpartition(".")[2] == "pipeline":
            given = [a.node for a in node.arguments if a.name == "model"]
        else:
            given = [a.node for a in node.arguments if a.name in names]
            given += [a.node for a in node.arguments[:1] if a.name is None]
        texts = (self._literal(each) for each in given)
        return next((text[:200] for text in texts if isinstance(text, str) and text), None)

    def _literal(self, start: int) -> object:
        node = self.graph.nodes[start]
        while node.kind in {"name", "parameter"} and len(node.deps) == 1:
            node = self.graph.nodes[node.deps[0]]
        return node.value if node.kind == "literal" else None
