"""Watch the memory and the processes of a sandbox from outside."""

from dataclasses import dataclass

import psutil

_MIB = 1 << 20


@dataclass(frozen=True, kw_only=True)
class Usage:
    """What a sandbox uses."""

    mib: float
    """Memory of all its processes together, in MiB."""

    processes: int
    """Number of processes."""


def usage(pid: int, limit_mib: int) -> Usage:
    """What the descendants of a process use together.

    Resident sizes count pages shared between forks many times over. They are added up while
    the sum stays below ``limit_mib``; only beyond it are shared pages divided among users.
    """
    try:
        processes = psutil.Process(pid).children(recursive=True)
    except psutil.NoSuchProcess:
        return Usage(mib=0.0, processes=0)
    mib = sum(_resident(each) for each in processes) / _MIB
    if mib > limit_mib:
        mib = sum(_proportional(each) for each in processes) / _MIB
    return Usage(mib=mib, processes=len(processes))


def _resident(process: psutil.Process) -> int:
    try:
        return int(process.memory_info().rss)
    except psutil.Error:
        return 0


def _proportional(process: psutil.Process) -> int:
    try:
        return int(process.memory_full_info().pss)
    except psutil.AccessDenied:
        return _resident(process)
    except psutil.Error:
        return 0
