"""Cells of the lab's starter notebook, known again, and what was made of them."""

import textwrap
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader.intake import intake
from grader.intake.starter import marked
from grader.model import Cell
from tests.intake.test_notebook import LAB, code, document, written

LOAD = 'model = load("clip")\nfor image in images:\n    show(image)\n\n    keep(image)'
SCORE = "def score(found, wanted):\n    hits = sum(found == wanted)\n    return hits / len(found)"
TASK = "Evaluate the model on the test set.\n\nYour answer:"
STARTER = (
    code("import torch"),
    code("import numpy as np"),
    {"cell_type": "markdown", "source": TASK},
    code(LOAD),
    code(SCORE),
    code("threshold = 0.5"),
)


def read(folder: Path, *sources: str, kind: str = "code") -> tuple[Cell, ...]:
    """The student's cells, read beside the starter."""
    starter = intake(written(folder, document(*STARTER)), LAB)
    cells = ({"cell_type": kind, "source": source, "outputs": []} for source in sources)
    path = written(folder, document(*cells, code("student = 'own work of some length'")))
    return intake(path, LAB, starter=starter).cells[:-1]


@pytest.mark.parametrize(
    "source",
    [
        LOAD,
        f"\n\n{LOAD}  \n\n",
        textwrap.indent(LOAD, "    "),
        LOAD.replace("    ", "\t"),
        LOAD.replace("    ", "  "),
        LOAD.replace("\n\n", "\n"),
        LOAD.replace("\n", "\n\n"),
        "import torch",
        f"{LOAD}\n{SCORE}",
        f"{SCORE}\n\n{LOAD}",
        f"{SCORE}\nimport torch\n{LOAD}",
        "\n".join(LOAD.split("\n")[:3]),
        "\n".join(SCORE.split("\n")[1:]),
        textwrap.dedent("\n".join(SCORE.split("\n")[1:])),
        f"    keep(image)\n{SCORE}",
    ],
)
def test_moved_split_joined_and_indented_cells_are_the_starters(
    tmp_path: Path, source: str
) -> None:
    (cell,) = read(tmp_path, source)
    assert (cell.from_starter, cell.starter_diff) == (True, None)


@pytest.mark.parametrize(
    "source",
    [
        "",
        "  \n",
        "import torch\nimport numpy as np",
        "import numpy as np\nimport pandas",
        "plt.show()",
        "show(image)",
        "x = 3\nprint(x)",
        "for name in names:\n    print(name)\n    found.append(name)",
    ],
)
def test_own_and_common_cells_are_the_students(tmp_path: Path, source: str) -> None:
    (cell,) = read(tmp_path, source)
    assert (cell.from_starter, cell.starter_diff) == (False, None)


def test_an_indent_that_changes_the_meaning_is_a_change(tmp_path: Path) -> None:
    (cell,) = read(tmp_path, LOAD.replace("    keep", "keep"))
    assert not cell.from_starter
    assert cell.starter_diff is not None
    assert "-    keep(image)\n+keep(image)" in cell.starter_diff


def test_a_changed_cell_carries_what_changed(tmp_path: Path) -> None:
    filled = SCORE.replace("    return hits", "    print(hits)\n    return hits")
    number, filling = read(tmp_path, "threshold = 0.9", filled)
    assert number.starter_diff == (
        "--- starter\n+++ submission\n@@ -1 +1 @@\n-threshold = 0.5\n+threshold = 0.9"
    )
    assert filling.starter_diff == (
        "--- starter\n+++ submission\n@@ -1,3 +1,4 @@\n def score(found, wanted):\n"
        "     hits = sum(found == wanted)\n+    print(hits)\n     return hits / len(found)"
    )


def test_an_answer_written_below_its_question_is_a_change(tmp_path: Path) -> None:
    answer = f"{TASK} It was right nine times of ten."
    asked, answered, own = read(tmp_path, TASK, answer, "A heading of mine", kind="markdown")
    assert asked.from_starter
    assert answered.starter_diff is not None
    assert answered.starter_diff.endswith("+Your answer: It was right nine times of ten.")
    assert (own.from_starter, own.starter_diff) == (False, None)


def test_kinds_are_kept_apart(tmp_path: Path) -> None:
    (cell,) = read(tmp_path, SCORE, kind="markdown")
    assert (cell.from_starter, cell.starter_diff) == (False, None)


def test_a_long_diff_is_cut(tmp_path: Path) -> None:
    (cell,) = read(tmp_path, "\n".join([SCORE, *(f"own_{i} = {i}" for i in range(500))]))
    assert cell.starter_diff is not None
    assert len(cell.starter_diff.split("\n")) == 200


def test_a_huge_cell_takes_bounded_time(tmp_path: Path) -> None:
    sources = (SCORE + "\n" + "show(image)\n" * 900, "show(image)\n" * 50_000, "x" * 1_000_000)
    started = time.process_time()
    read(tmp_path, *sources)
    assert time.process_time() - started < 2.0


def test_a_report_is_compared_as_well(tmp_path: Path) -> None:
    starter = intake(written(tmp_path, document(*STARTER)), LAB)
    path = tmp_path / "report.md"
    path.write_text(f"# Mine\n\n```\n{SCORE}\n```\n", encoding="utf-8")
    own, taken = intake(path, LAB, starter=starter).cells
    assert (own.from_starter, taken.from_starter) == (False, True)


SPACED = st.lists(st.sampled_from(["", " ", "\t"]), min_size=3, max_size=3)


@given(SPACED, st.integers(0, 9), st.booleans())
def test_blanks_never_matter(
    tmp_path_factory: pytest.TempPathFactory, ends: list[str], width: int, tabs: bool
) -> None:
    lines = [line + end for line, end in zip(SCORE.split("\n"), ends, strict=True)]
    source = textwrap.indent("\n".join(lines), " " * width)
    source = source.replace("    ", "\t") if tabs and width == 0 else source
    (cell,) = read(tmp_path_factory.mktemp("any"), source)
    assert cell.from_starter


def test_a_long_notebook_is_marked_fast() -> None:
    def cell(at: int, own: int) -> Cell:
        lines = [f"name_{at}_{n} = call_{own}(value_{n * at % 97}, {n})" for n in range(12)]
        return Cell(index=at, kind="code", source="\n".join(lines))

    starter = [cell(at, 0) for at in range(100)]
    cells = [cell(at, at % 3) for at in range(300)]
    started = time.process_time()
    found = marked(cells, starter)
    assert time.process_time() - started < 0.5
    assert sum(each.from_starter for each in found) == 34
