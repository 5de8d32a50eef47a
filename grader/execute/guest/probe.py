"""Try the walls: put them up round a child, then attack from inside and say what happened.

Run as a program of its own, with the environment of a kernel. Takes JSON on its command line,
writes one JSON line. Every attempt is harmless where it succeeds.
"""

import ctypes
import fcntl
import json
import os
import resource
import socket
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

from . import landlock, linux, walls
from .order import Order, WallError

Targets = dict[str, Any]
_ACCEPTED = 2.0
_KEYCTL = {"x86_64": 250, "aarch64": 219}
_IO_URING_SETUP = 425
_NEW_USER = 0x10000000
_libc = ctypes.CDLL(None, use_errno=True)


def main(text: str) -> None:
    """Answer one question about this machine."""
    asked = json.loads(text)
    order = Order.of(asked["order"])
    answer: dict[str, Any] = {"landlock": landlock.version()}
    answer["none"] = _in_child(lambda: {"attempts": _attempts(asked["targets"])}, 0, ())
    answer["full"] = _in_child(
        lambda: {"walls": walls.confine(order), "attempts": _attempts(asked["targets"])},
        walls.NAMESPACES,
        (lambda: walls.enclose(order),),
    )
    sys.stdout.write(json.dumps(answer) + "\n")


def _in_child(
    action: Callable[[], dict[str, Any]], namespaces: int, before: tuple[Callable[[], None], ...]
) -> dict[str, Any]:
    """What ``action`` returns in a child of a child, as a kernel stands to the fork server."""
    reader, writer = os.pipe()
    try:
        pid = linux.clone(namespaces)
    except OSError as error:
        return {"wall": "namespaces", "why": str(error)}
    if pid == 0:
        os.close(reader)
        _answer_and_exit(action, before, writer)
    os.close(writer)
    with os.fdopen(reader, "rb") as file:
        text = file.read()
    os.waitpid(pid, 0)
    found: dict[str, Any] = json.loads(text or b'{"wall": "kernel", "why": "the child died"}')
    return found


def _answer_and_exit(
    action: Callable[[], dict[str, Any]], before: tuple[Callable[[], None], ...], writer: int
) -> None:
    answer: dict[str, Any]
    try:
        for each in before:
            each()
        if os.fork():
            os.wait()
            os._exit(0)
        answer = action()
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
    os.utime(targets["file"])


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
    command = Path(f"/proc/{targets['pid']}/cmdline").read_bytes()
    if targets["word"].encode() not in command:
        _refuse("no such process here")


def _see_process(targets: Targets) -> None:
    _is_asker(targets)


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
    if not int(_status("CapBnd"), 16) and not int(_status("CapEff"), 16):
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


_ATTEMPTS: dict[str, Callable[[Targets], None]] = {
    "read a file of the operator": _read,
    "see that a file exists": _see,
    "write a file of the operator": _write,
    "change the times of a file": _change_metadata,
    "connect by TCP": _tcp,
    "send by UDP": _udp,
    "connect to a UNIX socket": _unix,
    "connect to an abstract UNIX socket": _abstract,
    "open a vsock": _vsock,
    "see another process": _see_process,
    "signal another process": _signal,
    "read another process's limits": _limit_process,
    "read another process's environment": _environment,
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
