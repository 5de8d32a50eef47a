"""What follows from five values."""

from collections.abc import Callable

from msgspec import Struct

from grader.compare.against import OF_THE_SET, SHARES, Against
from grader.model import (
    METRICS,
    Band,
    Claim,
    ComparisonVerdict,
    Evaluation,
    MetricName,
    Paired,
    ReferenceTask,
    Reported,
    Task,
)
from grader.model.interval import wilson

__all__ = ["Row", "changed_from", "decide", "different", "interval", "rounds_to", "unexplained_by"]

FINEST = 1e-6
"""Numbers are compared no more finely: a mean of 32-bit floats prints as 0.925000011920929."""

BY_CHANCE = 0.05
"""Level of McNemar's test: how often models that are right equally often are told apart."""

FEW = 25
"""Items on which just one of two is right, below which McNemar's test is taken exactly."""

Prompts = tuple[str, ...] | None


class Row(Struct, frozen=True, kw_only=True):
    """Everything a verdict on one metric rests on."""

    task: Task
    metric: MetricName
    best: Evaluation | None
    ran: bool
    claimed: Claim | None
    saved: Reported | None
    rerun: Reported | None
    recomputed: float | None
    accepted: tuple[float, ...]
    """The recomputed score, and what other conventions of the same metric make of it."""

    band: Band | None
    average: str | None
    against: Against | None = None
    """What the reference says of the recomputed score."""

    reference: ReferenceTask | None = None
    """What the reference evaluated."""

    other_assets: str | None = None
    """Which asset the reference had in another version."""

    prompts: Callable[[], Prompts] = lambda: None
    """Reads the texts the notebook hands to the model, which only a doubtful score needs."""


def decide(row: Row) -> tuple[ComparisonVerdict, str]:
    """The verdict and the sentence that gives its reason."""
    if not row.ran:
        return "not-evaluated", "The notebook was not run."
    if row.best is None:
        if row.rerun is None:
            return "not-evaluated", "No evaluation of this task was recorded in our run."
        return "not-evaluated", "The recorder did not see what the printed score was computed from."
    if differs := unexplained_by(row) or changed_from(row):
        return "not-reproduced", differs
    if wanting := different(row.task, row.best, row.recomputed) or _other_reference(row, row.best):
        return "not-comparable", wanting
    if row.against is None or row.recomputed is None:
        return "agrees", "The values agree; no reference was compared with."
    verdict, why = _against(row, row.recomputed, row.against)
    if verdict != "within-band" and (other := _other_prompts(row)):
        return "not-comparable", other
    return verdict, why


def unexplained_by(row: Row) -> str | None:
    """Why the recorded predictions do not give the printed number, if they do not."""
    if row.rerun is None or row.recomputed is None:
        return None
    if any(rounds_to(value, row.rerun) for value in row.accepted):
        return None
    return (
        f"The notebook printed {row.rerun.printed}; from the recorded predictions it is "
        f"{row.recomputed:.4f}."
    )


def changed_from(row: Row) -> str | None:
    """Why our run does not give the saved number, if it does not."""
    if row.saved is None or row.rerun is None:
        return None
    allowed = row.band.high - row.band.low if row.task.trained and row.band else 0.0
    precision = 10 ** -min(row.saved.decimals, row.rerun.decimals)
    if abs(row.saved.value - row.rerun.value) <= allowed + precision:
        return None
    return f"The saved output says {row.saved.printed}, our run printed {row.rerun.printed}."


def different(task: Task, best: Evaluation, recomputed: float | None) -> str | None:
    """Why an evaluation is not what the task asks for, if it is not."""
    if best.is_training_data:
        return "The score was computed on the data the model was trained on."
    if best.split is not None and best.split != task.split:
        return f"The score was computed on the {best.split} split, not on {task.split}."
    if best.n < task.min_n:
        return f"The score rests on {_count(best.n, 'item')}; at least {task.min_n} are needed."
    if recomputed is None:
        return "The predictions behind the score were not recorded."
    return None


