"""Who handed in what: one notebook for every student."""

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from itertools import takewhile
from pathlib import Path, PurePath

from msgspec import Struct

from grader.intake import archive
from grader.intake.choice import choose
from grader.intake.files import expand
from grader.intake.names import (
    Known,
    canvas_students,
    moodle_student,
    numbered,
    own_name,
    student_names,
)
from grader.model import Lab

__all__ = ["HandIn", "handed_in"]

MOST_PER_STUDENT = 5
"""Notebooks in a folder beyond which it is taken for a class's, not a student's."""


FEWEST_ALIKE = 3
"""Folders with a notebook of one name; two could be a student's in two sections."""


class HandIn(Struct, frozen=True, kw_only=True):
    """What one student handed in."""

    path: Path
    """The notebook to grade."""

    student: str
    """Name of the student; no two are alike."""

    notes: tuple[str, ...] = ()
    """What the student should know about the choice of this notebook."""


class _Owner(Struct, frozen=True):
    """Whose a file is: equal for the files of one student."""

    key: tuple[str, ...]
    name: str
    """Empty where only the name of the file tells."""

    number: str = ""
    """What tells students of one name apart, where it is known."""


def handed_in(paths: Sequence[Path], lab: Lab) -> tuple[HandIn, ...]:
    """One notebook for every student, from files, folders and zip files.

    Several notebooks are taken to be one student's where Canvas or Moodle says so, where they
    came in one zip file among others, and where a class has a folder for every student: no
    notebook lies beside the folders, and at least half of them hold a single notebook, or most
    of them, and three at least, one of the same name. Otherwise every notebook is a student's.
    Equal notebooks of two students are both taken.

    Args:
        paths: Notebooks, folders and zip files, as the caller gave them.
        lab: The lab they answer, to choose among several notebooks of one student.

    Raises:
        InputError: as ``find`` does.
    """
    owners: dict[Path, _Owner] = {}
    for root, files in _roots(paths).items():
        owners = {**_owners(root, files), **owners}
    groups: defaultdict[_Owner, list[Path]] = defaultdict(list)
    for path, owner in owners.items():
        groups[owner].append(path)
    choices = {choose(files, lab): owner for owner, files in groups.items()}
    names = _names({choice.path: owner for choice, owner in choices.items()})
    return tuple(
        HandIn(path=each.path, student=names[each.path], notes=each.notes) for each in choices
    )


def _roots(paths: Sequence[Path]) -> dict[Path, tuple[Path, ...]]:
    """Files by the folder or zip file that stands for the class."""
    roots: defaultdict[Path, dict[Path, None]] = defaultdict(dict)
    for path in dict.fromkeys(paths):
        whole = path.is_dir() or (archive.is_zip(path.name) and len(paths) == 1)
        root = path if whole else path.parent
        by_zip: defaultdict[Path, list[Path]] = defaultdict(list)
        for file in expand(path):
            by_zip[root / _unit(file.relative_to(root))].append(file)
        for unit, files in by_zip.items():
            inside = [file.relative_to(unit) for file in files]
            roots[unit if _of_one_system(inside) else root].update(dict.fromkeys(files))
    return {root: tuple(files) for root, files in roots.items()}


def _unit(name: PurePath) -> PurePath:
    """What was handed in as one file: the outermost zip file, or the notebook itself."""
    ends = [i + 1 for i, part in enumerate(name.parts) if archive.is_zip(part)]
    return PurePath(*name.parts[: ends[0]]) if ends else name


def _of_one_system(names: Sequence[PurePath]) -> bool:
    """Whether a zip file is the download of a whole class."""
    if any(moodle_student(name.parts) for name in names):
        return True
    units = {_unit(name).name for name in names if name.parts}
    return len(units) > 1 and canvas_students(sorted(units)) is not None


def _owners(root: Path, files: Sequence[Path]) -> dict[Path, _Owner]:
    names = {path: path.relative_to(root) for path in files}
    known = {path: moodle_student(name.parts) for path, name in names.items()}
    units = {path: _unit(name) for path, name in names.items() if known[path] is None}
    on_canvas = _canvas_owners(units)
    by_folder = not on_canvas and _has_folders(set(units.values()))
    above = _common_folder(set(units.values()))
    owners: dict[Path, _Owner] = {}
    for path in files:
        of_system = known[path] or on_canvas.get(path)
        if of_system is not None:
            owners[path] = _Owner((str(root), *of_system), *of_system)
            continue
        unit = units[path]
        folder = unit.relative_to(above).parts[0]
        if by_folder:
            owners[path] = _Owner((str(root / above / folder),), folder)
        else:
            name = "" if path == root / unit else own_name(unit.stem)
            owners[path] = _Owner((str(root / unit),), name)
    return owners


def _canvas_owners(units: Mapping[Path, PurePath]) -> dict[Path, Known]:
    names = sorted({unit.name for unit in units.values()})
    students = canvas_students(names)
    if students is None or len(names) < len(set(units.values())):
        return {}
    known = dict(zip(names, students, strict=True))
    return {path: known[unit.name] for path, unit in units.items()}


def _has_folders(units: Collection[PurePath]) -> bool:
    """Whether there is a folder for every student."""
    above = _common_folder(units)
    folders: defaultdict[str, list[str]] = defaultdict(list)
    for unit in units:
        first, *rest = unit.relative_to(above).parts
        if not rest:
            return False
        folders[first].append(own_name(unit.stem))
    if len(folders) < 2 or max(map(len, folders.values())) > MOST_PER_STUDENT:
        return False
    single = sum(len(stems) == 1 for stems in folders.values())
    shared = Counter(stem for stems in folders.values() for stem in set(stems))
    common = max(shared.values())
    return 2 * single >= len(folders) or (common >= FEWEST_ALIKE and 2 * common > len(folders))


def _common_folder(units: Collection[PurePath]) -> PurePath:
    """The folder that everything lies in."""
    parents = [unit.parent.parts for unit in units]
    common = takewhile(lambda parts: len(set(parts)) == 1, zip(*parents, strict=False))
    return PurePath(*(parts[0] for parts in common))


def _names(owners: Mapping[Path, _Owner]) -> dict[Path, str]:
    names = student_names([path for path, owner in owners.items() if not owner.name])
    taken = Counter(owner.name for owner in owners.values())
    for path, owner in owners.items():
        if owner.name:
            alike = taken[owner.name] > 1 and owner.number
            names[path] = f"{owner.name}-{owner.number}" if alike else owner.name
    return numbered({path: names[path] for path in owners})
