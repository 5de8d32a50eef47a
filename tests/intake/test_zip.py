"""Zip files: read where they are, and refused when they are not what they seem."""

import io
import json
import stat
import struct
import zipfile
from hashlib import sha256
from pathlib import Path

import pytest

from grader.errors import InputError, SubmissionError
from grader.intake import digest, find, handed_in, intake
from tests.intake.test_notebook import LAB, code, document

NOTEBOOK = json.dumps(document(code("x = 1")))


def packed(entries: dict[str, str | bytes], **options: int) -> bytes:
    """A zip file of these entries."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, **options) as file:  # type: ignore[call-overload]
        for name, content in entries.items():
            file.writestr(name, content)
    return buffer.getvalue()


def zipped(path: Path, entries: dict[str, str | bytes]) -> Path:
    """The same as a file."""
    path.write_bytes(packed(entries))
    return path


def refusal(path: Path) -> str:
    """What is said of a zip handed in."""
    with pytest.raises(SubmissionError) as caught:
        intake(path, LAB)
    return str(caught.value)


def test_notebooks_in_a_zip_are_found_and_read(tmp_path: Path) -> None:
    other = json.dumps(document(code("y = 2")))
    path = zipped(
        tmp_path / "class.zip",
        {
            "w/ada.ipynb": NOTEBOOK,
            "w/deep/er/alan.ipynb": other,
            "w/notes.txt": "a",
            "__MACOSX/w/._ada.ipynb": b"\0\5",
            "w/.ipynb_checkpoints/ada-checkpoint.ipynb": NOTEBOOK,
            "w/.hidden.ipynb": NOTEBOOK,
        },
    )
    found = find([path])
    assert [str(each.relative_to(path)) for each in found] == [
        "w/ada.ipynb",
        "w/deep/er/alan.ipynb",
    ]
    submission = intake(found[1], LAB)
    assert submission.cells[0].source == "y = 2"
    assert submission.path == str(found[1])
    assert submission.digest == digest(found[1]) == sha256(other.encode()).hexdigest()
    assert sorted(tmp_path.iterdir()) == [path]


def test_a_zip_in_a_zip_is_read_and_no_deeper(tmp_path: Path) -> None:
    inner = packed({"lab.ipynb": NOTEBOOK})
    deepest = packed({"b.zip": packed({"c.zip": packed({"lab.ipynb": NOTEBOOK})})})
    path = zipped(tmp_path / "class.zip", {"ada.zip": inner, "alan.zip": deepest})
    found = find([path])
    assert [str(each.relative_to(path)) for each in found] == [
        "ada.zip/lab.ipynb",
        "alan.zip/b.zip",
    ]
    assert intake(found[0], LAB).cells[0].source == "x = 1"
    assert "lies in a zip in a zip" in refusal(found[1])


def test_one_zip_holding_one_notebook_is_a_submission(tmp_path: Path) -> None:
    path = zipped(tmp_path / "ada.zip", {"lab.ipynb": NOTEBOOK, "data.csv": "1"})
    submission = intake(path, LAB)
    assert (submission.student, submission.path) == ("ada", str(path / "lab.ipynb"))
    assert submission.notes == ()


@pytest.mark.parametrize("name", ["../lab.ipynb", "a/../../lab.ipynb", "..\\lab.ipynb"])
def test_names_that_lead_outside_are_refused(tmp_path: Path, name: str) -> None:
    said = refusal(zipped(tmp_path / "a.zip", {"ok.ipynb": NOTEBOOK, name: NOTEBOOK}))
    assert "The zip file a.zip names a place outside itself" in said
    assert said.endswith("hand in the notebook itself.")


@pytest.mark.parametrize("name", ["/etc/lab.ipynb", "C:/lab.ipynb", "\\\\host\\lab.ipynb"])
def test_absolute_names_are_refused(tmp_path: Path, name: str) -> None:
    path = zipped(tmp_path / "a.zip", {name: NOTEBOOK})
    assert "names a place outside itself" in refusal(path)


def test_symbolic_links_are_refused(tmp_path: Path) -> None:
    link = zipfile.ZipInfo("lab.ipynb")
    link.create_system = 3
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w") as file:
        file.writestr(link, "/etc/passwd")
    assert "holds a symbolic link (lab.ipynb)" in refusal(path)


def test_many_entries_are_refused(tmp_path: Path) -> None:
    path = zipped(tmp_path / "a.zip", {f"{n}.txt": "" for n in range(1_000)})
    with zipfile.ZipFile(path, "a") as file:
        file.writestr("lab.ipynb", NOTEBOOK)
    assert "holds 1,001 entries; at most 1,000 are read" in refusal(path)


def test_a_vast_table_of_contents_is_refused_unread(tmp_path: Path) -> None:
    content = bytearray(packed({"lab.ipynb": NOTEBOOK}))
    size = content.rindex(b"PK\x05\x06") + 12
    struct.pack_into("<L", content, size, 0x7FFFFFFF)
    path = tmp_path / "a.zip"
    path.write_bytes(content)
    assert "holds more than 1,000 entries" in refusal(path)


def test_a_bomb_is_refused_by_its_ratio(tmp_path: Path) -> None:
    path = zipped(tmp_path / "a.zip", {"lab.ipynb": NOTEBOOK, "zeros": b"\0" * 5_000_000})
    assert "unpacks to over 100 times its size, as a zip bomb does" in refusal(path)


def test_a_large_zip_is_refused_by_its_size(tmp_path: Path) -> None:
    # The table of contents claims what the file need not hold.
    content = bytearray(packed({"lab.ipynb": NOTEBOOK}))
    claimed = content.index(b"PK\x01\x02") + 24
    struct.pack_into("<L", content, claimed, 300_000_000)
    path = tmp_path / "a.zip"
    path.write_bytes(content)
    assert "unpacks to 300 MB; at most 200 MB are read" in refusal(path)


def test_a_notebook_that_is_longer_than_it_claims_is_not_read_to_its_end(tmp_path: Path) -> None:
    content = bytearray(packed({"lab.ipynb": NOTEBOOK + " " * 500_000}))
    claimed = content.index(b"PK\x01\x02") + 24
    struct.pack_into("<L", content, claimed, len(NOTEBOOK))
    path = tmp_path / "a.zip"
    path.write_bytes(content)
    assert "damaged" in refusal(path)


def test_a_password_is_refused(tmp_path: Path) -> None:
    content = bytearray(packed({"lab.ipynb": NOTEBOOK}))
    content[content.index(b"PK\x01\x02") + 8] |= 1
    path = tmp_path / "a.zip"
    path.write_bytes(content)
    assert "is protected with a password" in refusal(path)


@pytest.mark.parametrize(
    "content",
    [b"", b"not a zip", b"PK\x05\x06", packed({"a": "b"})[:-30]],
    ids=["empty", "text", "mark", "cut"],
)
def test_a_broken_zip_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "a.zip"
    path.write_bytes(content)
    assert "a.zip is not a zip file, or a damaged one" in refusal(path)


def test_a_zip_without_notebooks_is_told(tmp_path: Path) -> None:
    path = zipped(tmp_path / "a.zip", {"report.pdf": "x"})
    assert "holds no notebook" in refusal(path)
    with pytest.raises(InputError, match="holds no notebook"):
        find([path])


def test_one_bad_zip_of_a_class_is_one_students_trouble(tmp_path: Path) -> None:
    (tmp_path / "ada.ipynb").write_text(NOTEBOOK, encoding="utf-8")
    bad = zipped(tmp_path / "alan.zip", {"../lab.ipynb": NOTEBOOK})
    empty = zipped(tmp_path / "grace.zip", {"report.pdf": "x"})
    taken = {each.student: each.path for each in handed_in([tmp_path], LAB)}
    assert taken == {"ada": tmp_path / "ada.ipynb", "alan": bad, "grace": empty}
    assert "outside itself" in refusal(bad)
    assert "holds no notebook" in refusal(empty)


def test_names_a_mac_wrote_are_read_as_utf8(tmp_path: Path) -> None:
    content = packed({"Zoe\u0308.ipynb": NOTEBOOK})
    name = "Zoe\u0308.ipynb".encode()
    unsaid = bytearray(content)
    for mark, at in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        flags = unsaid.index(mark) + at
        struct.pack_into("<H", unsaid, flags, 0)
    assert name in unsaid
    path = tmp_path / "a.zip"
    path.write_bytes(unsaid)
    assert [each.name for each in find([path])] == ["Zoe\u0308.ipynb"]


def test_a_link_out_of_the_folder_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / "class"
    folder.mkdir()
    secret = tmp_path / "solution.ipynb"
    secret.write_text(NOTEBOOK, encoding="utf-8")
    (folder / "ada.ipynb").symlink_to(secret)
    assert "is a link to another folder" in refusal(folder / "ada.ipynb")
