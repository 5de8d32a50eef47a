"""Programs the notebook starts, and connections it tries to make.

Every program and address counts once a cell, whoever asked for it, a library that is being imported
excepted: such ask what machine they are on.
"""

from __future__ import annotations

import os
import sys
import types

from .fitting import fit_later
from .foreign import Foreign, library
from .recorder import Recorder

_MAX_PER_CELL = 50
_MAX_CHARACTERS = 200
_MAX_FRAMES = 500
_IMPORTING = "<frozen importlib._bootstrap>"
_frame = sys._getframe
_PROGRAMS = {"subprocess.Popen": 1, "os.system": 0, "os.posix_spawn": 1, "os.exec": 1}
"""Position of the command among the arguments of each audit event."""
_ADDRESSES = {"socket.connect": 1, "socket.sendto": 1, "socket.getaddrinfo": 0}
"""Position of the address."""

EVENTS = frozenset({*_PROGRAMS, *_ADDRESSES})


class Attempts:
    """Tells of them as they happen: the cell may not end."""

    def __init__(self, recorder: Recorder) -> None:
        self._recorder = recorder
        self._told = 0
        recorder.at_cell_end.append(self._begin_anew)

    def install(self) -> None:
        """Watch programs in terminals, as after ``!``: in the child nothing is heard."""
        fit_later(self._recorder, "pexpect.pty_spawn", self._watch_terminals)

    def _watch_terminals(self) -> None:
        def enter(args: tuple[Foreign, ...], kwargs: dict[str, Foreign]) -> None:
            if self._recorder.active:
                with self._recorder.quietly("attempts"):
                    program, given = (*args[1:3], *(None, None))[:2]
                    words = given if type(given) is list else kwargs.get("args") or []
                    words = [program, *words] if type(words) is list else program
                    self._tell("subprocess", _text(words))

        def leave(_note: Foreign, _ended: bool, _value: Foreign) -> None:
            return

        self._recorder.hooks.watch(library("pexpect.pty_spawn").spawn, "__init__", enter, leave)

    def notice(self, event: str, args: tuple[Foreign, ...]) -> None:
        """Hear one of the audit events in ``EVENTS``."""
        with self._recorder.quietly("attempts"):
            position = _PROGRAMS.get(event, _ADDRESSES.get(event, 0))
            target = _text(args[position]) if position < len(args) else ""
            kind = "subprocess" if event in _PROGRAMS else "socket"
            # The stack: this, who heard the event, who caused it.
            if not _is_known(_frame(2), self._recorder.namespace):
                self._tell(kind, target)

    def _tell(self, kind: str, target: str) -> None:
        if not target or not self._recorder.is_news(kind, target):
            return
        self._told += 1
        if self._told > _MAX_PER_CELL:
            self._recorder.drop("attempts", "number")
        else:
            self._recorder.emit("attempt", kind=kind, target=target)

    def _begin_anew(self) -> None:
        self._told = 0


def _is_known(frame: types.FrameType | None, namespace: Foreign) -> bool:
    """Whether it was told already, by ``subprocess``, or is part of an import."""
    names = vars(sys.modules.get("subprocess", os))
    if frame is not None and frame.f_globals is names and frame.f_code.co_name == "_posix_spawn":
        return True
    for _ in range(_MAX_FRAMES):
        if frame is None or frame.f_globals is namespace:
            return False
        if frame.f_code.co_filename == _IMPORTING:
            return True
        frame = frame.f_back
    return False


def _text(value: Foreign) -> str:
    """A command or address in words; empty where it is of an unknown kind."""
    kind = type(value)
    if kind is str:
        return "".join(each if each.isprintable() else " " for each in value[:_MAX_CHARACTERS])
    if kind is bytes:
        return _text(value[:_MAX_CHARACTERS].decode(errors="replace"))
    if kind is int:
        return str(value) if abs(value) < 1 << 32 else ""
    if kind is tuple and value and type(value[-1]) is int:
        # An address of IPv6 has more behind its port.
        return ":".join(_text(each) for each in value[:2])
    if kind in (list, tuple):
        words = value[2:] if len(value) > 2 and value[1] == "-c" and _is_shell(value[0]) else value
        return " ".join(map(_text, words[:50]))[:_MAX_CHARACTERS]
    return ""


def _is_shell(program: Foreign) -> bool:
    return type(program) is str and program.endswith("sh")
