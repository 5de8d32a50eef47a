"""Whether printed scores can stand together."""

import random
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import accuracy_score, precision_recall_fscore_support

from grader.metrics.consistency.binary import Binary, harmonic, judge_binary
from grader.metrics.consistency.counts import Confusion, separation
from grader.metrics.consistency.lattice import chance, possible
from grader.metrics.consistency.macro import NO_TIME, POSSIBLE, Macro, highest_f1, judge_macro
from grader.metrics.consistency.shown import Range, meet, shown
from grader.metrics.consistency.witness import confusion_of

BALANCED = [1000] * 10


def macro(**printed: float) -> Macro:
    return Macro(**{name: shown(value, 4) for name, value in printed.items()})


def as_printed(value: float, decimals: int, cut: bool) -> float:
    unit = 10.0**-decimals
    return int(value / unit + 1e-12) * unit if cut else round(value, decimals)


def arrays(seed: int) -> tuple[np.ndarray, np.ndarray, int]:
    """Labels and predictions of some classifier, good or bad, balanced or not."""
    rng = np.random.default_rng(seed)
    classes = int(rng.integers(2, 12))
    n = int(rng.choice([rng.integers(classes, 40), rng.integers(40, 400), rng.integers(400, 3000)]))
    weights = rng.dirichlet(np.full(classes, rng.choice([0.5, 2, 1000])))
    y_true = np.concatenate([np.arange(classes), rng.choice(classes, n - classes, p=weights)])
    wrong = rng.choice(classes, n, p=rng.dirichlet(np.ones(classes)))
    y_pred = np.where(rng.random(n) < rng.choice([0, 0.2, 0.6, 0.9, 0.98, 1]), y_true, wrong)
    return y_true, y_pred, classes


class TestShown:
    @given(st.floats(0, 1), st.integers(1, 12), st.booleans())
    def test_holds_what_was_rounded_or_cut(self, value: float, decimals: int, cut: bool) -> None:
        assert value in shown(as_printed(value, decimals, cut), decimals)

    @given(st.integers(0, 100_000), st.integers(1, 4))
    def test_holds_what_was_rounded_twice(self, hundred_thousandths: int, decimals: int) -> None:
        value = hundred_thousandths / 100_000
        twice = round(round(value, decimals + 1), decimals)
        assert value in shown(twice, decimals, retyped=True)

    def test_single_precision_is_not_held_against_anybody(self) -> None:
        assert possible(shown(float(np.float32(0.89)), 16), 100)


class TestLattice:
    def test_the_example_of_the_page(self) -> None:
        assert not possible(shown(0.8895, 4), 100)
        assert possible(shown(0.8895, 4), 200, parts=10)
        assert possible(shown(0.8895, 4), 2000)
        assert possible(shown(0.89, 2), 100)

    @given(st.data())
    def test_a_real_accuracy_always_passes(self, data: st.DataObject) -> None:
        n = data.draw(st.integers(1, 5000))
        value = data.draw(st.integers(0, n)) / n
        decimals, cut = data.draw(st.integers(2, 6)), data.draw(st.booleans())
        assert possible(shown(as_printed(value, decimals, cut), decimals), n)

    @given(st.data())
    def test_a_mean_over_batches_always_passes(self, data: st.DataObject) -> None:
        size, n = data.draw(st.integers(2, 64)), data.draw(st.integers(1, 500))
        right = data.draw(st.lists(st.booleans(), min_size=n, max_size=n))
        batches = [right[i : i + size] for i in range(0, n, size)]
        if data.draw(st.booleans()) and len(batches) > 1:
            batches = [each for each in batches if len(each) == size]
        value = sum(sum(each) / len(each) for each in batches) / len(batches)
        decimals, cut = data.draw(st.integers(2, 5)), data.draw(st.booleans())
        assert possible(shown(as_printed(value, decimals, cut), decimals), n, batches=[size])

    @given(st.lists(st.sampled_from([0, 0.3, 0.6, 0.9, 1]), min_size=1, max_size=300))
    def test_answers_of_ten_people_always_pass(self, scores: list[float]) -> None:
        value = sum(scores) / len(scores)
        assert possible(shown(round(value, 4), 4), len(scores), parts=10)

    @pytest.mark.parametrize(
        ("n", "decimals", "least", "most"),
        [
            (100, 4, 0.01, 0.03), (200, 4, 0.02, 0.04), (500, 4, 0.05, 0.11),
            (1000, 4, 0.1, 0.21), (10_000, 4, 1.0, 1.0), (100, 3, 0.1, 0.2),
            (10, 2, 0.1, 0.2), (100, 2, 1.0, 1.0),
        ],
    )  # fmt: skip
    def test_chance_that_an_invented_value_passes(
        self, n: int, decimals: int, least: float, most: float
    ) -> None:
        """Once to twice the table of Brown and Heathers, because cutting is granted too."""
        number = shown(round(0.6180339, decimals), decimals)
        assert least <= chance(number, decimals, lambda each: possible(each, n)) <= most


