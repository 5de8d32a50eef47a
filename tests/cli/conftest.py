"""A small notebook, handed in."""

import json
from pathlib import Path

import pytest

NOTEBOOK = {
    "cells": [
        {
            "cell_type": "code",
            "source": "print(6 * 7)",
            "metadata": {},
            "outputs": [],
            "execution_count": None,
            "id": "a",
        }
    ],
    "metadata": {},
    "nbformat": 4,
    "nbformat_minor": 5,
}


@pytest.fixture
def notebook(tmp_path: Path) -> Path:
    path = tmp_path / "in" / "heron.ipynb"
    path.parent.mkdir()
    path.write_text(json.dumps(NOTEBOOK), encoding="utf-8")
    return path
