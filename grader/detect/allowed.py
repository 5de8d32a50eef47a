"""Comments by which an author says that a finding is known: ``# grader: allow[NAME]``."""

import re
from collections.abc import Sequence

from msgspec import Struct

from grader.model import Cell, EvidenceRef, Submission
from grader.patterns import regex

__all__ = ["Allowances"]

_COMMENT = regex(r"(?:#|<!--)\s{0,4}grader:\s{0,4}allow\[(?P<names>[\w ,-]{1,400})\]")


class _Comment(Struct, frozen=True):
    line: int
    names: frozenset[str]


class Allowances:
    """The comments of one submission.

    A comment stands for its own line and the line below; on the first line of a cell it stands
    for all of the cell, its output included. Names and codes are both understood.
    """

    def __init__(self, submission: Submission) -> None:
        self._cells = {cell.index: found for cell in submission.cells if (found := _comments(cell))}

    @property
    def count(self) -> int:
        """How many comments there are."""
        return sum(map(len, self._cells.values()))

    def allow(self, code: str, name: str, evidence: Sequence[EvidenceRef]) -> bool:
        """Whether a comment at any of these places names this detector."""
        return any(
            {code, name} & comment.names and _reaches(comment, ref)
            for ref in evidence
            for comment in self._cells.get(ref.cell, ())
        )


def _comments(cell: Cell) -> tuple[_Comment, ...]:
    if "grader:" not in cell.source:
        return ()
    return tuple(
        _Comment(number, frozenset(re.split(r"[ ,]+", found["names"].strip(" ,"))))
        for number, line in enumerate(cell.source.split("\n"), start=1)
        for found in _COMMENT.finditer(line)
    )


def _reaches(comment: _Comment, ref: EvidenceRef) -> bool:
    if comment.line == 1:
        return True
    # A line of an output is no line of the source.
    last = ref.end_line or ref.line
    in_source = ref.kind in ("source", "prose") and ref.line is not None and last is not None
    return in_source and (ref.line or 0) - 1 <= comment.line <= (last or 0)
