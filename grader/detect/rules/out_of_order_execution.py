"""OUT002: out-of-order-execution."""

from collections.abc import Iterator, Mapping
from itertools import pairwise

from msgspec import Struct

from grader.detect.api import Sighting, Undecided, detector
from grader.model import Case, Cell, Confidence, EvidenceKind, EvidenceRef, Node, Tag, say

RESULTS = frozenset({"score", "similarity", "loss"})
"""Kinds of numbers an evaluation prints."""

COMPUTED = frozenset({Tag.MODEL_OUTPUT, Tag.RANDOM, Tag.FIT, Tag.METRIC})
"""What may be another value when a cell is run again; a data set loaded anew is the same."""

MOST = 40
"""Cells that are looked at in one notebook, so that time stays bounded."""

GROWS = frozenset({".append", ".extend", "Add", "store", ".update"})


class _Pair(Struct, frozen=True, kw_only=True):
    """A cell that shows a score, and a later run of a cell it uses."""

    shown: Cell
    used: Cell


@detector(
    code="OUT002",
    name="out-of-order-execution",
    requires=frozenset({EvidenceKind.SOURCE, EvidenceKind.SAVED}),
    since="0.2.0",
    status="stable",
    severity="minor",
    follows=frozenset({"stale-output", "edited-output"}),
)
def out_of_order_execution(case: Case) -> Iterator[Sighting]:
    """A score was printed before a cell it depends on was run for the last time.

    ## Why it matters
    The number that is shown belongs to the earlier values. Whoever runs the notebook from the top
    computes it from others, and may get another number.

    ## Example
    The cell with the predictions was run again, as number 9, after the score was printed:

    ```python [9]
    predictions = list(model.predict(images))
    ```

    ```python [5]
    from sklearn.metrics import accuracy_score
    print("Accuracy:", accuracy_score(labels, predictions))
    ```

    ```output
    Accuracy: 0.8800
    ```

    ## Use instead
    ```python [1]
    predictions = list(model.predict(images))
    ```

    ```python [2]
    from sklearn.metrics import accuracy_score
    print("Accuracy:", accuracy_score(labels, predictions))
    ```

    ```output
    Accuracy: 0.8800
    ```

    ## Verdict
    Minor: the number may well be the same. Likely, because execution counts say only that the cell
    was run again, not that anything was different. Where a run shows another number, that finding
    is the graver one and this explains it.

    ## Known limits
    Reported only where a value that is computed (by a model, at random, by training, by adding to
    a list) in the cell with the later count flows into a cell that shows a score. Cells without a
    count, as Colab saves them, say nothing. When one count stands at two cells, they are of
    several sessions and cannot be compared.

    ## Source
    A deduction, no statistic. That cells run out of order are common and often harmless: J. F.
    Pimentel et al., "A large-scale study about quality and reproducibility of Jupyter notebooks"
    (2019).
    """
    cells = [cell for cell in case.evidence.submission.code_cells if cell.execution_count]
    counts = [cell.execution_count or 0 for cell in cells]
    if all(one <= other for one, other in pairwise(counts)):
        return
    if len(set(counts)) < len(counts):
        raise Undecided("The execution counts are of several sessions.", needs="a run from the top")
    pair = _violated(case, cells)
    if pair is not None:
        yield _sighting(case, pair)


def _violated(case: Case, cells: list[Cell]) -> _Pair | None:
    """The first cell with a score that uses a cell with a later count."""
    shown = {
        figure.place.cell
        for figure in case.evidence.figures
        if figure.place.source == "saved" and figure.kind in RESULTS
    }
    by_index = {cell.index: cell for cell in cells}
    starts = _starts(case)
    looked = 0
    for cell in cells:
        later = {
            index
            for index, other in by_index.items()
            if index < cell.index and (other.execution_count or 0) > (cell.execution_count or 0)
        }
        looked += cell.index in shown and bool(later)
        if cell.index in shown and later and looked <= MOST:
            used = _used(case, starts.get(cell.index, []), later)
            if used is not None:
                return _Pair(shown=cell, used=by_index[used])
    return None


def _starts(case: Case) -> Mapping[int, list[int]]:
    """Nodes of each cell."""
    found: dict[int, list[int]] = {}
    for node in case.evidence.source.nodes:
        found.setdefault(node.cell, []).append(node.id)
    return found


def _used(case: Case, start: list[int], later: set[int]) -> int | None:
    """A cell among these in which something is computed that flows into these nodes."""
    graph = case.evidence.source
    seen = set(start)
    waiting = list(start)
    while waiting:
        node = graph.nodes[waiting.pop()]
        if node.cell in later and _is_computed(node):
            return node.cell
        new = [dep for dep in node.deps if dep not in seen]
        seen.update(new)
        waiting += new
    return None


def _is_computed(node: Node) -> bool:
    return bool(node.tags & COMPUTED) or node.name in GROWS


def _sighting(case: Case, pair: _Pair) -> Sighting:
    return Sighting(
        severity="minor",
        confidence=Confidence.LIKELY,
        task=case.evidence.cell_tasks.get(pair.shown.index),
        message=say(
            "The score of the cell with number [{shown}] was printed before the cell with number "
            "[{used}], whose values it uses, was run again.",
            shown=str(pair.shown.execution_count),
            used=str(pair.used.execution_count),
        ),
        measured=say(
            "Execution counts: [{used}] for the cell that is used, [{shown}] for the cell that "
            "shows the score.",
            shown=str(pair.shown.execution_count),
            used=str(pair.used.execution_count),
        ),
        remedy=say("Restart the kernel, run all cells from the top, and save the notebook."),
        sure=say("The counts show the order, not whether any value was another one."),
        evidence=(
            EvidenceRef(
                kind=EvidenceKind.SOURCE, cell=pair.shown.index, line=1, remark="shows the score"
            ),
            EvidenceRef(
                kind=EvidenceKind.SOURCE, cell=pair.used.index, line=1, remark="run again later"
            ),
        ),
    )
