"""Reports in Markdown and plain text: what is code, what it printed, what is text."""

import contextlib
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grader.errors import SubmissionError
from grader.intake import intake
from grader.model import Cell, Submission
from tests.intake.test_notebook import LAB


def report(folder: Path, text: str | bytes, name: str = "report.txt") -> Submission:
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode("utf-8", "replace"))
    return intake(path, LAB)


def shape(submission: Submission) -> list[tuple[str, str, tuple[str, ...]]]:
    return [
        (cell.kind, cell.source, tuple(output.text for output in cell.outputs))
        for cell in submission.cells
    ]


COUNTED = """# Lab 9

## **Task 1**

```
[7] found = trainer.predict(ready['test'].select(range(2)))
found

PredictionOutput(predictions=array([[ 1.5, -0.5]], dtype=float32), metrics=('test_fl': 1.0))

[11] scores = found.metrics
    # show them
    print(f"Accuracy: {scores['test_accuracy']:.4f}")
    print(f"Recall: {scores['test_recall']:.4f}")

Print fscores['test_recall']:.4f}

Accuracy: 1.0000
Recall: 1.0000
Fi Score: 1.0000
Fi Score: 1.0000
```

The model is perfect on both images.
"""


def test_code_with_execution_counts_and_outputs_shares_one_fence(tmp_path: Path) -> None:
    submission = report(tmp_path, COUNTED)
    assert submission.form == "report"
    assert [(c.kind, c.line, c.execution_count) for c in submission.cells] == [
        ("markdown", 1, None),
        ("markdown", 3, None),
        ("code", 6, 7),
        ("code", 11, 11),
        ("markdown", 24, None),
    ]
    first, second = submission.code_cells
    assert first.source == "found = trainer.predict(ready['test'].select(range(2)))\nfound"
    assert (first.outputs[0].text[:16], first.outputs[0].line) == ("PredictionOutput", 9)
    assert second.source.split("\n")[1:3] == [
        "# show them",
        "print(f\"Accuracy: {scores['test_accuracy']:.4f}\")",
    ]
    assert second.outputs[0].line == 16
    assert second.outputs[0].text.count("Fi Score: 1.0000") == 2


BELOW = """```
!pip install -q something
print("Installed!")
print("Parameters:", count)
```

44.8/44.8 kB 3.2 MB/s eta 0:00:00

/usr/lib/python3/site.py:9: UserWarning:
The token is not set.
  warnings.warn(

Installed!
Parameters: 151,277

Now we train.
"""


def test_outputs_below_a_fence_belong_to_its_code(tmp_path: Path) -> None:
    code, text = report(tmp_path, BELOW).cells
    assert [output.line for output in code.outputs] == [7]
    assert code.outputs[0].text.split("\n")[-1] == "Parameters: 151,277"
    assert (text.source, text.line) == ("Now we train.", 16)


RETRIEVAL = """▼ Retrieval

```
hits = 2
print("== Evaluating Retrieval ==")
print(f"\\nRecall@3: {hits / 3:.3f}")
print(f"💡 {hits} of {3} were found.")
for rank in range(2):
    print(f"  {rank}. {names[rank]} (score: {values[rank]:.3f})")
plt.title("First Picture of All")

```

First Picture of All



== Evaluating Retrieval ===

Recall@3: 0.667
2 of 3 were found.

0. Chair (score: 22.807)
1. Table (score: 21.640)

Question: how good is this?

Recall@3 of 0.667 is fair.
"""


def test_what_code_prints_is_known_by_its_texts(tmp_path: Path) -> None:
    heading, code, text = report(tmp_path, RETRIEVAL).cells
    assert heading.source == "▼ Retrieval"
    printed = code.outputs[0].text
    assert printed.startswith("First Picture of All")
    assert printed.endswith("1. Table (score: 21.640)")
    assert "Recall@3: 0.667" in printed
    assert text.source == "Question: how good is this?\n\nRecall@3 of 0.667 is fair."


def test_a_fence_of_output_alone_belongs_to_the_code_before(tmp_path: Path) -> None:
    printed = "```\nTotal 12 of 40\n[[3 1]\n [0 8]]\n```\n"
    text = f"```python\nprint(count)\n```\n\nOutput:\n\n{printed}End.\n"
    code, end = report(tmp_path, text, "report.md").cells
    assert [output.text for output in code.outputs] == [
        "Output:",
        "Total 12 of 40\n[[3 1]\n [0 8]]",
    ]
    assert [output.line for output in code.outputs] == [5, 8]
    assert end.source == "End."


def test_scores_without_code_are_printed_by_a_cell_without_source(tmp_path: Path) -> None:
    text = "## Part 2\n\nAccuracy: 0.8895 Precision: 0.8930 F1 Score: 0.8892\n\nGood scores.\n"
    _, code, _ = report(tmp_path, text).cells
    assert (code.kind, code.source, code.line) == ("code", "", 3)
    assert code.outputs[0].text == "Accuracy: 0.8895 Precision: 0.8930 F1 Score: 0.8892"


