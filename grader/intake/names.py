"""What the students are called, from the names of files and folders.

Canvas names each file of its download ``<name>_<user>_<file>_<own name>``, with ``LATE`` after
the name where it was (``content_zipper.rb``); Moodle names each student's folder
``<Full name>_<number>_assignsubmission_file`` (``mod/assign/classes/downloader.php``).
"""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

from grader.patterns import regex

CANVAS = regex(
    r"^(?:(?!anon_|LATE_)(?P<name>.+?)_)?(?:LATE_)?"
    r"(?:anon_(?P<anon>[A-Za-z0-9]+)|(?P<user>\d+))_(?P<file>\d+)_(?P<own>.+)$"
)
MOODLE = regex(r"^(?P<name>[^_/]+)_(?P<user>\d+)_assignsubmission_[a-z]+(?:_.*)?$", re.IGNORECASE)
COPIES = regex(
    r"\s*\(\d+\)$|[\s_-]*-\s*Copy(?:\s*\(\d+\)|\d*)$|-Copy\d*$|^Copy of\s+|\s+copy(?:\s+\d+)?$",
    re.IGNORECASE,
)
"""What browsers, file managers, Jupyter and Google Drive add to the name of a copy."""


LONG_NUMBER = 3
"""Digits of a user's number that make a lone file's name one of Canvas."""


class Known(NamedTuple):
    """A student as a learning management system names one."""

    name: str
    """Name to show."""

    number: str
    """What tells students of one name apart."""


def own_name(stem: str) -> str:
    """The name of a file without what copying added, such as ``(1)`` or ``Copy of``."""
    name = stem.strip()
    while (shorter := COPIES.sub("", name).strip()) and shorter != name:
        name = shorter
    return name or stem


def moodle_student(parts: Iterable[str]) -> Known | None:
    """The student whose Moodle folder is among the parts of a path."""
    found = next((match for part in parts if (match := MOODLE.match(part))), None)
    return Known(found["name"].strip(), found["user"]) if found else None


def canvas_students(files: Sequence[str]) -> list[Known] | None:
    """Whose files these are, if all are named as Canvas does; ``None`` otherwise.

    A name such as ``lab_3_2024_final`` looks like one of Canvas by chance. Canvas gives no
    number to two files, so repeated ones show that the numbers mean something else.
    """
    found = [match for file in files if (match := CANVAS.match(file))]
    numbers = {match["file"] for match in found}
    if len(files) == 1 and found and len(found[0]["user"] or found[0]["anon"]) < LONG_NUMBER:
        return None
    if not files or len(found) < len(files) or len(numbers) < len(files):
        return None
    return [_canvas(match) for match in found]


def _canvas(match: re.Match[str]) -> Known:
    if match["anon"]:
        return Known(f"anon_{match['anon']}", match["anon"])
    return Known(match["name"] or f"user {match['user']}", match["user"])


def student_names(paths: Sequence[Path]) -> dict[Path, str]:
    """A name for every file: its own, with as many folders before it as make it unique.

    Files that no folder tells apart are numbered, originals before copies.
    """
    names = {path: own_name(path.stem) for path in paths}
    deepest = max((len(path.parts) for path in names), default=0)
    for depth in range(1, deepest):
        for path in _told_apart(names):
            names[path] = _prefixed(path, depth)
    return numbered(names, later=[path for path in paths if own_name(path.stem) != path.stem])


def _told_apart(names: dict[Path, str]) -> list[Path]:
    """Files of one name that lie in different folders."""
    folders = {
        name: {p.parent for p, other in names.items() if other == name}
        for name in {name for name, count in Counter(names.values()).items() if count > 1}
    }
    return [path for path, name in names.items() if len(folders.get(name, ())) > 1]


def _prefixed(path: Path, depth: int) -> str:
    folders = [part for part in path.parts[:-1] if part not in {path.anchor, ".."}]
    return "-".join([*folders[-depth:], own_name(path.stem)])


def numbered(names: dict[Path, str], later: Sequence[Path] = ()) -> dict[Path, str]:
    """The same names, repeated ones followed by a number; those in ``later`` come last."""
    used: set[str] = set(names.values())
    seen: set[str] = set()
    free_names: dict[Path, str] = {}
    behind = set(later)
    for path in sorted(names, key=lambda each: each in behind):
        name = names[path]
        free, number = name, 1
        while free in seen or (number > 1 and free in used):
            number += 1
            free = f"{name}-{number}"
        free_names[path] = free
        seen.add(free)
    return {path: free_names[path] for path in names}
