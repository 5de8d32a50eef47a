"""Five values that belong together, and what follows from them."""

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from grader.compare import compare, interval
from grader.model import Band, Comparison, ReferenceRecord, ReferenceScore
from grader.model import Machine as RunMachine
from tests import build

MACHINE = RunMachine(
    python="3.11",
    platform="x",
    device="cpu",
    cores=2,
    sandbox="x",
    seed=1,
    profile="tiny",
    versions={},
)


def reference(low: float, high: float, n: int = 128) -> ReferenceRecord:
    band = Band(low=low, high=high, n=n, runs=3, method="m")
    score = ReferenceScore(task="vit", metric="accuracy", values=(low, high), band=band)
    return ReferenceRecord(
        lab="week9-vit-clip",
        profile="tiny",
        seeds=(1, 2, 3),
        notebook="0",
        date="2026-01-01",
        machine=MACHINE,
        tasks=(),
        scores=(score,),
    )


def vit(
    predict: str,
    *,
    printed: str | None = None,
    saved: str | None = None,
    text: str = "# Task 1: ViT",
    band: ReferenceRecord | None = None,
) -> Comparison:
    """The ViT accuracy of a notebook with one recorded call of the trainer."""
    facts = yaml.safe_load(f"- trainer: {{cell: 1, method: predict, {predict}}}")
    case = build.case(
        build.text(0, text),
        build.code(1, "pred = trainer.predict(test)", *([saved] if saved else [])),
        rerun={1: printed} if printed else None,
        recorded=facts,
    )
    found = compare(case.evidence, case.lab, band).get("vit", "accuracy")
    assert found is not None
    return found


FULL = "rows: 128, dataset: AI-Lab-Makerere/beans, split: test, is_training_data: false"
GOOD = f"{FULL}, y_true: 0x43 1x43 2x42, y_pred: 0x40 1x46 2x42"
"""125 of 128 right: 0.9766."""


def test_the_five_values_stand_side_by_side() -> None:
    text = "# Task 1: ViT\n\nThe ViT model reached an accuracy of 97.7%."
    row = vit(GOOD, printed="Accuracy: 0.9766", saved="Accuracy: 0.9766", text=text)
    assert row.claimed is not None
    assert row.claimed.printed == "97.7%"
    assert row.saved is not None
    assert row.rerun is not None
    assert row.recomputed is not None
    assert (row.saved.value, row.rerun.value) == (0.9766, 0.9766)
    assert row.recomputed.value == pytest.approx(125 / 128)
    assert (row.n, row.verdict) == (128, "agrees")


def test_what_is_unknown_is_none() -> None:
    row = vit(FULL)
    assert (row.claimed, row.saved, row.rerun, row.recomputed, row.interval) == (None,) * 5
    assert row.n == 128


@pytest.mark.parametrize(
    ("low", "high", "verdict"),
    [(0.9, 0.99, "within-band"), (0.5, 0.6, "above-band"), (0.99, 1.0, "below-band")],
)
def test_a_score_on_the_reference_items_is_compared_with_the_band(
    low: float, high: float, verdict: str
) -> None:
    assert vit(GOOD, printed="Accuracy: 0.9766", band=reference(low, high)).verdict == verdict


def test_sampling_error_widens_the_band_when_the_items_differ() -> None:
    assert vit(GOOD, band=reference(0.98, 1.0, n=128)).verdict == "below-band"
    assert vit(GOOD, band=reference(0.98, 1.0, n=500)).verdict == "within-band"


@pytest.mark.parametrize(
    ("facts", "said"),
    [
        ("rows: 1, split: test, y_true: [0], y_pred: [0]", "1 item; at least 100"),
        ('rows: 128, split: train, y_true: "0x128", y_pred: "0x128"', "the train split"),
        ("rows: 128, split: test, is_training_data: true", "the model was trained on"),
        (FULL, "were not recorded"),
    ],
)
def test_another_evaluation_is_not_comparable_and_says_why(facts: str, said: str) -> None:
    row = vit(f"{facts}, dataset: AI-Lab-Makerere/beans" if "dataset" not in facts else facts)
    assert row.verdict == "not-comparable"
    assert said in row.why


def test_a_changed_score_is_not_reproduced() -> None:
    row = vit(GOOD, printed="Accuracy: 0.9766", saved="Accuracy: 0.7000")
    assert (row.verdict, "0.7000" in row.why) == ("not-reproduced", True)


def test_a_printed_score_that_is_not_the_recomputed_one_is_not_reproduced() -> None:
    row = vit(GOOD, printed="Accuracy: 0.9900")
    assert (row.verdict, "0.9766" in row.why) == ("not-reproduced", True)


def test_without_a_run_nothing_was_evaluated() -> None:
    case = build.case(build.code(0, "print(acc)  # vit", "Accuracy: 0.9"))
    entries = compare(case.evidence, case.lab, None).entries
    assert {entry.verdict for entry in entries} == {"not-evaluated"}


@given(st.integers(1, 5000), st.floats(0, 1))
def test_the_interval_holds_the_value(n: int, share: float) -> None:
    value = round(share * n) / n
    found = interval(value, n)
    assert found is not None
    assert 0 <= found[0] <= value + 1e-9
    assert value - 1e-9 <= found[1] <= 1


def test_the_interval_of_one_image_says_almost_nothing() -> None:
    assert interval(1.0, 1) == pytest.approx((0.2065, 1.0), abs=1e-4)
