"""Connections between the processes of one kernel, and to nobody else.

Landlock learns to refuse a connection to a UNIX socket with a path in version 9, and seccomp
cannot read the address. Behind such sockets are the message bus of the user's session and
Docker, which start any program outside of all walls. So each ``connect`` waits until it has been
made from out here, or refused. The address is read once, and what was checked is what is
connected with: the notebook cannot change it in between (``seccomp_unotify(2)``).
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import re
import select
import socket
import stat
import struct
from pathlib import Path

from . import linux

_RECEIVE, _SEND, _IS_VALID = 0xC0502100, 0xC0182101, 0x40082102
_NOTIFICATION_BYTES, _FIRST_ARGUMENT = 80, 32
_PATH_OFFSET, _LONGEST_ADDRESS = 2, 110
_REAP_MILLISECONDS = 500


def hand_over(channel: socket.socket, listener: int) -> None:
    """Give the listener, which the confined process has, to the one that will attend to it."""
    socket.send_fds(channel, [b"."], [listener])
    os.close(listener)


def take_over(channel: socket.socket) -> int:
    """The listener that was handed over; -1 if its process ended before."""
    with channel:
        _, descriptors, _, _ = socket.recv_fds(channel, 1, 1)
    return descriptors[0] if descriptors else -1


def attend(listener: int, folders: tuple[Path, ...], child: int) -> int:
    """Answer until a child has ended, and reap every other; returns its wait status.

    Args:
        listener: Reports each ``connect``; closed at the end, which refuses all later ones.
        folders: The kernel may connect to sockets below these.
        child: The process whose end is waited for.
    """
    handle = os.pidfd_open(child)
    poll = select.poll()
    poll.register(handle, select.POLLIN)
    poll.register(listener, select.POLLIN)
    while (status := _reaped(child)) is None:
        for descriptor, event in poll.poll(_REAP_MILLISECONDS):
            if descriptor == listener and event & select.POLLIN:
                with contextlib.suppress(OSError):
                    _answer(listener, folders)
            elif descriptor == listener:
                poll.unregister(listener)
    os.close(handle)
    os.close(listener)
    return status


def _reaped(child: int) -> int | None:
    """Wait status of the child if it has ended; reaps whoever has."""
    while True:
        pid, status = os.waitpid(-1, os.WNOHANG)
        if pid == child:
            return status
        if pid == 0:
            return None


def _answer(listener: int, folders: tuple[Path, ...]) -> None:
    notification = bytearray(_NOTIFICATION_BYTES)
    fcntl.ioctl(listener, _RECEIVE, notification, True)
    number, thread = struct.unpack_from("=QI", notification)
    descriptor, address, length = struct.unpack_from("=3Q", notification, _FIRST_ARGUMENT)
    try:
        process = os.pidfd_open(_process_of(thread))
        try:
            path = _path(thread, address, length & 0xFFFFFFFF)
            # Had the caller ended, all this could be of another process with its number.
            fcntl.ioctl(listener, _IS_VALID, struct.pack("=Q", number))
            theirs = linux.descriptor_of(process, descriptor & 0xFFFFFFFF)
        finally:
            os.close(process)
        _connect(theirs, path, folders)
        code = 0
    except OSError as error:
        code = error.errno or errno.EACCES
    except (OverflowError, ValueError, struct.error):
        code = errno.EFAULT
    # Whoever asked may be gone by now; there is nothing to undo.
    fcntl.ioctl(listener, _SEND, struct.pack("=QqiI", number, 0, -code, 0))


def _connect(descriptor: int, path: str, folders: tuple[Path, ...]) -> None:
    try:
        theirs = socket.socket(fileno=descriptor)
    except OSError:
        os.close(descriptor)
        raise
    with theirs:
        target = _opened(path, folders)
        try:
            if not stat.S_ISSOCK(os.fstat(target).st_mode):
                raise _refusal()
            theirs.connect(f"/proc/self/fd/{target}")
        finally:
            os.close(target)


def _process_of(thread: int) -> int:
    status = Path(f"/proc/{thread}/status").read_text(encoding="utf-8", errors="replace")
    found = re.search(r"^Tgid:\s+(\d+)", status, re.M)
    if found is None:
        raise ProcessLookupError(errno.ESRCH, "gone")
    return int(found[1])


def _path(thread: int, place: int, length: int) -> str:
    """Path of the socket; of no other kind of address, those without a path included."""
    if not _PATH_OFFSET < length <= _LONGEST_ADDRESS:
        raise _refusal()
    memory = os.open(f"/proc/{thread}/mem", os.O_RDONLY | os.O_CLOEXEC)
    try:
        data = os.pread(memory, length, place)
    finally:
        os.close(memory)
    path = data[_PATH_OFFSET:].split(b"\0")[0]
    if struct.unpack_from("=H", data)[0] != socket.AF_UNIX or not path:
        raise _refusal()
    return os.path.join(os.readlink(f"/proc/{thread}/cwd"), os.fsdecode(path))  # noqa: PTH115, PTH118 - bytes no Path can hold may be in it


def _refusal() -> OSError:
    return PermissionError(errno.EACCES, "not a socket of this kernel")


def _opened(path: str, folders: tuple[Path, ...]) -> int:
    for folder in folders:
        if path.startswith(f"{folder}/"):
            top = os.open(folder, os.O_PATH | os.O_CLOEXEC | os.O_NOFOLLOW)
            try:
                return linux.open_beneath(top, path[len(str(folder)) :].lstrip("/"))
            finally:
                os.close(top)
    raise _refusal()
