"""What reaches a user who installs the wheel."""

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    (built,) = folder.glob("*.whl")
    return built


def test_the_shipped_folders_are_in_it(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    for name in (
        "templates/student.html.j2",
        "templates/style.css",
        "rubrics/week9-vit-clip/lab.yaml",
        "rubrics/week9-vit-clip/starter.ipynb",
        "reference/week9-vit-clip/record-tiny.json",
        "reference/assets/models/openai--clip-vit-base-patch32/model.safetensors",
        "submissions/week9-vit-clip/honest.ipynb",
    ):
        assert f"grader/_data/{name}" in names
    assert not [name for name in names if name.startswith("tests/")]


USE = """
import sys
sys.path.insert(0, sys.argv.pop(1))
import grader
from grader.config import data_folder
assert "_data" in str(data_folder("rubrics")), data_folder("rubrics")
from grader.cli import main
sys.exit(main())
"""


def test_it_works_from_where_it_is_installed(wheel: Path, tmp_path: Path) -> None:
    zipfile.ZipFile(wheel).extractall(tmp_path)
    sample = tmp_path / "grader" / "_data" / "submissions" / "week9-vit-clip" / "honest.ipynb"
    done = subprocess.run(
        [
            *(sys.executable, "-P", "-c", USE, str(tmp_path)),
            *("check", str(sample), "--lab", "week9-vit-clip", "--format", "json"),
        ],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert '"lab": "week9-vit-clip"' in done.stdout
