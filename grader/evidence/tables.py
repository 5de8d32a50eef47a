"""Tables in text of any kind: HTML, Markdown, and columns of plain text."""

import html
import re
from collections.abc import Iterator, Sequence
from itertools import pairwise

from msgspec import Struct

from grader.evidence.headings import Line
from grader.patterns import regex

_TABLE = regex(r"<(?P<close>/?)table\b", re.IGNORECASE)
_PIECE = regex(r"<(?P<close>/?)(?P<name>tr|th|td|thead|tbody)\b[^>]{0,500}>", re.IGNORECASE)
_TAG = regex(r"<[^<>]{0,500}>")
_LONGEST = 200_000
_BARS = regex(r"[|\u2502\u2503\u2551]")
# Between numbers, and before a decimal, pandas may leave a single blank.
_GAP = regex(r"\t+|[^\S\n]{2,}|(?<=[\d%])\s(?=-?[\d.])|\s(?=-?\d{0,15}\.\d)")
_RULE = regex(r"[\s|:+\-=\u2500-\u257f]+")


class TableCell(Struct, frozen=True, kw_only=True):
    """One cell of a table."""

    text: str
    """Its text, stripped."""

    start: int
    """Offset of the text in what was read; zero in HTML."""


class Row(Struct, frozen=True, kw_only=True):
    """One row of a table."""

    cells: tuple[TableCell, ...]
    """Its cells, as many as the header has."""

    line: int
    """Zero-based line it stands on; in HTML, its place below the header."""


class Table(Struct, frozen=True, kw_only=True):
    """A header and rows of equal length."""

    header: tuple[str, ...]
    """Texts of the header, the first one empty where the row labels have no header."""

    rows: tuple[Row, ...]
    """Rows below it, rules and empty ones left out."""


def html_tables(source: str) -> Iterator[Table]:
    """The tables of a saved ``text/html`` output.

    Only the tags of table parts are looked at, each with a bounded pattern: saved HTML is hostile,
    and a parser of the whole language takes quadratic time on malformed input.
    """
    for part in _table_sources(source):
        rows = list(_html_rows(part))
        width = max((len(row) for row in rows), default=0)
        if len(rows) > 1 and width > 1:
            padded = [("",) * (width - len(row)) + row for row in rows]
            yield Table(header=padded[0], rows=tuple(map(_row, padded[1:], range(1, len(padded)))))


def piped(rows: Sequence[Line]) -> Iterator[Table]:
    """Tables whose columns are separated by bars."""
    start = 0
    while start < len(rows):
        end = start
        while end < len(rows) and (_BARS.search(rows[end].text) or _is_rule(rows[end].text)):
            end += 1
        found = [(index, _split_bars(rows[index])) for index in range(start, end)]
        full = [(index, cells) for index, cells in found if cells]
        if len(full) >= 2:
            yield _table(full[0][1], full[1:])
        start = end + 1


def columns(rows: Sequence[Line], start: int) -> tuple[Table, range] | None:
    """A table of plain columns whose header is the line ``start``, and the lines it takes.

    A header may be one cell shorter than its rows, as pandas and scikit-learn print it, and the
    name of an index may stand below it. Single empty lines may stand between the rows.
    """
    header = _split_gaps(rows[start])
    full: list[tuple[int, list[TableCell]]] = []
    end = start + 1
    while end < len(rows):
        cells = _split_gaps(rows[end])
        if _fits(cells, header, full):
            full.append((end, cells))
        elif not _may_stand_between(rows, end, start):
            break
        end += 1
    return (_table(header, full), range(start, end)) if full else None


def cells_of(line: Line) -> tuple[str, ...]:
    """The texts of a line of plain columns."""
    return tuple(cell.text for cell in _split_gaps(line))


