"""The sandbox: kernels forked from one warm fork server."""

import asyncio
import hashlib
import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from time import monotonic
from types import TracebackType
from typing import Any, Self

from grader.errors import SandboxUnavailable
from grader.execute import machine, scratch
from grader.execute.events import EventStream
from grader.execute.sandbox import KernelOptions, RunOptions
from grader.execute.server import ForkServer
from grader.execute.workspace import Workspace
from grader.model import Cell, Machine, Run, Submission

_MIB = 1 << 20


class ForkSandbox:
    """Runs notebooks in forked kernels; several threads may call ``run`` at once.

    Args:
        assets: Folder with ``serving.json`` and ``hub/``; kernels can read it.
        profile: Name of the assets' profile.
        how: How its kernels are made.

    Raises:
        SandboxUnavailable: If this is not Linux.
    """

    def __init__(self, assets: Path, profile: str, how: KernelOptions | None = None) -> None:
        if sys.platform != "linux":
            raise SandboxUnavailable(
                "Notebooks run in a sandbox, which needs Linux; reading them works everywhere."
            )
        self._assets = assets.resolve()
        self._profile = profile
        self._how = how or KernelOptions()
        self._lock = threading.Condition()
        self._running = 0
        self._closed = False
        self._workspace: Workspace | None = None
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
        from grader.execute.kernel import SandboxKernel
        from grader.execute.session import Session

        with self._kernel_of(options) as (server, order):
            began = monotonic()
            folder = scratch.create(Path(order["folder"]))
            try:
                events = EventStream()
                kernel = SandboxKernel(server, order, events)
                record = asyncio.run(Session(submission, options, events).run(kernel))
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

    @property
    def conditions(self) -> dict[str, object]:
        """What decides the outcome of a notebook here, besides the notebook and its limits."""
        return {
            # Nothing in the assets of one name ever changes.
            "assets": "/".join(self._assets.parts[-2:]),
            "profile": self._profile,
            "threads": self._how.threads,
            "walls": self._how.level,
            "python": self._how.environment.version,
            "versions": dict(self._how.environment.versions),
            "code": _code(),
        }

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
        with self._lock:
            return self._started()[0].warm_seconds

    def close(self) -> None:
        """End the fork server and every kernel, and remove what they wrote; for good.

        Runs of other threads end with ``SandboxUnavailable``.
        """
        with self._lock:
            self._closed = True
            if self._server is not None:
                self._server.close()
                self._server = None
            self._lock.wait_for(lambda: not self._running)
            if self._workspace is not None:
                self._workspace.remove()
                self._workspace = None

    @contextmanager
    def _kernel_of(self, options: RunOptions) -> Iterator[tuple[ForkServer, dict[str, Any]]]:
        """What a kernel is asked of and how; the folders stay until the context ends."""
        with self._lock:
            server, workspace = self._started()
            order = self._order(options, workspace)
            self._running += 1
        try:
            yield server, order
        finally:
            with self._lock:
                self._running -= 1
                self._lock.notify_all()

    def _started(self) -> tuple[ForkServer, Workspace]:
        """A living fork server; the lock must be held."""
        if self._closed:
            raise SandboxUnavailable("the sandbox is closed")
        if not (self._assets / "serving.json").is_file():
            raise SandboxUnavailable(f"no serving.json in {self._assets}")
        if self._workspace is None:
            self._workspace = Workspace()
        if self._server is not None and self._server.ended:
            self._server.close()
            self._server = None
        if self._server is None:
            self._server = ForkServer(
                self._workspace.folder("server"),
                self._workspace.lock,
                self._how.environment.python,
                cold=self._how.cold,
                recorder=self._how.recorder,
            )
        return self._server, self._workspace

    def _order(self, options: RunOptions, workspace: Workspace) -> dict[str, Any]:
        folder = workspace.folder("run")
        return {
            "id": int(folder.name.partition("-")[2]),
            "level": self._how.level,
            "folder": str(folder),
            "python": [str(each) for each in self._how.environment.folders],
            "hidden": [str(each) for each in machine.private_folders()],
            "assets": str(self._assets),
            "seed": options.seed,
            "threads": self._how.threads,
            "memory_bytes": options.limits.memory_mib * _MIB,
            "disk_bytes": options.limits.disk_mib * _MIB,
            # Wall time is limited from outside; this keeps a process to the threads it was given.
            "cpu_seconds": int(options.limits.run_seconds * (self._how.threads + 1)) + 10,
            "output_bytes": options.limits.output_bytes,
            "outputs": options.limits.outputs,
            "gpu": "",
            "gpu_bytes": 0,
        }

    def _machine(self, sandbox: str, device: str, seed: int) -> Machine:
        return Machine(
            python=self._how.environment.version,
            platform=machine.description(),
            device=device,
            cores=min(self._how.threads, os.cpu_count() or 1),
            sandbox=sandbox,
            seed=seed,
            profile=self._profile,
            versions=dict(self._how.environment.versions),
        )


@cache
def _code() -> str:
    """Digest of this stage: within one version of the grader it may still change."""
    digest = hashlib.sha256()
    folder = Path(__file__).parent
    for file in sorted(folder.rglob("*.py")):
        digest.update(file.relative_to(folder).as_posix().encode() + b"\0" + file.read_bytes())
    return digest.hexdigest()
