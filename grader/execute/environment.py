"""A Python installation that notebooks run in."""

import importlib.metadata
import platform
import site
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

_LIBRARIES = ("torch", "transformers", "datasets", "evaluate", "scikit-learn", "numpy")


@dataclass(frozen=True, kw_only=True)
class Environment:
    """An interpreter and what is installed for it."""

    python: Path
    """The interpreter."""

    version: str
    """Its version, e.g. ``3.11.7``."""

    folders: tuple[Path, ...]
    """Folders of the installation, as written and as resolved."""

    versions: Mapping[str, str]
    """Versions of the libraries a result depends on; one not installed is left out."""


@cache
def own() -> Environment:
    """The installation that runs the grader."""
    return Environment(
        python=Path(sys.executable),
        version=platform.python_version(),
        folders=_folders(),
        versions=_versions(),
    )


def _versions() -> dict[str, str]:
    found = {}
    for name in _LIBRARIES:
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    return found


def _folders() -> tuple[Path, ...]:
    written = {sys.prefix, sys.base_prefix, sys.exec_prefix, sys.base_exec_prefix}
    if site.ENABLE_USER_SITE:
        written.add(site.getusersitepackages())
    folders = {Path(each) for each in written} | {Path(sys.executable).resolve().parents[1]}
    folders |= {each.resolve() for each in folders}
    return tuple(sorted(each for each in folders if each.is_dir()))
