"""Where a notebook runs."""

import importlib.metadata
import platform
import site
import sys
from functools import cache
from pathlib import Path

import grader

_LIBRARIES = ("torch", "transformers", "datasets", "evaluate", "scikit-learn", "numpy")
_PRIVATE_FOLDERS = ("reference", "rubrics", "submissions", "templates", "tests")


@cache
def versions() -> dict[str, str]:
    """Versions of the libraries a result depends on; one not installed is left out."""
    found = {}
    for name in _LIBRARIES:
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    return found


@cache
def description() -> str:
    """Operating system, kernel version without its builder's suffix, and architecture."""
    version = platform.release().partition("-")[0]
    return f"{platform.system()} {version} {platform.machine()}"


def python_folders() -> tuple[Path, ...]:
    """Folders of the Python installation that runs this, as written and as resolved."""
    written = {sys.prefix, sys.base_prefix, sys.exec_prefix, sys.base_exec_prefix}
    if site.ENABLE_USER_SITE:
        written.add(site.getusersitepackages())
    folders = {Path(each) for each in written} | {Path(sys.executable).resolve().parents[1]}
    folders |= {each.resolve() for each in folders}
    return tuple(sorted(each for each in folders if each.is_dir()))


def private_folders() -> tuple[Path, ...]:
    """Folders of the grader itself: rubrics and reference solutions are in or beside them."""
    package = Path(grader.__file__).resolve().parent
    beside = [package.parent / name for name in _PRIVATE_FOLDERS]
    checkout = (package.parent / "pyproject.toml").exists()
    return (package, *(each for each in beside if checkout and each.is_dir()))
