"""Tables and matrices of numbers in plain text, in whatever way they are laid out.

Outputs of cells and text cells are read by the same functions: a matrix may stand in either.
"""

import re
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterator, Sequence

from msgspec import Struct
from msgspec.structs import replace

from grader.evidence.headings import Line, lines
from grader.evidence.shown.brackets import Bracketed, bracketed
from grader.evidence.shown.cells import GridNumber, number_in
from grader.evidence.shown.headers import (
    BARS,
    RULE,
    TABS,
    Layout,
    edges,
    header_above,
    plain,
    title_above,
)
from grader.patterns import regex

__all__ = ["Grid", "Layout", "grids"]

_WORD = regex(r"\S+")
_CAPTIONED = regex(
    r"(?P<caption>[^\[\]\n]{1,200}?)\s{0,20}\[(?P<body>[-+\d.,\se]{3,7000})\]\s{0,20},?\s{0,20}"
)
_DOTS = regex(r"[\s|.:\u2026\u22ee\u22f1]{1,400}")
_LETTER = regex(r"[^\W\d_]")
_CALL = regex(r"(?:[\w.]{1,30}\()+\s*$")
_LONGEST_LINE = 8_000
_LONGEST_TITLE = 160


class Grid(Struct, frozen=True, kw_only=True):
    """A rectangle of numbers, with the words around it."""

    layout: Layout
    """What separates its numbers."""

    title: str = ""
    """The words before it on its line, else the nearest line above; marks left out."""

    corner: str = ""
    """Header of the column of captions, e.g. ``Model``."""

    rows: tuple[str, ...] = ()
    """Captions of the rows; empty without any."""

    columns: tuple[str, ...] = ()
    """Headers of the columns of numbers; empty without any."""

    cells: tuple[tuple[GridNumber, ...], ...]
    """The numbers, row by row, all rows of one length, with offsets in the text."""

    line: int
    """Zero-based line on which the first number stands."""

    lines: tuple[int, ...] = ()
    """Zero-based line of each row; empty for a matrix in brackets."""

    start: int
    """Offset where it begins: of its header, its first caption, or its first bracket."""

    end: int
    """Offset behind it."""

    truncated: bool = False
    """Whether dots stand for rows or columns that were not printed."""

    @property
    def values(self) -> tuple[tuple[float, ...], ...]:
        """The numbers alone."""
        return tuple(tuple(cell.value for cell in row) for row in self.cells)

    @property
    def decimals(self) -> int:
        """Most decimals written."""
        return max(cell.decimals for row in self.cells for cell in row)


class _Row(Struct, frozen=True, kw_only=True):
    """A line that ends in numbers."""

    index: int
    layout: Layout
    caption: str
    start: int
    cells: tuple[GridNumber, ...]
    dots: bool = False


def grids(text: str) -> Iterator[Grid]:
    """Every table of at least two rows of numbers in a folded text, in the order they stand.

    Brackets (numpy, torch, lists of lists), bars (Markdown), tabs, and columns aligned by blanks.
    A table has captions before its numbers or none; columns of words behind them make it none.
    One column of numbers is a table only below a header and beside captions.

    Args:
        text: Text of any kind, its digits in ASCII (``numbers.fold``).
    """
    rows = lines(text)
    starts = [row.start for row in rows]
    in_brackets = [
        _of_brackets(each, text, rows, starts) for each in bracketed(text) if len(each.cells) > 1
    ]
    taken = [(grid.start, grid.end) for grid in in_brackets]
    found = [grid for grid in _in_lines(rows) if not _inside(grid.start, taken)]
    yield from sorted([*in_brackets, *found], key=lambda grid: grid.start)


def _inside(position: int, taken: Sequence[tuple[int, int]]) -> bool:
    index = bisect_right(taken, (position, 0)) - 1
    return any(start <= position < end for start, end in taken[max(0, index) : index + 2])


def _of_brackets(each: Bracketed, text: str, rows: Sequence[Line], starts: Sequence[int]) -> Grid:
    index = bisect_right(starts, each.start) - 1
    before = _CALL.sub("", text[max(rows[index].start, each.start - _LONGEST_TITLE) : each.start])
    title = plain(before) if _LETTER.search(before) else title_above(rows, index)
    return Grid(
        layout="brackets",
        title=title,
        cells=each.cells,
        line=index,
        start=each.start,
        end=each.end,
        truncated=each.truncated,
    )


