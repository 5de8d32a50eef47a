"""CLP003: similarity-matrix-mismatch."""

import re
from collections.abc import Iterator, Sequence

from msgspec import Struct

from grader.detect.api import Sighting, Undecided, detector
from grader.metrics.consistency.shown import Range, meet, shown
from grader.model import (
    Case,
    Confidence,
    EvidenceKind,
    EvidenceRef,
    Figure,
    Place,
    PrintedMatrix,
    say,
)
from grader.patterns import regex

RANK = regex(r"(?:^|_)recall_at_(\d{1,3})$|^top(\d{1,3})_accuracy$")
SPOKEN = regex(r"simil|cosin|\bsims?\b|相似|Ähnlich", re.I)
"""Words for similarities, in code and above matrices."""

MOST_ENTRIES = 20_000
"""Entries of a matrix that is looked at; outputs rarely print more than a hundred."""

Rows = Sequence[Sequence[float]]


class Contradiction(Struct, frozen=True, kw_only=True):
    """A share of hits that the matrix beside it cannot give."""

    figure: Figure
    """The share as stated."""

    matrix: PrintedMatrix
    """The matrix."""

    k: int
    """Among how many the right one is looked for."""

    possible: Range
    """What the matrix allows, by rows or by columns."""


@detector(
    code="CLP003",
    name="similarity-matrix-mismatch",
    requires=frozenset({EvidenceKind.SOURCE}),
    since="0.2.0",
    status="stable",
    severity="major",
    follows=frozenset({"score-contradicts-matrix", "edited-output", "stale-output"}),
)
def similarity_matrix_mismatch(case: Case) -> Iterator[Sighting]:
    """A recall or accuracy does not follow from the similarities printed beside it.

    ## Why it matters
    When every picture has one text and all similarities are shown, anybody can count how often
    the right one is the most similar. If the score says otherwise, it is of other similarities
    or was counted along the wrong axis.

    ## Example
    ```python
    # Task 2: CLIP
    print(similarity)
    print("Recall@1:", recall)
    ```

    ```output
    [[0.31 0.12 0.18]
     [0.30 0.14 0.17]
     [0.16 0.19 0.33]]
    Recall@1: 1.00
    ```

    ## Use instead
    ```python
    # Task 2: CLIP
    print(similarity)
    print("Recall@1:", recall)
    ```

    ```output
    [[0.31 0.12 0.18]
     [0.13 0.30 0.17]
     [0.16 0.15 0.33]]
    Recall@1: 1.00
    ```

    ## Verdict
    Major and likely: the counting is arithmetic, with every entry off by its rounding at worst,
    but that score and matrix are of the same pictures is taken from where they stand.

    ## Known limits
    Square matrices without dots are looked at, the right text of a picture in its row and
    column, and recalls of the same output; an accuracy only when the output says that it rests on
    as many items. The better of both directions counts, ties as it suits the score. Scores with
    a formula of their own are those of `score-contradicts-matrix`.

    ## Source
    Recall@K as A. Karpathy and L. Fei-Fei, "Deep Visual-Semantic Alignments" (2015), section 4.1,
    define it.
    """
    if not case.evidence.matrices:
        raise Undecided("No matrix is printed.", needs="a printed similarity matrix")
    for each in _contradictions(case):
        yield _sighting(each)


def _contradictions(case: Case) -> Iterator[Contradiction]:
    matrices: dict[tuple[str, int, int | None], list[PrintedMatrix]] = {}
    for matrix in case.evidence.matrices:
        matrices.setdefault(_output(matrix.place), []).append(matrix)
    for figure in case.evidence.figures:
        beside = matrices.get(_output(figure.place), [])
        # Of several matrices any may be meant.
        one = len(beside) == 1 and _is_usable(case, beside[0])
        k = _rank(figure, beside[0]) if one else None
        if k is not None and k < len(beside[0].values):
            possible = _possible(beside[0], k)
            printed = shown(figure.value, figure.decimals, retyped=True)
            if not any(meet(printed, each) for each in possible):
                low, high = min(e.low for e in possible), max(e.high for e in possible)
                yield Contradiction(
                    figure=figure, matrix=beside[0], k=k, possible=Range(low=low, high=high)
                )


def _is_usable(case: Case, matrix: PrintedMatrix) -> bool:
    n = len(matrix.values)
    square = n >= 2 and all(len(row) == n for row in matrix.values)
    small = square and n * n <= MOST_ENTRIES
    return small and not matrix.truncated and _is_of_similarities(case, matrix)


def _is_of_similarities(case: Case, matrix: PrintedMatrix) -> bool:
    """Whether it looks like one, or the cell that prints it speaks of similarities."""
    if matrix.kind != "other":
        return matrix.kind == "similarity"
    cells = case.evidence.submission.cells
    source = next((cell.source for cell in cells if cell.index == matrix.place.cell), "")
    return SPOKEN.search(matrix.title) is not None or SPOKEN.search(source) is not None


def _output(place: Place) -> tuple[str, int, int | None]:
    return place.source, place.cell, place.output


def _rank(figure: Figure, matrix: PrintedMatrix) -> int | None:
    """The K of a share of hits; ``None`` for every other number."""
    if figure.hedged or figure.target or figure.cited:
        return None
    other = figure.model and matrix.model and figure.model != matrix.model
    if other or (figure.n is not None and figure.n != len(matrix.values)):
        return None
    if figure.metric == "accuracy":
        return 1 if figure.n is not None else None
    found = RANK.search(figure.metric or "")
    return int(found[1] or found[2]) if found else None


def _possible(matrix: PrintedMatrix, k: int) -> tuple[Range, Range]:
    """Shares of hits that rows and columns allow, whatever was rounded away."""
    columns = tuple(zip(*matrix.values, strict=True))
    off = 10.0**-matrix.decimals
    return _hits(matrix.values, k, off), _hits(columns, k, off)


def _hits(rows: Rows, k: int, off: float) -> Range:
    """From the hits that are sure to those that are possible, each entry off by less than this."""
    sure = possible = 0
    for index, row in enumerate(rows):
        right = row[index]
        above = sum(value > right + off for value in row)
        level = sum(value > right - off for value in row) - 1
        sure += level < k
        possible += above < k
    return Range(low=sure / len(rows), high=possible / len(rows))


def _sighting(found: Contradiction) -> Sighting:
    low, high = f"{found.possible.low:.2f}", f"{found.possible.high:.2f}"
    return Sighting(
        severity="major",
        confidence=Confidence.LIKELY,
        task=found.figure.task,
        message=say(
            "`{name}` is given as {value}, but the matrix printed beside it gives {share}.",
            name=found.figure.name,
            value=found.figure.printed,
            share=low if low == high else say("{low} to {high}", low=low, high=high),
        ),
        measured=say(
            "Right answers among the first {k} of {n} rows and columns.",
            k=found.k,
            n=len(found.matrix.values),
        ),
        remedy=say("Compute the score from the matrix you show, along the axis it is named after."),
        sure=say(
            "Arithmetic on the printed entries, with their rounding granted; that both are of the "
            "same pictures is taken from where they stand."
        ),
        evidence=(_ref(found.figure.place), _ref(found.matrix.place)),
    )


def _ref(place: Place) -> EvidenceRef:
    kind = EvidenceKind.PROSE if place.source == "text" else EvidenceKind(place.source)
    return EvidenceRef(kind=kind, cell=place.cell, line=place.line)
