"""What one Python installation holds; asked in that installation, by its own interpreter.

Run as a script it prints a line of JSON.
"""

from __future__ import annotations

import importlib.metadata
import json
import pkgutil
import platform
import re
import site
import sys
import sysconfig
from pathlib import Path
from typing import Any

_PACKAGE = "grader"
_GUEST = Path("execute", "guest")


def describe(*, user_site: bool = False, elsewhere: bool = True) -> dict[str, Any]:
    """Version, folders, distributions and modules, ready for JSON.

    Args:
        user_site: Whether packages its user installed for themselves count.
        elsewhere: Whether folders that ``.pth`` files name do.
    """
    own = _sites(user_site)
    named = _named(own) if elsewhere else []
    return {
        "version": platform.python_version(),
        "prefixes": sorted({sys.prefix, sys.base_prefix, sys.exec_prefix, sys.base_exec_prefix}),
        "sites": [str(each) for each in own],
        "named": [str(each) for each in named],
        "graders": [str(each / _PACKAGE) for each in (*own, *named) if _holds_grader(each)],
        "distributions": _distributions([*own, *named]),
        "modules": sorted(_modules([*own, *named])),
    }


def normalised(name: str) -> str:
    """A distribution's name as PEP 503 compares it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def _sites(user_site: bool) -> list[Path]:
    written = list(site.getsitepackages())
    if user_site:
        written.append(site.getusersitepackages())
    return [Path(each) for each in written if Path(each).is_dir()]


def _named(sites: list[Path]) -> list[Path]:
    """Folders that ``.pth`` files add to the search path; what such a file executes is unknown."""
    found: list[Path] = []
    for folder in sites:
        for file in sorted(folder.glob("*.pth")):
            for line in file.read_text(encoding="utf-8", errors="replace").splitlines():
                text = line.strip()
                place = folder / text
                if text and not text.startswith(("#", "import ", "import\t")) and place.is_dir():
                    found.append(place)
    return found


def _holds_grader(folder: Path) -> bool:
    return (folder / _PACKAGE / _GUEST).is_dir()


def _distributions(folders: list[Path]) -> dict[str, str]:
    found: dict[str, str] = {}
    for each in importlib.metadata.distributions(path=[str(folder) for folder in folders]):
        name = each.metadata["Name"]
        # The first on the search path is the one that is imported.
        if name and each.version:
            found.setdefault(normalised(name), each.version)
    return found


def _modules(folders: list[Path]) -> set[str]:
    """Names an import statement finds, packages without ``__init__.py`` included."""
    standard = {sysconfig.get_path(name) for name in ("stdlib", "platstdlib")}
    places = [*standard, *(f"{each}/lib-dynload" for each in standard), *map(str, folders)]
    found = set(sys.builtin_module_names)
    found |= {each.name for each in pkgutil.iter_modules(places)}
    for folder in folders:
        found |= {each.name for each in folder.iterdir() if each.is_dir()}
    return {name for name in found if name.isidentifier()}


if __name__ == "__main__":
    sys.stdout.write(json.dumps(describe()) + "\n")
