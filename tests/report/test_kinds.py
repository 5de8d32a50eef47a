"""Pages of tasks that are no classification: their units, their texts, their similarities."""

import pytest

from grader.report import class_page, student_page
from tests.report import sample_kinds as kinds
from tests.report.reading_html import Page
from tests.report.test_escaping import HOSTILE, assert_inert

RESULT = kinds.of_every_kind()
STUDENT = Page(student_page(RESULT, kinds.KINDS).html)


def test_metrics_have_their_titles_and_usual_units() -> None:
    text = STUDENT.text
    assert "BLEU-1, BLEU-4 and METEOR from 0 to 100, CIDEr-D from 0 to 10." in text
    assert "BLEU-4 not stated 45.21 45.21 45.21 3 42.2–48.2" in text  # noqa: RUF001
    assert "METEOR not stated 31.27" in text
    assert "CIDEr-D not stated 1.2500 1.2500 1.2500 3 1.220–1.400" in text  # noqa: RUF001
    assert "Recall@1, image to text not stated 0.5000" in text
    assert "Similarity score not stated 0.0546" in text


def test_the_verdict_names_the_metric_and_what_was_scored() -> None:
    text = STUDENT.text
    assert "our captioning BLEU-4 of 45.21 on 3 test images holds" in text
    assert "our vqa VQA accuracy of 0.9555 on 3 test questions holds" in text
    assert "our retrieval Recall@1 from image to text of 0.5000 on 3 test images holds" in text
    assert "our similarity similarity score of 0.0546 on 3 test pairs holds" in text


def test_captions_stand_beside_those_of_people_with_their_row() -> None:
    text = STUDENT.text
    assert "The one caption that equals none by people, of 3." in text
    assert "Row 42 a green ring A green cross. A view of a green cross on the snow." in text
    assert "Row 40" not in text, "that caption equals one by people"
    assert "Row 1 2 3" in text, "an answer nobody gave, of items whose rows are unknown"


def test_equal_captions_are_shown_when_there_are_no_others() -> None:
    right = tuple(each.rstrip(".") for each in kinds.BY_PEOPLE[0])
    text = Page(student_page(kinds.of_every_kind(texts=right), kinds.KINDS).html).text
    assert "The first 3 captions; all 3 equal one by people." in text


def test_nothing_is_shown_of_texts_that_were_not_recorded() -> None:
    shorter = kinds.of_every_kind(texts=kinds.CAPTIONS[:2])
    text = Page(student_page(shorter, kinds.KINDS).html).text
    assert "Caption by the model" not in text
    assert "Answer by the model" in text


def test_there_are_no_classes_and_no_chance() -> None:
    for absent in ("Classes in the sample", "Confusion matrix", "Guessing", "Averaging"):
        assert absent not in STUDENT.text
    assert "CIDEr-D has another scale and is not drawn." in STUDENT.text
    charts = [each for each in STUDENT.values("aria-label") if each.startswith("Band chart")]
    assert len(charts) == 4
    assert charts[0].startswith("Band chart from 0 to 100. BLEU-1: recomputed 90.00")


def test_similarities_are_a_table_with_both_means() -> None:
    text = STUDENT.text
    assert "Similarities 2 images by 4 captions" in text
    assert "0.3200 on average for pairs that belong together, 0.1300 for others" in text
    assert "Image 0 0.31 0.12 Image 1 0.14 0.33" in text


def test_tests_against_the_reference_are_told_in_the_unit_of_the_metric() -> None:
    text = STUDENT.text
    assert "Other images: +1.00, between -1.00 and +2.00; up to 3.00 either way" in text
    assert "The same 3 questions: 66.7% of the answers are equal; 1 right only here, 0" in text
    assert "(McNemar, exact, p = 1)" in text


def test_doubts_about_the_reference_are_for_the_course() -> None:
    reviewer = Page(student_page(RESULT, kinds.KINDS, audience="reviewer").html).text
    overview = Page(class_page([RESULT, kinds.of_every_kind("dunlin")], kinds.KINDS, pages={})).text
    assert kinds.WARNING not in STUDENT.text
    assert kinds.WARNING in reviewer
    assert overview.count(kinds.WARNING) == 1


def test_the_class_table_uses_the_same_units() -> None:
    text = Page(class_page([RESULT], kinds.KINDS, pages={})).text
    assert "45.21 3 0.9555 3 0.5000 3 0.0546 3" in text


@pytest.mark.parametrize("text", HOSTILE)
def test_captions_are_never_markup(text: str) -> None:
    like = kinds.of_every_kind(texts=("plain",) * 3, dataset="plain")
    hostile = kinds.of_every_kind(texts=(text,) * 3, dataset=text)
    pages = [student_page(each, kinds.KINDS).html for each in (hostile, like)]
    assert_inert(*pages)
