"""Where findings stand in the files on disk."""

from collections.abc import Callable, Mapping

from msgspec import Struct

from grader.model import EvidenceKind, EvidenceRef, Finding, Result

__all__ = ["Lines", "Spot", "spot"]

Lines = Callable[[Result], Mapping[int, tuple[int, ...]]]
"""Gives the line of the file for every line of every cell's source, by cell."""

_IN_SOURCE = (EvidenceKind.SOURCE, EvidenceKind.PROSE)


class Spot(Struct, frozen=True, kw_only=True):
    """A place in a file."""

    line: int
    """One-based."""

    end_line: int
    """Last line."""


def spot(finding: Finding, lines: Mapping[int, tuple[int, ...]]) -> Spot:
    """The first place a finding points at.

    What points into an output, or into a cell whose lines are unknown, stands where the cell's
    source begins, else on the first line of the file.
    """
    ref = finding.evidence[0]
    of_cell = lines.get(ref.cell, ())
    first, last = _span(ref)
    if not of_cell:
        return Spot(line=1, end_line=1)
    begin, end = (min(each, len(of_cell)) - 1 for each in (first, last))
    return Spot(line=of_cell[begin], end_line=max(of_cell[begin], of_cell[end]))


def _span(ref: EvidenceRef) -> tuple[int, int]:
    if ref.line is None or ref.kind not in _IN_SOURCE:
        return 1, 1
    return ref.line, max(ref.line, ref.end_line or ref.line)
