"""The guest runs in whatever Python a lab names: nothing in it is newer than Python 3.9."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from grader.execute import guest
from grader.execute.environment import OLDEST

FILES = sorted(Path(guest.__path__[0]).glob("*.py"))
TARGET = f"-t={OLDEST[0]}.{OLDEST[1]}-"


def vermin(*files: Path) -> subprocess.CompletedProcess[str]:
    program = "from vermin import main; main()"
    command = [sys.executable, "-c", program, TARGET, "--violations", "--no-tips", *map(str, files)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_syntax_and_standard_library_are_those_of_the_oldest_python() -> None:
    done = vermin(*FILES)
    assert done.returncode == 0, done.stdout


def unions(source: str) -> Iterator[int]:
    """Lines where ``X | Y`` of types is evaluated; annotations are not."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and ast.unparse(node.func) in ("isinstance", "issubclass"):
            found = [each for each in ast.walk(node.args[1]) if isinstance(each, ast.BinOp)]
        elif isinstance(node, ast.Assign):
            # With None among them these are types; other values are joined with | too.
            found = [
                each
                for each in ast.walk(node.value)
                if isinstance(each, ast.BinOp) and "None" in ast.unparse(each).split(" | ")
            ]
        else:
            continue
        yield from (each.lineno for each in found if isinstance(each.op, ast.BitOr))


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_annotations_are_not_evaluated_and_no_union_of_types_is(file: Path) -> None:
    source = file.read_text(encoding="utf-8")
    future = "from __future__ import annotations" in source
    assert future or " | " not in source
    assert not list(unions(source))


def test_what_is_newer_is_noticed(tmp_path: Path) -> None:
    newer = tmp_path / "newer.py"
    newer.write_text("from typing import TypeAlias\n")
    assert vermin(newer).returncode != 0
    assert list(unions("A = int | None\nisinstance(1, int | str)")) == [1, 2]
