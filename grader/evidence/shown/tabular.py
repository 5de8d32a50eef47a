"""Numbers in tables of outputs: HTML, and text in columns."""

import re
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from math import isfinite

from msgspec.structs import replace

from grader.evidence import numbers
from grader.evidence.naming import TaskNames
from grader.evidence.numbers import Quantity
from grader.evidence.readings import Reading, readings
from grader.evidence.shown.cells import GridNumber, number_in
from grader.evidence.shown.draft import Draft, named
from grader.evidence.shown.grids import Grid
from grader.evidence.shown.meaning import is_in_milliseconds, meaning
from grader.evidence.shown.units import in_seconds, measured_at
from grader.evidence.tables import Row, Table
from grader.patterns import regex

__all__ = ["grid_of", "of_grid", "of_table", "rows_of"]

_PLACE = regex(r"epoch|step|iteration|fold|batch", re.IGNORECASE)
_SUPPORT = regex(r"support|n|samples|images", re.IGNORECASE)
_INDEX = regex(r"\d{1,9}")
_LONGEST_CELL = 60
_MOST_ROWS = 2_000


def of_grid(grid: Grid, text: str) -> Iterator[Draft]:
    """The numbers of a table in text whose columns have names.

    Without headers a number of a row of several has no name, and is left to the reader of lines.

    Args:
        grid: A table that is no matrix and not in brackets.
        text: The text it was found in.
    """
    if not grid.columns:
        return
    support = next((i for i, text in enumerate(grid.columns) if _SUPPORT.fullmatch(text)), None)
    captions = grid.rows or tuple("" for _ in grid.cells)
    for line, caption, row in zip(grid.lines, captions, grid.cells, strict=True):
        n = int(row[support].value) if support is not None and _is_count(row[support]) else None
        for header, cell in zip(grid.columns, row, strict=True):
            if not isfinite(cell.value):
                continue
            yield _draft(
                _quantity(cell, text),
                name=_name(caption, header),
                line=line,
                start=cell.start,
                context=f"{caption} {grid.title} {header}",
                n=n,
            )


def of_table(
    table: Table, names: TaskNames, line_of: Callable[[str, int], int]
) -> Iterator[tuple[Draft, Reading | None]]:
    """The numbers of an HTML table, each with the lab's metric it is read as.

    A number whose row has no caption and whose header says nothing known is data, and left out.

    Args:
        table: The table.
        names: Words of the lab.
        line_of: Line of the text that shows this number in this row.
    """
    known: dict[tuple[int, str], list[Reading]] = {}
    for each in readings(table, names):
        known.setdefault((each.line, each.quantity.printed), []).append(each)
    support = next((i for i, text in enumerate(table.header) if text.lower() == "support"), None)
    logged = any("validation loss" in text.lower() for text in table.header)
    for row in islice(table.rows, _MOST_ROWS):
        label, labels = _label(table, row)
        n = _whole(row.cells[support].text) if support is not None else None
        for index, cell in enumerate(row.cells):
            text = numbers.fold(cell.text)
            found = None if index in labels else _only_number(text)
            if found is None or not table.header[index]:
                continue
            draft = _draft(
                found,
                name=_name(label, table.header[index]),
                line=line_of(found.printed, row.line),
                start=-1,
                context=f"{label} {table.header[index]}",
                n=n,
            )
            draft = _of_training(draft) if logged else draft
            same = known.get((row.line, found.printed), [])
            reading = same.pop(0) if same else None
            if reading or draft.meaning.kind != "other" or not _INDEX.fullmatch(label or "0"):
                yield draft, reading


def grid_of(table: Table) -> Grid | None:
    """An HTML table as a rectangle of numbers; ``None`` where it holds anything else."""
    width = len(table.header)
    cells = [
        tuple(number_in(cell.text, 0, len(cell.text)) for cell in row.cells[1:])
        for row in islice(table.rows, 500)
        if row.cells[0].text not in {"...", "\u2026"}
    ]
    full = [tuple(cell for cell in row if cell is not None) for row in cells]
    if width < 3 or len(full) < 2 or any(len(row) != width - 1 for row in full):
        return None
    captions = [row.cells[0].text for row in islice(table.rows, 500)]
    return Grid(
        layout="tabs",
        corner=table.header[0],
        rows=tuple(text for text in captions if text not in {"...", "\u2026"}),
        columns=table.header[1:],
        cells=tuple(full),
        line=0,
        start=0,
        end=0,
        truncated=len(full) < len(table.rows),
    )


def _label(table: Table, row: Row) -> tuple[str, frozenset[int]]:
    """The caption of a row and the columns it stands in: ``Epoch 1``, ``ViT-B/32 test``."""
    if _PLACE.search(table.header[0]):
        return f"{table.header[0]} {row.cells[0].text}", frozenset({0})
    index = 0
    kept: list[int] = []
    while index < len(row.cells) and (not kept or not _only_number(row.cells[index].text)):
        kept.append(index)
        index += 1
        if index == 1 and table.header[0] and _only_number(row.cells[0].text):
            return "", frozenset()
    texts = [row.cells[each].text for each in kept]
    spoken = [text for text in texts if not _INDEX.fullmatch(text)] or texts
    return " ".join(spoken), frozenset(kept)


def _name(label: str, header: str) -> str:
    """Caption and header; the accuracy of a report stands below headers of other metrics."""
    return label if label.lower() == "accuracy" else named(label, header)


def _of_training(draft: Draft) -> Draft:
    """Scores beside a validation loss are those of the validation."""
    meant = draft.meaning
    is_open = meant.split is None and meant.kind == "score"
    return replace(draft, meaning=replace(meant, split="validation")) if is_open else draft


def _draft(
    quantity: Quantity, *, name: str, line: int, start: int, context: str, n: int | None
) -> Draft:
    quantity = quantity.as_percent() if "%" in name else quantity
    meant = meaning(name, value=quantity.value, whole=quantity.whole, percent=quantity.percent)
    if meant.kind == "other" and is_in_milliseconds(name):
        quantity, meant = in_seconds(quantity), replace(meant, kind="seconds")
    return Draft(
        line=line,
        start=start,
        quantity=quantity,
        name=name or "number",
        meaning=meant,
        unit="%" if quantity.printed.endswith("%") else "",
        context=context,
        n=n if meant.kind in {"score", "loss"} else None,
    )


def _quantity(cell: GridNumber, text: str) -> Quantity:
    return Quantity(
        start=cell.start,
        end=cell.end,
        printed=text[cell.start : cell.end],
        value=cell.value,
        decimals=cell.decimals,
        percent=cell.percent,
        whole=cell.decimals == 0,
    )


def _is_count(cell: GridNumber) -> bool:
    return cell.decimals == 0 and 1 <= cell.value < 1e15


def _whole(text: str) -> int | None:
    found = number_in(text, 0, len(text))
    return int(found.value) if found is not None and _is_count(found) else None


def _only_number(text: str) -> Quantity | None:
    """The number a cell consists of, emphasis and a unit aside."""
    plain = text.strip(" *_`$()\\")
    if not plain or len(plain) > _LONGEST_CELL:
        return None
    found = measured_at(plain, 0, len(plain))
    return found.quantity if found and found.quantity.end == len(plain) else None


def rows_of(grids: Sequence[Grid]) -> frozenset[int]:
    """Lines that tables in text take, those in brackets aside."""
    return frozenset(line for grid in grids for line in grid.lines)
