"""One kernel: the process that watches over it, and the kernel proper as its child."""

from __future__ import annotations

import functools
import json
import os
import signal
import socket
import traceback
from collections.abc import Container
from pathlib import Path
from typing import NamedTuple, NoReturn

from . import door, fence, gpu, linux, serving, walls
from .foreign import Foreign
from .order import Layout, Order, WallError
from .serving import Prepare

_FAILED = 70


class Streams(NamedTuple):
    """Descriptors handed over by the supervisor."""

    events: int
    """Where the recorder writes."""

    output: int
    """What the process prints outside any cell."""

    report: int
    """One JSON line: ready, or which wall failed."""


class _Gate(NamedTuple):
    """Two pipe ends between process 1 and the kernel."""

    read: int
    write: int


class _Child(NamedTuple):
    """The kernel, as the process that watches over it sees it."""

    pid: int

    gate: _Gate
    """Its readiness, and the permission to go on."""

    channel: socket.socket
    """What it hands over."""

    last: int
    """One more descriptor to close."""


def main(order: Order, streams: Streams, prepare: Prepare) -> NoReturn:
    """Run one kernel to its end; never returns to the fork server's loop."""
    status = _FAILED
    try:
        status = _supervise(order, streams, prepare)
    except WallError as error:
        _report(streams, {"wall": error.wall, "why": error.why})
    except BaseException:  # noqa: BLE001 - a child must never fall back into the server's loop
        _report(streams, {"wall": "kernel", "why": traceback.format_exc(limit=-6)})
    finally:
        os._exit(status)


def kill_descendants(pid: int, but: Container[int] = ()) -> None:
    """Kill every descendant of a process that adopts orphans, until none is left.

    Args:
        pid: The process.
        but: Children of it that are left alone, and what descends from them.
    """
    looked_in_vain = 0
    # A process whose parent died while we looked was seen below neither the old nor the new one.
    while looked_in_vain < 2:
        found = _descendants(pid, but)
        looked_in_vain = 0 if found else looked_in_vain + 1
        for each in found:
            try:
                os.kill(each, signal.SIGKILL)
            except ProcessLookupError:
                continue


def bury_orphans(but: Container[int]) -> None:
    """Kill and reap every child of this process that it did not start itself.

    Args:
        but: Those it did.
    """
    kill_descendants(os.getpid(), but)
    for each in _family().children.get(os.getpid(), ()):
        if each not in but:
            os.waitpid(each, 0)


class _Family(NamedTuple):
    children: dict[int, list[int]]
    """Processes by their parent."""
    dead: set[int]
    """Those that have ended; while a thread of theirs has not, they may have children."""


def _descendants(pid: int, but: Container[int]) -> list[int]:
    """Living descendants."""
    family = _family()
    found: list[int] = []
    waiting = [pid]
    while waiting:
        own = [each for each in family.children.get(waiting.pop(), ()) if each not in but]
        found += own
        waiting += own
    return [each for each in found if each not in family.dead]


def _family() -> _Family:
    found = _Family({}, set())
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal():
            try:
                fields = (entry / "stat").read_text(encoding="utf-8", errors="replace")
            except OSError:
                continue
            state, parent = fields.rpartition(")")[2].split()[:2]
            found.children.setdefault(int(parent), []).append(int(entry.name))
            if state in "ZX":
                found.dead.add(int(entry.name))
    return found


def _supervise(order: Order, streams: Streams, prepare: Prepare) -> int:
    _keep_only(streams)
    os.setsid()
    linux.die_with_parent()
    if order.level == "full":
        walls.enclose(order)
    else:
        linux.adopt_orphans()
    child = _forked(order, streams, prepare)
    if order.level != "full":
        _end_all_with_parent()
    listener = door.take_over(child.channel) if order.level == "landlock" else -1
    child.channel.close()
    if order.level == "full" and os.read(child.gate.read, 1):
        # The sockets stay open; their folder, which the supervisor connects through, is
        # now out of the student's reach.
        linux.unmount(Layout.inside().ipc)
        linux.drop_privileges()
    os.write(child.gate.write, b".")
    _close_all_but(listener, max(*streams, *child.gate, child.last))
    if listener < 0:
        status = _wait(child.pid)
    else:
        linux.drop_privileges()
        status = door.attend(listener, fence.own_folders(order), child.pid)
    if order.level != "full":
        kill_descendants(os.getpid())
    code = os.waitstatus_to_exitcode(status)
    return code if code >= 0 else 128 - code


