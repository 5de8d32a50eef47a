"""OUT004: evaluation-cell-not-executed."""

import re
from collections.abc import Iterator

from msgspec import Struct

from grader.detect.api import Sighting, detector
from grader.model import (
    Case,
    Cell,
    Confidence,
    EvidenceKind,
    EvidenceRef,
    Figure,
    Severity,
    Tag,
    say,
)
from grader.patterns import regex

NAMED = regex(
    r"[\"'][^\"'\n]{0,60}(?:accuracy|exactitude|genauigkeit|precisi|recall|rappel|f1|bleu|meteor"
    r"|cider|rouge|r@\d|exact match|similarity|准确率|精度|召回)",
    re.I,
)
"""A text in the source that names a score."""

SHOWS = regex(r"\b(?:print|display)\s{0,4}\(|^[A-Za-z_][\w.]{0,60}\s{0,4}(?:\(|$)", re.M)
"""Whether a cell prints, calls something for what it does, or ends with a value."""


PRECISE = 3
"""Decimals of a fraction from which a score of an unknown metric is taken for a result."""


class _Missing(Struct, frozen=True, kw_only=True):
    """A cell that computes scores and shows none."""

    cell: Cell
    error: bool
    """Whether it stopped with an error, instead of not having been run."""

    said: tuple[Figure, ...]
    """Scores of the text that no output shows."""


@detector(
    code="OUT004",
    name="evaluation-cell-not-executed",
    requires=frozenset({EvidenceKind.SOURCE, EvidenceKind.SAVED, EvidenceKind.PROSE}),
    since="0.2.0",
    status="stable",
    severity="major",
)
def evaluation_cell_not_executed(case: Case) -> Iterator[Sighting]:
    """The text reports a score, and the cell that computes it was never run.

    ## Why it matters
    The number in the text then comes from somewhere else: another notebook, an earlier version, or
    nowhere. The file handed in does not show that it was measured.

    ## Example
    ```python
    # Task 2: CLIP
    predictions = [classify(image) for image in images]
    print("images:", len(predictions))
    ```

    ```output
    images: 200
    ```

    ```python
    # Task 2: CLIP
    from sklearn.metrics import accuracy_score
    print("Accuracy:", accuracy_score(labels, predictions))
    ```

    ```markdown
    CLIP reached an accuracy of 88.50% on the test set.
    ```

    ## Use instead
    ```python
    # Task 2: CLIP
    predictions = [classify(image) for image in images]
    print("images:", len(predictions))
    ```

    ```output
    images: 200
    ```

    ```python
    # Task 2: CLIP
    from sklearn.metrics import accuracy_score
    print("Accuracy:", accuracy_score(labels, predictions))
    ```

    ```output
    Accuracy: 0.8850
    ```

    ```markdown
    CLIP reached an accuracy of 88.50% on the test set.
    ```

    ## Verdict
    Major: the reported number is nowhere shown. Minor when our run of the cell prints it: then it
    is right, and only the output is missing. Likely in both cases, as outputs can also be removed
    by hand.

    ## Known limits
    Nothing is said of a file without any output, from which all were removed, nor where another
    cell shows the number. A cell counts as not run when it has neither a count nor an output; one
    that ended in an error counts too.

    ## Source
    A deduction, no statistic, from the counts and outputs of the file.
    """
    cells = case.evidence.submission.code_cells
    if not any(cell.outputs for cell in cells):
        return
    scored = _scored(case)
    for cell in cells:
        error = any(output.kind == "error" for output in cell.outputs)
        empty = cell.execution_count is None and not cell.outputs
        if (empty or error) and _evaluates(case, cell, scored):
            said = _unbacked(case, cell)
            if said:
                yield _sighting(case, _Missing(cell=cell, error=error, said=said))
                return


def _scored(case: Case) -> frozenset[int]:
    """Cells in which something is compared with right answers."""
    graph = case.evidence.source
    own = {each.name for each in graph.functions if each.computes_metric}
    found = {
        node.cell
        for node in graph.nodes
        if node.function is None and (Tag.METRIC in node.tags or node.name in own)
    }
    return frozenset(found | {graph.nodes[each.node].cell for each in graph.scorings})


def _evaluates(case: Case, cell: Cell, scored: frozenset[int]) -> bool:
    shows = cell.index in scored or NAMED.search(cell.source[:50_000]) is not None
    return shows and SHOWS.search(cell.source) is not None


def _unbacked(case: Case, cell: Cell) -> tuple[Figure, ...]:
    """Scores in the text, of the task of a cell, that no saved output shows."""
    task = case.evidence.cell_tasks.get(cell.index)
    shown = {
        round(value, 6)
        for figure in case.evidence.figures
        if figure.place.source == "saved"
        for value in (figure.value, figure.value / 100, figure.value * 100)
    }
    return tuple(
        figure
        for figure in case.evidence.figures
        if figure.place.source == "text"
        and figure.kind in {"score", "similarity"}
        and (figure.metric is not None or figure.decimals >= PRECISE)
        and not (figure.cited or figure.target)
        and (figure.task == task or None in (figure.task, task))
        and not _among(figure, shown)
    )


def _among(figure: Figure, shown: set[float]) -> bool:
    """Whether some output shows a number that rounds to this one."""
    unit = 10.0 ** -min(figure.decimals, 12)
    exact = round(figure.value, 6) in shown
    return exact or any(abs(value - figure.value) < unit for value in shown)


def _sighting(case: Case, found: _Missing) -> Sighting:
    first = found.said[0]
    confirmed = _confirmed(case, found)
    severity: Severity = "minor" if confirmed else "major"
    if found.error:
        message = say(
            "The text gives {name} {printed}, but the cell that computes it stopped with an error.",
            name=first.name,
            printed=first.printed,
        )
    else:
        message = say(
            "The text gives {name} {printed}, but the cell that computes it was never run.",
            name=first.name,
            printed=first.printed,
        )
    return Sighting(
        severity=severity,
        confidence=Confidence.LIKELY,
        task=case.evidence.cell_tasks.get(found.cell.index),
        message=message,
        measured=say("Numbers of the text that no output shows: {n}.", n=len(found.said)),
        remedy=say("Run all cells from the top, save the notebook with its outputs, and write the "
                   "numbers they show."),
        sure=say("Our run of the cell prints the number; its output was only missing.")
        if confirmed
        else say("The file has outputs of other cells and none of this one."),
        evidence=(
            EvidenceRef(
                kind=EvidenceKind.SOURCE, cell=found.cell.index, line=1, remark="has no output"
            ),
            EvidenceRef(
                kind=EvidenceKind.PROSE,
                cell=first.place.cell,
                line=first.place.line,
                remark="reports the score",
            ),
        ),
    )  # fmt: skip


def _confirmed(case: Case, found: _Missing) -> bool:
    """Whether our run of the cell prints every such number."""
    values = {
        round(value, 6)
        for figure in case.evidence.figures
        if figure.place.source == "rerun"
        for value in (figure.value, figure.value / 100, figure.value * 100)
    }
    return bool(values) and all(_among(each, values) for each in found.said)
