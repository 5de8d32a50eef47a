"""The bytes of what was handed in, from the disk or out of a zip file."""

import hashlib
from pathlib import Path

from grader.errors import SubmissionError
from grader.intake import archive

LARGEST = 50_000_000
"""Bytes. A notebook beyond this carries data in its outputs, not an answer."""


def content(path: Path) -> bytes:
    """All of a file.

    Raises:
        SubmissionError: it is missing, empty, too large, or a link to another folder.
    """
    found = archive.split(path)
    inside = found is not None and bool(found[1])
    try:
        read = _inside(path) if inside else _outside(path)
    except OSError as error:
        reason = (error.strerror or type(error).__name__).lower()
        raise SubmissionError(f"The file could not be opened: {reason}.") from error
    if not read.strip():
        raise SubmissionError("The file is empty; hand in a complete copy.")
    return read


def beginning(path: Path, size: int) -> bytes:
    """The first ``size`` bytes of a file; none if it cannot be read."""
    try:
        found = archive.split(path)
        if found is not None and found[1]:
            holder, name = archive.open_archive(path)
            return holder.read(name, size)
        with path.open("rb") as file:
            return file.read(size)
    except (OSError, SubmissionError):
        return b""


def digest(path: Path) -> str:
    """SHA-256 of the file in hex; of its path where it cannot be read."""
    try:
        found = archive.split(path)
        if found is not None and found[1]:
            return hashlib.sha256(_inside(path)).hexdigest()
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except (OSError, SubmissionError):
        # Intake says what is wrong with the file; the digest only has to be stable.
        return hashlib.sha256(str(path).encode()).hexdigest()


def _inside(path: Path) -> bytes:
    holder, name = archive.open_archive(path)
    _refuse_beyond(holder.size(name))
    return holder.read(name)


def _outside(path: Path) -> bytes:
    # A link in a student's folder could lead to anything the person grading may read.
    if path.is_symlink() and not path.resolve().is_relative_to(path.parent.resolve()):
        raise SubmissionError("The file is a link to another folder; hand in the file itself.")
    _refuse_beyond(path.stat().st_size)
    return path.read_bytes()


def _refuse_beyond(size: int) -> None:
    if size > LARGEST:
        raise SubmissionError(
            f"The file has {size / 1e6:.0f} MB; at most {LARGEST / 1e6:.0f} MB are read. "
            "Clear large outputs and hand it in again."
        )
