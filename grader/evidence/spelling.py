"""Tables of Recall@K in which rows or columns say the direction."""

from collections.abc import Iterator

from msgspec.structs import replace

from grader.evidence.directions import direction_of, is_open, without_direction
from grader.evidence.tables import Row, Table

__all__ = ["spelled_out"]


def spelled_out(table: Table) -> tuple[Table, ...]:
    """The table, or a part for each direction where rows or columns are of one each.

    In the parts every Recall@K says its direction: ``R@1`` in a row ``text to image`` becomes
    ``text to image R@1``.
    """
    if any(map(is_open, table.header)):
        return tuple(_by_row(table))
    if any(is_open(row.cells[0].text) for row in table.rows) and any(
        map(direction_of, table.header)
    ):
        return tuple(_by_column(table))
    return (table,)


def _by_row(table: Table) -> Iterator[Table]:
    for row in table.rows:
        direction = direction_of(" ".join(cell.text for cell in row.cells))
        named = tuple(_with(direction, each) for each in table.header)
        cells = tuple(replace(cell, text=without_direction(cell.text)) for cell in row.cells)
        yield replace(table, header=named, rows=(replace(row, cells=cells),))


def _by_column(table: Table) -> Iterator[Table]:
    for index, header in enumerate(table.header[1:], start=1):
        rows = tuple(_pair(row, index, direction_of(header)) for row in table.rows)
        yield Table(header=(table.header[0], without_direction(header)), rows=rows)


def _pair(row: Row, index: int, direction: str | None) -> Row:
    label = replace(row.cells[0], text=_with(direction, row.cells[0].text))
    return replace(row, cells=(label, row.cells[index]))


def _with(direction: str | None, label: str) -> str:
    return f"{direction.replace('_', ' ')} {label}" if direction and is_open(label) else label
