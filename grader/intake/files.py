"""Which files were handed in, and by whom."""

from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path

from grader.errors import InputError

SUFFIX = ".ipynb"


def find(paths: Sequence[Path]) -> tuple[Path, ...]:
    """The notebooks among files and folders, each once.

    Folders are searched to any depth, in sorted order; hidden files and folders, such as
    ``.ipynb_checkpoints``, are left out. A file named directly is taken whatever its name.

    Raises:
        InputError: a path does not exist, or a folder holds no notebook.
    """
    return tuple(dict.fromkeys(file for path in paths for file in _expand(path)))


def _expand(path: Path) -> Iterable[Path]:
    if path.is_file():
        return [path]
    if not path.is_dir():
        raise InputError(f"{path} does not exist.")
    found = sorted(file for file in path.rglob("*") if _is_submission(file, path))
    if not found:
        raise InputError(f"{path} holds no notebook ({SUFFIX} file).")
    return found


def _is_submission(file: Path, folder: Path) -> bool:
    hidden = any(part.startswith(".") for part in file.relative_to(folder).parts)
    return file.suffix.lower() == SUFFIX and not hidden and file.is_file()


def student_names(paths: Sequence[Path]) -> dict[Path, str]:
    """A name for every file: its stem, with as many folders before it as make it unique.

    Files that no folder tells apart are numbered.
    """
    names = {path: path.stem for path in paths}
    deepest = max((len(path.parts) for path in names), default=0)
    for depth in range(1, deepest):
        taken = Counter(names.values())
        for path, name in names.items():
            if taken[name] > 1:
                names[path] = _prefixed(path, depth)
    return _numbered(names)


def _prefixed(path: Path, depth: int) -> str:
    folders = [part for part in path.parts[:-1] if part not in {path.anchor, ".."}]
    return "-".join([*folders[-depth:], path.stem])


def _numbered(names: dict[Path, str]) -> dict[Path, str]:
    used: set[str] = set(names.values())
    seen: set[str] = set()
    for path, name in names.items():
        free, number = name, 1
        while free in seen or (number > 1 and free in used):
            number += 1
            free = f"{name}-{number}"
        names[path] = free
        seen.add(free)
    return names
