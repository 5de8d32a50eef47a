"""Calls of the notebook's own functions, followed into their bodies."""

import ast
from collections.abc import Sequence

from grader.evidence.source import knowledge
from grader.evidence.source.draft import Draft, Routine, Scope
from grader.evidence.source.expressions import Expressions
from grader.evidence.source.flow import Frame
from grader.evidence.source.recognise import METRIC

INLINED = 3
"""Depth to which calls of the notebook's own functions are followed."""

BUDGET = 6000
"""Nodes after which calls are no longer followed, so that time stays bounded."""

DEEP_CALLS = f"a call inside {INLINED} others"
MANY_CALLS = "more calls than are followed"

Arguments = list[tuple[str | None, int]]


class Inlining(Expressions):
    """Binds parameters to arguments and walks the body."""

    def inline(
        self, routine: Routine, given: Arguments, code: ast.Call | None, *, called: bool = True
    ) -> int | None:
        """Follow a call; node of what it returns, or ``None`` where it is not followed."""
        if self.reachable and called:
            routine.called = True
        active = any(frame.routine is routine for frame in self.frames)
        if active or not self.reachable:
            return None
        if len(self.frames) > INLINED or len(self.drafts) > BUDGET:
            deep = len(self.frames) > INLINED
            self.give_up(code or routine.code, DEEP_CALLS if deep else MANY_CALLS)
            return None
        return self.follow(routine, given, code)

    def read_property(self, routine: Routine, owner: int) -> int | None:
        """Node of what a property returns."""
        return self.inline(routine, [(None, owner)], None)

    def follow(self, routine: Routine, given: Arguments, code: ast.Call | None) -> int | None:
        """Walk a function's body with its parameters bound."""
        routine.visited = True
        saved = self.scope, self.function, self.cell, self.line, self.loops
        frame = Frame(routine)
        self.frames.append(frame)
        self.loops = []
        self.scope = scope = Scope(self.identity(), routine.scope)
        self.cell = routine.cell
        if not isinstance(routine.code, ast.Lambda):
            self.function = routine.name
        first = len(self.drafts)
        places = self.bind_parameters(routine, given, code)
        self.body(routine, frame)
        inside = self.drafts[first:]
        if any(draft.tags & METRIC for draft in inside) or is_own_metric(routine, inside):
            routine.computes_metric = True
        self.frames.pop()
        changed = {
            name: self.state[scope.id, name]
            for name in frame.mutated
            if (scope.id, name) in self.state
        }
        self._leave(scope, saved[0])
        _, self.function, self.cell, self.line, self.loops = saved
        for name, node in changed.items():
            if name in places:
                self.rebind(places[name], node)
        returns = list(dict.fromkeys(frame.returns))
        if not returns:
            return None
        return returns[0] if len(returns) == 1 else self.phi(code or routine.code, returns)

    def body(self, routine: Routine, frame: Frame) -> None:
        """Walk the statements of a function."""
        if isinstance(routine.code, ast.Lambda):
            frame.returns.append(self.evaluate(routine.code.body))
            return
        if self.execute(routine.code.body):
            frame.exits.append(self.state)
        if frame.exits:
            self.join(routine.code, frame.exits)

    def bind_parameters(
        self, routine: Routine, given: Arguments, code: ast.Call | None
    ) -> dict[str, ast.expr]:
        """Bind every parameter; the caller's places by parameter, for changes in place."""
        signature = routine.code.args
        names = [each.arg for each in (*signature.posonlyargs, *signature.args)]
        positional = [node for name, node in given if name is None]
        bound = dict(zip(names, positional, strict=False))
        every = {*names, *(each.arg for each in signature.kwonlyargs)}
        bound.update({name: node for name, node in given if name in every and name is not None})
        loose = [node for name, node in given if name in {"*", "**"}]
        for name in sorted(every, key=[*names, *sorted(every)].index):
            self._bind_parameter(routine, name, bound, loose)
        used = set(bound.values())
        rest = [node for _, node in given if node not in used]
        for star in (signature.vararg, signature.kwarg):
            if star is not None:
                self.bind(star.arg, self.put(star, Draft("parameter", star.arg, list(rest))))
        return _places(names, given, code)

    def _bind_parameter(
        self, routine: Routine, name: str, bound: dict[str, int], loose: list[int]
    ) -> None:
        node = bound.get(name, None if loose else routine.defaults.get(name))
        if node is not None:
            draft = Draft("parameter", name, [node], fact=self.fact(node))
        else:
            draft = Draft("parameter", name, list(loose))
        self.bind(name, self.put(routine.code, draft))


def _places(names: list[str], given: Arguments, code: ast.Call | None) -> dict[str, ast.expr]:
    if code is None:
        return {}
    places = [part for part in code.args if not isinstance(part, ast.Starred)]
    offset = len([1 for name, _ in given if name is None]) - len(places)
    found = dict(zip(names[max(0, offset) :], places, strict=False))
    found.update({k.arg: k.value for k in code.keywords if k.arg is not None})
    return found


def is_own_metric(routine: Routine, inside: Sequence[Draft]) -> bool:
    """Whether a function is a metric written by hand: named for one, and dividing."""
    if not knowledge.METRIC_NAME.search(routine.name):
        return False
    return any(draft.name == "Div" and draft.function == routine.name for draft in inside)
