"""Write and read the artifacts of one grading run.

``OUT/runs/<student>-<digest>/`` holds one numbered file per stage, so that ``ls`` shows the flow:
``0-result.json 1-submission.json 2-run.json 3-evidence.json 4-comparisons.json 5-detection.json
6-grade.json``. ``OUT/class.json`` says what was graded with which lab.

The writer may be killed at any moment: a file is there completely or not at all, ``2-run.json``
as soon as the notebook has run, ``0-result.json`` last. When the machine itself goes down, files
may come back empty; they count as absent, and those notebooks run again.
"""

import hashlib
import re
import secrets
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path
from typing import Literal, TextIO, TypeVar

from pydantic import ValidationError

from grader.config import data_folder
from grader.errors import StoreError
from grader.model import (
    UNSETTLED,
    Comparisons,
    Detection,
    Evidence,
    Grade,
    Outcome,
    ReferenceRecord,
    Result,
    Run,
    Submission,
)
from grader.model._base import Artifact

with suppress(ImportError):
    # Windows has none.
    import fcntl

__all__ = [
    "ClassInfo",
    "HandedIn",
    "Store",
    "load_reference",
    "read_reference",
    "reference_path",
    "slug",
    "write_text",
]

_HEAD = "0-result.json"
_RUN = "2-run.json"
_UNFINISHED = re.compile(r"\..+\.(json|html|csv)\.[a-z0-9_]{8}")

A = TypeVar("A", bound=Artifact)


class HandedIn(Artifact):
    """One file of a class."""

    student: str
    """Whose it is."""

    digest: str
    """SHA-256 of the file."""


class ClassInfo(Artifact):
    """What a folder of results was made from."""

    version: Literal[1] = 1
    """Version of the folder's layout."""

    lab: str
    """Id of the lab, or the path of its ``lab.yaml`` as given."""

    profile: str
    """Profile of the assets served."""

    graded_at: datetime
    """When the runs were made, in UTC."""

    submissions: tuple[HandedIn, ...] = ()
    """The class, in order; other stored runs are of files no longer in it."""


class _Head(Artifact):
    """The part of a result that every outcome has."""

    student: str
    path: str
    digest: str
    outcome: Outcome
    message: str = ""


class _StoredHead(_Head):
    conditions: str = ""
    """Those of the run, so that nobody need read it to know."""


