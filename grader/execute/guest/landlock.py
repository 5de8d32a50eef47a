"""Landlock: what may be read and written, decided by the kernel.

Source of the constants: ``include/uapi/linux/landlock.h``. A right an older kernel lacks is
left out; ``version`` tells which it has.
"""

from __future__ import annotations

import os
import stat
import struct
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from . import linux

_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446
_RULE_PATH_BENEATH = 1

_EXECUTE, _WRITE_FILE, _READ_FILE, _READ_DIR = 1 << 0, 1 << 1, 1 << 2, 1 << 3
_REMOVE_FILE, _MAKE_FILE = 1 << 5, 1 << 8
_TRUNCATE, _IOCTL_DEVICE = 1 << 14, 1 << 15
_FILE_RIGHTS = _EXECUTE | _WRITE_FILE | _READ_FILE | _TRUNCATE | _IOCTL_DEVICE
_MAKE_DEVICE = 1 << 6 | 1 << 11

LIST = _READ_DIR
"""See the names in a folder and below."""
READ = _EXECUTE | _READ_FILE | _READ_DIR
"""Read and execute."""
WRITE = ((1 << 16) - 1) & ~_MAKE_DEVICE
"""Everything but making device nodes."""
SHARE = _READ_FILE | _WRITE_FILE | _MAKE_FILE | _REMOVE_FILE | _TRUNCATE
"""Use files whose names one knows."""

_TCP_BIND_AND_CONNECT = 0b11
_SCOPE_SOCKETS_AND_SIGNALS = 0b11


class Rule(NamedTuple):
    """What one file or folder is opened for."""

    path: Path
    rights: int


def version() -> int:
    """ABI version of the running kernel, 0 where Landlock is off."""
    try:
        return linux.syscall(_CREATE_RULESET, None, 0, 1)
    except OSError:
        return 0


def restrict(rules: Iterable[Rule], abi: int) -> None:
    """Confine this thread and its descendants for good.

    Args:
        rules: What stays open; a path that does not exist is left out.
        abi: Version whose rights are taken away, at most that of the kernel.

    Raises:
        OSError: If the kernel refuses; ENOSYS where it has no Landlock.
    """
    handled = _handled(abi)
    ruleset = linux.syscall(_CREATE_RULESET, _attributes(abi, handled), _size(abi), 0)
    for rule in rules:
        _allow(ruleset, rule.path, rule.rights & handled)
    linux.syscall(_RESTRICT_SELF, ruleset, 0)
    os.close(ruleset)


def _handled(abi: int) -> int:
    bits = 13 if abi < 2 else 14 if abi < 3 else 15 if abi < 5 else 16
    return int((1 << bits) - 1)


def _attributes(abi: int, handled: int) -> bytes:
    network = _TCP_BIND_AND_CONNECT if abi >= 4 else 0
    scoped = _SCOPE_SOCKETS_AND_SIGNALS if abi >= 6 else 0
    return struct.pack("=3Q", handled, network, scoped)


def _size(abi: int) -> int:
    return 8 if abi < 4 else 16 if abi < 6 else 24


def _allow(ruleset: int, path: Path, rights: int) -> None:
    try:
        descriptor = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except FileNotFoundError:
        return
    if not stat.S_ISDIR(os.fstat(descriptor).st_mode):
        rights &= _FILE_RIGHTS
    rule = struct.pack("=Qi", rights, descriptor)
    linux.syscall(_ADD_RULE, ruleset, _RULE_PATH_BENEATH, rule, 0)
    os.close(descriptor)
