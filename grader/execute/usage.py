"""Watch the memory and the processes of a sandbox from outside."""

from collections.abc import Sequence

import psutil

_MIB = 1 << 20


def descendants(pid: int) -> list[psutil.Process]:
    """Every process below this one."""
    try:
        return psutil.Process(pid).children(recursive=True)
    except psutil.NoSuchProcess:
        return []


def memory_mib(processes: Sequence[psutil.Process], limit: int) -> float:
    """Memory of these processes together, in MiB.

    Resident sizes count pages shared between forks many times over. They are added up while
    the sum stays below ``limit``; only beyond it are shared pages divided among their users.
    """
    resident = sum(_resident(each) for each in processes) / _MIB
    if resident <= limit:
        return resident
    return sum(_proportional(each) for each in processes) / _MIB


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
