"""Written answers are found under their headings, or below the code they are about."""

from time import process_time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader.evidence.answers import answers, word_count
from grader.model import Cell, WrittenAnswer
from tests import build

PROSE = "The model works well on these images and was quick to run on the machine we had. " * 3
"""51 words."""


def find(*cells: str, starter: tuple[int, ...] = ()) -> dict[str, WrittenAnswer]:
    """Answers of a notebook; cells that start with ``>`` are text."""
    made = [
        Cell(
            index=index,
            kind="markdown" if source.startswith(">") else "code",
            source=source.removeprefix(">"),
            from_starter=index in starter,
        )
        for index, source in enumerate(cells)
    ]
    return {each.id: each for each in answers(build.submission(*made), build.lab())}


@pytest.mark.parametrize(
    ("heading", "answer"),
    [
        ("🔥 Task 1 Observations (100 words)", "vit-observation"),
        ("🔥 Task 2 Observations (100 words)", "clip-observation"),
        ("## Observation on CLIP", "clip-observation"),
        ("**Observations: Vision Transformer (ViT)**", "vit-observation"),
        ("✅ Task 3: Comparison (200 words)", "comparison"),
        ("## Part 3: Compare and Contrast", "comparison"),
        ("Comparison\n=====", "comparison"),
    ],
)
def test_heading(heading: str, answer: str) -> None:
    found = find(f">{heading}\n\n{PROSE}")
    assert list(found) == [answer]
    assert found[answer].text == PROSE.strip()
    assert found[answer].words == 51


def test_text_in_the_next_cells_belongs() -> None:
    found = find(
        ">## Comparison", f">{PROSE}", f">{PROSE}", "run()", ">What follows code does not."
    )
    assert found["comparison"].cells == (0, 1, 2)
    assert found["comparison"].words == 102


def test_sub_headings_belong_to_a_comparison() -> None:
    text = (
        ">## Part 3: Compare and Contrast\nBoth are transformers.\n## **Training Speed**\n"
        "#### CLIP:\nFast.\n### • ViT:\nSlow.\n**Accuracy**\nHigh."
    )
    assert find(text)["comparison"].text == "Both are transformers.\n\nFast.\n\nSlow.\n\nHigh."


@pytest.mark.parametrize(
    "heading",
    ["# Next", "## Task 2: CLIP", "## Observations on CLIP", "## References", "## Conclusion"],
)
def test_answer_ends(heading: str) -> None:
    found = find(f">## Comparison\n{PROSE}\n{heading}\nSomething else.")
    assert found["comparison"].words == 51


def test_same_level_ends_an_observation() -> None:
    found = find(f">## Task 1 observations\n{PROSE}", ">## Load the data\nSome words.")
    assert found["vit-observation"].cells == (0,)


def test_prose_below_the_code_of_a_task() -> None:
    found = find(
        ">## Task 1: Evaluate ViT", "run()", f">{PROSE}", ">## Task 2: CLIP", "run()", ">Done."
    )
    assert list(found) == ["vit-observation"]
    assert found["vit-observation"].cells == (2,)


def test_prose_between_steps_is_no_observation() -> None:
    found = find(">## Task 1: ViT", "run()", f">{PROSE}", "run()")
    assert "vit-observation" in found
    assert find(">## Setup", "run()", f">{PROSE}") == {}


def test_own_heading_wins_over_position() -> None:
    found = find(">## Task 1: ViT", "run()", f">{PROSE}", ">### ViT observations\nShort and own.")
    assert found["vit-observation"].text == "Short and own."


def test_text_of_the_starter_is_no_answer() -> None:
    heading = ">## Comparison\nWrite 200 words here, on both models, please."
    assert find(heading, starter=(0,)) == {}
    assert find(heading, ">Mine.", starter=(0,))["comparison"].words == 1


def test_placeholder_is_no_answer() -> None:
    assert find(">## Comparison\n\nDouble-click (or enter) to edit") == {}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("**Two** _words_", 2),
        ("image-text pairs", 2),
        ("- one\n- two\n1. three", 3),
        ("[a link](https://example.org/page) here", 3),
        ("see https://example.org/page", 1),
        ("![picture](a.png) <b>one</b> <br>", 1),
        ("one\n```python\nx = 1\n```\ntwo", 2),
        ("<!-- hidden words -->shown", 1),
        ("| a | b |\n|---|---|", 2),
        ("模型很好", 4),
        ("CLIP 很快", 3),
        ("modèle précis, rapide", 3),
        ("модель точна", 2),
        ("88.95% — 0.5", 2),
        ("", 0),
    ],
)
def test_word_count(text: str, words: int) -> None:
    assert word_count(text) == words


@given(st.lists(st.text(), max_size=5))
def test_never_raises(texts: list[str]) -> None:
    for each in find(*[f">{text}" for text in texts]).values():
        assert each.words > 0


@given(st.lists(st.text("abcé", min_size=1, max_size=8), max_size=20))
def test_plain_words_are_counted_exactly(words: list[str]) -> None:
    assert word_count(" ".join(words)) == len(words)


@pytest.mark.parametrize("piece", ["a ", "1", "# ", "**a", "[", "compare "])
def test_megabyte_takes_no_second(piece: str) -> None:
    text = piece * (1_000_000 // len(piece))
    start = process_time()
    find(f">## Comparison\n{text}")
    assert process_time() - start < 4, "linear: well under a second where nothing else runs"
