"""Written answers: where they stand and how long they are."""

from collections.abc import Iterator, Sequence

from msgspec import Struct

from grader.evidence import vocabulary
from grader.evidence.headings import Heading, headings, unfenced
from grader.evidence.naming import number_of, task_names
from grader.evidence.sentences import masked
from grader.evidence.tasks import cell_tasks
from grader.evidence.wanted import wanted_answers
from grader.model import Cell, Lab, Submission, WrittenAnswer
from grader.patterns import regex

_PROSE_WORDS = 30
_BOLD_LEVEL, _SECTION_LEVEL = 7, 2
_ENDINGS = vocabulary.phrases(vocabulary.ENDINGS)
_PLACEHOLDERS = vocabulary.phrases(vocabulary.PLACEHOLDERS)

_IMAGE = regex(r"!\[[^\[\]\n]{0,300}\]\([^)\n]{0,500}\)")
_LINK = regex(r"\[(?P<text>[^\[\]\n]{1,300})\]\([^)\n]{0,500}\)")
_ITEM = regex(r"(?m)^[ \t>]{0,20}(?:[-*+•▪]|\d{1,3}[.)])[ \t]")
_WORDS = regex(r"[^\s\u3040-\u9fff]+")
_LETTER = regex(r"[^\W_]")


def answers(submission: Submission, lab: Lab) -> tuple[WrittenAnswer, ...]:
    """The written answers of the lab that stand in the notebook, in the lab's order.

    An answer is the text under a heading with its keywords. An answer about one task may also
    be the text right below the task's last code. An answer without a single word is absent.
    """
    finder = _Finder(submission, lab)
    found = {answer.id: finder.find(answer.id) for answer in lab.answers}
    return tuple(answer for answer in found.values() if answer is not None)


def word_count(markdown: str) -> int:
    """Words of the rendered text; each Chinese or Japanese character counts as one.

    Fenced code, HTML tags, images, addresses and Markdown marks are no words.
    """
    text = "\n".join(row.text for row in unfenced(masked(markdown)))
    text = _LINK.sub(lambda match: match["text"], _IMAGE.sub(" ", text))
    text = _PLACEHOLDERS.sub(" ", _ITEM.sub(" ", text))
    words = sum(1 for word in _WORDS.findall(text) if _LETTER.search(word))
    return vocabulary.ideographs(text) + words


class _Piece(Struct, frozen=True, kw_only=True):
    """Text under one heading, within one cell."""

    cell: int
    heading: Heading | None
    text: str
    behind_code: bool
    """Whether a code cell stands right above its cell."""


class _Finder:
    """Looks for answers in one submission."""

    def __init__(self, submission: Submission, lab: Lab) -> None:
        self._wanted = wanted_answers(lab)
        self._names = task_names(lab)
        self._cells = submission.cells
        self._tasks = cell_tasks(submission, lab)
        self._pieces = list(_pieces(submission.cells))

    def find(self, answer: str) -> WrittenAnswer | None:
        """The answer under its own heading (the longest of several), else below its task."""
        headed = [
            self._under(index, answer)
            for index, piece in enumerate(self._pieces)
            if piece.heading is not None and self._wanted.headed(piece.heading.text) == answer
        ]
        found = [each for each in headed if each is not None]
        if found:
            return max(found, key=lambda each: each.words)
        return self._below_task(answer)

    def _under(self, start: int, answer: str) -> WrittenAnswer | None:
        heading = self._pieces[start].heading
        if heading is None:
            return None
        taken = [self._pieces[start]]
        broken = False
        for piece in self._pieces[start + 1 :]:
            broken = broken or piece.behind_code
            if piece.heading is not None:
                if self._ends(piece.heading, heading, answer, broken=broken):
                    break
                broken = False
            if not broken:
                taken.append(piece)
        return _answer(answer, taken)

    def _ends(self, heading: Heading, opening: Heading, answer: str, *, broken: bool) -> bool:
        """Whether a heading below an answer's own no longer belongs to it."""
        general = self._wanted.owner(answer) is None
        level = _SECTION_LEVEL if general and opening.level == _BOLD_LEVEL else opening.level
        other = self._wanted.headed(heading.text)
        if heading.level > level:
            return other not in (None, answer) and not general
        if heading.level < level or other not in (None, answer):
            return True
        numbered = number_of(heading.text) is not None
        return not general or broken or numbered or _ENDINGS.search(heading.text) is not None

    def _below_task(self, answer: str) -> WrittenAnswer | None:
        """Prose right below the last code of the answer's task."""
        task = self._wanted.owner(answer)
        if task is None or self._wanted.of_task(task) != answer:
            return None
        for index in range(len(self._pieces) - 1, -1, -1):
            if self._is_below(index, task):
                return self._prose(index, task, answer)
        return None

    def _is_below(self, index: int, task: str) -> bool:
        piece = self._pieces[index]
        above = [cell for cell in self._cells if cell.index < piece.cell and cell.kind == "code"]
        return piece.behind_code and bool(above) and self._tasks.get(above[-1].index) == task

    def _prose(self, index: int, task: str, answer: str) -> WrittenAnswer | None:
        taken: list[_Piece] = []
        for piece in self._pieces[index:]:
            if (taken and piece.behind_code) or not self._may_belong(piece.heading, task):
                break
            taken.append(piece)
        found = _answer(answer, taken)
        return found if found is not None and found.words >= _PROSE_WORDS else None

    def _may_belong(self, heading: Heading | None, task: str) -> bool:
        if heading is None:
            return True
        named = self._names.headed(heading.text)
        return named <= {task} and self._wanted.headed(heading.text) is None


def _pieces(cells: Sequence[Cell]) -> Iterator[_Piece]:
    """The text of the notebook, cut at headings; text of the starter notebook is empty."""
    behind_code = False
    for cell in cells:
        if cell.kind == "code":
            behind_code = behind_code or bool(cell.source.strip())
            continue
        for piece in _pieces_of(cell):
            yield _Piece(
                cell=cell.index,
                heading=piece[0],
                text="" if cell.from_starter else piece[1],
                behind_code=behind_code,
            )
            behind_code = False


def _pieces_of(cell: Cell) -> Iterator[tuple[Heading | None, str]]:
    found = headings(cell.source)
    ends = [*(heading.start for heading in found), len(cell.source)]
    if cell.source[: ends[0]].strip() or not found:
        yield None, cell.source[: ends[0]]
    for heading, end in zip(found, ends[1:], strict=True):
        yield heading, cell.source[heading.end : end]


def _answer(answer: str, pieces: Sequence[_Piece]) -> WrittenAnswer | None:
    text = "\n\n".join(piece.text.strip() for piece in pieces if piece.text.strip())
    words = word_count(text)
    if not words:
        return None
    cells = sorted({piece.cell for piece in pieces})
    return WrittenAnswer(id=answer, cells=tuple(cells), text=text, words=words)
