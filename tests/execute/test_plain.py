"""Notebooks without walls on systems that have none: the same outcome, recorded the same way."""

import ast
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from hashlib import blake2b
from pathlib import Path

import psutil
import pytest
from msgspec.structs import replace

from grader.errors import SandboxUnavailable
from grader.execute import (
    ForkSandbox,
    KernelOptions,
    PlainSandbox,
    Progress,
    RunOptions,
    open_sandbox,
)
from grader.execute.environment import own
from grader.execute.events import Connection, EventStream
from grader.model import Limits, Run
from tests.execute import elsewhere
from tests.execute.conftest import notebook, printed

PLAIN = KernelOptions(level="none")
LEFT = "86420"
"""Seconds that what is left running would sleep; nothing else here sleeps so long."""

LAB = (
    "from datasets import load_dataset\n"
    "data = load_dataset('beans')\n"
    "labels = data['test']['labels']",
    "import evaluate\n"
    "from sklearn.metrics import accuracy_score, f1_score\n"
    "accuracy = evaluate.load('accuracy')\n"
    "print(accuracy_score(labels, [0] * 9), f1_score(labels, [1] * 9, average='macro'))\n"
    "accuracy.compute(references=labels, predictions=[2] * 9)",
    "undefined",
    "import random, numpy, torch\n"
    "print(random.random(), numpy.random.rand(), torch.rand(1))\n"
    "torch.nn.Sequential(torch.nn.Conv2d(3, 4, 1))(torch.rand(5, 3, 8, 8)).shape",
    "!echo from a shell",
    "",
    "input()",
)
ENDLESS = (
    f"import subprocess\nsubprocess.Popen(['sleep', '{LEFT}'], start_new_session=True)\n"
    "print('started', flush=True)\n"
    "while True: pass"
)
HOG = (
    "import time\nhoard = []\n"
    "while True: hoard.append(bytearray(b'x' * (32 << 20))); time.sleep(.02)"
)
DAEMON = f"import subprocess\nsubprocess.run(['sh', '-c', 'setsid sleep {LEFT} >/dev/null 2>&1 &'])"


def left_over() -> list[psutil.Process]:
    """What a notebook left running."""
    return [
        each for each in psutil.process_iter(["cmdline"]) if LEFT in (each.info["cmdline"] or [])
    ]


