"""BLEU, METEOR and CIDEr-D."""

from collections.abc import Callable, Sequence
from importlib.metadata import version
from math import exp, sqrt

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from nltk.translate.bleu_score import SmoothingFunction, corpus_bleu, sentence_bleu
from numpy.typing import NDArray

from grader.metrics.bleu import bleu, bleu_of_rows
from grader.metrics.cider import cider_d
from grader.metrics.meteor import meteor
from grader.metrics.tokens import words
from tests.metrics import LAWS

SAID = ["a red circle above a blue square", "two green triangles", "a small yellow star"]
KNOWN = [
    ["a red circle above a blue square", "a red disc is over a blue square"],
    ["two green triangles side by side", "a pair of green triangles", "two triangles"],
    ["a large yellow star on a dark night sky over the sea"],
]

WORDS = ["a", "red", "blue", "dog", "cat", "sits", "on", "the", "mat"]
CAPTION = st.lists(st.sampled_from(WORDS), max_size=8).map(" ".join)
FULL = CAPTION.filter(bool)
CORPUS = st.lists(
    st.tuples(CAPTION, st.lists(FULL, min_size=1, max_size=3)), min_size=2, max_size=5
)
Metric = Callable[[Sequence[str], Sequence[Sequence[str]]], NDArray[np.float64]]


def split(corpus: list[tuple[str, list[str]]]) -> tuple[list[str], list[list[str]]]:
    return [said for said, _ in corpus], [several for _, several in corpus]


def test_words_are_lower_case_without_punctuation() -> None:
    assert words("A man's dog, don\u2019t \u2013 it_is (very) black-and-white.") == [
        *("a", "man's", "dog", "don\u2019t", "it", "is", "very", "black", "and", "white")
    ]
    assert words("Un caf\u00e9 \u00e0 7 \u20ac!") == ["un", "caf\u00e9", "\u00e0", "7"]


def test_bleu_of_a_pair_worked_by_hand() -> None:
    """Papineni et al. 2002, section 2: clipping, and the brevity penalty."""
    # "the" occurs 7 times in the hypothesis, at most twice in one reference: 2/7
    worked = bleu(
        ["the the the the the the the"],
        [["the cat is on the mat", "there is a cat on the mat"]],
        order=1,
    )
    assert worked.precisions == pytest.approx([100 * 2 / 7])
    assert worked.score == pytest.approx(100 * 2 / 7)
    # 4 of 4 words, 3 of 3 pairs, against 6 words: exp(1 - 6/4)
    short = bleu(["the cat is on"], [["the cat is on the mat"]], order=2)
    assert short.brevity_penalty == pytest.approx(exp(-0.5))
    assert short.score == pytest.approx(100 * exp(-0.5))
    assert (short.hypothesis_length, short.reference_length) == (4, 6)


def test_bleu_goes_with_its_signature() -> None:
    signature = bleu(SAID, KNOWN).signature
    assert (
        signature == f"nrefs:var|case:lc|eff:no|tok:13a|smooth:exp|version:{version('sacrebleu')}"
    )
    assert "case:mixed" in bleu(SAID, KNOWN, lowercase=False).signature


@pytest.mark.parametrize("order", [1, 2, 3, 4])
def test_bleu_is_the_corpus_bleu_of_nltk_and_not_its_mean_over_sentences(order: int) -> None:
    said = [SAID[0], "two dogs run on the wet grass", "a small yellow star at night"]
    known = [KNOWN[0], ["two dogs run over the wet grass", "dogs on grass"], KNOWN[2]]
    tokens, references = [s.split() for s in said], [[r.split() for r in k] for k in known]
    weights = (1 / order,) * order
    found = bleu(said, known, order=order).score
    assert found == pytest.approx(100 * corpus_bleu(references, tokens, weights))
    smooth = SmoothingFunction().method1
    each = [
        sentence_bleu(references[row], tokens[row], weights, smooth) for row in range(len(said))
    ]
    assert abs(found - 100 * float(np.mean(each))) > 1


def test_captions_that_look_tokenized_are_no_reason_to_complain(
    caplog: pytest.LogCaptureFixture,
) -> None:
    said = ["a cat on a mat ."] * 120
    assert bleu(said, [[each] for each in said]).score == pytest.approx(100)
    assert bleu_of_rows(said, [[each] for each in said])(np.arange(120)) == pytest.approx(100)
    assert not caplog.records


@LAWS
@given(CORPUS, st.integers(1, 4))
def test_bleu_of_all_rows_is_bleu(corpus: list[tuple[str, list[str]]], order: int) -> None:
    said, known = split(corpus)
    whole = bleu(said, known, order=order).score
    rows = np.arange(len(said))
    assert 0 <= whole <= 100 + 1e-9
    assert bleu_of_rows(said, known, order=order)(rows) == pytest.approx(whole)
    assert bleu_of_rows(said, known, order=order)(rows[::-1]) == pytest.approx(whole)


@LAWS
@given(CORPUS)
def test_bleu_of_some_rows_is_bleu_of_those_items(corpus: list[tuple[str, list[str]]]) -> None:
    said, known = split(corpus)
    rows = [0, 0, len(said) - 1]
    drawn = bleu([said[row] for row in rows], [known[row] for row in rows])
    assert bleu_of_rows(said, known)(np.array(rows)) == pytest.approx(drawn.score)


