"""Starts kernels in ordinary processes, and ends them."""

import json
import os
import secrets
import subprocess
import threading
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from jupyter_client.launcher import launch_kernel

from grader.errors import SandboxUnavailable
from grader.execute.environment import Environment
from grader.execute.processtree import ProcessTree
from grader.execute.server import command, environment

_MARK = "GRADER_NOTEBOOK"
_MARK_BYTES = 16
_ENDED = "the sandbox is closed"
_NEEDED = (
    "COMSPEC",
    "CONDA_PREFIX",
    "DYLD_FALLBACK_LIBRARY_PATH",
    "DYLD_LIBRARY_PATH",
    "NUMBER_OF_PROCESSORS",
    "PATHEXT",
    "PROCESSOR_ARCHITECTURE",
    "PROGRAMDATA",
    "PROGRAMFILES",
    "SYSTEMDRIVE",
    "SYSTEMROOT",
    "WINDIR",
)
"""Variables without which programs do not start on one system or another."""


class PlainServer:
    """Starts kernels, each in a process that imports everything for itself.

    Args:
        where: Installation they run in.
        recorder: Whether they record.
    """

    warm_seconds = 0.0
    """Nothing is imported ahead."""

    def __init__(self, where: Environment, *, recorder: bool) -> None:
        self._where = where
        self._options: dict[str, object] = {"recording": recorder, "complete": where.own}
        self._lock = threading.Lock()
        self._trees: set[ProcessTree] = set()
        self.ended = False
        """Whether it was closed."""

    def start(self, task: Mapping[str, object], folder: Path) -> ProcessTree:
        """Start a kernel.

        Args:
            task: What the guest is told.
            folder: Folder of its run.

        Raises:
            SandboxUnavailable: If this was closed.
            OSError: If the system refuses.
        """
        mark = (_MARK, secrets.token_hex(_MARK_BYTES))
        variables = {**plain_environment(folder, self._where.python), _MARK: mark[1]}
        with self._lock, (folder / "log").open("wb") as log:
            if self.ended:
                raise SandboxUnavailable(_ENDED)
            process = launch_kernel(
                command(self._where.python, "alone", self._options),
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
                env=variables,
                cwd=str(folder / "home"),
            )
            tree = ProcessTree(process, mark)
            self._trees.add(tree)
            tree.exited.add_done_callback(lambda _: self._trees.discard(tree))
        # It may have ended already; that shows elsewhere.
        with suppress(OSError), process.stdin as stdin:
            stdin.write(json.dumps(task).encode())
        return tree

    def close(self) -> None:
        """End every kernel, and wait until nothing is left of them."""
        with self._lock:
            self.ended = True
            trees = list(self._trees)
        for tree in trees:
            tree.abandon(SandboxUnavailable(_ENDED))
        for tree in trees:
            tree.join()


def plain_environment(folder: Path, python: Path) -> dict[str, str]:
    """The whole environment of a kernel; what the system needs is taken over.

    Args:
        folder: Folder of the run.
        python: The interpreter.
    """
    home = folder / "home"
    needed = {name: os.environ[name] for name in _NEEDED if name in os.environ}
    values = environment(home, python)
    return {
        **needed,
        **values,
        # Not every system has the usual one.
        "LANG": os.environ.get("LANG", values["LANG"]),
        "PATH": os.pathsep.join([str(python.parent), os.environ.get("PATH", os.defpath)]),
        "USERPROFILE": str(home),
        "TEMP": str(folder / "tmp"),
        "TMP": str(folder / "tmp"),
        # As on the systems where notebooks are graded.
        "PYTHONUTF8": "1",
    }
