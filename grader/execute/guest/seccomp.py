"""A seccomp filter for what namespaces forget.

vsock reaches the host of a virtual machine through any network namespace, io_uring goes round
filters, kernel keyrings are shared between users of one id. System call numbers:
``asm/unistd.h`` of each architecture; elsewhere the filter is not offered.
"""

import errno
import platform
import socket
import struct
from typing import NamedTuple

from . import linux

_LOAD, _JUMP_EQUAL, _JUMP_GREATER_EQUAL, _RETURN = 0x20, 0x15, 0x35, 0x06
_ALLOW, _ERRNO = 0x7FFF0000, 0x00050000
_FAMILIES = (socket.AF_UNIX, socket.AF_INET, socket.AF_INET6, socket.AF_NETLINK)
_IO_URING_SETUP = 425
_FOREIGN_NUMBERS = 0x40000000


class _Architecture(NamedTuple):
    audit: int
    """``AUDIT_ARCH_*`` value."""
    socket: int
    """Number of ``socket``."""
    denied: tuple[int, ...]
    """add_key, request_key, keyctl, perf_event_open, bpf, userfaultfd, io_uring_setup, and
    shmget, semget, msgget, whose memory no process need map and nobody would count."""


_ARCHITECTURES = {
    "x86_64": _Architecture(
        0xC000003E, 41, (248, 249, 250, 298, 321, 323, _IO_URING_SETUP, 29, 64, 68)
    ),
    "aarch64": _Architecture(
        0xC00000B7, 198, (217, 218, 219, 241, 280, 282, _IO_URING_SETUP, 194, 190, 186)
    ),
}


def restrict() -> bool:
    """Install the filter for good; ``False`` on an architecture it does not know."""
    architecture = _ARCHITECTURES.get(platform.machine())
    if architecture is None:
        return False
    linux.set_filter(_program(architecture))
    return True


def _program(architecture: _Architecture) -> bytes:
    refuse = _step(_RETURN, _ERRNO | errno.EPERM)
    allow = _step(_RETURN, _ALLOW)
    steps = [
        _step(_LOAD, 4),
        _step(_JUMP_EQUAL, architecture.audit, yes=1),
        _step(_RETURN, _ERRNO | errno.ENOSYS),
        _step(_LOAD, 0),
        _step(_JUMP_GREATER_EQUAL, _FOREIGN_NUMBERS, no=1),
        _step(_RETURN, _ERRNO | errno.ENOSYS),
    ]
    for number in architecture.denied:
        steps += [_step(_JUMP_EQUAL, number, no=1), refuse]
    steps += [_step(_JUMP_EQUAL, architecture.socket, yes=1), allow, _step(_LOAD, 16)]
    for family in _FAMILIES:
        steps += [_step(_JUMP_EQUAL, family, no=1), allow]
    steps.append(_step(_RETURN, _ERRNO | errno.EAFNOSUPPORT))
    return b"".join(steps)


def _step(code: int, value: int, *, yes: int = 0, no: int = 0) -> bytes:
    """One ``struct sock_filter``; ``yes`` and ``no`` are jumps over following steps."""
    return struct.pack("=HBBI", code, yes, no, value)
