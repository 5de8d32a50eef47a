"""Files inside zip files, read where they are: nothing is ever unpacked onto the disk.

A file in a zip has the path of the zip with its name inside appended, such as
``class.zip/ada/lab.ipynb`` or ``class.zip/ada.zip/lab.ipynb``.
"""

import io
import stat
import struct
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import IO

from grader.errors import SubmissionError
from grader.patterns import regex

__all__ = ["Archive", "is_zip", "open_archive", "split"]

SUFFIX = ".zip"
MOST_BYTES = 200_000_000
"""Unpacked size of everything in one zip."""

MOST_ENTRIES = 1_000
MOST_RATIO = 100
"""Unpacked over packed size; notebooks full of pictures and numbers stay below 20."""

RATIO_COUNTS_FROM = 1_000_000
"""Unpacked bytes below which the ratio says nothing: a blank file packs very well."""

DEEPEST = 2
"""A zip may hold the zips students handed in, and those none."""

END = struct.Struct("<4s4H2LH")
"""End record of a zip file; the sixth field is the size of its table of contents."""

LONGEST_COMMENT = 0xFFFF
ENTRY_BYTES = 1_100
"""Room in the table of contents for one entry with a long name."""

DRIVE = regex(r"^[A-Za-z]:")
UTF8_NAMES = 0x800
ENCRYPTED = 0x1
INSTEAD = "hand in the notebook itself"
_FAULTS = (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, OSError, zlib.error)


class Archive:
    """One zip file whose table of contents has been found harmless.

    Args:
        content: The file, or its bytes when it lies in another zip.
        name: What to call it in messages.
        depth: Zips around this one.

    Raises:
        SubmissionError: It is no zip file, or a bomb, or names places outside itself.
    """

    def __init__(self, content: Path | bytes, name: str, depth: int = 0) -> None:
        self._content = content
        self._name = name
        self._depth = depth
        with self._opened() as opened:
            self._entries = {_name(each): each for each in opened.infolist()}
            _check(opened.infolist(), name)

    @property
    def files(self) -> tuple[str, ...]:
        """Names of the files in it, sorted, with ``/`` between folders."""
        return tuple(sorted(n for n, each in self._entries.items() if not _is_folder(each)))

    def read(self, name: str, most: int = MOST_BYTES) -> bytes:
        """At most ``most`` bytes of one file.

        Raises:
            SubmissionError: It is not there, damaged or encrypted.
        """
        entry = self._entries.get(name)
        if entry is None:
            raise SubmissionError(f"The zip file {self._name} holds no {name}.")
        with self._opened() as opened, opened.open(entry) as file:
            return file.read(most)

    def size(self, name: str) -> int:
        """Unpacked size of one file in bytes; 0 if it is not there."""
        entry = self._entries.get(name)
        return entry.file_size if entry is not None else 0

    def inner(self, name: str) -> "Archive":
        """A zip file inside this one.

        Raises:
            SubmissionError: As the class does; or zips are nested too deeply.
        """
        if self._depth + 1 >= DEEPEST:
            raise SubmissionError(
                f"The zip file {name} lies in a zip in a zip, which is not read; {INSTEAD}."
            )
        return Archive(self.read(name), PurePosixPath(name).name, self._depth + 1)

    @contextmanager
    def _opened(self) -> Iterator[zipfile.ZipFile]:
        content = self._content
        try:
            with io.BytesIO(content) if isinstance(content, bytes) else content.open("rb") as file:
                if _table_bytes(file) > MOST_ENTRIES * ENTRY_BYTES:
                    raise _refusal(self._name, f"holds more than {MOST_ENTRIES:,} entries")
                with zipfile.ZipFile(file) as opened:
                    yield opened
        except _FAULTS as error:
            raise SubmissionError(
                f"{self._name} is not a zip file, or a damaged one; {INSTEAD}."
            ) from error


def is_zip(name: str) -> bool:
    """Whether a file of this name should be a zip file."""
    return PurePosixPath(name).suffix.lower() == SUFFIX


