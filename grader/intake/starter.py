"""Which cells are the course's own, and which were made from them."""

import difflib
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from grader.model import Cell
from grader.patterns import regex

MOST_LINES = 1_000
"""Lines of a cell beyond which it is only compared whole."""

MOST_PLACES = 50
"""Places of the starter at which a line is looked for; more have the same common line."""

DIFF_LINES = 200
"""Lines of a diff that are kept."""

FEWEST_LINES = 2
"""Lines of a starter cell that, alone in a cell, may be a part of it."""

MADE_FROM = 0.5
"""Share of the starter cell's letters, in lines that were kept, from which a cell was made of it.

Below half, a cell that only calls the same functions would count; a student who fills in the
starter's gaps keeps nearly all of its lines.
"""

ALIKE = 0.75
"""``difflib`` ratio of whole texts from which a cell without a line in common was made of one.

A number changed in a line of code leaves 0.8 or more; other code of the same library 0.6.
"""

LEAST_KEPT = 16
"""Letters that must be kept; ``plt.show()`` alone says nothing."""

LONGEST_ALIKE = 1_500
"""Characters of two texts compared letter by letter."""

CANDIDATES = 3
"""Starter cells compared letter by letter with one cell."""

COMMON = 10
"""Cells of the starter a word may stand in and still tell them apart."""

HEAVIEST = 80
"""Characters of a line that count; one long line of data is not worth a page of code."""

TAB = 8
IMPORT = regex(r"(?:import|from)\s+\w|[%!]")
WORD = regex(r"\w{2,60}")
SMALL = regex(r"\W*(?:\w{1,20}\W*)?\Z")
"""A line with one word at most, such as ``else:`` or a closing bracket."""


class _Line(NamedTuple):
    """A line that is not blank."""

    text: str
    """Without blanks around it."""

    indent: int
    """Columns before it."""


class _Text(NamedTuple):
    """A cell of the starter or of the student, as it is compared."""

    kind: str
    source: str
    lines: tuple[_Line, ...]

    @property
    def words(self) -> frozenset[str]:
        """The words of its beginning, in which texts are looked for that are nearly the same."""
        return frozenset(WORD.findall(self.source[:LONGEST_ALIKE]))


class _Place(NamedTuple):
    """A line of the starter."""

    cell: int
    """Index among the starter's cells."""

    line: int
    """Index among all its lines of that kind of cell."""

    first: bool
    """Whether it begins its cell."""


def marked(cells: Sequence[Cell], starter: Sequence[Cell]) -> tuple[Cell, ...]:
    """The cells, those of the starter and those made from them marked as such.

    A cell is the starter's when it stands there: whole, or as a part of two lines at least, or
    as several of its cells joined; blank lines, blanks at the ends of lines and the indent of
    the whole do not count, nor how far each level is indented. Imports alone must be a whole
    cell of the starter, for every notebook begins with the same ones.

    A cell was made from one of the starter when it keeps the greater part of it, or when
    letter by letter they are nearly the same. It carries a unified diff.

    Args:
        cells: The student's.
        starter: The cells of the lab's starter notebook.
    """
    known = _Starter(starter)
    return tuple(known.marked(cell) for cell in cells)


