"""Five values per metric, as a table and as a plot."""

from dataclasses import dataclass

from grader.model import Comparison, Task, Value
from grader.report.charts import Axis, scale
from grader.report.text import UNKNOWN, count, cut, number
from grader.report.view.reading import Reading, task_name

__all__ = ["METRICS", "FiveCell", "FiveRow", "Plot", "PlotRow", "five", "plot"]

MAX_PRINTED = 30
METRICS = {"accuracy": "Accuracy", "precision": "Precision", "recall": "Recall", "f1": "F1"}


@dataclass(frozen=True, slots=True)
class FiveCell:
    """One value of the table."""

    label: str
    text: str
    known: bool = True
    note: str = ""
    """The n of this value where it differs from the n of its row."""


@dataclass(frozen=True, slots=True)
class FiveRow:
    """One metric."""

    metric: str
    cells: tuple[FiveCell, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PlotRow:
    """Places of one metric's marks; ``None`` where there is nothing to draw."""

    name: str
    band: tuple[str, str] | None
    interval: tuple[str, str] | None
    claimed: str | None
    recomputed: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Plot:
    """Interval against reference band, one row per metric."""

    label: str
    rows: tuple[PlotRow, ...]
    axis: Axis
    chance: str | None
    guessing: str
    band: str
    """Legend of the band, empty when there is none."""

    caption: str

    @property
    def has_interval(self) -> bool:
        """Whether the legend needs the interval."""
        return any(row.interval for row in self.rows)

    @property
    def has_claim(self) -> bool:
        """Whether the legend needs the claimed value."""
        return any(row.claimed for row in self.rows)


def five(reading: Reading, task: Task) -> tuple[FiveRow, ...]:
    """One row per metric compared."""
    return tuple(_row(entry) for entry in reading.comparisons(task.id))


def _row(entry: Comparison) -> FiveRow:
    name = METRICS[entry.metric]
    if entry.average and entry.metric != "accuracy":
        name += f", {entry.average}"
    n = FiveCell("n", UNKNOWN if entry.n is None else count(entry.n), entry.n is not None)
    cells = (
        _claimed(entry),
        _value("Saved", entry.saved, entry.n),
        _value("Re-run", entry.rerun, entry.n),
        _value("Recomputed", entry.recomputed, entry.n),
        n,
        _reference(entry),
    )
    return FiveRow(name, cells)


def _claimed(entry: Comparison) -> FiveCell:
    if entry.claimed is None:
        return FiveCell("Claimed", "not stated", known=False)
    spelled = entry.claimed.printed or number(entry.claimed.value)
    return FiveCell("Claimed", cut(spelled, MAX_PRINTED), note=_other_n(entry.claimed, entry.n))


def _value(label: str, value: Value | None, n: int | None) -> FiveCell:
    if value is None:
        return FiveCell(label, UNKNOWN, known=False)
    return FiveCell(label, number(value.value), note=_other_n(value, n))


def _other_n(value: Value, n: int | None) -> str:
    return f"n = {count(value.n)}" if value.n is not None and value.n != n else ""


def _reference(entry: Comparison) -> FiveCell:
    band = entry.reference
    if band is None:
        return FiveCell("Reference", UNKNOWN, known=False)
    note = f"n = {count(band.n)}" if band.n != entry.n else ""
    return FiveCell("Reference", f"{_short(band.low)}–{_short(band.high)}", note=note)  # noqa: RUF001


def _short(value: float) -> str:
    return f"{value:.3f}"


def plot(reading: Reading, task: Task) -> Plot | None:
    """The plot, or ``None`` where no interval and no band is known."""
    drawn = [
        entry
        for entry in reading.comparisons(task.id)
        if entry.recomputed is not None and (entry.interval or entry.reference)
    ]
    if not drawn:
        return None
    axis = scale(value for entry in drawn for value in _values(entry))
    chance = 1 / task.classes if task.classes else None
    shown = chance if chance is not None and axis.low <= chance <= axis.high else None
    return Plot(
        label=_label(drawn, axis),
        rows=tuple(_plot_row(entry, axis) for entry in drawn),
        axis=axis,
        chance=axis.at(shown) if shown is not None else None,
        guessing=f"Guessing, {shown:.2f}" if shown is not None else "",
        band=_band_legend(drawn),
        caption=_caption(drawn, axis, task),
    )


def _values(entry: Comparison) -> list[float]:
    found = [value.value for value in (entry.recomputed, entry.claimed) if value is not None]
    found += entry.interval or ()
    found += [entry.reference.low, entry.reference.high] if entry.reference else []
    return [value for value in found if 0 <= value <= 1]


def _plot_row(entry: Comparison, axis: Axis) -> PlotRow:
    band, claimed = entry.reference, entry.claimed
    return PlotRow(
        name=METRICS[entry.metric],
        band=axis.span(band.low, band.high) if band else None,
        interval=(axis.at(entry.interval[0]), axis.at(entry.interval[1]))
        if entry.interval
        else None,
        claimed=axis.at(claimed.value) if claimed and 0 <= claimed.value <= 1 else None,
        recomputed=axis.at(entry.recomputed.value) if entry.recomputed else None,
    )


def _band_legend(drawn: list[Comparison]) -> str:
    sizes = sorted({entry.reference.n for entry in drawn if entry.reference})
    return f"Reference band, n = {count(sizes[0])}" if sizes else ""


def _label(drawn: list[Comparison], axis: Axis) -> str:
    rows = []
    for entry in drawn:
        parts = [f"recomputed {number(entry.recomputed.value)}"] if entry.recomputed else []
        if entry.claimed:
            parts.append(f"claimed {entry.claimed.printed or number(entry.claimed.value)}")
        if entry.interval:
            parts.append(f"interval {entry.interval[0]:.2f} to {entry.interval[1]:.2f}")
        if entry.reference:
            band = entry.reference
            parts.append(f"reference band {_short(band.low)} to {_short(band.high)}")
        rows.append(f"{METRICS[entry.metric]}: {', '.join(parts)}.")
    return f"Band chart from {axis.low:g} to {axis.high:g}. {' '.join(rows)}"


def _caption(drawn: list[Comparison], axis: Axis, task: Task) -> str:
    parts = []
    known = next((each for each in drawn if each.interval and each.recomputed and each.n), None)
    if known and known.interval and known.recomputed and known.n is not None:
        low, high = known.interval
        parts.append(
            f"With n = {count(known.n)}, the {task_name(task)} {known.metric} of "
            f"{number(known.recomputed.value)} fits every true {known.metric} from "
            f"{low:.4f} to {high:.4f} (95% Wilson interval)."
        )
    if axis.low > 0 or axis.high < 1:
        parts.append(f"The axis starts at {axis.low:g} and ends at {axis.high:g}.")
    return " ".join(parts)
