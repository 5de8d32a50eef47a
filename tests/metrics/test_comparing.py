"""McNemar's test, agreement and equivalence."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest, chi2
from sklearn.metrics import cohen_kappa_score

from grader.metrics.agreement import Method, agreement, mcnemar
from grader.metrics.equivalence import equivalence
from grader.model import Label
from tests.metrics import LAWS

RIGHT = st.lists(st.tuples(st.booleans(), st.booleans()), min_size=1, max_size=60)
ANSWERS = st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), min_size=1, max_size=30)
SHARE = st.integers(1, 200).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))


def runs(only_first: int, only_second: int, both: int = 12) -> tuple[list[bool], list[bool]]:
    first = [True] * only_first + [False] * only_second + [True] * both
    return first, [False] * only_first + [True] * only_second + [True] * both


@pytest.mark.parametrize(
    ("split", "method", "p"),
    [
        # Fagerland, Lydersen & Laake 2013, table 1: 1 and 7 of 21 pairs
        ((1, 7), "exact", 0.0703),
        ((1, 7), "mid-p", 0.0391),
        ((1, 7), "chi-square", 0.0339),
        # the same, their larger example: 6 and 16
        ((6, 16), "exact", 0.0525),
        ((6, 16), "chi-square", 0.0330),
    ],
)
def test_mcnemar_of_published_examples(split: tuple[int, int], method: Method, p: float) -> None:
    found = mcnemar(*runs(*split), method=method)
    assert (found.only_first, found.only_second) == split
    assert found.p == pytest.approx(p, abs=5e-5)


@LAWS
@given(RIGHT)
def test_mcnemar_is_the_binomial_test_of_discordant_items(pairs: list[tuple[bool, bool]]) -> None:
    first, second = [f for f, _ in pairs], [s for _, s in pairs]
    exact = mcnemar(first, second, method="exact")
    b, c = exact.only_first, exact.only_second
    assert exact.p == pytest.approx(binomtest(b, b + c).pvalue if b + c else 1.0)
    assert mcnemar(second, first, method="exact").p == exact.p
    middle, square = (mcnemar(first, second, method=m).p for m in ("mid-p", "chi-square"))
    assert 0 <= middle <= exact.p <= 1
    assert square == pytest.approx(chi2.sf((b - c) ** 2 / (b + c), 1) if b + c else 1.0)


def test_mcnemar_chooses_by_how_many_items_differ() -> None:
    assert mcnemar(*runs(4, 20)).method == "exact"
    assert mcnemar(*runs(5, 20)).method == "mid-p"
    same = mcnemar(*runs(0, 0))
    assert (same.n, same.p, same.method) == (12, 1.0, "exact")


@LAWS
@given(ANSWERS)
def test_kappa_is_that_of_scikit_learn(pairs: list[tuple[int, int]]) -> None:
    first, second = [f for f, _ in pairs], [s for _, s in pairs]
    found = agreement(first, second)
    assert found.share == sum(f == s for f, s in pairs) / len(pairs)
    if len({*first, *second}) > 1:
        assert found.kappa == pytest.approx(cohen_kappa_score(first, second))
    else:
        assert (found.share, found.kappa) == (1.0, None)


def test_kappa_worked_by_hand() -> None:
    """20 both yes, 15 both no, 5 and 10 apart: (0.7 - 0.5) / (1 - 0.5), chance being
    0.5 * 0.6 + 0.5 * 0.4."""
    first = ["yes"] * 25 + ["no"] * 25
    second = ["yes"] * 20 + ["no"] * 5 + ["yes"] * 10 + ["no"] * 15
    found = agreement(first, second)
    assert (found.n, found.same, found.share) == (50, 35, 0.7)
    assert found.kappa == pytest.approx(0.4)


@pytest.mark.parametrize(
    ("first", "second", "words"),
    [([], [], "length 0"), ([1], [1, 2], "Lengths differ"), ([1], ["1"], "integers in one place")],
)
def test_unfit_answers_are_refused(first: list[Label], second: list[Label], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        agreement(first, second)


def test_unpaired_runs_are_refused() -> None:
    with pytest.raises(ValueError, match="Lengths differ"):
        mcnemar([True], [True, False])


@pytest.mark.parametrize(
    ("first", "second", "low", "high"),
    [
        ((56, 70), (48, 80), 0.0524, 0.3339),
        ((9, 10), (3, 10), 0.1705, 0.8090),
        ((6, 7), (2, 7), 0.0582, 0.8062),
        ((5, 56), (0, 29), -0.0381, 0.1926),
        ((0, 10), (0, 20), -0.1611, 0.2775),
        ((0, 10), (0, 10), -0.2775, 0.2775),
        ((10, 10), (0, 20), 0.6791, 1.0000),
        ((10, 10), (0, 10), 0.6075, 1.0000),
    ],
)
def test_interval_of_published_examples(
    first: tuple[int, int], second: tuple[int, int], low: float, high: float
) -> None:
    """Newcombe 1998, table II, method 10, at 95 %."""
    found = equivalence(first, second, margin=0.1, alpha=0.025).interval
    assert (found.low, found.high) == pytest.approx((low, high), abs=5e-5)
    assert found.confidence == 0.95


def test_shares_near_each_other_are_equivalent_given_enough_items() -> None:
    many = equivalence((8895, 10_000), (8850, 10_000), margin=0.03)
    assert (many.equivalent, many.not_worse, many.worse) == (True, True, False)
    few = equivalence((89, 100), (88, 100), margin=0.03)
    assert (few.equivalent, few.not_worse, few.worse) == (False, False, False)


def test_better_is_not_worse_though_not_equivalent() -> None:
    better = equivalence((950, 1000), (850, 1000), margin=0.03)
    assert (better.equivalent, better.not_worse, better.worse) == (False, True, False)
    back = equivalence((850, 1000), (950, 1000), margin=0.03)
    assert (back.equivalent, back.not_worse, back.worse) == (False, False, True)


@LAWS
@given(SHARE, SHARE, st.floats(0.01, 0.5), st.floats(0.01, 0.2))
def test_equivalence_is_symmetric_and_grows_with_the_margin(
    first: tuple[int, int], second: tuple[int, int], margin: float, alpha: float
) -> None:
    found = equivalence(first, second, margin=margin, alpha=alpha)
    back = equivalence(second, first, margin=margin, alpha=alpha)
    assert found.difference in found.interval
    assert -1 - 1e-9 <= found.interval.low <= found.interval.high <= 1 + 1e-9
    assert (found.interval.low, found.interval.high) == pytest.approx(
        (-back.interval.high, -back.interval.low), abs=1e-9
    )
    assert not (found.worse and found.not_worse)
    if found.equivalent:
        assert abs(found.difference) < margin
        assert equivalence(first, second, margin=margin + 0.1, alpha=alpha).equivalent


@pytest.mark.parametrize(
    ("first", "margin", "alpha", "words"),
    [
        ((0, 0), 0.1, 0.05, "no share"),
        ((3, 2), 0.1, 0.05, "no share"),
        ((-1, 2), 0.1, 0.05, "no share"),
        ((1, 2), 0.0, 0.05, "margin"),
        ((1, 2), 0.1, 0.5, "alpha"),
    ],
)
def test_impossible_shares_are_refused(
    first: tuple[int, int], margin: float, alpha: float, words: str
) -> None:
    with pytest.raises(ValueError, match=words):
        equivalence(first, (1, 2), margin=margin, alpha=alpha)
