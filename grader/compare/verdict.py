"""What follows from five values."""

from dataclasses import dataclass

from grader.model import Band, Claim, ComparisonVerdict, Evaluation, Reported, Task
from grader.model.interval import wilson

__all__ = ["Row", "changed_from", "decide", "interval", "rounds_to", "unexplained_by"]

FINEST = 1e-6
"""Numbers are compared no more finely: a mean of 32-bit floats prints as 0.925000011920929."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """Everything a verdict on one metric rests on."""

    task: Task
    best: Evaluation | None
    ran: bool
    claimed: Claim | None
    saved: Reported | None
    rerun: Reported | None
    recomputed: float | None
    band: Band | None
    average: str | None


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
    if different := _different(row):
        return "not-comparable", different
    if row.band is None or row.recomputed is None:
        return "agrees", "The values agree; no reference was compared with."
    return _against(row.recomputed, row.best.n, row.band)


def unexplained_by(row: Row) -> str | None:
    """Why the recorded predictions do not give the printed number, if they do not."""
    if row.rerun is None or row.recomputed is None or rounds_to(row.recomputed, row.rerun):
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


def _different(row: Row) -> str | None:
    """Why the evaluation is not that of the reference, if it is not."""
    best = row.best
    if best is None:
        return None
    if best.is_training_data:
        return "The score was computed on the data the model was trained on."
    if best.split is not None and best.split != row.task.split:
        return f"The score was computed on the {best.split} split, not on {row.task.split}."
    if best.n < row.task.min_n:
        return f"The score rests on {_count(best.n, 'item')}; at least {row.task.min_n} are needed."
    if row.recomputed is None:
        return "The predictions behind the score were not recorded."
    return None


def _count(n: int, noun: str) -> str:
    return f"{n:,} {noun}" if n == 1 else f"{n:,} {noun}s"


def _against(value: float, n: int, band: Band) -> tuple[ComparisonVerdict, str]:
    """Compare with the band, widened by the sampling error when the test items differ."""
    low, high = band.low, band.high
    around = interval(value, n) if n != band.n else None
    bottom, top = around or (value, value)
    span = f"{low:.4f} to {high:.4f}"
    if bottom > high:
        return "above-band", f"{value:.4f} lies above the reference band {span}."
    if top < low:
        return "below-band", f"{value:.4f} lies below the reference band {span}."
    return "within-band", f"{value:.4f} agrees with the reference band {span}."


def interval(value: float | None, n: int | None) -> tuple[float, float] | None:
    """95 % Wilson interval of an accuracy; ``None`` when it or its n is unknown."""
    return None if value is None or not n else wilson(value, n)


def rounds_to(value: float, number: Reported) -> bool:
    """Whether ``value`` printed with the decimals of ``number`` is that number.

    Rounding half up, half to even and cutting off are all accepted.
    """
    unit: float = max(10.0**-number.decimals, FINEST)
    return number.value - 0.5 * unit - 1e-9 <= value < number.value + unit + 1e-9
