"""A record that was made with something else says so, or is not compared with at all."""

import pytest

from grader.compare import Present, compare
from grader.compare.present import warnings
from grader.model import Lab, ReferenceRecord
from tests import build
from tests.compare.runs import MACHINE, answers, recorded, zero_shot

SAME = Present(machine=MACHINE, revisions={}, notebook=None)


def lab(**changes: object) -> Lab:
    return build.lab().model_copy(update=changes)


def record(**changes: object) -> ReferenceRecord:
    return recorded().model_copy(update=changes)


def test_the_same_conditions_give_no_warning() -> None:
    found = compare(zero_shot(answers(200)), lab(), recorded(), SAME)
    assert (found.reference_warnings, found.reference_missing) == ((), None)


@pytest.mark.parametrize(
    ("made", "now", "present", "said"),
    [
        ({"lab_version": 1}, {"version": 2}, SAME, "is of version 1 of the lab, not 2"),
        ({"lab_version": None}, {}, SAME, "an older form"),
        ({}, {}, Present(notebook="other"), "The staff notebook has changed"),
        (
            {},
            {},
            Present(machine=MACHINE.model_copy(update={"versions": {"transformers": "4.57.1"}})),
            "transformers 5.23.0 (here 4.57.1)",
        ),
        ({"assets": {"uoft-cs/cifar10": "sha256:" + "0" * 64}}, {}, SAME, "uoft-cs/cifar10"),
    ],
)
def test_other_conditions_give_a_warning_with_the_remedy(
    made: dict[str, object], now: dict[str, object], present: Present, said: str
) -> None:
    found = warnings(record(**made), lab(**now), present)
    assert said in found[0]
    assert "grader reference run week9-vit-clip --profile tiny" in found[-1]


def test_downloaded_commits_are_compared_with_commits() -> None:
    made = record(assets={"openai/clip-vit-base-patch32": "a" * 40})
    assert warnings(made, lab(), SAME) == (), "a commit and a digest say nothing of one another"
    other = Present(revisions={"openai/clip-vit-base-patch32": "b" * 40})
    assert "aaaaaaaaaaaa, here bbbbbbbbbbbb" in warnings(made, lab(), other)[0]


def test_another_version_of_the_model_is_not_compared_with() -> None:
    made = record(assets={"openai/clip-vit-base-patch32": "sha256:" + "0" * 64})
    row = compare(zero_shot(answers(200)), lab(), made, SAME).get("clip", "accuracy")
    assert row is not None
    assert (row.verdict, "another version of" in row.why) == ("not-comparable", True)


@pytest.mark.parametrize("changes", [{"profile": "full"}, {"lab": "other"}])
def test_a_record_of_another_lab_or_profile_is_never_compared_with(
    changes: dict[str, object],
) -> None:
    found = compare(zero_shot(answers(200)), lab(), record(**changes), SAME)
    assert found.reference_missing is not None
    assert "grader reference run" in found.reference_missing
    assert {(each.reference, each.paired) for each in found.entries} == {(None, None)}