def split(path: Path) -> tuple[Path, tuple[str, ...]] | None:
    """The zip file on the disk that ``path`` leads into, and the names inside each zip.

    ``None`` for a path outside zips; no names for the zip file itself.
    """
    for parent in reversed([path, *path.parents]):
        if is_zip(parent.name) and parent.is_file():
            return parent, _steps(path.relative_to(parent).parts)
    return None


def open_archive(path: Path) -> tuple[Archive, str]:
    """The innermost zip that ``path`` leads into, and the file's name in it, if any.

    Raises:
        SubmissionError: A zip on the way cannot be read.
    """
    found = split(path)
    if found is None:
        raise SubmissionError(f"{path.name} is not in a zip file.")
    outer, steps = found
    archive = Archive(outer, outer.name)
    for step in steps:
        if not is_zip(step):
            return archive, step
        archive = archive.inner(step)
    return archive, ""


def _steps(parts: tuple[str, ...]) -> tuple[str, ...]:
    steps, waiting = [], []
    for part in parts:
        waiting.append(part)
        if is_zip(part):
            steps.append("/".join(waiting))
            waiting = []
    return (*steps, "/".join(waiting)) if waiting else tuple(steps)


def _table_bytes(file: IO[bytes]) -> int:
    """Size of the table of contents, which is looked at before it is read: it may be vast.

    Zip files over 4 GB say it elsewhere and have the largest number here.
    """
    size = file.seek(0, io.SEEK_END)
    file.seek(max(0, size - LONGEST_COMMENT - END.size))
    tail = file.read()
    start = tail.rfind(b"PK\x05\x06")
    file.seek(0)
    if start < 0 or len(tail) - start < END.size:
        return 0
    return int(END.unpack_from(tail, start)[5])


def _check(entries: list[zipfile.ZipInfo], name: str) -> None:
    if len(entries) > MOST_ENTRIES:
        raise _refusal(name, f"holds {len(entries):,} entries; at most {MOST_ENTRIES:,} are read")
    unpacked = sum(each.file_size for each in entries)
    packed = sum(each.compress_size for each in entries)
    if unpacked > MOST_BYTES:
        size = f"{unpacked / 1e6:,.0f} MB"
        raise _refusal(name, f"unpacks to {size}; at most {MOST_BYTES / 1e6:.0f} MB are read")
    if unpacked > max(RATIO_COUNTS_FROM, MOST_RATIO * packed):
        raise _refusal(name, f"unpacks to over {MOST_RATIO} times its size, as a zip bomb does")
    for each in entries:
        _check_entry(each, name)


def _check_entry(entry: zipfile.ZipInfo, name: str) -> None:
    inside = _name(entry)
    parts = PurePosixPath(inside).parts
    if ".." in parts or inside.startswith("/") or DRIVE.match(inside):
        raise _refusal(name, f"names a place outside itself ({inside})")
    if stat.S_ISLNK(entry.external_attr >> 16):
        raise _refusal(name, f"holds a symbolic link ({inside})")
    if entry.flag_bits & ENCRYPTED:
        raise _refusal(name, "is protected with a password")


def _refusal(name: str, why: str) -> SubmissionError:
    return SubmissionError(f"The zip file {name} {why}; {INSTEAD}.")


def _is_folder(entry: zipfile.ZipInfo) -> bool:
    return entry.filename.endswith(("/", "\\"))


def _name(entry: zipfile.ZipInfo) -> str:
    """The entry's name with ``/`` between folders and no needless parts."""
    name = entry.filename
    if not entry.flag_bits & UTF8_NAMES:
        # macOS writes UTF-8 without saying so, which zipfile then reads as code page 437.
        try:
            name = name.encode("cp437").decode("utf-8")
        except UnicodeError:
            name = entry.filename
    name = name.replace("\\", "/")
    root = "/" if name.startswith("/") else ""
    return root + "/".join(part for part in name.split("/") if part not in ("", "."))
