"""Metrics in tables."""

import re
from collections.abc import Iterator

from msgspec import Struct

from grader.evidence import numbers, vocabulary
from grader.evidence.naming import TaskNames
from grader.evidence.numbers import Quantity
from grader.evidence.spelling import spelled_out
from grader.evidence.tables import Row, Table, TableCell
from grader.model import Average, MetricName
from grader.patterns import regex

_WORD = regex(r"[^\W\d_]+")
_NEUTRAL = vocabulary.words(vocabulary.NEUTRAL)
_FILLERS = vocabulary.words(vocabulary.FILLERS)
_PER_CLASS = vocabulary.words(vocabulary.PER_CLASS)
_PROGRESS = vocabulary.phrases(vocabulary.PROGRESS)
_AVERAGED = regex(r"(?P<average>macro|weighted|micro)[ _](?:avg|average)", re.IGNORECASE)
_SUPPORT = {"support", "n", "samples", "images"}
_STATISTICS = {"std", "25%", "75%"}
_LONGEST_LABEL = 80


class Reading(Struct, frozen=True, kw_only=True):
    """One metric in one cell of a table."""

    metric: MetricName
    """Which metric."""

    quantity: Quantity
    """The number; its offsets count from the start of the cell's text."""

    offset: int
    """Where the cell's text starts in what was read."""

    line: int
    """Zero-based line of the row."""

    average: Average | None = None
    """Averaging the row, the column or the label names."""

    n: int | None = None
    """The row's support."""

    label: str = ""
    """Row label and column header, which may name a task."""


class Measure(Struct, frozen=True, kw_only=True):
    """What a header or a label names."""

    metric: MetricName
    average: Average | None
    percent: bool


def measure(text: str, names: TaskNames) -> Measure | None:
    """The metric a header or label names, when it says nothing else of importance."""
    folded = numbers.fold(text.strip(" *_`:#|'\""))
    short = len(folded) <= _LONGEST_LABEL
    found = numbers.mentions(folded, known=names.metrics) if short else ()
    if len(found) != 1:
        return None
    rest = f"{folded[: found[0].start]} {folded[found[0].end :]}"
    for naming in reversed(names.namings(rest)):
        rest = rest[: naming.start] + " " + rest[naming.end :]
    strange = {word.lower() for word in _WORD.findall(rest)} - _FILLERS
    if strange or re.search(r"\d", rest):
        return None
    return Measure(
        metric=found[0].metric,
        average=numbers.average_of(rest),
        percent="%" in rest or "percent" in rest.lower(),
    )


def readings(table: Table, names: TaskNames) -> tuple[Reading, ...]:
    """Every metric of a table that is a score of a whole task.

    Rows of single classes are left out, as are columns and rows of an unknown name: a table may
    quote anything.
    """
    return tuple(each for part in spelled_out(table) for each in _readings(part, names))


def _readings(table: Table, names: TaskNames) -> tuple[Reading, ...]:
    labels = {row.cells[0].text.lower() for row in table.rows}
    if labels & _STATISTICS:
        return ()
    by_column = {
        index: found
        for index, text in enumerate(table.header)
        if (found := measure(text, names)) is not None
    }
    by_row = [(row, found) for row in table.rows if (found := _measure_of(row, names)) is not None]
    if any(_AVERAGED.search(text) for text in table.header):
        return tuple(_transposed_report(table, by_row))
    if by_column and not by_row:
        return tuple(_column_readings(table, by_column, names))
    if by_column:
        return tuple(_report(table, by_column))
    return tuple(_row_readings(table, by_row, names))


def _column_readings(
    table: Table, by_column: dict[int, Measure], names: TaskNames
) -> Iterator[Reading]:
    if any(_is_report_row(row) for row in table.rows) or _support(table) is not None:
        yield from _report(table, by_column)
        return
    before = range(min(by_column))
    progress = any(_PROGRESS.search(text) for text in table.header)
    if any(table.header[index].lower() in _PER_CLASS for index in before):
        return
    labels = [index for index in before if _is_label_column(table, index)]
    for row in table.rows:
        label = " ".join(row.cells[index].text for index in labels)
        # Rows without a name may be classes; those of a training log are not.
        named = bool(label.strip()) or progress or len(table.rows) == 1
        if named and _is_plain(label, names):
            for index, each in by_column.items():
                yield from _reading(row, index, each, label=f"{label} {table.header[index]}")


