"""Text outside fences: what code printed, code behind an execution count, and prose."""

from grader.intake.report.counts import take_count, take_indent
from grader.intake.report.echoes import Echoes
from grader.intake.report.shapes import is_heading, is_label, is_scores, looks_printed
from grader.intake.report.sheet import Role, Sheet
from grader.intake.report.statements import COUNT, MOST_LINES, statements, weight

SHORT = 60
"""Characters of a lone line, such as the title of a picture, that may stand amid outputs."""


class Behind:
    """Reads the paragraphs behind a block.

    Args:
        sheet: The report; roles are given in it.
        echoes: The texts of the code so far.
        known: Names that the code so far gives a value.
    """

    def __init__(self, sheet: Sheet, echoes: Echoes, known: set[str]) -> None:
        self._sheet = sheet
        self._echoes = echoes
        self._known = known

    def read(self, at: int, end: int, *, behind_code: bool) -> tuple[int, bool]:
        """Read one paragraph, or code behind an execution count.

        Args:
            at: Its first line, or a blank one before it.
            end: Index after the last line outside fences.
            behind_code: Whether there is nothing but code and its outputs right before.

        Returns:
            Index after it, and whether code and outputs alone stand before that.
        """
        if not self._sheet.lines[at].strip():
            return at + 1, behind_code
        if take_count(self._sheet, at, end, self._known):
            return self._code(at, end), True
        stop = self._paragraph(at, end)
        if behind_code and self._is_output(at, stop, end):
            self._sheet.give(at, stop, Role.PRINTED)
            return stop, True
        scores = is_scores(self._sheet.lines[at:stop])
        if scores:
            # Printed without its code: an output all the same, and no claim of the text.
            self._sheet.give(at, stop, Role.PRINTED)
        return stop, scores

    def _paragraph(self, at: int, end: int) -> int:
        """Index after the lines up to a blank one, a heading or an execution count."""
        stop = at + 1
        while stop < end and self._sheet.lines[stop].strip():
            if is_heading(self._sheet.lines[stop]) or is_heading(self._sheet.lines[stop - 1]):
                break
            stop += 1
        return stop

    def _is_output(self, at: int, stop: int, end: int) -> bool:
        if self._is_printed(at):
            return True
        following = self._past_blank(stop, end)
        line = self._sheet.lines[at]
        if is_label(line) and stop == at + 1:
            return following == end or self._is_printed(following)
        # The title of a picture, or what was recognised in it, between two printed lines.
        alone = stop == at + 1 and len(line.strip()) <= SHORT and not is_heading(line)
        return alone and following < end and self._echoes.knows(self._sheet.lines[following])

    def _is_printed(self, at: int) -> bool:
        line = self._sheet.lines[at]
        if "\t" in line.strip():
            return False
        return self._echoes.knows(line) or (not is_heading(line) and looks_printed(line))

    def _past_blank(self, at: int, end: int) -> int:
        while at < end and not self._sheet.lines[at].strip():
            at += 1
        return at

    def _code(self, start: int, end: int) -> int:
        """Give the code that begins at a line its role; the index after it."""
        sheet = self._sheet
        first = start + (sheet.roles[start] is Role.MARK)
        limit = min(end, first + MOST_LINES)
        # Not beyond the next count, or the same lines would be read again for every count.
        limit = next((at for at in range(first + 1, limit) if COUNT.match(sheet.lines[at])), limit)
        lines = sheet.lines[first:limit]
        stop = first
        for begin, after in statements(lines):
            source = "\n".join(lines[begin:after])
            at = first + begin
            weighed = weight(source, self._known)
            if stop > first and (weighed <= 0 or self._ends(at)):
                break
            stop = first + after
        self._echoes.add("\n".join(sheet.lines[first:stop]))
        sheet.give(first, stop, Role.CODE)
        take_indent(sheet, min(at for at in range(first, stop) if sheet.lines[at].strip()), stop)
        return stop

    def _ends(self, at: int) -> bool:
        """Whether code cannot go on at a line: a heading, or a line that code prints."""
        line = self._sheet.lines[at]
        alone = not self._sheet.lines[at - 1].strip()
        return (alone and is_heading(line)) or self._echoes.knows(line)
