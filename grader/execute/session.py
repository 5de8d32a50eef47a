"""One notebook, executed cell by cell."""

import asyncio
from collections.abc import Sequence
from time import monotonic
from typing import Any, Literal, NamedTuple

import nbformat
import psutil
from msgspec import Struct, field

from grader.errors import MachineError, SandboxUnavailable
from grader.execute.adapt import adapt
from grader.execute.environment import Environment, own
from grader.execute.events import EventStream
from grader.execute.gpu_memory import first_shortage, is_ours, said_of
from grader.execute.kernel import Facts, Kernel
from grader.execute.leases import Lease
from grader.execute.missing import missing_gpu, what_is_missing
from grader.execute.outputs import BoundedClient, outputs_of
from grader.execute.sandbox import Progress, RunOptions
from grader.execute.usage import memory_mib
from grader.model import Adaptation, Cell, CellRun, Event, RunOutcome, Submission

_MIB = 1 << 20
_WATCH_INTERVAL = 0.2
_MAX_PROCESSES = 256
_LAST_MESSAGES_SECONDS = 0.2


class _End(NamedTuple):
    """Why the run ended before its last cell."""

    outcome: RunOutcome
    message: str


class Record(Struct):
    """What has happened so far."""

    facts: Facts = field(default_factory=lambda: Facts(sandbox="none", device="cpu"))
    outcome: RunOutcome = "completed"
    message: str = ""
    cells: list[CellRun] = field(default_factory=list)
    adaptations: list[Adaptation] = field(default_factory=list)
    events: tuple[Event, ...] = ()
    recorder_complete: bool = False
    peak_memory_mib: float | None = None
    peak_gpu_mib: float | None = None


