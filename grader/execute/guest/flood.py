"""Stop a flood of output where it springs.

The supervisor keeps what the limits allow and forgets the rest, but everything sent must still
be read and understood there. What exceeds the limits many times over is therefore never sent.
This is a courtesy, not a wall: a notebook that undoes it only floods the supervisor, which
counts for itself.
"""

from __future__ import annotations

import sys
from collections.abc import Callable

from .foreign import Foreign, library

_TIMES = 16
"""Times the limit of text that is sent: a progress bar overwrites most of what it prints."""


class _Dam:
    """What the current cell may still send."""

    def __init__(self, characters: int, outputs: int) -> None:
        self._full = (characters * _TIMES, outputs + 1)
        self.renew()

    def renew(self, *_: Foreign) -> None:
        """Begin a cell."""
        self._characters, self._outputs = self._full

    def text(self, text: Foreign) -> Foreign:
        """As much of a printed text as may pass."""
        if not isinstance(text, str):
            return text
        passing = text[: max(self._characters, 0)]
        self._characters -= len(passing)
        return passing

    def message(self, message: Foreign) -> Foreign:
        """A message that shows something, or ``None`` if it may not pass."""
        if message["header"]["msg_type"] == "clear_output":
            self.renew()
        elif message["header"]["msg_type"] == "display_data":
            self._outputs -= 1
            if self._outputs < 0:
                return None
        return message


def prepare(application: Foreign) -> None:
    """Let output wait in the kernel, whose memory is limited, rather than be lost.

    By default ZeroMQ forgets messages the supervisor is too slow to read, among them the one
    that says a cell has ended.
    """
    bind = application.init_iopub

    def init_iopub(context: Foreign) -> None:
        context.setsockopt(library("zmq").SNDHWM, 0)
        bind(context)

    application.init_iopub = init_iopub


def install(shell: Foreign, characters: int, outputs: int) -> None:
    """Bound what each cell sends.

    Args:
        shell: The kernel's shell.
        characters: Printed text the supervisor keeps of a cell.
        outputs: Outputs it keeps of a cell.
    """
    dam = _Dam(characters, outputs)
    shell.events.register("pre_run_cell", dam.renew)
    shell.display_pub.register_hook(dam.message)
    for stream in (sys.stdout, sys.stderr):
        _bound(stream, dam.text)


def _bound(stream: Foreign, passing: Callable[[Foreign], Foreign]) -> None:
    write = stream.write

    def bounded(text: Foreign) -> Foreign:
        passed = passing(text)
        if passed or not text:
            write(passed)
        return len(text)

    stream.write = bounded
