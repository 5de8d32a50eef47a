"""Laws that hold for every prediction, so the detectors must never speak against them."""

from decimal import ROUND_DOWN, ROUND_HALF_UP, Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import precision_recall_fscore_support

from grader.detect import detect, load_detectors
from grader.model import Case
from grader.model.interval import wilson
from tests import build

PAIRS = st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4)), min_size=1, max_size=40)
ROUNDING = st.sampled_from([ROUND_HALF_UP, ROUND_DOWN])


def found(code: str, case: Case) -> list[str]:
    chosen = [each for each in load_detectors() if each.code == code]
    return [finding.message for finding in detect(case, chosen).findings]


def spelled(value: float, decimals: int, rounding: str) -> Decimal:
    return Decimal(repr(value)).quantize(Decimal(1).scaleb(-decimals), rounding)


@settings(max_examples=60, deadline=None)
@given(pairs=PAIRS, decimals=st.integers(2, 5), rounding=ROUNDING)
def test_no_predictions_break_the_bound_on_macro_f1(
    pairs: list[tuple[int, int]], decimals: int, rounding: str
) -> None:
    y_true, y_pred = zip(*pairs, strict=True)
    scores = precision_recall_fscore_support(y_true, y_pred, average="macro", zero_division=0)
    lines = [
        f"{name}: {spelled(float(value), decimals, rounding)}"
        for name, value in zip(
            ("Macro Precision", "Macro Recall", "Macro F1"), scores, strict=False
        )
    ]
    case = build.case(build.code(0, "# CLIP\nreport()", "\n".join(lines)))
    assert len(case.evidence.reported) == 3
    assert found("NUM006", case) == []


def test_a_macro_f1_above_the_bound_is_found_in_the_same_form() -> None:
    output = "Macro Precision: 0.8930\nMacro Recall: 0.8895\nMacro F1: 0.8920"
    case = build.case(build.code(0, "# CLIP\nreport()", output))
    assert len(found("NUM006", case)) == 1


@settings(max_examples=60, deadline=None)
@given(
    correct=st.integers(0, 10_000),
    printed=st.integers(2, 6),
    written=st.integers(0, 3),
    rounding=ROUNDING,
)
def test_a_rounded_or_cut_score_is_never_a_mismatch(
    correct: int, printed: int, written: int, rounding: str
) -> None:
    accuracy = correct / 10_000
    case = build.case(
        build.code(0, "# CLIP\nprint(accuracy)", f"Accuracy: {accuracy:.{printed}f}"),
        build.text(1, f"CLIP has an accuracy of {spelled(100 * accuracy, written, rounding)}%."),
    )
    assert found("OUT003", case) == []


def test_another_score_is_a_mismatch_in_the_same_form() -> None:
    case = build.case(
        build.code(0, "# CLIP\nprint(accuracy)", "Accuracy: 0.8812"),
        build.text(1, "CLIP has an accuracy of 92.4%."),
    )
    assert len(found("OUT003", case)) == 1


@given(share=st.floats(0, 1), n=st.integers(1, 10_000))
def test_the_interval_holds_the_share_and_stays_between_0_and_1(share: float, n: int) -> None:
    low, high = wilson(share, n)
    assert 0 <= low <= share + 1e-12
    assert share - 1e-12 <= high <= 1


@given(share=st.floats(0, 1), n=st.integers(1, 5_000))
def test_the_interval_narrows_with_more_items(share: float, n: int) -> None:
    low, high = wilson(share, n)
    narrower_low, narrower_high = wilson(share, 2 * n)
    assert narrower_high - narrower_low < high - low or high - low == pytest.approx(0)
