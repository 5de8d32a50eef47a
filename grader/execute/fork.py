"""The sandbox: kernels forked from one warm fork server."""

import asyncio
import itertools
import os
import platform
import sys
import tempfile
import threading
from pathlib import Path
from time import monotonic
from types import TracebackType
from typing import Any, Literal, Self

from grader.errors import SandboxUnavailable
from grader.execute import machine, scratch
from grader.execute.sandbox import RunOptions
from grader.execute.server import ForkServer
from grader.model import Cell, Machine, Run, Submission

_MIB = 1 << 20


class ForkSandbox:
    """Runs notebooks in forked kernels; several threads may call ``run`` at once.

    Args:
        assets: Folder with ``serving.json`` and ``hub/``; kernels can read it.
        profile: Name of the assets' profile.
        threads: Threads a library may use in each kernel.
        level: ``full`` puts up every wall or refuses to run; ``none`` puts up none.

    Raises:
        SandboxUnavailable: If this is not Linux.
    """

    def __init__(
        self,
        assets: Path,
        profile: str,
        threads: int = 1,
        level: Literal["full", "none"] = "full",
    ) -> None:
        if sys.platform != "linux":
            raise SandboxUnavailable(
                "Notebooks run in a sandbox, which needs Linux; reading them works everywhere."
            )
        self._assets = assets.resolve()
        self._profile = profile
        self._threads = threads
        self._level = level
        self._lock = threading.Lock()
        self._numbers = itertools.count(1)
        self._folder: Path | None = None
        self._server: ForkServer | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def run(self, submission: Submission, options: RunOptions) -> Run:
        """Run every cell in a fresh kernel; see ``Sandbox.run``."""
        # nbclient and what it needs take a second to import, which a static check must not pay.
        from grader.execute.session import Session

        server = self._warm_server()
        began = monotonic()
        order = self._order(options)
        folder = scratch.create(Path(order["folder"]))
        try:
            record = asyncio.run(Session(submission, options).run(server, order))
        except OSError as error:
            raise SandboxUnavailable(f"the machine refused: {error}") from error
        finally:
            scratch.remove(folder)
        return Run(
            submission=submission.digest,
            outcome=record.outcome,
            message=record.message,
            machine=self._machine(record.facts.sandbox, record.facts.device, options.seed),
            cells=tuple(record.cells),
            events=record.events,
            recorder_complete=record.recorder_complete,
            adaptations=tuple(record.adaptations),
            seconds=monotonic() - began,
        )

    def prove(self) -> None:
        """Start an empty kernel, so that a class is not begun where none can run.

        Raises:
            SandboxUnavailable: If a library or a wall is missing on this machine.
            SandboxTimeout: If the sandbox does not answer.
        """
        cell = Cell(index=0, kind="code", source="pass")
        empty = Submission(student="", lab="", path="", digest="", cells=(cell,))
        self.run(empty, RunOptions())

    @property
    def warm_seconds(self) -> float:
        """Seconds the fork server took to import everything; starts it if need be."""
        return self._warm_server().warm_seconds

    def close(self) -> None:
        """End the fork server and every kernel, and remove what they wrote."""
        with self._lock:
            if self._server is not None:
                self._server.close()
                self._server = None
            if self._folder is not None:
                scratch.remove(self._folder)
                self._folder = None

    def _warm_server(self) -> ForkServer:
        with self._lock:
            if self._server is None:
                if not (self._assets / "serving.json").is_file():
                    raise SandboxUnavailable(f"no serving.json in {self._assets}")
                if self._folder is None:
                    self._folder = Path(tempfile.mkdtemp(prefix="grader-"))
                self._server = ForkServer(self._folder)
            return self._server

    def _order(self, options: RunOptions) -> dict[str, Any]:
        if self._folder is None:
            raise SandboxUnavailable("the sandbox is closed")
        number = next(self._numbers)
        return {
            "id": number,
            "walls": self._level == "full",
            "folder": str(self._folder / str(number)),
            "python": [str(each) for each in machine.python_folders()],
            "hidden": [str(each) for each in machine.private_folders()],
            "assets": str(self._assets),
            "seed": options.seed,
            "threads": self._threads,
            "memory_bytes": options.limits.memory_mib * _MIB,
        }

    def _machine(self, sandbox: str, device: str, seed: int) -> Machine:
        return Machine(
            python=platform.python_version(),
            platform=machine.description(),
            device=device,
            cores=min(self._threads, os.cpu_count() or 1),
            sandbox=sandbox,
            seed=seed,
            profile=self._profile,
            versions=machine.versions(),
        )
