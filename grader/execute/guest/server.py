"""The fork server: imports everything once, then forks one kernel per order.

Talks JSON over a datagram socket. In: ``{"start": order}`` with three descriptors (events,
output, report), ``{"kill": id}``. Out: ``{"warm": seconds}`` or ``{"missing": module}`` once,
then ``{"started": id, "pid": pid}``, ``{"refused": id, "wall": ..., "why": ...}`` and
``{"exited": id, "status": status}``. It ends, and all kernels with it, when the socket closes.
"""

from __future__ import annotations

import functools
import json
import os
import select
import signal
import socket
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from . import constants, gpu, kernel, linux, walls, warming
from .order import Level, Order
from .serving import Prepare

_MESSAGE_BYTES = 1 << 16


@dataclass(frozen=True)
class _Kernel:
    id: int
    pid: int
    level: Level


def main(descriptor: int, *, cold: bool, recording: bool, complete: bool) -> None:
    """Serve until the other end of the socket closes.

    Args:
        descriptor: Of the socket.
        cold: Whether every kernel imports for itself, behind its walls, instead.
        recording: Whether kernels record.
        complete: Whether every library of the labs has to be there.
    """
    control = socket.socket(fileno=descriptor)
    began = time.monotonic()
    # Until this listens to the socket, nothing else would end it.
    linux.die_with_parent()
    prepare = functools.partial(warming.warm, recording=recording, complete=complete)
    try:
        if not cold:
            # What it found is remembered, and kernels inherit it.
            prepare()
            constants.naming(os.environ[constants.WARM_HOME])
    except ModuleNotFoundError as error:
        _send(control, {"missing": error.name})
        return
    finally:
        linux.outlive_parent()
    threads = len(list(Path("/proc/self/task").iterdir()))
    seconds = time.monotonic() - began
    _send(control, {"warm": seconds, "threads": threads, "gpu": gpu.touched()})
    linux.adopt_orphans()
    _Server(control, prepare).serve()
    # Every kernel has ended; what the libraries want to do at exit takes seconds.
    os._exit(0)


class _Server:
    def __init__(self, control: socket.socket, prepare: Prepare) -> None:
        self._control = control
        self._prepare = prepare
        self._kernels: dict[int, _Kernel] = {}
        self._poll = select.poll()
        self._poll.register(control, select.POLLIN)

    def serve(self) -> None:
        """Answer until the supervisor hangs up, then end every kernel."""
        while True:
            for descriptor, _ in self._poll.poll():
                if descriptor in self._kernels:
                    self._reap(descriptor)
                elif not self._obey():
                    self._end()
                    return

    def _obey(self) -> bool:
        try:
            text, descriptors, _, _ = socket.recv_fds(self._control, _MESSAGE_BYTES, 3)
        except ConnectionError:
            return False
        if not text:
            return False
        message = json.loads(text)
        if "kill" in message:
            self._kill(message["kill"])
        else:
            self._start(Order.of(message["start"]), descriptors)
        return True

    def _start(self, order: Order, descriptors: list[int]) -> None:
        try:
            pid = linux.clone(walls.NAMESPACES if order.level == "full" else 0)
        except OSError as error:
            answer = {"refused": order.id, "wall": "namespaces", "why": str(error)}
            _send(self._control, answer)
        else:
            if pid == 0:
                kernel.main(order, kernel.Streams(*descriptors), self._prepare)
            handle = os.pidfd_open(pid)
            self._kernels[handle] = _Kernel(order.id, pid, order.level)
            self._poll.register(handle, select.POLLIN)
            _send(self._control, {"started": order.id, "pid": pid})
        for descriptor in descriptors:
            os.close(descriptor)

    def _reap(self, handle: int) -> None:
        self._poll.unregister(handle)
        os.close(handle)
        child = self._kernels.pop(handle)
        _, status = os.waitpid(child.pid, 0)
        if child.level != "full":
            # Whoever would have ended what that kernel had started may have been killed.
            kernel.bury_orphans({each.pid for each in self._kernels.values()})
        code = os.waitstatus_to_exitcode(status)
        _send(self._control, {"exited": child.id, "status": code if code >= 0 else 128 - code})

    def _kill(self, number: int) -> None:
        for child in self._kernels.values():
            if child.id == number:
                if child.level != "full":
                    kernel.kill_descendants(child.pid)
                os.kill(child.pid, signal.SIGKILL)

    def _end(self) -> None:
        for child in list(self._kernels.values()):
            self._kill(child.id)
        for child in self._kernels.values():
            os.waitpid(child.pid, 0)
        kernel.bury_orphans(())


def _send(control: socket.socket, message: dict[str, Any]) -> None:
    try:
        control.send(json.dumps(message).encode())
    except OSError:
        # The supervisor is gone; the next read says so.
        return
