"""Saved numbers that running the notebook again does not bear out."""

from collections.abc import Iterator, Mapping

from msgspec import Struct
from msgspec.structs import replace

from grader.detect.api import Undecided
from grader.model import METRICS, Case, CellRun, Figure, MetricName, Reported, Task
from grader.model.interval import wilson

WORDS: Mapping[MetricName, str] = {
    "accuracy": "acc", "precision": "prec", "recall": "rec", "f1": "f1", "top5_accuracy": "top",
    "image_to_text_recall_at_1": "r", "image_to_text_recall_at_5": "r",
    "text_to_image_recall_at_1": "r", "text_to_image_recall_at_5": "r",
    "similarity_score": "s", "bleu1": "bleu", "bleu2": "bleu", "bleu3": "bleu", "bleu4": "bleu",
    "meteor": "meteor", "cider": "cider", "vqa_accuracy": "vqa", "exact_match": "match",
}  # fmt: skip
"""Shortest spelling of each metric; a cell that prints it still names the metric."""

UNLIKELY = 0.15
"""Difference that training once more hardly makes, where no reference band says how much it does.
Chosen."""

NO_BAND = (
    "A saved score of a trained model differs from our run, and there is no reference band to say "
    "how much training varies."
)
"""Why a moderate difference is left to a person."""


class Stale(Struct, frozen=True, kw_only=True):
    """A saved number that the re-run does not bear out."""

    name: str
    """What it is called."""

    printed: str
    """The number in the file, as it stands there."""

    value: float
    """The same as a fraction."""

    cell: int
    """Cell it stands in."""

    line: int
    """One-based line of the output."""

    rerun: float | None
    """The number of our run; ``None`` when the cell no longer prints this metric."""

    n: int | None
    """Items scored."""

    reordered: bool = False
    """Whether a cell it depends on was run again after it."""

    unbanded: bool = False
    """Whether it is of a trained model, of which no band says how much it varies."""

    @property
    def is_significant(self) -> bool:
        """Whether the two scores differ by more than the number of items explains."""
        known = self.rerun is not None and self.n is not None
        return known and apart(self.value, self.rerun or 0.0, self.n or 0)


def task_of(case: Case, number: Reported | Figure) -> Task | None:
    """The task of the lab a number belongs to."""
    cell = number.place.cell if isinstance(number, Figure) else number.cell
    name = number.task or case.evidence.cell_tasks.get(cell)
    return next((task for task in case.lab.tasks if task.id == name), None)


def stale(case: Case, saved: Reported, task: Task) -> Iterator[Stale]:
    """A saved metric of the lab, where our run gives another one or none.

    Raises:
        Undecided: If something else may be the reason.
    """
    ran = _ran(case, saved.cell)
    if ran is None:
        return
    again = _again(case, saved)
    if not again:
        if _no_longer_printed(case, saved, ran):
            yield _unless_failed_before(case, _found(saved, None, None))
        return
    nearest = min(again, key=lambda one: abs(one.value - saved.value))
    n = _items(case, saved.cell, task) or saved.n
    if n is None or _alike(saved, nearest) or METRICS[saved.metric].highest > 1:
        return
    one = _found(saved, nearest.value, n)
    yield from _judged(case, one, task, _band_width(case, task, saved))


def stale_figure(case: Case, saved: Figure, task: Task) -> Iterator[Stale]:
    """The same of a score that is no metric of the lab: its cell prints it by the same name."""
    again = [
        each.value
        for each in case.evidence.figures
        if each.place.source == "rerun"
        and (each.place.cell, each.name, each.metric)
        == (saved.place.cell, saved.name, saved.metric)
    ]
    n = _items(case, saved.place.cell, task) or saved.n
    if not again or n is None or _ran(case, saved.place.cell) is None:
        return
    nearest = min(again, key=lambda value: abs(value - saved.value))
    if abs(nearest - saved.value) > 2 * 10.0 ** -min(saved.decimals, 12):
        one = Stale(
            name=saved.name, printed=saved.printed, value=saved.value, cell=saved.place.cell,
            line=saved.place.line, rerun=nearest, n=n,
        )  # fmt: skip
        yield from _judged(case, one, task, None)


def _judged(case: Case, one: Stale, task: Task, band: float | None) -> Iterator[Stale]:
    """The difference, unless training or chance explains it."""
    gap = abs((one.rerun or 0.0) - one.value)
    reordered = not task.trained and _reordered(case, one.cell)
    one = replace(one, reordered=reordered)
    if not one.is_significant:
        if reordered:
            yield _unless_failed_before(case, one)
        return
    if task.trained and band is None and gap < UNLIKELY:
        raise Undecided(NO_BAND)
    if not task.trained or band is None or gap > band:
        yield _unless_failed_before(case, replace(one, unbanded=task.trained and band is None))


def _found(saved: Reported, rerun: float | None, n: int | None) -> Stale:
    return Stale(
        name=METRICS[saved.metric].spoken, printed=saved.printed, value=saved.value,
        cell=saved.cell, line=saved.line, rerun=rerun, n=n,
    )  # fmt: skip


def _alike(one: Reported, other: Reported) -> bool:
    """Whether two numbers differ by no more than printing alone can make, truncation included."""
    rounding = float(10.0**-one.decimals + 10.0**-other.decimals)
    return abs(one.value - other.value) <= rounding


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
        run.index for run in case.evidence.rerun if run.index < one.cell and run.outcome != "ok"
    ]
    if failed:
        raise Undecided(
            "A saved score differs from our run, but a cell before it failed in our run, "
            "which may be the reason."
        )
    return one


def _items(case: Case, cell: int, task: Task) -> int | None:
    """Items scored: in our run, else as the submission states them."""
    here = [each.n for each in case.evidence.evaluations if each.cell == cell]
    if here:
        return max(here)
    evaluation = case.evidence.best(task.id)
    if evaluation is not None:
        return evaluation.n
    stated = [
        each.n
        for each in case.evidence.stated
        if each.n is not None and (each.cell == cell or each.task == task.id)
    ]
    return min(stated, default=None)


def apart(one: float, other: float, n: int) -> bool:
    """Whether the 95 % intervals of two shares of ``n`` items do not overlap."""
    if not (0 <= one <= 1 and 0 <= other <= 1):
        return False
    low, high = wilson(min(one, other), n), wilson(max(one, other), n)
    return low[1] < high[0]


def _band_width(case: Case, task: Task, saved: Reported) -> float | None:
    compared = case.comparisons.get(task.id, saved.metric)
    if compared is None or compared.reference is None:
        return None
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
