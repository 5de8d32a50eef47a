"""Submissions of a class beside one another."""

from pathlib import Path

import nbformat
import pytest

from grader.detect.peers import peer_of
from grader.model import Outcome, Result
from grader.pipeline import Job, Setup, among_others, grade_one
from tests import build

TRAINS = "# Task 1: ViT\nmodel(x, labels=y).loss.backward()\nprint(report)"
PRINTED = """images: 128
loss: 0.2716
loss: 0.1934
accuracy: 0.7109
precision: 0.7182
f1: 0.7043
"""
OTHER = PRINTED.replace("0.7109", "0.7188").replace("0.7182", "0.7214")
COHORT = ("COH001", "COH002")


def handed_in(folder: Path, student: str, source: str, printed: str) -> Result:
    cell = nbformat.v4.new_code_cell(source, execution_count=1)
    cell.outputs = [nbformat.v4.new_output("stream", name="stdout", text=printed)]
    path = folder / f"{student}.ipynb"
    nbformat.write(nbformat.v4.new_notebook(cells=[cell]), path)
    return grade_one(Job(path=path, student=student), Setup(lab=build.lab()))


def codes(result: Result) -> list[str]:
    assert result.detection is not None
    return [each.code for each in result.detection.findings if each.code in COHORT]


def unassessed(result: Result) -> set[str]:
    assert result.detection is not None
    return {each.code for each in result.detection.unassessed if each.code in COHORT}


def test_equal_trainings_are_named_on_both_sides_and_wait_for_a_person(tmp_path: Path) -> None:
    pairs = [("heron", PRINTED), ("egret", PRINTED), ("stork", OTHER)]
    alone = [handed_in(tmp_path, student, TRAINS, printed) for student, printed in pairs]
    assert all(unassessed(each) == set(COHORT) for each in alone)
    beside = among_others(alone, build.lab())
    assert [codes(each) for each in beside] == [["COH001"], ["COH001"], []]
    assert [each.outcome for each in beside[:2]] == [Outcome.NEEDS_REVIEW] * 2
    assert all("COH001" not in unassessed(each) for each in beside)


def test_looking_twice_changes_nothing(tmp_path: Path) -> None:
    alone = [handed_in(tmp_path, name, TRAINS, PRINTED) for name in ("heron", "egret")]
    once = among_others(alone, build.lab())
    assert among_others(once, build.lab()) == once


def test_one_submission_is_left_as_it_is(tmp_path: Path) -> None:
    alone = [handed_in(tmp_path, "heron", TRAINS, PRINTED)]
    assert among_others(alone, build.lab()) == alone


def test_no_name_of_a_student_is_in_a_finding(tmp_path: Path) -> None:
    alone = [handed_in(tmp_path, name, TRAINS, PRINTED) for name in ("heron", "egret")]
    for result, other in zip(among_others(alone, build.lab()), ("egret", "heron"), strict=True):
        assert result.detection is not None
        assert other not in str(result.detection.findings)


@pytest.mark.parametrize(
    "source",
    [
        "# Task 1: ViT\nprint(report)",
        TRAINS.replace("\n", "\ntorch.manual_seed(3)\n", 1),
        TRAINS.replace("model(x, labels=y).loss.backward()", "probe.fit(x, y)"),
    ],
)
def test_what_comes_out_the_same_for_everybody_is_not_by_chance(
    tmp_path: Path, source: str
) -> None:
    result = handed_in(tmp_path, "heron", source, PRINTED)
    assert result.evidence is not None
    shown = peer_of(result.evidence, build.lab()).result("vit")
    assert shown is not None
    assert shown.scores == ("accuracy 0.7109", "f1 0.7043", "precision 0.7182")
    assert not shown.by_chance
