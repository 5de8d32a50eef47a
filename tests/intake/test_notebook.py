"""Notebooks as they are handed in: whole, old, odd, cut short."""

import contextlib
import hashlib
import json
from pathlib import Path

import nbformat
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grader.errors import SubmissionError
from grader.intake import intake
from grader.model import Answer, Criterion, Lab, Output, Task

LAB = Lab(
    id="lab",
    title="Lab",
    version=1,
    tasks=(
        Task(
            id="vit",
            title="ViT",
            keywords=("vit",),
            metrics=("accuracy",),
            classes=3,
            models=("m",),
            datasets=("d",),
        ),
    ),
    answers=(Answer(id="a", title="A", keywords=("a",), words=100),),
    criteria=(Criterion(id="c", title="C", points=1.0, manual=True),),
)


def code(source: object = "x = 1", **fields: object) -> dict[str, object]:
    """A code cell as the file holds it."""
    return {"cell_type": "code", "source": source, "metadata": {}, "outputs": [], **fields}


def document(*cells: object, **fields: object) -> dict[str, object]:
    """A notebook as the file holds it."""
    return {"cells": list(cells), "metadata": {}, "nbformat": 4, "nbformat_minor": 5, **fields}


def written(folder: Path, content: object) -> Path:
    """A file with this content: bytes and text as they are, anything else as JSON."""
    path = folder / "Ada Lovelace.ipynb"
    if not isinstance(content, bytes):
        text = content if isinstance(content, str) else json.dumps(content)
        content = text.encode()
    path.write_bytes(content)
    return path


def reason(folder: Path, content: object) -> str:
    """What the student is told of a file that cannot be read."""
    with pytest.raises(SubmissionError) as caught:
        intake(written(folder, content), LAB)
    return str(caught.value)


def test_a_notebook_is_read_cell_by_cell(tmp_path: Path) -> None:
    path = written(
        tmp_path,
        document(
            {"cell_type": "markdown", "source": ["# Title\n", "text"]},
            code("x = 1\nx", execution_count=3),
            {"cell_type": "raw", "source": "raw"},
        ),
    )
    submission = intake(path, LAB)
    assert (submission.student, submission.lab, submission.path) == (
        "Ada Lovelace",
        "lab",
        str(path),
    )
    assert submission.digest == hashlib.sha256(path.read_bytes()).hexdigest()
    assert [(c.index, c.kind, c.source) for c in submission.cells] == [
        (0, "markdown", "# Title\ntext"),
        (1, "code", "x = 1\nx"),
        (2, "raw", "raw"),
    ]
    assert [cell.execution_count for cell in submission.cells] == [None, 3, None]


@pytest.mark.parametrize("version", [3, 4])
def test_what_nbformat_writes_is_read(tmp_path: Path, version: int) -> None:
    notebook = nbformat.v4.new_notebook(
        cells=[
            nbformat.v4.new_markdown_cell("# Title"),
            nbformat.v4.new_code_cell(
                "1 + 1",
                execution_count=2,
                outputs=[
                    nbformat.v4.new_output(
                        "execute_result", {"text/plain": "2"}, execution_count=2
                    ),
                    nbformat.v4.new_output("stream", name="stderr", text="careful\n"),
                ],
            ),
        ]
    )
    submission = intake(written(tmp_path, nbformat.writes(notebook, version=version)), LAB)
    assert [cell.source for cell in submission.cells] == ["# Title", "1 + 1"]
    assert submission.cells[1].outputs == (
        Output(kind="result", text="2"),
        Output(kind="stderr", text="careful\n"),
    )


@pytest.mark.parametrize(
    "odd",
    [
        {"cells": [code()], "nbformat": 4},
        {"cells": [code()]},
        document(code(id="a"), code(id="a")),
        document({"cell_type": "code", "source": "x = 1"}),
        document(code(unknown=1, metadata=None)),
        document(code(["x", " = 1"])),
        document(code(outputs=None, execution_count="*")),
        document(code(outputs=[None, {}, {"output_type": "stream"}, {"data": 3}])),
        document(code(), None, {"cell_type": "heading", "source": "a", "level": 1}),
        document(code(), {"cell_type": "new"}),
    ],
)
def test_what_jupyter_tolerates_is_tolerated(tmp_path: Path, odd: dict[str, object]) -> None:
    assert intake(written(tmp_path, odd), LAB).cells[0].source == "x = 1"


def test_a_byte_order_mark_is_no_obstacle(tmp_path: Path) -> None:
    content = b"\xef\xbb\xbf" + json.dumps(document(code())).encode()
    assert len(intake(written(tmp_path, content), LAB).cells) == 1


def test_half_a_character_is_replaced(tmp_path: Path) -> None:
    submission = intake(written(tmp_path, document(code("x = '\ud800'"))), LAB)
    assert submission.cells[0].source == "x = '\ufffd'"
    assert submission.model_dump_json()


def test_every_kind_of_output_is_reduced(tmp_path: Path) -> None:
    error = {"output_type": "error", "ename": "E", "evalue": "v"}
    outputs = [
        {"output_type": "stream", "name": "stdout", "text": ["Accuracy: ", "\x1b[1m0.9\x1b[0m"]},
        {"output_type": "stream", "name": "stderr", "text": "warning"},
        {"output_type": "execute_result", "data": {"text/plain": ["a ", "b"], "text/html": "<b>"}},
        {"output_type": "display_data", "data": {"image/png": "iVBO", "text/plain": "<Figure>"}},
        {"output_type": "display_data", "data": {"image/png": "iVBO"}},
        {**error, "traceback": ["\x1b[0;31mE\x1b[0m", "v"]},
        {**error, "traceback": []},
    ]
    cell = intake(written(tmp_path, document(code(outputs=outputs))), LAB).cells[0]
    assert cell.outputs == (
        Output(kind="stdout", text="Accuracy: 0.9"),
        Output(kind="stderr", text="warning"),
        Output(kind="result", text="a b", html="<b>"),
        Output(kind="display", text="<Figure>"),
        Output(kind="display"),
        Output(kind="error", text="E\nv"),
        Output(kind="error", text="E: v"),
    )


