"""Notebooks in every encoding and format they are saved in."""

import contextlib
import json
from pathlib import Path

import nbformat
import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader.errors import SubmissionError
from grader.intake import intake
from tests.intake.test_notebook import LAB, code, document, written

CAFE = {"cell_type": "markdown", "source": "# Café — déjà vu"}


def utf8(notebook: object) -> bytes:
    return json.dumps(notebook, ensure_ascii=False).encode()


def in_encoding(notebook: object, encoding: str) -> bytes:
    return json.dumps(notebook, ensure_ascii=False).encode(encoding)


@pytest.mark.parametrize(
    "encoding", ["utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le"]
)
def test_unicode_of_every_kind_is_read_without_a_word(tmp_path: Path, encoding: str) -> None:
    submission = intake(written(tmp_path, in_encoding(document(CAFE, code()), encoding)), LAB)
    assert submission.cells[0].source == "# Café — déjà vu"
    assert submission.notes == ()


@pytest.mark.parametrize("encoding", ["latin-1", "cp1252"])
def test_western_text_is_read_and_said_to_be_guessed(tmp_path: Path, encoding: str) -> None:
    text = {"cell_type": "markdown", "source": "# Café déjà vu"}
    submission = intake(written(tmp_path, in_encoding(document(text, code()), encoding)), LAB)
    assert submission.cells[0].source == "# Café déjà vu"
    assert submission.notes == (
        "The file's text is not UTF-8; it was read as Windows-1252 (Latin-1).",
    )


def test_a_damaged_byte_does_not_spoil_the_other_letters(tmp_path: Path) -> None:
    content = utf8(document(CAFE, code("x = 1  # @"))).replace(b"@", b"\xff")
    submission = intake(written(tmp_path, content), LAB)
    assert submission.cells[0].source == "# Café — déjà vu"
    assert submission.cells[1].source == "x = 1  # \ufffd"
    assert submission.notes == ("The file's text is UTF-8 with damage: 1 byte was replaced.",)


