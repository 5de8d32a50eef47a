"""Every way a notebook can break its kernel: named, bounded, and nobody else's trouble."""

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
from grader.execute import ForkSandbox, Progress, RunOptions
from grader.model import Limits, Outcome, Result, Run
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


SHORT = {"cell_seconds": 2}
FAULTS = {
    "a segmentation fault": Fault(
        "import ctypes\nctypes.string_at(0)", "killed", "stopped in cell 1 (exit status 139)"
    ),
    "an abort": Fault("import os\nos.abort()", "killed", "stopped in cell 1 (exit status 134)"),
    "os._exit": Fault("import os\nos._exit(0)", "killed", "stopped in cell 1 (exit status 0)"),
    "sys.exit": Fault("import sys\nsys.exit(1)", "error", "SystemExit: 1"),
    "exit": Fault("exit()", "ok"),
    "input": Fault("name = input('Your name? ')", "error", "input"),
    "infinite output": Fault("while True: print('x' * 80)", "timeout", "Cell 1 was still", SHORT),
    "gigabytes of output": Fault(
        "while True: print('x' * 50_000_000)", "timeout", "Cell 1 was still", SHORT
    ),
    "infinite displays": Fault(
        "while True: display('x' * 10_000)", "timeout", "Cell 1 was still", SHORT
    ),
    "infinite recursion": Fault(
        "import sys\nsys.setrecursionlimit(150)\ndef f(): return f()\nf()",
        "error",
        "RecursionError: maximum recursion depth exceeded",
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
    "a child that stays": Fault("import subprocess\nsubprocess.Popen(['sleep', '87654'])", "ok"),
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
    assert not left_running("87654")


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


FLOOD = "for _ in range(40): print('x' * 20_000_000)"


def test_gigabytes_of_output_do_not_fill_our_memory(run: Runner) -> None:
    run("1")
    before = psutil.Process().memory_info().rss
    peak = [before]
    stop = threading.Event()

    def watch() -> None:
        while not stop.wait(0.02):
            peak.append(psutil.Process().memory_info().rss)

    thread = threading.Thread(target=watch)
    thread.start()
    result = run(FLOOD, "print('next')")
    stop.set()
    thread.join()
    assert result.cells[0].outputs[-1].truncated
    assert printed(result, 1) == "next"
    assert max(peak) - before < 300 << 20


def kept_bytes(result: Run, cell: int) -> int:
    return sum(len(output.text.encode()) for output in result.cells[cell].outputs)


def test_the_whole_notebook_has_an_output_limit(run: Runner) -> None:
    cell = "print('x' * 600)"
    result = run(*[cell] * 4, "1 / 0", run_output_bytes=1500)
    assert [kept_bytes(result, index) for index in range(2)] == [601, 601]
    assert sum(kept_bytes(result, index) for index in range(4)) <= 1500
    cut = [result.cells[index].outputs[-1].truncated for index in range(4)]
    assert cut == [False, False, True, True]
    assert result.cells[4].error == "ZeroDivisionError: division by zero"
    assert [cell.outcome for cell in result.cells] == [*["ok"] * 4, "error"]


def test_a_cell_has_a_limit_of_outputs(run: Runner) -> None:
    shows = "for number in range(30): display(number)"
    prints = "for number in range(30): print(number, flush=True)"
    result = run(shows, prints, outputs=10)
    assert [output.text for output in result.cells[0].outputs] == [str(n) for n in range(10)]
    assert [output.truncated for output in result.cells[0].outputs] == [False] * 9 + [True]
    assert printed(result, 1).split() == [str(n) for n in range(30)]
    assert not result.cells[1].outputs[0].truncated


def test_what_was_cleared_does_not_count(run: Runner) -> None:
    live = (
        "from IPython.display import clear_output\n"
        "for epoch in range(50):\n    clear_output(wait=True)\n    display(epoch)"
    )
    result = run(live, outputs=10)
    assert [output.text for output in result.cells[0].outputs] == ["49"]
    assert not result.cells[0].outputs[0].truncated


def test_what_a_progress_bar_overwrites_does_not_count(run: Runner) -> None:
    bar = (
        "import sys\n"
        "for step in range(400):\n"
        "    sys.stderr.write(f'\\r{step}% ' + '#' * 50)\n    sys.stderr.flush()\n"
        "print('accuracy: 0.75')"
    )
    result = run(bar, output_bytes=4000)
    assert printed(result) == "accuracy: 0.75"
    assert result.cells[0].outputs[0].text == "399% " + "#" * 50
    assert not any(output.truncated for output in result.cells[0].outputs)


def test_a_result_too_large_to_keep_is_cut(run: Runner) -> None:
    result = run("'x' * 80_000_000", "print('next')")
    assert result.cells[0].outputs[0].truncated
    assert kept_bytes(result, 0) <= 1 << 20
    assert printed(result, 1) == "next"


def fork_server() -> psutil.Process:
    """The youngest fork server of this process."""
    found = [
        each
        for each in psutil.Process().children()
        if any("grader_guest" in word for word in each.cmdline())
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
