"""System calls the walls are made of and Python does not wrap.

Numbers above 423 are the same on every architecture (Linux ``scripts/syscall.tbl``).
"""

from __future__ import annotations

import ctypes
import os
import platform
import signal
import struct
from pathlib import Path
from typing import Union

# PyDLL keeps the interpreter lock: clone3 must return in the child with the lock held.
_libc = ctypes.PyDLL(None, use_errno=True)
_libc.syscall.restype = ctypes.c_long

NEW_MOUNT, NEW_IPC, NEW_USER, NEW_PID, NEW_NET = (
    0x00020000,
    0x08000000,
    0x10000000,
    0x20000000,
    0x40000000,
)
_OPEN_TREE, _MOVE_MOUNT, _CLONE3, _MOUNT_SETATTR = 428, 429, 435, 442
_OPENAT2, _PIDFD_GETFD = 437, 438
_RESOLVE_NO_LINKS_BENEATH = 0x02 | 0x04 | 0x08
_AT_FDCWD, _AT_EMPTY_PATH, _AT_RECURSIVE = -100, 0x1000, 0x8000
_OPEN_TREE_CLONE, _OPEN_TREE_CLOEXEC = 1, os.O_CLOEXEC
_MOVE_MOUNT_F_EMPTY_PATH = 0x4
_ATTR_RDONLY, _ATTR_NOSUID = 0x1, 0x2
_MS_REC, _MS_PRIVATE, _MNT_DETACH = 0x4000, 1 << 18, 2
_PR_SET_PDEATHSIG, _PR_CAPBSET_DROP, _PR_SET_NO_NEW_PRIVS = 1, 24, 38
_PR_SET_SECCOMP, _PR_CAP_AMBIENT, _PR_SET_CHILD_SUBREAPER = 22, 47, 36
_CAPABILITY_VERSION_3 = 0x20080522
_SECCOMP = {"x86_64": 317, "aarch64": 277}
_SET_MODE_FILTER, _FILTER_FLAG_NEW_LISTENER = 1, 8

Argument = Union[int, bytes, None]


def call(name: str, *arguments: Argument) -> int:
    """Call a C function that returns -1 and sets ``errno`` on failure.

    Raises:
        OSError: With the name of the function.
    """
    ctypes.set_errno(0)
    plain = [ctypes.c_long(each) if isinstance(each, int) else each for each in arguments]
    result = int(getattr(_libc, name)(*plain))
    if result == -1:
        code = ctypes.get_errno()
        raise OSError(code, f"{name}: {os.strerror(code)}")
    return result


def syscall(number: int, *arguments: Argument) -> int:
    """Make a system call by number."""
    return call("syscall", number, *arguments)


def clone(namespaces: int) -> int:
    """Fork into new namespaces; 0 in the child, which is process 1 of a new PID namespace.

    The C library's fork handlers do not run in the child, which must fork once more before
    it starts threads.
    """
    arguments = struct.pack("=8Q", namespaces, 0, 0, 0, signal.SIGCHLD, 0, 0, 0)
    ctypes.pythonapi.PyOS_BeforeFork()
    try:
        pid = syscall(_CLONE3, arguments, len(arguments))
    except OSError:
        ctypes.pythonapi.PyOS_AfterFork_Parent()
        raise
    if pid == 0:
        ctypes.pythonapi.PyOS_AfterFork_Child()
    else:
        ctypes.pythonapi.PyOS_AfterFork_Parent()
    return pid


def mount(kind: str, target: Path, options: str = "") -> None:
    """Mount a fresh file system of this kind."""
    call("mount", kind.encode(), os.fsencode(target), kind.encode(), 0, options.encode())


def make_private() -> None:
    """Stop mount events from leaving this namespace."""
    call("mount", b"none", b"/", None, _MS_REC | _MS_PRIVATE, None)


def copy_tree(path: Path) -> int:
    """A detached copy of the mounts at ``path``, as a descriptor."""
    flags = _OPEN_TREE_CLONE | _OPEN_TREE_CLOEXEC | _AT_RECURSIVE
    return syscall(_OPEN_TREE, _AT_FDCWD, os.fsencode(path), flags)


