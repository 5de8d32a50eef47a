"""Every limit of a run, reached: what is kept, what is said, and what it costs the supervisor.

=========================  ====================================================================
CPU time                   ``test_processor_time_is_limited_and_cannot_be_raised``
wall time of a cell        ``test_an_endless_loop_is_a_timeout_and_keeps_what_ran``
wall time of a notebook    ``test_the_notebook_has_a_limit_too``
memory                     ``test_too_much_memory_is_killed`` and, with children, the hostile corpus
open files                 ``test_descriptors_are_limited_and_the_error_is_told``
files on disk              ``test_a_full_disk_is_the_students_outcome``
output bytes of a cell     ``test_output_is_cut_to_its_limit``
output bytes in all        ``test_the_whole_notebook_has_an_output_limit``
number of outputs          ``test_a_cell_has_a_limit_of_outputs``
size of a message          ``test_a_message_too_large_is_left_out_with_a_note``
=========================  ====================================================================
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import psutil
import pytest

from grader.model import Run
from tests.execute.conftest import Runner, printed

pytestmark = pytest.mark.sandbox

_MIB = 1 << 20


def test_processor_time_is_limited_and_cannot_be_raised(run: Runner) -> None:
    ask = "import resource\nprint(*resource.getrlimit(resource.RLIMIT_CPU))"
    more = "resource.setrlimit(resource.RLIMIT_CPU, (1 << 20, 1 << 20))"
    result = run(ask, more, run_seconds=100)
    # Twice the wall time for a kernel of one thread, and something to start with.
    assert printed(result) == "210 210"
    assert result.cells[1].error == "ValueError: not allowed to raise maximum limit"


def test_descriptors_are_limited_and_the_error_is_told(run: Runner) -> None:
    hoard = "files = []\nwhile True: files.append(open('/dev/null'))"
    result = run("print('kept')", hoard, "print(len(files))")
    assert result.cells[1].error == "OSError: [Errno 24] Too many open files: '/dev/null'"
    assert 1000 < int(printed(result, 2)) < 4096


FILL = (
    "import os\nfile = open('big', 'wb', buffering=0)\nos.unlink('big')\n"
    "for _ in range(96): file.write(bytes(1 << 20))"
)


def test_a_full_disk_is_the_students_outcome(run: Runner) -> None:
    later = "file.truncate(0)\nopen('small', 'wb').write(bytes(1 << 20))\nprint('room')"
    many = "for number in range(1 << 19): os.mkfifo(str(number))"
    result = run("print('kept')", FILL, later, many, "print('after')", disk_mib=64)
    assert [cell.outcome for cell in result.cells] == ["ok", "error", "ok", "error", "ok"]
    for cell in (1, 3):
        assert (result.cells[cell].error or "").startswith("OSError: [Errno 28] No space left")
    assert [printed(result, cell) for cell in (0, 2, 4)] == ["kept", "room", "after"]
    assert result.recorder_complete
    assert run(FILL, disk_mib=128).cells[0].outcome == "ok"


@contextmanager
def growth() -> Iterator[list[float]]:
    """How much larger this process has been than it was, in MiB; filled in at the end."""
    process, stop, peak = psutil.Process(), threading.Event(), [0]
    before = process.memory_info().rss

    def watch() -> None:
        while not stop.wait(0.02):
            peak[0] = max(peak[0], process.memory_info().rss)

    thread = threading.Thread(target=watch)
    thread.start()
    grown: list[float] = []
    try:
        yield grown
    finally:
        stop.set()
        thread.join()
        grown.append((peak[0] - before) / _MIB)


def test_gigabytes_of_output_do_not_fill_our_memory(run: Runner) -> None:
    run("1")
    with growth() as grown:
        result = run("for _ in range(40): print('x' * 20_000_000)", "print('next')")
    assert result.cells[0].outputs[-1].truncated
    assert printed(result, 1) == "next"
    assert grown[0] < 300


SEND = (
    "kernel = get_ipython().kernel\n"
    "def send(**content):\n"
    "    kernel.session.send(kernel.iopub_socket, 'stream', {'name': 'stdout', **content},"
    " parent=kernel.get_parent())"
)
ENDLESS = (
    "import zmq\n"
    "socket = kernel.iopub_socket.io_thread.socket\n"
    "part = b'x' * (8 << 20)\n"
    "for _ in range(100): socket.send(part, zmq.SNDMORE)\n"
    "socket.send(b'end')"
)
NESTED = (
    'text = b\'{"name": "stdout", "text": "", "x": [\' + b"[]," * (9 << 20) + b"[]]}"\n'
    "pack = kernel.session.pack\n"
    "kernel.session.pack = lambda part: text if 'name' in part else pack(part)\n"
    "send()\n"
    "kernel.session.pack = pack"
)


def test_a_message_too_large_is_left_out_with_a_note(run: Runner) -> None:
    large = "send(text='before ')\nsend(text='x' * (97 << 20))\nsend(text='after')"
    with growth() as grown:
        result = run(SEND, large, "print('next')")
    assert [output.text for output in result.cells[1].outputs] == ["before after"]
    assert [each.outputs[-1].truncated for each in result.cells[1:]] == [True, False]
    assert printed(result, 2) == "next"
    assert result.outcome == "completed"
    assert result.recorder_complete
    assert grown[0] < 200


@pytest.mark.parametrize("source", [ENDLESS, NESTED])
def test_a_message_that_would_fill_our_memory_is_left_out(run: Runner, source: str) -> None:
    with growth() as grown:
        result = run(SEND, source, "print('next')")
    assert result.cells[1].outputs[-1].truncated
    assert printed(result, 2) == "next"
    assert grown[0] < 200


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