class _Starter:
    """The starter notebook, ready to be compared with cells."""

    def __init__(self, cells: Sequence[Cell]) -> None:
        self._texts = [text for text in map(_text, cells) if text.lines]
        self._whole = {(text.kind, _levels(text.lines)) for text in self._texts}
        self._lines: defaultdict[str, list[_Line]] = defaultdict(list)
        self._places: defaultdict[tuple[str, str], list[_Place]] = defaultdict(list)
        self._by_word: defaultdict[tuple[str, str], list[int]] = defaultdict(list)
        self._word_counts: list[int] = []
        self._weights = [_weight(text.lines, text.kind) for text in self._texts]
        for index, text in enumerate(self._texts):
            self._add(index, text)

    def _add(self, index: int, text: _Text) -> None:
        lines = self._lines[text.kind]
        for at, line in enumerate(text.lines):
            place = _Place(index, len(lines), first=at == 0)
            self._places[text.kind, line.text].append(place)
            lines.append(line)
        words = text.words
        self._word_counts.append(len(words))
        for word in words:
            self._by_word[text.kind, word].append(index)

    def marked(self, cell: Cell) -> Cell:
        """One cell of the student, marked."""
        text = _text(cell)
        if not text.lines:
            return cell
        if self._holds(text):
            return cell.model_copy(update={"from_starter": True})
        origin = self._origin(text) if len(text.lines) <= MOST_LINES else None
        if origin is None:
            return cell
        return cell.model_copy(update={"starter_diff": _diff(origin.source, cell.source)})

    def _holds(self, text: _Text) -> bool:
        if (text.kind, _levels(text.lines)) in self._whole:
            return True
        if len(text.lines) < FEWEST_LINES or not _weight(text.lines, text.kind):
            return False
        return self._is_part(text) or self._is_joined(text)

    def _is_part(self, text: _Text) -> bool:
        """Whether it stands in the starter as it is, across cells or within one."""
        lines, count = self._lines[text.kind], len(text.lines)
        places = self._places.get((text.kind, text.lines[0].text), ())[:MOST_PLACES]
        return any(_same(text.lines, lines[at.line : at.line + count]) for at in places)

    def _is_joined(self, text: _Text) -> bool:
        """Whether it is cells of the starter one after the other, in whatever order."""
        ends = {0}
        for at, line in enumerate(text.lines):
            if at not in ends:
                continue
            for place in self._places.get((text.kind, line.text), ())[:MOST_PLACES]:
                other = self._texts[place.cell].lines
                here = text.lines[at : at + len(other)]
                if place.first and line.indent == text.lines[0].indent and _same(here, other):
                    ends.add(at + len(other))
        return len(text.lines) in ends

    def _origin(self, text: _Text) -> _Text | None:
        """The cell of the starter it was made from."""
        kept = self._kept(text)
        made = [index for index in kept if kept[index] >= self._enough(index)]
        if made:
            return self._texts[max(made, key=lambda index: (kept[index], -index))]
        return self._alike(text)

    def _enough(self, index: int) -> float:
        return max(LEAST_KEPT, MADE_FROM * self._weights[index])

    def _kept(self, text: _Text) -> Counter[int]:
        """For each cell of the starter, how much of it stands in this one, line by line."""
        kept: Counter[int] = Counter()
        for line in {each.text for each in text.lines}:
            weight = _weight((_Line(line, 0),), text.kind)
            places = self._places.get((text.kind, line), ()) if weight else ()
            # More places than that have a line that says nothing of where it is from.
            for cell in {place.cell for place in places[:MOST_PLACES]}:
                kept[cell] += weight
        return kept

    def _alike(self, text: _Text) -> _Text | None:
        """The cell of the starter that differs in a few letters only."""
        if len(text.source) > LONGEST_ALIKE or not _weight(text.lines, text.kind):
            return None
        votes: Counter[int] = Counter()
        for word in text.words:
            indices = self._by_word.get((text.kind, word), ())
            votes.update(indices if len(indices) <= COMMON else ())
        source = text.source.strip()
        for index, shared in votes.most_common(CANDIDATES):
            other = self._texts[index]
            if 2 * shared >= self._word_counts[index] and _is_alike(source, other.source.strip()):
                return other
        return None


def _is_alike(source: str, other: str) -> bool:
    shorter, longer = sorted((len(source), len(other)))
    if longer > LONGEST_ALIKE or 2 * shorter < ALIKE * (shorter + longer):
        return False
    matcher = difflib.SequenceMatcher(None, other, source, autojunk=False)
    # An upper bound that is cheap, before the ratio itself.
    return matcher.quick_ratio() >= ALIKE and matcher.ratio() >= ALIKE


def _text(cell: Cell) -> _Text:
    return _Text(cell.kind, cell.source, tuple(_lines(cell.source)))


def _lines(source: str) -> Iterable[_Line]:
    for line in source.splitlines():
        text = line.strip()
        if text:
            before = line[: len(line) - len(line.lstrip())].expandtabs(TAB)
            yield _Line(text, len(before))


def _levels(lines: Sequence[_Line]) -> tuple[tuple[str, int], ...]:
    """The lines with the number of levels each is indented by, however wide a level is."""
    open_levels: list[int] = []
    found: list[tuple[str, int]] = []
    for line in lines:
        while open_levels and open_levels[-1] > line.indent:
            open_levels.pop()
        if not open_levels or open_levels[-1] < line.indent:
            open_levels.append(line.indent)
        found.append((line.text, len(open_levels)))
    return tuple(found)


def _same(one: Sequence[_Line], other: Sequence[_Line]) -> bool:
    if len(one) != len(other) or any(a.text != b.text for a, b in zip(one, other, strict=True)):
        return False
    return _levels(one) == _levels(other)


def _weight(lines: Sequence[_Line], kind: str) -> int:
    """How much the lines say; imports and lines of a single word say nothing."""
    return sum(
        min(len(line.text), HEAVIEST)
        for line in lines
        if not SMALL.match(line.text) and not (kind == "code" and IMPORT.match(line.text))
    )


def _diff(starter: str, source: str) -> str:
    before, after = starter.splitlines(), source.splitlines()
    lines = difflib.unified_diff(
        before, after, "starter", "submission", n=len(before) + len(after), lineterm=""
    )
    return "\n".join(line for _, line in zip(range(DIFF_LINES), lines, strict=False))
