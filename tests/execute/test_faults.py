"""Every way a notebook can break its kernel: named, bounded, and nobody else's trouble.

``LISTED`` says where each fault that was thought of is tried. Output, files and other limits are in
``test_limits.py``, the death of the whole grader in ``tests/test_resume.py``.
"""

import os
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic, sleep
from typing import Literal

import nbformat
import psutil
import pytest

from grader.errors import SandboxUnavailable
from grader.execute import ForkSandbox, KernelOptions, Progress, RunOptions
from grader.execute.sandbox import Level
from grader.model import Limits, Outcome, Result
from grader.pipeline import Job, Setup, grade_one
from tests import build
from tests.execute.conftest import Runner, notebook, printed

pytestmark = pytest.mark.sandbox

EVALUATE = (
    "from sklearn.metrics import accuracy_score\nprint('kept', accuracy_score([1, 0], [1, 1]))"
)


@dataclass(frozen=True)
class Fault:
    """What a cell does, and what becomes of the notebook."""

    source: str
    cell: Literal["ok", "error", "timeout", "killed"]
    says: str = ""
    """Part of the run's message where the run ends, otherwise of the cell's error."""
    limits: Mapping[str, float] = field(default_factory=dict)


LASTS = f"9{os.getpid()}"
"""Seconds a child sleeps, by which these tests and no others know it."""

SHORT = {"cell_seconds": 2}
FAULTS = {
    "a segmentation fault": Fault(
        "import ctypes\nctypes.string_at(0)", "killed", "stopped in cell 1 (exit status 139)"
    ),
    "an abort": Fault("import os\nos.abort()", "killed", "stopped in cell 1 (exit status 134)"),
    "os._exit": Fault("import os\nos._exit(0)", "killed", "stopped in cell 1 (exit status 0)"),
    "sys.exit": Fault("import sys\nsys.exit(1)", "error", "SystemExit: 1"),
    "exit": Fault("exit()", "killed", "Cell 1 ended the notebook: it called exit or quit."),
    "quit": Fault("quit", "killed", "Cell 1 ended the notebook: it called exit or quit."),
    "a signal to itself": Fault(
        "import os, signal\nos.kill(os.getpid(), signal.SIGTERM)\nimport time; time.sleep(9)",
        "killed",
        "stopped in cell 1 (exit status 143)",
    ),
    "input": Fault("name = input('Your name? ')", "error", "input"),
    "infinite output": Fault("while True: print('x' * 80)", "timeout", "Cell 1 was still", SHORT),
    "gigabytes of output": Fault(
        "while True: print('x' * 50_000_000)", "timeout", "Cell 1 was still", SHORT
    ),
    "infinite displays": Fault(
        "while True: display('x' * 10_000)", "timeout", "Cell 1 was still", SHORT
    ),
    "infinite recursion": Fault(
        "def f(): return f()\nf()", "error", "RecursionError: maximum recursion depth exceeded"
    ),
    "recursion without a limit": Fault(
        "import sys\nsys.setrecursionlimit(10**9)\n"
        "class Own:\n    def __eq__(self, other): return self == other\nOwn() == 1",
        "killed",
        "stopped in cell 1",
    ),
    "a deadlock": Fault(
        "import threading\nlock = threading.Lock()\nlock.acquire()\n"
        "thread = threading.Thread(target=lock.acquire)\nthread.start()\nthread.join()",
        "timeout",
        "Cell 1 was still running after 2 s.",
        SHORT,
    ),
    "a thread that never ends": Fault(
        "import threading\nlock = threading.Lock()\nlock.acquire()\n"
        "threading.Thread(target=lock.acquire).start()",
        "ok",
    ),
    "zombie children": Fault("import os\nfor _ in range(8):\n    os.fork() or os._exit(0)", "ok"),
    "a child that stays": Fault(f"import subprocess\nsubprocess.Popen(['sleep', '{LASTS}'])", "ok"),
    "an interrupt swallowed": Fault(
        "import time\nwhile True:\n    try: time.sleep(9)\n    except BaseException: pass",
        "timeout",
        "Cell 1 was still running after 2 s.",
        SHORT,
    ),
    "a kernel that stops itself": Fault(
        "import os, signal\nos.kill(os.getpid(), signal.SIGSTOP)",
        "timeout",
        "Cell 1 was still running after 2 s.",
        SHORT,
    ),
    "all descriptors closed": Fault("import os\nos.closerange(3, 4096)", "killed", "cell 1"),
    "a full memory file system": Fault(
        "with open('/dev/shm/full', 'wb') as file:\n    while True: file.write(bytes(1 << 22))",
        "error",
        "No space left on device",
        {"memory_mib": 1500},
    ),
    "a full disk": Fault(
        "files = [open(f'f{number}', 'wb') for number in range(8)]\n"
        "import itertools\n"
        "for file in itertools.cycle(files): file.write(bytes(1 << 20)); file.flush()",
        "error",
        "OSError: [Errno 28] No space left on device",
        {"disk_mib": 64},
    ),
    "too much processor time": Fault(
        "import resource\nresource.setrlimit(resource.RLIMIT_CPU, (1, 1))\nwhile True: pass",
        "killed",
        "stopped in cell 1 (exit status 137)",
    ),
    "a file larger than allowed": Fault(
        "open('large', 'wb').truncate(3 << 30)", "error", "File too large"
    ),
    "too much memory": Fault(
        "hoard = []\nwhile True: hoard.append(b'x' * (32 << 20))",
        "killed",
        "Cell 1 used more than 1500 MiB of memory.",
        {"memory_mib": 1500},
    ),
}


