"""A class as one zip file, from the file to the students' pages."""

from datetime import UTC, datetime
from pathlib import Path

from grader.config import data_folder
from grader.intake import handed_in
from grader.model import Outcome, Result
from grader.pipeline import Job, Setup, grade_one, load_lab
from grader.report import Context, student_page
from tests.cli.command import grader
from tests.intake.test_zip import packed, zipped

LAB = load_lab("week9-vit-clip")
SAMPLES = data_folder("submissions") / LAB.id
HONEST = (SAMPLES / "honest.ipynb").read_bytes()
RANDOM = (SAMPLES / "random-labels.ipynb").read_bytes()


def graded(path: Path) -> dict[str, Result]:
    """Every hand-in read and judged, without running it."""
    results = [
        grade_one(Job(path=each.path, student=each.student, notes=each.notes), Setup(lab=LAB))
        for each in handed_in([path], LAB)
    ]
    return {each.student: each for each in results}


def page(result: Result) -> str:
    at = datetime(2026, 11, 14, tzinfo=UTC)
    context = Context(lab=LAB, grader_version="1", graded_at=at, profile="tiny")
    return student_page(result, context).html


def test_a_class_in_a_zip_is_graded_student_by_student(tmp_path: Path) -> None:
    path = zipped(
        tmp_path / "class_submissions.zip",
        {
            "lovelaceada_101_5001_lab (1).ipynb": HONEST,
            "turingalan_102_5002_hand-in.zip": packed({"a/lab.ipynb": RANDOM, "a/try.py": "1"}),
            "hoppergrace_103_5003_hand-in.zip": packed({"../lab.ipynb": HONEST}),
            "noetheremmy_104_5004_lab.ipynb": HONEST,
            "noetheremmy_104_5005_notes.ipynb": b'{"cells": []}',
        },
    )
    results = graded(path)
    assert {name: each.outcome for name, each in results.items()} == {
        "hoppergrace": Outcome.UNREADABLE,
        "lovelaceada": results["lovelaceada"].outcome,
        "noetheremmy": results["lovelaceada"].outcome,
        "turingalan": results["turingalan"].outcome,
    }
    assert "names a place outside itself" in results["hoppergrace"].message
    codes = {one.code for one in results["turingalan"].detection.findings}  # type: ignore[union-attr]
    assert "LAB001" in codes
    assert results["lovelaceada"].digest == results["noetheremmy"].digest
    note = "noetheremmy_104_5004_lab.ipynb was graded: no other could be read."
    assert note in page(results["noetheremmy"])
    assert "was graded:" not in page(results["lovelaceada"])


def test_a_student_may_check_a_zip(tmp_path: Path) -> None:
    path = zipped(tmp_path / "ada.zip", {"lab.ipynb": RANDOM})
    done = grader("check", path, "--lab", "week9-vit-clip")
    assert done.code == 1
    assert "LAB001 random-labels" in done.out
    bad = zipped(tmp_path / "bad.zip", {"/lab.ipynb": RANDOM})
    done = grader("check", bad, "--lab", "week9-vit-clip")
    assert done.code == 2
    assert "names a place outside itself (/lab.ipynb)" in done.err
