"""Whether what a notebook gives bears out a metric its text states."""

from collections.abc import Iterator, Sequence

from msgspec import Struct

from grader.detect._samples import STAND_INS
from grader.model import Case, Claim, Output, metric_of
from grader.patterns import regex

NUMBER = regex(r"(?<![\w.])\d+(?:[.,]\d+)?")
"""A number as outputs spell it."""

ROUND_STEP = 0.05
"""Whole percentages on this grid (85 %, 90 %) are often rounded further than they show."""

SLACK = 0.025
"""How far such a number may lie from what was printed: half the step."""

WHOLE_PERCENT = 2
"""Decimals of a fraction that stands for a whole percentage."""

TINY = 1e-9
"""Allowance for floating-point error."""


class Known(Struct, frozen=True, kw_only=True):
    """A value of a metric the notebook is known to have given."""

    value: float
    """As a fraction."""

    decimals: int | None
    """Decimals printed; ``None`` when the value is exact."""

    task: str | None
    """Task it belongs to."""

    saved: bool
    """Whether it stands in the file handed in."""


def known_values(case: Case, claim: Claim) -> list[Known]:
    """Every value of the claim's metric that may be meant."""
    values = [
        *_printed(case, claim),
        *_recomputed(case, claim),
        *_recorded(case, claim),
        *_recorded_of_texts(case, claim),
    ]
    return [one for one in values if claim.task is None or one.task in (None, claim.task)]


def _printed(case: Case, claim: Claim) -> Iterator[Known]:
    for each in case.evidence.reported:
        if each.metric == claim.metric:
            task = each.task or case.evidence.cell_tasks.get(each.cell)
            yield Known(
                value=each.value, decimals=each.decimals, task=task, saved=each.source == "saved"
            )


def _recomputed(case: Case, claim: Claim) -> Iterator[Known]:
    for each in case.evidence.evaluations:
        for name, value in each.scores.items():
            if metric_of(name) == claim.metric:
                yield Known(value=value, decimals=None, task=each.task, saved=False)


def _recorded(case: Case, claim: Claim) -> Iterator[Known]:
    """What metric functions and the trainer returned in our run."""
    tasks = case.evidence.cell_tasks
    recording = case.evidence.recording
    for call in recording.metric_calls:
        if claim.metric in call.function and call.value is not None:
            task = tasks.get(call.cell) if call.cell is not None else None
            yield Known(value=call.value, decimals=None, task=task, saved=False)
    for trainer_call in recording.trainer_calls:
        cell = trainer_call.cell
        for name, value in trainer_call.metrics.items():
            if claim.metric in name:
                task = tasks.get(cell) if cell is not None else None
                yield Known(value=value, decimals=None, task=task, saved=False)


def _recorded_of_texts(case: Case, claim: Claim) -> Iterator[Known]:
    """What metric functions for texts returned in our run; some libraries give hundredths."""
    tasks = case.evidence.cell_tasks
    for call in case.evidence.recording.text_metrics:
        if call.value is not None and call.function.rpartition("_")[2] in claim.metric:
            task = tasks.get(call.cell) if call.cell is not None else None
            for value in (call.value, call.value / 100):
                yield Known(value=value, decimals=None, task=task, saved=False)


def is_binding(case: Case, claim: Claim, known: Sequence[Known]) -> bool:
    """Whether a mismatch would mean something.

    Values of our own run bind the text only where a run must repeat them: not after training,
    and not with stand-in models.
    """
    if claim.hedged or claim.target or claim.cited:
        return False
    own = [one for one in known if claim.task is None or one.task == claim.task]
    if any(one.saved for one in own):
        return True
    trained = any(task.trained for task in case.lab.tasks if claim.task in (None, task.id))
    return bool(own) and not trained and case.lab.profile not in STAND_INS


def is_borne_out(case: Case, claim: Claim, known: Sequence[Known]) -> bool:
    """Whether some value of the metric, or a number elsewhere in an output, is the one stated."""
    return any(_agrees(claim, one) for one in known) or _elsewhere(case, claim)


def _agrees(claim: Claim, known: Known) -> bool:
    """Whether both spell one number: their ranges of rounding or truncation meet."""
    if _coarse(claim) and abs(known.value - claim.value) <= SLACK + TINY:
        return True
    low, high = _range(claim.value, claim.decimals)
    known_low, known_high = _range(known.value, known.decimals)
    return low <= known_high + TINY and known_low <= high + TINY


def _range(value: float, decimals: int | None) -> tuple[float, float]:
    """Values that are rounded half up, or cut, to ``value``."""
    if decimals is None:
        return value, value
    unit = 10.0**-decimals
    return value - unit / 2, value + unit


def _coarse(claim: Claim) -> bool:
    steps = claim.value / ROUND_STEP
    return (
        claim.decimals <= WHOLE_PERCENT
        and claim.value < 1
        and abs(steps - round(steps)) < TINY * 1e3
    )


def _elsewhere(case: Case, claim: Claim) -> bool:
    """Whether the number stands in an output line that gives no metric, e.g. a class's row."""
    spelled = {_plain(claim.value), _plain(claim.value * 100)}
    taken = {(each.source, each.cell, each.output, each.line) for each in case.evidence.reported}
    texts = [
        text
        for source, cell, index, output in _outputs(case)
        for line, text in enumerate(output.text.splitlines(), start=1)
        if (source, cell, index, line) not in taken
    ]
    texts += [output.html or "" for _, _, _, output in _outputs(case)]
    return any(
        _plain(float(number.replace(",", "."))) in spelled
        for text in texts
        for number in NUMBER.findall(text)
    )


def _plain(value: float) -> str:
    return f"{value:.6f}"


def _outputs(case: Case) -> Iterator[tuple[str, int, int, Output]]:
    for cell in case.evidence.submission.code_cells:
        for index, output in enumerate(cell.outputs):
            yield "saved", cell.index, index, output
    for run in case.evidence.rerun:
        for index, output in enumerate(run.outputs):
            yield "rerun", run.index, index, output


def nearest_of(claim: Claim, known: Sequence[Known]) -> Known:
    """The value to show beside the claim: a saved one of its task if there is one."""
    return min(
        known,
        key=lambda one: (not one.saved, one.task != claim.task, abs(one.value - claim.value)),
    )
