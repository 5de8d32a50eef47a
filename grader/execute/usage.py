"""Watch the memory and the processes of a sandbox from outside."""

import os
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

import psutil

_MIB = 1 << 20
_BLOCK = 512
_PROC = Path("/proc")
_SHARED = re.compile(rb"^RssShmem:\s+(\d+) kB", re.M)


def descendants(pid: int) -> list[psutil.Process]:
    """Every process below this one."""
    try:
        return psutil.Process(pid).children(recursive=True)
    except psutil.NoSuchProcess:
        return []


def memory_mib(processes: Sequence[psutil.Process], limit: int) -> float:
    """Memory of these processes together, in MiB, and of files they keep in memory.

    Resident sizes count pages shared between forks many times over. They are added up while
    the sum stays below ``limit``; only beyond it are shared pages divided among their users.
    What lies in ``memfd`` files or the sandbox's ``/dev/shm`` counts whether it is mapped or not.
    """
    unmapped = _unmapped(processes) / _MIB
    resident = sum(_resident(each) for each in processes) / _MIB + unmapped
    if resident <= limit:
        return resident
    return sum(_proportional(each) for each in processes) / _MIB + unmapped


def _unmapped(processes: Sequence[psutil.Process]) -> int:
    """Bytes of files in memory that no resident size counts; only Linux tells."""
    if not _PROC.is_dir():
        return 0
    kept = dict(file for each in processes for file in _memory_files(each.pid))
    held = sum(kept.values()) + max((_shared_folder(each.pid) for each in processes), default=0)
    return max(0, held - sum(_mapped(each.pid) for each in processes)) if held else 0


def _memory_files(pid: int) -> Iterator[tuple[int, int]]:
    """Inode and bytes of each ``memfd`` a process holds open."""
    try:
        entries = list(Path(f"/proc/{pid}/fd").iterdir())
    except OSError:
        return
    for entry in entries:
        try:
            if str(entry.readlink()).startswith("/memfd:"):
                found = entry.stat()
                yield found.st_ino, found.st_blocks * _BLOCK
        except OSError:
            continue


def _shared_folder(pid: int) -> int:
    """Bytes in ``/dev/shm`` of a process that has one of its own."""
    own = Path(f"/proc/{pid}/root/dev/shm")
    try:
        if own.stat().st_dev == Path("/dev/shm").stat().st_dev:  # noqa: S108 - compared only
            return 0
        space = os.statvfs(own)
    except OSError:
        return 0
    return (space.f_blocks - space.f_bfree) * space.f_frsize


def _mapped(pid: int) -> int:
    try:
        found = _SHARED.search(Path(f"/proc/{pid}/status").read_bytes())
    except OSError:
        return 0
    return int(found[1]) << 10 if found else 0


def _resident(process: psutil.Process) -> int:
    try:
        return int(process.memory_info().rss)
    except psutil.Error:
        return 0


def _proportional(process: psutil.Process) -> int:
    try:
        found = process.memory_full_info()
        # Only Linux divides what is shared.
        return int(getattr(found, "pss", found.rss))
    except psutil.AccessDenied:
        return _resident(process)
    except psutil.Error:
        return 0
