"""Branches that are taken when something failed or is absent, and whether they were."""

import re
from collections.abc import Iterator, Sequence

from msgspec import Struct

from grader.model import Cell, CellRun, Node
from grader.patterns import regex

HEADER = regex(r"^(?P<indent>[ \t]*)(?P<word>except|else|elif|if)\b(?P<test>.*?):\s*(#.*)?$")
WORDS = regex(
    r"simulat|dummy|mock|placeholder|\bfake|synthetic|made.?up|for demonstration|demo purposes"
    r"|factice|fictif|模拟|虚拟|假数据|占位",
    re.I,
)
MISSING = regex(r"exists|is None|is not None|isfile|isdir|available|loaded|success|found", re.I)
DEVICE = regex(r"cuda|mps|device|gpu", re.I)
SAID = regex(r"\b(?:print|warn|warning|display)\(\s*f?(?P<q>[\"'])(?P<text>.*?)(?P=q)")

SHORTEST_MESSAGE = 8
"""Characters of a constant message that tell it from other outputs."""


class Block(Struct, frozen=True, kw_only=True):
    """A branch taken when something failed or is absent."""

    cell: int
    """Cell it stands in."""

    header: int
    """One-based line of its ``except`` or ``if``."""

    first: int
    """First line of its body."""

    last: int
    """Last line."""

    text: str
    """Header and body."""

    @property
    def is_except(self) -> bool:
        """Whether it is an ``except`` clause."""
        return self.text.lstrip().startswith("except")


def block_of(node: Node, blocks: Sequence[Block]) -> Block | None:
    """The innermost branch a node stands in."""
    around = [
        block
        for block in blocks
        if block.cell == node.cell and block.first <= node.line <= block.last
    ]
    return around[-1] if around else None


def blocks_of(cell: Cell) -> Iterator[Block]:
    """Branches for a failure, found by indentation: magics may keep a cell from being parsed."""
    lines = cell.source.splitlines()
    for number, line in enumerate(lines, start=1):
        header = HEADER.match(line)
        if header is None:
            continue
        last = _end(lines, number, len(header["indent"]))
        text = "\n".join(lines[number - 1 : last])
        if _is_fallback(header, lines[: number - 1], text):
            yield Block(
                cell=cell.index,
                header=number,
                first=number + 1,
                last=last,
                text=text,
            )


def _end(lines: list[str], header: int, indent: int) -> int:
    """Last line indented deeper than the header."""
    last = header
    for number, line in enumerate(lines[header:], start=header + 1):
        if line.strip():
            if len(line) - len(line.lstrip()) <= indent:
                break
            last = number
    return last


def _is_fallback(header: re.Match[str], before: list[str], text: str) -> bool:
    if header["word"] == "except":
        return True
    test = header["test"]
    if header["word"] == "else":
        start = f"{header['indent']}if "
        test = next((line for line in reversed(before) if line.startswith(start)), "")
    if DEVICE.search(test):
        return False
    return bool(MISSING.search(test) or WORDS.search(text))


def message_of(block: Block) -> str | None:
    """A constant text the branch prints."""
    found = (match["text"].partition("{")[0].strip() for match in SAID.finditer(block.text))
    return next((text for text in found if len(text) >= SHORTEST_MESSAGE), None)


def printed(message: str, cells: Sequence[Cell | CellRun]) -> int:
    """How often these cells printed a text."""
    return sum(output.text.count(message) for cell in cells for output in cell.outputs)