def _table_sources(source: str) -> Iterator[str]:
    opened: int | None = None
    for match in _TABLE.finditer(source):
        if not match["close"]:
            opened = match.start()
        elif opened is not None:
            if match.start() - opened <= _LONGEST:
                yield source[opened : match.start()]
            opened = None


def _html_rows(part: str) -> Iterator[tuple[str, ...]]:
    row: list[str] = []
    pieces = list(_PIECE.finditer(part))
    for piece, below in zip(pieces, [*pieces, None][1:], strict=True):
        name = piece["name"].lower()
        if name in {"th", "td"} and not piece["close"]:
            end = below.start() if below else len(part)
            row.append(_plain(part[piece.end() : end]))
        elif name == "tr" and row:
            yield tuple(row)
            row = []
    if row:
        yield tuple(row)


def _plain(source: str) -> str:
    return " ".join(html.unescape(_TAG.sub(" ", source)).split())


def _row(texts: tuple[str, ...], line: int) -> Row:
    return Row(cells=tuple(TableCell(text=text, start=0) for text in texts), line=line)


def _is_rule(text: str) -> bool:
    return bool(_RULE.fullmatch(text)) and not text.isspace()


def _split_bars(line: Line) -> list[TableCell]:
    if _is_rule(line.text):
        return []
    bars = [match.start() for match in _BARS.finditer(line.text)]
    edges = [-1, *bars, len(line.text)]
    cells = [_cell(line, left + 1, right) for left, right in pairwise(edges)]
    first = 0 if cells and cells[0].text else 1
    last = len(cells) if cells and cells[-1].text else len(cells) - 1
    return cells[first:last]


def _split_gaps(line: Line) -> list[TableCell]:
    if _is_rule(line.text):
        return []
    stop = len(line.text.rstrip())
    position = len(line.text) - len(line.text.lstrip())
    cells = []
    for gap in _GAP.finditer(line.text, position, stop):
        cells.append(_cell(line, position, gap.start()))
        position = gap.end()
    return [*cells, _cell(line, position, stop)] if position < stop else cells


def _cell(line: Line, start: int, end: int) -> TableCell:
    text = line.text[start:end]
    left = start + len(text) - len(text.lstrip())
    return TableCell(text=text.strip(), start=line.start + left)


def _fits(
    cells: list[TableCell], header: list[TableCell], full: list[tuple[int, list[TableCell]]]
) -> bool:
    """Whether a row is as long as the table; the accuracy of a report leaves two cells empty.

    ``F1    : 0.91`` is aligned, too, but no row of a table.
    """
    if len(cells) < 2 or cells[1].text[:1] in {":", "="}:
        return False
    if not full:
        return len(cells) - len(header) in (0, 1)
    width = len(full[0][1])
    return len(cells) == width or (len(cells) == width - 2 and cells[0].text == "accuracy")


def _may_stand_between(rows: Sequence[Line], index: int, start: int) -> bool:
    text = rows[index].text
    if _is_rule(text):
        return True
    if text.strip():
        is_index_name = index == start + 1 and not text[0].isspace() and text.endswith("  ")
        return is_index_name and rows[start].text.startswith("  ")
    return index + 1 < len(rows) and bool(rows[index + 1].text.strip())


def _table(header: list[TableCell], full: Sequence[tuple[int, list[TableCell]]]) -> Table:
    """A table of the rows that are as long as the first, the accuracy row of a report padded."""
    width = max(len(header), len(full[0][1]))
    texts = ("",) * (width - len(header)) + tuple(cell.text for cell in header)
    padded = [(line, _padded(cells, width)) for line, cells in full]
    rows = (Row(cells=tuple(cells), line=line) for line, cells in padded if len(cells) == width)
    return Table(header=texts, rows=tuple(rows))


def _padded(cells: list[TableCell], width: int) -> list[TableCell]:
    if len(cells) != width - 2 or cells[0].text != "accuracy":
        return cells
    empty = TableCell(text="", start=cells[0].start)
    return [cells[0], empty, empty, *cells[1:]]
