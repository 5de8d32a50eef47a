"""Intervals over seeds, the bootstrap, and latency."""

from collections.abc import Callable
from math import sqrt
from statistics import fmean, stdev

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader.metrics.bleu import bleu, bleu_of_rows
from grader.metrics.bootstrap import bootstrap, bootstrap_of_mean
from grader.metrics.interval import Interval, prediction_interval, tolerance_interval
from grader.metrics.latency import latency
from tests.metrics import LAWS

Over = Callable[[list[float]], Interval]
VALUES = st.lists(st.floats(0, 1), min_size=2, max_size=8)
DURATIONS = st.lists(st.tuples(st.floats(1e-4, 10), st.integers(1, 32)), min_size=1, max_size=20)


def factor(interval: Interval, values: list[float]) -> float:
    return (interval.high - interval.low) / 2 / stdev(values)


def test_prediction_interval_worked_by_hand() -> None:
    """Three runs: t(0.975, 2) = 4.3027, s = 0.01, sqrt(1 + 1/3) = 1.1547."""
    found = prediction_interval([0.90, 0.91, 0.92])
    assert (found.low, found.high) == pytest.approx((0.91 - 0.049683, 0.91 + 0.049683), abs=1e-6)
    assert found.method == "95 % prediction interval over 3 seeds (Student t)"
    assert (found.confidence, 0.9 in found, 0.97 in found) == (0.95, True, False)


def test_prediction_interval_holds_the_next_run_as_often_as_it_says() -> None:
    rng = np.random.default_rng(4)
    runs = rng.normal(0.9, 0.01, size=(1500, 5))
    held = [row[4] in prediction_interval(row[:4].tolist(), confidence=0.9) for row in runs]
    assert fmean(held) == pytest.approx(0.9, abs=0.025)  # three standard errors


@pytest.mark.parametrize(
    ("k", "published"),
    [(5, 5.08), (7, 4.02), (10, 3.39), (12, 3.17), (20, 2.76), (30, 2.55), (60, 2.34)],
)
def test_tolerance_factors_are_near_the_exact_ones(k: int, published: float) -> None:
    """Hahn 1970, Journal of Quality Technology 3, 18-22: coverage 95 %, confidence 95 %."""
    values = [float(number) for number in range(k)]
    assert factor(tolerance_interval(values), values) == pytest.approx(published, rel=0.01)


def test_tolerance_factor_of_a_worked_example() -> None:
    """NIST/SEMATECH e-Handbook, section 7.2.6.3: 43 values, coverage 90 %, confidence 99 %."""
    values = [float(number) for number in range(43)]
    found = tolerance_interval(values, coverage=0.90, confidence=0.99)
    assert factor(found, values) == pytest.approx(2.217, abs=1e-3)
    assert found.method == "99 % tolerance interval for 90 % of runs over 43 seeds (normal, Howe)"


@pytest.mark.parametrize("interval", [prediction_interval, tolerance_interval])
@LAWS
@given(values=VALUES, shift=st.floats(-2, 2), scale=st.floats(0.1, 5))
def test_interval_over_seeds_moves_and_grows_with_the_values(
    interval: Over, values: list[float], shift: float, scale: float
) -> None:
    found = interval(values)
    moved = interval([scale * value + shift for value in values])
    assert found.low <= fmean(values) <= found.high
    assert (moved.low, moved.high) == pytest.approx(
        (scale * found.low + shift, scale * found.high + shift), abs=1e-6
    )


@LAWS
@given(VALUES)
def test_holding_most_runs_takes_more_room_than_holding_the_next(values: list[float]) -> None:
    assert tolerance_interval(values).high >= prediction_interval(values).high - 1e-9


