"""Reports that stand for a student's work because nothing else of it is a notebook.

Text files lie beside notebooks for many reasons: instructions, lists of labels, requirements.
So a report is only taken where its student is known to have handed in nothing else.
"""

import re
from collections import defaultdict
from collections.abc import Collection, Hashable, Iterable, Sequence
from pathlib import PurePath

from grader.intake.names import canvas_students, moodle_student
from grader.patterns import regex

SUFFIXES = frozenset({".txt", ".text", ".md", ".markdown"})
"""A report without a suffix must be named directly: any file may have none."""

NO_REPORT = regex(
    r"(?:^|[_\W])(?:read[-_ ]?me|licen[cs]e|copying|notice|authors|change(?:s|log)|requirements"
    r"|constraints|contributing|instructions|vocab|labels|classes|merges|feedback|comments)$",
    re.IGNORECASE,
)
NO_STUDENT = regex(
    r"assets|data(?:sets?)?|docs?|figures|images|img|notes|outputs|resources|src|tests|utils",
    re.IGNORECASE,
)
"""Names of folders that are no student's."""


def could_be_report(name: PurePath) -> bool:
    """Whether a file's name may be that of a report."""
    return name.suffix.lower() in SUFFIXES and not NO_REPORT.search(name.stem)


def lone_reports(names: Sequence[PurePath], taken: Collection[PurePath]) -> set[PurePath]:
    """Reports of students who handed in nothing else, in a folder or zip file.

    Where there is no notebook at all, every report is one's work. Elsewhere the student must be
    named by Moodle or Canvas, or have a folder with nothing but the report, beside other folders
    with notebooks.

    Args:
        names: All files in it.
        taken: Those of them that are, or hold, notebooks.
    """
    reports = [name for name in names if could_be_report(name)]
    if not taken:
        return set(reports)
    return {
        *_of_moodle(reports, taken),
        *_of_canvas(reports, taken),
        *_of_folders(names, reports, taken),
    }


def _of_moodle(reports: Iterable[PurePath], taken: Iterable[PurePath]) -> set[PurePath]:
    return _only_ones(
        {name: moodle_student(name.parts) for name in reports},
        {moodle_student(name.parts) for name in taken},
    )


def _of_canvas(reports: Sequence[PurePath], taken: Collection[PurePath]) -> set[PurePath]:
    folders = {name.parent for name in taken}
    beside = [name for name in reports if name.parent in folders]
    every = sorted({name.name for name in (*taken, *beside)})
    students = canvas_students(every) if len(folders) == 1 else None
    if students is None:
        return set()
    known = dict(zip(every, students, strict=True))
    return _only_ones(
        {name: known[name.name] for name in beside}, {known[name.name] for name in taken}
    )


def _of_folders(
    names: Sequence[PurePath], reports: Collection[PurePath], taken: Collection[PurePath]
) -> set[PurePath]:
    # Folders of students lie side by side, so those above them have one name for all notebooks.
    shallowest = min(len(name.parts) for name in taken) - 1
    depth = 0
    while depth < shallowest and len({name.parts[depth] for name in taken}) == 1:
        depth += 1
    if depth == shallowest:
        return set()
    above = next(iter(taken)).parts[:depth]
    folders: defaultdict[str, list[PurePath]] = defaultdict(list)
    for name in names:
        if name.parts[:depth] == above and len(name.parts) > depth + 1:
            folders[name.parts[depth]].append(name)
    return {
        files[0]
        for folder, files in folders.items()
        if len(files) == 1 and files[0] in reports and not NO_STUDENT.fullmatch(folder)
    }


def _only_ones(owners: dict[PurePath, Hashable], have_more: Collection[Hashable]) -> set[PurePath]:
    """Files that are all their owner has; those without a known owner left out."""
    by_owner: defaultdict[Hashable, list[PurePath]] = defaultdict(list)
    for name, owner in owners.items():
        if owner is not None and owner not in have_more:
            by_owner[owner].append(name)
    return {files[0] for files in by_owner.values() if len(files) == 1}