def _end_all_with_parent() -> None:
    """Nothing but this process knows what the notebook has started, so it must not just die."""

    def end(number: int, _frame: object) -> NoReturn:
        kill_descendants(os.getpid())
        os._exit(128 + number)

    signal.signal(signal.SIGTERM, end)
    linux.die_with_parent(signal.SIGTERM)


def _forked(order: Order, streams: Streams, prepare: Prepare) -> _Child:
    bound, release = _Gate(*os.pipe()), _Gate(*os.pipe())
    ours, theirs = socket.socketpair()
    pid = os.fork()
    if pid == 0:
        os.close(bound.read)
        os.close(release.write)
        ours.close()
        _become_kernel(order, streams, prepare, _Gate(release.read, bound.write), theirs)
    os.close(bound.write)
    theirs.close()
    # Its end of ``release`` stays open here too: a write must not fail if it is gone already.
    return _Child(pid, _Gate(bound.read, release.write), ours, release.read)


def _close_all_but(kept: int, last: int) -> None:
    os.closerange(0, max(0, kept))
    os.closerange(kept + 1, last + 1)


def _wait(child: int) -> int:
    """Reap everything until the kernel ends; its wait status."""
    while True:
        pid, status = os.wait()
        if pid == child:
            return status


def _confine(order: Order, channel: socket.socket) -> str:
    """Put up the walls of the level and hand over what it takes to attend them; their names."""
    names: tuple[str, ...] = ()
    with channel:
        if order.level == "full":
            names = walls.confine(order)
        elif order.level == "landlock":
            names, listener = fence.confine(order)
            door.hand_over(channel, listener)
    return " ".join(names) or "none"


def _become_kernel(
    order: Order, streams: Streams, prepare: Prepare, gate: _Gate, channel: socket.socket
) -> NoReturn:
    status = _FAILED
    try:
        linux.die_with_parent()
        _redirect(streams)
        names = _confine(order, channel)
        _serve(order, streams, prepare, gate, names)
        status = 0
    except SystemExit as error:
        status = error.code if isinstance(error.code, int) else 0
    except ModuleNotFoundError as error:
        # Of a cold kernel's own imports; a notebook's errors do not come here.
        _report(streams, {"missing": str(error.name)})
    except WallError as error:
        _report(streams, {"wall": error.wall, "why": error.why})
    except BaseException:  # noqa: BLE001 - a child must never fall back into the server's loop
        _report(streams, {"wall": "kernel", "why": traceback.format_exc(limit=-6)})
    finally:
        os._exit(status)


def _serve(order: Order, streams: Streams, prepare: Prepare, gate: _Gate, names: str) -> None:
    """Be the kernel until the notebook ends."""

    def ready(_application: Foreign) -> None:
        if order.level == "full":
            os.write(gate.write, b".")
            os.read(gate.read, 1)
        os.close(gate.write)
        os.close(gate.read)
        _report(streams, {"sandbox": names, **gpu.facts(order)})
        os.close(streams.report)

    serving.serve(order, prepare, functools.partial(os.write, streams.events), ready)


def _keep_only(streams: Streams) -> None:
    for entry in Path("/proc/self/fd").iterdir():
        descriptor = int(entry.name)
        if descriptor > 2 and descriptor not in streams:
            try:
                os.close(descriptor)
            except OSError:
                continue


def _redirect(streams: Streams) -> None:
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    os.dup2(streams.output, 1)
    os.dup2(streams.output, 2)
    os.close(streams.output)


def _report(streams: Streams, message: dict[str, str]) -> None:
    try:
        os.write(streams.report, json.dumps(message).encode() + b"\n")
    except OSError:
        # Already closed: the kernel was ready before, and its end tells the rest.
        return