@pytest.fixture(scope="module")
def plain(assets: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[PlainSandbox]:
    """Kernels of a Python that is not on Linux."""
    python = elsewhere.interpreter(tmp_path_factory.mktemp("elsewhere"))
    how = replace(PLAIN, environment=replace(own(), python=python))
    with PlainSandbox(assets, "tiny", how) as made:
        yield made


@pytest.fixture(scope="module")
def runs(plain: PlainSandbox) -> dict[str, Run]:
    """What becomes of each notebook, run side by side."""
    notebooks = {
        "lab": (notebook(*LAB, DAEMON), Limits()),
        "endless": (notebook("print('kept')", ENDLESS, "1"), Limits(cell_seconds=3)),
        "exit": (notebook("x = 1", "import os; os._exit(3)", "x"), Limits()),
        "hog": (notebook(HOG), Limits(memory_mib=1500)),
    }
    with ThreadPoolExecutor(2) as engine:
        found = {
            name: engine.submit(plain.run, each, RunOptions(limits=limits))
            for name, (each, limits) in notebooks.items()
        }
    return {name: each.result() for name, each in found.items()}


def recorded(run: Run) -> list[tuple[int | None, str, str]]:
    """What was recorded, without the key that differs every time."""
    return [
        (each.cell, each.name, json.dumps({**each.data, "key": None}, sort_keys=True))
        for each in run.events
    ]


def shown(run: Run) -> list[tuple[int, str, str | None, list[tuple[str, str]]]]:
    """What the cells gave, but for what libraries report of their progress."""
    return [
        (
            each.index,
            each.outcome,
            each.error,
            [(one.kind, one.text) for one in each.outputs if one.kind != "stderr"],
        )
        for each in run.cells
    ]


@pytest.mark.sandbox
def test_a_run_is_the_same_as_in_a_forked_kernel(
    runs: dict[str, Run], open_sandbox: ForkSandbox
) -> None:
    here, there = runs["lab"], open_sandbox.run(notebook(*LAB, DAEMON), RunOptions())
    assert here.outcome == "completed"
    assert {each.index for each in here.cells if each.outcome == "error"} == {2, 6}
    assert here.recorder_complete
    assert recorded(here) == recorded(there)
    assert {"load", "metric", "named", "forward"} <= {each.name for each in here.events}
    assert shown(here) == shown(there)
    assert printed(here, 4) == "from a shell"
    assert (here.machine.sandbox, here.machine.versions) == ("none", there.machine.versions)


@pytest.mark.sandbox
def test_a_cell_without_end_is_a_timeout(runs: dict[str, Run]) -> None:
    result = runs["endless"]
    assert result.message == "Cell 1 was still running after 3 s."
    assert [each.outcome for each in result.cells] == ["ok", "timeout", "skipped"]
    assert (printed(result, 0), printed(result, 1)) == ("kept", "started")
    assert not result.recorder_complete


@pytest.mark.sandbox
def test_what_a_notebook_started_is_gone(runs: dict[str, Run]) -> None:
    assert runs["lab"].cells[-1].outcome == "ok"
    assert left_over() == []


@pytest.mark.sandbox
def test_a_kernel_that_ends_names_its_cell(runs: dict[str, Run]) -> None:
    result = runs["exit"]
    assert result.outcome == "killed"
    assert result.message == "The kernel stopped in cell 1 (exit status 3)."
    assert [each.outcome for each in result.cells] == ["ok", "killed", "skipped"]
    assert [each.name for each in result.events if each.cell == 0] == ["numbers", "cell"]


@pytest.mark.sandbox
def test_too_much_memory_is_killed(runs: dict[str, Run]) -> None:
    assert runs["hog"].message == "Cell 0 used more than 1500 MiB of memory."


@pytest.mark.slow
@pytest.mark.sandbox
def test_closing_ends_what_runs(assets: Path) -> None:
    sandbox = PlainSandbox(assets, "tiny", PLAIN)

    def close(progress: Progress) -> None:
        threading.Thread(target=sandbox.close).start()

    endless = f"import subprocess\nsubprocess.run(['sleep', '{LEFT}'])"
    with pytest.raises(SandboxUnavailable, match="the sandbox is closed"):
        sandbox.run(notebook(endless), RunOptions(on_cell=close))
    assert left_over() == []
    with pytest.raises(SandboxUnavailable, match="the sandbox is closed"):
        sandbox.run(notebook("1"), RunOptions())


@pytest.mark.slow
@pytest.mark.sandbox
def test_a_kernel_does_not_outlive_a_grader_that_was_killed(assets: Path) -> None:
    script = (
        "import sys\n"
        "from pathlib import Path\n"
        "from grader.execute import KernelOptions, PlainSandbox, RunOptions\n"
        "from tests.execute.conftest import notebook\n"
        "with PlainSandbox(Path(sys.argv[1]), 'tiny', KernelOptions(level='none')) as sandbox:\n"
        "    sandbox.run(notebook('while True: pass'),"
        " RunOptions(on_cell=lambda _: print('running', flush=True)))\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", script, assets],
        stdout=subprocess.PIPE,
        cwd=elsewhere.ROOT,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"running\n"
        kernels = psutil.Process(process.pid).children(recursive=True)
        assert kernels
        os.kill(process.pid, signal.SIGKILL)
    _, alive = psutil.wait_procs(kernels, timeout=10)
    assert alive == []


def test_walls_are_refused_where_there_are_none(assets: Path) -> None:
    for level in ("full", "landlock"):
        how = KernelOptions(level=level)
        for system in ("darwin", "win32"):
            with pytest.raises(SandboxUnavailable, match="of your own with --sandbox none"):
                open_sandbox(assets, "tiny", how, system=system)


def test_the_system_decides_how_kernels_start(assets: Path) -> None:
    with (
        open_sandbox(assets, "tiny", PLAIN, system="linux") as linux,
        open_sandbox(assets, "tiny", PLAIN, system="darwin") as other,
    ):
        kinds: list[type] = [type(linux), type(other)]
        assert kinds == [ForkSandbox, PlainSandbox]
        assert linux.conditions != other.conditions


STRANGER = """#!{python}
import json, socket, sys
task = json.load(sys.stdin)
for said in (b"", b"x" * 32, b"x" * 100):
    with socket.create_connection((task["address"], task["port"])) as connection:
        connection.sendall(said)
raise SystemExit("no such luck")
"""
"""Connects without knowing the token."""


def test_a_kernel_that_cannot_start_says_why_and_no_stranger_stands_in_for_it(
    assets: Path, tmp_path: Path
) -> None:
    python = tmp_path / "python"
    python.write_text(STRANGER.format(python=sys.executable), encoding="utf-8")
    python.chmod(0o755)
    how = replace(PLAIN, environment=replace(own(), python=python))
    with (
        PlainSandbox(assets, "tiny", how) as sandbox,
        pytest.raises(SandboxUnavailable, match="ended while starting: no such luck"),
    ):
        sandbox.run(notebook("1"), RunOptions())


KEY = bytes(range(16))


def line(number: int, event: str, **fields: str) -> bytes:
    """As the recorder writes it."""
    body = f"{number} {json.dumps({'event': event, **fields})}".encode()
    return blake2b(body, key=KEY, digest_size=8).hexdigest().encode() + b" " + body + b"\n"


@pytest.fixture
def connected() -> Iterator[tuple[EventStream, socket.socket]]:
    ours, theirs = socket.socketpair()
    with theirs:
        theirs.sendall(line(0, "start", key=KEY.hex()))
        stream = EventStream(Connection(ours))
        yield stream, theirs
        stream.close()


def timed(function: Callable[[], None]) -> float:
    began = time.monotonic()
    function()
    return time.monotonic() - began


def test_events_on_their_way_are_waited_for(connected: tuple[EventStream, socket.socket]) -> None:
    stream, writer = connected
    stream.cell = 3
    late = threading.Timer(0.3, writer.sendall, [line(1, "metric") + line(2, "cell")])
    late.start()
    stream.end_cell(whole=True)
    assert [(each.name, each.cell) for each in stream.events[1:]] == [("metric", 3), ("cell", 3)]
    late.join()
    assert stream.cell is None


def test_events_that_never_come_are_not_waited_for_long(
    connected: tuple[EventStream, socket.socket],
) -> None:
    stream, writer = connected
    stream.cell = 0
    assert timed(lambda: stream.end_cell(whole=False)) < 0.5
    assert timed(lambda: stream.end_cell(whole=True)) < 2
    stream.cell = 1
    writer.close()
    assert timed(lambda: stream.end_cell(whole=True)) < 0.5


GUEST = elsewhere.ROOT / "grader" / "execute" / "guest"


def imported(tree: ast.AST) -> set[str]:
    """Modules of the guest that one of them imports."""
    found: set[str] = set()
    for each in ast.walk(tree):
        if isinstance(each, ast.ImportFrom) and each.level == 1:
            found |= {each.module} if each.module else {alias.name for alias in each.names}
    return found


def absent(tree: ast.AST) -> set[str]:
    """What a module uses of the standard library that is not everywhere."""
    found = {
        f"{each.value.id}.{each.attr}"
        for each in ast.walk(tree)
        if isinstance(each, ast.Attribute)
        and isinstance(each.value, ast.Name)
        and each.attr in elsewhere.ABSENT.get(each.value.id, ())
    }
    for each in ast.walk(tree):
        if isinstance(each, ast.Import):
            found |= {alias.name for alias in each.names} & elsewhere.NO_MODULES
    return found


def test_no_module_of_a_plain_kernel_names_what_only_linux_has() -> None:
    seen: set[str] = set()
    waiting = {"alone"}
    while waiting:
        name = waiting.pop()
        seen.add(name)
        tree = ast.parse((GUEST / f"{name}.py").read_text(encoding="utf-8"))
        assert absent(tree) == set(), name
        waiting |= imported(tree) - seen
    assert {"serving", "recorder", "warming", "hosted"} <= seen
    assert seen.isdisjoint(elsewhere.ONLY_LINUX)
    assert absent(ast.parse((GUEST / "kernel.py").read_text(encoding="utf-8")))
