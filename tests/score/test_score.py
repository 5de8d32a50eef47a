"""What no rubric and no set of findings may break."""

from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from grader.compare import compare
from grader.model import (
    Case,
    Confidence,
    Criterion,
    Detection,
    EvidenceKind,
    EvidenceRef,
    Finding,
    Lab,
    Unassessed,
    Verdict,
)
from grader.score import score
from tests import build

NAMES = ("single-sample-eval", "stale-output", "random-labels")
WHERE = EvidenceRef(kind=EvidenceKind.SOURCE, cell=0, line=1)
TEXT = {"message": "m", "measured": "m", "why": "w", "remedy": "r", "sure": "s"}


def finding(
    name: str, severity: str = "invalid", confidence: str = "certain", task: str | None = None
) -> Finding:
    facts = {"code": "X", "name": name, "severity": severity, "confidence": confidence, **TEXT}
    return Finding.model_validate({**facts, "task": task, "evidence": [WHERE]})


FINDINGS = st.builds(
    finding,
    name=st.sampled_from(NAMES),
    severity=st.sampled_from(["invalid", "major", "minor", "review"]),
    confidence=st.sampled_from([each.value for each in Confidence]),
    task=st.sampled_from([None, "vit", "clip"]),
)
SILENT = st.builds(Unassessed, code=st.just("X"), name=st.sampled_from(NAMES), reason=st.just("r"))
DETECTIONS = st.builds(
    Detection,
    findings=st.lists(FINDINGS, max_size=4).map(tuple),
    unassessed=st.lists(SILENT, max_size=2).map(tuple),
)
BEST_LAST = (Verdict.NOT_MET, Verdict.NEEDS_REVIEW, Verdict.NOT_ASSESSED, Verdict.MET)


def lab_of(criteria: Sequence[Criterion]) -> Lab:
    return build.lab().model_copy(update={"criteria": tuple(criteria)})


LAB = lab_of(
    [
        Criterion(id="a", title="A", points=3, absent=("single-sample-eval", "stale-output")),
        Criterion(id="b", title="B", points=2, task="vit", absent=("random-labels",)),
        Criterion(id="c", title="C", points=1, manual=True),
        Criterion(id="d", title="D", points=2, task="vit", valid=True),
    ]
)
SCORED = {"cell": 0, "method": "predict", "rows": 86, "dataset": "AI-Lab-Makerere/beans"}
CASE = build.case("print(1)", recorded=[{"trainer": SCORED}]).model_copy(update={"lab": LAB})


@given(DETECTIONS)
def test_points_stay_within_the_rubric(detection: Detection) -> None:
    for entry in score(CASE, detection).criteria:
        assert entry.points is None or 0 <= entry.points <= entry.max_points


@given(DETECTIONS, FINDINGS)
def test_one_more_finding_never_improves_a_verdict(detection: Detection, extra: Finding) -> None:
    worse = detection.model_copy(update={"findings": (*detection.findings, extra)})
    before, after = score(CASE, detection).criteria, score(CASE, worse).criteria
    for a, b in zip(before, after, strict=True):
        assert BEST_LAST.index(b.verdict) <= BEST_LAST.index(a.verdict)


@given(DETECTIONS)
def test_a_point_is_never_lost_on_anything_but_certainty(detection: Detection) -> None:
    for entry in score(CASE, detection).criteria:
        if entry.points == 0:
            assert any(one.confidence == Confidence.CERTAIN for one in entry.findings)


@given(DETECTIONS)
def test_every_verdict_gives_its_reason(detection: Detection) -> None:
    assert all(entry.why for entry in score(CASE, detection).criteria)


def verdicts(case: Case, *found: Finding) -> dict[str, Verdict]:
    grade = score(case, Detection(findings=found))
    return {entry.criterion: entry.verdict for entry in grade.criteria}


def test_a_finding_of_another_task_does_not_count() -> None:
    assert verdicts(CASE, finding("random-labels", task="clip"))["b"] == Verdict.MET
    assert verdicts(CASE, finding("random-labels", task="vit"))["b"] == Verdict.NOT_MET


def test_the_course_s_own_lines_cost_a_student_nothing() -> None:
    own = finding("random-labels", task="vit").model_copy(update={"from_starter": True})
    assert verdicts(CASE, own)["b"] == Verdict.MET


def test_a_likely_finding_waits_for_a_person() -> None:
    waiting = finding("random-labels", confidence="likely", task="vit")
    assert verdicts(CASE, waiting)["b"] == Verdict.NEEDS_REVIEW


