"""The walk over a whole notebook, and the graph it leaves."""

import ast

from grader.evidence.source.draft import Routine
from grader.evidence.source.flow import Frame
from grader.evidence.source.statements import Statements
from grader.model import Function, SourceGraph, Unparsed


class Walk(Statements):
    """Follows cells, then the functions nobody called."""

    def cell_code(self, index: int, tree: ast.Module) -> None:
        """Follow the code of a cell."""
        self.cell, self.line, self.branch = index, 1, None
        self.frames = [Frame()]
        self.execute(tree.body)

    def finish_routines(self) -> None:
        """Follow the bodies that no call led to, so that every line has its nodes.

        First those something does call, whose own calls therefore count; then the rest.
        """
        self.branch = None
        progress = True
        while progress:
            progress = False
            for routine in list(self.routines):
                if (routine.called or routine.passed) and not routine.visited:
                    self._alone(routine)
                    progress = True
        self.reachable = False
        for routine in list(self.routines):
            if not routine.visited:
                self._alone(routine)

    def _alone(self, routine: Routine) -> None:
        before = dict(self.state)
        self.follow(routine, [], None)
        self.state = before

    def lengths(self) -> list[int | None]:
        """How many items the value of each node has at most, where known."""
        return [draft.fact.bound for draft in self.drafts]

    def graph(self, unparsed: tuple[Unparsed, ...]) -> SourceGraph:
        """What was found, as data."""
        functions = tuple(
            Function(
                name=each.name,
                cell=each.cell,
                line=each.code.lineno,
                called=each.called,
                passed=each.passed,
                computes_metric=each.computes_metric,
            )
            for each in self.routines
            if not isinstance(each.code, ast.Lambda)
        )
        return SourceGraph(
            nodes=tuple(draft.freeze(i) for i, draft in enumerate(self.drafts)),
            bindings=tuple(self.bindings),
            functions=functions,
            unparsed=unparsed,
            unfollowed=tuple(self.unfollowed.values()),
        )
