"""Scores defined as the diagonal of a similarity matrix minus its rest, and their matrices."""

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise

from msgspec import Struct

from grader.detect._consistency import outputs
from grader.metrics.consistency.counts import separation
from grader.metrics.consistency.shown import Range, meet, shown
from grader.model import Case, Figure, Place, PrintedMatrix
from grader.patterns import regex

WINDOW = 320
"""Characters from the word that opens a formula within which the rest of it stands."""

BEFORE = 160
"""Characters before that word, in which a program may have taken the rest already."""

MOST_WINDOWS = 200
"""Formulas looked for in one cell."""

OPENING = regex(r"trace|tr\s?\(|diag", re.I)

REST_COUNT = regex(
    r"(?:\b|_)(\w{1,20})\s?(?:\^\s?\{?\s?2\s?\}?|\*\*\s?2|²)\s?[-\N{MINUS SIGN}]\s?\1\b"
    r"|\b(\w{1,20})\s?\*?\s?\(\s?\2\s?[-\N{MINUS SIGN}]\s?1\s?\)"
    r"|\b(\w{1,20})\s?\*\s?\3\s?[-\N{MINUS SIGN}]\s?\3\b"
)
"""N^2 - N or N (N - 1), the number of entries off the diagonal."""

OFF = regex(r"off[-_ ]?diag|hors[-_ ]diag|non[-_ ]diag|~\s?[\w.]{0,20}eye|mask|非对角", re.I)
MINUS = regex(r"\bminus\b|\bmoins\b|subtract|differ|diff[ée]r|[-\N{MINUS SIGN}]\s|减", re.I)
MEAN = regex(r"mean|average|moyenne|\bavg\b|平均|均值", re.I)

NAMED = regex(r"score|separat|margin|gap|diff|marge|[ée]cart", re.I)
"""Names under which such a number is given."""

ARRAY = regex(r"\b([A-Za-z_]\w{0,40})\b(?!\s?[.(\"'])")
"""Names in a line that are neither called nor looked into."""

LAST_NUMBER = regex(r"(?<![\w.,])(-?\d{1,2}[.,]\d{2,6})\s{0,3}$")
"""A score at the end of a line."""

SCALES = (1.0, 100.0, 0.01)
"""Of similarities as percentages, on either side."""


class Pair(Struct, frozen=True, kw_only=True):
    """A score and the matrix it should follow from."""

    model: str
    """Model both are of; empty when there is one matrix and one score only."""

    score: Figure
    """The score."""

    matrix: PrintedMatrix
    """The matrix."""

    follows: Range
    """What the matrix gives."""

    @property
    def agrees(self) -> bool:
        """Whether the score can be of the matrix, whatever the scale of either."""
        printed = shown(self.score.value, self.score.decimals, retyped=True)
        return any(
            meet(printed, Range(low=self.follows.low * scale, high=self.follows.high * scale))
            for scale in SCALES
        )

    @property
    def middle(self) -> float:
        """What the printed entries give."""
        return (self.follows.low + self.follows.high) / 2


def defines_separation(text: str) -> bool:
    """Whether a text or a source defines a score as diagonal minus rest."""
    for count, found in enumerate(OPENING.finditer(text)):
        if count == MOST_WINDOWS:
            return False
        window = text[max(0, found.start() - BEFORE) : found.start() + WINDOW]
        if REST_COUNT.search(window) and MINUS.search(window):
            return True
        if OFF.search(window) and MINUS.search(window) and MEAN.search(window):
            return True
    return False


def separations(case: Case) -> Iterator[Pair]:
    matrices = [each for each in case.evidence.matrices if _usable(each)]
    scores = [each for each in case.evidence.figures if _is_score(each)]
    if len(matrices) == len(scores) == 1 and None in (matrices[0].model, scores[0].model):
        yield _pair("", scores[0], matrices[0])
        return
    for matrix in matrices:
        above = None if matrix.model else _just_above(case, matrix)
        if above is not None:
            yield _pair(f"{above.place.cell} {above.place.line}", above, matrix)
        for score in scores:
            if matrix.model and score.model and _plain(matrix.model) == _plain(score.model):
                yield _pair(_plain(score.model), score, matrix)
        if above is None and matrix.model is None and matrix.place.source != "text":
            yield from _of_its_cell(matrix, scores)


def _of_its_cell(matrix: PrintedMatrix, scores: Sequence[Figure]) -> Iterator[Pair]:
    """The scores of several models beside a matrix that names none: one has to be its own.

    Where the cell shows no score that could be read, the one score of the text is taken.
    """
    place = matrix.place
    named = [score for score in scores if score.metric == "similarity_score"]
    here = (place.source, place.cell)
    beside = [score for score in named if (score.place.source, score.place.cell) == here]
    told = [score for score in named if score.place.source == "text"]
    chosen = beside or (told if len({score.value for score in told}) == 1 else [])
    for score in chosen:
        yield _pair(f"cell {place.cell}", score, matrix)


def _just_above(case: Case, matrix: PrintedMatrix) -> Figure | None:
    """The score printed right before a matrix, when the source prints both of one array."""
    place = matrix.place
    source = next((c.source for c in case.evidence.submission.cells if c.index == place.cell), "")
    if place.source == "text" or not _prints_both(source):
        return None
    for seen in outputs(case):
        if (seen.source, seen.cell, seen.output) == (place.source, place.cell, place.output):
            return _last_number(seen.lines[place.line - 2], place) if place.line >= 2 else None
    return None


def _last_number(line: str, matrix: Place) -> Figure | None:
    """The score that ends a line."""
    found = LAST_NUMBER.search(line)
    if found is None or not NAMED.search(line):
        return None
    printed = found[1].replace(",", ".")
    place = matrix.model_copy(
        update={"line": matrix.line - 1, "start": found.start(1), "end": found.end(1)}
    )
    return Figure(
        place=place,
        kind="score",
        name=line[:80].strip(),
        value=float(printed),
        printed=found[1],
        decimals=len(printed.partition(".")[2]),
        digits=len(printed.partition(".")[2]),
    )


def _prints_both(source: str) -> bool:
    """Whether two prints in a row, the first of a score, are of one array."""
    lines = [line.strip() for line in source.splitlines()]
    for one, other in pairwise(lines):
        shared = set(ARRAY.findall(one)) & set(ARRAY.findall(other))
        both = one.startswith("print(") and other.startswith("print(")
        if both and shared and NAMED.search(one):
            return True
    return False


def _usable(matrix: PrintedMatrix) -> bool:
    size = len(matrix.values)
    square = size >= 2 and all(len(row) == size for row in matrix.values)
    return square and matrix.kind == "similarity" and not matrix.truncated


def _is_score(figure: Figure) -> bool:
    loose = figure.hedged or figure.target or figure.cited
    return (
        figure.kind == "score"
        and figure.metric in (None, "similarity_score")
        and not loose
        and NAMED.search(figure.name) is not None
    )


def _plain(model: str) -> str:
    return re.sub(r"[^a-z0-9@]", "", model.lower())


def _pair(model: str, score: Figure, matrix: PrintedMatrix) -> Pair:
    follows = separation(matrix.values, matrix.decimals)
    return Pair(model=model, score=score, matrix=matrix, follows=follows)
