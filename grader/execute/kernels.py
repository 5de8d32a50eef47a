"""What every sandbox that runs kernels does: folders, orders, runs, and an end to all of it."""

import asyncio
import hashlib
import os
import threading
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from time import monotonic
from types import TracebackType
from typing import TYPE_CHECKING, Any, Generic, Protocol, Self, TypeVar

from grader.errors import SandboxUnavailable
from grader.execute import machine, preflight, scratch
from grader.execute.devices import driver_folders
from grader.execute.events import EventStream
from grader.execute.leases import Lease, Leases
from grader.execute.nvml import Gpu
from grader.execute.sandbox import KernelOptions, RunOptions
from grader.execute.workspace import Workspace
from grader.model import Cell, Event, GpuShare, Machine, Run, Submission

if TYPE_CHECKING:
    from grader.execute.kernel import Facts, Kernel

_MIB = 1 << 20


class KernelServer(Protocol):
    """What kernels come from."""

    @property
    def warm_seconds(self) -> float:
        """Seconds it took to import everything."""
        ...

    @property
    def ended(self) -> bool:
        """Whether it is gone, and every kernel with it."""
        ...

    def close(self) -> None:
        """End it and every kernel."""
        ...


_Server = TypeVar("_Server", bound=KernelServer)


class KernelSandbox(ABC, Generic[_Server]):
    """Runs each notebook in a kernel of its own; several threads may call ``run`` at once.

    Args:
        assets: Folder with ``serving.json`` and ``hub/``; kernels can read it.
        profile: Name of the assets' profile.
        how: How its kernels are made.
    """

    def __init__(self, assets: Path, profile: str, how: KernelOptions | None = None) -> None:
        self._assets = assets.resolve()
        self._profile = profile
        self._how = how or KernelOptions()
        self._leases = Leases(self._how.devices)
        self._lock = threading.Condition()
        self._running = 0
        self._closed = False
        self._workspace: Workspace | None = None
        self._server: _Server | None = None

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
        """Run every cell in a fresh kernel; see ``Sandbox.run``.

        With GPUs, it waits until one is free; that time is not the notebook's.
        """
        with self._leases.hold() as lease:
            return self._run(submission, options, lease)

    def _run(self, submission: Submission, options: RunOptions, lease: Lease | None) -> Run:
        # nbclient and what it needs take a second to import, which a static check must not pay.
        from grader.execute.session import Session

        with self._kernel_of(options, lease) as (server, order):
            began = monotonic()
            folder = Path(order["folder"])
            try:
                scratch.create(folder)
                events = EventStream()
                kernel = self._kernel(server, order, events)
                session = Session(
                    submission, options, events, environment=self._how.environment, lease=lease
                )
                # The one loop that every system has and ZeroMQ's sockets work with.
                with asyncio.Runner(loop_factory=asyncio.SelectorEventLoop) as runner:
                    record = runner.run(session.run(kernel))
            except OSError as error:
                raise SandboxUnavailable(f"the machine refused: {error}") from error
            finally:
                if folder.is_dir():
                    scratch.remove(folder)
        return Run(
            submission=submission.digest,
            outcome=record.outcome,
            message=record.message,
            machine=self._machine(record.facts, options.seed, lease),
            cells=tuple(record.cells),
            events=record.events,
            recorder_complete=record.recorder_complete,
            adaptations=tuple(record.adaptations),
            seconds=monotonic() - began,
            peak_memory_mib=record.peak_memory_mib,
            peak_gpu_mib=record.peak_gpu_mib,
            peak_tensors_mib=_peak_of_tensors(record.events, lease),
        )

    @property
    def conditions(self) -> dict[str, object]:
        """What decides the outcome of a notebook here, besides the notebook and its limits."""
        return {
            # Nothing in the assets of one name ever changes.
            "assets": "/".join(self._assets.parts[-2:]),
            "profile": self._profile,
            "threads": self._how.threads,
            **self._how.devices.conditions,
            "walls": self._how.level,
            "python": self._how.environment.version,
            "versions": self._how.environment.versions,
            "installed": self._how.environment.digest,
            "code": _code(),
        }

    def prove(self) -> None:
        """Start a kernel, or one on every GPU, so that a class is not begun where none can run.

        On a GPU it multiplies matrices there.

        Raises:
            SandboxUnavailable: If a library or a wall is missing on this machine, or a kernel
                does not reach its GPU; saying what to do.
            SandboxTimeout: If the sandbox does not answer.
        """
        gpus = self._how.devices.gpus
        if gpus:
            # Starting CUDA takes seconds, of which most are waited for.
            with ThreadPoolExecutor(len(gpus)) as engine:
                for _ in engine.map(self._reach, gpus):
                    continue
            return
        cell = Cell(index=0, kind="code", source="pass")
        empty = Submission(student="", lab="", path="", digest="", cells=(cell,))
        self.run(empty, RunOptions())

    def _reach(self, gpu: Gpu) -> None:
        with self._leases.hold(gpu) as lease:
            options = RunOptions(limits=preflight.LIMITS)
            preflight.check(self._run(preflight.notebook(), options, lease), gpu)

    @property
    def warm_seconds(self) -> float:
        """Seconds the fork server took to import everything; starts it if need be."""
        with self._lock:
            return self._started()[0].warm_seconds

    def close(self) -> None:
        """End the fork server and every kernel, and remove what they wrote; for good.

        Runs of other threads end with ``SandboxUnavailable``.
        """
        self._leases.close()
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
    def _kernel_of(
        self, options: RunOptions, lease: Lease | None
    ) -> Iterator[tuple[_Server, dict[str, Any]]]:
        """What a kernel is asked of and how; the folders stay until the context ends."""
        with self._lock:
            server, workspace = self._started()
            order = self._order(options, workspace) | _of_lease(lease)
            self._running += 1
        try:
            yield server, order
        finally:
            with self._lock:
                self._running -= 1
                self._lock.notify_all()

    @abstractmethod
    def _serve(self, workspace: Workspace) -> _Server:
        """Start what kernels come from."""

    @abstractmethod
    def _kernel(self, server: _Server, order: dict[str, Any], events: EventStream) -> "Kernel":
        """A kernel, not yet started."""

    def _started(self) -> tuple[_Server, Workspace]:
        """A living server; the lock must be held."""
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
            self._server = self._serve(self._workspace)
        return self._server, self._workspace

    def _order(self, options: RunOptions, workspace: Workspace) -> dict[str, Any]:
        folder = workspace.folder("run")
        return {
            "id": int(folder.name.partition("-")[2]),
            "level": self._how.level,
            "folder": str(folder),
            "python": [str(each) for each in self._readable()],
            "hidden": [str(each) for each in self._hidden()],
            "assets": str(self._assets),
            "seed": options.seed,
            "threads": self._how.threads,
            "memory_bytes": options.limits.memory_mib * _MIB,
            "disk_bytes": options.limits.disk_mib * _MIB,
            # Wall time is limited from outside; this keeps a process to the threads it was given.
            "cpu_seconds": int(options.limits.run_seconds * (self._how.threads + 1)) + 10,
            "output_bytes": options.limits.output_bytes,
            "outputs": options.limits.outputs,
        }

    def _readable(self) -> list[Path]:
        """Folders of the Python installation, and of the driver where a GPU is used."""
        driver = driver_folders() if self._how.devices.gpus else ()
        return [*self._how.environment.folders, *driver]

    def _hidden(self) -> list[Path]:
        """Folders of graders, this one and any that is installed where notebooks run."""
        return [*machine.private_folders(), *self._how.environment.hidden]

    def _machine(self, facts: "Facts", seed: int, lease: Lease | None) -> Machine:
        return Machine(
            python=self._how.environment.version,
            platform=machine.description(),
            device=facts.device,
            gpu=_share(lease, facts),
            cores=min(self._how.threads, os.cpu_count() or 1),
            sandbox=facts.sandbox,
            seed=seed,
            profile=self._profile,
            versions=self._how.environment.versions,
        )


