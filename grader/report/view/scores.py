"""Five values per metric, as a table."""

from msgspec import Struct

from grader.model import METRICS, Comparison, Task, Value
from grader.report.text import UNKNOWN, count, cut
from grader.report.view.reading import Reading
from grader.report.view.spelling import short, spelled, title

__all__ = ["FiveCell", "FiveRow", "five"]

MAX_PRINTED = 30


class FiveCell(Struct, frozen=True):
    """One value of the table."""

    label: str
    text: str
    known: bool = True
    note: str = ""
    """The n of this value where it differs from the n of its row."""


class FiveRow(Struct, frozen=True):
    """One metric."""

    metric: str
    cells: tuple[FiveCell, ...]


def five(reading: Reading, task: Task) -> tuple[FiveRow, ...]:
    """One row per metric compared."""
    return tuple(_row(entry) for entry in reading.comparisons(task.id))


def _row(entry: Comparison) -> FiveRow:
    name = title(entry.metric)
    if entry.average and METRICS[entry.metric].averaged:
        name += f", {entry.average}"
    n = FiveCell("n", UNKNOWN if entry.n is None else count(entry.n), entry.n is not None)
    cells = (
        _claimed(entry),
        _value("Saved", entry.saved, entry),
        _value("Re-run", entry.rerun, entry),
        _value("Recomputed", entry.recomputed, entry),
        n,
        _reference(entry),
    )
    return FiveRow(name, cells)


def _claimed(entry: Comparison) -> FiveCell:
    if entry.claimed is None:
        return FiveCell("Claimed", "not stated", known=False)
    text = entry.claimed.printed or spelled(entry.metric, entry.claimed.value)
    return FiveCell("Claimed", cut(text, MAX_PRINTED), note=_other_n(entry.claimed, entry.n))


def _value(label: str, value: Value | None, entry: Comparison) -> FiveCell:
    if value is None:
        return FiveCell(label, UNKNOWN, known=False)
    return FiveCell(label, spelled(entry.metric, value.value), note=_other_n(value, entry.n))


def _other_n(value: Value, n: int | None) -> str:
    return f"n = {count(value.n)}" if value.n is not None and value.n != n else ""


def _reference(entry: Comparison) -> FiveCell:
    band = entry.reference
    if band is None:
        return FiveCell("Reference", UNKNOWN, known=False)
    note = f"n = {count(band.n)}" if band.n != entry.n else ""
    low, high = short(entry.metric, band.low), short(entry.metric, band.high)
    return FiveCell("Reference", f"{low}–{high}", note=note)  # noqa: RUF001
