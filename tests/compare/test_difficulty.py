"""Where the mistakes of a submission fall, beside those of the reference runs."""

import numpy as np
import pytest

from grader.compare import Present, compare
from grader.model import Difficulty
from tests import build
from tests.compare.runs import CIFAR, MACHINE, answers, recorded, zero_shot

SAME = Present(machine=MACHINE, revisions={}, notebook=None)


def difficulty(predictions: list[int], *, start: int = 0) -> Difficulty | None:
    evidence = zero_shot(predictions, start=start)
    found = compare(evidence, build.lab(), recorded(), SAME)
    precision, accuracy = found.get("clip", "precision"), found.get("clip", "accuracy")
    assert precision is not None
    assert precision.difficulty is None, "it is told once"
    assert accuracy is not None
    return accuracy.difficulty


def test_the_same_model_fails_on_the_same_images() -> None:
    found = difficulty(answers(200))
    assert found is not None
    assert (found.n, found.wrong, found.auc, found.reachable) == (2000, 200, 1.0, 1.0)


def test_changed_labels_fail_anywhere() -> None:
    rows = {*np.random.default_rng(1).choice(2000, 200, replace=False).tolist()}
    found = difficulty([(label + (row in rows)) % 10 for row, label in enumerate(CIFAR)])
    assert found is not None
    assert found.auc == pytest.approx(0.5, abs=0.05)
    assert found.high < 0.6
    assert found.p < 1e-5


def test_some_of_the_items_are_enough() -> None:
    found = difficulty(answers(200, n=900), start=0)
    assert found is not None
    assert (found.n, found.wrong, found.auc) == (900, 100, 1.0)


def test_without_mistakes_nothing_is_told() -> None:
    assert difficulty(list(CIFAR)) is None