@pytest.mark.parametrize("content", [b"\x89PNG\r\n\x1a\n\xff\xfe", b"\x1f\x8b\x08\x07\xff\xfe\x9a"])
def test_what_is_no_text_is_not_guessed_at(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(SubmissionError, match="not UTF-8"):
        intake(written(tmp_path, content), LAB)


@given(st.binary(max_size=60))
def test_any_bytes_are_read_or_refused(
    tmp_path_factory: pytest.TempPathFactory, content: bytes
) -> None:
    path = written(tmp_path_factory.mktemp("any"), b"{" + content)
    with pytest.raises(SubmissionError):
        intake(path, LAB)


def test_line_ends_of_windows_are_read(tmp_path: Path) -> None:
    content = json.dumps(document(code("a = 1\nb = 2")), indent=1).replace("\n", "\r\n").encode()
    assert intake(written(tmp_path, content), LAB).cells[0].source == "a = 1\nb = 2"


@pytest.mark.parametrize("minor", range(6))
def test_every_minor_version_of_format_4_is_read(tmp_path: Path, minor: int) -> None:
    cells = [code(), code("y = 2")]
    if minor == 5:
        cells = [code(id="same"), code("y = 2", id="same")]
    submission = intake(written(tmp_path, document(*cells, nbformat_minor=minor)), LAB)
    assert [cell.source for cell in submission.cells] == ["x = 1", "y = 2"]


def test_worksheets_of_format_3_are_read(tmp_path: Path) -> None:
    old = nbformat.v3.new_notebook(
        worksheets=[
            nbformat.v3.new_worksheet(
                cells=[
                    nbformat.v3.new_heading_cell("Title", level=2),
                    nbformat.v3.new_code_cell("x = 1", prompt_number=7),
                ]
            )
        ]
    )
    submission = intake(written(tmp_path, json.dumps(old)), LAB)
    assert [(cell.kind, cell.source) for cell in submission.cells] == [
        ("markdown", "## Title"),
        ("code", "x = 1"),
    ]
    assert submission.cells[1].execution_count == 7


def test_metadata_and_tags_do_not_reach_the_submission(tmp_path: Path) -> None:
    tagged = {"tags": ["skip-execution", "raises-exception", "parameters"], "editable": False}
    plain = document(code(), code("y = 2"))
    dressed = document(
        code(metadata=tagged),
        code("y = 2", metadata={"jupyter": {"source_hidden": True}, **tagged}),
        metadata={"kernelspec": {"name": "ir", "language": "R"}, "execution": {"timeout": 1}},
    )
    (tmp_path / "plain").mkdir()
    one, other = (
        intake(written(tmp_path, dressed), LAB),
        intake(written(tmp_path / "plain", plain), LAB),
    )
    assert one.cells == other.cells


PERCENT = """# ---
# jupyter:
#   jupytext:
#     text_representation:
#       format_name: percent
# ---

# %% [markdown]
# # Café

# %%
# !pip install torch
x = 1

# %% tags=["skip-execution"]
if x:

    print(x)
"""
LIGHT = "# # Title\n\nx = 1\n\n# +\nif x:\n\n    print(x)\n# -\n"
MARKDOWN = (
    "---\njupyter:\n  kernelspec:\n    name: python3\n---\n\n# Title\n\n"
    '```python\nx = 1\n```\n\ntext\n\n```python tags=["a"]\n%time x\n```\n'
)
MYST = "---\nkernelspec:\n  name: python3\n---\n# Title\n\n```{code-cell}\n:tags: [a]\nx = 1\n```\n"


def text_file(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.write_bytes(text.encode())
    return path


@pytest.mark.parametrize(
    ("name", "text", "cells"),
    [
        (
            "a.py",
            PERCENT,
            [
                ("markdown", "# Café"),
                ("code", "!pip install torch\nx = 1"),
                ("code", "if x:\n\n    print(x)"),
            ],
        ),
        (
            "a.py",
            LIGHT,
            [("markdown", "# Title"), ("code", "x = 1"), ("code", "if x:\n\n    print(x)")],
        ),
        (
            "a.md",
            MARKDOWN,
            [("markdown", "# Title"), ("code", "x = 1"), ("markdown", "text"), ("code", "%time x")],
        ),
        ("a.md", MYST, [("markdown", "# Title"), ("code", "x = 1")]),
        (
            "a.py",
            "# %%\nx = 1\n# %%\n%matplotlib inline\n",
            [("code", "x = 1"), ("code", "%matplotlib inline")],
        ),
    ],
)
def test_notebooks_kept_as_text_are_read(
    tmp_path: Path, name: str, text: str, cells: list[tuple[str, str]]
) -> None:
    for content in (text, text.replace("\n", "\r\n")):
        submission = intake(text_file(tmp_path, name, content), LAB)
        assert [(cell.kind, cell.source) for cell in submission.cells] == cells


def test_a_header_that_grows_without_end_is_left_alone(tmp_path: Path) -> None:
    lines = ["# ---", "# jupyter:", "#   a0: &a0 [x, x]"]
    lines += [f"#   a{n}: &a{n} [*a{n - 1}, *a{n - 1}]" for n in range(1, 40)]
    text = "\n".join([*lines, "# ---", "# %%", "x = 1", ""])
    assert intake(text_file(tmp_path, "a.py", text), LAB).cells[0].source == "x = 1"


def test_text_without_code_says_so(tmp_path: Path) -> None:
    with pytest.raises(SubmissionError, match="no code cell"):
        intake(text_file(tmp_path, "a.py", "# # Notes\n"), LAB)


@given(st.text(max_size=80))
def test_any_text_is_read_or_refused(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    folder = tmp_path_factory.mktemp("any")
    for name in ("a.py", "a.md"):
        path = folder / name
        path.write_text(f"# %%\n{text}", encoding="utf-8", errors="replace", newline="")
        with contextlib.suppress(SubmissionError):
            assert intake(path, LAB).cells
