"""What the random number generators of Python and NumPy give to the notebook.

Functions of the modules ``random`` and ``numpy.random`` are watched when the notebook's own code
calls them. ``random.random`` is not: it is called millions of times, and a hook takes ten times as
long. A ``numpy.random.Generator`` cannot be, being of C, and torch compares its functions with
lists of its own.
"""

from __future__ import annotations

import functools
import sys

from . import matrices, plain
from .foreign import Foreign, library
from .recorder import Recorder

_FUNCTIONS = {
    "random": (
        *("betavariate", "choice", "choices", "gauss", "normalvariate", "randint", "randrange"),
        *("sample", "shuffle", "triangular", "uniform"),
    ),
    "numpy.random": (
        *("binomial", "choice", "normal", "permutation", "rand", "randint", "randn", "random"),
        *("random_integers", "random_sample", "shuffle", "uniform"),
    ),
}
_IN_PLACE = "shuffle"
_MAX_ARRAYS_PER_CELL = 200
_MIN_ELEMENTS = 2
_frame = sys._getframe


def install(recorder: Recorder) -> None:
    """Watch them."""
    draws = _Draws(recorder)
    for module, names in _FUNCTIONS.items():
        owner = library(module)
        for name in names:
            if hasattr(owner, name):
                _watch(recorder, draws, owner, name)


def _watch(recorder: Recorder, draws: _Draws, owner: Foreign, name: str) -> None:
    def enter(args: tuple[Foreign, ...], _kwargs: dict[str, Foreign]) -> Foreign:
        # Behind the hook stands who called it.
        if not recorder.active or _frame(2).f_globals is not recorder.namespace:
            return None
        return (args[0] if args else None,)

    def leave(note: Foreign, ended: bool, value: Foreign) -> None:
        if ended:
            with recorder.quietly("draws"):
                drawn = note[0] if name == _IN_PLACE else value
                draws.see(f"{owner.__name__}.{name}", drawn)

    recorder.hooks.watch(owner, name, enter, leave)
    # What it stands for is a method of a generator, and pickled as such; this is found by name.
    standing = getattr(owner, name)
    standing.__module__, standing.__qualname__ = owner.__name__, name


class _Draws:
    """Gathers what was drawn one by one, and tells of it when the cell ends."""

    def __init__(self, recorder: Recorder) -> None:
        self._recorder = recorder
        self._single: dict[str, list[Foreign]] = {}
        self._told = 0
        recorder.at_cell_end.append(self._flush)

    def see(self, function: str, value: Foreign) -> None:
        """Look at what a function gave."""
        single: int | float | str | None = plain.number(value)
        text = plain.labels([value]) if single is None else None
        if text is not None and text.values:
            single = text.values[0]
        if single is not None:
            kept = self._single.setdefault(function, [])
            if len(kept) < plain.MAX_ELEMENTS:
                kept.append(single)
            else:
                self._recorder.drop("draws", "number")
            return
        if self._told == _MAX_ARRAYS_PER_CELL:
            self._recorder.drop("draws", "number")
            return
        self._told += self._tell(function, value)

    def _tell(self, function: str, value: Foreign) -> bool:
        """Send an array or matrix; whether it is one."""
        emit = functools.partial(self._recorder.emit, "draw", function=function)
        entry = matrices.entry_of(self._recorder, value)
        if entry is not None:
            emit(matrix=entry, n=entry["rows"] * entry["columns"])
            return True
        found = plain.numbers(value)
        if found is None or found.length < _MIN_ELEMENTS:
            return False
        if isinstance(found, plain.Floats):
            emit(floats=self._recorder.stored_floats(found), n=found.length)
        else:
            emit(array=self._recorder.stored(found), n=found.length)
        return True

    def _flush(self) -> None:
        with self._recorder.quietly("draws"):
            single, self._single = self._single, {}
            self._told = 0
            for function, values in single.items():
                self._tell(function, values)
