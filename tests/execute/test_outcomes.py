"""What becomes of a notebook is data, whatever it does."""

import threading
import time

import psutil
import pytest

from grader.errors import SandboxUnavailable
from grader.execute import ForkSandbox, Progress, ReplaySandbox, RunOptions, execute
from grader.model import Cell, Limits, Run
from tests.execute.conftest import Runner, notebook, printed

pytestmark = pytest.mark.sandbox


def test_outputs_of_every_kind(run: Runner) -> None:
    result = run(
        "import sys\nprint('hello')\nprint('careful', file=sys.stderr)\n1 + 1",
        "from IPython.display import HTML, display\ndisplay(HTML('<b>bold</b>'))",
        "print('\\x1b[31mred\\x1b[0m'); print('10%\\r100%')",
        "!echo from a shell",
    )
    assert result.outcome == "completed"
    kinds = [(output.kind, output.text) for output in result.cells[0].outputs]
    assert sorted(kinds) == [("result", "2"), ("stderr", "careful\n"), ("stdout", "hello\n")]
    assert result.cells[1].outputs[0].html == "<b>bold</b>"
    assert printed(result, 2) == "red\n100%"
    assert printed(result, 3) == "from a shell"
    assert result.recorder_complete


def test_an_error_does_not_stop_the_notebook(run: Runner) -> None:
    result = run("print(1)\nundefined", "print('after')")
    assert result.outcome == "completed"
    assert [cell.outcome for cell in result.cells] == ["error", "ok"]
    assert result.cells[0].error == "NameError: name 'undefined' is not defined"
    assert [output.kind for output in result.cells[0].outputs] == ["stdout", "error"]
    assert printed(result, 1) == "after"


def test_cell_indices_count_text_cells_and_tags_change_nothing(sandbox: ForkSandbox) -> None:
    source = notebook("# text", "print('one')")
    text = Cell(index=0, kind="markdown", source="# text")
    cells = (text, *source.cells[1:])
    result = sandbox.run(source.model_copy(update={"cells": cells}), RunOptions())
    assert [cell.index for cell in result.cells] == [1]


def test_an_endless_loop_is_a_timeout_and_keeps_what_ran(run: Runner) -> None:
    stubborn = (
        "import signal, time\n"
        "for number in (signal.SIGINT, signal.SIGTERM): signal.signal(number, signal.SIG_IGN)\n"
        "print('started', flush=True)\n"
        "while True:\n    try: time.sleep(60)\n    except BaseException: pass"
    )
    began = time.monotonic()
    result = run("print('kept')", stubborn, "print('never')", cell_seconds=2)
    assert time.monotonic() - began < 2 + 2 + 2
    assert result.outcome == "timeout"
    assert result.message == "Cell 1 was still running after 2 s."
    assert [cell.outcome for cell in result.cells] == ["ok", "timeout", "skipped"]
    assert printed(result, 0) == "kept"
    assert printed(result, 1) == "started"
    assert not result.recorder_complete


def test_the_notebook_has_a_limit_too(run: Runner) -> None:
    result = run(*["import time; time.sleep(1)"] * 4, run_seconds=2.5)
    assert result.outcome == "timeout"
    assert result.message.startswith("The notebook was still running after 2.5 s")


@pytest.mark.parametrize(
    ("source", "status"),
    [("import os; os._exit(3)", 3), ("import os; os.kill(os.getpid(), 9)", 137)],
)
def test_a_dead_kernel_is_killed(run: Runner, source: str, status: int) -> None:
    result = run("x = 1", source, "x")
    assert result.outcome == "killed"
    assert result.message == f"The kernel stopped in cell 1 (exit status {status})."
    assert [cell.outcome for cell in result.cells] == ["ok", "killed", "skipped"]


def test_too_much_memory_is_killed(run: Runner) -> None:
    hog = (
        "import time\nhoard = []\n"
        "while True: hoard.append(bytearray(b'x' * (32 << 20))); time.sleep(.02)"
    )
    result = run(hog, memory_mib=1500)
    assert result.outcome == "killed"
    assert result.message == "Cell 0 used more than 1500 MiB of memory."


def test_output_is_cut_to_its_limit(run: Runner) -> None:
    result = run("for i in range(20000): print('x' * 100)", "print('next')", output_bytes=10_000)
    kept = result.cells[0].outputs
    assert sum(len(output.text) for output in kept) <= 10_000
    assert kept[-1].truncated
    assert printed(result, 1) == "next"
    assert not result.cells[1].outputs[0].truncated


