"""Answers to questions about images."""

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader.metrics.vqa import exact_match, normalised, vqa_accuracy
from tests.metrics import LAWS

ANSWER = st.sampled_from(["yes", "no", "2", "two", "a dog", "dog", "Dog."])


@pytest.mark.parametrize(
    ("answer", "same"),
    [
        ("Yes", "yes"),
        ("yes.", "yes"),
        (" a  red\tball\n", "red ball"),
        ("The two dogs", "2 dogs"),
        ("none", "0"),
        ("ten", "10"),
        ("eleven", "eleven"),
        ("2.5", "2.5"),
        (".5", ".5"),
        ("5 p.m.", "5 pm"),
        ("2:50 pm", "2:50 pm"),
        ("100,978", "100978"),
        ("1,000,000", "1000000"),
        ("red,blue", "red blue"),
        ("red, blue", "red blue"),
        ("black-and-white", "black and white"),
        ("girl's", "girl's"),
        ("dont", "don't"),
        ("Its", "its"),
        ("shed", "shed"),
        ("what?!", "what"),
        ("an", ""),
    ],
)
def test_answer_is_normalised(answer: str, same: str) -> None:
    assert normalised(answer) == same


@LAWS
@given(st.text(max_size=20))
def test_normalised_answer_has_no_capitals_articles_or_spare_spaces(text: str) -> None:
    found = normalised(text)
    assert found == " ".join(found.split())
    assert not {"a", "an", "the"} & set(found.split())
    assert not set('?!()"') & set(found)


@pytest.mark.parametrize(
    ("people", "formula", "official"),
    [(0, 0, 0), (1, 1 / 3, 0.3), (2, 2 / 3, 0.6), (3, 1, 0.9), (4, 1, 1), (10, 1, 1)],
)
def test_accuracy_by_how_many_of_ten_agree(people: int, formula: float, official: float) -> None:
    answers = [["cat"] * people + ["dog"] * (10 - people)]
    assert vqa_accuracy(["Cat"], answers).tolist() == pytest.approx([formula])
    assert vqa_accuracy(["Cat"], answers, leave_one_out=True).tolist() == pytest.approx([official])


@LAWS
@given(ANSWER, st.lists(ANSWER, min_size=3, max_size=10))
def test_official_accuracy_is_the_mean_over_subsets(said: str, answers: list[str]) -> None:
    matches = [normalised(answer) == normalised(said) for answer in answers]
    subsets = combinations(matches, len(matches) - 1)
    expected = np.mean([min(sum(subset) / 3, 1) for subset in subsets])
    official = vqa_accuracy([said], [answers], leave_one_out=True)
    assert official.tolist() == pytest.approx([expected])
    assert official[0] <= vqa_accuracy([said], [answers])[0] + 1e-12


@LAWS
@given(
    st.lists(st.tuples(ANSWER, st.lists(ANSWER, min_size=3, max_size=5)), min_size=1, max_size=6)
)
def test_full_accuracy_implies_a_match_and_order_does_not_matter(
    asked: list[tuple[str, list[str]]],
) -> None:
    said, answers = [s for s, _ in asked], [a for _, a in asked]
    accuracy, match = vqa_accuracy(said, answers), exact_match(said, answers)
    assert ((accuracy > 0) == (match == 1)).all()
    assert vqa_accuracy(said, [a[::-1] for a in answers]).tolist() == accuracy.tolist()


def test_exact_match_is_of_normalised_answers() -> None:
    assert exact_match(["Two.", "a cat", "3"], [["2"], ["dog"], ["three", "many"]]).tolist() == [
        *(1.0, 0.0, 1.0)
    ]


def test_two_answers_cannot_make_a_right_one() -> None:
    with pytest.raises(ValueError, match="Question 1 needs a list of 3 answers"):
        vqa_accuracy(["a", "b"], [["a"] * 3, ["b"] * 2])


@pytest.mark.parametrize(
    ("said", "answers", "words"),
    [
        ([], [], "length 0"),
        (["a"], [["a"], ["b"]], "Lengths differ"),
        (["a"], [[]], "1 answers or more"),
        (["yes"], ["yes"], "Question 0 needs a list"),
    ],
)
def test_unfit_answers_are_refused(said: list[str], answers: list[list[str]], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        exact_match(said, answers)
