"""Recall@K and the similarity score."""

from random import Random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray

from grader.metrics.retrieval import hits_at_k, recall_at_k, retrieval, similarity_score
from tests.metrics import LAWS

Matrix = NDArray[np.float64]

SIZES = st.tuples(st.integers(1, 6), st.integers(1, 6))
COARSE = st.integers(-2, 2).map(float)
"""Few values, so that ties are common."""


@st.composite
def searches(draw: st.DrawFn) -> tuple[Matrix, NDArray[np.bool_]]:
    shape = draw(SIZES)
    relevant = draw(arrays(np.bool_, shape))
    relevant[:, draw(st.integers(0, shape[1] - 1))] = True
    return draw(arrays(np.float64, shape, elements=COARSE)), relevant


SQUARES = st.integers(2, 6).flatmap(
    lambda n: arrays(np.float64, (n, n), elements=st.floats(-1, 1, width=32))
)


def test_recall_counts_queries_whose_match_is_near_enough() -> None:
    scores = [[0.9, 0.5, 0.1], [0.9, 0.5, 0.1], [0.9, 0.5, 0.1]]
    assert [recall_at_k(scores, np.eye(3, dtype=bool), k) for k in (1, 2, 3)] == pytest.approx(
        [1 / 3, 2 / 3, 1]
    )


def test_one_of_several_captions_is_enough() -> None:
    # image 0: its captions rank 2 and 4; image 1: 1 and 2
    similarity = [[0.3, 0.1, 0.4, 0.2], [0.1, 0.2, 0.9, 0.8]]
    found = retrieval(similarity, owners=[0, 0, 1, 1], ks=(1, 2))
    assert (found.images, found.captions) == (2, 4)
    assert found.image_to_text == {1: 0.5, 2: 1.0}
    # captions 0, 2, 3 are nearest to their image, caption 1 to the other
    assert found.text_to_image == {1: 0.75, 2: 1.0}


def test_five_captions_an_image_as_in_coco() -> None:
    rng = np.random.default_rng(0)
    owners = np.repeat(np.arange(40), 5)
    similarity = rng.normal(size=(40, 200)) + 2 * (np.arange(40)[:, None] == owners)
    found = retrieval(similarity, owners=owners.tolist())
    order = np.argsort(-similarity, axis=1)
    expected = np.mean([(owners[order[i, :5]] == i).any() for i in range(40)])
    assert found.image_to_text[5] == expected
    back = np.argsort(-similarity, axis=0)
    assert found.text_to_image[10] == np.mean([owners[j] in back[:10, j] for j in range(200)])


def test_constant_scores_give_what_chance_gives() -> None:
    assert recall_at_k(np.ones((4, 8)), np.eye(4, 8, dtype=bool), 2) == pytest.approx(2 / 8)


def test_tie_counts_with_the_probability_of_a_hit() -> None:
    # one item ahead, four tied of which two are wanted, two places left: 1 - C(2,2) / C(4,2)
    scores, wanted = [[0.9, 0.5, 0.5, 0.5, 0.5, 0.1]], [[False, True, True, False, False, False]]
    assert hits_at_k(scores, wanted, 3).tolist() == pytest.approx([1 - 1 / 6])


@LAWS
@given(searches(), st.integers(0, 10_000))
def test_ties_count_as_the_mean_over_random_orders(
    search: tuple[Matrix, NDArray[np.bool_]], seed: int
) -> None:
    """Any order of tied items gives 0 or 1, and only where a tie matters do orders differ."""
    scores, relevant = search
    noise = np.random.default_rng(seed).uniform(0, 1e-6, scores.shape)
    for k in range(1, scores.shape[1] + 1):
        tied, broken = hits_at_k(scores, relevant, k), hits_at_k(scores + noise, relevant, k)
        assert set(broken.tolist()) <= {0.0, 1.0}
        sure = (tied == 0) | (tied == 1)
        assert (tied[sure] == broken[sure]).all()


@LAWS
@given(searches())
def test_recall_grows_with_k_up_to_one(search: tuple[Matrix, NDArray[np.bool_]]) -> None:
    recalls = [recall_at_k(*search, k) for k in range(1, search[0].shape[1] + 1)]
    assert recalls == sorted(recalls)
    assert recalls[-1] == 1.0


@LAWS
@given(searches(), st.randoms(use_true_random=False))
def test_order_and_scale_of_items_do_not_matter(
    search: tuple[Matrix, NDArray[np.bool_]], random: Random
) -> None:
    scores, relevant = search
    order = list(range(scores.shape[1]))
    random.shuffle(order)
    assert np.allclose(
        hits_at_k(scores, relevant, 1), hits_at_k(np.exp(scores[:, order]), relevant[:, order], 1)
    )


