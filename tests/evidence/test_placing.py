"""Labels are placed among those the harness served, however they are written."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader.evidence.placing import place, task_of
from grader.model.arrays import Label
from tests import build

CIFAR = "uoft-cs/cifar10"
LEAVES = list(build.TRUTH["AI-Lab-Makerere/beans", "test"])


@given(start=st.integers(0, 1900), length=st.integers(20, 100))
def test_a_run_of_served_rows_is_found(start: int, length: int) -> None:
    rows = build.TRUTH[CIFAR, "test"]
    found = place(rows[start : start + length], build.TRUTH, build.lab())
    assert found is not None
    assert found.origin is not None
    begin = found.origin.start
    assert rows[begin : begin + length] == rows[start : start + length]


def test_class_names_are_rows_as_well() -> None:
    names = build.lab().task("vit").class_names
    found = place([names[label] for label in LEAVES], build.TRUTH, build.lab())
    assert found is not None
    assert (found.dataset, found.split) == ("AI-Lab-Makerere/beans", "test")


@given(order=st.permutations(range(128)))
def test_a_whole_split_is_known_in_any_order(order: list[int]) -> None:
    found = place([LEAVES[i] for i in order], build.TRUTH, build.lab())
    assert found is not None
    assert (found.dataset, found.split) == ("AI-Lab-Makerere/beans", "test")


def test_labels_of_another_make_up_are_not_placed() -> None:
    assert place([0] * 60 + [1] * 40 + [2] * 28, build.TRUTH, build.lab()) is None


@pytest.mark.parametrize(
    ("labels", "task"),
    [
        (list(range(10)) * 5, "clip"),
        ([0, 1, 2] * 20, "vit"),
        (["bean_rust", "healthy", "angular_leaf_spot"] * 10, "vit"),
        ([0, 1] * 30, None),
        ([0, 1, 2], None),
    ],
)
def test_the_classes_tell_the_task(labels: list[Label], task: str | None) -> None:
    assert task_of(labels, build.lab()) == task
