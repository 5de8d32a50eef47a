"""Which evaluation a task is judged by, how many items it scored, and where the code says so."""

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from math import sqrt

from grader.model import (
    Case,
    Evaluation,
    EvidenceKind,
    EvidenceRef,
    MetricCall,
    Node,
    SourceGraph,
    Tag,
    Task,
)

STAND_INS = frozenset({"tiny"})
"""Profiles that serve small stand-ins under the published ids; their scores differ."""

Z = 1.959963984540054
"""Two-sided 95 % quantile of the normal distribution."""

MODEL_SCORING = frozenset({".predict", ".evaluate"})
"""Methods of a model that take the data to score as first argument or ``eval_dataset``."""


@dataclass(frozen=True, slots=True)
class Scoring:
    """A call in the source that scores something."""

    node: Node
    """The call."""

    data: tuple[Node, ...]
    """Nodes the scored rows pass through, in execution order."""

    @property
    def limits(self) -> tuple[Node, ...]:
        """Nodes that keep only some of the rows."""
        return tuple(node for node in self.data if Tag.LIMIT in node.tags)

    @property
    def size(self) -> int | None:
        """Rows scored at most; ``None`` when the source does not tell."""
        sure = [
            node.limit
            for node in self.limits
            if node.limit is not None and node.branch is None and node.function is None
        ]
        return min(sure, default=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sized:
    """An evaluation whose size is known."""

    n: int
    """Items scored."""

    ref: EvidenceRef
    """The line that limits or shows it."""


PRINTED_IDS = re.compile(r"label_ids=array\(\[(?P<ids>[^\]]*)\]")
"""The labels inside a printed ``PredictionOutput``; numpy prints up to 1000 of them whole."""


def judged(case: Case, task: Task) -> Evaluation | None:
    """The evaluation a task is judged by: the largest on its test split, else the largest."""
    on_split = [
        each
        for each in case.evidence.evaluations
        if each.task == task.id and each.split in (None, task.split)
    ]
    best = max(on_split, key=lambda each: (each.n, each.cell or -1), default=None)
    return best or case.evidence.best(task.id)


def rivals(case: Case, task: Task, judged_by: Evaluation) -> bool:
    """Whether a larger evaluation exists that may belong to the task all the same.

    What ``Trainer.train`` scored on the way is no rival: it watches the training.
    """
    calls = case.evidence.recording.trainer_calls
    training = {call.cell for call in calls if call.method == "train"}
    return any(
        each.n > judged_by.n and each.task in (None, task.id) and each.cell not in training
        for each in case.evidence.evaluations
    )


def pooled(case: Case, evaluation: Evaluation) -> int:
    """Items scored, with the calls of a loop over batches or single items taken together.

    ``accuracy_score([y], [p])`` called once per image scores one item at a time, yet the mean of
    the results rests on all of them.
    """
    calls: dict[str, list[MetricCall]] = defaultdict(list)
    for call in case.evidence.recording.metric_calls:
        if call.cell == evaluation.cell and not call.in_trainer:
            calls[call.function].append(call)
    sums = [sum(call.n or 0 for call in each) for each in calls.values() if _differ(each)]
    return max([evaluation.n, *sums])


def wilson(share: float, n: int) -> tuple[float, float]:
    """95 % Wilson interval of a share seen among ``n`` items (Wilson 1927, equation 4)."""
    middle = (share + Z * Z / (2 * n)) / (1 + Z * Z / n)
    half = Z / (1 + Z * Z / n) * sqrt(share * (1 - share) / n + Z * Z / (4 * n * n))
    return max(0.0, middle - half), min(1.0, middle + half)


def half_width(share: float, n: int) -> float:
    """Half the width of the Wilson interval."""
    low, high = wilson(share, n)
    return (high - low) / 2


def scorings(graph: SourceGraph) -> tuple[Scoring, ...]:
    """Calls that score something, in execution order, bodies of callbacks left out."""
    idle = {each.name for each in graph.functions if each.passed or not each.called}
    found = [
        Scoring(node, data)
        for node in graph.nodes
        if node.function not in idle and (data := _scored(graph, node)) is not None
    ]
    return tuple(found)


def sized(case: Case, task: Task) -> Sized | None:
    """The largest evaluation of a task as the file alone shows it.

    ``None`` unless the size of every scoring that may belong to the task is known.
    """
    shown = _shown(case)
    mine: list[Sized] = [one for cell, one in shown.items() if _task_of(case, cell) == task.id]
    others = list(_stated(case, task))
    for each in scorings(case.evidence.source):
        owner = _task_of(case, each.node.cell)
        if owner not in (None, task.id):
            continue
        one = _size(each, shown)
        if one is None:
            return None
        if owner == task.id:
            mine.append(one)
        others.append(one.n)
    best = max(mine, key=lambda one: one.n, default=None)
    return best if best is not None and best.n >= max(others, default=0) else None


def limit_ref(case: Case, cell: int, n: int, total: int | None) -> EvidenceRef:
    """The line that limits what ``cell`` scores to ``n`` rows, or the line that scores it."""
    here = [each for each in scorings(case.evidence.source) if each.node.cell == cell]
    limits = [node for each in here for node in each.limits if node.limit in (n, None)]
    exact = [node for node in limits if node.limit == n]
    if exact or limits:
        return source_ref((exact or limits)[-1], keeps(n, total))
    if here:
        return source_ref(here[0].node, f"scores {n} {'row' if n == 1 else 'rows'}")
    return EvidenceRef(kind=EvidenceKind.SOURCE, cell=cell, remark=f"scores {n}")


def scoring_ref(case: Case, cell: int, remark: str) -> EvidenceRef:
    """The line of ``cell`` that scores something."""
    for each in scorings(case.evidence.source):
        if each.node.cell == cell:
            return source_ref(each.node, remark)
    return EvidenceRef(kind=EvidenceKind.SOURCE, cell=cell, remark=remark)


def source_ref(node: Node, remark: str) -> EvidenceRef:
    """A pointer to the line of a node."""
    return EvidenceRef(
        kind=EvidenceKind.SOURCE,
        cell=node.cell,
        line=node.line,
        end_line=node.end_line,
        remark=remark,
    )


def keeps(n: int, total: int | None) -> str:
    """The remark beside a limiting line."""
    if total is not None and total > n:
        return f"keeps {n} of {total} images"
    return f"keeps {n} {'row' if n == 1 else 'rows'}"


def rows_available(case: Case, task: Task, evaluation: Evaluation | None = None) -> int | None:
    """Rows of the test split that were loaded; ``None`` when the recorder did not see it."""
    dataset = evaluation.dataset if evaluation else None
    rows = [
        load.rows
        for load in case.evidence.recording.loads
        if load.kind == "dataset"
        and load.asset in ((dataset,) if dataset else task.datasets)
        and load.split == task.split
        and load.rows is not None
    ]
    return max(rows, default=None)


def _task_of(case: Case, cell: int) -> str | None:
    return case.evidence.cell_tasks.get(cell)


def _shown(case: Case) -> dict[int, Sized]:
    """Sizes of printed predictions, by cell."""
    found = {}
    for cell in case.evidence.submission.code_cells:
        for output in cell.outputs:
            for match in PRINTED_IDS.finditer(output.text):
                if "..." not in match["ids"]:
                    n = len(match["ids"].split(","))
                    line = output.text.count("\n", 0, match.start()) + 1
                    found[cell.index] = Sized(n=n, ref=_saved_ref(cell.index, line, n))
    return found


def _saved_ref(cell: int, line: int, n: int) -> EvidenceRef:
    remark = f"shows {n} {'label' if n == 1 else 'labels'}"
    return EvidenceRef(kind=EvidenceKind.SAVED, cell=cell, line=line, remark=remark)


def _stated(case: Case, task: Task) -> Iterator[int]:
    """Numbers of items that stand beside scores in outputs."""
    for number in case.evidence.reported:
        if number.n is not None and number.task in (None, task.id):
            yield number.n


def _size(scoring: Scoring, shown: Mapping[int, Sized]) -> Sized | None:
    if scoring.size is not None:
        last = [node for node in scoring.limits if node.limit == scoring.size][-1]
        return Sized(n=scoring.size, ref=source_ref(last, keeps(scoring.size, None)))
    for node in (scoring.node, *reversed(scoring.data)):
        if node.name in MODEL_SCORING and node.cell in shown:
            return shown[node.cell]
    return None


def _differ(calls: list[MetricCall]) -> bool:
    return len(calls) > 1 and len({(call.y_true, call.y_pred) for call in calls}) > 1


def _scored(graph: SourceGraph, node: Node) -> tuple[Node, ...] | None:
    if node.kind == "call" and node.name in MODEL_SCORING and node.receiver is not None:
        if Tag.MODEL in graph.tags(node.receiver):
            data = _given(graph, node)
            return data_path(graph, data) if data is not None else ()
        return None
    if Tag.METRIC not in node.tags or Tag.MODEL in node.tags:
        return None
    starts = [each.node for each in node.arguments] or list(node.deps)
    return tuple(dict.fromkeys(each for start in starts for each in data_path(graph, start)))


def _given(graph: SourceGraph, node: Node) -> int | None:
    """Node of the data handed to ``trainer.predict`` or set as the trainer's ``eval_dataset``."""
    if node.arguments:
        return node.arguments[0].node
    if node.receiver is None:
        return None
    for each in reversed(graph.slice(node.receiver)):
        for argument in each.arguments:
            if argument.name == "eval_dataset":
                return argument.node
    return None


def data_path(graph: SourceGraph, start: int) -> tuple[Node, ...]:
    """Nodes the rows of ``start`` pass through, in execution order.

    Unlike a slice it follows only the value that carries the rows: the receiver of ``.select``,
    the data given to ``.predict``, the first argument of ``list``. A model's training data is not
    part of what the model is tested on, and an image used for its size limits nothing.
    """
    seen: set[int] = set()
    waiting = [start]
    while waiting:
        current = waiting.pop()
        if current not in seen:
            seen.add(current)
            waiting.extend(_carriers(graph, graph.nodes[current]))
    return tuple(graph.nodes[each] for each in sorted(seen))


def _carriers(graph: SourceGraph, node: Node) -> tuple[int, ...]:
    if node.kind == "call" and node.name in MODEL_SCORING and node.receiver is not None:
        given = _given(graph, node)
        return (given,) if given is not None else ()
    if {Tag.MODEL, Tag.FIT} & node.tags:
        return ()
    if node.kind in ("call", "attribute", "subscript"):
        return _carried(graph, node)
    return node.deps


def _carried(graph: SourceGraph, node: Node) -> tuple[int, ...]:
    """The one value that carries the rows of a call, an attribute or a subscript."""
    if node.receiver is not None and not _is_model(graph, node.receiver):
        return (node.receiver,)
    if node.kind != "call":
        return node.deps
    positional = [each.node for each in node.arguments if each.name is None]
    if node.receiver is None and positional:
        return (positional[0],)
    return tuple(each.node for each in node.arguments)


def _is_model(graph: SourceGraph, start: int) -> bool:
    """Whether a value is a model itself, not something computed by one."""
    node = graph.nodes[start]
    while node.kind == "name" and len(node.deps) == 1:
        node = graph.nodes[node.deps[0]]
    return Tag.MODEL in node.tags
