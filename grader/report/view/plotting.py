"""Five values per metric, as a plot."""

from msgspec import Struct

from grader.model import METRICS, Comparison, Task
from grader.report.charts import Axis, scale
from grader.report.text import count, listing
from grader.report.view.reading import Reading, task_name
from grader.report.view.spelling import in_hundredths, metric_name, short, spelled, title

__all__ = ["Plot", "PlotRow", "plot"]

_HIGHEST = 2.0
"""Metrics that reach beyond it would press all others against the left edge."""


class PlotRow(Struct, frozen=True, kw_only=True):
    """Places of one metric's marks; ``None`` where there is nothing to draw."""

    name: str
    band: tuple[str, str] | None
    interval: tuple[str, str] | None
    claimed: str | None
    recomputed: str | None


class Plot(Struct, frozen=True, kw_only=True):
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


def plot(reading: Reading, task: Task) -> Plot | None:
    """The plot, or ``None`` where no interval and no band is known."""
    drawn = [
        entry
        for entry in reading.comparisons(task.id)
        if entry.recomputed is not None
        and (entry.interval or entry.reference)
        and METRICS[entry.metric].highest <= _HIGHEST
    ]
    if not drawn:
        return None
    axis = scale(
        (value for entry in drawn for value in _values(entry)),
        hundredths=all(in_hundredths(entry.metric) for entry in drawn),
    )
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
        name=title(entry.metric),
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
        parts = (
            [f"recomputed {spelled(entry.metric, entry.recomputed.value)}"]
            if entry.recomputed
            else []
        )
        if entry.claimed:
            parts.append(
                f"claimed {entry.claimed.printed or spelled(entry.metric, entry.claimed.value)}"
            )
        if entry.interval:
            parts.append(f"interval {_range(entry, *entry.interval)}")
        if entry.reference:
            band = entry.reference
            parts.append(f"reference band {_range(entry, band.low, band.high)}")
        rows.append(f"{title(entry.metric)}: {', '.join(parts)}.")
    low, high = axis.ends
    return f"Band chart from {low} to {high}. {' '.join(rows)}"


def _range(entry: Comparison, low: float, high: float) -> str:
    return f"{short(entry.metric, low)} to {short(entry.metric, high)}"


def _caption(drawn: list[Comparison], axis: Axis, task: Task) -> str:
    known = next((each for each in drawn if each.interval and each.recomputed and each.n), None)
    parts = [_implied(known, task)] if known else []
    if axis.low > 0 or axis.high < 1:
        low, high = axis.ends
        parts.append(f"The axis starts at {low} and ends at {high}.")
    left_out = [title(each) for each in task.metrics if METRICS[each].highest > _HIGHEST]
    if left_out:
        parts.append(f"{listing(left_out)} has another scale and is not drawn.")
    return " ".join(parts)


def _implied(known: Comparison, task: Task) -> str:
    """What the interval says; a metric that is no share of items has another than Wilson's."""
    low, high = known.interval or (0.0, 1.0)
    value = known.recomputed.value if known.recomputed else None
    name, metric = f"{task_name(task)} {metric_name(known.metric)}", known.metric
    which = "95% Wilson interval" if metric == "accuracy" else "95% interval"
    return (
        f"With n = {count(known.n or 0)}, the {name} of {spelled(metric, value)} fits every true "
        f"{metric_name(metric)} from {spelled(metric, low)} to {spelled(metric, high)} ({which})."
    )
