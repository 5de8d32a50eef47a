"""Words a text quotes, and the code cells that hold the same words."""

import re
from collections.abc import Iterator

from grader.evidence import vocabulary
from grader.evidence.written import words
from grader.evidence.written.placing import Placer
from grader.model import Cell, Quotation, Submission
from grader.patterns import regex

__all__ = ["Library", "quoted"]

_LONGEST = 300
_MOST = 500
_MOST_TEXT = 1_000_000
"""Characters of source and outputs looked through, all cells together."""
_MOST_OF_CELL = 200_000
_MOST_PLACES = 1_000
"""Places in one cell that are looked at for one quotation."""

# Each alternative reads at most 300 characters from its opening mark.
_QUOTED = regex(
    r"„(?P<low>[^„“”\n]{1,300})[“”]"
    r"|“(?P<high>[^“”\n]{1,300})”"
    r"|«\s?(?P<angle>[^«»\n]{1,300}?)\s?»"
    r"|»(?P<inward>[^«»\n]{1,300})«"
    r"|「(?P<corner>[^「」\n]{1,300})」|『(?P<double>[^『』\n]{1,300})』"
    r"|(?<![\w\"])\"(?P<straight>[^\s\"](?:[^\"\n]{0,298}[^\s\"])?)\"(?!\w)"
    r"|(?<!\w)\u2018(?P<single>[^\u2018\u2019\n]{2,300})\u2019(?!\w)"
    r"|(?<![\w'])'(?P<plain>[^\W\d_][^'\n]{1,298})'(?!\w)"
)
_CODE = regex(r"`[^`\n]{1,300}`")
_WORD = regex(rf"(?={vocabulary.RUN_ON})[^\W_]|[^\W_]+(?:['\u2019-][^\W_]+)*")
_ANSWER = words.bounded(words.one_of(words.ANSWERS))
_TRAILING = " \t.,;:!?\u2026。，！？、"  # noqa: RUF001 - CJK stops
_FEW_CHARACTERS = 4
"""Chinese characters that make as much as two words."""


class Library:
    """The words of all code cells, folded once."""

    def __init__(self, submission: Submission) -> None:
        self._texts: list[tuple[int, str]] = []
        self._has_outputs = any(cell.outputs for cell in submission.code_cells)
        self._left = _MOST
        left = _MOST_TEXT
        for cell in submission.code_cells if self._has_outputs else ():
            text = _folded(_content(cell)[: min(left, _MOST_OF_CELL)])
            left = max(0, left - len(text))
            self._texts.append((cell.index, text))

    def take(self) -> bool:
        """Whether another quotation may be looked for: five hundred of a submission are."""
        self._left -= 1
        return self._left >= 0

    def cells_with(self, quotation: str) -> tuple[int, ...] | None:
        """Code cells whose source or outputs hold the words; ``None`` without any outputs."""
        if not self._has_outputs:
            return None
        wanted = _folded(quotation).strip(_TRAILING)
        return tuple(index for index, text in self._texts if wanted and _holds(text, wanted))


def quoted(source: str, text: str, placer: Placer, library: Library) -> Iterator[Quotation]:
    """The quotations of one text cell: two words or more, or one word said to be an answer.

    Args:
        source: The cell as it stands.
        text: The same, as long, with fenced code blank.
        placer: Makes places.
        library: The words of the code cells.
    """
    plain = _CODE.sub(lambda match: " " * len(match[0]), text)
    found = (match for match in _QUOTED.finditer(plain) if _says_something(match))
    for match in found:
        if not library.take():
            return
        start, end = match.span(str(match.lastgroup))
        words_quoted = source[start:end]
        yield Quotation(
            place=placer.place(start, end),
            text=words_quoted,
            found=library.cells_with(words_quoted),
        )


def _says_something(match: re.Match[str]) -> bool:
    inner = match[str(match.lastgroup)]
    counted = _WORD.findall(inner)
    characters = sum(map(vocabulary.runs_on, counted))
    enough = len(counted) - characters + characters // (_FEW_CHARACTERS // 2) >= 2
    if enough or not counted:
        return enough
    before = match.string[max(0, match.start() - 60) : match.start()]
    return _ANSWER.search(re.split(r"[.!?。\n]", before)[-1]) is not None


def _content(cell: Cell) -> str:
    shown = (output.text[:_MOST_OF_CELL] for output in cell.outputs)
    return "\n".join([*shown, cell.source])


def _folded(text: str) -> str:
    return " ".join(text.casefold().split())


def _holds(text: str, wanted: str) -> bool:
    """Whether the words stand in a text, not as parts of longer ones."""
    position = text.find(wanted)
    for _ in range(_MOST_PLACES):
        if position < 0:
            return False
        end = position + len(wanted)
        if not (_runs_on(text, position - 1) or _runs_on(text, end)):
            return True
        position = text.find(wanted, position + 1)
    return False


def _runs_on(text: str, index: int) -> bool:
    character = text[index : index + 1] if index >= 0 else ""
    return character.isalnum() and not vocabulary.ideographs(character)
