"""The feedback page says what is known, and nothing else."""

import pytest

from grader.model import Comparisons, Detection, Grade, Outcome, Output, Result
from grader.report import Context, student_page
from tests.report import sample_findings as facts
from tests.report import sample_parts as parts
from tests.report import sample_results as sample
from tests.report.reading_html import Page

OUTCOMES = sample.every_outcome()


def page_of(result: Result, context: Context = facts.CONTEXT) -> Page:
    return Page(student_page(result, context).html)


@pytest.mark.parametrize("name", OUTCOMES)
def test_every_outcome_renders_with_its_message(name: str) -> None:
    result = OUTCOMES[name]
    page = page_of(result)
    assert f"Feedback for {result.student}" in page.text
    assert "Graded 14 Nov 2026, 09:42 UTC" in page.text
    assert result.message in page.text
    assert len(student_page(result, facts.CONTEXT).html) < 1_000_000


def test_the_verdict_is_composed_of_facts() -> None:
    assert (
        "Your CLIP score of 0.8895 on 10,000 test images holds; your ViT score comes from one "
        "test image, so no accuracy can be read from it yet."
        in page_of(sample.single_sample()).text
    )
    assert "Your ViT score of 0.9365 on 126 test images holds" in page_of(sample.honest()).text


def test_points_are_earned_waiting_or_not_earned() -> None:
    text = page_of(sample.single_sample()).text
    assert "55 of 100 points so far" in text
    assert "55 earned" in text
    assert "25 wait for a person" in text
    assert "20 not earned" in text


def test_the_finding_that_most_points_depend_on_comes_first() -> None:
    text = page_of(sample.single_sample()).text
    first, _, after = text.partition("After that")
    assert "Fix this first Evaluate ViT on all 128 test images" in first
    assert "20 points in 2 criteria depend on this." in first
    assert after.index("Write 88.95% in cell 6") < after.index("Choose the CLIP prompt")


def test_without_findings_there_is_nothing_to_fix() -> None:
    text = page_of(sample.honest()).text
    assert "Nothing to fix" in text
    assert "Fix this first" not in text


@pytest.mark.parametrize(
    "result", [sample.unreadable(), sample.environment(), sample.harness_error()]
)
def test_short_pages_speak_of_no_points_and_no_tasks(result: Result) -> None:
    page = page_of(result)
    assert "Criteria and points" not in page.text
    assert "Fix this first" not in page.text
    assert not any(each.startswith("task-") for each in page.ids)
    machine = result.outcome is not Outcome.UNREADABLE
    assert page.text.count("costs no points") == machine
    silent = page_of(result.model_copy(update={"message": ""}))
    assert silent.text.count("costs no points") == machine


def test_unknown_values_are_the_word_and_never_zero() -> None:
    entry = parts.comparisons().entries[0]
    blank = entry.model_copy(
        update=dict.fromkeys(
            ("claimed", "saved", "rerun", "recomputed", "n", "interval", "reference")
        )
    )
    result = sample.honest().model_copy(update={"comparisons": Comparisons(entries=(blank,))})
    text = page_of(result).text
    assert "Accuracy not stated unknown unknown unknown unknown unknown" in text
    assert "0.0000" not in text


def test_the_claimed_number_keeps_its_spelling() -> None:
    text = page_of(sample.single_sample()).text
    assert "Accuracy 91% 0.8895 0.8895 0.8895 10,000" in text


def test_hints_and_starter_flaws_reach_the_reviewer_only() -> None:
    result = sample.single_sample()
    student = student_page(result, facts.CONTEXT).html
    reviewer = student_page(result, facts.CONTEXT, audience="reviewer").html
    for hidden in (facts.HINT, facts.STARTER):
        assert hidden.code not in student
        assert hidden.name not in student
        assert hidden.message not in student
        assert hidden.code in reviewer
    assert "not shown to the student" in reviewer
    assert "not shown to the student" not in student


def test_a_criterion_never_quotes_what_the_student_must_not_see() -> None:
    graded = parts.grade({"clip-valid": (facts.HINT,)})
    quoted = tuple(
        entry.model_copy(update={"why": f"Waits. {facts.HINT.message}"})
        for entry in graded.criteria
    )
    result = sample.single_sample().model_copy(
        update={"grade": Grade(submission="0", rubric="r@1", criteria=quoted)}
    )
    html = student_page(result, facts.CONTEXT).html
    assert html.count(facts.HINT.message) == len(quoted) - 1


def test_both_audiences_find_a_finding_under_the_same_anchor() -> None:
    twice = (
        facts.DAT005.model_copy(update={"from_starter": True}),
        facts.DAT005,
    )
    result = sample.honest().model_copy(update={"detection": Detection(findings=twice)})
    student = page_of(result).ids
    reviewer = Page(student_page(result, facts.CONTEXT, audience="reviewer").html).ids
    assert "DAT005-2" in student
    assert "DAT005" not in student
    assert {"DAT005", "DAT005-2"} <= set(reviewer)


@pytest.mark.parametrize("name", OUTCOMES)
def test_anchors_are_unique_and_links_find_them(name: str) -> None:
    page = page_of(OUTCOMES[name])
    assert len(page.ids) == len(set(page.ids))
    inside = {href[1:] for href in page.values("href") if href.startswith("#")}
    assert inside <= set(page.ids)


