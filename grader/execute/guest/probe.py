"""Try the walls: put them up round a child, then attack from inside and say what happened.

Run as a program of its own, with the environment of a kernel. Takes JSON on its command line,
writes one JSON line. Every attempt is harmless where it succeeds.
"""

from __future__ import annotations

import ctypes
import dataclasses
import fcntl
import json
import os
import resource
import socket
import struct
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

from . import door, fence, landlock, linux, walls
from .order import Level, Order, WallError

Targets = dict[str, Any]
_ACCEPTED = 2.0
_KEYCTL = {"x86_64": 250, "aarch64": 219}
_IO_URING_SETUP = 425
_NEW_USER = 0x10000000
_libc = ctypes.CDLL(None, use_errno=True)


def main(text: str) -> None:
    """Answer one question about this machine."""
    asked = json.loads(text)
    order, abi = Order.of(asked["order"]), asked["abi"]
    answer: dict[str, Any] = {"abi": landlock.version()}
    for level in _LEVELS:
        tried = _Trial(dataclasses.replace(order, level=level), asked["targets"], abi)
        answer[level] = _in_child(tried)
    sys.stdout.write(json.dumps(answer) + "\n")


@dataclasses.dataclass(frozen=True)
class _Trial:
    """One level against every attempt."""

    order: Order
    targets: Targets
    abi: int | None
    """Take an older Landlock than there is."""

    def enclose(self) -> None:
        """What is done before the process that attacks is forked."""
        if self.order.level == "full":
            walls.enclose(self.order)

    def confine(self, channel: socket.socket) -> tuple[str, ...]:
        """What it does to itself."""
        if self.order.level == "none":
            return ()
        if self.order.level == "full":
            return walls.confine(self.order)
        names, listener = fence.confine(self.order, self.abi)
        door.hand_over(channel, listener)
        return names

    def wait(self, channel: socket.socket, child: int) -> None:
        """What is done meanwhile."""
        listener = door.take_over(channel) if self.order.level == "landlock" else -1
        if listener < 0:
            os.waitpid(child, 0)
        else:
            door.attend(listener, fence.own_folders(self.order), child)


def _in_child(trial: _Trial) -> dict[str, Any]:
    """What becomes of it in a child of a child, as a kernel stands to the fork server."""
    reader, writer = os.pipe()
    try:
        pid = linux.clone(walls.NAMESPACES if trial.order.level == "full" else 0)
    except OSError as error:
        return {"wall": "namespaces", "why": str(error)}
    if pid == 0:
        os.close(reader)
        _answer_and_exit(trial, writer)
    os.close(writer)
    with os.fdopen(reader, "rb") as file:
        text = file.read()
    os.waitpid(pid, 0)
    found: dict[str, Any] = json.loads(text or b'{"wall": "kernel", "why": "the child died"}')
    return found


def _answer_and_exit(trial: _Trial, writer: int) -> None:
    answer: dict[str, Any]
    try:
        trial.enclose()
        ours, theirs = socket.socketpair()
        child = os.fork()
        if child:
            theirs.close()
            trial.wait(ours, child)
            os._exit(0)
        ours.close()
        answer = {"walls": trial.confine(theirs), "attempts": _attempts(trial.targets)}
    except WallError as error:
        answer = {"wall": error.wall, "why": error.why}
    except BaseException:  # noqa: BLE001 - a child must never fall back into the caller's code
        answer = {"wall": "kernel", "why": traceback.format_exc(limit=-3)}
    os.write(writer, json.dumps(answer).encode())
    os._exit(0)


def _attempts(targets: Targets) -> dict[str, str]:
    """Name of each attempt, and why it was refused; empty where it succeeded."""
    found = {}
    for name, attempt in _ATTEMPTS.items():
        try:
            attempt(targets)
        except Exception as error:  # noqa: BLE001 - whatever refuses it
            found[name] = str(error) or type(error).__name__
        else:
            found[name] = ""
    return found


def _refuse(why: str) -> None:
    raise PermissionError(why)


def _read(targets: Targets) -> None:
    Path(targets["file"]).read_bytes()


def _see(targets: Targets) -> None:
    Path(targets["file"]).stat()


def _write(targets: Targets) -> None:
    with Path(targets["file"]).open("ab"):
        pass


def _change_metadata(targets: Targets) -> None:
    before = Path(targets["file"]).stat().st_mtime
    os.utime(targets["file"], (1, before - 1))
    if Path(targets["file"]).stat().st_mtime == before:
        _refuse("without effect")


def _change_mode(targets: Targets) -> None:
    descriptor = os.open(targets["assets"], os.O_RDONLY)
    before = os.fstat(descriptor).st_mode
    os.fchmod(descriptor, before ^ 0o001)
    after = os.fstat(descriptor).st_mode
    if after == before:
        _refuse("without effect")
    os.fchmod(descriptor, before)
    os.close(descriptor)


def _tcp(targets: Targets) -> None:
    socket.create_connection(("127.0.0.1", targets["tcp"]), _ACCEPTED).close()


def _udp(targets: Targets) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        sender.sendto(b"x", ("127.0.0.1", targets["udp"]))


def _unix(targets: Targets) -> None:
    with socket.socket(socket.AF_UNIX) as client:
        client.connect(targets["unix"])


def _abstract(targets: Targets) -> None:
    with socket.socket(socket.AF_UNIX) as client:
        client.connect("\0" + targets["abstract"])


def _is_asker(targets: Targets) -> None:
    """The same number may be another process inside a PID namespace."""
    try:
        command = Path(f"/proc/{targets['pid']}/cmdline").read_bytes()
    except PermissionError:
        # Whatever it is, it is one that others are kept from looking at.
        return
    if targets["word"].encode() not in command:
        _refuse("no such process here")


