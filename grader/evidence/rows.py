"""Which served rows texts belong to: reference captions, and right answers to questions."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from functools import lru_cache

from grader.evidence.placing import SHORTEST_WINDOW, Place, tests_first
from grader.evidence.truth import Texts
from grader.metrics.tokens import words
from grader.model import LabelOrigin

__all__ = ["commonest", "place_answers", "place_captions", "plain", "rows_at"]

Several = Sequence[Sequence[str]]
"""Texts of each item."""


def place_captions(references: Several, served: Texts) -> Place | None:
    """The rows whose captions the references are, one row an item, in any order.

    All references of an item must be captions of its row. Case, punctuation and blanks are
    ignored, because programs that compare words keep neither. Test splits come first, as for
    labels, and rows that follow one another before others. An item that several rows with other
    captions would fit belongs to no row, and then nothing is placed.

    Args:
        references: At least one text an item.
        served: Captions served.
    """
    items = [tuple(map(plain, each)) for each in references]
    if not items or not all(each and all(each) for each in items):
        return None
    for column in tests_first(served):
        found = _fitting(items, _captions(served[column]))
        if found is not None:
            return _place(column, found)
    return None


def place_answers(labels: Sequence[str], served: Texts) -> Place | None:
    """The rows whose answers the labels are: rows that follow one another, else a whole split.

    A label fits a row when it is the commonest answer there; where that places nothing, when
    anybody gave it.

    Args:
        labels: One answer an item; fewer than ``placing.SHORTEST_WINDOW`` stay unplaced, and so
            do labels that are all alike.
        served: Answers served.
    """
    wanted = [_folded(each) for each in labels]
    if len(wanted) < SHORTEST_WINDOW or len(set(wanted)) < 2:
        return None
    items = [(each,) for each in wanted]
    for alone in (True, False):
        for column in tests_first(served):
            start = next(_windows(items, _answers(served[column], alone=alone)), None)
            if start is not None:
                return _place(column, range(start, start + len(items)))
    multiset = Counter(frozenset(item) for item in items)
    whole = [
        column
        for column, rows in served.items()
        if len(rows) == len(items) and Counter(_answers(rows, alone=True)) == multiset
    ]
    if len(whole) != 1:
        return None
    return Place(dataset=whole[0][0], split=whole[0][1], origin=None)


def rows_at(place: Place | None, n: int, served: Texts) -> tuple[tuple[str, ...], ...] | None:
    """The served texts of each of ``n`` placed items; ``None`` when their rows are unknown."""
    if place is None or place.origin is None:
        return None
    column = served.get((place.dataset, place.split), ())
    rows = place.origin.rows or range(place.origin.start, place.origin.start + n)
    return tuple(column[row] for row in rows) if max(rows) < len(column) else None


def commonest(answers: Sequence[str]) -> str:
    """The answer most people gave, the first of equals; empty without answers."""
    counted = Counter(answers).most_common(1)
    return counted[0][0] if counted else ""


def plain(caption: str) -> str:
    """A caption as it is compared: its words, in lower case, without punctuation."""
    return " ".join(words(caption))


def _folded(answer: str) -> str:
    return " ".join(answer.lower().split())


@lru_cache(maxsize=32)
def _captions(rows: tuple[tuple[str, ...], ...]) -> tuple[frozenset[str], ...]:
    return tuple(frozenset(map(plain, each)) for each in rows)


@lru_cache(maxsize=32)
def _answers(rows: tuple[tuple[str, ...], ...], *, alone: bool) -> tuple[frozenset[str], ...]:
    """What fits each row: the commonest answer alone, or everybody's."""
    return tuple(
        frozenset({_folded(commonest(each))} if alone else map(_folded, each)) for each in rows
    )


def _fitting(
    items: Sequence[tuple[str, ...]], rows: Sequence[frozenset[str]]
) -> Sequence[int] | None:
    windows = [range(start, start + len(items)) for start in _windows(items, rows)]
    if windows:
        same = len({tuple(rows[row] for row in window) for window in windows}) == 1
        return windows[0] if same else None
    holding: dict[str, list[int]] = defaultdict(list)
    for index, captions in enumerate(rows):
        for caption in captions:
            holding[caption].append(index)
    found: list[int] = []
    used: set[int] = set()
    for item in items:
        fits = [row for row in holding.get(item[0], ()) if rows[row].issuperset(item)]
        if not fits or len({rows[row] for row in fits}) > 1:
            return None
        found.append(next((row for row in fits if row not in used), fits[0]))
        used.add(found[-1])
    return found


def _windows(items: Sequence[tuple[str, ...]], rows: Sequence[frozenset[str]]) -> Iterator[int]:
    """First row of every run of rows that hold what the items say, one row an item."""
    for start in range(len(rows) - len(items) + 1):
        if all(rows[start + index].issuperset(item) for index, item in enumerate(items)):
            yield start


def _place(column: tuple[str, str], rows: Sequence[int]) -> Place:
    dataset, split = column
    listed = () if isinstance(rows, range) or _in_a_row(rows) else tuple(rows)
    origin = LabelOrigin(dataset=dataset, split=split, start=rows[0], rows=listed)
    return Place(dataset=dataset, split=split, origin=origin)


def _in_a_row(rows: Sequence[int]) -> bool:
    return all(row == rows[0] + index for index, row in enumerate(rows))
