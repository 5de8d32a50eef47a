"""Blocks of a text: what stands in code fences and what does not.

Reading a printed page loses fences and breaks a cell at the end of a page into two. So a fence
that is never closed ends where text begins again, and code broken off goes on in the next fence.
"""

from collections.abc import Sequence
from typing import NamedTuple

from grader.intake.report.shapes import is_heading, is_sentence
from grader.intake.report.statements import (
    count_before,
    is_python,
    looks_like_code,
    statements,
    unclosed,
    weight,
)
from grader.patterns import regex

FENCE = regex(r"^[ \t]{0,12}(?P<marks>`{3,40}|~{3,40})[ \t]*(?P<info>[^`]{0,200})$")
PYTHON = frozenset({"", "python", "py", "python3", "ipython", "ipython3", "code-cell", "jupyter"})
MOST_FENCES = 6
"""Pages that one cell goes over; each more would be looked at again and again."""

OUTPUT = frozenset({"text", "txt", "output", "out", "console", "plaintext", "stdout", "log"})


class Block(NamedTuple):
    """Lines that belong together."""

    start: int
    """Index of the first line."""

    end: int
    """Index after the last."""

    language: str | None
    """First word behind the opening fence, in lower case, perhaps empty; ``None`` for text."""

    closed: bool = True
    """Whether the fence is closed where the block ends."""

    fences: int = 1
    """How many fenced blocks of the file it is made of."""


class _Fence(NamedTuple):
    line: int
    marks: str
    info: str


def blocks(lines: Sequence[str]) -> tuple[list[Block], set[int]]:
    """The fenced blocks in order, and the lines that are fences."""
    found, marks = _fenced(lines)
    joined: list[Block] = []
    for block in found:
        before = joined[-1] if joined else None
        if before is not None and _goes_on(lines, before, block):
            joined[-1] = before._replace(
                end=block.end, closed=block.closed, fences=before.fences + 1
            )
        else:
            joined.append(block)
    return joined, marks


def _fenced(lines: Sequence[str]) -> tuple[list[Block], set[int]]:
    found: list[Block] = []
    marks: set[int] = set()
    opened: _Fence | None = None
    for at, line in enumerate(lines):
        fence = _fence(at, line)
        if fence is None or (opened is not None and not _answers(opened, fence)):
            continue
        marks.add(at)
        if opened is None:
            opened = fence
        elif fence.info or _reopens(lines, opened, at):
            found.append(_broken(lines, opened, at))
            opened = fence
        else:
            found.append(Block(opened.line + 1, at, _language(opened.info)))
            opened = None
    if opened is not None:
        found.append(_broken(lines, opened, len(lines)))
    return found, marks


def _fence(at: int, line: str) -> _Fence | None:
    found = FENCE.match(line) if line.lstrip()[:1] in ("`", "~") else None
    return _Fence(at, found["marks"], found["info"].strip()) if found else None


def _answers(opened: _Fence, fence: _Fence) -> bool:
    """Whether a fence within a block is not just a part of it."""
    return fence.marks[0] == opened.marks[0] and len(fence.marks) >= len(opened.marks)


def _language(info: str) -> str:
    words = info.strip("{}. ").replace(",", " ").replace("}", " ").split()
    return words[0].lower() if words else ""


def _broken(lines: Sequence[str], opened: _Fence, limit: int) -> Block:
    """A block whose fence is never closed."""
    start = opened.line + 1
    end = next((at for at in range(start, limit) if _is_text(lines, at)), limit)
    return Block(start, end, _language(opened.info), closed=False)


def _is_text(lines: Sequence[str], at: int) -> bool:
    """Whether a paragraph of text begins at a line."""
    if at > 0 and lines[at - 1].strip():
        return False
    line = lines[at]
    heading = is_heading(line) and not line.lstrip().startswith("# ")
    return heading or (is_sentence(line) and not looks_like_code(line))


def _reopens(lines: Sequence[str], opened: _Fence, at: int) -> bool:
    """Whether a fence opens a block, the one before never having been closed."""
    after = next((i for i in range(at + 1, len(lines)) if lines[i].strip()), None)
    if after is None or not _begins_code(lines[after]):
        return False
    start = at
    while start > opened.line + 1 and not lines[start - 1].strip():
        start -= 1
    while start > opened.line + 1 and lines[start - 1].strip():
        start -= 1
    return start > opened.line + 1 and _is_text(lines, start)


def _begins_code(line: str) -> bool:
    return not FENCE.match(line) and (
        weight(line, set()) >= 1.0 or count_before(line, set()) is not None
    )


def _goes_on(lines: Sequence[str], before: Block, block: Block) -> bool:
    """Whether a block continues the code of the one before, broken off by the end of a page."""
    languages = {before.language, block.language}
    gap = lines[before.end : block.start]
    if not languages <= PYTHON or block.language or before.fences >= MOST_FENCES:
        return False
    if not all(_blank(line) for line in gap):
        return False
    code = lines[before.start : before.end]
    return unclosed(code) or _goes_deeper(code, lines[block.start : block.end])


def _goes_deeper(before: Sequence[str], lines: Sequence[str]) -> bool:
    """Whether lines begin indented, as the end of the code before allows."""
    start, end = next(statements(lines), (0, 0))
    if end == 0 or lines[start][:1] not in (" ", "\t"):
        return False
    return is_python("\n".join([*before, *_whole(lines[start:end])]))


def _whole(lines: Sequence[str]) -> list[str]:
    """A statement, completed where it is the head of a block."""
    return [*lines, lines[-1] + " pass"][1:] if lines[-1].rstrip().endswith(":") else [*lines]


def _blank(line: str) -> bool:
    return not line.strip() or FENCE.match(line) is not None
