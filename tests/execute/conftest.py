"""One sandbox for all tests: what it serves is made once."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from hashlib import sha256
from pathlib import Path

import pytest

from grader.execute import ForkSandbox, KernelOptions, RunOptions
from grader.model import Cell, Limits, Run, Submission
from tests.execute.attacks import MARKER

Runner = Callable[..., Run]


def notebook(*sources: str, student: str = "ada") -> Submission:
    cells = tuple(
        Cell(index=index, kind="code", source=source) for index, source in enumerate(sources)
    )
    digest = sha256("\0".join(sources).encode()).hexdigest()
    return Submission(
        student=student, lab="lab", path=f"{student}.ipynb", digest=digest, cells=cells
    )


@pytest.fixture(scope="session")
def assets(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("assets")
    script = Path(__file__).with_name("make_assets.py")
    subprocess.run([sys.executable, script, folder], check=True, capture_output=True)
    return folder


@pytest.fixture(scope="session")
def operator_environment() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("OPERATOR_TOKEN", MARKER)
        yield


@pytest.fixture(scope="session")
def sandbox(assets: Path, operator_environment: None) -> Iterator[ForkSandbox]:
    with ForkSandbox(assets, "tiny") as made:
        yield made


@pytest.fixture(scope="session")
def open_sandbox(assets: Path, operator_environment: None) -> Iterator[ForkSandbox]:
    """No walls: an attack that fails here proves nothing elsewhere."""
    with ForkSandbox(assets, "tiny", KernelOptions(level="none")) as made:
        yield made


@pytest.fixture(scope="session")
def fence(assets: Path, operator_environment: None) -> Iterator[ForkSandbox]:
    """The walls where user namespaces are refused."""
    with ForkSandbox(assets, "tiny", KernelOptions(level="landlock")) as made:
        yield made


@pytest.fixture(scope="session")
def run(sandbox: ForkSandbox) -> Runner:
    """Run cells given as sources, under the limits given as keywords."""

    def runner(*sources: str, seed: int = 42, **limits: float) -> Run:
        ceilings = Limits.model_validate({"cell_seconds": 60, "run_seconds": 120, **limits})
        return sandbox.run(notebook(*sources), RunOptions(limits=ceilings, seed=seed))

    return runner


def printed(run: Run, cell: int = 0) -> str:
    """What a cell printed to its standard output."""
    found = next(each for each in run.cells if each.index == cell)
    return "".join(output.text for output in found.outputs if output.kind == "stdout").strip()