LISTED = {
    "killed by the memory limit": "too much memory",
    "segmentation fault": "a segmentation fault",
    "os._exit": "os._exit",
    "sys.exit, a cell's error as in Jupyter": "sys.exit",
    "exit() and quit, the end of the notebook as in Jupyter": "exit",
    "input()": "input",
    "infinite output": "infinite output",
    "infinite recursion": "infinite recursion",
    "deadlocked thread": "a deadlock",
    "zombie children": "zombie children",
    "a cell that swallows KeyboardInterrupt": "an interrupt swallowed",
    "a notebook that redefines print": "test_a_redefined_print_is_the_notebook_s_own_affair",
    "gigabytes of output": "gigabytes of output",
    "a full disk": "a full disk",
    "a full disk of ours": "test_resume.py::test_on_a_full_disk_nothing_is_lost",
    "death of the fork server": "test_the_death_of_the_fork_server_is_nobody_s_fault",
    "death of the grader": "test_resume.py::test_killed_at_random_moments",
}


def test_every_fault_thought_of_is_tried() -> None:
    resumed = (Path(__file__).parents[1] / "test_resume.py").read_text(encoding="utf-8")
    for fault, test in LISTED.items():
        file, _, name = test.rpartition("::")
        found = name in resumed if file else name in FAULTS or name in globals()
        assert found, fault


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_names_its_cell_and_keeps_what_was_before(run: Runner, name: str) -> None:
    fault = FAULTS[name]
    result = run(EVALUATE, fault.source, "print('after')", **fault.limits)
    ended = fault.cell in ("timeout", "killed")
    after = "skipped" if ended else "ok"
    assert [cell.outcome for cell in result.cells] == ["ok", fault.cell, after], result.cells
    assert result.outcome == (fault.cell if ended else "completed")
    assert fault.says in (result.message if ended else result.cells[1].error or "")
    assert printed(result, 0) == "kept 0.5"
    assert printed(result, 2) == ("" if ended else "after")
    assert [event.cell for event in result.events if event.name == "metric"] == [0]
    assert result.recorder_complete is not ended
    assert not left_running(LASTS)


def left_running(word: str) -> list[psutil.Process]:
    return [
        each for each in psutil.process_iter(["cmdline"]) if word in (each.info["cmdline"] or [])
    ]


def test_a_redefined_print_is_the_notebook_s_own_affair(run: Runner) -> None:
    result = run("import builtins\nbuiltins.print = print = None", EVALUATE, "6 * 7")
    assert [cell.outcome for cell in result.cells] == ["ok", "error", "ok"]
    assert result.cells[1].error == "TypeError: 'NoneType' object is not callable"
    assert result.cells[2].outputs[0].text == "42"
    assert [event.cell for event in result.events if event.name == "metric"] == [1]
    assert result.recorder_complete


def fork_server() -> psutil.Process:
    """The youngest fork server of this process."""
    found = [
        each
        for each in psutil.Process().children()
        if lives(each) and any("grader_guest" in word for word in each.cmdline())
    ]
    return max(found, key=lambda each: each.create_time())


