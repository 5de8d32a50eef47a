"""Which files are taken, and what their students are called."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader.errors import InputError
from grader.intake import find, student_names


def touch(folder: Path, *names: str) -> None:
    """Create empty files."""
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()


def test_a_folder_is_searched_in_order(tmp_path: Path) -> None:
    touch(tmp_path, "b.ipynb", "a/z.ipynb", "a/c.IPYNB", "notes.txt", "a/data.csv")
    found = [str(path.relative_to(tmp_path)) for path in find([tmp_path])]
    assert found == ["a/c.IPYNB", "a/z.ipynb", "b.ipynb"]


def test_hidden_files_and_checkpoints_are_left_out(tmp_path: Path) -> None:
    touch(
        tmp_path,
        "a.ipynb",
        ".ipynb_checkpoints/a-checkpoint.ipynb",
        ".b.ipynb",
        ".git/c.ipynb",
        "__MACOSX/._a.ipynb",
    )
    (tmp_path / "folder.ipynb").mkdir()
    assert find([tmp_path]) == (tmp_path / "a.ipynb",)


def test_a_hidden_folder_named_directly_is_searched(tmp_path: Path) -> None:
    touch(tmp_path, ".class/a.ipynb")
    assert find([tmp_path / ".class"]) == (tmp_path / ".class" / "a.ipynb",)


def test_a_file_is_taken_once_and_whatever_its_name(tmp_path: Path) -> None:
    touch(tmp_path, "a.ipynb", "b.txt")
    a, b = tmp_path / "a.ipynb", tmp_path / "b.txt"
    assert find([b, a, tmp_path, a]) == (b, a)


def test_a_missing_path_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"nothing\.ipynb does not exist"):
        find([tmp_path / "nothing.ipynb"])


def test_a_folder_without_notebooks_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="holds no notebook"):
        find([tmp_path])


def test_a_student_is_named_after_the_file() -> None:
    paths = [Path("class/Ada Lovelace.ipynb"), Path("class/Alan Turing.ipynb")]
    assert list(student_names(paths).values()) == ["Ada Lovelace", "Alan Turing"]


def test_equal_names_get_their_folders() -> None:
    paths = [Path("class/ada/lab.ipynb"), Path("class/alan/lab.ipynb"), Path("class/grace.ipynb")]
    assert list(student_names(paths).values()) == ["ada-lab", "alan-lab", "grace"]


def test_equal_folders_get_the_folders_above() -> None:
    paths = [Path("c/1/x/lab.ipynb"), Path("c/2/x/lab.ipynb")]
    assert list(student_names(paths).values()) == ["1-x-lab", "2-x-lab"]


def test_files_in_one_folder_are_numbered() -> None:
    paths = [Path("lab.ipynb"), Path("lab.IPYNB"), Path("lab-2.ipynb")]
    assert list(student_names(paths).values()) == ["lab", "lab-3", "lab-2"]


PART = st.sampled_from(["a", "b", "a-b", "a-2", "..", "lab"])


@given(st.lists(st.lists(PART, min_size=1, max_size=4), max_size=8), st.booleans())
def test_every_file_gets_a_name_of_its_own(parts: list[list[str]], absolute: bool) -> None:
    root = "/" if absolute else ""
    paths = [Path(root + "/".join(p) + suffix) for p in parts for suffix in (".ipynb", ".txt")]
    names = student_names(paths)
    assert set(names) == set(paths)
    assert len(set(names.values())) == len(names)
    assert all(names.values())