class Session:
    """Runs one submission in one kernel."""

    def __init__(
        self,
        submission: Submission,
        options: RunOptions,
        events: EventStream,
        *,
        environment: Environment | None = None,
        lease: Lease | None = None,
    ) -> None:
        self._lease = lease
        self._overdrawn = False
        self._environment = environment or own()
        self._submission = submission
        self._options = options
        self._began = monotonic()
        self._events = events
        self._record = Record()
        self._first_error: tuple[str, str, str] | None = None
        self._excess = ""

    async def run(self, kernel: Kernel) -> Record:
        """Execute every cell, or as many as the limits allow.

        Raises:
            SandboxError: If the machine failed.
        """
        watch: asyncio.Task[None] | None = None
        try:
            connection = await kernel.start()
            self._record.facts = kernel.facts
            client = self._client(kernel)
            client.kc = connection
            watch = asyncio.create_task(self._watch(kernel))
            end = await self._run_cells(client, kernel)
            if end is None:
                await kernel.finish()
        finally:
            if watch is not None:
                watch.cancel()
            await kernel.close()
            self._events.close()
        self._conclude(end)
        return self._record

    def _client(self, kernel: Kernel) -> BoundedClient:
        cells = []
        device = self._record.facts.device
        for cell in self._submission.cells:
            adaptations: tuple[Adaptation, ...] = ()
            source = cell.source
            if cell.kind == "code":
                source, adaptations = adapt(
                    cell,
                    device,
                    self._environment,
                    cuda_on_cpu=self._options.cuda_without_gpu == "cpu",
                    others=[each for each in self._submission.code_cells if each is not cell],
                )
            self._record.adaptations += adaptations
            # Metadata and tags of the submission are left behind: they would steer nbclient.
            new = nbformat.v4.new_code_cell if cell.kind == "code" else nbformat.v4.new_raw_cell
            cells.append(new(source))
        return BoundedClient(
            nbformat.v4.new_notebook(cells=cells),
            limits=self._options.limits,
            km=kernel.manager,
            timeout=None,
            allow_errors=True,
            record_timing=False,
            store_widget_state=False,
            coalesce_streams=False,
        )

    async def _run_cells(self, client: BoundedClient, kernel: Kernel) -> _End | None:
        end = None
        for cell in self._submission.code_cells:
            if end is not None:
                self._record.cells.append(CellRun(index=cell.index, outcome="skipped", seconds=0.0))
                continue
            self._tell(cell, "running")
            end = await self._run_cell(cell, client, kernel)
            self._tell(cell, "done")
        return end

    async def _run_cell(self, cell: Cell, client: BoundedClient, kernel: Kernel) -> _End | None:
        began, lost = monotonic(), kernel.lost
        client.begin_cell()
        self._events.cell = cell.index
        node = client.nb.cells[cell.index]
        task = asyncio.create_task(client.async_execute_cell(node, cell.index))
        await asyncio.wait(
            {task, kernel.exited}, timeout=self._allowed(), return_when=asyncio.FIRST_COMPLETED
        )
        try:
            end = await self._ending(cell, task, kernel)
        finally:
            await self._abandon(task)
        if end is None and client.exits:
            end = self._ending_of_exit(cell)
        whole = (end is None or client.exits) and bool(cell.source.strip())
        if whole:
            client.end_cell(kernel.lost - lost)
        self._events.end_cell(whole=whole)
        outcome: Literal["ok", "error", "timeout", "killed"] = "ok"
        if end is not None:
            outcome = "timeout" if end.outcome == "timeout" else "killed"
        elif client.error is not None:
            outcome = "error"
        if self._first_error is None and client.error is not None:
            self._first_error = (*client.error, cell.source)
        self._record.cells.append(
            CellRun(
                index=cell.index,
                outcome=outcome,
                seconds=monotonic() - began,
                error=_one_line(client.error),
                outputs=outputs_of(node, client.truncated),
            )
        )
        return end

    def _allowed(self) -> float:
        limits = self._options.limits
        left = limits.run_seconds - (monotonic() - self._began)
        return max(0.0, min(limits.cell_seconds, left))

    async def _ending(self, cell: Cell, task: "asyncio.Task[Any]", kernel: Kernel) -> _End | None:
        """Why the run ends in this cell, or ``None`` if it goes on; ends the sandbox if so."""
        exited = kernel.exited
        if task.done():
            return self._ending_of_reply(cell, task)
        if not exited.done():
            kernel.kill()
            await exited
            return self._timeout(cell)
        status = await exited
        # What the kernel sent before it died is still on its way.
        await asyncio.wait({task}, timeout=_LAST_MESSAGES_SECONDS)
        if self._excess:
            return _End("killed", f"Cell {cell.index} {self._excess}.")
        message = f"The kernel stopped in cell {cell.index} (exit status {status})."
        return _End("killed", message)

    def _ending_of_reply(self, cell: Cell, task: "asyncio.Task[Any]") -> _End | None:
        error = task.exception()
        if error is None:
            return None
        if isinstance(error, OSError | MachineError | MemoryError):
            raise SandboxUnavailable(f"cannot talk to the kernel: {error}") from error
        # A notebook can make its kernel send anything; nbclient does not check.
        kind = type(error).__name__
        message = f"The kernel sent messages that cannot be read in cell {cell.index} ({kind})."
        return _End("killed", message)

    def _ending_of_exit(self, cell: Cell) -> _End | None:
        """``exit()`` ends a kernel once its cell is done; nothing is lost if that was the last."""
        after = [each for each in self._submission.code_cells if each.index > cell.index]
        if not any(each.source.strip() for each in after):
            return None
        if self._record.facts.device == "cpu" and "cuda.is_available" in cell.source:
            message = f"This runner has no NVIDIA GPU, and cell {cell.index} ends the notebook."
            return _End("environment", message)
        message = f"Cell {cell.index} ended the notebook: it called exit or quit."
        return _End("killed", message)

    def _timeout(self, cell: Cell) -> _End:
        limits = self._options.limits
        if monotonic() - self._began >= limits.run_seconds:
            message = (
                f"The notebook was still running after {limits.run_seconds:g} s, "
                f"in cell {cell.index}."
            )
        else:
            message = f"Cell {cell.index} was still running after {limits.cell_seconds:g} s."
        return _End("timeout", message)

    async def _abandon(self, task: "asyncio.Task[Any]") -> None:
        task.cancel()
        await asyncio.wait({task})
        if not task.cancelled():
            task.exception()

    async def _watch(self, kernel: Kernel) -> None:
        limit, disk = self._options.limits.memory_mib, self._options.limits.disk_mib
        while True:
            processes = kernel.processes()
            if len(processes) > _MAX_PROCESSES:
                self._excess = f"started more than {_MAX_PROCESSES} processes"
            elif self._note_memory(processes, limit) > limit:
                self._excess = f"used more than {limit} MiB of memory"
            elif self._overdraws(processes):
                self._overdrawn = True
                self._excess = "used more of the GPU's memory than its share"
            elif await asyncio.to_thread(kernel.files_mib) > disk:
                self._excess = f"kept more than {disk} MiB of files"
            if self._excess:
                kernel.kill()
            await asyncio.sleep(_WATCH_INTERVAL)

    def _note_memory(self, processes: Sequence[psutil.Process], limit: int) -> float:
        used = memory_mib(processes, limit)
        self._record.peak_memory_mib = max(used, self._record.peak_memory_mib or 0.0)
        return used

    def _overdraws(self, processes: Sequence[psutil.Process]) -> bool:
        """Whether they hold more of a shared GPU's memory than this notebook's share."""
        lease = self._lease
        used = lease.used_bytes([each.pid for each in processes]) if lease else None
        if lease is None or used is None:
            return False
        self._record.peak_gpu_mib = max(used / _MIB, self._record.peak_gpu_mib or 0.0)
        return lease.notebooks > 1 and used > lease.share_bytes

    def _conclude(self, end: _End | None) -> None:
        record = self._record
        executed = [
            cell
            for cell, run in zip(self._submission.code_cells, record.cells, strict=True)
            if run.outcome in ("ok", "error") and cell.source.strip()
        ]
        self._events.conclude(len(executed))
        record.events = tuple(self._events.events)
        record.recorder_complete = end is None and self._events.complete(len(executed))
        if end is not None:
            record.outcome, record.message = end
        missing = missing_gpu(record.cells, record.facts.device)
        if missing is None and self._first_error is not None:
            missing = what_is_missing(
                *self._first_error, self._submission, record.adaptations, self._environment
            )
        if missing is not None:
            record.outcome, record.message = "environment", missing
        elif self._lease is not None:
            self._conclude_gpu(self._lease)

    def _conclude_gpu(self, lease: Lease) -> None:
        record = self._record
        cell = first_shortage(record.cells)
        if self._overdrawn:
            cell = next((each.index for each in record.cells if each.outcome == "killed"), cell)
        if cell is None:
            return
        if is_ours(lease):
            record.outcome, record.message = "environment", said_of(cell, lease)
        elif record.outcome == "completed":
            record.message = said_of(cell, lease)

    def _tell(self, cell: Cell, state: Literal["running", "done"]) -> None:
        if self._options.on_cell is not None:
            self._options.on_cell(
                Progress(
                    student=self._submission.student,
                    cell=cell.index,
                    cells=len(self._submission.code_cells),
                    done=len(self._record.cells),
                    state=state,
                    seconds=monotonic() - self._began,
                )
            )


def _one_line(error: tuple[str, str] | None) -> str | None:
    if error is None:
        return None
    text = ": ".join(part for part in error if part)
    return text.encode("utf-8", "replace").decode()
