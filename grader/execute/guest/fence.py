"""The walls where user namespaces are refused: Landlock, seccomp, and the door.

The kernel lives among the machine's files and processes. It can open no file but those named
here, has no network, connects to no socket but its own and changes no other process. What that
leaves open is listed in ``grader.execute.gaps`` and shown by attacks.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from . import landlock, linux, seccomp, walls
from .landlock import LIST, READ, SHARE, WRITE, Rule
from .order import Layout, Order, WallError

LEAST_ABI = 3
"""Before it, a file can be emptied without the right to write."""

_ACCOUNTS = ("passwd", "group", "hosts", "nsswitch.conf", "resolv.conf")
_PROC = (
    "cpuinfo", "devices", "driver", "filesystems", "loadavg", "meminfo", "modules", "stat",
    "swaps", "sys", "uptime", "version", "vmstat",
)  # fmt: skip
_PROC_SELF = (
    "auxv", "cgroup", "cmdline", "comm", "environ", "io", "limits", "maps", "mountinfo", "mounts",
    "oom_score", "oom_score_adj", "smaps", "smaps_rollup", "stat", "statm", "status",
)  # fmt: skip
"""Not ``net`` and ``task``: both name the sockets of every process."""


class Fence(NamedTuple):
    """What stands."""

    names: tuple[str, ...]
    """Walls in force."""

    listener: int
    """Reports each ``connect``; see ``door``."""


def confine(order: Order, abi: int | None = None) -> Fence:
    """Give up every right not needed, for good.

    Args:
        order: The kernel.
        abi: Take an older Landlock than the machine has, to see what it leaves open.

    Raises:
        WallError: Naming the wall that could not be put up.
    """
    found = landlock.version()
    abi = found if abi is None else min(abi, found)
    if abi < LEAST_ABI:
        raise WallError("Landlock", f"ABI {abi}, and at least {LEAST_ABI} is needed")
    walls.attempt("resource limits", lambda: walls.set_limits(order.cpu_seconds, tasks=False))
    walls.attempt("capabilities", linux.drop_privileges)
    rules = list(_rules(order))
    walls.attempt("Landlock", lambda: landlock.restrict(rules, abi))
    listener = walls.attempt("seccomp", seccomp.fence)
    return Fence((f"landlock-{abi}", "seccomp"), listener)


def own_folders(order: Order) -> tuple[Path, ...]:
    """Where the sockets lie that its processes may connect to."""
    layout = Layout.of(order)
    return tuple(path.resolve() for path in (layout.home, layout.tmp, layout.ipc))


def _rules(order: Order) -> Iterator[Rule]:
    layout = Layout.of(order)
    hidden = tuple(path.resolve() for path in order.hidden)
    yield from (Rule(path, READ) for path in (layout.assets, layout.hub))
    folders = {Path("/", name) for name in walls.SYSTEM} | set(order.python)
    for folder in sorted({path.resolve() for path in folders}):
        yield from _around(folder, hidden)
    yield from (Rule(Path("/etc", name), READ) for name in (*walls.ETC, *_ACCOUNTS))
    yield from (Rule(path, WRITE) for path in (layout.home, layout.tmp, layout.ipc))
    yield from (Rule(path, WRITE) for path in walls.devices(order))
    # Semaphores and tensors shared between processes; others' have names nobody can list.
    yield Rule(Path("/dev/shm"), SHARE)  # noqa: S108 - the C library's place for them
    yield Rule(Path("/proc"), LIST)
    yield from (Rule(path, READ) for path in _held_information())


def _around(folder: Path, hidden: tuple[Path, ...]) -> Iterator[Rule]:
    """Open a folder but for what is hidden in it: rules add up, and none takes away."""
    if any(folder.is_relative_to(path) for path in hidden):
        return
    if not any(path.is_relative_to(folder) for path in hidden):
        yield Rule(folder, READ)
        return
    # Python looks for a module by listing the folder.
    yield Rule(folder, LIST)
    for entry in folder.iterdir():
        # What a link leads to is open where it is, or hidden.
        if not entry.is_symlink():
            yield from _around(entry, hidden)


def _held_information() -> Iterator[Path]:
    """Files of ``/proc``, kept open for good.

    A rule belongs to an inode, and those of ``/proc`` are made anew when memory gets short,
    unless somebody holds them.
    """
    own = Path("/proc", str(os.getpid()))
    for path in (*(Path("/proc", name) for name in _PROC), *(own / name for name in _PROC_SELF)):
        try:
            os.open(path, os.O_PATH | os.O_CLOEXEC)
        except OSError:
            continue
        yield path
