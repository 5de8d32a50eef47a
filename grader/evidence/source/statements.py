"""Statements, and the functions and classes they define."""

import ast
from collections.abc import Callable, Iterable

from grader.evidence.source.definitions import Definitions
from grader.evidence.source.draft import Role
from grader.evidence.source.flow import Loop, State
from grader.evidence.source.recognise import ANY_DATA, LIMIT, whole
from grader.evidence.source.stopping import rounds, stops_early

BATCHING = frozenset({"DataLoader", "batch", "iter_batches"})
"""Functions and methods that put several rows into one item."""

BEHIND = 200
"""Nodes looked at behind an iterable for one of these."""


class Statements(Definitions):
    """Follows statements in order, both ways at every branch."""

    def execute(self, statements: Iterable[ast.stmt]) -> bool:
        """Follow statements; whether control reaches their end."""
        self.depth += 1
        alive = True
        for statement in statements:
            self.line = statement.lineno
            if self.beyond():
                self.opaque(statement)
                continue
            handler = HANDLERS.get(type(statement), Statements.simple)
            if not handler(self, statement):
                alive = False
                break
        self.depth -= 1
        return alive

    def simple(self, code: ast.stmt) -> bool:
        """A statement that only evaluates its parts."""
        for part in ast.iter_child_nodes(code):
            if isinstance(part, ast.expr):
                self.evaluate(part)
        return True

    # --- assignments -------------------------------------------------------------------

    def assignment(self, code: ast.stmt) -> bool:
        """``a = b = value``."""
        if isinstance(code, ast.Assign):
            node = self.evaluate(code.value)
            for target in code.targets:
                self.assign(target, node)
        return True

    def annotated(self, code: ast.stmt) -> bool:
        """``a: int = value``."""
        if isinstance(code, ast.AnnAssign) and code.value is not None:
            self.assign(code.target, self.evaluate(code.value))
        return True

    def augmented(self, code: ast.stmt) -> bool:
        """``a += value``."""
        if isinstance(code, ast.AugAssign):
            old = self.evaluate(code.target)
            node = self.combine(code, code.op, old, self.evaluate(code.value))
            kept = self.fact(old).role & (Role.ROWS | Role.DATA)
            self.drafts[node].fact = self.fact(node).with_role(kept)
            self.assign(code.target, node)
        return True

    def delete(self, code: ast.stmt) -> bool:
        """``del a``."""
        for target in code.targets if isinstance(code, ast.Delete) else []:
            if isinstance(target, ast.Name):
                self.state.pop((self.scope.id, target.id), None)
        return True

    # --- branches ----------------------------------------------------------------------

    def choice(self, code: ast.stmt) -> bool:
        """``if``."""
        if not isinstance(code, ast.If):
            return True
        if _always(code.test):
            return self.execute(code.body)
        test = self.evaluate(code.test)
        before = dict(self.state)
        ends: list[State] = []
        if self.within("if", code.body):
            ends.append(self.state)
        self.state = before
        if self.within("else", code.orelse):
            ends.append(self.state)
        if ends:
            self.join(code, ends, test)
        return bool(ends)

    def within(self, branch: str, statements: list[ast.stmt]) -> bool:
        """Follow the statements of a conditional block."""
        outer, self.branch = self.branch, branch
        alive = self.execute(statements)
        self.branch = outer
        return alive

    def attempt(self, code: ast.stmt) -> bool:
        """``try``: a handler starts from before or after the body."""
        if not isinstance(code, ast.Try | ast.TryStar):
            return True
        before = dict(self.state)
        alive = self.execute(code.body)
        raised = [before, dict(self.state)]
        if alive and code.orelse:
            alive = self.execute(code.orelse)
        ends = [self.state] if alive else []
        for handler in code.handlers:
            self.join(handler, raised)
            if handler.type is not None:
                self.evaluate(handler.type)
            if self.within("except", handler.body):
                ends.append(self.state)
        self.join(code, ends or raised)
        finished = self.execute(code.finalbody)
        return bool(ends) and finished

    def match(self, code: ast.stmt) -> bool:
        """``match``."""
        if not isinstance(code, ast.Match):
            return True
        subject = self.evaluate(code.subject)
        before = self.state
        ends = [dict(before)]
        for case in code.cases:
            self.state = dict(before)
            for inner in ast.walk(case.pattern):
                name = getattr(inner, "name", None)
                if isinstance(inner, ast.MatchAs | ast.MatchStar) and name:
                    self.bind(name, subject)
            if case.guard is not None:
                self.evaluate(case.guard)
            if self.within("if", case.body):
                ends.append(self.state)
        self.join(code, ends, subject)
        return True

    # --- loops -------------------------------------------------------------------------

    def loop_over(self, code: ast.stmt) -> bool:
        """``for``: the body is followed once, what it changes flowing into its next round.

        A loop is taken to run at least once: its variables hold what the body left.
        """
        if not isinstance(code, ast.For | ast.AsyncFor):
            return True
        iterable = self.evaluate(code.iter)
        heads = self.open_loop(code, code.body)
        item = self.element(code.iter, iterable)
        if stops_early(code):
            count, batch = rounds(code, self._number), self._batch(iterable)
            self._cut_short(item, None if count is None or batch is None else count * batch)
        self.assign(code.target, item)
        self._round(code, code.body, heads)
        return self.execute(code.orelse)

    def _cut_short(self, item: int, rows: int | None) -> None:
        """Tag the data of a loop that a counter ends, with the rows that leaves where known."""
        for node in [item, *(self.fact(item).fields or {}).values()]:
            draft = self.drafts[node]
            if draft.name == "iter" and draft.reach & ANY_DATA:
                draft.tags |= LIMIT
                draft.reach |= LIMIT
                draft.limit = rows

    def _batch(self, iterable: int) -> int | None:
        """Rows in each item of an iterable; ``None`` where it makes batches of unknown size."""
        waiting, seen = [iterable], 0
        while waiting and seen < BEHIND:
            draft = self.drafts[waiting.pop()]
            seen += 1
            if draft.fact.batch is not None or draft.name.rpartition(".")[2] in BATCHING:
                return draft.fact.batch
            waiting += draft.deps[:1] if draft.kind == "call" or draft.receiver else draft.deps
        return 1 if seen < BEHIND else None

    def _number(self, code: ast.expr) -> int | None:
        """A whole number that is known without evaluating anything."""
        if isinstance(code, ast.Constant):
            return code.value if type(code.value) is int else None
        node = self.peek(code)
        return None if node is None else whole(self.drafts[node])

    def loop_while(self, code: ast.stmt) -> bool:
        """``while``."""
        if isinstance(code, ast.While):
            heads = self.open_loop(code, code.body)
            self.evaluate(code.test)
            self._round(code, code.body, heads)
            return self.execute(code.orelse)
        return True

    def _round(
        self, code: ast.stmt, body: list[ast.stmt], heads: list[tuple[tuple[int, str], int]]
    ) -> None:
        loop = Loop()
        self.loops.append(loop)
        start = dict(self.state)
        ends: list[State] = []
        if self.within("loop", body):
            ends.append(self.state)
        ends += loop.continues
        if ends:
            self.join(code, ends)
            self.close_loop(heads)
            ends = [self.state]
        self.join(code, [*ends, *loop.breaks] or [start])
        self.loops.pop()

    def leave(self, code: ast.stmt) -> bool:
        """``break`` and ``continue``."""
        if self.loops:
            loop = self.loops[-1]
            (loop.breaks if isinstance(code, ast.Break) else loop.continues).append(self.state)
        return False

    def finish(self, code: ast.stmt) -> bool:
        """``return``."""
        if isinstance(code, ast.Return) and code.value is not None:
            node = self.evaluate(code.value)
            self.hand_over(node)
            self.frames[-1].returns.append(node)
        self.frames[-1].exits.append(dict(self.state))
        return len(self.frames) == 1

    def failure(self, code: ast.stmt) -> bool:
        """``raise``."""
        self.simple(code)
        return False

    def context(self, code: ast.stmt) -> bool:
        """``with``."""
        if not isinstance(code, ast.With | ast.AsyncWith):
            return True
        for item in code.items:
            node = self.evaluate(item.context_expr)
            if item.optional_vars is not None:
                self.assign(item.optional_vars, node)
        return self.execute(code.body)