@pytest.mark.parametrize(
    "line",
    [
        "Accuracy: 0.88",
        "The accuracy: 0.8895, and the recall: 0.8930, are high.",
        "[1] A. Author. Attention for images. 2020.",
        "Width: 0.8895 Height: 0.8930",
    ],
)
def test_claims_and_references_stay_text(tmp_path: Path, line: str) -> None:
    assert shape(report(tmp_path, f"# T\n{line}\n")) == [("markdown", f"# T\n{line}", ())]


@pytest.mark.parametrize("code", ["array([1])", "# Note", "x = 1\nx"])
def test_a_count_on_a_line_of_its_own_is_that_of_the_code_below(tmp_path: Path, code: str) -> None:
    (cell,) = report(tmp_path, f"[4]\n\n{code}\n").cells
    assert (cell.kind, cell.source, cell.execution_count, cell.line) == ("code", code, 4, 3)


def test_code_with_a_count_needs_no_fence(tmp_path: Path) -> None:
    text = "Text.\n\nIn [2]: x = f(3)\n        print('Sum:', x)\n\nSum: 6\n\nThat is all.\n"
    assert shape(report(tmp_path, text)) == [
        ("markdown", "Text.", ()),
        ("code", "x = f(3)\nprint('Sum:', x)", ("Sum: 6",)),
        ("markdown", "That is all.", ()),
    ]


TABLES = """# Rapport

Model\t\tScore
<b>ViT-L</b>\t\t<b>0.094</b>
RN50\t\t0.052<br>

Cosine similarity for RN50

\t\t
a cup of tea\t0.42\t0.27
a grey horse\t0.26\t0.45

      | Predicted: Cat | Predicted: Dog |
      | Actual: Cat    |      85        |
"""


def test_tables_stay_in_the_text_as_they_are(tmp_path: Path) -> None:
    assert shape(report(tmp_path, TABLES)) == [("markdown", TABLES.rstrip("\n"), ())]


BROKEN = '''```
def recall(found, wanted):
    """
    How many were found.
```


```
    Args: two sets
    """
    return len(found & wanted)

print("== Recall ==")

== Recall ==
```
'''


def test_code_broken_by_the_end_of_a_page_is_one_cell(tmp_path: Path) -> None:
    (cell,) = report(tmp_path, BROKEN).cells
    lines = BROKEN.split("\n")
    for at, line in enumerate(cell.source.split("\n")):
        assert line == ("" if lines[at + 1] == "```" else lines[at + 1])
    compile(cell.source, "cell", "exec")
    assert cell.outputs[0].line == 15


def test_two_whole_cells_side_by_side_stay_two(tmp_path: Path) -> None:
    cells = report(tmp_path, "```\nx = 1\n```\n\n```\ny = 2\n```\n").cells
    assert [cell.source for cell in cells] == ["x = 1", "y = 2"]


def test_code_with_a_fault_is_cut_around_it(tmp_path: Path) -> None:
    text = (
        "```\ntotal = 0\nfor x in data:\n    total += x\nelse\n    y = (\nmean = total / 4\n```\n"
    )
    cells = report(tmp_path, text).cells
    assert cells[0].source == "total = 0\nfor x in data:\n    total += x"
    assert cells[-1].source.endswith("mean = total / 4")


UNCLOSED = (
    "```python\nx = load()\nprint(x)\n\nThe printed value is the first of many, as expected.\n"
)


@pytest.mark.parametrize("after", ["", "\n```python\ny = 2\n```\n", "\n```\ny = 2\n```\n"])
def test_a_fence_never_closed_ends_where_text_begins(tmp_path: Path, after: str) -> None:
    cells = report(tmp_path, UNCLOSED + after).cells
    assert cells[0].source == "x = load()\nprint(x)"
    assert cells[1].kind == "markdown"
    assert [cell.source for cell in cells[2:]] == (["y = 2"] if after else [])


def test_tildes_and_other_languages(tmp_path: Path) -> None:
    text = "~~~python\nx = 1\n~~~\n\n```bash\nls\n```\n\n```text\nx is 1\n```\n"
    assert shape(report(tmp_path, text, "a.markdown")) == [
        ("code", "x = 1", ()),
        ("markdown", "```bash\nls\n```", ()),
        ("code", "", ("x is 1",)),
    ]


@pytest.mark.parametrize("name", ["report", "report.TXT", "report.md", "report.markdown"])
@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le", "cp1252"])
def test_names_encodings_and_line_ends(tmp_path: Path, name: str, encoding: str) -> None:
    text = "# Café\r\n\r\n```\r\nx = 1\r\nprint(x)\r\n```\r\n"
    submission = report(tmp_path, text.encode(encoding), name)
    assert shape(submission) == [("markdown", "# Café", ()), ("code", "x = 1\nprint(x)", ())]
    assert [cell.line for cell in submission.cells] == [1, 4]
    assert "its code was looked at and not run" in submission.notes[-1]