def _in_lines(rows: Sequence[Line]) -> Iterator[Grid]:
    """Tables of lines that end in equally many numbers."""
    block: list[_Row] = []
    truncated, gap = False, 0
    for index, line in enumerate(rows):
        row = _row(index, line)
        if row is not None and (not block or _continues(block[-1], row)):
            block.append(row)
            gap = 0
            continue
        if block and row is not None and _is_accuracy(row, block[-1]):
            continue
        if block and row is None and gap < 2 and _may_stand_between(line.text):
            truncated = truncated or bool(re.search(r"[.\u2026\u22ee]", line.text))
            gap += 1
            continue
        yield from _table(block, rows, truncated=truncated)
        block, truncated, gap = [row] if row else [], False, 0
    yield from _table(block, rows, truncated=truncated)


def _is_accuracy(row: _Row, above: _Row) -> bool:
    """The accuracy of a classification report leaves two cells empty; it is no row of its own."""
    return row.caption == "accuracy" and len(above.cells) - len(row.cells) in (2, 3)


def _may_stand_between(text: str) -> bool:
    return not text.strip() or bool(RULE.fullmatch(text)) or bool(_DOTS.fullmatch(text))


def _continues(above: _Row, row: _Row) -> bool:
    if row.layout != above.layout:
        return False
    close = abs(len(row.cells) - len(above.cells)) <= (1 if row.layout == "blanks" else 0)
    # A report of classes that are numbers ends in rows of averages, which are not.
    averages = bool(row.caption) and len(row.cells) == len(above.cells) - 1
    alike = bool(row.caption) == bool(above.caption) or averages
    return close and (row.index - above.index == 1 or alike)


def _row(index: int, line: Line) -> _Row | None:
    """A line as a row of a table, if it ends in numbers."""
    text = line.text
    if len(text) > _LONGEST_LINE or not any(digit in text for digit in "0123456789"):
        return None
    if BARS.search(text):
        return _split_row(index, line, "bars", edges(text, BARS))
    if "\t" in text:
        return _split_row(index, line, "tabs", edges(text, TABS))
    return _blank_row(index, _unbracketed(line))


def _unbracketed(line: Line) -> Line:
    """``Image 0: [0.31, 0.27]`` with blanks for its brackets and commas."""
    text = line.text
    match = _CAPTIONED.fullmatch(text) if text.rstrip()[-1:] in {"]", ","} else None
    # "train 420 [140 140 140]" says how many of each class there are, and is no row.
    if match is None or not ("." in match["body"] or match["caption"].endswith(":")):
        return line
    body = text[match.start("body") : match.end("body")].replace(",", " ")
    gap = " " * (match.start("body") - match.end("caption"))
    rest = " " * (len(text) - match.end("body"))
    return Line(line.start, f"{match['caption']}{gap}{body}{rest}")


def _split_row(
    index: int, line: Line, layout: Layout, edges: Sequence[tuple[int, int]]
) -> _Row | None:
    filled = [edge for edge in edges if line.text[edge[0] : edge[1]].strip()]
    cells: list[GridNumber] = []
    words = list(filled)
    dots = False
    while words:
        number = number_in(line.text, *words[-1])
        is_dots = line.text[words[-1][0] : words[-1][1]].strip() in {"...", "\u2026"}
        if number is None and not is_dots:
            break
        dots = dots or is_dots
        cells = [_moved(number, line.start), *cells] if number else cells
        words.pop()
    if not cells:
        return None
    caption = " ".join(line.text[left:right].strip() for left, right in words)
    first = filled[0][0]
    return _Row(
        index=index,
        layout=layout,
        caption=plain(caption),
        start=line.start + first,
        cells=tuple(cells),
        dots=dots,
    )


