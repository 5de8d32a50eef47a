"""Numbers that stand in a submission, whatever they are of, and where they stand."""

from typing import Literal

from grader.model._base import Artifact
from grader.model.statement import Average

FigureKind = Literal[
    "score",
    "loss",
    "similarity",
    "probability",
    "share",
    "items",
    "classes",
    "count",
    "parameters",
    "seconds",
    "rate",
    "bytes",
    "other",
]
"""What a number is of. ``score``: a metric that compares answers with right ones, or another
number the text calls a score. ``share``: a percentage that is no score. ``items``: images, rows,
questions. ``rate``: so many a second. ``other``: named, but of nothing that is known."""


class Place(Artifact):
    """Where in a submission something stands."""

    source: Literal["saved", "rerun", "text"]
    """An output in the file handed in, an output of our own run, or a text cell."""

    cell: int
    """The cell."""

    output: int | None = None
    """Index of the output within the cell; ``None`` in text."""

    line: int
    """One-based line of the output's text, or of the cell's source."""

    start: int
    """Offset of the first character in that text; 0 where it stands only in HTML."""

    end: int
    """Offset behind the last."""

    file_line: int | None = None
    """One-based line of the file, of a report; ``None`` in a notebook."""


class Figure(Artifact):
    """A number with what the text around it says it is."""

    place: Place
    """Where it stands."""

    kind: FigureKind
    """What it is of."""

    name: str
    """What the text calls it, at most 80 characters, e.g. ``Recall@3`` or ``Total parameters``."""

    metric: str | None = None
    """The metric, where known: a ``MetricName``, or a name in the same style for what no lab asks
    for: ``balanced_accuracy``, ``recall_at_3``, ``top3_accuracy``, ``bleu``, ``rouge1``,
    ``error_rate``, ``roc_auc``, ``perplexity``."""

    average: Average | None = None
    """Averaging, when named."""

    value: float
    """As a fraction where a percent sign or the word stands with it: 88.95 % is 0.8895. Seconds
    for times, bytes for sizes; otherwise as written."""

    printed: str
    """Exactly as it stands, unit included, e.g. ``88.95%``, ``21.4 ms``."""

    decimals: int
    """Decimals of ``value`` that were written: 4 for ``88.95%``."""

    digits: int
    """Significant digits written, leading zeros left out: 4 for ``0.0546`` is 3, for ``0.8895``
    4; for a whole number all its digits but trailing zeros."""

    unit: str = ""
    """Unit as written, e.g. ``%``, ``ms``, ``GB``, ``images``; empty for none."""

    model: str | None = None
    """Model the number is said to be of, as written or by its heading, e.g. ``ViT-L/14@336px``."""

    dataset: str | None = None
    """Dataset it is said to be of, likewise."""

    split: str | None = None
    """``train``, ``validation`` or ``test``, where the words beside it say so."""

    n: int | None = None
    """Items it is said to rest on, in the same sentence, table or output."""

    task: str | None = None
    """Task of the lab it belongs to, where that could be told."""

    hedged: bool = False
    """Whether the words before it make it inexact: about, around."""

    target: bool = False
    """Whether it is an aim, a requirement or a made-up case, not a result."""

    cited: bool = False
    """Whether it is said to be somebody else's result, or that of a baseline or earlier run."""

    disclaimed: bool = False
    """Whether the text itself says that it means little: ``for the single test sample``,
    ``not statistically meaningful``."""


class PrintedMatrix(Artifact):
    """A table of numbers with a row and a column for each of something."""

    place: Place
    """Where it begins."""

    kind: Literal["confusion", "similarity", "other"]
    """``confusion``: whole numbers, classes by classes. ``similarity``: cosines or the like."""

    title: str = ""
    """The line above it, e.g. ``Cosine similarity for ViT-B/32``."""

    model: str | None = None
    """Model the title or the heading names."""

    rows: tuple[str, ...] = ()
    """Captions of the rows, in order; empty without any."""

    columns: tuple[str, ...] = ()
    """Captions of the columns; empty without any."""

    values: tuple[tuple[float, ...], ...]
    """The numbers, row by row, all rows of one length."""

    decimals: int
    """Most decimals written."""

    truncated: bool = False
    """Whether dots stand for rows or columns that were not printed."""


class Quotation(Artifact):
    """Words a text quotes, as those of a model, a caption or the notebook itself."""

    place: Place
    """Where they stand in the text, the quotation marks left out."""

    text: str
    """The words."""

    found: tuple[int, ...] | None
    """Code cells whose source or output holds the same words, case and blanks aside; ``None``
    when the notebook has no outputs to look in."""


class Coverage(Artifact):
    """How much of the text was understood, so that silence is not taken for agreement."""

    numbers: int = 0
    """Numbers in text cells, those of dates, versions, model names, headings and lists left
    out."""

    understood: int = 0
    """Those among them that became figures."""

    missed: tuple[Place, ...] = ()
    """Where the others stand; the first hundred."""


class Stated(Artifact):
    """An evaluation as the submission itself shows it, without anything having run."""

    source: Literal["code", "output", "text"]
    """What shows it: a scoring in the source, numbers in an output, sentences."""

    cell: int
    """Cell it stands in."""

    line: int | None = None
    """One-based line of the cell's source or of the output's text."""

    file_line: int | None = None
    """One-based line of the file, of a report."""

    task: str | None = None
    """Task of the lab, where that could be told."""

    n: int | None = None
    """Items scored; ``None`` when it does not say."""

    classes: int | None = None
    """Number of classes, likewise."""

    split: str | None = None
    """``train``, ``validation`` or ``test``, likewise."""

    dataset: str | None = None
    """Dataset, as written."""

    model: str | None = None
    """Model, as written."""

    scores: tuple[int, ...] = ()
    """Indices in ``Evidence.figures`` of the scores it gives."""
