"""OUT001: stale-output."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from grader.detect._samples import STAND_INS
from grader.detect.api import Sighting, Undecided, detector
from grader.model import (
    METRICS,
    Case,
    CellRun,
    Confidence,
    EvidenceKind,
    EvidenceRef,
    MetricName,
    Reported,
    Severity,
    Task,
)
from grader.model.interval import wilson

WORDS: Mapping[MetricName, str] = {
    "accuracy": "acc", "precision": "prec", "recall": "rec", "f1": "f1", "top5_accuracy": "top",
    "image_to_text_recall_at_1": "r", "image_to_text_recall_at_5": "r",
    "text_to_image_recall_at_1": "r", "text_to_image_recall_at_5": "r",
    "similarity_score": "s", "bleu1": "bleu", "bleu2": "bleu", "bleu3": "bleu", "bleu4": "bleu",
    "meteor": "meteor", "cider": "cider", "vqa_accuracy": "vqa", "exact_match": "match",
}  # fmt: skip
"""Shortest spelling of each metric; a cell that prints it still names the metric."""

SHOWN = 4
"""Most lines pointed at in one finding."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stale:
    """A saved number that the re-run does not bear out."""

    saved: Reported
    """The number in the file."""

    rerun: float | None
    """The number of our run; ``None`` when the cell no longer prints this metric."""

    n: int | None
    """Items scored."""

    reordered: bool = False
    """Whether a cell it depends on was run again after it."""


@detector(
    code="OUT001",
    name="stale-output",
    requires=frozenset({EvidenceKind.SAVED, EvidenceKind.RERUN}),
    since="0.1.0",
    severity="major",
)
def stale_output(case: Case) -> Iterator[Sighting]:
    """A saved score is not what its cell prints when it is run again.

    ## Why it matters
    A score that the code beside it does not give cannot be checked. It may stem from an earlier
    version of the cell or from cells run in another order.

    ## Example
    ```python
    # Task 2: CLIP
    print(f"Accuracy: {accuracy_score(y_true, y_pred):.4f}")
    ```

    ```output
    Accuracy: 0.8900
    ```

    ```rerun
    Accuracy: 0.6000
    ```

    ```recorded
    - metric: {cell: 0, library: sklearn, function: accuracy_score, value: 0.6,
               y_true: "0x100 1x100", y_pred: "0x100 1x20 0x80"}
    ```

    ## Use instead
    ```python
    # Task 2: CLIP
    print(f"Accuracy: {accuracy_score(y_true, y_pred):.4f}")
    ```

    ```output
    Accuracy: 0.6000
    ```

    ```rerun
    Accuracy: 0.6000
    ```

    ```recorded
    - metric: {cell: 0, library: sklearn, function: accuracy_score, value: 0.6,
               y_true: "0x100 1x100", y_pred: "0x100 1x20 0x80"}
    ```

    ## Known limits
    Two scores differ only if their 95 % intervals at the number of items scored do not overlap; a
    small difference is taken for other hardware. For a trained model the difference must also
    exceed the width of the reference band, and without a band nothing is said. Stand-in models
    give other scores than published ones, so with them only a person can tell.

    ## Source
    Wilson interval: E. B. Wilson, "Probable inference, the law of succession, and statistical
    inference" (1927). That intervals must not overlap is stricter than a test at 5 %
    (N. Schenker and J. F. Gentleman, "On judging the significance of differences by examining
    the overlap between confidence intervals", 2001). The interval of a share is also taken for
    means between 0 and 1, whose own is never wider, and for BLEU, of which there is no formula.
    """
    found: dict[str, list[Stale]] = defaultdict(list)
    unclear: list[str] = []
    for number in case.evidence.reported:
        task = _task(case, number)
        if number.source != "saved" or task is None:
            continue
        try:
            found[task.id].extend(_stale(case, number, task))
        except Undecided as answer:
            unclear.append(answer.reason)
    if unclear and not any(found.values()):
        raise Undecided(unclear[0], needs="a person who compares the two outputs")
    for name, all_stale in found.items():
        if all_stale:
            yield _sighting(case, case.lab.task(name), all_stale)


def _task(case: Case, number: Reported) -> Task | None:
    name = number.task or case.evidence.cell_tasks.get(number.cell)
    return next((task for task in case.lab.tasks if task.id == name), None)


def _stale(case: Case, saved: Reported, task: Task) -> Iterator[Stale]:
    ran = _ran(case, saved.cell)
    if ran is None:
        return
    again = _again(case, saved)
    if not again:
        if _no_longer_printed(case, saved, ran):
            yield _unless_failed_before(case, Stale(saved=saved, rerun=None, n=None))
        return
    nearest = min(again, key=lambda one: abs(one.value - saved.value))
    n = _items(case, saved, task)
    gap = abs(nearest.value - saved.value)
    if n is None or gap <= _rounding(saved, nearest) or METRICS[saved.metric].highest > 1:
        return
    reordered = not task.trained and _reordered(case, saved.cell)
    one = Stale(saved=saved, rerun=nearest.value, n=n, reordered=reordered)
    if _apart(saved.value, nearest.value, n):
        if task.trained and gap <= _band_width(case, task, saved):
            return
        yield _unless_failed_before(case, one)
    elif reordered:
        yield _unless_failed_before(case, one)