def attach_tree(tree: int, target: Path) -> None:
    """Attach a detached copy."""
    syscall(_MOVE_MOUNT, tree, b"", _AT_FDCWD, os.fsencode(target), _MOVE_MOUNT_F_EMPTY_PATH)


def set_read_only(path: Path, *, recursive: bool = True) -> None:
    """Make the mount at ``path`` read-only and its set-user-id bits void."""
    _set_attributes(path, _ATTR_RDONLY | _ATTR_NOSUID, 0, recursive)


def set_writable(path: Path) -> None:
    """Undo ``set_read_only`` for the one mount at ``path``."""
    _set_attributes(path, _ATTR_NOSUID, _ATTR_RDONLY, False)


def _set_attributes(path: Path, wanted: int, unwanted: int, recursive: bool) -> None:
    attributes = struct.pack("=4Q", wanted, unwanted, 0, 0)
    flags = _AT_RECURSIVE if recursive else 0
    syscall(_MOUNT_SETATTR, _AT_FDCWD, os.fsencode(path), flags, attributes, len(attributes))


def change_root(folder: Path) -> None:
    """Make ``folder`` the root and let the old root go."""
    os.chdir(folder)
    call("pivot_root", b".", b".")
    call("umount2", b".", _MNT_DETACH)
    os.chdir("/")


def unmount(path: Path) -> None:
    """Take a mount out of sight; what is open stays open."""
    call("umount2", os.fsencode(path), _MNT_DETACH)


def die_with_parent(number: int = signal.SIGKILL) -> None:
    """Ask for a signal when the parent dies."""
    call("prctl", _PR_SET_PDEATHSIG, number, 0, 0, 0)


def outlive_parent() -> None:
    """Undo ``die_with_parent``, which also strikes when the thread that forked ends."""
    call("prctl", _PR_SET_PDEATHSIG, 0, 0, 0, 0)


def adopt_orphans() -> None:
    """Become the parent of descendants whose own parent died."""
    call("prctl", _PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def drop_privileges() -> None:
    """Give up every capability for good, also across ``exec``."""
    call("prctl", _PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    call("prctl", _PR_CAP_AMBIENT, 4, 0, 0, 0)
    last = int(Path("/proc/sys/kernel/cap_last_cap").read_text(encoding="ascii"))
    try:
        for capability in range(last + 1):
            call("prctl", _PR_CAPBSET_DROP, capability, 0, 0, 0)
    except PermissionError:
        # An ordinary user outside a user namespace: without new privileges, what is bounded
        # here can never be gained.
        pass
    call("capset", struct.pack("=Ii", _CAPABILITY_VERSION_3, 0), bytes(24))


def set_filter(program: bytes) -> None:
    """Install a seccomp filter of packed ``sock_filter`` instructions."""
    code = ctypes.create_string_buffer(program, len(program))
    header = struct.pack("=H6xQ", len(program) // 8, ctypes.addressof(code))
    call("prctl", _PR_SET_SECCOMP, 2, header, 0, 0)


def set_listened_filter(program: bytes) -> int:
    """The same; returns a descriptor that reports calls the filter neither allows nor refuses."""
    code = ctypes.create_string_buffer(program, len(program))
    header = struct.pack("=H6xQ", len(program) // 8, ctypes.addressof(code))
    number = _SECCOMP[platform.machine()]
    return syscall(number, _SET_MODE_FILTER, _FILTER_FLAG_NEW_LISTENER, header)


def open_beneath(folder: int, path: str) -> int:
    """Open what lies below a folder, as ``O_PATH`` does, without following any link."""
    how = struct.pack("=3Q", os.O_PATH | os.O_CLOEXEC, 0, _RESOLVE_NO_LINKS_BENEATH)
    return syscall(_OPENAT2, folder, os.fsencode(path), how, len(how))


def descriptor_of(process: int, descriptor: int) -> int:
    """A copy of another process's descriptor.

    Args:
        process: A descriptor of the process.
        descriptor: Its descriptor.
    """
    return syscall(_PIDFD_GETFD, process, descriptor, 0)
