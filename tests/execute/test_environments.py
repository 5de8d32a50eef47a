"""Labs pinned to other libraries: same recorder, same walls, another Python."""

import json
import os
import shutil
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import nbformat
import pytest
from msgspec.structs import replace

from grader.config import data_folder
from grader.errors import SandboxUnavailable
from grader.execute import ForkSandbox, KernelOptions, RunOptions, machine
from grader.execute.adapt import adapt
from grader.execute.building import environment_of, plan
from grader.execute.environment import Environment, own
from grader.labs import load_lab
from grader.model import Cell, Lab, Libraries, Limits, Run
from tests.cli.command import grader
from tests.execute import installations, pinned
from tests.execute.conftest import notebook, printed

pytestmark = pytest.mark.sandbox
LIMITS = Limits(cell_seconds=60, run_seconds=120)
LANTERN = "def glow():\n    return 'only here'\n"
BROKEN = "raise RuntimeError('built for another machine')\n"


def run(assets: Path, environment: Environment, *sources: str, cold: bool = False) -> Run:
    with ForkSandbox(assets, "tiny", KernelOptions(environment=environment, cold=cold)) as sandbox:
        return sandbox.run(notebook(*sources), RunOptions(limits=LIMITS))


def outcomes(result: Run) -> list[str]:
    return [cell.outcome for cell in result.cells]


@pytest.fixture(scope="module")
def bare(tmp_path_factory: pytest.TempPathFactory) -> Environment:
    """Only what a kernel needs, a package of its own and a library that does not work."""
    folder = tmp_path_factory.mktemp("bare") / "env"
    python = installations.create(folder)
    installations.copy_kernel(installations.packages(folder))
    installations.add(installations.packages(folder), "lantern", "1.4", LANTERN)
    installations.add(installations.packages(folder), "transformers", "4.0", BROKEN)
    return Environment.of(python)


def test_a_notebook_runs_in_the_python_its_lab_names(assets: Path, tmp_path: Path) -> None:
    python = installations.create(tmp_path / "env", installations.OWN_PACKAGES)
    packages = installations.packages(tmp_path / "env")
    installations.add(packages, "lantern", "1.4", LANTERN)
    installations.add(packages, "iniconfig", "0.0.9", "version = 'old'\n")
    environment = Environment.of(python)
    hidden = [str(each) for each in machine.private_folders()]
    result = run(
        assets,
        environment,
        "import iniconfig, lantern, sys\nprint(lantern.glow(), iniconfig.version, sys.prefix)",
        "!pip install lantern 'iniconfig>=2' nosuchpackage",
        "from datasets import load_dataset\nfrom sklearn.metrics import accuracy_score\n"
        "rows = load_dataset('beans', split='test')\n"
        "print(accuracy_score(rows['labels'], [0] * len(rows)))",
        f"import os\nprint([n for f in {hidden!r} if os.path.isdir(f) for n in os.listdir(f)])",
        "open('/etc/passwd', 'a')",
        "import grader.model",
    )
    assert outcomes(result) == ["ok"] * 4 + ["error"] * 2, result.cells
    assert printed(result) == f"only here old {tmp_path / 'env'}"
    assert printed(result, 1).splitlines() == [
        "Requirement already satisfied: lantern",
        "Not installed: iniconfig 0.0.9 is here instead of iniconfig>=2.",
        "Not installed: nosuchpackage is missing here.",
    ]
    assert printed(result, 2) == str(3 / 9)
    assert printed(result, 3) == "[]"
    assert result.recorder_complete
    assert {"load", "metric"} <= {event.name for event in result.events}
    assert result.machine.sandbox.startswith("user net ipc pid mount landlock")
    assert result.machine.versions == own().versions
    assert environment.version_of("iniconfig") == "0.0.9" != own().version_of("iniconfig")


def test_what_a_lab_does_not_have_is_missing_though_the_grader_has_it(
    assets: Path, bare: Environment
) -> None:
    result = run(
        assets,
        bare,
        "import lantern\nprint(lantern.glow())\nlabels = [0, 1, 1]",
        "!pip install torch lantern",
        "from google.colab import drive",
        "import transformers",
        "import pandas",
    )
    assert outcomes(result) == ["ok", "ok", "ok", "error", "error"], result.cells
    assert printed(result, 1).splitlines() == [
        "Not installed: torch is missing here.",
        "Requirement already satisfied: lantern",
    ]
    assert result.recorder_complete
    assert result.machine.versions == {"transformers": "4.0"}
    assert {"named", "cell", "end"} <= {event.name for event in result.events}