class Store:
    """One folder of results."""

    def __init__(self, root: Path) -> None:
        self.root = root

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Keep other processes from writing here; the lock ends with the process.

        Raises:
            StoreError: If another process is grading into this folder.
        """
        try:
            self.root.mkdir(parents=True, exist_ok=True)
            lock = (self.root / ".lock").open("w")
        except OSError as error:
            raise _unwritable(self.root, error) from error
        with lock:
            if not _hold(lock):
                raise StoreError(
                    f"{self.root}: another grading run writes here; wait for its end, or use "
                    "another --out"
                )
            yield

    def begin(self, info: ClassInfo) -> None:
        """Create the folder and say what it is for."""
        for path in self.root.glob("**/.*"):
            # What a process was writing when it was killed.
            if _UNFINISHED.fullmatch(path.name):
                path.unlink()
        write_text(self.root / "class.json", info.model_dump_json(indent=2) + "\n")

    def forget(self, submissions: Sequence[HandedIn]) -> None:
        """Make these run again."""
        for each in submissions:
            for name in (_HEAD, _RUN):
                _drop(self._folder(each.student, each.digest) / name)

    def settled(self, submissions: Sequence[HandedIn], conditions: str) -> int:
        """How many of these need not be run under these conditions."""
        return sum(self._is_settled(each, conditions) for each in submissions)

    def _is_settled(self, submission: HandedIn, conditions: str) -> bool:
        folder = self._folder(submission.student, submission.digest)
        try:
            head = _part(_StoredHead, folder / _HEAD)
        except StoreError:
            return False
        if head is None or head.outcome in UNSETTLED:
            return False
        return head.conditions == conditions or head.outcome == Outcome.UNREADABLE

    def run(self, student: str, digest: str) -> Run | None:
        """The last run of this file, if it can be read."""
        try:
            return _part(Run, self._folder(student, digest) / _RUN)
        except StoreError:
            # Written by another version, or lost with the machine: it is run again.
            return None

    def keep(self, student: str, run: Run) -> None:
        """Write a run before anything is made of it, so that it need not be repeated."""
        folder = self._folder(student, run.submission)
        text = run.model_dump_json()
        if not _holds(folder / _RUN, text):
            # What was made of an earlier run does not belong to this one.
            _drop(folder / _HEAD)
            write_text(folder / _RUN, text)

    def info(self) -> ClassInfo:
        """What the folder was made from.

        Raises:
            StoreError: If it is not a folder of results.
        """
        return _read(ClassInfo, self.root / "class.json")

    def save(self, result: Result) -> None:
        """Write one result; a file is there completely or not at all."""
        folder = self._folder(result.student, result.digest)
        if result.run is None:
            _drop(folder / _RUN)
        else:
            self.keep(result.student, result.run)
        evidence = result.evidence
        parts: dict[str, str | None] = {
            "1-submission": _dump(result.submission),
            "3-evidence": evidence.model_dump_json(exclude={"submission"}) if evidence else None,
            "4-comparisons": _dump(result.comparisons),
            "5-detection": _dump(result.detection),
            "6-grade": _dump(result.grade),
        }
        for name, text in parts.items():
            if text is None:
                _drop(folder / f"{name}.json")
            else:
                write_text(folder / f"{name}.json", text)
        fields = {name: getattr(result, name) for name in _Head.model_fields}
        head = _StoredHead(**fields, conditions=result.run.conditions if result.run else "")
        # Written last: a folder with a head is complete.
        write_text(folder / _HEAD, head.model_dump_json(indent=2) + "\n")

    def results(self) -> Iterator[Result]:
        """Every complete result of the class in its order; without a class, by student.

        Raises:
            StoreError: If a stored file cannot be read.
        """
        handed_in = self.info().submissions if (self.root / "class.json").exists() else ()
        folders = [self._folder(each.student, each.digest) for each in handed_in]
        for folder in folders or sorted(self.root.glob("runs/*")):
            if (folder / _HEAD).exists():
                yield _result(folder)

    def _folder(self, student: str, digest: str) -> Path:
        name = slug(student)
        if name != student:
            # Two students may look alike as files, and their files may be the same.
            name += f"-{hashlib.sha256(student.encode('utf-8', 'surrogateescape')).hexdigest()[:8]}"
        return self.root / "runs" / f"{name}-{digest[:12]}"


def _result(folder: Path) -> Result:
    head = _read(_StoredHead, folder / _HEAD)
    fields = {name: getattr(head, name) for name in _Head.model_fields}
    submission = _part(Submission, folder / "1-submission.json")
    return Result(
        **fields,
        submission=submission,
        run=_part(Run, folder / _RUN),
        evidence=_evidence(folder / "3-evidence.json", submission),
        comparisons=_part(Comparisons, folder / "4-comparisons.json"),
        detection=_part(Detection, folder / "5-detection.json"),
        grade=_part(Grade, folder / "6-grade.json"),
    )


def _dump(artifact: Artifact | None) -> str | None:
    return artifact.model_dump_json() if artifact is not None else None


def _part(kind: type[A], path: Path) -> A | None:
    return _read(kind, path) if path.exists() else None


class _StoredEvidence(Evidence):
    submission: Submission | None = None  # type: ignore[assignment]


def _evidence(path: Path, submission: Submission | None) -> Evidence | None:
    stored = _part(_StoredEvidence, path)
    if stored is None or submission is None:
        return None
    fields = {name: getattr(stored, name) for name in Evidence.model_fields}
    return Evidence.model_construct(**{**fields, "submission": submission})


def _read(kind: type[A], path: Path) -> A:
    try:
        return kind.model_validate_json(path.read_bytes())
    except OSError as error:
        raise StoreError(f"{path}: cannot be read: {error.strerror}") from None
    except ValidationError as error:
        first = error.errors()[0]
        raise StoreError(
            f"{path}: not what this version of the grader wrote ({first['msg']}); grade again"
        ) from None


def _hold(lock: TextIO) -> bool:
    if sys.platform != "win32":
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
    return True


def _unwritable(path: Path, error: OSError) -> StoreError:
    return StoreError(f"{path}: cannot be written: {error.strerror}")


def _drop(path: Path) -> None:
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        raise _unwritable(path, error) from error


def _holds(path: Path, text: str) -> bool:
    try:
        return path.read_bytes() == text.encode()
    except OSError:
        return False


def write_text(path: Path, text: str) -> None:
    """Write a file at once: readers see the old content or the new, never a part.

    Raises:
        StoreError: If it cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        # Named before it is made, so that Ctrl-C at any moment leaves none behind.
        temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
        try:
            with temporary.open("x", encoding="utf-8", newline="\n") as file:
                file.write(text)
            temporary.chmod(0o644)
            temporary.replace(path)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise
    except OSError as error:
        raise _unwritable(path, error) from error


def slug(student: str) -> str:
    """A file name for a student: letters and digits of any script, dots and hyphens."""
    return re.sub(r"[^\w.-]+", "_", student).strip("._") or "student"


def reference_path(lab: str, profile: str) -> Path:
    """Where the record of the reference runs stands."""
    return data_folder("reference") / lab / f"record-{profile}.json"


def load_reference(lab: str, profile: str) -> ReferenceRecord | None:
    """The record of the reference runs, or ``None`` when none was made.

    Raises:
        StoreError: If the record cannot be read, naming the command that renews it.
    """
    path = reference_path(lab, profile)
    return read_reference(path) if path.exists() else None


def read_reference(path: Path) -> ReferenceRecord:
    """A record of reference runs, wherever it stands.

    Raises:
        StoreError: If it cannot be read, naming the command that renews it.
    """
    try:
        return _read(ReferenceRecord, path)
    except StoreError as error:
        said = str(error).removesuffix("; grade again")
        raise StoreError(f"{said}; `grader reference run LAB` makes it anew") from None
