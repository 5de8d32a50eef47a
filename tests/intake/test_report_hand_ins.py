"""When a report is what a student handed in, and when it only lies beside notebooks."""

from pathlib import Path

import pytest

from grader.errors import InputError
from grader.intake import find, handed_in, intake
from tests.intake.test_handed_in import notebook
from tests.intake.test_notebook import LAB
from tests.intake.test_zip import zipped

REPORT = "# Report\n\nThe accuracy was 0.8895 on the test set.\n"


def made(folder: Path, *names: str) -> Path:
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(notebook("x = 1") if path.suffix == ".ipynb" else REPORT, encoding="utf-8")
    return folder


def taken(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in find([folder]))


@pytest.mark.parametrize(
    "beside",
    [
        ("README.md", "notes.txt"),
        ("report.md",),
        ("docs/report.md",),
        ("docs/a.md", "docs/b.md", "ada/report.txt"),
        ("ada/x/report.txt",),
    ],
)
def test_text_beside_notebooks_is_not_taken(tmp_path: Path, beside: tuple[str, ...]) -> None:
    made(tmp_path, "ada/lab.ipynb", "alan/lab.ipynb", *beside)
    assert taken(tmp_path) == ["ada/lab.ipynb", "alan/lab.ipynb"]


def test_text_beside_the_notebooks_of_a_flat_class_is_not_taken(tmp_path: Path) -> None:
    made(tmp_path, "ada.ipynb", "alan.ipynb", "grace.txt", "more/report.md")
    assert taken(tmp_path) == ["ada.ipynb", "alan.ipynb"]


def test_a_folder_with_nothing_but_a_report_is_a_students(tmp_path: Path) -> None:
    made(tmp_path, "c/ada/lab.ipynb", "c/alan/lab.ipynb", "c/grace/report.md")
    made(tmp_path, "c/data/labels.txt", "c/mary/a.md", "c/mary/b.md", "c/joan/README.md")
    found = {each.student: each.path.name for each in handed_in([tmp_path], LAB)}
    assert found == {"ada": "lab.ipynb", "alan": "lab.ipynb", "grace": "report.md"}


def test_moodle_names_who_handed_in_a_report(tmp_path: Path) -> None:
    end = "_assignsubmission_file"
    made(tmp_path, f"Ada L_11{end}/a.ipynb", f"Ada L_11{end}/notes.md", f"Alan T_12{end}/b.txt")
    found = {each.student: each.path.name for each in handed_in([tmp_path], LAB)}
    assert found == {"Ada L": "a.ipynb", "Alan T": "b.txt"}


def test_canvas_names_who_handed_in_a_report(tmp_path: Path) -> None:
    made(tmp_path, "ada_11_501_lab.ipynb", "ada_11_502_notes.txt", "alan_12_503_lab.ipynb")
    made(tmp_path, "grace_13_504_report.md")
    found = {each.student: each.path.name for each in handed_in([tmp_path], LAB)}
    assert found == {
        "ada": "ada_11_501_lab.ipynb",
        "alan": "alan_12_503_lab.ipynb",
        "grace": "grace_13_504_report.md",
    }


def test_a_class_of_reports_has_a_student_per_file(tmp_path: Path) -> None:
    made(tmp_path, "ada.md", "alan.txt", "README.md", "requirements.txt", "data.csv")
    assert taken(tmp_path) == ["ada.md", "alan.txt"]


def test_a_folder_with_a_readme_holds_nothing(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="holds no notebook"):
        find([made(tmp_path, "README.md")])


def test_a_zip_with_nothing_but_reports_is_read(tmp_path: Path) -> None:
    path = zipped(tmp_path / "ada.zip", {"report.md": REPORT, "short.txt": "Nothing."})
    submission = intake(path, LAB)
    assert (submission.form, submission.student) == ("report", "ada")
    assert submission.path == str(path / "report.md")
    assert submission.notes[0] == (
        "2 reports were handed in. report.md was graded: it has the most text (50 characters). "
        "Not graded: short.txt."
    )


def test_a_report_named_directly_is_taken_whatever_lies_beside_it(tmp_path: Path) -> None:
    made(tmp_path, "lab.ipynb", "README.md", "report")
    for name in ("README.md", "report"):
        assert find([tmp_path / name]) == (tmp_path / name,)
        assert intake(tmp_path / name, LAB).form == "report"
