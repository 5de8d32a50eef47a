"""Exceptions that the notebook's own ``except`` clauses take.

Each clause of a cell begins with an audit event, which says nothing where nobody listens, as in a
process the notebook starts. No name is added, and no line changes.
"""

from __future__ import annotations

import ast
import sys
from collections import Counter

from .foreign import Foreign, library
from .recorder import Recorder

EVENT = "notebook.except"
_MAX_CLAUSES = 100_000
_MAX_TOLD_PER_CELL = 200
_exc_info = sys.exc_info
_name = vars(type)["__name__"].__get__


class Clauses:
    """The clauses of all cells, and what each has taken in this one."""

    def __init__(self, recorder: Recorder) -> None:
        self._recorder = recorder
        self._places: list[tuple[int, int]] = []
        self._texts = 0
        self._taken: Counter[tuple[int, str]] = Counter()
        recorder.at_cell_end.append(self._flush)

    def install(self) -> None:
        """Watch how IPython parses cells."""
        kind = library("IPython.core.compilerop").CachingCompiler

        def enter(args: tuple[Foreign, ...], _kwargs: dict[str, Foreign]) -> Foreign:
            return args if self._recorder.active else None

        def leave(args: Foreign, ended: bool, value: Foreign) -> None:
            if ended:
                with self._recorder.quietly("caught"):
                    self._mark(value, str(args[1]) if len(args) > 1 else "")

        self._recorder.hooks.watch(kind, "ast_parse", enter, leave)

    def notice(self, args: tuple[Foreign, ...]) -> None:
        """Hear the event of a clause."""
        kind = _exc_info()[0]
        with self._recorder.quietly("caught"):
            place = args[0] if args else None
            if kind is not None and type(place) is int and 0 <= place < len(self._places):
                self._taken[place, str(_name(kind))] += 1

    def _mark(self, tree: Foreign, source: str) -> None:
        clauses = [each for each in ast.walk(tree) if isinstance(each, ast.ExceptHandler)]
        if not clauses or len(self._places) + len(clauses) > _MAX_CLAUSES:
            return
        above = _lines_above(source, self._recorder.shell)
        self._recorder.emit("clauses", number=self._texts)
        for clause in clauses:
            clause.body.insert(0, _event(len(self._places), clause))
            self._places.append((self._texts, clause.lineno + above))
        self._texts += 1

    def _flush(self) -> None:
        with self._recorder.quietly("caught"):
            taken, self._taken = self._taken, Counter()
            for (place, error), times in list(taken.items())[:_MAX_TOLD_PER_CELL]:
                number, line = self._places[place]
                self._recorder.emit(
                    "caught", clauses=number, line=line, error=error[:300], times=times
                )
            if len(taken) > _MAX_TOLD_PER_CELL:
                self._recorder.drop("caught", "number", len(taken) - _MAX_TOLD_PER_CELL)


def _event(place: int, clause: ast.ExceptHandler) -> ast.stmt:
    """``__import__("sys").audit(EVENT, place)``, as if it stood in the line of the clause."""
    (made,) = ast.parse(f"__import__('sys').audit({EVENT!r}, {place})").body
    for node in ast.walk(made):
        if isinstance(node, (ast.expr, ast.stmt)):
            node.lineno = node.end_lineno = clause.lineno
            node.col_offset = node.end_col_offset = clause.col_offset
    return made


def _lines_above(source: str, shell: Foreign) -> int:
    """Lines of the cell that IPython took away before it parsed it."""
    inputs = shell.history_manager.input_hist_raw
    cell = inputs[-1] if type(inputs) is list and inputs else ""
    if type(cell) is not str:
        return 0
    body = cell.lstrip()
    blank = cell[: len(cell) - len(body)].count("\n")
    return blank + (body.startswith("%%") and source.strip() in body)
