"""What the pages of examples cannot say: other profiles, reference bands, execution counts."""

from typing import Any

import pytest

from grader.detect import detect, load_detectors
from grader.model import Band, Case, Cell, Comparison, Comparisons, Detection, Value
from grader.model.interval import half_width, wilson
from tests import build

CLIP = '# CLIP\nprint(f"Accuracy: {accuracy:.4f}")'
VIT = '# ViT\nprint(f"Accuracy: {accuracy:.4f}")'


def scored(correct: int, n: int) -> list[dict[str, dict[str, Any]]]:
    """Recorded: a metric of two classes in cell 0."""
    y_true = [0] * (n // 2) + [1] * (n - n // 2)
    y_pred = y_true[:correct] + [1 - label for label in y_true[correct:]]
    call = {"cell": 0, "library": "sklearn", "function": "accuracy_score", "value": correct / n}
    return [{"metric": {**call, "y_true": y_true, "y_pred": y_pred}}]


def with_published_models(case: Case) -> Case:
    return case.model_copy(update={"lab": case.lab.model_copy(update={"profile": "full"})})


def look(code: str, case: Case) -> Detection:
    return detect(case, [each for each in load_detectors() if each.code == code])


def said(detection: Detection) -> list[tuple[str, str]]:
    return [(each.severity, each.confidence.value) for each in detection.findings]


def moved() -> Case:
    """A saved score of 0.89 where our run gives 0.60, on 200 items."""
    cell = build.code(0, CLIP, "Accuracy: 0.8900")
    return build.case(cell, rerun={0: "Accuracy: 0.6000"}, recorded=scored(120, 200))


def test_a_moved_score_is_for_review_with_stand_ins_and_major_without() -> None:
    assert said(look("OUT001", moved())) == [("review", "likely")]
    assert said(look("OUT001", with_published_models(moved()))) == [("major", "likely")]


def banded(low: float, high: float) -> Comparisons:
    band = Band(low=low, high=high, n=128, runs=5, method="range")
    entry = Comparison(
        task="vit",
        metric="accuracy",
        saved=Value(value=0.95),
        rerun=Value(value=0.6),
        reference=band,
        verdict="below-band",
        why="",
    )
    return Comparisons(entries=(entry,))


@pytest.mark.parametrize(
    ("comparisons", "expected"),
    [(banded(0.9, 0.95), [("review", "likely")]), (banded(0.5, 0.95), [])],
)
def test_a_trained_model_may_move_within_its_band(
    comparisons: Comparisons, expected: list[tuple[str, str]]
) -> None:
    cell = build.code(0, VIT, "Accuracy: 0.9500")
    case = build.case(
        cell, rerun={0: "Accuracy: 0.6000"}, recorded=scored(77, 128), comparisons=comparisons
    )
    assert said(look("OUT001", case)) == expected


def test_without_a_band_a_moved_score_of_a_trained_model_is_not_assessed() -> None:
    cell = build.code(0, VIT, "Accuracy: 0.7000")
    case = build.case(cell, rerun={0: "Accuracy: 0.6000"}, recorded=scored(600, 1000))
    detection = look("OUT001", case)
    assert said(detection) == []
    assert "band" in detection.unassessed[0].reason


def test_without_a_band_a_score_that_moved_far_is_a_hint_to_the_reviewer() -> None:
    cell = build.code(0, VIT, "Accuracy: 0.9500")
    case = build.case(cell, rerun={0: "Accuracy: 0.6000"}, recorded=scored(77, 128))
    assert said(look("OUT001", case)) == [("review", "hint")]


def test_without_a_run_a_saved_score_is_not_assessed() -> None:
    detection = look("OUT001", build.case(build.code(0, CLIP, "Accuracy: 0.8900")))
    assert [each.code for each in detection.unassessed] == ["OUT001"]


def counted(count_of_model: int, count_of_score: int) -> Case:
    def cell(index: int, count: int, source: str, *outputs: str) -> Cell:
        return build.code(index, source, *outputs).model_copy(update={"execution_count": count})

    return build.case(
        cell(0, count_of_model, "# CLIP\naccuracy = score(model)"),
        cell(1, count_of_score, CLIP, "Accuracy: 0.6200"),
        rerun={1: "Accuracy: 0.6000"},
        recorded=scored(120, 200),
    )


def test_a_small_difference_counts_where_a_cell_was_run_again_afterwards() -> None:
    assert said(look("OUT001", counted(7, 3))) == [("review", "likely")]
    assert said(look("OUT001", counted(3, 7))) == []


def test_our_own_run_binds_the_text_only_with_published_models() -> None:
    case = build.case(
        CLIP,
        build.text(1, "CLIP reached an accuracy of 88.95%."),
        rerun={0: "Accuracy: 0.6000"},
        recorded=scored(120, 200),
    )
    assert said(look("OUT003", case)) == []
    assert said(look("OUT003", with_published_models(case))) == [("major", "likely")]


def test_forward_passes_are_not_assessed_with_a_model_of_ones_own() -> None:
    source = "# CLIP\nclass Net(torch.nn.Module):\n    def forward(self, x):\n        return x"
    case = build.case(source, recorded=scored(120, 200))
    detection = look("PRD008", case)
    assert said(detection) == []
    assert "Net" in detection.unassessed[0].reason


@pytest.mark.parametrize(
    ("share", "n", "low", "high"),
    # scipy.stats.binomtest(k, n).proportion_ci(method="wilson"), 4 decimals
    [(1.0, 1, 0.2065, 1.0), (0.9, 20, 0.6990, 0.9721), (0.5, 100, 0.4038, 0.5962)],
)
def test_interval_is_wilsons(share: float, n: int, low: float, high: float) -> None:
    from scipy.stats import binomtest

    ours = wilson(share, n)
    theirs = binomtest(round(share * n), n).proportion_ci(method="wilson")
    assert ours == pytest.approx((theirs.low, theirs.high), abs=1e-9)
    assert ours == pytest.approx((low, high), abs=5e-5)


def test_34_items_make_a_narrow_interval_at_nine_in_ten() -> None:
    assert half_width(30 / 33, 33) > 0.10 >= half_width(31 / 34, 34)
