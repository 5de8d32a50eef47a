"""The question before grading without walls, as somebody at a terminal meets it."""

import os
import pty
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.cli.command import ROOT

# A key that is pressed while the machine is busy may come before anybody reads.
pytestmark = pytest.mark.alone

# The lab is looked up after the question, and takes no time to fail.
COMMAND = ("grade", "class", "--lab", "no-such-lab", "--sandbox", "none", "--out")
# A shell at a terminal lets Ctrl-C through, whatever the tests themselves were started by.
AT_TERMINAL = (
    "import os, signal, sys\nsignal.signal(signal.SIGINT, signal.SIG_DFL)\n"
    "os.login_tty(0)\nos.execv(sys.executable, sys.argv[1:])"
)


@dataclass(frozen=True)
class Dialogue:
    code: int
    seen: str


def answer(keys: bytes, folder: Path) -> Dialogue:
    """Start grading at a new terminal and press these keys when asked."""
    ours, theirs = pty.openpty()
    program = [sys.executable, "-m", "grader", *COMMAND, str(folder / "out")]
    process = subprocess.Popen(
        [sys.executable, "-c", AT_TERMINAL, *program],
        stdin=theirs,
        cwd=ROOT,
        env={name: value for name, value in os.environ.items() if name != "LAB_GRADER_UNSAFE"},
    )
    os.close(theirs)
    seen = b""
    try:
        while b"[y/N]" not in seen:
            seen += os.read(ours, 1000)
        os.write(ours, keys)
        while chunk := read(ours):
            seen += chunk
        return Dialogue(process.wait(30), seen.decode())
    finally:
        process.kill()
        process.wait()
        os.close(ours)


def read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 1000)
    except OSError:
        # Nobody is at the other side any more.
        return b""


def test_yes_goes_on(tmp_path: Path) -> None:
    dialogue = answer(b"y\n", tmp_path)
    assert "can read and change your files" in dialogue.seen
    assert "no-such-lab" in dialogue.seen.partition("[y/N]")[2]
    assert dialogue.code == 2


@pytest.mark.parametrize(
    "keys", [b"n\n", b"\n", b"\x03", b"\x04"], ids=["no", "nothing", "Ctrl-C", "end of input"]
)
def test_anything_else_stops(keys: bytes, tmp_path: Path) -> None:
    dialogue = answer(keys, tmp_path)
    said = dialogue.seen.partition("[y/N]")[2]
    assert "no-such-lab" not in said
    assert "Traceback" not in said
    assert "Stopped." in said
    assert dialogue.code == 130
    assert not (tmp_path / "out").exists()


def test_what_is_no_answer_is_asked_again(tmp_path: Path) -> None:
    dialogue = answer(b"perhaps\ny\n", tmp_path)
    assert dialogue.seen.count("[y/N]") == 2
    assert dialogue.code == 2
