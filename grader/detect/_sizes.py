"""How many items a task was scored on, where neither its evaluation nor the source alone tells."""

from collections.abc import Iterator

from grader.detect._metrics import running_cells
from grader.detect._samples import Sized
from grader.model import Case, Evaluation, EvidenceKind, EvidenceRef, Figure, Stated, Task

ELSEWHERE = frozenset({"train", "validation"})
"""Splits of which a score is no score of the test."""


def judged_by(case: Case, task: Task) -> Evaluation | None:
    """The evaluation a task is judged by.

    What the source shows to be scored on training or validation data only stands back, and an
    evaluation without a task is that of the one whose model saw as many pictures in its cell.
    """
    best = case.evidence.best(task.id)
    if best is not None and not _beside_the_test(case, best):
        return best
    others = [each for each in case.evidence.evaluations if each is not best]
    mine = [
        each
        for each in others
        if (each.task == task.id and not _beside_the_test(case, each) and not each.off_task)
        or (best is None and _of_models(case, task, each))
    ]
    return max(mine, key=lambda each: (each.n, each.cell or -1), default=best)


def shown_size(case: Case, task: Task) -> Sized | None:
    """The size of the largest evaluation of a task, as outputs or a report state it.

    ``None`` unless every evaluation of the task that is stated has a size. An output must say
    that its number is one of items: the support of a class and the K of a Recall@K are none.
    """
    if task.kind in {"retrieval", "similarity"}:
        return None
    stated = [each for each in case.evidence.stated if each.task == task.id and each.scores]
    sized = [each for each in stated if each.n is not None]
    if not sized or len(sized) < len(stated) or any(_is_open(case, each) for each in stated):
        return None
    largest = max(sized, key=lambda each: each.n or 0)
    if largest.source == "output" and not _is_said(case, largest):
        return None
    n = largest.n or 0
    return Sized(n=n, ref=_ref(largest)) if n >= _most(case, task) else None


def _beside_the_test(case: Case, evaluation: Evaluation) -> bool:
    """Whether everything the source scores in this cell is of another split."""
    graph = case.evidence.source
    here = [
        each.split
        for each in graph.scorings
        if evaluation.cell in running_cells(graph, graph.nodes[each.node])
    ]
    return bool(here) and all(split in ELSEWHERE for split in here)


def _of_models(case: Case, task: Task, evaluation: Evaluation) -> bool:
    """Whether models of this task alone saw just as many pictures in the cell."""
    if evaluation.task is not None or evaluation.kind != task.kind:
        return False
    passes = [
        each
        for each in case.evidence.recording.passes
        if each.cell == evaluation.cell and each.rows == evaluation.n
    ]
    return bool(passes) and all(each.model in task.models for each in passes)


def _is_open(case: Case, stated: Stated) -> bool:
    """Whether a stated evaluation may be one of training, or belongs to somebody else."""
    figures = [case.evidence.figures[at] for at in stated.scores]
    return stated.split in ELSEWHERE or any(
        each.hedged or each.target or each.cited for each in figures
    )


def _is_said(case: Case, stated: Stated) -> bool:
    """Whether the same cell prints this number as one of items."""
    return any(
        each.kind == "items" and each.value == stated.n and each.place.cell == stated.cell
        for each in _outputs(case)
    )


def _most(case: Case, task: Task) -> int:
    """The largest number of items any score of the task is said to rest on."""
    mine = [each.n for each in case.evidence.figures if each.task == task.id and each.n]
    return max(mine, default=0)


def _outputs(case: Case) -> Iterator[Figure]:
    return (each for each in case.evidence.figures if each.place.source != "text")


def _ref(stated: Stated) -> EvidenceRef:
    kinds = {
        "code": EvidenceKind.SOURCE,
        "output": EvidenceKind.SAVED,
        "text": EvidenceKind.PROSE,
    }
    n = stated.n or 0
    remark = f"rests on {n} {'item' if n == 1 else 'items'}"
    return EvidenceRef(kind=kinds[stated.source], cell=stated.cell, line=stated.line, remark=remark)
