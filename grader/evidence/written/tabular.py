"""Tables of text cells: their numbers with the words of their rows and columns, and matrices."""

import re
from collections.abc import Iterator, Mapping, Sequence

from msgspec import Struct, field
from msgspec.structs import replace

from grader.evidence import remarks
from grader.evidence.headings import Line, lines
from grader.evidence.labels import Context
from grader.evidence.shown.grids import Grid, grids
from grader.evidence.tables import piped
from grader.evidence.written.backing import is_disclaimed, split_of
from grader.evidence.written.naming import Names
from grader.evidence.written.nouns import Noun, nouns
from grader.evidence.written.placing import Placer
from grader.evidence.written.prose import Found
from grader.evidence.written.quantities import Amount, amounts
from grader.model import Claim, FigureKind, MetricName, PrintedMatrix
from grader.patterns import regex

__all__ = ["Tables", "tables"]

_MODEL_HEADER = regex(
    r"\W*(?:models?|modèles?|modelle?|modelos?|模型|method|architecture)\W*", re.I
)
_COUNT_HEADER = regex(
    r"\W*(?:n|support|samples?|images?|test images|test samples|bilder|imágenes"
    r"|échantillons|样本数)\W*",
    re.IGNORECASE,
)
_UNIT = regex(r"[(\[]\s?(?P<unit>[^()\[\]\d\s]{1,10})\s?[)\]]")
_CONFUSION = regex(r"confusion|konfusion|verwechslung|confusión|混淆|actual|predicted", re.I)
_SIMILARITY = regex(r"similarit|ähnlichkeit|similitud|相似|cosin", re.IGNORECASE)
_MATRIX = regex(r"matri(?:x|ce|z)|heat\s?map|矩阵", re.IGNORECASE)
_LETTER = regex(r"[^\W\d_]")
_EMPHASIS = " \t*_`|"
_LONGEST = 80
_MOST = 200
"""Tables read in one text cell."""
_MOST_ENTRIES = 10_000
"""Numbers read in the tables of one text cell."""


class Tables(Struct, frozen=True, kw_only=True):
    """What the tables of one text cell hold."""

    figures: list[Found] = field(default_factory=list)
    """Their numbers, with offsets in the cell."""

    missed: list[Amount] = field(default_factory=list)
    """Numbers no row or column gives a name to."""

    matrices: list[PrintedMatrix] = field(default_factory=list)
    """Those with a row and a column for each of something."""

    numbers: int = 0
    """Numbers of the matrices."""

    taken: list[tuple[int, int]] = field(default_factory=list)
    """Stretches of the text that are tables."""


class _Entry(Struct, frozen=True, kw_only=True):
    """One cell with a number."""

    amount: Amount
    header: str
    label: str
    corner: str
    title: str
    n: int | None
    row: str


def tables(
    text: str,
    names: Names,
    context: Context,
    placer: Placer,
    claims: Mapping[int, Sequence[Claim]],
    asked: frozenset[MetricName],
) -> Tables:
    """The tables of one text cell.

    Args:
        text: The cell folded, its tags and its fenced code blank.
        names: Names of models and datasets.
        context: Model of the headings above each line.
        placer: Makes places.
        claims: Claims by the offset of their number.
        asked: Metrics claims are made of.
    """
    found = Tables()
    drawn = _bounded(text)
    for grid in drawn:
        if _is_matrix(grid):
            found.matrices.append(_matrix(grid, names, context, placer))
            found.taken.append((grid.start, grid.end))
    free = _blanked(text, found.taken)
    numbers = sum(len(each.values) * len(each.values[0]) for each in found.matrices)
    reader = _Reader(names, context, claims, asked)
    entries = [*_barred(free, found.taken)]
    taken = [range(start, end + 1) for start, end in found.taken]
    others = [each for each in drawn if not any(each.start in stretch for stretch in taken)]
    entries += _spaced(text, others, found.taken)
    for entry in entries[:_MOST_ENTRIES]:
        made = reader.figures(entry)
        found.figures.extend(made)
        if not made:
            found.missed.append(entry.amount)
    return replace(found, numbers=numbers)


def _bounded(text: str) -> list[Grid]:
    found: list[Grid] = []
    for grid in grids(text):
        # Words beside one another are no columns: blanks make a table only with captions.
        if grid.layout != "blanks" or grid.columns or (grid.rows and len(grid.cells[0]) > 1):
            found.append(grid)
        if len(found) >= _MOST:
            break
    return found


def _blanked(text: str, stretches: Sequence[tuple[int, int]]) -> str:
    """The text with stretches blank, line feeds kept."""
    kept, position = [], 0
    for start, end in sorted(stretches):
        if end > position:
            start = max(start, position)
            kept += [text[position:start], re.sub(r"[^\n]", " ", text[start:end])]
            position = end
    return "".join([*kept, text[position:]])


