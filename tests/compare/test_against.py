"""A score against the reference: on the same items, on some of them, on others."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grader.compare import compare
from grader.model import Comparison, Evidence, ReferenceRecord
from tests import build
from tests.compare.runs import CIFAR, ZERO_SHOT, answers, recorded, zero_shot


def clip(
    evidence: Evidence, metric: str = "accuracy", record: ReferenceRecord | None = None
) -> Comparison:
    found = compare(evidence, build.lab(), record or recorded()).get("clip", metric)
    assert found is not None
    return found


def test_the_reference_itself_agrees_answer_by_answer() -> None:
    row = clip(zero_shot(answers(200)))
    assert row.verdict == "within-band"
    assert row.paired is not None
    assert (row.paired.same, row.paired.kappa, row.paired.p) == (1.0, 1.0, 1.0)
    assert "100.0% of the answers" in row.why


@pytest.mark.parametrize(
    ("wrong", "verdict"),
    [(200, "within-band"), (20, "above-band"), (222, "within-band"), (230, "within-band")],
)
def test_the_same_items_are_compared_with_the_band(wrong: int, verdict: str) -> None:
    assert clip(zero_shot(answers(wrong))).verdict == verdict


def test_far_below_on_the_same_items_is_below_and_says_the_test() -> None:
    row = clip(zero_shot(answers(600, every=3)))
    assert row.verdict == "below-band"
    assert "McNemar" in row.why
    assert row.paired is not None
    assert row.paired.only_reference > row.paired.only_submission


def test_part_of_the_items_is_compared_with_the_reference_on_that_part() -> None:
    row = clip(zero_shot(answers(200, n=300), start=0))
    assert row.reference is not None
    right = sum(label == said for label, said in zip(CIFAR, answers(200, n=300), strict=False))
    assert row.reference.n == 300
    middle = (row.reference.low + row.reference.high) / 2
    assert middle == pytest.approx(right / 300)
    assert (row.verdict, row.paired and row.paired.n) == ("within-band", 300)


def test_a_difference_of_a_few_items_may_be_chance() -> None:
    """Of 120 items 4 more are wrong: below the band of 0.03, but that is no evidence."""
    there = answers(200, n=120)
    worse = [
        (label + 1) % 10 if row in (1, 2, 3, 4) else said
        for row, (label, said) in enumerate(zip(CIFAR, there, strict=False))
    ]
    row = clip(zero_shot(worse))
    assert row.recomputed is not None
    assert row.reference is not None
    assert row.recomputed.value < row.reference.low
    assert (row.verdict, "may be chance" in row.why) == ("within-band", True)


def elsewhere(share: float, n: int) -> Evidence:
    """CLIP on training rows that the reference never scored, taken for the test split."""
    labels = build.TRUTH["uoft-cs/cifar10", "train"][:n]
    said = [(label + (row >= share * n)) % 10 for row, label in enumerate(labels)]
    evidence = zero_shot(answers(200))
    best = evidence.best("clip")
    assert best is not None
    recording = build.recording(
        [
            {
                "metric": {
                    "cell": 1,
                    "library": "sklearn",
                    "function": "accuracy_score",
                    "y_true": list(labels),
                    "y_pred": said,
                }
            }
        ]
    )
    call = recording.metric_calls[0]
    share = sum(a == b for a, b in zip(labels, said, strict=True)) / n
    other = best.model_copy(
        update={
            "n": n,
            "y_true": call.y_true,
            "y_pred": call.y_pred,
            "origin": None,
            "split": None,
            "scores": {"accuracy": share, "f1_macro": share},
        }
    )
    return evidence.model_copy(update={"evaluations": (other,), "recording": recording})


@pytest.mark.parametrize(
    ("share", "n", "verdict", "said"),
    [
        (0.9, 1000, "within-band", "within the margin"),
        (0.88, 150, "within-band", "too few"),
        (0.6, 1000, "below-band", "below the margin"),
        (1.0, 1000, "above-band", "above the margin"),
    ],
)
def test_other_items_are_compared_by_two_one_sided_tests(
    share: float, n: int, verdict: str, said: str
) -> None:
    row = clip(elsewhere(share, n))
    assert row.difference is not None
    assert (row.verdict, said in row.why) == (verdict, True)
    assert row.paired is None


def test_a_mean_over_classes_on_other_items_has_an_interval_too() -> None:
    row = clip(elsewhere(0.6, 1000), "f1")
    assert row.difference is not None
    assert "bootstrap" in row.difference.method
    assert row.verdict == "below-band"


@settings(max_examples=25, deadline=None)
@given(st.integers(100, 1000), st.floats(0.0, 1.0))
def test_nobody_is_below_who_is_as_good(n: int, share: float) -> None:
    row = clip(elsewhere(share, n))
    assert row.recomputed is not None
    if row.recomputed.value >= 0.9:
        assert row.verdict in ("within-band", "above-band")
    if row.recomputed.value <= 0.9:
        assert row.verdict in ("within-band", "below-band")


def test_other_prompts_explain_a_difference_and_are_named() -> None:
    other = ZERO_SHOT.replace("a photo of a {name}", "this is {name}")
    row = clip(zero_shot(answers(600, every=3), source=other))
    assert row.verdict == "not-comparable"
    assert row.why == 'Other prompts: "this is {}" here, "a photo of a {}" in the reference.'
    assert clip(zero_shot(answers(200), source=other)).verdict == "within-band"


def test_prompts_that_cannot_be_read_explain_nothing() -> None:
    unread = ZERO_SHOT.replace("text=prompts", "text=make(names)")
    assert clip(zero_shot(answers(600, every=3), source=unread)).verdict == "below-band"


def test_another_model_is_not_comparable_and_named() -> None:
    evidence = zero_shot(answers(200))
    best = evidence.best("clip")
    assert best is not None
    other = best.model_copy(update={"model": "openai/clip-vit-large-patch14"})
    row = clip(evidence.model_copy(update={"evaluations": (other,)}))
    assert (row.verdict, "clip-vit-large-patch14" in row.why) == ("not-comparable", True)


def test_the_margin_of_the_lab_is_the_width_of_the_band() -> None:
    lab = build.lab()
    task = lab.task("clip").model_copy(update={"margin": 0.2})
    wide = lab.model_copy(update={"tasks": (lab.tasks[0], task)})
    row = compare(zero_shot(answers(600, every=3)), wide, recorded()).get("clip", "accuracy")
    assert row is not None
    assert row.verdict == "within-band"
