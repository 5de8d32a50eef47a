"""Schemas in the repository are those of the code."""

from pathlib import Path

import pytest

from tests.schemas import schemas


@pytest.mark.parametrize("path", schemas(), ids=lambda path: path.name)
def test_checked_in_schema_is_fresh(path: Path) -> None:
    assert path.read_text(encoding="utf-8") == schemas()[path], "run `make schema`"
