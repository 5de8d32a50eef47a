"""Matrices are found in whatever way they are printed, and told by their numbers and words."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import confusion_matrix

from grader.evidence.shown import shown
from grader.evidence.shown.grids import grids
from grader.model import Cell, Output, PrintedMatrix
from tests import build

NAMES = ["cat", "dog", "bird"]
COUNTS = confusion_matrix([0, 1, 2, 0, 1, 2, 2], [0, 1, 2, 0, 2, 2, 1])
FRAME = pd.DataFrame(COUNTS, index=NAMES, columns=NAMES)
CAPTIONS = ["a cup of tea on a table", "a horse", "2 rockets on a pad", "a photo of a cat"]
COSINES = [[0.42, 0.27, 0.23, 0.22], [0.26, 0.45, 0.23, 0.25], [0.28, 0.29, 0.4, 0.27],
           [0.26, 0.25, 0.22, 0.4]]  # fmt: skip


def matrices(*outputs: Output | str, source: str = "score()") -> tuple[PrintedMatrix, ...]:
    given = tuple(
        Output(kind="result", text=each) if isinstance(each, str) else each for each in outputs
    )
    made = build.submission(Cell(index=0, kind="code", source=source, outputs=given))
    return shown(made, (), build.lab(), {}).matrices


def captioned(separator: str, captions: Sequence[str] = CAPTIONS) -> str:
    rows = zip(captions, COSINES, strict=True)
    return "\n".join(
        f"{caption}{separator}" + separator.strip(":").join(f"{value:.2f}" for value in row)
        for caption, row in rows
    )


@pytest.mark.parametrize(
    "text",
    [
        f"{COUNTS}",
        repr(COUNTS),
        f"{COUNTS.tolist()}",
        repr([list(row) for row in COUNTS]),
        f"tensor({COUNTS.tolist()}, device='cuda:0')",
        f"cm = {COUNTS.tolist()}",
        f"{FRAME}",
        "\t".join(["", *NAMES]) + "\n" + FRAME.to_csv(sep="\t", header=False),
        "| | cat | dog | bird |\n|---|---|---|---|\n" + "\n".join(
            f"| {name} | " + " | ".join(map(str, row)) + " |"
            for name, row in zip(NAMES, COUNTS, strict=True)
        ),
    ],
    ids=["str", "repr", "list", "scalars", "tensor", "named", "pandas", "tabs", "markdown"],
)  # fmt: skip
def test_a_confusion_matrix_is_read_however_it_is_printed(text: str) -> None:
    (matrix,) = matrices(text)

    assert matrix.kind == "confusion"
    assert np.array_equal(matrix.values, COUNTS)
    assert matrix.decimals == 0
    (again,) = grids(text[matrix.place.start : matrix.place.end])
    assert again.values == matrix.values


def test_classes_are_its_rows_and_columns() -> None:
    frame = FRAME.rename(index="Actual {}".format, columns="Predicted {}".format)
    crossed = pd.crosstab(
        pd.Series(["a", "b", "a"], name="Actual"), pd.Series(["a", "b", "b"], name="Predicted")
    )

    (named,) = matrices(f"Confusion matrix\n{frame}")
    (table,) = matrices(f"{crossed}")
    (html,) = matrices(Output(kind="result", text=f"{FRAME}", html=FRAME.to_html()))

    assert named.rows == ("Actual cat", "Actual dog", "Actual bird")
    assert named.columns == ("Predicted cat", "Predicted dog", "Predicted bird")
    assert (table.rows, table.columns) == (("a", "b"), ("a", "b"))
    assert (html.rows, html.columns) == (tuple(NAMES), tuple(NAMES))
    assert html.kind == "confusion"


@pytest.mark.parametrize(
    "separator", ["\t", "   ", ": ", " "], ids=["tab", "gap", "colon", "blank"]
)
def test_a_similarity_matrix_keeps_its_captions(separator: str) -> None:
    text = f"Cosine similarity for ViT-B/32\n\n{captioned(separator)}\n"
    (matrix,) = matrices(text)

    assert matrix.kind == "similarity"
    assert matrix.title == "Cosine similarity for ViT-B/32"
    assert matrix.model == "ViT-B/32"
    assert matrix.rows == tuple(CAPTIONS)
    assert np.allclose(matrix.values, COSINES)
    assert (matrix.decimals, matrix.place.line) == (2, 3)


def test_rows_in_brackets_have_captions_too() -> None:
    text = "\n".join(f"Image {i}: {np.array(row)}" for i, row in enumerate(COSINES))
    (matrix,) = matrices(text)

    assert matrix.rows == ("Image 0", "Image 1", "Image 2", "Image 3")
    assert matrix.kind == "similarity"


def test_several_matrices_keep_their_titles() -> None:
    text = "\n\n".join(
        f"Cosine similarity for {name}\n\n\t\t\t\t\n{captioned(chr(9))}"
        for name in ("RN50x4", "ViT-L/14@336px")
    )

    assert [each.model for each in matrices(text)] == ["RN50x4", "ViT-L/14@336px"]


def test_dots_stand_for_what_was_not_printed() -> None:
    (matrix,) = matrices(f"Similarity:\n{np.random.default_rng(0).random((60, 60))}")

    assert matrix.truncated
    assert len(matrix.values) == len(matrix.values[0]) == 6


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("[[0.9, 0.1], [0.2, 0.8]]", "other"),
        ("similarity = [[0.9, 0.1], [0.2, 0.8]]", "similarity"),
        ("[[0.9, 0.1, 0.2], [0.2, 0.8, 0.1], [0.3, 0.1, 0.7]]", "similarity"),
        ("[[0.9, 0.05, 0.05], [0.1, 0.8, 0.1], [0.2, 0.1, 0.7]]", "other"),
        ("[[2.5, -1.5], [1.5, 3.5]]", "other"),
        ("[[101, 2023, 102], [101, 55, 102]]", "other"),
        ("[[0, 0], [0, 0]]", "other"),
        ("[[1, inf], [nan, 2]]", "other"),
        ("[[5, -1], [0, 6]]", "other"),
        ("Confusion matrix, normalised\n[[0.9, 0.1], [0.2, 0.8]]", "other"),
    ],
)
def test_the_kind_is_told_conservatively(text: str, kind: str) -> None:
    (matrix,) = matrices(text)

    assert matrix.kind == kind


@pytest.mark.parametrize(
    "text",
    [
        "[[[1, 2], [3, 4]]]",
        "[[1, 2], [3]]",
        "[['a', 'b'], ['c', 'd']]",
        "[[1, 2]]",
        "     precision recall\ncat       0.5    0.6\ndog       0.7    0.8",
    ],
)
def test_what_is_no_rectangle_is_none(text: str) -> None:
    assert matrices(text) == ()


def test_a_value_is_titled_by_its_cell() -> None:
    (matrix,) = matrices(repr(COUNTS), source="cm = 1\nconfusion_matrix(y, p)")

    assert matrix.title == "confusion_matrix(y, p)"


def test_a_table_of_scores_is_a_grid_with_captions() -> None:
    text = "Model\t\tScore\n<b>ViT-L/14</b>\t\t<b>0.0927</b>\n**RN50**\t\t**0.0520**\n"
    (grid,) = grids(text)

    assert (grid.corner, grid.columns, grid.rows) == ("Model", ("Score",), ("ViT-L/14", "RN50"))
    assert grid.values == ((0.0927,), (0.052,))
    assert [text[cell.start : cell.end] for row in grid.cells for cell in row] == [
        "0.0927",
        "0.0520",
    ]
    assert grid.lines == (1, 2)


_PIECES = st.sampled_from(
    ["0.5", "12", "cat", "[", "]", "[[", ",", "\t", "|", "\n", "  ", " ", "...", "nan", "-", "%",
     "tensor(", ")", "1e5", "\ud800", "\u2212" + "3", "1,234", "<b>", "**"]
)  # fmt: skip


@settings(max_examples=200, deadline=None)
@given(st.one_of(st.lists(_PIECES, max_size=80).map("".join), st.text(max_size=300)))
def test_any_text_gives_rectangles_within_it(text: str) -> None:
    for grid in grids(text):
        widths = {len(row) for row in grid.cells}
        assert len(grid.cells) > 1
        assert len(widths) == 1
        assert not grid.rows or len(grid.rows) == len(grid.cells)
        assert not grid.columns or {len(grid.columns)} == widths
        assert 0 <= grid.start < grid.end <= len(text)
        for row in grid.cells:
            assert all(grid.start <= cell.start < cell.end <= grid.end for cell in row)
