"""Numbers and metric names, however they are written."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader.evidence.numbers import fold, item_count, mentions, quantities


@pytest.mark.parametrize(
    ("text", "value", "decimals"),
    [
        ("0.8895", 0.8895, 4),
        ("88.95%", 0.8895, 4),
        ("87.5 %", 0.875, 3),
        ("100%", 1.0, 2),
        ("1.0", 1.0, 1),
        ("0,87", 0.87, 2),
        ("88,95 %", 0.8895, 4),
        ("88.95 percent", 0.8895, 4),
        ("10,000", 10000.0, 0),
        (".89", 0.89, 2),
        ("5.8e-1", 0.58, 2),
        ("\uff18\uff18\uff0e\uff19\uff15\uff05", 0.8895, 4),
    ],
)
def test_value_is_a_fraction(text: str, value: float, decimals: int) -> None:
    (found,) = quantities(fold(text))
    assert (found.value, found.decimals) == (value, decimals)
    assert text[found.start : found.end] == text


@pytest.mark.parametrize("text", ["84.1kB", "224x224", "float64", "400M", "1.2.3", "CIFAR-10", "x"])
def test_part_of_a_word_is_no_number(text: str) -> None:
    assert quantities(text) == ()


def test_list_is_not_a_decimal_comma() -> None:
    assert [each.value for each in quantities("[0,1]")] == []


@pytest.mark.parametrize(
    ("text", "metric"),
    [
        ("F1 Score", "f1"),
        ("f1-score", "f1"),
        ("Fi Score", "f1"),
        ("test_fl", "f1"),
        ("eval_accuracy", "accuracy"),
        ("precison", "precision"),
        ("Recall", "recall"),
    ],
)
def test_spelling(text: str, metric: str) -> None:
    assert [each.metric for each in mentions(text)] == [metric]


@pytest.mark.parametrize("text", ["Recall@5", "account", "fl", "half1", "vaccine", "F16"])
def test_other_words_are_no_metric(text: str) -> None:
    assert mentions(text) == ()


@pytest.mark.parametrize(
    ("text", "n"),
    [
        ("on a 10,000-sample test set", 10000),
        ("on the 2000 test images", 2000),
        ("(n=100)", 100),
        ("the single test sample", 1),
        ("1,034 training images", None),
        ("32 images per batch", None),
        ("100 images of 2000 images", None),
        ("400M+ image-text pairs", None),
    ],
)
def test_items(text: str, n: int | None) -> None:
    assert item_count(text) == n


@given(st.decimals(0, 100, places=2), st.booleans(), st.sampled_from(".,"))
def test_printed_number_is_read_back(number: Decimal, percent: bool, mark: str) -> None:
    printed = f"{number:.2f}".replace(".", mark) + ("%" if percent else "")
    (found,) = quantities(printed)
    exact = number / 100 if percent else number
    assert found.printed == printed
    assert abs(Decimal(found.value) - exact) < Decimal("1e-12")
    assert found.decimals == (4 if percent else 2)


@given(st.text())
def test_offsets_point_at_the_number(text: str) -> None:
    folded = fold(text)
    assert len(folded) == len(text)
    for each in quantities(folded):
        assert folded[each.start : each.end] == each.printed
