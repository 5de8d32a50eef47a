"""Notice what could make the recording untrue: hooks that were changed, ways into the process.

Telemetry, not a wall. A notebook shares its process with the recorder, so what is seen here
makes the rest doubtful; that nothing is seen here proves nothing.
"""

from __future__ import annotations

import functools
import os
import sys
import types
from collections.abc import Callable
from typing import Any

from . import caught, sealed
from .attempts import EVENTS, Attempts
from .caught import Clauses
from .foreign import Foreign
from .recorder import Recorder
from .sealed import Hook

_frame = sys._getframe
# Folders a ``.pth`` file names too; as it was before the notebook could add to it.
_PREFIXES = tuple(
    {sys.prefix, sys.base_prefix, sys.exec_prefix, sys.base_exec_prefix}
    | {place for place in sys.path if os.path.isabs(place)}  # noqa: PTH117 - text, not paths
)
# They call what they are given: who gave it to them decides.
_GO_BETWEENS = frozenset(
    {"asyncio", "bdb", "concurrent", "contextlib", "ctypes", "functools", "inspect", "IPython"}
    | {"ipykernel", "multiprocessing", "pdb", "queue", "runpy", "sched", "threading", "timeit"}
    | {"tornado", "unittest", "weakref"}
)
_OWN_NAME = (__package__ or "").partition(".")[0]
_SHELL = ("run_cell", "run_cell_async", "run_code", "showtraceback", "_showtraceback")
_REACHES = {
    "gc.get_objects": "gc",
    "gc.get_referrers": "gc",
    "gc.get_referents": "gc",
    "ctypes.dlopen": "ctypes",
    "ctypes.dlsym": "ctypes",
    "ctypes.PyObj_FromPtr": "ctypes",
    "ctypes.addressof": "ctypes",
    "ctypes.cdata": "ctypes",
    "ctypes.string_at": "ctypes",
    "sys._current_frames": "frames",
    "sys.settrace": "trace",
    "sys.setprofile": "trace",
    "sys.addaudithook": "audit",
}


class Watch:
    """Audit events of the interpreter, and the state of every hook when a cell ends."""

    def __init__(self, recorder: Recorder, clauses: Clauses, attempts: Attempts) -> None:
        self._recorder = recorder
        self._shell: Foreign = None
        self._methods: dict[str, Foreign] = {}
        self._codes = frozenset(hook.code for hook in recorder.hooks)
        self._reported: set[tuple[str, int]] = set()
        self._handlers: dict[str, Callable[[tuple[Any, ...]], None]] = {
            "import": self._import,
            "open": self._open,
            "object.__setattr__": self._set,
            "function.__new__": self._function,
            caught.EVENT: clauses.notice,
            **{event: functools.partial(attempts.notice, event) for event in EVENTS},
        }

    def begin(self, shell: Foreign) -> None:
        """Remember what this shell looks like before the first cell."""
        self._shell = shell
        self._methods = {name: _method(shell, name) for name in _SHELL}

    def notice(self, event: str, args: tuple[Any, ...]) -> None:
        """Hear one audit event; as the interpreter calls it, often."""
        kind = _REACHES.get(event)
        handler = None if kind else self._handlers.get(event)
        if (kind is None and handler is None) or not self._recorder.active:
            return
        if handler is not None:
            handler(args)
        elif _is_of_notebook(_frame(1), self._namespace()):
            self._recorder.tamper(str(kind), event)

    def inspect(self) -> None:
        """Compare every hook with how it was installed; a change is told once."""
        for hook in self._recorder.hooks:
            standing = hook.standing()
            if not hook.is_whole():
                self._once("changed", hook.label, hook.code)
            elif standing is not hook.held:
                self._replaced(hook, standing)
        for name, method in self._methods.items():
            now = _method(self._shell, name)
            if now is not method and _is_defined_by_notebook(now, self._namespace()):
                self._once("replaced", f"get_ipython().{name}", now)

    def _replaced(self, hook: Hook, standing: Foreign) -> None:
        own = _is_defined_by_notebook(standing, self._namespace())
        self._once("replaced", hook.label, standing, "notebook" if own else "library")

    def _once(self, kind: str, detail: str, thing: object, by: str = "notebook") -> None:
        if (detail, id(thing)) not in self._reported:
            self._reported.add((detail, id(thing)))
            self._recorder.tamper(kind, detail, by)

    def _namespace(self) -> dict[str, Foreign]:
        found: dict[str, Foreign] = self._shell.user_ns if self._shell is not None else {}
        return found

    def _import(self, args: tuple[Any, ...]) -> None:
        if type(args[0]) is str and args[0].partition(".")[0] == _OWN_NAME:
            self._recorder.tamper("import", args[0])

    def _open(self, args: tuple[Any, ...]) -> None:
        path = args[0]
        if type(path) is bytes:
            path = path.decode(errors="replace")
        if type(path) is str and path.startswith("/proc/") and path.endswith("/mem"):
            self._recorder.tamper("memory", path)

    def _set(self, args: tuple[Any, ...]) -> None:
        if any(args[0] is hook.function for hook in self._recorder.hooks):
            self._recorder.tamper("changed", f"{args[0].__name__}.{args[1]}")

    def _function(self, args: tuple[Any, ...]) -> None:
        maker = _frame(2)
        # Hooks of a library that the notebook is the first to import are made in its cell.
        own = maker.f_globals is vars(sealed)
        if args[0] in self._codes and not own and _is_of_notebook(maker, self._namespace()):
            self._recorder.tamper("copied", args[0].co_name)


def called_by(code: types.CodeType) -> bool:
    """Whether the caller of the caller runs this code."""
    return _frame(2).f_code is code


def _method(shell: Foreign, name: str) -> Foreign:
    """A method without its instance, so that it is the same object each time."""
    found = getattr(shell, name, None)
    return getattr(found, "__func__", found)


def _is_of_notebook(frame: types.FrameType | None, namespace: dict[str, Foreign]) -> bool:
    """Whether the notebook does this, rather than a library on its own account."""
    while frame is not None:
        names = frame.f_globals
        if names is namespace:
            return True
        module = str(names.get("__name__"))
        if module.partition(".")[0] not in _GO_BETWEENS:
            return not _is_library(module, names)
        frame = frame.f_back
    # A thread whose target it is.
    return True


def _is_library(module: str, names: dict[str, Foreign]) -> bool:
    found = sys.modules.get(module)
    file = str(getattr(found, "__file__", None) or "")
    installed = file.startswith(_PREFIXES) or "site-packages" in file
    return found is not None and vars(found) is names and installed


def _is_defined_by_notebook(thing: Foreign, namespace: dict[str, Foreign]) -> bool:
    while isinstance(thing, (functools.partial, classmethod, staticmethod, types.MethodType)):
        thing = thing.func if isinstance(thing, functools.partial) else thing.__func__
    if isinstance(thing, types.FunctionType):
        return thing.__globals__ is namespace or thing.__module__ == "__main__"
    return type(thing).__module__ == "__main__"