@pytest.mark.parametrize(
    ("source", "named"),
    [
        ("import torchvision", "torchvision"),
        (
            "from transformers import ViTModel\nViTModel.from_pretrained('someone/huge')",
            "someone/huge",
        ),
        ("from datasets import load_dataset\nload_dataset('someone/images')", "someone/images"),
        (
            "import requests\nrequests.get('http://images.example.org/cat.png')",
            "images.example.org",
        ),
        ("import nltk\nnltk.word_tokenize('a cat')", "punkt_tab"),
    ],
)
def test_what_this_runner_lacks_is_not_the_students_fault(
    run: Runner, source: str, named: str
) -> None:
    result = run(source)
    assert result.outcome == "environment", result.cells
    assert named in result.message


def test_a_missing_file_of_the_students_own_is_no_missing_package(run: Runner) -> None:
    assert run("import utils").outcome == "completed"
    assert run("import sklearn.no_such_part").outcome == "completed"
    assert run("1 / 0", "import torchvision").outcome == "completed"


MALFORMED = (
    "kernel = get_ipython().kernel\n"
    "kernel.session.send(kernel.iopub_socket, 'stream', {}, parent=kernel.get_parent())"
)
UNREADABLE = "import json\njson.dumps = lambda *args, **kwargs: '{}'\nprint(1)"


@pytest.mark.parametrize("source", [MALFORMED, UNREADABLE])
def test_hostile_messages_are_the_notebooks_own_end(run: Runner, source: str) -> None:
    result = run(source, "1", cell_seconds=8)
    assert result.outcome in ("killed", "timeout")
    assert [cell.outcome for cell in result.cells] == [result.outcome, "skipped"]


def test_runs_side_by_side_do_not_mix(sandbox: ForkSandbox) -> None:
    runs: dict[str, Run] = {}

    def work(name: str) -> None:
        submission = notebook(f"x = {name!r}", "import time; time.sleep(.5)", "print(x)")
        runs[name] = sandbox.run(submission, RunOptions())

    threads = [threading.Thread(target=work, args=(name,)) for name in ("ada", "bob")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {name: printed(each, 2) for name, each in runs.items()} == {"ada": "ada", "bob": "bob"}


def test_the_seed_decides(run: Runner) -> None:
    source = (
        "import os, random, numpy, torch\n"
        "print(random.random(), numpy.random.rand(), torch.rand(1), os.environ['GRADER_SEED'])"
    )
    first, again, other = run(source), run(source), run(source, seed=7)
    assert printed(first) == printed(again)
    assert printed(first) != printed(other)
    assert printed(other).endswith(" 7")


def test_progress_is_told(sandbox: ForkSandbox) -> None:
    told: list[Progress] = []
    sandbox.run(notebook("1", "2"), RunOptions(on_cell=told.append))
    assert [(each.cell, each.state, each.done) for each in told] == [
        (0, "running", 0),
        (0, "done", 1),
        (1, "running", 1),
        (1, "done", 2),
    ]


def test_the_machine_is_described(run: Runner) -> None:
    machine = run("1").machine
    assert machine.sandbox.startswith("user net ipc pid mount landlock-")
    assert machine.seed == 42
    assert machine.profile == "tiny"
    assert {"torch", "transformers", "numpy"} <= set(machine.versions)


def test_nothing_is_left_after_closing(sandbox: ForkSandbox, assets: object) -> None:
    daemon = (
        "import subprocess\n"
        "subprocess.Popen(['sleep', '98765'], start_new_session=True)\n"
        "from pathlib import Path\n"
        "import os\n"
        "for _ in range(1500):\n    os.mkdir('d'); os.chdir('d')\n"
        "os.chdir(os.environ['HOME']); os.mkdir('locked', 0); os.mkfifo('pipe')"
    )
    result = sandbox.run(notebook(daemon), RunOptions(limits=Limits(cell_seconds=30)))
    assert result.cells[0].outcome == "ok", result.cells
    assert not [
        each for each in psutil.process_iter(["cmdline"]) if "98765" in (each.info["cmdline"] or [])
    ]


def test_replay_answers_from_recordings(run: Runner) -> None:
    submission = notebook("1")
    recorded = run("1")
    replay = ReplaySandbox({submission.digest: recorded})
    assert execute(submission, replay) == recorded
    with pytest.raises(SandboxUnavailable, match="no recording"):
        execute(notebook("2"), replay)
