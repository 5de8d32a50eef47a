"""seccomp filters: system calls that namespaces forget, or that stand in for namespaces.

vsock reaches the host of a virtual machine through any network namespace, io_uring goes round
filters, kernel keyrings are shared between users of one id. System call numbers:
``asm/unistd.h`` of each architecture; elsewhere a filter is not offered.
"""

from __future__ import annotations

import errno
import platform
import socket
import struct
from typing import NamedTuple

from . import linux

_LOAD, _AND, _RETURN = 0x20, 0x54, 0x06
_JUMP_EQUAL, _JUMP_GREATER_EQUAL, _JUMP_ANY_BIT = 0x15, 0x35, 0x45
_ALLOW, _ERRNO, _ASK = 0x7FFF0000, 0x00050000, 0x7FC00000
_FAMILIES = (socket.AF_UNIX, socket.AF_INET, socket.AF_INET6, socket.AF_NETLINK)
_CONNECTED_TYPES = (socket.SOCK_STREAM, socket.SOCK_SEQPACKET)
_TYPE_MASK = 0xF
_FOREIGN_NUMBERS = 0x40000000
_NEW_NAMESPACES = 0x7E020000

_TERMINAL_AND_FLAG_REQUESTS = (0x5412, 0x541C, 0x40086602, 0x401C5820)
"""TIOCSTI and TIOCLINUX; FS_IOC_SETFLAGS and FS_IOC_FSSETXATTR, which need no right to write."""


class _Machine(NamedTuple):
    audit: int
    """``AUDIT_ARCH_*`` value."""

    numbers: dict[str, int]
    """Number of each call, where the architecture has it."""


_EVERYWHERE = {
    "io_uring_setup": 425,
    "clone3": 435,
    "pidfd_getfd": 438,
    "process_madvise": 440,
    "process_mrelease": 448,
    "fchmodat2": 452,
    "setxattrat": 463,
    "removexattrat": 466,
    "file_setattr": 469,
}
_X86_64 = {
    "ioctl": 16, "shmget": 29, "shmat": 30, "shmctl": 31, "socket": 41, "connect": 42,
    "socketpair": 53, "clone": 56, "semget": 64, "semop": 65, "semctl": 66, "msgget": 68,
    "msgsnd": 69, "msgrcv": 70, "msgctl": 71, "chmod": 90, "fchmod": 91, "chown": 92,
    "fchown": 93, "lchown": 94, "ptrace": 101, "utime": 132, "setpriority": 141,
    "sched_setparam": 142, "sched_setscheduler": 144, "setxattr": 188, "lsetxattr": 189,
    "fsetxattr": 190, "removexattr": 197, "lremovexattr": 198, "fremovexattr": 199,
    "sched_setaffinity": 203, "semtimedop": 220, "utimes": 235, "mq_open": 240,
    "mq_unlink": 241, "add_key": 248, "request_key": 249, "keyctl": 250, "ioprio_set": 251,
    "inotify_add_watch": 254, "migrate_pages": 256, "fchownat": 260, "futimesat": 261,
    "fchmodat": 268, "unshare": 272, "move_pages": 279, "utimensat": 280,
    "perf_event_open": 298, "fanotify_init": 300, "prlimit64": 302, "setns": 308,
    "process_vm_readv": 310, "process_vm_writev": 311, "kcmp": 312, "sched_setattr": 314,
    "bpf": 321, "userfaultfd": 323,
}  # fmt: skip
_AARCH64 = {
    "setxattr": 5, "lsetxattr": 6, "fsetxattr": 7, "removexattr": 14, "lremovexattr": 15,
    "fremovexattr": 16, "inotify_add_watch": 27, "ioctl": 29, "ioprio_set": 30, "fchmod": 52,
    "fchmodat": 53, "fchownat": 54, "fchown": 55, "utimensat": 88, "unshare": 97,
    "ptrace": 117, "sched_setparam": 118, "sched_setscheduler": 119, "sched_setaffinity": 122,
    "setpriority": 140, "mq_open": 180, "mq_unlink": 181, "msgget": 186, "msgctl": 187,
    "msgrcv": 188, "msgsnd": 189, "semget": 190, "semctl": 191, "semtimedop": 192,
    "semop": 193, "shmget": 194, "shmctl": 195, "shmat": 196, "socket": 198,
    "socketpair": 199, "connect": 203, "add_key": 217, "request_key": 218, "keyctl": 219,
    "clone": 220, "migrate_pages": 238, "move_pages": 239, "perf_event_open": 241,
    "prlimit64": 261, "fanotify_init": 262, "setns": 268, "process_vm_readv": 270,
    "process_vm_writev": 271, "kcmp": 272, "sched_setattr": 274, "bpf": 280,
    "userfaultfd": 282,
}  # fmt: skip
_MACHINES = {
    "x86_64": _Machine(0xC000003E, {**_X86_64, **_EVERYWHERE}),
    "aarch64": _Machine(0xC00000B7, {**_AARCH64, **_EVERYWHERE}),
}

