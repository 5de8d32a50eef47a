"""Which evaluation a task is judged by, how many items it scored, and where the code says so."""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping

from msgspec import Struct

from grader.detect._metrics import running_cells
from grader.detect._rows import MODEL_SCORING, ScoredRows, scored_rows
from grader.detect.api import Sighting, Undecided
from grader.model import (
    Case,
    Evaluation,
    EvidenceKind,
    EvidenceRef,
    MetricCall,
    Node,
    Tag,
    Task,
    TaskKind,
)
from grader.patterns import regex

STAND_INS = frozenset({"tiny"})
"""Profiles that serve small stand-ins under the published ids; their scores differ."""

ITEMS: Mapping[TaskKind, str] = {
    "classification": "image",
    "retrieval": "image",
    "similarity": "image",
    "captioning": "image",
    "vqa": "question",
}
"""What one test item is called, by the kind of the task."""

UNCOUNTED = "Another score of this task stands in the code whose items could not be counted."
"""Why a small evaluation beside a hand-written one is left to a person."""


class Sized(Struct, frozen=True, kw_only=True):
    """An evaluation whose size is known."""

    n: int
    """Items scored."""

    ref: EvidenceRef
    """The line that limits or shows it."""


PRINTED_IDS = regex(r"label_ids=array\(\[(?P<ids>[^\]]*)\]")
"""The labels inside a printed ``PredictionOutput``; numpy prints up to 1000 of them whole."""


def rivals(case: Case, task: Task, judged_by: Evaluation) -> bool:
    """Whether a larger evaluation exists that may belong to the task all the same.

    What ``Trainer.train`` scored on the way is no rival: it watches the training.
    """
    calls = case.evidence.recording.trainer_calls
    training = {call.cell for call in calls if call.method == "train"}
    return any(
        each.n > judged_by.n
        and each.kind == judged_by.kind
        and each.task in (None, task.id)
        and each.cell not in training
        for each in case.evidence.evaluations
    )


def pooled(case: Case, evaluation: Evaluation) -> int:
    """Items scored, with the calls of a loop over batches or single items taken together.

    ``accuracy_score([y], [p])`` called once per image scores one item at a time, yet the mean of
    the results rests on all of them.
    """
    calls: dict[str, list[MetricCall]] = defaultdict(list)
    others = {
        (each.y_true, each.y_pred)
        for each in case.evidence.evaluations
        if each.task not in (None, evaluation.task)
    }
    for call in case.evidence.recording.metric_calls:
        here = call.cell == evaluation.cell and not call.in_trainer
        if here and (call.y_true, call.y_pred) not in others:
            calls[call.function].append(call)
    sums = [sum(call.n or 0 for call in each) for each in calls.values() if _differ(each)]
    return max([evaluation.n, *sums])


def uncounted(case: Case, task: Task, evaluation: Evaluation) -> Node | None:
    """A scoring of the task that ran but was not recorded, and may be larger.

    For example a hand-written counter in a loop, of which only the final share is kept.
    """
    counted = {each.cell for each in case.evidence.evaluations}
    for each in scored_rows(case.evidence.source):
        bound = each.bound
        small = bound is not None and (bound.limit or 0) <= evaluation.n
        mine = _task_of(case, each.node.cell) in (None, task.id)
        if mine and not small and not (_cells(case, each) & counted):
            return each.node
    return None


def by_task(case: Case, look: Callable[[Case, Task], Iterator[Sighting]]) -> Iterator[Sighting]:
    """Sightings of every task.

    Raises:
        Undecided: If some task could not be decided and none gave a sighting.
    """
    found: list[Sighting] = []
    unclear: list[Undecided] = []
    for task in case.lab.tasks:
        try:
            found.extend(look(case, task))
        except Undecided as answer:
            unclear.append(answer)
    if unclear and not found:
        raise unclear[0]
    yield from found


def sized(case: Case, task: Task) -> Sized | None:
    """The largest evaluation of a task as the file alone shows it.

    ``None`` unless the size of every scoring that may belong to the task is known.
    """
    shown = _shown(case)
    mine: list[Sized] = []
    others = list(_stated(case, task))
    for each in scored_rows(case.evidence.source):
        owner = _task_of(case, each.node.cell)
        if owner not in (None, task.id) or _other_split(each, task):
            continue
        one = None if _of_every_row(case, each) else _size(each, shown)
        if one is None:
            return None
        if owner == task.id:
            mine.append(one)
        others.append(one.n)
    mine.extend(one for cell, one in shown.items() if _task_of(case, cell) == task.id)
    best = max(mine, key=lambda one: one.n, default=None)
    return best if best is not None and best.n >= max(others, default=0) else None


def limit_ref(case: Case, cell: int, n: int, total: int | None) -> EvidenceRef:
    """The line that limits what ``cell`` scores to ``n`` rows, or the line that scores it."""
    here = _scored_in(case, cell)
    limits = [node for each in here for node in each.limits if node.limit in (n, None)]
    exact = [node for node in limits if node.limit == n]
    if exact or limits:
        return source_ref((exact or limits)[-1], keeps(n, total))
    if here:
        return source_ref(here[0].node, f"scores {n} {'row' if n == 1 else 'rows'}")
    return EvidenceRef(kind=EvidenceKind.SOURCE, cell=cell, remark=f"scores {n}")


def scoring_ref(case: Case, cell: int, remark: str) -> EvidenceRef:
    """The line of ``cell`` that scores something."""
    for each in _scored_in(case, cell):
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


def _scored_in(case: Case, cell: int) -> list[ScoredRows]:
    """What a cell scores: by itself first, then through functions it calls."""
    graph = case.evidence.source
    every = scored_rows(graph)
    own = [each for each in every if each.node.cell == cell and each.node.function is None]
    called = [each for each in every if each not in own and cell in running_cells(graph, each.node)]
    return own + called


def _cells(case: Case, scored: ScoredRows) -> frozenset[int]:
    """Cells in which something is scored or the predictions it scores are made."""
    scoring = [
        node
        for node in (scored.node, *scored.data)
        if node.name in MODEL_SCORING or Tag.METRIC in node.tags
    ]
    graph = case.evidence.source
    return frozenset(cell for node in scoring for cell in running_cells(graph, node))


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


def _other_split(scoring: ScoredRows, task: Task) -> bool:
    """Whether all it scores comes from another split than the one the task is judged on."""
    splits = {node.split for node in scoring.data if node.split is not None}
    return bool(splits) and task.split not in splits


def _size(scoring: ScoredRows, shown: Mapping[int, Sized]) -> Sized | None:
    bound = scoring.bound
    if bound is not None and bound.limit is not None:
        return Sized(n=bound.limit, ref=source_ref(bound, keeps(bound.limit, None)))
    for node in (scoring.node, *reversed(scoring.data)):
        if node.name in MODEL_SCORING and node.cell in shown:
            return shown[node.cell]
    return None


def _of_every_row(case: Case, scoring: ScoredRows) -> bool:
    """Whether the bound keeps something of each row, e.g. the first of its captions."""
    bound, graph = scoring.bound, case.evidence.source
    if bound is None or bound.kind != "subscript" or bound.receiver is None:
        return False
    return any(node.name == "iter" for node in graph.flow(bound.receiver))


def _differ(calls: list[MetricCall]) -> bool:
    return len(calls) > 1 and len({(call.y_true, call.y_pred) for call in calls}) > 1
