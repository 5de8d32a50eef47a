"""Top-k accuracy, recall of each class, confusion matrix."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import confusion_matrix, recall_score, top_k_accuracy_score

from grader.metrics.classification import confusion, recall_per_class, top_k_accuracy
from grader.model import Label
from tests.metrics import LAWS

PAIRS = st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4)), min_size=1, max_size=30)


@pytest.mark.parametrize("k", [1, 2, 5])
def test_top_k_accuracy_is_that_of_scikit_learn(k: int) -> None:
    rng = np.random.default_rng(k)
    scores, y_true = rng.normal(size=(200, 10)), rng.integers(10, size=200)
    assert top_k_accuracy(scores, y_true.tolist(), k) == pytest.approx(
        top_k_accuracy_score(y_true, scores, k=k, labels=range(10))
    )


def test_top_1_is_accuracy_and_two_classes_are_no_exception() -> None:
    assert top_k_accuracy([[0.9, 0.1], [0.2, 0.8], [0.7, 0.3]], [0, 1, 1], 1) == pytest.approx(
        2 / 3
    )


def test_tied_classes_count_with_their_chance() -> None:
    assert top_k_accuracy(np.zeros((7, 10)), [3] * 7, 1) == pytest.approx(0.1)


@pytest.mark.parametrize(
    ("y_true", "k", "words"),
    [
        ([0, 1], 1, "Lengths differ"),
        ([0, 1, 3], 1, "between 0 and 2"),
        ([0, -1, 2], 1, "between 0 and 2"),
        ([0, 1, 2], 4, "between 1 and 3"),
    ],
)
def test_impossible_classes_are_refused(y_true: list[int], k: int, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        top_k_accuracy(np.eye(3), y_true, k)


def test_recall_of_a_class_without_items_is_unknown() -> None:
    found = recall_per_class(["cat", "cat", "dog"], ["cat", "dog", "owl"], ["cat", "dog", "owl"])
    assert found == {"cat": 0.5, "dog": 0.0, "owl": None}


def test_one_class_only_is_no_special_case() -> None:
    assert recall_per_class([3, 3], [3, 3]) == {3: 1.0}


@LAWS
@given(PAIRS)
def test_counts_and_recalls_are_those_of_scikit_learn(pairs: list[tuple[int, int]]) -> None:
    y_true, y_pred = [t for t, _ in pairs], [p for _, p in pairs]
    classes = list(range(5))
    found = confusion(y_true, y_pred, classes)
    assert (found.counts == confusion_matrix(y_true, y_pred, labels=classes)).all()
    assert found.counts.sum() == len(pairs)
    expected = recall_score(y_true, y_pred, labels=classes, average=None, zero_division=0)
    for label, recall in recall_per_class(y_true, y_pred, classes).items():
        assert recall == (pytest.approx(expected[int(label)]) if label in y_true else None)


def test_labels_are_sorted_as_what_they_are() -> None:
    assert confusion([10, 9, 2], [2, 9, 10]).labels == (2, 9, 10)
    assert confusion(["b", "a"], ["a", "a"]).labels == ("a", "b")


@pytest.mark.parametrize(
    ("y_true", "y_pred", "labels", "words"),
    [
        ([], [], None, "length 0"),
        ([1], [1, 2], None, "Lengths differ: y_true has 1, y_pred has 2"),
        ([1], ["1"], None, "integers in one place"),
        ([1, 2], [1, 3], [1, 2], "Not among the 2 classes"),
    ],
)
def test_unfit_labels_are_refused(
    y_true: list[Label], y_pred: list[Label], labels: list[Label] | None, words: str
) -> None:
    with pytest.raises(ValueError, match=words):
        confusion(y_true, y_pred, labels)
