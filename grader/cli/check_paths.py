"""The notebooks that paths, folders and patterns name."""

from collections.abc import Iterator, Sequence
from fnmatch import fnmatch
from glob import glob, has_magic
from pathlib import Path

import click

__all__ = ["notebooks"]

SUFFIX = ".ipynb"


def notebooks(given: Sequence[str], exclude: Sequence[str] = ()) -> list[Path]:
    """Every file to check, each once: files as named, of a folder all notebooks below it.

    Args:
        given: Files, folders, or patterns such as ``week*/**/*.ipynb``.
        exclude: Patterns of paths and of names of files and folders that are left out, unless a
            file is named itself.

    Raises:
        click.UsageError: If one of them names nothing.
    """
    found: dict[Path, None] = {}
    for each in given:
        files = list(_named(each, exclude))
        if not files:
            raise click.UsageError(f"{each}: there is no notebook.")
        found.update(dict.fromkeys(files))
    return list(found)


def _named(given: str, exclude: Sequence[str]) -> Iterator[Path]:
    path = Path(given)
    if path.is_dir():
        yield from _below(path, exclude)
    elif path.exists():
        yield path
    elif has_magic(given):
        for name in sorted(glob(given, recursive=True)):  # noqa: PTH207 - of what a shell means
            one = Path(name)
            if one.is_file() and not _is_left_out(one, Path(), exclude):
                yield one
    else:
        raise click.UsageError(f"{given}: there is no such file or folder.")


def _below(folder: Path, exclude: Sequence[str]) -> Iterator[Path]:
    for path in sorted(folder.rglob(f"*{SUFFIX}")):
        if path.is_file() and not _is_left_out(path, folder, exclude):
            yield path


def _is_left_out(path: Path, folder: Path, exclude: Sequence[str]) -> bool:
    """Whether a part of the path below the folder is hidden or excluded."""
    parts = path.relative_to(folder).parts if path.is_relative_to(folder) else path.parts
    if any(part.startswith(".") and part not in (".", "..") for part in parts):
        return True
    return any(fnmatch(part, pattern) for pattern in exclude for part in (*parts, path.as_posix()))