def _of_lease(lease: Lease | None) -> dict[str, Any]:
    """The part of an order that concerns the GPU."""
    if lease is None:
        return {"gpu": "", "gpu_bytes": 0}
    return {
        "gpu": lease.gpu.uuid,
        "gpu_bytes": lease.tensor_bytes,
        "gpu_name": lease.gpu.name,
        "gpu_node": lease.gpu.node,
    }


def _share(lease: Lease | None, facts: "Facts") -> GpuShare | None:
    if lease is None:
        return None
    return GpuShare(
        driver=lease.driver.version,
        cuda=facts.cuda or None,
        memory_mib=lease.gpu.memory_bytes // _MIB,
        share_mib=lease.share_bytes // _MIB,
        notebooks=lease.notebooks,
        tf32=facts.tf32 or None,
    )


def _peak_of_tensors(events: Sequence[Event], lease: Lease | None) -> float | None:
    """What the kernel said of the GPU's memory as it ended, in MiB, if that can be."""
    said = [event.data.get("peak") for event in events if event.name == "gpu"]
    peak = said[-1] if said else None
    if lease is None or not isinstance(peak, int) or not 0 <= peak <= lease.gpu.memory_bytes:
        return None
    return peak / _MIB


@cache
def _code() -> str:
    """Digest of this stage: within one version of the grader it may still change."""
    digest = hashlib.sha256()
    folder = Path(__file__).parent
    for file in sorted(folder.rglob("*.py")):
        digest.update(file.relative_to(folder).as_posix().encode() + b"\0" + file.read_bytes())
    return digest.hexdigest()
