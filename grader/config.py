"""Where the grader's own files are."""

import os
from functools import cache
from pathlib import Path
from typing import Literal

__all__ = ["DataFolder", "cache_folder", "data_folder"]

DataFolder = Literal["templates", "rubrics", "reference", "submissions"]

PACKAGE = Path(__file__).parent


@cache
def data_folder(name: DataFolder) -> Path:
    """Folder of shipped files: at the top of a checkout, inside the package when installed."""
    packaged = PACKAGE / "_data" / name
    return packaged if packaged.is_dir() else PACKAGE.parent / name


def cache_folder() -> Path:
    """Where the grader keeps what it makes once: prepared assets, environments of labs.

    ``LAB_GRADER_CACHE`` where it is set, otherwise ``lab-grader`` in ``XDG_CACHE_HOME``, otherwise
    in ``~/.cache``.
    """
    if chosen := os.environ.get("LAB_GRADER_CACHE"):
        return Path(chosen)
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "lab-grader"