class TestBinary:
    def test_the_harmonic_mean(self) -> None:
        assert 2 / 3 in harmonic(Range(low=0.5, high=0.5), Range(low=1.0, high=1.0))

    def test_contradiction(self) -> None:
        scores = Binary(precision=shown(0.9, 4), recall=shown(0.8, 4), f1=shown(0.9, 4))
        assert judge_binary(scores, 200).answer == "inconsistent"

    def test_no_whole_counts(self) -> None:
        """F1 fits precision and recall, but 100 items cannot give them."""
        scores = Binary(precision=shown(0.8713, 4), recall=shown(0.8431, 4), f1=shown(0.857, 4))
        assert meet(scores.f1, harmonic(scores.precision, scores.recall))
        assert judge_binary(scores, 100).answer == "inconsistent"
        assert judge_binary(scores, 2000).answer == "consistent"

    def test_gives_up_rather_than_hang(self) -> None:
        scores = Binary(precision=shown(0.12345, 5), f1=shown(0.98765, 5))
        assert judge_binary(scores, 100_000).answer == "undecided"

    @settings(max_examples=500)
    @given(
        st.tuples(*[st.integers(0, 60)] * 4).filter(lambda four: sum(four) > 0),
        st.integers(2, 6), st.booleans(), st.sampled_from([0, 1]),
    )  # fmt: skip
    def test_real_scores_are_never_inconsistent(
        self, four: tuple[int, int, int, int], decimals: int, cut: bool, undefined: int
    ) -> None:
        hit, alarm, miss, rejected = four
        y_true = [1] * (hit + miss) + [0] * (alarm + rejected)
        y_pred = [1] * hit + [0] * miss + [1] * alarm + [0] * rejected
        values = precision_recall_fscore_support(
            y_true, y_pred, average="binary", zero_division=undefined
        )[:3]
        printed = [
            shown(as_printed(each, decimals, cut), decimals)
            for each in (*values, accuracy_score(y_true, y_pred))
        ]
        scores = Binary(precision=printed[0], recall=printed[1], f1=printed[2], accuracy=printed[3])
        n = sum(four)
        assert judge_binary(scores, n).answer != "inconsistent"
        assert judge_binary(scores, n, hit + miss).answer == "consistent"

    @given(st.integers(1, 3000), st.data())
    def test_an_example_gives_the_scores(self, n: int, data: st.DataObject) -> None:
        scores = Binary(
            precision=shown(round(data.draw(st.floats(0.3, 1)), 2), 2),
            recall=shown(round(data.draw(st.floats(0.3, 1)), 2), 2),
        )
        found = judge_binary(scores, n)
        if found.answer == "consistent" and found.right[0]:
            there = n - (found.predicted[1] - found.right[1]) - found.predicted[0]
            positives = n - found.right[1] - (found.predicted[0] - found.right[0])
            assert there >= 0
            assert found.right[0] / found.predicted[0] in scores.precision
            assert found.right[0] / positives in scores.recall


class TestMacro:
    def test_published_figures_are_possible(self) -> None:
        printed = macro(accuracy=0.8895, precision=0.8930, recall=0.8895, f1=0.8892)
        found = judge_macro(printed, BALANCED, example=True, seconds=5)
        assert found.answer == "consistent"
        y_true, y_pred = labels_of(confusion_of(found.right, found.predicted, BALANCED))
        precision, recall, f1, _ = precision_recall_fscore_support(y_true, y_pred, average="macro")
        assert round(accuracy_score(y_true, y_pred), 4) in shown(0.8895, 4)
        assert precision in shown(0.8930, 4)
        assert recall in shown(0.8895, 4)
        assert f1 in shown(0.8892, 4)

    @pytest.mark.parametrize(
        "printed",
        [
            {"accuracy": 0.8895, "precision": 0.8930, "recall": 0.8895, "f1": 0.8914},
            {"accuracy": 0.8895, "precision": 0.8930, "recall": 0.8895, "f1": 0.8920},
            {"accuracy": 0.8895, "precision": 0.8930, "recall": 0.8900, "f1": 0.8892},
            {"accuracy": 0.8895, "precision": 0.8930, "recall": 0.8895, "f1": 0.80},
            {"accuracy": 0.8895, "precision": 0.95, "recall": 0.8895, "f1": 0.8892},
        ],
    )
    def test_certified_impossible(self, printed: dict[str, float]) -> None:
        assert judge_macro(macro(**printed), BALANCED, seconds=5).answer == "inconsistent"

    def test_f1_of_averages_is_a_definition(self) -> None:
        """Of 90 and 10 right with 150 and 50 predicted: 0.4444, while the mean of F1 is 0.4267."""
        printed = macro(accuracy=0.5, precision=0.4, recall=0.5, f1=0.4444)
        assert judge_macro(printed, [100, 100], seconds=5).answer == "undecided"

    def test_bound(self) -> None:
        exact = Range(low=0.893, high=0.893), Range(low=0.8895, high=0.8895)
        assert highest_f1(*exact) == pytest.approx(0.891247, abs=1e-6)

    def test_no_time_is_no_proof(self) -> None:
        printed = macro(accuracy=0.8895, precision=0.95, recall=0.8895, f1=0.8892)
        found = judge_macro(printed, BALANCED, seconds=0)
        assert (found.answer, found.why) == ("undecided", NO_TIME)

    def test_the_hull_alone_names_no_example(self) -> None:
        printed = macro(accuracy=0.8895, precision=0.8930, recall=0.8895, f1=0.8892)
        found = judge_macro(printed, BALANCED, seconds=5)
        assert (found.answer, found.why) == ("undecided", POSSIBLE)

    def test_a_class_without_items_is_not_judged(self) -> None:
        assert judge_macro(macro(accuracy=0.5), [10, 0]).answer == "undecided"

    def test_many_large_classes_are_not_judged(self) -> None:
        found = judge_macro(macro(f1=0.9, recall=0.9), range(20_000, 20_100))
        assert (found.answer, found.why) == ("undecided", NO_TIME)

    def test_real_scores_are_never_inconsistent(self) -> None:
        for seed in range(400):
            assert wrongly_accused(seed) == ""

    @pytest.mark.slow
    def test_real_scores_are_never_inconsistent_in_many_cases(self) -> None:
        for seed in range(400, 6000):
            assert wrongly_accused(seed) == ""


