"""Whose a notebook is, and which of several is graded."""

import json
from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader.intake import HandIn, handed_in, intake, student_names
from grader.intake.names import own_name
from tests.intake.test_notebook import LAB, code, document
from tests.intake.test_zip import zipped

USES_LAB = "load_dataset('d'); from_pretrained('m')"


def notebook(source: str) -> str:
    return json.dumps(document(code(source)))


def made(folder: Path, files: Mapping[str, str]) -> Path:
    for name, source in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(notebook(source), encoding="utf-8")
    return folder


def taken(*paths: Path) -> dict[str, HandIn]:
    found = handed_in(paths, LAB)
    assert len({each.student for each in found}) == len(found)
    return {each.student: each for each in found}


def names(*paths: Path) -> dict[str, str]:
    return {student: each.path.name for student, each in taken(*paths).items()}


def test_a_flat_class_has_a_student_per_file(tmp_path: Path) -> None:
    made(tmp_path, {"ada.ipynb": "1", "alan.ipynb": "1"})
    assert names(tmp_path) == {"ada": "ada.ipynb", "alan": "alan.ipynb"}
    assert all(each.notes == () for each in taken(tmp_path).values())


def test_a_folder_for_every_student_names_them(tmp_path: Path) -> None:
    made(tmp_path, {"c/ada/lab.ipynb": "1", "c/alan/lab.ipynb": "1", "c/grace/sub/x.ipynb": "1"})
    assert names(tmp_path) == {"ada": "lab.ipynb", "alan": "lab.ipynb", "grace": "x.ipynb"}


def test_of_several_the_one_that_uses_the_lab_is_taken(tmp_path: Path) -> None:
    made(
        tmp_path,
        {
            "ada/scratch.ipynb": "x = 1\n" * 50,
            "ada/work.ipynb": USES_LAB,
            "alan/lab.ipynb": USES_LAB,
        },
    )
    ada = taken(tmp_path)["ada"]
    assert ada.path == tmp_path / "ada" / "work.ipynb"
    assert ada.notes == (
        "2 notebooks were handed in. work.ipynb was graded: its code names the most of the lab's "
        "models and datasets (2). Not graded: scratch.ipynb.",
    )


def test_otherwise_the_longest_is_taken(tmp_path: Path) -> None:
    made(tmp_path, {"ada/a.ipynb": "1", "ada/b.ipynb": "x = 12", "alan/b.ipynb": "1"})
    ada = taken(tmp_path)["ada"]
    assert ada.path.name == "b.ipynb"
    assert "it has the most code (6 characters)" in ada.notes[0]


def test_what_cannot_be_read_is_not_taken(tmp_path: Path) -> None:
    made(tmp_path, {"ada/b.ipynb": "x = 1", "alan/b.ipynb": "1"})
    (tmp_path / "ada/a.ipynb").write_text("{", encoding="utf-8")
    assert "no other could be read" in taken(tmp_path)["ada"].notes[0]


def test_a_copy_is_no_choice(tmp_path: Path) -> None:
    made(tmp_path, {"ada/lab (1).ipynb": "1", "ada/lab.ipynb": "1", "alan/lab.ipynb": "2"})
    ada = taken(tmp_path)["ada"]
    assert ada.path.name == "lab.ipynb"
    assert "the others are the same, byte for byte" in ada.notes[0]


def test_folders_of_sections_are_not_students(tmp_path: Path) -> None:
    made(tmp_path, {f"{s}/student{s}{n}.ipynb": "1" for s in "ab" for n in range(3)})
    assert len(taken(tmp_path)) == 6
    (tmp_path / "a/studentb0.ipynb").write_text(notebook("3"), encoding="utf-8")
    assert len(taken(tmp_path)) == 7


def test_a_notebook_beside_the_folders_makes_all_of_them_submissions(tmp_path: Path) -> None:
    made(tmp_path, {"ada.ipynb": "1", "x/b.ipynb": "1", "x/c.ipynb": "2", "y/d.ipynb": "1"})
    assert sorted(names(tmp_path)) == ["ada", "b", "c", "d"]


def test_equal_notebooks_of_two_students_are_both_taken(tmp_path: Path) -> None:
    made(tmp_path, {"ada.ipynb": "1", "alan.ipynb": "1"})
    digests = {intake(each.path, LAB).digest for each in taken(tmp_path).values()}
    assert (len(taken(tmp_path)), len(digests)) == (2, 1)


def test_renamed_copies_keep_apart_under_clean_names(tmp_path: Path) -> None:
    made(tmp_path, {"lab.ipynb": "1", "lab (1).ipynb": "2", "Copy of lab.ipynb": "3"})
    assert names(tmp_path) == {
        "lab": "lab.ipynb",
        "lab-2": "Copy of lab.ipynb",
        "lab-3": "lab (1).ipynb",
    }


@pytest.mark.parametrize(
    ("stem", "clean"),
    [
        ("lab (1)", "lab"),
        ("lab(12)", "lab"),
        ("Copy of lab", "lab"),
        ("Copy of Copy of lab (2)", "lab"),
        ("lab-Copy1", "lab"),
        ("lab - Copy", "lab"),
        ("lab - Copy (2)", "lab"),
        ("lab copy 2", "lab"),
        ("(1)", "(1)"),
        ("Copy of", "Copy of"),
        ("copycat", "copycat"),
        ("week9", "week9"),
    ],
)
def test_what_copying_adds_is_no_part_of_a_name(stem: str, clean: str) -> None:
    assert own_name(stem) == clean


@given(st.text(min_size=1, max_size=30))
def test_a_clean_name_is_clean(stem: str) -> None:
    assert own_name(own_name(stem)) == own_name(stem)
    assert own_name(stem)