@pytest.mark.parametrize("interval", [prediction_interval, tolerance_interval])
@pytest.mark.parametrize(
    ("values", "words"), [([], "0 value"), ([0.9], "1 value"), ([0.9, float("nan")], "finite")]
)
def test_spread_of_too_little_is_refused(interval: Over, values: list[float], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        interval(values)


def test_share_out_of_range_is_refused() -> None:
    with pytest.raises(ValueError, match="confidence must"):
        prediction_interval([0.1, 0.2], confidence=1.0)
    with pytest.raises(ValueError, match="coverage must"):
        tolerance_interval([0.1, 0.2], coverage=95)


def test_bootstrap_of_a_mean_is_near_the_normal_interval() -> None:
    values = np.random.default_rng(0).normal(5, 2, size=400)
    found = bootstrap_of_mean(values, resamples=2000)
    half = 1.96 * values.std() / sqrt(400)
    assert (found.low, found.high) == pytest.approx(
        (values.mean() - half, values.mean() + half), abs=0.1 * half
    )
    assert found.method == "95 % percentile bootstrap, 2000 samples of 400 items, seed 0"


def test_bootstrap_depends_on_its_seed_alone() -> None:
    values = list(range(30))
    assert bootstrap_of_mean(values, seed=3) == bootstrap_of_mean(values, seed=3)
    assert bootstrap_of_mean(values, seed=3).low != bootstrap_of_mean(values, seed=4).low


def test_bootstrap_of_bleu_surrounds_bleu() -> None:
    rng = np.random.default_rng(0)
    vocabulary = ["a", "red", "blue", "dog", "cat", "sits", "on", "the", "mat", "by", "two"]
    known = [[" ".join(rng.choice(vocabulary, size=9))] for _ in range(120)]
    said = [
        " ".join(word if rng.uniform() < 0.8 else "no" for word in several[0].split())
        for several in known
    ]
    found = bootstrap(bleu_of_rows(said, known), len(said))
    score = bleu(said, known).score
    assert found.low < score < found.high
    assert found.high - found.low < 15


@LAWS
@given(st.lists(st.floats(0, 1), min_size=2, max_size=20))
def test_bootstrap_stays_within_the_values_and_widens_with_confidence(values: list[float]) -> None:
    wide, narrow = (bootstrap_of_mean(values, confidence=c, resamples=100) for c in (0.95, 0.5))
    assert min(values) - 1e-9 <= wide.low <= narrow.low <= narrow.high <= wide.high
    assert wide.high <= max(values) + 1e-9


@pytest.mark.parametrize(
    ("values", "options", "words"),
    [
        ([1.0], {}, "two are needed"),
        ([], {}, "two are needed"),
        ([1.0, float("nan")], {}, "finite"),
        ([[1.0, 2.0]], {}, "one an item"),
        ([1.0, 2.0], {"resamples": 10}, "100 samples"),
        ([1.0, 2.0], {"confidence": 95}, "confidence must"),
    ],
)
def test_bootstrap_of_too_little_is_refused(
    values: list[float], options: dict[str, int], words: str
) -> None:
    with pytest.raises(ValueError, match=words):
        bootstrap_of_mean(values, **options)


def test_latency_worked_by_hand() -> None:
    """One call of 4 items in 2 s, one of 1 item in 1 s: four items at 0.5 s and one at 1 s."""
    found = latency([2.0, 1.0], [4, 1])
    assert (found.items, found.seconds, found.median) == (5, 3.0, 0.5)
    assert found.images_per_second == pytest.approx(5 / 3)
    assert found.p95 == pytest.approx(0.5 + 0.8 * 0.5)  # place 3.8 of 0 to 4


@LAWS
@given(DURATIONS)
def test_latency_keeps_its_laws(calls: list[tuple[float, int]]) -> None:
    seconds, items = [s for s, _ in calls], [n for _, n in calls]
    found = latency(seconds, items)
    assert found.median <= found.p95 * (1 + 1e-12)
    assert found.images_per_second * found.seconds == pytest.approx(found.items)
    slower = latency([2 * each for each in seconds], items)
    assert slower.images_per_second == pytest.approx(found.images_per_second / 2)
    assert slower.p95 == pytest.approx(2 * found.p95)


@pytest.mark.parametrize(
    ("seconds", "items", "words"),
    [
        ([], None, "length 0"),
        ([1.0], [1, 2], "Lengths differ"),
        ([0.0], None, "positive"),
        ([float("inf")], None, "finite"),
        ([1.0], [0], "an item"),
    ],
)
def test_impossible_durations_are_refused(
    seconds: list[float], items: list[int] | None, words: str
) -> None:
    with pytest.raises(ValueError, match=words):
        latency(seconds, items)
