"""Write and read the artifacts of one grading run.

``OUT/runs/<student>-<digest>/`` holds one numbered file per stage, so that ``ls`` shows the flow:
``0-result.json 1-submission.json 2-run.json 3-evidence.json 4-comparisons.json 5-detection.json
6-grade.json``. ``OUT/class.json`` says what was graded with which lab.
"""

import os
import re
import tempfile
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Literal, TypeVar

from pydantic import ValidationError

from grader.config import data_folder
from grader.errors import StoreError
from grader.model import (
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

__all__ = ["ClassInfo", "Store", "load_reference", "reference_path", "slug", "write_text"]

A = TypeVar("A", bound=Artifact)


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


class _Head(Artifact):
    """The part of a result that every outcome has."""

    student: str
    path: str
    digest: str
    outcome: Outcome
    message: str = ""


class Store:
    """One folder of results."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def begin(self, info: ClassInfo) -> None:
        """Create the folder and say what it is for."""
        write_text(self.root / "class.json", info.model_dump_json(indent=2) + "\n")

    def info(self) -> ClassInfo:
        """What the folder was made from.

        Raises:
            StoreError: If it is not a folder of results.
        """
        return _read(ClassInfo, self.root / "class.json")

    def save(self, result: Result) -> None:
        """Write one result; a file is there completely or not at all."""
        folder = self.root / "runs" / f"{slug(result.student)}-{result.digest[:12]}"
        head = _Head(**{name: getattr(result, name) for name in _Head.model_fields})
        evidence = result.evidence
        parts: dict[str, str | None] = {
            "1-submission": _dump(result.submission),
            "2-run": _dump(result.run),
            "3-evidence": evidence.model_dump_json(exclude={"submission"}) if evidence else None,
            "4-comparisons": _dump(result.comparisons),
            "5-detection": _dump(result.detection),
            "6-grade": _dump(result.grade),
        }
        for name, text in parts.items():
            if text is None:
                (folder / f"{name}.json").unlink(missing_ok=True)
            else:
                write_text(folder / f"{name}.json", text)
        # Written last: a folder with a head is complete.
        write_text(folder / "0-result.json", head.model_dump_json(indent=2) + "\n")

    def results(self) -> Iterator[Result]:
        """Every complete result, by student.

        Raises:
            StoreError: If a stored file cannot be read.
        """
        for path in sorted(self.root.glob("runs/*/0-result.json")):
            yield _result(path.parent)


def _result(folder: Path) -> Result:
    head = _read(_Head, folder / "0-result.json")
    submission = _part(Submission, folder / "1-submission.json")
    return Result(
        **dict(head),
        submission=submission,
        run=_part(Run, folder / "2-run.json"),
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


def write_text(path: Path, text: str) -> None:
    """Write a file at once: readers see the old content or the new, never a part."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as file:
            file.write(text)
        Path(temporary).chmod(0o644)
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def slug(student: str) -> str:
    """A file name for a student: letters and digits of any script, dots and hyphens."""
    return re.sub(r"[^\w.-]+", "_", student).strip("._") or "student"


def reference_path(lab: str, profile: str) -> Path:
    """Where the record of the reference runs stands."""
    return data_folder("reference") / lab / f"record-{profile}.json"


def load_reference(lab: str, profile: str) -> ReferenceRecord | None:
    """The record of the reference runs, or ``None`` when none was made.

    Raises:
        StoreError: If the record cannot be read.
    """
    return _part(ReferenceRecord, reference_path(lab, profile))
