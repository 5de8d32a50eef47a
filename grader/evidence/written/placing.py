"""Lines of a cell and of the file for offsets in a text cell."""

from bisect import bisect_right

from grader.evidence.headings import lines
from grader.model import Cell, Place

__all__ = ["Placer"]


class Placer:
    """Makes places in one text cell."""

    def __init__(self, cell: Cell) -> None:
        self._cell = cell
        self._starts = [row.start for row in lines(cell.source)]

    def place(self, start: int, end: int) -> Place:
        """The place of a stretch of the source."""
        line = bisect_right(self._starts, start)
        first = self._cell.line
        return Place(
            source="text",
            cell=self._cell.index,
            line=line,
            start=start,
            end=end,
            file_line=first + line - 1 if first is not None else None,
        )
