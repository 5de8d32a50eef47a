"""The text of a report, read as cells."""

import re
from itertools import pairwise
from pathlib import PurePath

from grader.errors import SubmissionError
from grader.intake.decoding import decoded
from grader.intake.notebook import Reading
from grader.intake.report.behind import Behind
from grader.intake.report.counts import take_count, take_indent
from grader.intake.report.division import divided
from grader.intake.report.echoes import Echoes
from grader.intake.report.fences import OUTPUT, PYTHON, Block, blocks
from grader.intake.report.shapes import is_heading
from grader.intake.report.sheet import Role, Sheet
from grader.intake.report.statements import breaks
from grader.intake.scripts import looks_like_notebook
from grader.patterns import regex

SUFFIXES = frozenset({".txt", ".text", ".md", ".markdown", ""})
LARGEST = 2_000_000
"""Characters; a report without its pictures is far smaller."""

MOST_LINES = 100_000
NOTE = "The file was read as a report: its code was looked at and not run."
WHAT = "text that can be read"
BEGINNING = 1_000
WEB_PAGE = regex(r"\s{0,200}<(?:!doctype\s+html|html)\b", re.IGNORECASE)
KEYS = ('"cells"', '"nbformat"', '"worksheets"')
DIGIT = regex(r"\d")
AGAINST_PRINTED = 3.0
"""Bias of a block whose fence says that it is Python."""


def is_report(path: PurePath, content: bytes) -> bool:
    """Whether a file is a report: text that is no notebook, neither JSON nor jupytext's.

    Args:
        path: Its name; text has one of ``SUFFIXES``.
        content: All of the file.
    """
    if path.suffix.lower() not in SUFFIXES:
        return False
    try:
        text, _ = decoded(content)
    except SubmissionError:
        # A report that is not text: the reader says so.
        return True
    if text.lstrip().startswith("{") and any(key in text for key in KEYS):
        return False
    return path.suffix.lower() != ".md" or not looks_like_notebook(path, text)


def read_report(path: PurePath, content: bytes) -> Reading:
    """The cells of one report, in the order of the text.

    Code cells are what stands in fences and looks like Python, and code behind an execution
    count such as ``[24]``. Their outputs are the printed text in the same fence, in fences
    that follow at once, and below. All else is text, cut at headings. Every line of the file
    that is not blank stands in exactly one source or output, fences aside; of code the
    execution count and the hanging indent that comes with it are taken off.

    Args:
        path: Its name, which says nothing more here.
        content: All of the file.

    Raises:
        SubmissionError: it is no text, or too much; the message is for the student.
    """
    text, notes = decoded(content, WHAT)
    if WEB_PAGE.match(text):
        raise SubmissionError("The file is a web page, not a report; hand in its text.")
    lines = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n").split("\n")
    if len(text) > LARGEST or len(lines) > MOST_LINES:
        raise SubmissionError(
            f"The file has over {LARGEST / 1e6:.0f} MB of text or {MOST_LINES:,} lines, "
            "which is no report; hand in the report alone."
        )
    cells = _Division(lines).sheet.cells()
    if not cells:
        raise SubmissionError("The file is empty; hand in a complete copy.")
    return Reading(cells, (*notes, NOTE))


class _Division:
    """Divides one report, from its first line to its last."""

    def __init__(self, lines: list[str]) -> None:
        found, marks = blocks(lines)
        self.sheet = Sheet(lines, marks)
        self._echoes = Echoes()
        self._known: set[str] = set()
        self._behind_code = False
        at = 0
        for block in found:
            self._read_text(at, block.start - 1)
            self._read_block(block)
            at = block.end + block.closed
        self._read_text(at, len(lines))

    def _read_text(self, start: int, end: int) -> None:
        """Text outside fences: perhaps printed, perhaps code behind an execution count."""
        behind = Behind(self.sheet, self._echoes, self._known)
        at = start
        while at < end:
            at, self._behind_code = behind.read(at, end, behind_code=self._behind_code)
        for line in range(start, end):
            if self.sheet.roles[line] is Role.TEXT and is_heading(self.sheet.lines[line]):
                self.sheet.cuts.add(line)

    def _read_block(self, block: Block) -> None:
        self.sheet.cuts |= {block.start, block.end + block.closed}
        language = block.language or ""
        if language not in PYTHON | OUTPUT:
            self._keep_fences(block)
        elif language in OUTPUT:
            self.sheet.give(block.start, block.end, Role.PRINTED)
        else:
            bias = AGAINST_PRINTED if language else 0.0
            starts = [block.start, *self._counted(block), block.end]
            for start, end in pairwise(starts):
                self._divide(start, end, bias)
            if not self._says_something(block):
                self._keep_fences(block)

    def _counted(self, block: Block) -> list[int]:
        """Lines with an execution count, at which other cells begin."""
        counted: list[int] = []
        for at in range(block.start, block.end):
            if take_count(self.sheet, at, block.end, self._known):
                counted.append(at)
        return counted

    def _divide(self, start: int, end: int, bias: float) -> None:
        lines = self.sheet.source(start, end).split("\n") if end > start else []
        self._echoes.add("\n".join(lines))
        for stretch in divided(lines, self._echoes, self._known, bias=bias):
            first, last = start + stretch.start, start + stretch.end
            self.sheet.give(first, last, Role.CODE if stretch.code else Role.PRINTED)
            if stretch.code:
                take_indent(self.sheet, first, last)
                code = self.sheet.source(first, last).split("\n")
                self.sheet.cuts |= {first, *(first + at for at in breaks(code))}
                self._behind_code = True

    def _says_something(self, block: Block) -> bool:
        """Whether it is code, or printed by code before it, or at least holds a number."""
        roles = self.sheet.roles[block.start : block.end]
        if Role.CODE in roles or self._behind_code:
            return True
        return DIGIT.search("\n".join(self.sheet.lines[block.start : block.end])) is not None

    def _keep_fences(self, block: Block) -> None:
        """Leave a block in the text, with its fences: a drawing, a shell's or another language."""
        for at in range(block.start - 1, min(block.end + 1, len(self.sheet.lines))):
            if block.closed or at < block.end:
                self.sheet.roles[at] = Role.TEXT
        self.sheet.cuts -= {block.start, block.end + block.closed}
        self._behind_code = False