def _see_process(targets: Targets) -> None:
    _is_asker(targets)
    os.close(os.pidfd_open(targets["pid"]))


def _command_line(targets: Targets) -> None:
    if targets["word"].encode() not in Path(f"/proc/{targets['pid']}/cmdline").read_bytes():
        _refuse("no such process here")


def _move_process(targets: Targets) -> None:
    _is_asker(targets)
    os.setpriority(os.PRIO_PROCESS, targets["pid"], os.getpriority(os.PRIO_PROCESS, targets["pid"]))


def _terminal(targets: Targets) -> None:
    with Path(targets["terminal"]).open("wb", buffering=0) as file:
        file.write(b".")


def _shared_memory(targets: Targets) -> None:
    Path(targets["shared"]).read_bytes()


def _shared_names(targets: Targets) -> None:
    shared = Path(targets["shared"])
    if shared not in shared.parent.iterdir():
        _refuse("not there")


def _list_sockets(targets: Targets) -> None:
    """Ask for every UNIX socket and its path; ``linux/unix_diag.h``."""
    request = struct.pack("=IHHIIBBHIIIII", 40, 20, 0x301, 0, 0, 1, 0, 0, 0xFFFFFFFF, 0, 1, 0, 0)
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 4) as diagnosis:
        diagnosis.settimeout(_ACCEPTED)
        diagnosis.send(request)
        found = b""
        while struct.pack("=IH", 20, 3) not in (piece := diagnosis.recv(1 << 16)):
            found += piece
    if targets["unix"].encode() not in found + piece:
        _refuse("not among them")


def _signal(targets: Targets) -> None:
    _is_asker(targets)
    os.kill(targets["pid"], 0)


def _limit_process(targets: Targets) -> None:
    _is_asker(targets)
    resource.prlimit(targets["pid"], resource.RLIMIT_CORE)


def _environment(targets: Targets) -> None:
    _is_asker(targets)
    Path(f"/proc/{targets['pid']}/environ").read_bytes()


def _lock(targets: Targets) -> None:
    with Path(targets["library"]).open("rb") as file:
        fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)


def _system_call(number: int | None, *arguments: Any) -> None:
    if number is None or _libc.syscall(number, *arguments) < 0:
        _refuse(os.strerror(ctypes.get_errno()))


def _keyring(_: Targets) -> None:
    _system_call(_KEYCTL.get(os.uname().machine), 0, -3, 0)


def _io_uring(_: Targets) -> None:
    _system_call(_IO_URING_SETUP, 1, bytes(120))


def _system_v(_: Targets) -> None:
    made = _libc.shmget(0, 8, 0o1600)
    if made < 0:
        _refuse(os.strerror(ctypes.get_errno()))
    _libc.shmctl(made, 0, None)


def _vsock(_: Targets) -> None:
    socket.socket(40, socket.SOCK_STREAM).close()


def _namespace(_: Targets) -> None:
    pid = os.fork()
    if pid == 0:
        os._exit(0 if _libc.unshare(_NEW_USER) == 0 else 1)
    if os.waitpid(pid, 0)[1]:
        _refuse("refused")


def _status(field: str) -> str:
    lines = Path("/proc/self/status").read_text(encoding="ascii", errors="replace").splitlines()
    return next(line.partition(":")[2].strip() for line in lines if line.startswith(field))


def _capability(_: Targets) -> None:
    # Without new privileges, what the bounding set still has can never be gained.
    gained = int(_status("CapBnd"), 16) and _status("NoNewPrivs") != "1"
    if not gained and not int(_status("CapPrm"), 16) and not int(_status("CapEff"), 16):
        _refuse("none is left")


def _new_privileges(_: Targets) -> None:
    if _status("NoNewPrivs") == "1":
        _refuse("no_new_privs is set")


def _core_file(_: Targets) -> None:
    if resource.getrlimit(resource.RLIMIT_CORE)[1] == 0:
        _refuse("the limit is 0")


def _descriptors(_: Targets) -> None:
    limit = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    if limit <= walls.MAX_DESCRIPTORS:
        _refuse(f"the limit is {limit}")


_LEVELS: tuple[Level, ...] = ("none", "landlock", "full")
_ATTEMPTS: dict[str, Callable[[Targets], None]] = {
    "read a file of the operator": _read,
    "see that a file exists": _see,
    "write a file of the operator": _write,
    "change the times of a file": _change_metadata,
    "change the mode of an open file": _change_mode,
    "connect by TCP": _tcp,
    "send by UDP": _udp,
    "connect to a UNIX socket": _unix,
    "connect to an abstract UNIX socket": _abstract,
    "list the UNIX sockets of the machine": _list_sockets,
    "open a vsock": _vsock,
    "see that a process runs": _see_process,
    "read the command line of another process": _command_line,
    "signal another process": _signal,
    "set the priority of another process": _move_process,
    "read another process's limits": _limit_process,
    "read another process's environment": _environment,
    "write to a terminal": _terminal,
    "list shared memory": _shared_names,
    "use shared memory whose name is known": _shared_memory,
    "make System V memory": _system_v,
    "use a kernel keyring": _keyring,
    "use io_uring": _io_uring,
    "make a user namespace": _namespace,
    "hold a capability": _capability,
    "gain privileges by a program": _new_privileges,
    "leave a core file": _core_file,
    "open more descriptors than 4,096": _descriptors,
    "lock a shared library, which others can notice": _lock,
}