def _ran(case: Case, cell: int) -> CellRun | None:
    for run in case.evidence.rerun:
        if run.index == cell and run.outcome == "ok":
            return run
    return None


def _again(case: Case, saved: Reported) -> list[Reported]:
    """The same metric printed by the same cell in our run."""
    return [
        each
        for each in case.evidence.reported
        if each.source == "rerun"
        and (each.cell, each.metric) == (saved.cell, saved.metric)
        and (each.average == saved.average or None in (each.average, saved.average))
    ]


def _no_longer_printed(case: Case, saved: Reported, ran: CellRun) -> bool:
    """Whether neither the cell nor its new output names the metric any more."""
    if any(each.truncated or each.html for each in ran.outputs):
        return False
    cell = next(each for each in case.evidence.submission.cells if each.index == saved.cell)
    # A progress table may be left out where no notebook is shown.
    if cell.outputs[saved.output].kind not in ("stdout", "result"):
        return False
    text = " ".join([cell.source, *(each.text for each in ran.outputs)]).casefold()
    return WORDS[saved.metric] not in text


def _unless_failed_before(case: Case, one: Stale) -> Stale:
    failed = [
        run.index
        for run in case.evidence.rerun
        if run.index < one.saved.cell and run.outcome != "ok"
    ]
    if failed:
        raise Undecided(
            "A saved score differs from our run, but a cell before it failed in our run, "
            "which may be the reason."
        )
    return one


def _items(case: Case, saved: Reported, task: Task) -> int | None:
    here = [each.n for each in case.evidence.evaluations if each.cell == saved.cell]
    if here:
        return max(here)
    evaluation = case.evidence.best(task.id)
    return evaluation.n if evaluation is not None else None


def _rounding(one: Reported, other: Reported) -> float:
    """Difference that printing alone can make, truncation included."""
    return float(10.0**-one.decimals + 10.0**-other.decimals)


def _apart(one: float, other: float, n: int) -> bool:
    """Whether the 95 % intervals of two shares of ``n`` items do not overlap."""
    if not (0 <= one <= 1 and 0 <= other <= 1):
        return False
    low, high = wilson(min(one, other), n), wilson(max(one, other), n)
    return low[1] < high[0]


def _band_width(case: Case, task: Task, saved: Reported) -> float:
    compared = case.comparisons.get(task.id, saved.metric)
    if compared is None or compared.reference is None:
        raise Undecided(
            "A saved score of a trained model differs from our run, and there is no reference "
            "band to say how much training varies."
        )
    return compared.reference.high - compared.reference.low


def _reordered(case: Case, cell: int) -> bool:
    """Whether a cell that feeds this one has a later execution count."""
    counts = {each.index: each.execution_count for each in case.evidence.submission.code_cells}
    graph = case.evidence.source
    feeding = {
        each.cell
        for node in graph.nodes
        if node.cell == cell
        for each in graph.slice(node.id)
        if each.cell < cell
    }
    own = counts.get(cell)
    return own is not None and any((counts.get(each) or 0) > own for each in feeding)


def _sighting(case: Case, task: Task, found: Sequence[Stale]) -> Sighting:
    stand_in = case.lab.profile in STAND_INS
    graded = not stand_in and not task.trained
    severity: Severity = "major" if graded and _significant(found) else "review"
    return Sighting(
        severity=severity,
        confidence=Confidence.LIKELY,
        task=task.id,
        message=_message(found),
        measured="; ".join(_said(each) for each in found),
        remedy="Restart the kernel, run all cells from the top, and save the notebook.",
        sure=_sure(stand_in=stand_in, trained=task.trained),
        evidence=tuple(_ref(each) for each in found[:SHOWN]),
    )


def _significant(found: Sequence[Stale]) -> bool:
    return any(
        each.rerun is not None
        and each.n is not None
        and _apart(each.saved.value, each.rerun, each.n)
        for each in found
    )


def _message(found: Sequence[Stale]) -> str:
    first = found[0]
    metric, printed = METRICS[first.saved.metric].spoken, first.saved.printed
    if first.rerun is None:
        return f"The saved output shows {metric} {printed}, but run again the cell prints none."
    return f"Re-running gives {metric} {first.rerun:.4f}, the saved output says {printed}."


def _said(one: Stale) -> str:
    again = "not printed" if one.rerun is None else f"{one.rerun:.4f}"
    count = f", n = {one.n}" if one.n is not None else ""
    order = ", a cell it uses was run after it" if one.reordered else ""
    metric = METRICS[one.saved.metric].spoken
    return f"{metric}: saved {one.saved.printed}, re-run {again}{count}{order}"


def _sure(*, stand_in: bool, trained: bool) -> str:
    if stand_in:
        return "Our run used stand-in models, which may be the reason for the difference."
    if trained:
        return "Training varies between runs; the difference is larger than the reference band."
    return "The 95 % intervals of the two scores do not overlap."


def _ref(one: Stale) -> EvidenceRef:
    again = "not printed" if one.rerun is None else f"{one.rerun:.4f}"
    return EvidenceRef(
        kind=EvidenceKind.SAVED,
        cell=one.saved.cell,
        line=one.saved.line,
        remark=f"re-run: {again}",
    )