def test_a_notebook_under_the_name_of_a_text_is_a_notebook(tmp_path: Path) -> None:
    notebook = '{"cells": [{"cell_type": "code", "source": "x"}], "nbformat": 4}'
    assert report(tmp_path, notebook).form == "notebook"
    head = "---\njupyter:\n  kernelspec:\n    name: python3\n---\n\n```python\nx = 1\n```\n"
    assert report(tmp_path, head, "a.md").form == "notebook"
    assert report(tmp_path, head.split("---\n\n")[1], "a.md").form == "report"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"\x89PNG\r\n\x1a\n\xff\xfe", "not text that can be read"),
        (b"<!DOCTYPE html><html></html>", "web page"),
        (b"\xef\xbb\xbf \n", "is empty"),
        (b"word " * 500_000, "no report"),
        (b"x\n" * 120_000, "no report"),
    ],
)
def test_what_is_no_report_says_why(tmp_path: Path, content: bytes, said: str) -> None:
    with pytest.raises(SubmissionError, match=said):
        report(tmp_path, content)


@pytest.mark.parametrize(
    "unit",
    [
        *("(\n", "```\n(\n```\n", '"""\n', "'\"'''\n", "[1] x(\n", "#\n" * 3, "a: 1.234 "),
        *("```\n", "== " * 40 + "\n", "{}" * 40, "print(f'{x}{y}: ')\n", "x" * 90 + ":" * 90),
    ],
)
@pytest.mark.parametrize("around", ["{}", "```\n{}\n```\n", "```\nprint(':{{}}')\n```\n\n{}"])
def test_hostile_text_takes_bounded_time(tmp_path: Path, unit: str, around: str) -> None:
    text = around.replace("{}", unit * (30_000 // len(unit)), 1)
    started = time.process_time()
    assert report(tmp_path, text).cells
    assert time.process_time() - started < 3.0


LINES = st.sampled_from(
    [
        *("", "  ", "\t\t", "```", "```python", "~~~", "```bash", "    ```"),
        *("[1] x(", "array([1])", "# note", "1. a (b: 0.1)", "Name(x=1)", "else:", "%%bash"),
        *("x = 1", "for x in y:", "    print(f'Accuracy: {x:.3f}')", "print('''", "'''", "y"),
        *("[3] z = f(x)", "[4]", "In [5]: z", "    z = 2", "def f(", "):", "!ls", "# note"),
        *("Accuracy: 0.912", "== Results ==", "100%|██| 3/3 [00:01<00:00]", "[[1 2]", " [3 4]]"),
        *("Accuracy: 0.912 Recall: 0.911", "Output:", "▼ Part", "## Part", "a\t0.1\t0.2"),
        *("This is a sentence of more than eight words, and it ends.", "| a | b |", "<br>", "'"),
    ]
)
TEXTS = st.lists(
    LINES
    | st.text(
        # A file holds no half of a pair of surrogates.
        st.characters(exclude_characters="\r\n\x1b", exclude_categories=["Cs"]),
        max_size=12,
    )
)


def held(cells: tuple[Cell, ...]) -> list[tuple[int, str]]:
    """Every line that is not blank, with its place in the file."""
    found = []
    for cell in cells:
        for part, line in [(cell.source, cell.line), *((o.text, o.line) for o in cell.outputs)]:
            assert line is not None
            found += [(line + at, text.strip()) for at, text in enumerate(part.split("\n"))]
    return [(at, text) for at, text in found if text]


@given(TEXTS)
@settings(max_examples=300, deadline=None)
def test_every_line_stands_in_one_place(
    tmp_path_factory: pytest.TempPathFactory, lines: list[str]
) -> None:
    text = "x\n" + "\n".join(lines)
    places = held(report(tmp_path_factory.mktemp("any"), text).cells)
    assert [at for at, _ in places] == sorted({at for at, _ in places})
    written = text.split("\n")
    for at, line in places:
        whole = written[at - 1].strip()
        assert whole == line or (whole.startswith(("[", "In [")) and whole.endswith(line))
    for at in {*range(1, len(written) + 1)} - {at for at, _ in places}:
        left = written[at - 1].strip()
        assert not left or left.startswith(("```", "~~~")) or left.strip("In []:").isdigit()


@given(st.binary(max_size=200), st.sampled_from(["a.txt", "a.md", "a"]))
@settings(deadline=None)
def test_any_bytes_are_read_or_refused(
    tmp_path_factory: pytest.TempPathFactory, content: bytes, name: str
) -> None:
    with contextlib.suppress(SubmissionError):
        found = report(tmp_path_factory.mktemp("any"), content, name)
        assert found.model_dump_json()