@pytest.mark.parametrize(
    ("scores", "relevant", "k", "words"),
    [
        ([[1.0, 2.0]], [[True, False]], 0, "between 1 and 2"),
        ([[1.0, 2.0]], [[True, False]], 3, "between 1 and 2"),
        ([[1.0, 2.0]], [[False, False]], 1, "no relevant item"),
        ([[1.0, 2.0]], [[True]], 1, "shape"),
        ([[1.0, float("nan")]], [[True, False]], 1, "not finite"),
        ([], [], 1, "matrix"),
        ([1.0, 2.0], [True, False], 1, "matrix"),
    ],
)
def test_impossible_search_is_refused(
    scores: list[list[float]], relevant: list[list[bool]], k: int, words: str
) -> None:
    with pytest.raises(ValueError, match=words):
        hits_at_k(scores, relevant, k)


@pytest.mark.parametrize(
    ("owners", "words"),
    [
        (None, "whose"),
        ([0, 1], "2 owners"),
        ([0, 1, 2], "between 0 and 1"),
        ([0, 0, 0], "no relevant item"),
    ],
)
def test_captions_without_image_are_refused(owners: list[int] | None, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        retrieval(np.ones((2, 3)), owners=owners, ks=(1,))


def printed(text: str) -> Matrix:
    return np.array([[float(number) for number in line.split()] for line in text.splitlines()])


# Cosine similarities of eight pictures and their captions, as published to two decimals.
RN50X4 = printed("""\
.42 .27 .23 .22 .30 .22 .24 .22
.26 .45 .23 .25 .26 .30 .29 .24
.28 .29 .40 .27 .31 .30 .28 .30
.26 .25 .22 .40 .28 .22 .24 .24
.27 .26 .21 .21 .41 .23 .25 .20
.29 .31 .30 .25 .34 .40 .31 .30
.31 .30 .23 .24 .33 .28 .47 .25
.23 .23 .29 .23 .29 .26 .26 .37""")
RN50X16 = printed("""\
.30 .17 .12 .16 .18 .16 .14 .14
.14 .36 .12 .15 .13 .15 .20 .10
.16 .20 .28 .20 .18 .19 .17 .21
.16 .18 .13 .33 .16 .11 .14 .13
.16 .18 .14 .15 .29 .12 .13 .12
.18 .20 .19 .15 .24 .29 .21 .17
.20 .24 .14 .14 .24 .17 .37 .14
.10 .11 .19 .11 .14 .15 .16 .27""")
VIT_B_16 = printed("""\
.29 .13 .11 .11 .19 .14 .15 .14
.15 .36 .15 .14 .16 .19 .17 .13
.14 .16 .28 .14 .16 .21 .14 .20
.14 .16 .14 .31 .16 .13 .11 .15
.17 .17 .14 .15 .32 .14 .15 .16
.15 .18 .18 .16 .23 .29 .18 .18
.18 .23 .15 .13 .21 .18 .35 .16
.15 .16 .21 .13 .16 .18 .13 .28""")
VIT_B_32 = printed("""\
.29 .15 .12 .12 .18 .17 .14 .15
.15 .35 .15 .17 .15 .21 .17 .11
.14 .17 .30 .16 .18 .20 .17 .19
.13 .16 .16 .32 .15 .12 .14 .15
.17 .15 .12 .12 .31 .16 .12 .12
.14 .20 .21 .16 .21 .30 .19 .19
.20 .20 .16 .16 .20 .20 .35 .15
.15 .16 .22 .15 .17 .17 .13 .28""")


@pytest.mark.parametrize(
    ("matrix", "score"),
    [(RN50X4, 0.15196), (RN50X16, 0.15143), (VIT_B_16, 0.15107), (VIT_B_32, 0.15107)],
    ids=["RN50x4", "RN50x16", "ViT-B/16", "ViT-B/32"],
)
def test_similarity_score_of_published_matrices(matrix: Matrix, score: float) -> None:
    assert matrix.shape == (8, 8)
    assert similarity_score(matrix) == pytest.approx(score, abs=5e-6)
    n, trace = 8, np.trace(matrix)
    assert similarity_score(matrix) == pytest.approx(
        trace / n - (matrix.sum() - trace) / (n**2 - n)
    )


def test_perfect_separation_scores_one() -> None:
    assert similarity_score(np.eye(5)) == 1.0
    assert similarity_score(2 * np.eye(5) - 1) == 2.0


@LAWS
@given(SQUARES, st.floats(-3, 3), st.floats(-3, 3))
def test_similarity_score_ignores_a_constant_and_keeps_scale(
    matrix: Matrix, shift: float, scale: float
) -> None:
    changed = similarity_score(scale * matrix + shift)
    assert changed == pytest.approx(scale * similarity_score(matrix), abs=1e-9)


@LAWS
@given(SQUARES, st.randoms(use_true_random=False))
def test_similarity_score_ignores_order_and_direction(matrix: Matrix, random: Random) -> None:
    order = list(range(len(matrix)))
    random.shuffle(order)
    score = similarity_score(matrix)
    assert -2 <= score <= 2
    assert similarity_score(matrix[np.ix_(order, order)]) == pytest.approx(score)
    assert similarity_score(matrix.T) == pytest.approx(score)


@pytest.mark.parametrize("shape", [(2, 3), (1, 1), (0, 0), (4,)])
def test_similarity_score_needs_a_square(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="similarity must be"):
        similarity_score(np.ones(shape))