def _is_matrix(grid: Grid) -> bool:
    """Whether rows and columns are of the same things, or the title says that it is a matrix."""
    rows, columns = len(grid.cells), len(grid.cells[0])
    if min(rows, columns) < 2:
        return False
    headed = [each for caption in (*grid.columns, *grid.rows) for each in nouns(caption)]
    if headed:
        return False
    return rows == columns or bool(_MATRIX.search(grid.title) or _SIMILARITY.search(grid.title))


def _matrix(grid: Grid, names: Names, context: Context, placer: Placer) -> PrintedMatrix:
    return PrintedMatrix(
        place=placer.place(grid.start, grid.end),
        kind=_kind(grid),
        title=grid.title,
        model=names.model(grid.title) or context.model(grid.start),
        rows=grid.rows,
        columns=grid.columns,
        values=grid.values,
        decimals=grid.decimals,
        truncated=grid.truncated,
    )


def _kind(grid: Grid) -> str:
    words = " ".join((grid.title, grid.corner, *grid.rows[:3], *grid.columns[:3]))
    square = len(grid.cells) == len(grid.cells[0])
    values = [value for row in grid.values for value in row]
    whole = grid.decimals == 0 and all(value >= 0 for value in values)
    if square and whole and not _SIMILARITY.search(words):
        return "confusion"
    if _CONFUSION.search(words) and square:
        return "confusion"
    cosines = not whole and all(-1.01 <= value <= 1.01 for value in values)
    return "similarity" if _SIMILARITY.search(words) or (square and cosines) else "other"


def _barred(text: str, taken: list[tuple[int, int]]) -> Iterator[_Entry]:
    """Numbers in tables with bars; the lines they take are added."""
    rows = lines(text)
    for table in piped(rows):
        made = 0
        title = _title(rows, table.rows[0].line if table.rows else 0)
        for row in table.rows:
            texts = [cell.text for cell in row.cells]
            count = _count(texts, table.header)
            for index, cell in enumerate(row.cells):
                amount = _only(cell.text, cell.start, table.header[index])
                if amount is not None and (index or not _LETTER.search(table.header[0])):
                    made += 1
                    label = _label(texts, index)
                    yield _Entry(
                        amount=amount,
                        header=table.header[index],
                        label=label,
                        corner=table.header[0],
                        title=title,
                        n=count,
                        row=rows[row.line].text,
                    )
        if made:
            taken.extend(_lines_of([row.line for row in table.rows], rows))


def _lines_of(indices: Sequence[int], rows: Sequence[Line]) -> Iterator[tuple[int, int]]:
    """The lines of a table and the header and rule above it."""
    first = indices[0]
    for index in (*(i for i in (first - 2, first - 1) if i >= 0 and "|" in rows[i].text), *indices):
        yield rows[index].start, rows[index].end


def _spaced(text: str, drawn: Sequence[Grid], taken: list[tuple[int, int]]) -> Iterator[_Entry]:
    """Numbers in tables of tabs or blanks; the stretches they take are added."""
    for grid in drawn:
        if not grid.columns and not grid.rows:
            continue
        taken.append((grid.start, grid.end))
        for index, row in enumerate(grid.cells):
            label = grid.rows[index] if grid.rows else ""
            texts = [label, *(text[cell.start : cell.end] for cell in row)]
            count = _count(texts, (grid.corner, *grid.columns)) if grid.columns else None
            for column, cell in enumerate(row):
                header = grid.columns[column] if grid.columns else ""
                amount = _only(text[cell.start : cell.end], cell.start, header)
                if amount is not None:
                    yield _Entry(
                        amount=amount,
                        header=header,
                        label=label,
                        corner=grid.corner,
                        title=grid.title,
                        n=count,
                        row=" ".join(texts),
                    )


def _title(rows: Sequence[Line], line: int) -> str:
    """The nearest line of words above a table."""
    for index in range(line - 1, max(-1, line - 6), -1):
        text = rows[index].text.strip()
        if text and "|" not in text:
            return text.strip(" #*_:")[:160] if _LETTER.search(text) else ""
    return ""


def _label(texts: Sequence[str], index: int) -> str:
    """The words of a row before a cell; else its first cell."""
    said = [text for text in texts[:index] if _LETTER.search(text)]
    return " ".join(said)[:200].strip(_EMPHASIS) if said else texts[0].strip(_EMPHASIS)