@pytest.mark.parametrize("order", [0, 5])
def test_other_orders_of_bleu_are_refused(order: int) -> None:
    with pytest.raises(ValueError, match="BLEU-1 to BLEU-4"):
        bleu(SAID, KNOWN, order=order)


@pytest.mark.parametrize(
    ("said", "score"),
    [
        # all six words match in six chunks: F = 1, penalty 0.5 * (6/6)^3
        ("on the mat sat the cat", 0.5),
        # one chunk: penalty 0.5 * (1/6)^3
        ("the cat sat on the mat", 1 - 0.5 / 216),
        # P = 6/7, R = 1, F = 10PR/(R+9P) = 60/61; two chunks: penalty 0.5 * (2/6)^3
        ("the cat was sat on the mat", 60 / 61 * (1 - 0.5 / 27)),
        ("no word in common", 0.0),
        ("", 0.0),
    ],
)
def test_meteor_of_published_examples(said: str, score: float) -> None:
    """The three examples with which METEOR is usually explained: 0.5000, 0.9977, 0.9654."""
    assert meteor([said], [["the cat sat on the mat"]]).tolist() == pytest.approx([score])


def test_meteor_matches_stems_but_no_synonyms() -> None:
    # three words in one chunk, two of them by their stem: 1 - 0.5 * (1/3)^3
    assert meteor(["dogs running fast"], [["dog runs fast"]])[0] == pytest.approx(1 - 0.5 / 27)
    assert meteor(["big"], [["large"]]).tolist() == [0.0]


def test_meteor_takes_the_best_reference() -> None:
    both = meteor(["a red dog"], [["a blue cat", "a red dog"]])
    assert both.tolist() == meteor(["a red dog"], [["a red dog"]]).tolist()


def test_cider_worked_by_hand() -> None:
    """Two images, so an n-gram of one image's references weighs log 2, one of both nothing."""
    found = cider_d(["red dog", "blue cat"], [["a red dog"], ["a blue cat"]])
    # 1-grams: "a" weighs 0, so both vectors are (log 2, log 2): cosine 1
    # 2-grams: candidate (red dog), reference (a red, red dog): 1 / (1 * sqrt 2)
    # 3-grams and 4-grams: the candidate has none: 0
    # lengths 2 and 3: exp(-1 / 72)
    by_hand = 10 * exp(-1 / 72) * (1 + 1 / sqrt(2)) / 4
    assert found.tolist() == pytest.approx([by_hand, by_hand])


def test_cider_clips_repeated_words() -> None:
    """What a candidate repeats counts as often as the reference has it."""
    found = cider_d(["dog dog dog", "cat"], [["dog"], ["cat"]])
    # 1-grams: min(3, 1) * 1 / (3 * 1); no reference has longer ones; lengths 3 and 1: exp(-4 / 72)
    assert found[0] == pytest.approx(10 * exp(-4 / 72) * (1 / 3) / 4)
    assert found[1] == pytest.approx(10 / 4)


def test_cider_is_that_of_the_authors_program() -> None:
    """Values of pycocoevalcap 1.2, ``CiderScorer(n=4, sigma=6.0)``, on these words."""
    found = cider_d([*SAID, "the the the the"], [*KNOWN, ["the cat sat on the mat"]])
    assert found.tolist() == pytest.approx(
        [6.534168390711431, 2.68560062309017, 0.6155917974884723, 0.5735721776258498], abs=1e-12
    )


def test_word_of_every_image_weighs_nothing() -> None:
    assert cider_d(["a", "a"], [["a dog"], ["a cat"]]).tolist() == [0.0, 0.0]


def test_perfect_captions_score_ten() -> None:
    said = ["one red dog runs here", "two blue cats sit there"]
    assert cider_d(said, [[each] for each in said]).tolist() == pytest.approx([10, 10])


def test_cider_of_one_image_is_refused() -> None:
    with pytest.raises(ValueError, match="two items or more"):
        cider_d(["a dog"], [["a dog"]])


@pytest.mark.parametrize(("metric", "top"), [(meteor, 1.0), (cider_d, 10.0)])
@LAWS
@given(corpus=CORPUS)
def test_each_caption_keeps_its_score_in_any_order(
    metric: Metric, top: float, corpus: list[tuple[str, list[str]]]
) -> None:
    scores = metric(*split(corpus))
    assert ((scores >= 0) & (scores <= top + 1e-9)).all()
    assert metric(*split(corpus[::-1])).tolist() == pytest.approx(scores[::-1].tolist())


@pytest.mark.parametrize("metric", [bleu, bleu_of_rows, meteor, cider_d])
@pytest.mark.parametrize(
    ("said", "known", "words_of_it"),
    [
        ([], [], "length 0"),
        (["a", "b"], [["a"]], "hypotheses has 2, references has 1"),
        (["a", "b"], [["a"], []], "item 1"),
        (["a", "b"], ["a", "b"], "item 0"),
        ("ab", [["a"], ["b"]], "not one string"),
    ],
)
def test_unfit_captions_are_refused(
    metric: Callable[..., object], said: list[str], known: list[list[str]], words_of_it: str
) -> None:
    with pytest.raises(ValueError, match=words_of_it):
        metric(said, known)
