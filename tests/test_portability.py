"""Importing the package and the static check need nothing that only Unix has."""

import subprocess
import sys

from tests.cli.command import SAMPLES

UNIX_ONLY = ("fcntl", "grp", "pwd", "pty", "resource", "syslog", "termios", "tty")

ELSEWHERE = f"""
import os, signal, socket, sys

# Libraries know their platforms themselves; what is tested is this package.
import asyncio, click, filelock, psutil, pydantic, subprocess, tempfile, yaml, zoneinfo

for name in {UNIX_ONLY!r}:
    sys.modules[name] = None  # importing it raises ImportError, as on Windows
for module, names in (
    (os, ("fork", "geteuid", "getuid", "getgid", "setsid", "sched_getaffinity", "killpg")),
    (socket, ("AF_UNIX", "send_fds", "recv_fds")),
    (signal, ("SIGKILL", "pthread_sigmask")),
):
    for name in names:
        delattr(module, name)
from grader.cli import main

sys.platform = "win32"
sys.argv = ["grader", *sys.argv[1:]]
sys.exit(main())
"""


def elsewhere(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run ``grader`` in a Python without what only Unix has."""
    command = [sys.executable, "-c", ELSEWHERE, *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_the_static_check_works_without_unix() -> None:
    done = elsewhere("check", str(SAMPLES / "random-labels.ipynb"), "--lab", "week9-vit-clip")
    assert done.returncode == 1, done.stderr
    assert "LAB001 random-labels" in done.stdout


def test_lists_and_manual_pages_work_without_unix() -> None:
    assert elsewhere("labs").returncode == 0
    assert elsewhere("detectors", "SMP001").returncode == 0


def test_running_a_notebook_without_unix_says_what_is_missing() -> None:
    done = elsewhere("check", str(SAMPLES / "honest.ipynb"), "--lab", "week9-vit-clip", "--run")
    assert done.returncode == 3
    assert "Linux" in done.stdout + done.stderr
    assert "Traceback" not in done.stderr