_DENIED = (
    "add_key", "request_key", "keyctl", "perf_event_open", "bpf", "userfaultfd",
    "io_uring_setup", "shmget", "semget", "msgget",
)  # fmt: skip
"""At every level. Memory of System V no process need map, and nobody would count it."""

_DENIED_IN_SHARED_NAMESPACES = (
    "shmat", "shmctl", "semop", "semtimedop", "semctl", "msgsnd", "msgrcv", "msgctl", "mq_open",
    "mq_unlink", "ptrace", "process_vm_readv", "process_vm_writev", "process_madvise",
    "process_mrelease", "kcmp", "pidfd_getfd", "migrate_pages", "move_pages", "unshare", "setns",
    "fanotify_init", "inotify_add_watch", "file_setattr",
)  # fmt: skip

_PRETENDED = (
    "chmod", "fchmod", "fchmodat", "fchmodat2", "chown", "lchown", "fchown", "fchownat", "utime",
    "utimes", "futimesat", "utimensat", "setxattr", "lsetxattr", "fsetxattr", "setxattrat",
    "removexattr", "lremovexattr", "fremovexattr", "removexattrat",
)  # fmt: skip
"""Landlock does not cover them. They report success and do nothing: what copies or unpacks
files sets modes and times as well, and must not fail over it."""

_PRETENDED_ON_OTHERS = (
    "sched_setaffinity", "sched_setscheduler", "sched_setparam", "sched_setattr",
)  # fmt: skip
"""Their first argument is a thread, 0 for the caller. ZeroMQ sets the scheduling of its threads
by their numbers, and ends the process if that fails."""


def restrict() -> bool:
    """Refuse for good what namespaces forget; ``False`` on an architecture it does not know."""
    machine = _MACHINES.get(platform.machine())
    if machine is None:
        return False
    linux.set_filter(_program(machine, _denying(_DENIED, machine), _families()))
    return True


def fence() -> int:
    """Refuse for good what namespaces would keep apart, and more.

    Returns:
        A descriptor that reports each ``connect``, which waits for the answer; see ``door``.

    Raises:
        OSError: If the kernel refuses; ENOSYS on an architecture it does not know.
    """
    machine = _MACHINES.get(platform.machine())
    if machine is None:
        raise OSError(errno.ENOSYS, f"no filter for {platform.machine()}")
    denied = _denying(_DENIED + _DENIED_IN_SHARED_NAMESPACES, machine)
    rules = [denied, _pretending(machine), _only_on_oneself(machine), _asking(machine)]
    return linux.set_listened_filter(_program(machine, b"".join(rules), _one_family()))


def _program(machine: _Machine, rules: bytes, sockets: bytes) -> bytes:
    head = [
        _step(_LOAD, 4),
        _step(_JUMP_EQUAL, machine.audit, yes=1),
        _return(errno.ENOSYS),
        _step(_LOAD, 0),
        _step(_JUMP_GREATER_EQUAL, _FOREIGN_NUMBERS, no=1),
        _return(errno.ENOSYS),
    ]
    kinds = _when(machine, "socket", sockets)
    return b"".join([*head, rules, kinds, _step(_RETURN, _ALLOW)])


