"""The role of every line of a report, and the cells made of them."""

from collections.abc import Iterator, Sequence
from enum import Enum
from typing import NamedTuple

from grader.intake.outputs import ANSI
from grader.model import Cell, Output


class Role(Enum):
    """What a line is."""

    TEXT = "text"
    CODE = "code"
    PRINTED = "printed"
    MARK = "mark"
    """A fence, or an execution count alone: it stands for the division and in no cell."""


class Stretch(NamedTuple):
    """Lines of one role."""

    role: Role
    start: int
    """Index of the first line, which is not blank."""

    end: int
    """Index after the last, which is not blank."""


class Sheet:
    """The lines of one report while it is divided."""

    def __init__(self, lines: Sequence[str], marks: set[int]) -> None:
        self.lines = list(lines)
        """The file's, changed only where an execution count or hanging indent is taken off."""

        self.roles = [Role.MARK if at in marks else Role.TEXT for at in range(len(lines))]
        self.cuts: set[int] = set()
        """Lines at which, at the latest, something new begins."""

        self.counts: dict[int, int] = {}
        """Execution counts by the first line of the code."""

    def give(self, start: int, end: int, role: Role) -> None:
        """Give lines a role; marks keep theirs."""
        for at in range(start, end):
            if self.roles[at] is not Role.MARK:
                self.roles[at] = role

    def source(self, start: int, end: int) -> str:
        """The lines as a cell or output holds them: those of marks blank, so that lines agree."""
        kept = ("" if self.roles[at] is Role.MARK else self.lines[at] for at in range(start, end))
        return "\n".join(kept)

    def cells(self) -> tuple[Cell, ...]:
        """Cells in the order of the text; what was printed belongs to the code right before.

        Printed text with no code right before it belongs to a code cell without source.
        """
        made: list[Cell] = []
        outputs: list[Output] = []
        for stretch in self._stretches():
            if stretch.role is not Role.PRINTED:
                _close(made, outputs)
                made.append(self._cell(len(made), stretch))
                continue
            if not made or made[-1].kind != "code":
                made.append(Cell(index=len(made), kind="code", source="", line=stretch.start + 1))
            outputs.append(self._output(stretch))
        _close(made, outputs)
        return tuple(made)

    def _stretches(self) -> Iterator[Stretch]:
        current: Stretch | None = None
        cut = False
        for at, role in enumerate(self.roles):
            cut = cut or at in self.cuts
            if role is Role.MARK or not self.lines[at].strip():
                continue
            if current is not None and current.role is role and not cut:
                current = current._replace(end=at + 1)
            else:
                if current is not None:
                    yield current
                current = Stretch(role, at, at + 1)
            cut = False
        if current is not None:
            yield current

    def _cell(self, index: int, stretch: Stretch) -> Cell:
        code = stretch.role is Role.CODE
        return Cell(
            index=index,
            kind="code" if code else "markdown",
            source=self.source(stretch.start, stretch.end),
            execution_count=self.counts.get(stretch.start) if code else None,
            line=stretch.start + 1,
        )

    def _output(self, stretch: Stretch) -> Output:
        text = self.source(stretch.start, stretch.end)
        # Line by line, so that no sequence left open takes lines away.
        shown = "\n".join(ANSI.sub("", line) for line in text.split("\n"))
        return Output(kind="stdout", text=shown, line=stretch.start + 1)


def _close(made: list[Cell], outputs: list[Output]) -> None:
    if outputs:
        made[-1] = made[-1].model_copy(update={"outputs": tuple(outputs)})
        outputs.clear()