def wrongly_accused(seed: int) -> str:
    """The law that genuine scores are said to break, as printed in some way; empty for none."""
    y_true, y_pred, classes = arrays(seed)
    pick = random.Random(seed)  # noqa: S311 - a seeded choice
    values = precision_recall_fscore_support(
        y_true, y_pred, average="macro", labels=range(classes), zero_division=pick.choice([0, 1])
    )[:3]
    decimals, cut = pick.choice([2, 3, 4, 5, 16]), pick.random() < 0.5
    printed = [
        shown(as_printed(each, decimals, cut), decimals) if pick.random() < 0.8 else None
        for each in (accuracy_score(y_true, y_pred), *values)
    ]
    scores = Macro(accuracy=printed[0], precision=printed[1], recall=printed[2], f1=printed[3])
    supports = np.bincount(y_true, minlength=classes).tolist()
    verdict = judge_macro(scores, supports, seconds=5)
    return f"seed {seed}: {verdict.why}" if verdict.answer == "inconsistent" else ""


def labels_of(rows: Sequence[Sequence[int]]) -> tuple[list[int], list[int]]:
    pairs = [
        (true, predicted)
        for true, row in enumerate(rows)
        for predicted, count in enumerate(row)
        for _ in range(count)
    ]
    return [true for true, _ in pairs], [predicted for _, predicted in pairs]


class TestCounts:
    @given(st.lists(st.lists(st.integers(0, 30), min_size=3, max_size=3), min_size=3, max_size=3))
    def test_margins_and_scores(self, rows: list[list[int]]) -> None:
        matrix = Confusion(rows=tuple(map(tuple, rows)))
        y_true, y_pred = labels_of(rows)
        assert matrix.n == len(y_true)
        assert matrix.supports == tuple(y_true.count(each) for each in range(3))
        assert matrix.predicted == matrix.turned.supports
        if y_true:
            expected = precision_recall_fscore_support(
                y_true, y_pred, labels=range(3), zero_division=0
            )[:3]
            for index in range(3):
                got = matrix.class_scores(index)
                assert got == pytest.approx([each[index] for each in expected])

    @given(st.lists(st.lists(st.integers(0, 9), min_size=4, max_size=4), min_size=4, max_size=4))
    def test_margins_give_a_matrix(self, rows: list[list[int]]) -> None:
        matrix = Confusion(rows=tuple(map(tuple, rows)))
        right = tuple(rows[index][index] for index in range(4))
        made = Confusion(rows=confusion_of(right, matrix.predicted, matrix.supports))
        assert (made.supports, made.predicted, made.right) == (
            matrix.supports, matrix.predicted, matrix.right,
        )  # fmt: skip

    def test_separation(self) -> None:
        found = separation([[0.9, 0.1], [0.3, 0.7]], 1)
        assert 0.6 in found
        assert 0.75 not in found

    @pytest.mark.parametrize("values", [[], [[1.0]], [[1.0, 2.0], [1.0]]])
    def test_separation_needs_a_square(self, values: list[list[float]]) -> None:
        with pytest.raises(ValueError, match="square"):
            separation(values, 2)

    @given(st.lists(st.lists(st.floats(0, 1), min_size=5, max_size=5), min_size=5, max_size=5))
    def test_separation_holds_what_was_before_rounding(self, values: list[list[float]]) -> None:
        exact = separation(values, 12)
        printed = [[round(each, 2) for each in row] for row in values]
        assert (exact.low + exact.high) / 2 in separation(printed, 2)
