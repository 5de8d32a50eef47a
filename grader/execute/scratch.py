"""The folder a kernel wrote in: made, and removed whatever was left in it."""

import itertools
import os
import shutil
import stat
from contextlib import suppress
from pathlib import Path

_FOLDERS = ("home", "tmp", "ipc", "root", "disk")


def create(folder: Path) -> Path:
    """Make the folders of one run."""
    folder.mkdir(mode=0o700)
    for name in _FOLDERS:
        (folder / name).mkdir(mode=0o700)
    return folder


def remove(folder: Path) -> None:
    """Remove a folder however deep and whatever the modes in it; links are never followed.

    Folders are moved up to the first level before they are emptied, so that neither
    recursion nor the length of a path grows with their depth. Everything that could write
    there must have ended. Where the system opens no folder to work in, it is removed by its
    path.
    """
    if os.open not in os.supports_dir_fd:
        _remove_by_path(folder)
        return
    numbers = itertools.count()
    top = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    try:
        while names := os.listdir(top):  # noqa: PTH208 - of a descriptor
            for name in names:
                if _is_folder(name, top):
                    _empty(name, top, numbers)
                else:
                    os.unlink(name, dir_fd=top)
    finally:
        os.close(top)
    folder.rmdir()


def _remove_by_path(folder: Path) -> None:
    """Remove what can be removed; on Windows a file may be in use by somebody else.

    Raises:
        OSError: If something is left.
    """
    shutil.rmtree(folder, ignore_errors=True)
    for inner, _, names in os.walk(folder):
        for name in names:
            # Windows removes no file that is read-only.
            with suppress(OSError):
                Path(inner, name).chmod(stat.S_IRWXU)
    if folder.exists():
        shutil.rmtree(folder)


def _empty(name: str, top: int, numbers: "itertools.count[int]") -> None:
    os.chmod(name, stat.S_IRWXU, dir_fd=top)
    inner = os.open(name, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=top)
    try:
        for child in os.listdir(inner):  # noqa: PTH208 - of a descriptor
            if _is_folder(child, inner):
                # Moving a folder writes its entry for the parent.
                os.chmod(child, stat.S_IRWXU, dir_fd=inner)
                os.rename(child, _unused(top, numbers), src_dir_fd=inner, dst_dir_fd=top)
            else:
                os.unlink(child, dir_fd=inner)
    finally:
        os.close(inner)
    os.rmdir(name, dir_fd=top)


def _unused(top: int, numbers: "itertools.count[int]") -> str:
    taken = frozenset(os.listdir(top))
    return next(name for name in map(str, numbers) if name not in taken)


def _is_folder(name: str, parent: int) -> bool:
    return stat.S_ISDIR(os.stat(name, dir_fd=parent, follow_symlinks=False).st_mode)
