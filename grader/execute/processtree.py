"""One process and all it starts, followed with what every system offers."""

import subprocess
import threading
from collections.abc import Iterable
from concurrent.futures import Future
from time import monotonic, sleep

import psutil

from grader.errors import SandboxUnavailable

_GONE_SECONDS = 60.0
_PAUSE = 0.05
_CLOCK_SECONDS = 2.0
"""By so much at most may two clocks of one machine differ about when a process began."""


class ProcessTree:
    """A process, followed until it has ended and nothing that it started is left.

    Descendants are found by their parents each time somebody asks, and remembered: one whose
    parent has ended belongs to the tree all the same. One that was never seen below it is found
    by the mark in its environment, which macOS does not show; there, a process that left the
    tree between two looks outlives it.

    Args:
        process: The process, just started.
        mark: Name and value of an environment variable that it, and so whatever it starts, has.
    """

    def __init__(self, process: subprocess.Popen[bytes], mark: tuple[str, str]) -> None:
        self.exited: Future[int] = Future()
        """Exit status as a shell gives it, once nothing is left."""
        self.exited.set_running_or_notify_cancel()
        self._process = process
        self._mark = mark
        self._lock = threading.Lock()
        self._known: list[psutil.Process] = []
        """Those that lived when last looked at, the first of them first."""
        self._error: SandboxUnavailable | None = None
        self._began = 0.0
        try:
            root = psutil.Process(process.pid)
            self._began = root.create_time()
            self._known.append(root)
        except psutil.Error:
            # It has ended already.
            pass
        self._thread = threading.Thread(target=self._wait, name="kernel", daemon=True)
        self._thread.start()

    def living(self) -> list[psutil.Process]:
        """Every process of the tree that has not ended."""
        with self._lock:
            found: dict[psutil.Process, None] = {}
            for each in self._known:
                if each not in found and _lives(each):
                    found.update(dict.fromkeys([each, *_children(each)]))
            self._known = list(found)
            return self._known

    def kill(self) -> None:
        """End every process of the tree; ``exited`` tells when that is done."""
        _kill(self.living())

    def abandon(self, error: SandboxUnavailable) -> None:
        """End it, and have ``exited`` raise this error instead of giving a status."""
        self._error = error
        self.kill()

    def join(self) -> None:
        """Wait until nothing is left."""
        self._thread.join()

    def _wait(self) -> None:
        code = self._process.wait()
        deadline = monotonic() + _GONE_SECONDS
        while (left := [*self.living(), *self._marked()]) and monotonic() < deadline:
            _kill(left)
            sleep(_PAUSE)
        if left:
            # ``exited`` stays open: whoever waits for it says that a process cannot be ended.
            return
        if self._error is not None:
            self.exited.set_exception(self._error)
        else:
            self.exited.set_result(code if code >= 0 else 128 - code)

    def _marked(self) -> list[psutil.Process]:
        """Processes that bear the mark, wherever they are now."""
        name, value = self._mark
        found = []
        for each in psutil.process_iter():
            try:
                if each.create_time() < self._began - _CLOCK_SECONDS or not _lives(each):
                    continue
                if each.environ().get(name) == value:
                    found.append(each)
            except (psutil.Error, OSError):
                # Gone, or somebody else's.
                continue
        return found


def _lives(process: psutil.Process) -> bool:
    try:
        return bool(process.is_running() and process.status() != psutil.STATUS_ZOMBIE)
    except psutil.Error:
        return False


def _children(process: psutil.Process) -> list[psutil.Process]:
    try:
        return [each for each in process.children(recursive=True) if _lives(each)]
    except psutil.Error:
        return []


def _kill(processes: Iterable[psutil.Process]) -> None:
    for each in processes:
        try:
            each.kill()
        except psutil.Error:
            continue
