"""Execution counts before code, as a printed notebook has them, and the indent they cause."""

import textwrap

from grader.intake.report.sheet import Role, Sheet
from grader.intake.report.statements import COUNT, count_before, is_python, looks_like_code, weight


def take_count(sheet: Sheet, at: int, end: int, known: set[str]) -> bool:
    """Whether code with an execution count begins at a line; the count is taken off it.

    Args:
        sheet: The report, changed where a count is found.
        at: The line.
        end: Index after the last line that may belong to the code.
        known: Names that code before gives a value.
    """
    found = count_before(sheet.lines[at], known)
    if found is None:
        return False
    count, code = found
    first = at
    if code is None:
        first = next((i for i in range(at + 1, min(end, at + 3)) if sheet.lines[i].strip()), -1)
        if first < 0 or not _begins_code(sheet.lines[first], known):
            return False
        sheet.roles[at] = Role.MARK
    else:
        sheet.lines[at] = code
    sheet.cuts.add(at)
    sheet.counts[first] = count
    return True


def take_indent(sheet: Sheet, start: int, end: int) -> None:
    """Take off the indent of lines that only stand below the code behind a count.

    A printed notebook shows the count in the first line and the other lines below the code, not
    below the count.
    """
    if start not in sheet.counts or end - start < 2 or sheet.lines[start][:1].isspace():
        return
    if is_python(sheet.source(start, end)):
        return
    below = textwrap.dedent(sheet.source(start + 1, end))
    if is_python(f"{sheet.lines[start]}\n{below}"):
        # Lines that hold only blanks lose them too, which no reader can see.
        sheet.lines[start + 1 : end] = below.split("\n")


def _begins_code(line: str, known: set[str]) -> bool:
    if COUNT.match(line):
        return False
    return weight(line, set(known)) >= 1.0 or line.startswith("#") or looks_like_code(line)
