"""Cells are told apart by ids, headings and comments, or not at all."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader.evidence.tasks import cell_tasks
from grader.model import Cell
from tests import build


def tasks(*cells: str) -> list[str | None]:
    """Tasks of a notebook; cells that start with ``>`` are text."""
    made = [
        build.text(index, source[1:]) if source.startswith(">") else build.code(index, source)
        for index, source in enumerate(cells)
    ]
    found = cell_tasks(build.submission(*made), build.lab())
    return [found.get(index) for index in range(len(cells))]


@pytest.mark.parametrize(
    ("heading", "task"),
    [
        ("## **Task 1: Evaluate ViT Image Classification**", "vit"),
        ("## Part 2: Evaluate CLIP image classification", "clip"),
        ("**Vision Transformer**", "vit"),
        ("🔥 Task 2", "clip"),
        ("Task 1", "vit"),
        ("Zero-shot with CLIP\n-----", "clip"),
        ("<h2 style='color:red'><b>CLIP</b></h2>", "clip"),
        ("# Week 9 Assignment: Capstone Project Part 2", None),
        ("## Part 3: Compare and Contrast", None),
        ("## ViT and CLIP", None),
        ("## Setup", None),
        ("The clip was short.", None),
        ("- 📊 CLIP", None),
    ],
)
def test_heading(heading: str, task: str | None) -> None:
    assert tasks(">" + heading, "run()") == [task, task]


def test_section_lasts_until_a_heading_of_its_level_names_another() -> None:
    found = tasks(
        "import os", ">## ViT", "a", ">### Load the data", "b", ">## Train", "c", ">## CLIP", "d"
    )
    assert found == [None, "vit", "vit", "vit", "vit", "vit", "vit", "clip", "clip"]


@pytest.mark.parametrize(
    "heading",
    [
        "## Compare ViT and CLIP",
        "# Wrap up",
        "## Conclusion",
        "## Task 3",
        "## Task 1 observations",
    ],
)
def test_section_ends(heading: str) -> None:
    assert tasks(">## Task 1: ViT", "a", ">" + heading, "b")[3] is None


@pytest.mark.parametrize(
    "heading", ["🔥 Task 2 Observations (100 words)", "### Observation (Task 2)"]
)
def test_observation_itself_belongs_to_its_task(heading: str) -> None:
    assert tasks("x", f">{heading}\n\nIt is fast.", "y") == [None, "clip", None]


def test_numbered_steps_are_no_tasks() -> None:
    found = tasks(
        ">## Task 1: ViT", "# Step 1: load\na()\n# Step 2: train\nb()", "# Step 2: go\nc()"
    )
    assert found == ["vit", "vit", "vit"]


def test_leading_comment_opens_a_section() -> None:
    found = tasks(
        "# TASK 1: Evaluate ViT Image Classification\nimport numpy",
        "a",
        "# Task 2 : Evaluate CLIP\nb",
        "c",
    )
    assert found == ["vit", "vit", "clip", "clip"]


def test_banner_of_comments() -> None:
    assert tasks("# ======\n# CLIP\n# ======\nb") == ["clip"]


def test_model_id_decides_over_the_heading() -> None:
    clip = 'model = CLIPModel.from_pretrained("openai/clip-vit-base-patch32")'
    assert tasks(">## ViT", "a", clip, "c") == ["vit", "vit", "clip", None]


def test_model_id_decides_over_the_dataset() -> None:
    both = 'load_dataset("beans"); load("openai/clip-vit-base-patch32")'
    assert tasks(both, 'load_dataset("cifar10")') == ["clip", "clip"]


def test_models_of_two_tasks_decide_nothing() -> None:
    both = 'ids = ["openai/clip-vit-base-patch32", "google/vit-base-patch16-224-in21k"]'
    assert tasks(">## ViT", both) == ["vit", None]


def test_whole_assignment_in_one_cell_is_not_told() -> None:
    assert tasks("# Task 1: ViT\na()\n# Task 2: CLIP\nb()") == [None]


def test_words_in_code_are_no_heading() -> None:
    assert tasks("x = np.clip(x, 0, 1)", "y = trainer.predict(x)") == [None, None]


def test_two_tasks_in_one_text_cell() -> None:
    assert tasks(">## ViT\ntext\n## CLIP\ntext", "b") == [None, "clip"]


@given(st.lists(st.tuples(st.sampled_from(["code", "markdown", "raw"]), st.text()), max_size=6))
def test_never_raises(parts: list[tuple[str, str]]) -> None:
    cells = [
        Cell.model_validate({"index": index, "kind": kind, "source": source})
        for index, (kind, source) in enumerate(parts)
    ]
    found = cell_tasks(build.submission(*cells), build.lab())
    assert set(found) <= set(range(len(parts)))
