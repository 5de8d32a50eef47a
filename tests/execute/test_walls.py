"""What a notebook cannot reach. Every attack is first seen to succeed without the walls."""

import ast
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from grader.errors import SandboxUnavailable
from grader.execute import ForkSandbox, RunOptions
from grader.model import Run
from tests.execute import attacks
from tests.execute.conftest import Runner, notebook, printed
from tests.execute.somebody import as_somebody

# What has no walls shares its memory segments with every other test.
pytestmark = [pytest.mark.sandbox, pytest.mark.alone]

GUEST = Path(__file__).parents[2] / "grader/execute/guest"


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    # The path of a UNIX socket has at most 107 characters, fewer than pytest's own folders.
    with tempfile.TemporaryDirectory(prefix="attacked-") as made:
        yield Path(made)


@pytest.fixture(scope="module")
def attacked(
    sandbox: ForkSandbox, open_sandbox: ForkSandbox, folder: Path
) -> tuple[dict[str, str], dict[str, str]]:
    """What each attack printed: behind the walls, and without them."""
    with attacks.targets(folder) as names:
        walled = _results(sandbox, names, attacks.ATTACKS | attacks.CLIMBS)
        return walled, _results(open_sandbox, names, attacks.ATTACKS)


def _results(sandbox: ForkSandbox, names: str, chosen: dict[str, str]) -> dict[str, str]:
    cells = [attacks.cell(attack) for attack in chosen.values()]
    run = sandbox.run(notebook(names, *cells), RunOptions())
    assert run.outcome == "completed", run.message
    return {name: printed(run, index + 1) for index, name in enumerate(chosen)}


@pytest.mark.parametrize("attack", [*attacks.ATTACKS, *attacks.CLIMBS])
def test_a_notebook_cannot(attacked: tuple[dict[str, str], dict[str, str]], attack: str) -> None:
    assert attacked[0][attack]
    assert attacked[0][attack] != "REACHED"


@pytest.mark.parametrize("attack", attacks.ATTACKS)
def test_without_walls_it_could(
    attacked: tuple[dict[str, str], dict[str, str]], attack: str
) -> None:
    if attack == "write into the Python installation" and not os.access(sys.prefix, os.W_OK):
        pytest.skip("the Python installation belongs to somebody else")
    assert attacked[1][attack] == "REACHED"


def test_the_level_none_is_reported(open_sandbox: ForkSandbox) -> None:
    run = open_sandbox.run(notebook("print(6 * 7)"), RunOptions())
    assert run.machine.sandbox == "none"
    assert printed(run) == "42"


def test_daemons_die_without_walls_too(open_sandbox: ForkSandbox, tmp_path: Path) -> None:
    file = tmp_path / "alive"
    daemon = (
        "import subprocess\n"
        f"loop = 'while true; do touch {file}; sleep 0.05; done'\n"
        "process = subprocess.Popen(['setsid', 'sh', '-c', loop], start_new_session=True)\n"
        "import time; time.sleep(0.3)"
    )
    open_sandbox.run(notebook(daemon), RunOptions())
    assert file.exists()
    file.unlink()
    subprocess.run(["sleep", "0.3"], check=True)
    assert not file.exists()


def test_what_notebooks_need_works_behind_the_walls(run: Runner) -> None:
    result = run(
        "import multiprocessing, tempfile, pathlib\n"
        "with multiprocessing.get_context('fork').Pool(2) as pool: print(pool.map(abs, [-1, -2]))",
        "from torch.utils.data import DataLoader\n"
        "print([len(batch) for batch in DataLoader(range(4), batch_size=2, num_workers=1)])",
        "open('/tmp/kept', 'w').write('x'); print(tempfile.mkdtemp(), pathlib.Path.home())",
        "import matplotlib.pyplot as plt; plt.plot([1, 2]); plt.show()",
        "import getpass; print(getpass.getuser())",
    )
    assert [cell.outcome for cell in result.cells] == ["ok"] * 5, result.cells
    assert printed(result, 0) == "[1, 2]"
    assert printed(result, 1) == "[2, 2]"
    assert printed(result, 2).endswith("/home/student")
    assert result.cells[3].outputs[0].kind == "display"
    assert printed(result, 4) == "student"


def test_a_fork_bomb_is_killed(run: Runner) -> None:
    # Linear and bounded, so that a broken limit fails the test and not the machine.
    bomb = (
        "import os, time\n"
        "for _ in range(1000):\n"
        "    if os.fork() == 0:\n"
        "        time.sleep(60); os._exit(0)"
    )
    result = run(bomb, "1", memory_mib=1_000_000)
    assert result.outcome == "killed"
    assert result.message == "Cell 0 started more than 256 processes."


def test_tasks_are_limited_by_the_kernel(run: Runner) -> None:
    limits = (
        "import resource\n"
        "print(min(resource.getrlimit(resource.RLIMIT_NPROC)[0],"
        " int(open('/proc/sys/kernel/pid_max').read())))"
    )
    result = run(limits)
    if "pids" in result.machine.sandbox.split():
        assert int(printed(result)) <= 1024
    else:
        pytest.skip("root on a kernel before 6.14: processes are only counted from outside")


def test_no_assets_is_the_machines_fault(tmp_path: Path) -> None:
    with (
        ForkSandbox(tmp_path, "tiny") as empty,
        pytest.raises(SandboxUnavailable, match=r"serving\.json"),
    ):
        empty.run(notebook("1"), RunOptions())


AS_SOMEBODY = """
import json, sys
from pathlib import Path
from grader.execute import ForkSandbox, KernelOptions, RunOptions
from grader.model import Cell, Submission

source = "import os\\nprint(os.getuid(), os.environ['USER'])\\n!id -u"
cells = (Cell(index=0, kind="code", source=source),)
submission = Submission(student="a", lab="l", path="a", digest="0" * 64, cells=cells)
with ForkSandbox(Path(sys.argv[1]), "tiny", KernelOptions(level=sys.argv[2])) as sandbox:
    run = sandbox.run(submission, RunOptions())
print(run.model_dump_json())
"""


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")
@pytest.mark.parametrize(
    ("level", "walls"), [("full", "user net ipc pid mount landlock-"), ("landlock", "landlock-")]
)
def test_an_ordinary_user_gets_every_wall(assets: Path, level: str, walls: str) -> None:
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        folder.chmod(0o777)
        shutil.copytree(assets, folder / "assets")
        (folder / "assets").chmod(0o755)
        script = folder / "script.py"
        script.write_text(AS_SOMEBODY)
        done = as_somebody([script, folder / "assets", level], folder)
        assert done.returncode == 0, done.stderr
        run = Run.model_validate(json.loads(done.stdout))
    assert run.machine.sandbox.startswith(walls)
    assert printed(run) == "65534 student\n65534"


def test_the_guest_imports_nothing_but_the_standard_library() -> None:
    for file in GUEST.glob("*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            names = []
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom) and node.level == 0:
                names = [node.module or ""]
            for name in names:
                assert name.partition(".")[0] in sys.stdlib_module_names, (file.name, name)