class Killer:
    """Kills the fork server, once, when a notebook comes to its second cell."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.orphans: list[psutil.Process] = []
        self.names: list[str] = []

    def __call__(self, progress: Progress) -> None:
        with self.lock:
            if progress.cell == 1 and not self.orphans:
                server = fork_server()
                self.orphans = server.children(recursive=True)
                self.names = [each.name() for each in self.orphans]
                server.kill()


LASTING = ("import subprocess\nsubprocess.Popen(['sleep', '76543'])", "print('done')")


def test_the_death_of_the_fork_server_is_nobody_s_fault(
    sandbox: ForkSandbox, run: Runner, tmp_path: Path
) -> None:
    run("1")
    killer = Killer()
    results: dict[str, Result] = {}

    def grade(student: str) -> None:
        path = tmp_path / f"{student}.ipynb"
        cells = [nbformat.v4.new_code_cell(source) for source in LASTING]
        nbformat.write(nbformat.v4.new_notebook(cells=cells), path)
        setup = Setup(lab=build.lab(), sandbox=sandbox, on_cell=killer)
        results[student] = grade_one(Job(path=path, student=student), setup)

    threads = [threading.Thread(target=grade, args=(student,)) for student in ("ada", "bob")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert any("sleep" in each for each in killer.names)
    # Everything is promised to be gone within five seconds.
    until = monotonic() + 5.0
    while any(map(lives, killer.orphans)) and monotonic() < until:
        sleep(0.05)
    assert not [each for each in killer.orphans if lives(each)], "the kernels die with it"
    for student in ("ada", "bob"):
        assert results[student].outcome != Outcome.HARNESS_ERROR, results[student].message
        made = results[student].run
        assert made is not None
        assert printed(made, 1) == "done"


@pytest.mark.slow
@pytest.mark.parametrize("level", ["landlock", "none"])
def test_without_a_namespace_daemons_die_with_the_fork_server_too(
    assets: Path, level: Level
) -> None:
    daemon = f"import subprocess\nsubprocess.Popen(['sleep', '{LASTS}'], start_new_session=True)"
    killer = Killer()
    with ForkSandbox(assets, "tiny", KernelOptions(level=level)) as other:
        # What a notebook does to the process that watches it helps it as little.
        suicide = "import os\nos.kill(os.getppid(), 9)\nimport time; time.sleep(9)"
        result = other.run(notebook(daemon, suicide, "1"), RunOptions())
        assert result.cells[1].outcome == ("error" if level == "landlock" else "killed")
        assert not left_running(LASTS)
        with pytest.raises(SandboxUnavailable, match="fork server has ended"):
            other.run(notebook(daemon, "import time; time.sleep(60)"), RunOptions(on_cell=killer))
    assert "sleep" in killer.names
    until = monotonic() + 5.0
    while left_running(LASTS) and monotonic() < until:
        sleep(0.05)
    assert not left_running(LASTS)


def test_a_failing_cell_shows_its_error_at_once(run: Runner) -> None:
    deep = "def f(n): return f(n + 1)\nf(0)"
    deeper = "import sys\nsys.setrecursionlimit(20_000)\n" + deep
    result = run("1 / 0", deep, deeper)
    assert [cell.outcome for cell in result.cells] == ["error"] * 3
    assert all(cell.seconds < 3 for cell in result.cells)
    shown = result.cells[0].outputs[0].text
    assert shown.splitlines()[-3:] == ["----> 1 1 / 0", "", "ZeroDivisionError: division by zero"]
    for cell in result.cells[1:]:
        text = cell.outputs[0].text
        assert text.endswith("RecursionError: maximum recursion depth exceeded")
        assert "in f(n)" in text
        assert len(text) < 20_000


@pytest.mark.parametrize("last", ["exit()", "exit()\n6 * 7", "quit"])
def test_leaving_after_the_last_cell_loses_nothing(run: Runner, last: str) -> None:
    result = run(EVALUATE, last, " ")
    assert result.outcome == "completed"
    assert [cell.outcome for cell in result.cells] == ["ok"] * 3
    assert result.recorder_complete


def test_leaving_for_want_of_a_gpu_is_not_the_students_fault(run: Runner) -> None:
    result = run("import torch\nif not torch.cuda.is_available():\n    exit()", "print('never')")
    if result.machine.device != "cpu":
        pytest.skip("this machine has a GPU")
    assert result.outcome == "environment"
    assert result.message == "This runner has no NVIDIA GPU, and cell 0 ends the notebook."
    assert [cell.outcome for cell in result.cells] == ["killed", "skipped"]


def lives(process: psutil.Process) -> bool:
    try:
        return bool(process.status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


def test_a_closed_sandbox_ends_what_runs_and_starts_nothing(assets: Path) -> None:
    other = ForkSandbox(assets, "tiny")
    failed: list[str] = []

    def stop(progress: Progress) -> None:
        threading.Thread(target=other.close).start()

    def work() -> None:
        try:
            other.run(
                notebook("import time\ntime.sleep(60)"), RunOptions(limits=Limits(), on_cell=stop)
            )
        except SandboxUnavailable as error:
            failed.append(str(error))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join(60)
    assert failed == ["the fork server has ended"]
    with pytest.raises(SandboxUnavailable, match="closed"):
        other.run(notebook("1"), RunOptions())