def test_a_missing_package_is_the_runners_lack(assets: Path, bare: Environment) -> None:
    result = run(assets, bare, "import pandas", cold=True)
    assert result.outcome == "environment"
    assert result.message == "This runner does not have the package pandas."
    assert result.recorder_complete


def test_a_library_whose_functions_are_elsewhere_leaves_the_record_incomplete(
    assets: Path, bare: Environment, tmp_path: Path
) -> None:
    python = installations.create(tmp_path / "env", *bare.folders)
    packages = installations.packages(tmp_path / "env")
    installations.add(packages, "evaluate", "9.0", "def load(name): return name\n")
    result = run(assets, Environment.of(python), "import evaluate\nevaluate.load('accuracy')")
    assert outcomes(result) == ["ok"], result.cells
    assert not result.recorder_complete
    assert "tamper" not in {event.name for event in result.events}


def test_in_the_graders_own_python_a_missing_library_is_an_error(
    assets: Path, bare: Environment
) -> None:
    with pytest.raises(SandboxUnavailable, match=r"package torch is not installed: run pip"):
        run(assets, replace(bare, own=True), "print(1)")


def test_stand_ins_follow_the_environment(bare: Environment) -> None:
    cell = Cell(index=0, kind="code", source="from tqdm.notebook import tqdm")
    with_widgets = replace(bare, modules=bare.modules | {"ipywidgets"})
    assert [note.line for note in adapt(cell, "cpu", bare)[1]] == [1]
    assert adapt(cell, "cpu", with_widgets)[1] == ()


def test_another_package_makes_other_conditions(assets: Path, tmp_path: Path) -> None:
    python = installations.create(tmp_path / "env", installations.OWN_PACKAGES)

    def conditions() -> dict[str, object]:
        how = KernelOptions(environment=Environment.of(python))
        with ForkSandbox(assets, "tiny", how) as sandbox:
            return sandbox.conditions

    before = conditions()
    assert conditions() == before
    installations.add(installations.packages(tmp_path / "env"), "lantern", "1.4", LANTERN)
    assert conditions() != before


def test_a_grader_installed_beside_the_libraries_stays_hidden(tmp_path: Path) -> None:
    python = installations.create(tmp_path / "env", installations.OWN_PACKAGES)
    other = installations.packages(tmp_path / "env") / "grader"
    (other / "execute" / "guest").mkdir(parents=True)
    installations.add(installations.packages(tmp_path / "env"), "ipykernel", "7.0", "")
    assert other in Environment.of(python).hidden


def test_a_home_folder_named_by_a_path_file_is_not_shown(tmp_path: Path) -> None:
    python = installations.create(tmp_path / "env", Path.home(), Path("/"), tmp_path)
    installations.add(installations.packages(tmp_path / "env"), "ipykernel", "7.0", "")
    folders = Environment.of(python).folders
    assert tmp_path in folders
    assert not {Path.home(), Path("/")} & set(folders)


def test_a_python_that_cannot_be_used_is_told_with_what_helps(tmp_path: Path) -> None:
    without_kernel = installations.create(tmp_path / "env")
    old = tmp_path / "old"
    old.write_text('#!/bin/sh\necho \'{"version": "3.8.1"}\'\n')
    old.chmod(0o755)
    data = tmp_path / "data"
    data.write_text("")
    for python, said in (
        (without_kernel, f'run {without_kernel} -m pip install "ipykernel'),
        (old, "is Python 3.8.1; notebooks need Python 3.9 or later"),
        (data, "cannot be run"),
        (tmp_path / "nowhere", "cannot be run"),
        (Path(shutil.which("true") or ""), "is not a Python"),
    ):
        with pytest.raises(SandboxUnavailable) as caught:
            Environment.of(python)
        assert said in str(caught.value)


@pytest.fixture
def pinned_lab(tmp_path: Path, bare: Environment) -> Lab:
    """A lab whose requirements need no network; ``ipykernel`` is that of another environment."""
    wheels = tmp_path / "wheels"
    wheels.mkdir()
    named = "".join(f"{each}\n" for each in bare.folders if each.name == "site-packages")
    installations.wheel(wheels, "ipykernel", "6.99", {"named.pth": named})
    installations.wheel(wheels, "beacon", "2.0", {"beacon.py": "colour = 'red'\n"})
    requirements = tmp_path / "requirements.txt"
    requirements.write_text("--no-index\n--find-links wheels\n-r more.txt\n")
    (tmp_path / "more.txt").write_text("beacon==2.0\n")
    wanted = Libraries(requirements=str(requirements))
    return load_lab("week9-vit-clip").model_copy(update={"environment": wanted})