def _other_reference(row: Row, best: Evaluation) -> str | None:
    """Why the evaluation is not that of the reference, if it is not."""
    if row.band is None or row.reference is None:
        return None
    if row.other_assets:
        return row.other_assets
    there = row.reference
    for what, theirs, ours in (
        ("model", there.model, best.model),
        ("dataset", there.dataset, best.dataset),
    ):
        if theirs is not None and ours is not None and theirs != ours:
            return f"The score is of the {what} {ours}, the reference's of {theirs}."
    if row.metric in OF_THE_SET and best.n != there.n:
        return (
            f"{METRICS[row.metric].title} depends on how many items there are: "
            f"{best.n:,} here, {there.n:,} in the reference."
        )
    return None


def _other_prompts(row: Row) -> str | None:
    """Which prompts differ from the reference's, if that is known of both."""
    theirs = row.reference.prompts if row.reference else None
    if row.task.trained or theirs is None:
        return None
    ours = row.prompts()
    if ours is None or {*ours} == {*theirs}:
        return None
    own = [each for each in ours if each not in theirs] or [ours[0]]
    missing = [each for each in theirs if each not in ours] or [theirs[0]]
    return f"Other prompts: {_quoted(own[0])} here, {_quoted(missing[0])} in the reference."


def _quoted(text: str) -> str:
    return f'"{text if len(text) <= 60 else text[:57] + "..."}"'


def _count(n: int, noun: str) -> str:
    return f"{n:,} {noun}" if n == 1 else f"{n:,} {noun}s"


def _against(row: Row, value: float, against: Against) -> tuple[ComparisonVerdict, str]:
    found, band = against.difference, against.band
    if found is None:
        return _without_test(row, value, against)
    said = (
        f"{value:.4f} on other items than the reference's {band.low:.4f} to {band.high:.4f}: "
        f"the difference lies between {found.low:+.4f} and {found.high:+.4f}"
    )
    if found.worse:
        return "below-band", f"{said}, below the margin of {found.margin:.4f}."
    if found.better:
        return "above-band", f"{said}, above the margin of {found.margin:.4f}."
    if found.equivalent:
        return "within-band", f"{said}, within the margin of {found.margin:.4f}."
    return "within-band", f"{said}; these items are too few to tell it from the reference."


def _without_test(row: Row, value: float, against: Against) -> tuple[ComparisonVerdict, str]:
    """The same items; or others, where nothing tells how much of a difference is chance."""
    band = against.band
    if against.same_items or band.low <= value <= band.high:
        return _on_the_same(row, value, against)
    return "not-comparable", (
        f"{value:.4f} lies outside the reference band {band.low:.4f} to {band.high:.4f}, but on "
        "other items, and what each of them scored is not known."
    )


def _on_the_same(row: Row, value: float, against: Against) -> tuple[ComparisonVerdict, str]:
    """Compare with the band; a difference that may be chance is none."""
    band, pair = against.band, against.paired
    span = f"{band.low:.4f} to {band.high:.4f}"
    test = f" (McNemar's test: p = {pair.p:.2g})" if pair else ""
    if band.low <= value <= band.high:
        same = pair.same if pair else None
        alike = "" if same is None else f" {same:.1%} of the answers are the reference's."
        return "within-band", f"{value:.4f} agrees with the reference band {span}.{alike}"
    where = "above" if value > band.high else "below"
    if pair is not None and _by_chance(row.metric, pair):
        return (
            "within-band",
            f"{value:.4f} lies {where} the reference band {span}, which may be chance{test}.",
        )
    said = f"{value:.4f} lies {where} the reference band {span}{test}."
    return ("above-band" if where == "above" else "below-band"), said


def _by_chance(metric: MetricName, pair: Paired) -> bool:
    """Whether the items on which just one is right may have fallen so by chance.

    The test is of accuracies. Averages over classes can move while it sees nothing, so there it
    counts only where few items differ at all.
    """
    few = pair.only_submission + pair.only_reference < FEW
    return pair.p >= BY_CHANCE and (metric in SHARES or few)


def interval(value: float | None, n: int | None) -> tuple[float, float] | None:
    """95 % Wilson interval of an accuracy; ``None`` when it or its n is unknown."""
    return None if value is None or not n else wilson(value, n)


def rounds_to(value: float, number: Reported) -> bool:
    """Whether ``value`` printed with the decimals of ``number`` is that number.

    Rounding half up, half to even and cutting off are all accepted.
    """
    unit: float = max(10.0**-number.decimals, FINEST)
    return number.value - 0.5 * unit - 1e-9 <= value < number.value + unit + 1e-9
