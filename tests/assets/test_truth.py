"""What is true of a row, whatever columns the dataset writes it in."""

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from grader.assets import AssetHome, Row, pixels_digest
from grader.assets.truth import read_truth, rows_of
from tests.assets.published import table_of


def test_captions_and_addresses_are_read(tmp_path: Path) -> None:
    columns: dict[str, list[object]] = {
        "url": ["https://a/1.jpg", "https://a/2.jpg"],
        "sentences": [["a cat", "one cat"], ["a dog"]],
    }
    (tmp_path / "test.parquet").write_bytes(table_of(columns))

    assert rows_of(tmp_path)["test"] == (
        Row(url="https://a/1.jpg", captions=("a cat", "one cat")),
        Row(url="https://a/2.jpg", captions=("a dog",)),
    )


@pytest.mark.parametrize(
    ("answers", "expected"),
    [
        ([["red", "red", "blue"]], ("red", "red", "blue")),
        ([[{"answer": "two", "answer_id": 1}, {"answer": "2", "answer_id": 2}]], ("two", "2")),
        (["yes"], ("yes",)),
    ],
)
def test_answers_are_read_in_every_usual_form(
    answers: list[object], expected: tuple[str, ...], tmp_path: Path
) -> None:
    (tmp_path / "test.parquet").write_bytes(table_of({"answers": answers}))

    (row,) = rows_of(tmp_path)["test"]
    assert row == Row(answers=expected)


def test_a_label_that_no_class_has_is_unknown(tmp_path: Path) -> None:
    (tmp_path / "test.parquet").write_bytes(table_of({"label": [3, -1]}))

    assert [row.label for row in rows_of(tmp_path)["test"]] == [3, None]


def test_what_is_too_large_is_read_only_where_it_was_made_before(tmp_path: Path) -> None:
    place, kept = tmp_path / "data", tmp_path / "truth"
    place.mkdir()
    (place / "test.parquet").write_bytes(table_of({"label": [3]}))

    assert not read_truth(kept, {"a/b": place}, largest=10)
    assert len(read_truth(kept, {"a/b": place})["a/b", "test"]) == 1
    assert read_truth(kept, {"a/b": place}, largest=10)


def test_pixels_are_told_apart_by_shape_and_content() -> None:
    pixels = np.arange(24, dtype=np.uint8).reshape(2, 4, 3)
    wide, tall = Image.fromarray(pixels), Image.fromarray(pixels.reshape(4, 2, 3))
    saved = io.BytesIO()
    wide.save(saved, "PNG")

    assert pixels_digest(wide) != pixels_digest(tall)
    assert pixels_digest(Image.open(saved)) == pixels_digest(wide.convert("RGBA"))


def test_every_drawn_picture_is_known_by_its_pixels_and_its_file(home: AssetHome) -> None:
    truth = home.truth()

    assert {key: tuple(row.label for row in rows) for key, rows in truth.items()} == home.labels()
    for rows in truth.values():
        assert len({row.pixels for row in rows}) == len({row.encoded for row in rows}) == len(rows)
    assert not list(home.root.rglob("truth"))
