"""The folder one supervisor works in, gone at the latest when the next one starts."""

import itertools
import os
import re
import tempfile
from contextlib import suppress
from pathlib import Path

from grader.execute import scratch

try:
    import fcntl
except ImportError:
    # Windows has none.
    _LOCKS = False
else:
    _LOCKS = True

_PREFIX = "grader-sandbox-"
_NAMED_PREFIX = "grader-process-"
"""Followed by the process id, where folders cannot be locked."""
_OWNER = re.compile(rf"{_NAMED_PREFIX}(\d+)-")


class Workspace:
    """A private temporary folder, locked for as long as anything may write in it.

    The lock is held by this process and by whatever inherits ``lock``; the system lets go of
    it when the last of them has ended, however that came about. A folder that nobody holds
    was left behind, and the next workspace removes it. Where folders cannot be locked, the
    process named in the folder's name is asked for instead.
    """

    root: Path
    """The folder."""

    lock: int | None
    """Descriptor of the lock, where there is one."""

    def __init__(self) -> None:
        if _LOCKS:
            _sweep()
            self.root, self.lock = _claimed()
        else:
            _sweep_by_name()
            self.root = Path(tempfile.mkdtemp(prefix=f"{_NAMED_PREFIX}{os.getpid()}-"))
            self.lock = None
        self._numbers = itertools.count(1)

    def folder(self, name: str) -> Path:
        """A path in here that was never used before."""
        return self.root / f"{name}-{next(self._numbers)}"

    def remove(self) -> None:
        """Remove everything; all that could write here must have ended."""
        scratch.remove(self.root)
        if self.lock is not None:
            os.close(self.lock)


def _claimed() -> tuple[Path, int]:
    while True:
        root = Path(tempfile.mkdtemp(prefix=_PREFIX))
        lock = _hold(root)
        if lock is None:
            # Another supervisor that starts just now took it for one that was left behind.
            continue
        if root.is_dir():
            return root, lock
        os.close(lock)


def _sweep() -> None:
    for folder in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*"):
        lock = _hold(folder)
        if lock is not None:
            try:
                scratch.remove(folder)
            except OSError:
                # Somebody else is removing it, or may and we may not.
                continue
            finally:
                os.close(lock)


def _sweep_by_name() -> None:
    # Only needed here, and a static check does without.
    import psutil

    for folder in Path(tempfile.gettempdir()).glob(f"{_NAMED_PREFIX}*"):
        owner = _OWNER.match(folder.name)
        if owner is not None and not psutil.pid_exists(int(owner[1])):
            with suppress(OSError):
                scratch.remove(folder)


def _hold(folder: Path) -> int | None:
    """Lock a folder of ours; ``None`` if somebody else has it or it is not there."""
    try:
        lock = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    except OSError:
        return None
    try:
        if os.fstat(lock).st_uid != os.geteuid():
            raise PermissionError(folder)
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(lock)
        return None
    return lock