def _blank_row(index: int, line: Line) -> _Row | None:
    """The numbers at the end of a line, separated by blanks."""
    words = list(_WORD.finditer(line.text))
    cells: list[GridNumber] = []
    dots, first = False, len(words)
    for word in reversed(words):
        number = number_in(line.text, word.start(), word.end())
        is_dots = word[0] in {"...", "\u2026"}
        if number is None and not is_dots:
            break
        dots = dots or is_dots
        cells = [_moved(number, line.start), *cells] if number else cells
        first -= 1
    end = words[first].start() if first < len(words) else 0
    caption = line.text[:end].strip()
    if not cells or caption.endswith(("=", ",", "(", "/") if len(cells) > 1 else tuple(":=,(/")):
        return None
    # One number behind words is a table only where a gap separates the two.
    if len(cells) == 1 and caption and line.text[end - 2 : end].strip():
        return None
    return _Row(
        index=index,
        layout="blanks",
        caption=caption.rstrip(" :"),
        start=line.start + words[0].start(),
        cells=tuple(cells),
        dots=dots,
    )


def _moved(number: GridNumber, by: int) -> GridNumber:
    return number._replace(start=number.start + by, end=number.end + by)


def _table(block: list[_Row], rows: Sequence[Line], *, truncated: bool) -> Iterator[Grid]:
    """The table of a block of rows, its header and title."""
    columns: tuple[str, ...] = ()
    if len(block) > 2 and _is_range(block[0]) and _is_captioned(block[1:], len(block[0].cells)):
        columns = tuple(f"{cell.value:.0f}" for cell in block[0].cells)
        block = block[1:]
    block = _even(block, len(columns))
    if len(block) < 2:
        return
    width, top, corner = len(block[0].cells), block[0].index, ""
    if not columns and (header := header_above(rows, top, block[0].layout, width)):
        corner, columns, top = header.corner, header.columns, header.line
        block = _with_index(block) if len(columns) == width - 1 else block
    block = _with_index(block) if not columns and _is_counted(block) else block
    captions = tuple(row.caption for row in block)
    named = any(captions)
    if len(block[0].cells) < 2 and not (named and columns):
        return
    yield Grid(
        layout=block[0].layout,
        title=title_above(rows, top - 1 if columns and top == block[0].index else top),
        corner=corner,
        rows=captions if named else (),
        columns=columns if len(columns) == len(block[0].cells) else (),
        cells=tuple(row.cells for row in block),
        line=block[0].index,
        lines=tuple(row.index for row in block),
        start=block[0].start if top == block[0].index else rows[top].start,
        end=rows[block[-1].index].end,
        truncated=truncated or any(row.dots for row in block),
    )


def _is_range(row: _Row) -> bool:
    """Whether a line only numbers the columns, as pandas does."""
    values = [cell.value for cell in row.cells]
    return not row.caption and len(values) > 1 and values == [float(i) for i in range(len(values))]


def _is_captioned(block: Sequence[_Row], width: int) -> bool:
    return all(row.caption or len(row.cells) == width + 1 for row in block)


def _even(block: list[_Row], width: int) -> list[_Row]:
    """The rows of the commonest length; numbers at the end of a caption go back to it."""
    if not block:
        return []
    common = Counter(len(row.cells) for row in block)
    least = min(common)
    indexed = set(common) == {least, least + 1} and all(
        not row.caption for row in block if len(row.cells) > least
    )
    width = width or (least if indexed else 0)
    width = width or min(common, key=lambda length: (-common[length], length))
    kept = (_narrowed(row, width) for row in block)
    return [row for row in kept if row is not None]


def _narrowed(row: _Row, width: int) -> _Row | None:
    while len(row.cells) > width:
        first = row.cells[0]
        caption = f"{row.caption} {first.value:g}".strip()
        row = replace(row, caption=caption, cells=row.cells[1:])
    return row if len(row.cells) == width else None


def _with_index(block: list[_Row]) -> list[_Row]:
    """The rows with their first number in the caption, as a header one shorter tells."""
    narrowed = (_narrowed(row, len(row.cells) - 1) for row in block)
    return [row for row in narrowed if row is not None]


def _is_counted(block: Sequence[_Row]) -> bool:
    """Whether the first numbers only count the rows: ``Image 0``, ``Image 1``."""
    first = [row.cells[0].value for row in block]
    counted = any(first == [float(start + i) for i in range(len(block))] for start in (0, 1))
    return counted and len(block[0].cells) > 2 and all(row.caption for row in block)