def _report(table: Table, by_column: dict[int, Measure]) -> Iterator[Reading]:
    """A classification report: only its rows on all classes."""
    support = _support(table)
    for row in table.rows:
        label = row.cells[0].text.lower()
        n = _whole(row.cells[support]) if support is not None else None
        if averaged := _AVERAGED.fullmatch(label):
            average = numbers.average_of(averaged["average"])
            for index, each in by_column.items():
                given = Measure(metric=each.metric, average=average, percent=each.percent)
                yield from _reading(row, index, given, n=n)
        elif label == "accuracy":
            given = Measure(metric="accuracy", average=None, percent=False)
            yield from _reading(row, max(by_column), given, n=n)


def _transposed_report(table: Table, by_row: list[tuple[Row, Measure]]) -> Iterator[Reading]:
    """A classification report with the classes as columns."""
    sizes = [row for row in table.rows if row.cells[0].text.lower() in _SUPPORT]
    for index, header in enumerate(table.header):
        averaged = _AVERAGED.fullmatch(header.strip())
        n = _whole(sizes[0].cells[index]) if sizes and averaged else None
        if averaged:
            average = numbers.average_of(averaged["average"])
            for row, each in by_row:
                given = Measure(metric=each.metric, average=average, percent=each.percent)
                yield from _reading(row, index, given, n=n)
        elif header.strip().lower() == "accuracy" and by_row:
            given = Measure(metric="accuracy", average=None, percent=False)
            yield from _reading(by_row[0][0], index, given)


def _row_readings(
    table: Table, by_row: list[tuple[Row, Measure]], names: TaskNames
) -> Iterator[Reading]:
    width = len(table.header)
    for row, each in by_row:
        for index in range(_label_index(row) + 1, width):
            header = table.header[index]
            if _is_plain(header, names):
                given = Measure(
                    metric=each.metric,
                    average=each.average or numbers.average_of(header),
                    percent=each.percent or "%" in header,
                )
                label = f"{row.cells[_label_index(row)].text} {header}"
                yield from _reading(row, index, given, label=label)


def _reading(
    row: Row, index: int, given: Measure, *, n: int | None = None, label: str = ""
) -> Iterator[Reading]:
    cell = row.cells[index]
    quantity = _only_number(cell)
    if quantity is None or (quantity.whole and quantity.value > 100):
        return
    yield Reading(
        metric=given.metric,
        quantity=numbers.in_unit(
            quantity.as_percent() if given.percent else quantity, given.metric
        ),
        offset=cell.start,
        line=row.line,
        average=given.average,
        n=n,
        label=label,
    )


def _only_number(cell: TableCell) -> Quantity | None:
    """The number a cell consists of, emphasis aside; ``None`` for anything else."""
    text = numbers.fold(cell.text)
    found = numbers.quantities(text) if len(text) <= 40 else ()
    if len(found) != 1:
        return None
    rest = text[: found[0].start] + text[found[0].end :]
    return None if rest.strip(" *_`$()\\") else found[0]


def _measure_of(row: Row, names: TaskNames) -> Measure | None:
    return measure(row.cells[_label_index(row)].text, names)


def _label_index(row: Row) -> int:
    """The label stands first, or second behind the index pandas prints."""
    return 1 if row.cells[0].text.isdigit() and len(row.cells) > 2 else 0


def _is_label_column(table: Table, index: int) -> bool:
    if _PROGRESS.search(table.header[index]):
        return False
    return any(row.cells[index].text and not _only_number(row.cells[index]) for row in table.rows)


def _is_report_row(row: Row) -> bool:
    return _AVERAGED.fullmatch(row.cells[0].text) is not None


def _support(table: Table) -> int | None:
    found = [index for index, text in enumerate(table.header) if text.lower() == "support"]
    return found[0] if found else None


def _whole(cell: TableCell) -> int | None:
    quantity = _only_number(cell)
    if quantity is None or quantity.percent or quantity.value < 1 or quantity.value % 1:
        return None
    return int(quantity.value)


def _is_plain(label: str, names: TaskNames) -> bool:
    """Whether a label names a task, or nothing in particular."""
    if names.named(label):
        return names.only(label) is not None
    return {word.lower() for word in _WORD.findall(label)} <= _NEUTRAL | {"vs"}