def test_a_very_long_output_is_cut(tmp_path: Path) -> None:
    long = {"output_type": "stream", "name": "stdout", "text": "é" * (1 << 20)}
    page = {"output_type": "display_data", "data": {"text/html": "a" * (1 << 21)}}
    cell = intake(written(tmp_path, document(code(outputs=[long, page]))), LAB).cells[0]
    assert (len(cell.outputs[0].text), cell.outputs[0].truncated) == (1 << 19, True)
    assert (cell.outputs[1].html, cell.outputs[1].truncated) == (None, True)


def test_cells_of_the_starter_are_known(tmp_path: Path) -> None:
    starter = intake(written(tmp_path, document(code("a = 1\nb = 2\n"), code("c = 3"))), LAB)
    cells = (code("\na = 1  \nb = 2"), code("c = 4"), code(""), code("c = 3"))
    submission = intake(written(tmp_path, document(*cells)), LAB, starter=starter)
    assert [cell.from_starter for cell in submission.cells] == [True, False, False, True]


def test_text_that_equals_code_of_the_starter_is_not_of_the_starter(tmp_path: Path) -> None:
    starter = intake(written(tmp_path, document(code("a"))), LAB)
    cells = ({"cell_type": "markdown", "source": "a"}, code("b"))
    submission = intake(written(tmp_path, document(*cells)), LAB, starter=starter)
    assert not submission.cells[0].from_starter


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "The file is empty"),
        (b" \n", "The file is empty"),
        ("x = 1", "its content is not JSON"),
        ("<!DOCTYPE html><html></html>", "The file is a web page"),
        (b"PK\x03\x04\xff\xfe", "not UTF-8"),
        ("{}".encode("utf-16"), "it has no cells"),
        (json.dumps(document(code())).encode("utf-16")[:101], "The file ends"),
        ([1, 2], "it has no cells"),
        ({"a": 1}, "it has no cells"),
        ({"cells": {}}, "it has no cells"),
        ({"worksheets": 3, "nbformat": 3}, "could not be converted"),
        (document(), "The notebook has no code cell to run."),
        (document(code("  \n"), {"cell_type": "markdown", "source": "a"}), "no code cell to run"),
        (document(code(), nbformat=2), "format 2"),
        (json.dumps(document(code()))[:40] + "<<<<<<< HEAD\n" + "a" * 99, "damaged at line 1"),
        ("[" * 100_000, "not"),
        ('{"cells": ' + "[" * 100_000, "nested too deeply"),
        ('{"cells": [], "a": ' + "9" * 5000 + "}", "too long"),
    ],
)
def test_a_file_that_cannot_be_read_says_why(tmp_path: Path, content: object, said: str) -> None:
    assert said in reason(tmp_path, content)


def test_a_missing_file_says_why(tmp_path: Path) -> None:
    with pytest.raises(SubmissionError, match="could not be opened: no such file"):
        intake(tmp_path / "a.ipynb", LAB)


def test_a_huge_file_is_refused_unread(tmp_path: Path) -> None:
    path = tmp_path / "a.ipynb"
    with path.open("wb") as file:
        file.truncate(60_000_000)
    with pytest.raises(SubmissionError, match="60 MB; at most 50 MB"):
        intake(path, LAB)


def test_a_file_cut_short_names_the_cell(tmp_path: Path) -> None:
    text = json.dumps(document(*(code(f"cell_{i} = 'é'") for i in range(9))), ensure_ascii=False)
    cut = text[: text.index("cell_6") + 3]
    assert reason(tmp_path, cut) == (
        "The file ends in the middle of cell 6, so it could not be read; hand in a complete copy."
    )
    assert "before its first cell" in reason(tmp_path, text[:5])
    assert "after its last cell" in reason(tmp_path, text[: text.index('"metadata": {}, "nbf')])


@given(st.integers(min_value=2))
@settings(deadline=None)
def test_a_file_cut_anywhere_is_said_to_end(
    tmp_path_factory: pytest.TempPathFactory, at: int
) -> None:
    output = {"output_type": "stream", "name": "stdout", "text": 'a "quoted"\n\\ é 😀 1.5e-7'}
    whole = json.dumps(document(code(outputs=[output], execution_count=None), code("y")))
    content = (
        whole.encode() if at % 2 else json.dumps(json.loads(whole), ensure_ascii=False).encode()
    )
    folder = tmp_path_factory.mktemp("cut")
    assert "The file ends" in reason(folder, content[: 1 + at % (len(content) - 2)])


KEYS = ("cell_type", "source", "outputs", "text", "data", "output_type", "traceback", "name")
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=4)
    ),
    max_leaves=12,
)


@given(st.lists(JSON, max_size=4), st.sampled_from([3, 4, "4", None]))
@settings(deadline=None)
def test_any_cells_are_read_or_refused(
    tmp_path_factory: pytest.TempPathFactory, cells: list[object], version: object
) -> None:
    path = written(tmp_path_factory.mktemp("any"), document(*cells, code(), nbformat=version))
    with contextlib.suppress(SubmissionError):
        assert intake(path, LAB).model_dump_json()
