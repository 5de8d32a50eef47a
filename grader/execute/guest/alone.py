"""A kernel in an ordinary process of its own, made with nothing that only Linux has.

Its order comes on standard input. It opens two connections to the supervisor, which is on the
same machine, and says the order's token on each: the first is for one JSON line, ready or why
not; the recorder writes to the second.
"""

from __future__ import annotations

import json
import os
import socket
import sys
import traceback
from typing import Any, NoReturn

from . import gpu, serving, warming
from .foreign import Foreign
from .install import Controls
from .order import Order

_FAILED = 70
_PORTS = ("shell_port", "iopub_port", "stdin_port", "control_port", "hb_port")


def main(*, recording: bool, complete: bool) -> NoReturn:
    """Be a kernel until the notebook ends.

    Args:
        recording: Whether it records.
        complete: Whether every library of the labs has to be there.
    """
    task = json.load(sys.stdin)
    report, events = _connected(task), _connected(task)
    status = _FAILED
    try:
        _serve(Order.of(task["order"]), report, events, _Prepared(recording, complete))
        status = 0
    except SystemExit as error:
        status = error.code if isinstance(error.code, int) else 0
    except ModuleNotFoundError as error:
        _say(report, {"missing": error.name})
    except BaseException:  # noqa: BLE001 - whatever it is, the supervisor has to know
        _say(report, {"why": traceback.format_exc(limit=-6)})
    finally:
        # What was sent arrives only if the connection is closed in good order.
        _hang_up(events)
        os._exit(status)


class _Prepared:
    """Imports everything, and keeps quiet from then on."""

    def __init__(self, recording: bool, complete: bool) -> None:
        self._options = {"recording": recording, "complete": complete}

    def __call__(self) -> Controls:
        controls = warming.warm(**self._options)
        # Nobody reads what processes print outside any cell.
        nothing = os.open(os.devnull, os.O_RDWR)
        for descriptor in (0, 1, 2):
            os.dup2(nothing, descriptor)
        os.close(nothing)
        return controls


def _serve(
    order: Order, report: socket.socket, events: socket.socket, prepare: serving.Prepare
) -> None:
    def ready(application: Foreign) -> None:
        ports = {name: getattr(application, name) for name in _PORTS}
        _say(report, {"sandbox": "none", "ports": ports, **gpu.facts(order)})

    serving.serve(order, prepare, events.send, ready)


def _connected(task: dict[str, Any]) -> socket.socket:
    connection = socket.create_connection((task["address"], task["port"]))
    connection.sendall(task["token"].encode())
    return connection


def _say(report: socket.socket, message: dict[str, Any]) -> None:
    try:
        report.sendall(json.dumps(message).encode() + b"\n")
    except OSError:
        # Closed already: the kernel was ready before, and its end tells the rest.
        return
    _hang_up(report)


def _hang_up(connection: socket.socket) -> None:
    try:
        connection.shutdown(socket.SHUT_RDWR)
    except OSError:
        return
    finally:
        connection.close()
