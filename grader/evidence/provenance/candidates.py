"""Values that a number may turn out to be, each with the function that gives it."""

from msgspec import Struct

from grader.evidence.provenance.parts import whole_id
from grader.model import Explanation, FigureKind

__all__ = ["LOSSES", "SCORES", "SIMILARITIES", "Candidate", "Source"]

SCORES = frozenset[FigureKind]({"score", "share"})
SIMILARITIES = frozenset[FigureKind]({"score", "similarity", "probability"})
LOSSES = frozenset[FigureKind]({"loss"})
"""Kinds of numbers that values of a family can be."""


class Source(Struct, frozen=True, kw_only=True):
    """What values are computed of."""

    of: tuple[str, ...]
    """For people."""

    arrays: tuple[str, ...] = ()
    """Ids in the recording."""

    cell: int | None = None
    """Cell in which all of it was there."""

    since: int | None = None
    """First cell in which it was, before something scored it in ``cell``; ``None`` for that."""

    n: int | None = None
    """Items."""

    task: str | None = None
    """Task of the evaluation it is of, where it is of one."""

    known: bool = True
    """Whether it is known to belong together: scored together by a library, an evaluation, or
    labels that were served; not merely equally long."""

    def was_there(self, cell: int | None) -> bool:
        """Whether it was there when a cell ended; always for ``None``, which is the end."""
        first = self.cell if self.since is None else self.since
        return cell is None or first is None or first <= cell


class Candidate(Struct, frozen=True, kw_only=True):
    """One value."""

    source: Source
    """What it is computed of."""

    function: str
    """E.g. ``f1 (macro)``."""

    metric: str | None
    """The metric as figures name it; ``None`` for what has no such name."""

    value: float
    """What the function gives."""

    average: str | None = None
    """``macro``, ``weighted``, ``micro``, or ``class`` for the value of one class."""

    labels: tuple[str, ...] = ()
    """What that class is called: its name, its number."""

    kinds: frozenset[FigureKind] = SCORES
    """Kinds of numbers it can be."""

    def explanation(self) -> Explanation:
        """The same, for the evidence."""
        return Explanation(
            function=self.function,
            of=self.source.of,
            arrays=tuple(dict.fromkeys(map(whole_id, self.source.arrays))),
            cell=self.source.cell,
            n=self.source.n,
            value=self.value,
        )