def _families() -> bytes:
    return _one_of(0, _FAMILIES, errno.EAFNOSUPPORT) + _step(_RETURN, _ALLOW)


def _one_family() -> bytes:
    """UNIX sockets that can send to nobody but whom they were connected with."""
    kinds = _one_of(1, _CONNECTED_TYPES, errno.EPROTONOSUPPORT, mask=_TYPE_MASK)
    return _one_of(0, (socket.AF_UNIX,), errno.EOPNOTSUPP) + kinds + _step(_RETURN, _ALLOW)


def _denying(names: tuple[str, ...], machine: _Machine) -> bytes:
    return b"".join(_when(machine, name, _return(errno.EPERM)) for name in names)


def _pretending(machine: _Machine) -> bytes:
    return b"".join(_when(machine, name, _return(0)) for name in _PRETENDED)


def _only_on_oneself(machine: _Machine) -> bytes:
    zero = _one_of(0, (0,), errno.EPERM) + _step(_RETURN, _ALLOW)
    itself = _one_of(1, (0,), errno.EPERM) + _step(_RETURN, _ALLOW)
    others = _one_of(0, (0,), 0) + _step(_RETURN, _ALLOW)
    rules = [_when(machine, name, others) for name in _PRETENDED_ON_OTHERS]
    rules.append(_when(machine, "prlimit64", zero))
    # PRIO_PROCESS is 0, IOPRIO_WHO_PROCESS is 1; then the process.
    rules.append(_when(machine, "setpriority", _one_of(0, (0,), errno.EPERM) + itself))
    rules.append(_when(machine, "ioprio_set", _one_of(0, (1,), errno.EPERM) + itself))
    return b"".join(rules)


def _asking(machine: _Machine) -> bytes:
    """What depends on more than the number of the call."""
    pairs = _when(machine, "socketpair", _one_family())
    ordinary = _argument(0) + _step(_JUMP_ANY_BIT, _NEW_NAMESPACES, no=1)
    clone = ordinary + _return(errno.EPERM) + _step(_RETURN, _ALLOW)
    requests = _argument(1)
    for request in _TERMINAL_AND_FLAG_REQUESTS:
        requests += _step(_JUMP_EQUAL, request, no=1) + _return(errno.EPERM)
    return b"".join(
        [
            pairs,
            _when(machine, "clone", clone),
            # Its flags lie in memory, which a filter cannot read; C libraries then use clone.
            _when(machine, "clone3", _return(errno.ENOSYS)),
            _when(machine, "ioctl", requests + _step(_RETURN, _ALLOW)),
            _when(machine, "connect", _step(_RETURN, _ASK)),
        ]
    )


def _when(machine: _Machine, name: str, steps: bytes) -> bytes:
    """``steps``, which must end in a return, for one call only."""
    number = machine.numbers.get(name)
    if number is None:
        return b""
    return _step(_JUMP_EQUAL, number, no=len(steps) // 8) + steps


def _one_of(argument: int, accepted: tuple[int, ...], error: int, *, mask: int = 0) -> bytes:
    """Go on if an argument, an ``int`` in C, has one of these values; else fail."""
    steps = [_argument(argument)]
    if mask:
        steps.append(_step(_AND, mask))
    for left, value in zip(range(len(accepted), 0, -1), accepted):
        steps.append(_step(_JUMP_EQUAL, value, yes=left))
    steps.append(_return(error))
    return b"".join(steps)


def _argument(number: int) -> bytes:
    """Load its lower half: both architectures are little-endian."""
    return _step(_LOAD, 16 + 8 * number)


def _return(error: int) -> bytes:
    return _step(_RETURN, _ERRNO | error)


def _step(code: int, value: int, *, yes: int = 0, no: int = 0) -> bytes:
    """One ``struct sock_filter``; ``yes`` and ``no`` are jumps over following steps."""
    return struct.pack("=HBBI", code, yes, no, value)
