"""Evaluations that outputs and sentences tell of: scores that stand together."""

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from typing import Literal

from grader.evidence.stated.draft import Draft
from grader.model import Cell, Figure, PrintedMatrix, Submission
from grader.patterns import regex

PRINTED_IDS = regex(r"label_ids=array\(\[(?P<ids>[^\]]{0,20000})\]")
"""The labels inside a printed ``PredictionOutput``; numpy prints up to 1000 of them whole."""

PARAGRAPH = regex(r"\n[ \t]{0,40}\n")

NEAR = 20
"""Evaluations just told of that a further score of the same paragraph may belong to."""

Spot = tuple[int, int]
"""Cell, and output within it or paragraph of its text."""

Scores = list[tuple[int, Figure]]


def in_outputs(
    submission: Submission,
    figures: Sequence[Figure],
    matrices: Sequence[PrintedMatrix],
    cell_tasks: Mapping[int, str],
) -> list[Draft]:
    """Evaluations outputs show, those of our own run only where the file has none of the cell."""
    shown = [(i, each) for i, each in enumerate(figures) if each.place.source != "text"]
    saved = {each.place.cell for _, each in shown if each.place.source == "saved"}
    kept = [
        (i, each)
        for i, each in shown
        if each.place.source == "saved" or each.place.cell not in saved
    ]
    spots = [((each.place.cell, each.place.output or 0), (i, each)) for i, each in kept]
    drafts = _evaluations("output", spots, cell_tasks)
    cells = {cell.index: cell for cell in submission.cells}
    tables = [each for each in matrices if each.place.source != "text"]
    drafts = _with_matrices(drafts, tables, cell_tasks)
    for draft in drafts:
        if draft.n is None and draft.cell in cells:
            draft.n = _printed_labels(cells[draft.cell])
    return drafts


def in_text(
    submission: Submission,
    figures: Sequence[Figure],
    matrices: Sequence[PrintedMatrix],
    cell_tasks: Mapping[int, str],
) -> list[Draft]:
    """Evaluations the text tells of, a paragraph at a time."""
    breaks = {
        cell.index: [found.start() for found in PARAGRAPH.finditer(cell.source)]
        for cell in submission.cells
        if cell.kind != "code"
    }
    spots = [
        (
            (each.place.cell, bisect_right(breaks.get(each.place.cell, []), each.place.start)),
            (i, each),
        )
        for i, each in enumerate(figures)
        if each.place.source == "text"
    ]
    drafts = _evaluations("text", spots, cell_tasks)
    tables = [each for each in matrices if each.place.source == "text"]
    return _with_matrices(drafts, tables, cell_tasks)


def _evaluations(
    source: Literal["output", "text"],
    spots: Iterable[tuple[Spot, tuple[int, Figure]]],
    cell_tasks: Mapping[int, str],
) -> list[Draft]:
    drafts: list[Draft] = []
    for (cell, _), group in groupby(sorted(spots, key=_order), key=lambda each: each[0]):
        figures = [figure for _, figure in group]
        told = [each for each in figures if _is_result(each[1])]
        here = _apart(source, cell, told, cell_tasks)
        _sizes(here, [figure for _, figure in figures])
        drafts += here
    return drafts


def _order(each: tuple[Spot, tuple[int, Figure]]) -> tuple[Spot, int]:
    return each[0], each[1][0]


def _is_result(figure: Figure) -> bool:
    named = figure.kind == "score" and figure.metric is not None
    return named and not figure.target and not figure.cited


def _apart(
    source: Literal["output", "text"],
    cell: int,
    told: Scores,
    cell_tasks: Mapping[int, str],
) -> list[Draft]:
    """Scores that stand together, apart where they are of different models, splits or sizes.

    A metric printed twice in one output is a log or a table of classes, and one evaluation; said
    twice with different values in a sentence, it is two.
    """
    drafts: list[Draft] = []
    for index, figure in told:
        one = _of(source, cell, figure, cell_tasks)
        fitting = (
            each
            for each in reversed(drafts[-NEAR:])
            if each.agrees(one) and (source == "output" or not _contradicts(each, figure))
        )
        draft = next(fitting, None)
        if draft is None:
            drafts.append(draft := one)
        else:
            draft.fill(one)
        draft.scores.append((index, figure))
        draft.said.setdefault((figure.metric, figure.average), figure.value)
    return drafts


def _of(
    source: Literal["output", "text"],
    cell: int,
    figure: Figure,
    cell_tasks: Mapping[int, str],
) -> Draft:
    return Draft(
        source=source,
        cell=cell,
        line=figure.place.line,
        file_line=figure.place.file_line,
        task=figure.task or cell_tasks.get(cell),
        n=figure.n,
        split=figure.split,
        dataset=figure.dataset,
        model=figure.model,
    )


def _contradicts(draft: Draft, figure: Figure) -> bool:
    said = draft.said.get((figure.metric, figure.average))
    return said is not None and said != figure.value


def _sizes(drafts: Sequence[Draft], figures: Sequence[Figure]) -> None:
    """Numbers of items and classes that stand beside the scores, where there is one alone."""
    items = {int(f.value) for f in figures if f.kind == "items" and f.split in {None, "test"}}
    classes = {int(f.value) for f in figures if f.kind == "classes"}
    for draft in drafts:
        if draft.n is None and len(items) == 1 and len(drafts) == 1:
            draft.n = next(iter(items))
        if draft.classes is None and len(classes) == 1:
            draft.classes = next(iter(classes))


def _with_matrices(
    drafts: list[Draft], matrices: Iterable[PrintedMatrix], cell_tasks: Mapping[int, str]
) -> list[Draft]:
    """Confusion matrices tell how many items there were, and how many classes."""
    found = list(drafts)
    for matrix in matrices:
        if matrix.kind != "confusion":
            continue
        place = matrix.place
        beside = [each for each in drafts if each.cell == place.cell]
        size = _of_matrix(matrix, cell_tasks)
        same = [each for each in beside if each.agrees(size)]
        if same:
            same[-1].fill(size)
        elif not beside:
            found.append(size)
    return sorted(found, key=lambda each: (each.cell, each.line or 0))


def _of_matrix(matrix: PrintedMatrix, cell_tasks: Mapping[int, str]) -> Draft:
    whole = not matrix.truncated
    place = matrix.place
    return Draft(
        source="text" if place.source == "text" else "output",
        cell=place.cell,
        line=place.line,
        file_line=place.file_line,
        task=cell_tasks.get(place.cell),
        n=int(sum(map(sum, matrix.values))) if whole else None,
        classes=len(matrix.values) if whole else None,
        model=matrix.model,
    )


def _printed_labels(cell: Cell) -> int | None:
    """How many labels a cell's output shows in full."""
    counts = {len(ids.split(",")) for ids in _ids(cell) if ids.strip() and "..." not in ids}
    return counts.pop() if len(counts) == 1 else None


def _ids(cell: Cell) -> Iterator[str]:
    for output in cell.outputs:
        for found in PRINTED_IDS.finditer(output.text):
            yield found["ids"]