def _always(test: ast.expr) -> bool:
    """``True``, or the test by which a script knows that it is run."""
    if isinstance(test, ast.Constant):
        return bool(test.value)
    return isinstance(test, ast.Compare) and (
        isinstance(test.left, ast.Name) and test.left.id == "__name__"
    )


HANDLERS: dict[type[ast.stmt], Callable[[Statements, ast.stmt], bool]] = {
    ast.Assign: Statements.assignment,
    ast.AnnAssign: Statements.annotated,
    ast.AugAssign: Statements.augmented,
    ast.Delete: Statements.delete,
    ast.Import: Statements.imports,
    ast.ImportFrom: Statements.imports_from,
    ast.Global: Statements.outer_names,
    ast.Nonlocal: Statements.outer_names,
    ast.If: Statements.choice,
    ast.Try: Statements.attempt,
    ast.TryStar: Statements.attempt,
    ast.Match: Statements.match,
    ast.For: Statements.loop_over,
    ast.AsyncFor: Statements.loop_over,
    ast.While: Statements.loop_while,
    ast.Break: Statements.leave,
    ast.Continue: Statements.leave,
    ast.Return: Statements.finish,
    ast.Raise: Statements.failure,
    ast.With: Statements.context,
    ast.AsyncWith: Statements.context,
    ast.FunctionDef: Statements.definition,
    ast.AsyncFunctionDef: Statements.definition,
    ast.ClassDef: Statements.class_definition,
}
