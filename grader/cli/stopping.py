"""Stop as after Ctrl-C when asked to in another way: nothing is left running or lying about."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

__all__ = ["Stopped", "stoppable"]

_NAMES = ("SIGTERM", "SIGHUP")


class Stopped(KeyboardInterrupt):
    """Somebody asked this process to end."""

    def __init__(self, number: int) -> None:
        self.number = number
        super().__init__(number)


@contextmanager
def stoppable() -> Iterator[None]:
    """Raise ``Stopped`` in the main thread on SIGTERM or when the terminal is closed."""
    numbers = [getattr(signal, name) for name in _NAMES if hasattr(signal, name)]
    before = {number: signal.signal(number, _stop) for number in numbers}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _stop(number: int, frame: FrameType | None) -> None:
    raise Stopped(number)
