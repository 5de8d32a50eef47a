"""Watch the memory of a sandbox from outside."""

import psutil

_MIB = 1 << 20


def used_mib(pid: int, limit: int) -> float:
    """Memory of a process's descendants together, in MiB.

    Resident sizes count pages shared between forks many times over. They are added up while
    the sum stays below ``limit``; only beyond it are shared pages divided among their users.
    """
    try:
        kernels = psutil.Process(pid).children(recursive=True)
    except psutil.NoSuchProcess:
        return 0.0
    resident = sum(_resident(each) for each in kernels) / _MIB
    if resident <= limit:
        return resident
    return sum(_proportional(each) for each in kernels) / _MIB


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
