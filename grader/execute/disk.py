"""Measure from outside what a notebook keeps on a disk it shares with others."""

import os
from contextlib import suppress
from pathlib import Path
from time import monotonic

_MIB = 1 << 20
_BLOCK = 512
_SECONDS = 0.1


def disk_mib(folder: Path, seconds: float = _SECONDS) -> float:
    """Space that the files below a folder take, in MiB; works while they are being written.

    No link is followed and no path put together, so that nothing outside is counted or touched
    whatever is moved meanwhile. What has no name any more is not seen, nor is what this time is
    too short for.

    Args:
        folder: Where to look.
        seconds: Time after which it ends with what it found.
    """
    deadline = monotonic() + seconds
    total = 0
    here = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    try:
        size, names = _listed(here, deadline)
        total += size
        waiting = [(_number(here), names)]
        while waiting and monotonic() < deadline:
            if waiting[-1][1]:
                with suppress(OSError):
                    here = _moved(here, waiting[-1][1].pop())
                    size, names = _listed(here, deadline)
                    total += size
                    waiting.append((_number(here), names))
                continue
            waiting.pop()
            if waiting:
                here = _moved(here, "..")
                if _number(here) != waiting[-1][0]:
                    # The folder was moved while this was in it.
                    break
    finally:
        os.close(here)
    return total / _MIB


def _listed(here: int, deadline: float) -> tuple[int, list[str]]:
    """Bytes of what lies directly in a folder, and the names of the folders there."""
    size, names = 0, []
    with os.scandir(here) as entries:
        for entry in entries:
            with suppress(OSError):
                found = entry.stat(follow_symlinks=False)
                size += found.st_blocks * _BLOCK // max(1, found.st_nlink)
                if entry.is_dir(follow_symlinks=False):
                    names.append(entry.name)
            if monotonic() > deadline:
                break
    return size, names


def _moved(here: int, name: str) -> int:
    there = os.open(name, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=here)
    os.close(here)
    return there


def _number(here: int) -> int:
    return os.fstat(here).st_ino