def _count(texts: Sequence[str], header: Sequence[str]) -> int | None:
    """Items a row says it rests on."""
    for text, name in zip(texts, header, strict=False):
        if _COUNT_HEADER.fullmatch(name):
            amount = _only(text, 0, "")
            if amount is not None and amount.value >= 1 and amount.value % 1 == 0:
                return int(amount.value)
    return None


def _only(text: str, start: int, header: str) -> Amount | None:
    """The number a cell consists of, in the unit its header gives; ``None`` for anything else."""
    if len(text) > 60:
        return None
    found = amounts(text)
    if len(found) != 1:
        return None
    amount = found[0]
    rest = text[: amount.start] + text[amount.end :]
    if rest.strip(" *_`$()\\~\u2248<>\u00b1\u2191\u2193"):
        return None
    amount = _in_unit(text, amount, header)
    return replace(
        amount, start=amount.start + start, end=amount.end + start, figures=amount.figures + start
    )


def _in_unit(text: str, amount: Amount, header: str) -> Amount:
    """``21.4`` below ``Time (ms)`` is 21.4 ms."""
    unit = _UNIT.search(header)
    if amount.kind is not None or unit is None:
        return amount
    digits = text[amount.start : amount.figures]
    for joined in (f"{digits}{unit['unit']}", f"{digits} {unit['unit']}"):
        found = amounts(joined)
        if len(found) == 1 and found[0].end == len(joined):
            return replace(found[0], start=amount.start, end=amount.end, figures=amount.figures)
    return amount


class _Reader:
    """Makes the figures of table cells."""

    def __init__(
        self,
        names: Names,
        context: Context,
        claims: Mapping[int, Sequence[Claim]],
        asked: frozenset[MetricName],
    ) -> None:
        self._names = names
        self._context = context
        self._claims = claims
        self._asked = asked

    def figures(self, entry: _Entry) -> list[Found]:
        """The figures of one cell: none where neither its row nor its column has a name."""
        name, noun, subject = _named(entry)
        if not _LETTER.search(name):
            return []
        claimed = self._claims.get(entry.amount.start, ())
        if not claimed:
            return [self._found(entry, name, noun, subject, None)]
        return [self._found(entry, name, noun, subject, claim) for claim in claimed]

    def _found(
        self, entry: _Entry, name: str, noun: Noun | None, subject: str, claim: Claim | None
    ) -> Found:
        amount = entry.amount
        metric = claim.metric if claim else self._metric(noun)
        return Found(
            amount=amount,
            kind="score" if claim else _kind_of(noun, amount),
            name=name,
            metric=metric,
            model=self._model(entry, subject),
            dataset=self._names.dataset(f"{subject} {entry.header}")
            or self._names.dataset(entry.title),
            split=split_of(f"{entry.label} {entry.header}") or split_of(entry.title),
            n=claim.n if claim and claim.n is not None else entry.n,
            hedged=remarks.is_hedged(entry.row, *_within(entry)),
            target=remarks.names_target(entry.row) or remarks.names_target(entry.header),
            cited=remarks.is_cited(f"{entry.row} {entry.header}")
            or remarks.names_other_run(f"{entry.label} {entry.header}"),
            disclaimed=is_disclaimed(entry.row, ""),
            claim=claim,
        )

    def _metric(self, noun: Noun | None) -> str | None:
        return None if noun is None or noun.metric in self._asked else noun.metric

    def _model(self, entry: _Entry, subject: str) -> str | None:
        if _MODEL_HEADER.fullmatch(entry.corner) and entry.label:
            return self._names.model(entry.label) or entry.label[:_LONGEST]
        named = self._names.model(subject) or self._names.model(entry.header)
        return named or self._names.model(entry.title) or self._context.model(entry.amount.start)


def _within(entry: _Entry) -> tuple[int, int]:
    """Where the number stands in its row."""
    start = entry.row.find(entry.amount.unit) if entry.amount.unit == "~" else 0
    return start, start


def _named(entry: _Entry) -> tuple[str, Noun | None, str]:
    """What a cell is called, the word that says so, and whom it is of."""
    header, label = (each.strip(_EMPHASIS)[:_LONGEST] for each in (entry.header, entry.label))
    in_header, in_label = nouns(header), nouns(label)
    if in_header or not in_label:
        noun = _telling(in_header)
        return (header, noun, label) if _LETTER.search(header) else (label, noun, header)
    return label, _telling(in_label), header


def _telling(found: Sequence[Noun]) -> Noun | None:
    specific = [each for each in found if not each.generic] or list(found)
    return specific[0] if specific else None


def _kind_of(noun: Noun | None, amount: Amount) -> FigureKind:
    if amount.kind is not None and not (amount.percent and noun is not None):
        return amount.kind
    if noun is None:
        return "other"
    if noun.kind in {"seconds", "bytes", "rate"}:
        return "other"
    return noun.kind