def test_requirements_are_built_once_and_by_one_of_two_who_want_them(
    assets: Path, tmp_path: Path, pinned_lab: Lab
) -> None:
    cache, told = tmp_path / "cache", list[str]()
    planned = plan(pinned_lab, cache)
    assert planned is not None
    # As a build leaves it that was killed.
    (planned.folder / "bin").mkdir(parents=True)
    (planned.folder / "bin" / "python").symlink_to(sys.executable)
    with ThreadPoolExecutor(2) as both:
        made = list(both.map(lambda _: environment_of(pinned_lab, cache, told.append), range(2)))
    assert made[0] == made[1]
    assert [text.split()[0] for text in told].count("Building") == 1
    assert "Another process builds" in "".join(told)
    assert environment_of(pinned_lab, cache, told.append) == made[0]
    assert len(told) == 3
    result = run(assets, made[0], "import beacon\nprint(beacon.colour)", "!pip install beacon")
    assert outcomes(result) == ["ok", "ok"], result.cells
    assert printed(result) == "red"
    assert printed(result, 1) == "Requirement already satisfied: beacon"


def test_other_requirements_are_another_environment(tmp_path: Path, pinned_lab: Lab) -> None:
    first = plan(pinned_lab, tmp_path)
    (tmp_path / "more.txt").write_text("beacon\n")
    second = plan(pinned_lab, tmp_path)
    assert first is not None
    assert second is not None
    assert first.folder != second.folder


def test_a_requirement_that_cannot_be_had_is_named_with_the_log(
    tmp_path: Path, pinned_lab: Lab
) -> None:
    (tmp_path / "more.txt").write_text("nosuchpackage==1.0\n")
    with pytest.raises(SandboxUnavailable) as caught:
        environment_of(pinned_lab, tmp_path, list[str]().append)
    planned = plan(pinned_lab, tmp_path)
    assert planned is not None
    assert not planned.is_built
    assert "nosuchpackage==1.0" in str(caught.value)
    assert str(planned.log) in str(caught.value)
    assert "nosuchpackage" in planned.log.read_text()


def test_a_python_that_is_not_here_is_named(tmp_path: Path, pinned_lab: Lab) -> None:
    wanted = Libraries(requirements=str(tmp_path / "requirements.txt"), python="3.99")
    with pytest.raises(SandboxUnavailable, match=r"no Python 3\.99 on this machine"):
        plan(pinned_lab.model_copy(update={"environment": wanted}), tmp_path)


def write_lab(folder: Path, environment: dict[str, str]) -> Path:
    shipped = data_folder("rubrics") / "week9-vit-clip" / "lab.yaml"
    text = shipped.read_text(encoding="utf-8")
    (folder / "lab.yaml").write_text(f"{text}\nenvironment: {json.dumps(environment)}\n")
    return folder


@pytest.mark.slow
def test_the_command_uses_what_the_lab_names(tmp_path: Path, bare: Environment) -> None:
    lab = write_lab(tmp_path, {"python": os.path.relpath(bare.python, tmp_path)})
    path = tmp_path / "heron.ipynb"
    cell = nbformat.v4.new_code_cell("import lantern, pandas")
    nbformat.write(nbformat.v4.new_notebook(cells=[cell]), path)
    done = grader("check", path, "--lab", lab, "--run", "--cold")
    assert "does not have the package pandas" in done.out, done.err
    shown = json.loads(grader("environment", "show", lab, "--format", "json").out)
    assert shown["distributions"]["lantern"] == "1.4"
    assert not shown["own"]
    assert grader("environment", "show", "week9-vit-clip").out.startswith(sys.executable)


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_a_notebook_for_transformers_4_is_graded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LAB_GRADER_CACHE", str(tmp_path / "cache"))
    lab = write_lab(tmp_path, {"requirements": "requirements.txt"})
    (tmp_path / "requirements.txt").write_text(
        "transformers<5\ntorch==2.13.0\ndatasets<4\nevaluate\nscikit-learn\naccelerate\npillow\n"
    )
    (tmp_path / "class").mkdir()
    pinned.write(tmp_path / "class" / "heron.ipynb")
    done = grader("grade", tmp_path / "class", "--lab", lab, "--out", tmp_path / "out",
                  "--format", "json", timeout=3000)  # fmt: skip
    assert done.code == 0, done.err
    assert "Building the environment of week9-vit-clip" in done.err
    (row,) = json.loads(done.out)["submissions"]
    assert row["outcome"] == "graded"
    assert not [one for one in row["findings"] if one["severity"] in ("invalid", "major")]
    assert all(each["recomputed"] is not None for each in row["comparisons"])
    stored = next((tmp_path / "out").glob("runs/*/2-run.json")).read_text()
    assert Run.model_validate_json(stored).machine.versions["transformers"].startswith("4.")
