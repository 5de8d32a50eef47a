"""The class page says what waits, what ended early, and how the class did."""

import pytest

from grader.model import Result
from grader.report import class_page
from tests.report import sample_findings as facts
from tests.report import sample_results as sample
from tests.report.reading_html import Page


def page_of(results: list[Result], pages: dict[str, str] | None = None) -> Page:
    return Page(class_page(results, facts.CONTEXT, pages=pages or {}))


def whole_class() -> list[Result]:
    return [*sample.every_outcome().values(), sample.single_sample("siskin")]


def test_the_state_is_one_sentence() -> None:
    assert (
        "1 of 9 submissions is graded as far as a program can, 3 wait for a decision from you "
        "and 5 did not finish." in page_of(whole_class()).text
    )


def test_equal_decisions_stand_together_with_their_points() -> None:
    text = page_of(whole_class()).text
    assert "dunlin, godwit, heron, knot, siskin" in text.replace(" ,", ",")
    assert "Decide “Numbers in the text agree with the notebook”. 5 points each" in text


def test_what_was_decided_without_a_person_is_listed() -> None:
    text = page_of([sample.single_sample()]).text
    assert "it can only be 0 or 1. 20 " in text


def test_machine_faults_are_to_be_run_again() -> None:
    text = page_of(whole_class()).text
    again = text[text.index("No points are lost by a machine fault.") :]
    again = again[: again.index("Decided without you")]
    assert [name for name in ("godwit", "grebe", "teal", "wigeon") if name in again] == [
        "godwit",
        "grebe",
        "teal",
    ]


def test_every_submission_has_a_row_with_sort_keys() -> None:
    results = whole_class()
    page = page_of(results)
    assert len([each for each in page.elements if "data-outcome" in each.attributes]) == len(
        results
    )
    assert "" in page.values("data-v")  # unknown sorts last, and is no zero
    assert "none yet" in page.text


def test_links_lead_to_the_pages_given() -> None:
    results = whole_class()
    pages = {result.student: f"students/{result.student}.html" for result in results}
    links = set(page_of(results, pages).values("href"))
    assert set(pages.values()) <= links
    assert "students/dunlin.html#OUT003" in links


@pytest.mark.parametrize(
    "href", ["javascript:alert(1)", "//example.org/x", "/etc/passwd", "https://example.org", "\\x"]
)
def test_no_link_leads_out_of_the_folder(href: str) -> None:
    page = page_of([sample.single_sample()], {"heron": href})
    assert href not in page.values("href")
    assert f"{href}#SMP001" not in page.values("href")


def test_starter_flaws_are_counted_apart() -> None:
    text = page_of([sample.single_sample("a"), sample.single_sample("b")]).text
    assert "unchanged in 2 of 2 notebooks" in text
    by_detector = text[text.index("Severity of each detector") :].partition("Starter flaws")[0]
    assert "DAT005" in by_detector
    assert "DAT006" not in by_detector


def test_an_empty_class_has_a_page() -> None:
    page = page_of([])
    assert "There is no submission yet." in page.text


def test_anchors_are_unique_and_found() -> None:
    page = page_of(whole_class())
    assert len(page.ids) == len(set(page.ids))
    inside = {href[1:] for href in page.values("href") if href.startswith("#")}
    assert inside <= set(page.ids)


def test_a_class_of_three_hundred_is_one_page() -> None:
    results = [sample.single_sample(f"student{number}") for number in range(300)]
    assert len(class_page(results, facts.CONTEXT, pages={}).encode()) < 5_000_000


def test_comments_that_ask_for_silence_are_counted_and_hide_nothing() -> None:
    result = sample.single_sample()
    assert result.detection is not None
    allowed = tuple(one.model_copy(update={"allowed": True}) for one in result.detection.findings)
    detection = result.detection.model_copy(update={"findings": allowed})
    text = page_of([result.model_copy(update={"detection": detection})]).text
    assert "Comments in 1 notebook ask for silence about " in text
    assert "all are shown and counted" in text
    assert "single-sample-eval" in text
