"""Numbers a student states: printed by a cell, or written in the text."""

from typing import Literal

from grader.model._base import Artifact
from grader.model.metric import MetricName

Average = Literal["macro", "weighted", "micro"]


class Reported(Artifact):
    """A metric that stands in an output."""

    source: Literal["saved", "rerun"]
    """The file handed in, or our own run."""

    cell: int
    """Cell whose output it is."""

    output: int
    """Index of the output within the cell."""

    line: int
    """One-based line of the output's text."""

    metric: MetricName
    """Which metric."""

    average: Average | None = None
    """Averaging, when the output names it."""

    value: float
    """As a fraction: 88.95 % is 0.8895."""

    printed: str
    """Exactly as printed, e.g. ``88.95%``."""

    decimals: int
    """Decimals of ``value`` that were printed: 4 for ``0.8895`` and for ``88.95%``."""

    n: int | None = None
    """Number of items, when the same output states it (``support``, ``n=``)."""

    task: str | None = None
    """Task it belongs to, where that could be told."""


class Claim(Artifact):
    """A metric stated in prose."""

    cell: int
    """Text cell."""

    start: int
    """Offset of the number in the cell's source."""

    end: int
    """Offset of its end."""

    sentence: str
    """The sentence it stands in."""

    metric: MetricName
    """Which metric."""

    value: float
    """As a fraction."""

    printed: str
    """Exactly as written."""

    decimals: int
    """Decimals of ``value`` that were written."""

    n: int | None = None
    """Test items stated in the same sentence."""

    task: str | None = None
    """Task it belongs to, where that could be told."""

    hedged: bool = False
    """Whether the sentence says about, around, roughly ..."""

    target: bool = False
    """Whether it is an aim or a threshold, not a result."""

    cited: bool = False
    """Whether the sentence points to somebody else's result."""


class WrittenAnswer(Artifact):
    """A written answer of the lab, found in the notebook."""

    id: str
    """Id of the answer in the lab."""

    cells: tuple[int, ...]
    """Text cells it stands in."""

    text: str
    """Its text, headings removed, Markdown kept."""

    words: int
    """Words counted."""