def test_what_makes_an_evaluation_invalid_counts_whoever_finds_it() -> None:
    assert verdicts(CASE)["d"] == Verdict.MET
    assert verdicts(CASE, finding("of-a-plug-in", task="vit"))["d"] == Verdict.NOT_MET
    assert verdicts(CASE, finding("of-a-plug-in", "major", task="vit"))["d"] == Verdict.MET
    assert verdicts(CASE, finding("of-a-plug-in", task="clip"))["d"] == Verdict.MET
    waiting = finding("of-a-plug-in", confidence="likely", task="vit")
    assert verdicts(CASE, waiting)["d"] == Verdict.NEEDS_REVIEW
    hint = finding("of-a-plug-in", confidence="hint", task="vit")
    assert verdicts(CASE, hint)["d"] == Verdict.MET


def test_a_detector_that_could_not_look_leaves_validity_open_only_where_it_is_named() -> None:
    silent = Unassessed(code="X", name="random-labels", reason="r")
    grade = score(CASE, Detection(unassessed=(silent,)))
    found = {entry.criterion: entry.verdict for entry in grade.criteria}
    assert (found["b"], found["d"]) == (Verdict.NOT_ASSESSED, Verdict.MET)


EVALUATED = """
- trainer: {cell: 1, method: predict, rows: 86, split: test, dataset: AI-Lab-Makerere/beans,
            is_training_data: false, y_true: 0x43 1x43, y_pred: 0x40 1x46}
"""


def evaluated(*printed: str, saved: str | None = None) -> Case:
    """A notebook whose one cell scores ViT on 86 images."""
    import yaml

    case = build.case(
        build.text(0, "# Task 1: ViT"),
        build.code(1, "pred = trainer.predict(test)", *([saved] if saved else [])),
        rerun={1: "\n".join(printed)},
        recorded=yaml.safe_load(EVALUATED),
    )
    return case.model_copy(update={"comparisons": compare(case.evidence, case.lab, None)})


def one(criterion: Criterion, case: Case) -> tuple[Verdict, str]:
    entry = score(case.model_copy(update={"lab": lab_of([criterion])}), Detection()).criteria[0]
    return entry.verdict, entry.why


def test_items_are_counted() -> None:
    few = Criterion(id="n", title="N", points=1, task="vit", min_n=100)
    assert one(few, evaluated()) == (
        Verdict.NOT_MET,
        "86 of at least 100 test items were scored.",
    )
    enough = few.model_copy(update={"min_n": 80})
    assert one(enough, evaluated())[0] == Verdict.MET


def test_finding_nothing_where_nothing_was_evaluated_earns_nothing() -> None:
    clean = Criterion(id="n", title="N", points=1, task="clip", absent=("random-labels",))
    assert one(clean, evaluated())[0] == Verdict.NEEDS_REVIEW
    assert one(clean.model_copy(update={"task": "vit"}), evaluated())[0] == Verdict.MET


def test_an_evaluation_nobody_saw_waits_for_a_person() -> None:
    few = Criterion(id="n", title="N", points=1, task="clip", min_n=100)
    assert one(few, evaluated())[0] == Verdict.NEEDS_REVIEW


def test_a_printed_score_must_be_the_recomputed_one() -> None:
    reported = Criterion(id="r", title="R", points=1, task="vit", reported=("accuracy",))
    assert one(reported, evaluated("Accuracy: 0.9651"))[0] == Verdict.MET
    assert one(reported, evaluated("Accuracy: 0.99"))[0] == Verdict.NEEDS_REVIEW
    assert one(reported, evaluated("done"))[0] == Verdict.NEEDS_REVIEW


def test_a_saved_score_must_be_reproduced() -> None:
    again = Criterion(id="r", title="R", points=1, task="vit", reproduced=True)
    assert one(again, evaluated("Accuracy: 0.9651", saved="Accuracy: 0.9651"))[0] == Verdict.MET
    changed = one(again, evaluated("Accuracy: 0.9651", saved="Accuracy: 0.7000"))
    assert changed[0] == Verdict.NEEDS_REVIEW
    assert "0.7000" in changed[1]


@given(DETECTIONS)
def test_a_doubtful_recording_earns_nothing_that_rests_on_it(detection: Detection) -> None:
    facts = [{"trainer": SCORED}, {"tamper": {"cell": 0, "kind": "lost"}}]
    doubtful = build.case("print(1)", recorded=facts).model_copy(update={"lab": LAB})
    for before, after in zip(
        score(CASE, detection).criteria, score(doubtful, detection).criteria, strict=True
    ):
        assert after.verdict != Verdict.MET
        if before.verdict == Verdict.NOT_MET:
            assert after.verdict == Verdict.NOT_MET
