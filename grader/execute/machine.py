"""Where a notebook runs."""

import platform
from functools import cache
from pathlib import Path

import grader

_PRIVATE_FOLDERS = ("reference", "rubrics", "submissions", "templates", "tests")


@cache
def description() -> str:
    """Operating system, kernel version without its builder's suffix, and architecture."""
    version = platform.release().partition("-")[0]
    return f"{platform.system()} {version} {platform.machine()}"


def private_folders(package: Path | None = None) -> tuple[Path, ...]:
    """Folders of a grader: rubrics and reference solutions are in or beside them.

    Args:
        package: Folder of the package ``grader``; of the one that runs if not given.
    """
    package = package or Path(grader.__file__).resolve().parent
    beside = [package.parent / name for name in _PRIVATE_FOLDERS]
    checkout = (package.parent / "pyproject.toml").exists()
    return (package, *(each for each in beside if checkout and each.is_dir()))