def test_an_excerpt_shows_the_line_with_its_remark() -> None:
    text = page_of(sample.single_sample()).text
    assert "Highlighted line 1: pred = trainer.predict(prepared_ds['test']" in text
    assert "keeps 1 of 128 images" in text


def test_a_long_excerpt_is_capped_and_says_so() -> None:
    source = "\n".join(f"line_{number}" for number in range(1, 101))
    cells = tuple(
        each.model_copy(update={"source": source}) if each.index == 5 else each
        for each in facts.CELLS
    )
    shown = facts.finding("DAT005", "test-set-tuning", cell=5, line=50, task="clip")
    result = sample.honest().model_copy(
        update={
            "evidence": parts.evidence(126, cells),
            "detection": Detection(findings=(shown,)),
        }
    )
    text = page_of(result).text
    assert "12 of 100 lines shown." in text
    assert "Highlighted line 50: line_50" in text
    assert "line_47" not in text
    assert "line_60" not in text


def test_numbers_of_the_text_are_held_against_the_notebook() -> None:
    text = page_of(sample.single_sample()).text
    assert "91% Task 3: comparison 0.8895, recomputed contradicted" in text
    assert "88.95% Task 3: comparison 0.8895, recomputed supported" in text
    assert "76.2% Task 3" not in text  # a cited number is no claim of the student


def test_the_confusion_matrix_counts_the_recorded_arrays() -> None:
    page = page_of(sample.honest())
    assert "Hatched rows" not in page.text
    assert any(each.startswith("Confusion matrix. 0: ") for each in page.values("aria-label"))


def test_a_class_without_an_image_has_an_unknown_recall() -> None:
    text = page_of(sample.single_sample()).text
    assert "Hatched rows have no image." in text
    assert "angular_leaf_spot 1.0000 1 bean_rust unknown 0 healthy unknown 0" in text


def test_the_run_is_described() -> None:
    text = page_of(sample.single_sample()).text
    assert "All 4 code cells ran once, top to bottom, in a new kernel without network." in text
    assert "Cell 3 stopped with an error NameError: name 'x'" in text
    assert "Small stand-ins under the names your notebook uses (profile tiny)" in text
    assert "!pip install evaluate --quiet : not executed" in text
    assert "1234, set before the first cell" in text


def test_output_that_was_cut_is_mentioned() -> None:
    whole = sample.single_sample()
    assert whole.run is not None
    assert "showed more than is kept" not in page_of(whole).text
    output = Output(kind="stdout", text="x", truncated=True)
    first = whole.run.cells[0].model_copy(update={"outputs": (output,)})
    run = whole.run.model_copy(update={"cells": (first, *whole.run.cells[1:])})
    page = page_of(whole.model_copy(update={"run": run}))
    assert "1 cell showed more than is kept." in page.text


def test_what_could_not_be_assessed_names_what_it_needs() -> None:
    text = page_of(sample.single_sample()).text
    assert "Shuffling one image changes nothing. At least 64 test images" in text


def test_code_between_backticks_is_set_as_code() -> None:
    shown = facts.DAT005.model_copy(update={"remedy": "Call `f(x)` once."})
    odd = facts.DAT005.model_copy(update={"remedy": "A lone ` stays."})
    result = sample.honest().model_copy(update={"detection": Detection(findings=(shown, odd))})
    html = student_page(result, facts.CONTEXT).html
    assert "Call <code>f(x)</code> once" in html
    assert "A lone ` stays" in html


@pytest.mark.parametrize(
    ("verdict", "sentence"),
    [
        ("agrees", "Your ViT score of 0.9365 on 126 test images was reproduced"),
        ("not-reproduced", "your ViT score of 0.9365 on 126 test images was not reproduced"),
        ("above-band", "your ViT score of 0.9365 on 126 test images lies above the reference"),
        ("not-comparable", "your ViT score of 0.9365 on 126 test images could not be compared"),
        ("not-evaluated", "what your ViT score was computed from was not recorded"),
    ],
)
def test_the_clause_follows_the_comparison(verdict: str, sentence: str) -> None:
    entries = tuple(
        each.model_copy(update={"verdict": verdict}) if each.task == "vit" else each
        for each in parts.comparisons(126).entries
    )
    result = sample.honest().model_copy(update={"comparisons": Comparisons(entries=entries)})
    assert sentence in page_of(result).text


def test_a_score_on_training_images_says_so() -> None:
    known = parts.evidence(126)
    trained = tuple(
        each.model_copy(update={"is_training_data": True, "split": "train"})
        for each in known.evaluations
    )
    entries = tuple(
        each.model_copy(update={"verdict": "not-comparable"})
        for each in parts.comparisons(126).entries
    )
    result = sample.honest().model_copy(
        update={
            "evidence": known.model_copy(update={"evaluations": trained}),
            "comparisons": Comparisons(entries=entries),
        }
    )
    text = page_of(result).text
    assert "was computed on the images the model was trained on" in text
    assert "test images" not in text.partition("Task 1")[0]