CANVAS = {
    "lovelaceada_101_5001_lab.ipynb": USES_LAB,
    "lovelaceada_101_5002_scratch.ipynb": "1",
    "turingalan_LATE_102_5003_lab-1.ipynb": "1",
    "anon_x7Yz_5004_lab.ipynb": "2",
    "turingalan_103_5005_lab.ipynb": "1",
}


def check_canvas(path: Path) -> None:
    assert names(path) == {
        "anon_x7Yz": "anon_x7Yz_5004_lab.ipynb",
        "lovelaceada": "lovelaceada_101_5001_lab.ipynb",
        "turingalan-102": "turingalan_LATE_102_5003_lab-1.ipynb",
        "turingalan-103": "turingalan_103_5005_lab.ipynb",
    }


def test_a_download_of_canvas_names_the_students(tmp_path: Path) -> None:
    content = {name: notebook(source) for name, source in CANVAS.items()}
    folder = tmp_path / "outer"
    folder.mkdir()
    path = zipped(folder / "ml-lab_submissions.zip", dict(content))
    check_canvas(path)
    check_canvas(folder)
    check_canvas(made(tmp_path / "unpacked", CANVAS))


def test_a_zip_within_a_download_of_canvas_is_one_students(tmp_path: Path) -> None:
    made(tmp_path, {"adalovelace_101_5001_lab.ipynb": "1"})
    zipped(
        tmp_path / "alanturing_102_5002_hand in.zip",
        {"hand in/lab.ipynb": notebook(USES_LAB), "hand in/try.ipynb": notebook("1")},
    )
    assert names(tmp_path) == {
        "adalovelace": "adalovelace_101_5001_lab.ipynb",
        "alanturing": "lab.ipynb",
    }


def test_numbers_in_own_names_are_not_those_of_canvas(tmp_path: Path) -> None:
    made(tmp_path, {"lab_3_2024_ada.ipynb": "1", "lab_3_2024_alan.ipynb": "1"})
    assert sorted(names(tmp_path)) == ["lab_3_2024_ada", "lab_3_2024_alan"]


def test_a_download_of_moodle_names_the_students(tmp_path: Path) -> None:
    files = {
        "Ada Lovelace_1001_assignsubmission_file/lab.ipynb": USES_LAB,
        "Ada Lovelace_1001_assignsubmission_file/old.ipynb": "1",
        "Alan Turing_1002_assignsubmission_file_/sub/lab.ipynb": "1",
        "Zoë Ö_1003_assignsubmission_file_lab.ipynb": "1",
        "Alan Turing_1004_assignsubmission_file/lab.ipynb": "1",
        "Participant 7_1005_assignsubmission_file/lab.ipynb": "1",
    }
    expected = [
        "Ada Lovelace",
        "Alan Turing-1002",
        "Alan Turing-1004",
        "Participant 7",
        "Zoë Ö",
    ]
    unpacked = made(tmp_path / "unpacked", files)
    path = zipped(tmp_path / "class.zip", {name: notebook(s) for name, s in files.items()})
    for place in (unpacked, path):
        assert sorted(names(place)) == expected
        assert taken(place)["Ada Lovelace"].path.name == "lab.ipynb"


def test_zips_of_a_class_are_named_after_their_files(tmp_path: Path) -> None:
    zipped(tmp_path / "ada (1).zip", {"a.ipynb": notebook("1"), "b.ipynb": notebook(USES_LAB)})
    zipped(tmp_path / "alan.zip", {"a.ipynb": notebook("1")})
    expected = {"ada": "b.ipynb", "alan": "a.ipynb"}
    assert names(tmp_path) == expected
    assert names(*sorted(tmp_path.iterdir())) == expected


def test_a_paired_script_is_no_second_notebook(tmp_path: Path) -> None:
    made(tmp_path, {"ada.ipynb": "1"})
    (tmp_path / "ada.py").write_text("# %%\nx = 1\n", encoding="utf-8")
    (tmp_path / "alan.py").write_text("# %%\nx = 1\n", encoding="utf-8")
    (tmp_path / "utils.py").write_text("def f():\n    return 1\n", encoding="utf-8")
    (tmp_path / "README.md").write_text("# Read me\n\n```python\nf()\n```\n", encoding="utf-8")
    assert names(tmp_path) == {"ada": "ada.ipynb", "alan": "alan.py"}


PART = st.sampled_from(["ada", "b", "lab (1)", "x.zip", "A_1_2_b", "A B_1_assignsubmission_file"])
TREE = st.sets(st.lists(PART, min_size=1, max_size=3).map("/".join), min_size=1, max_size=7)


@given(TREE)
def test_no_student_is_lost_or_named_twice(
    tmp_path_factory: pytest.TempPathFactory, tree: set[str]
) -> None:
    root = tmp_path_factory.mktemp("class")
    files = {f"{name}.d.ipynb": "1" for name in tree}
    made(root, files)
    found = taken(root)
    named = " ".join(note for each in found.values() for note in each.notes)
    chosen = {each.path for each in found.values()}
    for name in files:
        assert root / name in chosen or Path(name).name in named


def test_the_old_names_stay(tmp_path: Path) -> None:
    paths = [Path("class/ada/lab.ipynb"), Path("class/alan/lab.ipynb")]
    assert list(student_names(paths).values()) == ["ada-lab", "alan-lab"]


def test_notebooks_everybody_has_show_whose_the_folders_are(tmp_path: Path) -> None:
    students = ("ada", "alan", "grace")
    files = {
        f"{s}/{n}.ipynb": "1" if n == "try" else USES_LAB for s in students for n in ("lab", "try")
    }
    made(tmp_path, files)
    assert names(tmp_path) == dict.fromkeys(students, "lab.ipynb")
