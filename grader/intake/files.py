"""Which files were handed in."""

import os
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path, PurePath, PurePosixPath

from grader.errors import InputError, SubmissionError
from grader.intake import archive
from grader.intake.content import beginning
from grader.intake.lone import lone_reports
from grader.intake.scripts import is_script, looks_like_notebook

SUFFIX = ".ipynb"
NOT_SEARCHED = frozenset({"__MACOSX", "__pycache__", "node_modules", "site-packages", "venv"})
HEAD = 1 << 16
"""Bytes of a ``.py`` or ``.md`` file that show whether it is a notebook."""


def find(paths: Sequence[Path]) -> tuple[Path, ...]:
    """The notebooks and reports among files, folders and zip files, each once.

    Folders and zip files are searched to any depth, in sorted order; hidden files and folders,
    such as ``.ipynb_checkpoints``, are left out. ``.py`` and ``.md`` files count if they are
    notebooks by their content and no ``.ipynb`` file of that name lies beside them; reports if
    they are all that a student handed in. A file named directly is taken whatever its name. A
    notebook in a zip file has the path of the zip with its name inside appended. A zip in a
    folder that cannot be read, or holds no notebook, is given as it is: reading it says why.

    Raises:
        InputError: a path does not exist, a folder or zip file named directly holds no
            notebook, or a zip file named directly cannot be read.
    """
    return tuple(dict.fromkeys(file for path in paths for file in expand(path)))


def expand(path: Path) -> tuple[Path, ...]:
    """The notebooks that one path stands for; see ``find``."""
    if path.is_file():
        if not archive.is_zip(path.name):
            return (path,)
        found = notebooks_in_zip(path)
        kind = "zip file"
    elif path.is_dir():
        found = _in_folder(path)
        kind = "folder"
    else:
        raise InputError(f"{path} does not exist.")
    if not found:
        raise InputError(f"The {kind} {path} holds no notebook ({SUFFIX} file).")
    return found


def notebooks_in_zip(path: Path) -> tuple[Path, ...]:
    """The notebooks in a zip file, and the zips in it that cannot be read.

    Raises:
        SubmissionError: the zip itself cannot be read.
    """
    holder, _ = archive.open_archive(path)
    names = [PurePosixPath(name) for name in holder.files]
    return _notebooks(path, [name for name in names if _searched(name)])


def _in_folder(folder: Path) -> tuple[Path, ...]:
    return _notebooks(folder, sorted(_walk(folder)))


def _walk(folder: Path) -> Iterator[PurePath]:
    for place, folders, files in os.walk(folder):
        folders[:] = [name for name in folders if _searched(PurePath(name))]
        inside = Path(place).relative_to(folder)
        yield from (inside / name for name in files if _searched(PurePath(name)))


def _searched(name: PurePath) -> bool:
    return not any(part.startswith(".") or part in NOT_SEARCHED for part in name.parts)


def _notebooks(root: Path, names: Sequence[PurePath]) -> tuple[Path, ...]:
    notebooks = {name.with_suffix("") for name in names if name.suffix.lower() == SUFFIX}
    found: dict[PurePath, tuple[Path, ...]] = {}
    for name in names:
        path = root / name
        if name.suffix.lower() == SUFFIX:
            found[name] = (path,)
        elif archive.is_zip(name.name):
            found[name] = tuple(_zipped(path))
        elif is_script(name) and name.with_suffix("") not in notebooks and _is_notebook(path):
            found[name] = (path,)
    found |= {name: (root / name,) for name in lone_reports(names, found)}
    return tuple(path for name in names for path in found.get(name, ()))


def _zipped(path: Path) -> Iterable[Path]:
    try:
        return notebooks_in_zip(path) or (path,)
    except SubmissionError:
        # One student's file; reading it says what is wrong, to that student alone.
        return (path,)


def _is_notebook(path: Path) -> bool:
    return looks_like_notebook(path, beginning(path, HEAD).decode("utf-8-sig", "replace"))
