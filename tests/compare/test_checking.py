"""A new run beside the record, and two records beside one another."""

from grader.compare.checking import Checked, check, diff, same_machine
from grader.compare.reference import record
from grader.model import Evidence, ReferenceRecord
from tests import build
from tests.compare.runs import MACHINE, circumstances, recorded, staff


def checked(evidence: Evidence, *, exactly: bool = True) -> dict[str, Checked]:
    found = check(recorded(), build.lab(), {1: evidence}, {}, exactly=exactly)
    return {each.task: each for each in found}


def test_the_same_run_agrees_answer_by_answer() -> None:
    found = checked(staff(10))
    assert [each.wrong for each in found.values()] == [(), ()]
    assert "one by one" in found["clip"].said
    assert "100.00% of the answers as recorded" in found["vit"].said


def test_one_other_answer_of_deterministic_inference_is_told_on_the_same_machine() -> None:
    assert "99.95%" in checked(staff(10, clip_wrong=199))["clip"].wrong[0]


def test_on_another_machine_the_band_decides() -> None:
    found = checked(staff(10, clip_wrong=199), exactly=False)["clip"]
    assert found.wrong == ()
    assert "99.95% of the answers as recorded" in found.said
    assert checked(staff(10, clip_wrong=20), exactly=False)["clip"].wrong


def test_a_trained_model_must_land_in_the_band() -> None:
    assert checked(staff(13))["vit"].wrong == ()
    found = checked(staff(60))["vit"]
    assert any(each.startswith("accuracy 0.5312 lies outside") for each in found.wrong)


def test_machines_are_the_same_only_if_the_processor_is_known_to_be() -> None:
    assert same_machine(recorded(), MACHINE, "a processor")
    assert not same_machine(recorded(), MACHINE, None)
    other = MACHINE.model_copy(update={"versions": {"torch": "2.12.0"}})
    assert not same_machine(recorded(), other, "a processor")


def test_a_record_does_not_differ_from_itself() -> None:
    assert list(diff(recorded(), recorded())) == []


def test_what_differs_between_records_is_named() -> None:
    runs = {seed: staff(wrong, clip_wrong=150) for seed, wrong in ((1, 10), (2, 12), (3, 14))}
    other: ReferenceRecord = record(build.lab(), runs, circumstances())
    other = other.model_copy(
        update={"machine": MACHINE.model_copy(update={"versions": {"torch": "2.12.0"}})}
    )
    said = list(diff(recorded(), other))
    assert "torch: 2.13.0 / 2.12.0" in said
    assert "transformers: 5.23.0 / None" in said
    assert "clip, accuracy: 50 of 2,000 items differ" in said
    assert "clip accuracy: 0.9000 / 0.9250 (+0.0250)" in said
    assert not any(line.startswith("vit") for line in said)
