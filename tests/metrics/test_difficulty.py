"""Whether mistakes fall on hard items."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import roc_auc_score

from grader.metrics.difficulty import separation
from tests.metrics import LAWS

ITEMS = st.lists(
    st.tuples(st.sampled_from([0.0, 0.2, 0.4, 1.0]), st.booleans(), st.integers(0, 2)),
    min_size=1,
    max_size=60,
)


@LAWS
@given(ITEMS)
def test_it_is_the_area_under_the_curve_of_each_class(
    items: list[tuple[float, bool, int]],
) -> None:
    hard, wrong, classes = (list(each) for each in zip(*items, strict=True))
    areas, weights = [], []
    for name in {*classes}:
        rows = [i for i, each in enumerate(classes) if each == name]
        missed = [wrong[i] for i in rows]
        if 0 < sum(missed) < len(missed):
            areas.append(roc_auc_score(missed, [hard[i] for i in rows]))
            weights.append(sum(missed))
    found = separation(hard, wrong, classes)
    if found is None:
        assert not areas
        return
    assert found.auc == pytest.approx(np.average(areas, weights=weights))
    assert found.wrong == sum(weights)
    assert found.auc <= found.reachable + 1e-12
    assert found.auc <= found.high <= 1


def test_mistakes_on_exactly_the_hard_items_reach_what_can_be_reached() -> None:
    hard = [1.0] * 20 + [0.0] * 180
    found = separation(hard, [each == 1.0 for each in hard], [0] * 200)
    assert found is not None
    assert (found.auc, found.high, found.reachable) == (1.0, 1.0, 1.0)


def test_few_hard_items_limit_what_can_be_reached() -> None:
    found = separation([1.0] * 10 + [0.0] * 190, [True] * 100 + [False] * 100, [0] * 200)
    assert found is not None
    assert found.reachable == pytest.approx(0.55)


def test_delongs_variance_of_one_class() -> None:
    # By hand: placements of the wrong are 1, 1/2 and 3/4, of the right 1 and 1/2.
    found = separation([3, 1.5, 2, 1, 2], [True, True, True, False, False], [0] * 5)
    assert found is not None
    wrong, right = np.array([1, 0.5, 0.75]), np.array([1, 0.5])
    assert found.auc == pytest.approx(wrong.mean())
    error = np.sqrt(wrong.var(ddof=1) / 3 + right.var(ddof=1) / 2)
    assert found.high == pytest.approx(min(1, wrong.mean() + 2.5758293 * error))


def test_noise_is_told_and_a_like_model_is_not() -> None:
    rng = np.random.default_rng(0)
    classes = rng.integers(0, 10, 2000)
    taken = 0
    for _ in range(200):
        hard = (rng.random(2000) < 0.1).astype(float)
        noise = separation(list(hard), list(rng.random(2000) < 0.1), list(classes))
        assert noise is not None
        taken += noise.high < 0.6
        # Half of its mistakes are those of the other model.
        alike = np.where(hard == 1, rng.random(2000) < 0.5, rng.random(2000) < 0.055)
        model = separation(list(hard), list(alike), list(classes))
        assert model is not None
        assert model.high > 0.6
        assert model.chance_of(0.6) > 0.5 > noise.chance_of(0.6)
    assert taken > 190


def test_without_mistakes_there_is_nothing_to_tell() -> None:
    assert separation([0.5, 1.0], [False, False], [0, 0]) is None
