"""Where the grader's own files are."""

from functools import cache
from pathlib import Path
from typing import Literal

__all__ = ["DataFolder", "data_folder"]

DataFolder = Literal["templates", "rubrics", "reference", "submissions"]

PACKAGE = Path(__file__).parent


@cache
def data_folder(name: DataFolder) -> Path:
    """Folder of shipped files: at the top of a checkout, inside the package when installed."""
    packaged = PACKAGE / "_data" / name
    return packaged if packaged.is_dir() else PACKAGE.parent / name
