"""One kernel: started, talked to, and gone afterwards."""

import asyncio
import json
import os
from abc import ABC, abstractmethod
from pathlib import Path
from queue import Empty
from time import monotonic
from typing import Any, Protocol

import psutil
import zmq.asyncio
from jupyter_client import AsyncKernelClient, AsyncKernelManager
from jupyter_client.kernelspec import KernelSpec
from msgspec import Struct

from grader.errors import SandboxTimeout
from grader.execute.disk import disk_mib
from grader.execute.events import EventStream, Pipe, Source
from grader.execute.provisioner import SandboxProvisioner, Started
from grader.execute.relay import Relay
from grader.execute.server import ForkServer, missing_library, missing_wall
from grader.execute.usage import descendants

_READY_SECONDS = 120.0
_ANSWER_SECONDS = 1.0
_PUBLISHED_SECONDS = 0.2
_GOODBYE_SECONDS = 5.0
_GONE_SECONDS = 30.0
_CHUNK = 1 << 16
_MAX_MESSAGE_BYTES = 96 << 20
"""A message beyond is lost."""
_TIMES_KEPT = 32
"""Times the output kept of a cell that a message may have, if that is more."""
_MAX_MESSAGES = 4
"""Messages read ahead; the others wait in the kernel, whose memory is limited."""


class Facts(Struct, frozen=True, kw_only=True):
    """What the kernel said before any student code ran."""

    sandbox: str
    """Walls in force."""

    device: str
    """GPU, or ``cpu``."""

    cuda: str = ""
    """Version of CUDA that torch was built for; empty without a GPU."""

    tf32: str = ""
    """Operations that torch computes with TF32; empty without a GPU."""


class Kernel(Protocol):
    """A kernel a session drives, used within one event loop."""

    manager: AsyncKernelManager
    """What nbclient asks whether it lives."""

    facts: Facts
    """What it said when it was ready."""

    @property
    def lost(self) -> int:
        """Messages too large to be read, so far."""
        ...

    def processes(self) -> list[psutil.Process]:
        """Every process that counts as the notebook's."""
        ...

    def files_mib(self) -> float:
        """Space its files take, in MiB, on a disk it shares; 0 where nothing needs measuring."""
        ...

    @property
    def exited(self) -> "asyncio.Future[int]":
        """Resolves to the exit status when nothing of the sandbox is left."""
        ...

    async def start(self) -> AsyncKernelClient:
        """Start it and connect."""
        ...

    def kill(self) -> None:
        """End every process of the sandbox."""
        ...

    async def finish(self) -> None:
        """Ask it to end, which lets the recorder say goodbye; then make it."""
        ...

    async def close(self) -> None:
        """End the sandbox, wait until nothing of it is left, and let go of everything."""
        ...


class ConnectedKernel(ABC):
    """A kernel and its connections, however it is started; used within one event loop.

    Args:
        folder: Folder of the run.
        transport: How Jupyter's messages travel: ``ipc`` or ``tcp``.
        address: Address the kernel listens at; for ``ipc`` the beginning of a path.
        events: Where the recorder's events go.
    """

    def __init__(self, folder: Path, transport: str, address: str, events: EventStream) -> None:
        self._events = events
        self._context = zmq.asyncio.Context()
        # Options of a socket count only if set before it connects.
        self._context.setsockopt(zmq.MAXMSGSIZE, _MAX_MESSAGE_BYTES)
        self._context.setsockopt(zmq.RCVHWM, _MAX_MESSAGES)
        self.manager = AsyncKernelManager(
            context=self._context,
            transport=transport,
            ip=address,
            connection_file=str(folder / "kernel.json"),
        )
        spec = KernelSpec(argv=[], display_name="Python", language="python")
        self.manager._kernel_spec = spec
        self.manager.provisioner = SandboxProvisioner(parent=self.manager, kernel_spec=spec)
        self.manager.provisioner.launcher = self._launched
        self._started: Started | None = None
        self._exited: asyncio.Future[int] | None = None
        self.client: AsyncKernelClient | None = None
        self.facts = Facts(sandbox="none", device="cpu")

    @property
    def exited(self) -> "asyncio.Future[int]":
        """Resolves to the exit status when the sandbox has ended."""
        if self._exited is None:
            raise SandboxTimeout("the kernel was never started")
        return self._exited

    async def start(self) -> AsyncKernelClient:
        """Start the kernel and connect.

        Raises:
            SandboxUnavailable: If a wall is missing here.
            SandboxTimeout: If the kernel does not answer.
        """
        await self.manager.start_kernel()
        # A client left to itself makes a context of its own, without the limits of this one.
        client = self.manager.client(context=self._context)
        self.client = client
        await self._connect(client)
        await self._greet(client)
        return client

    @property
    def lost(self) -> int:
        """Messages too large to be read, as far as anybody can tell."""
        return 0

    def kill(self) -> None:
        """End every process of the sandbox."""
        if self._started is not None:
            self._started.kill()

    async def finish(self) -> None:
        """Ask the kernel to end, which lets the recorder say goodbye; then make it."""
        if self.client is None:
            return
        self.client.shutdown()
        await asyncio.wait([self.exited], timeout=_GOODBYE_SECONDS)

    async def close(self) -> None:
        """End the sandbox, wait until nothing of it is left, and let go of everything.

        Raises:
            SandboxTimeout: If a process outlives SIGKILL.
        """
        if self.client is not None:
            self.client.stop_channels()
        if self._exited is not None and not self._exited.done():
            self.kill()
            done, _ = await asyncio.wait([self._exited], timeout=_GONE_SECONDS)
            if not done:
                raise SandboxTimeout("a process of the sandbox could not be killed")
        if self._exited is not None and self._exited.done():
            # Looked at, so that asyncio does not report what the run's own error says.
            self._exited.exception()
        self._events.read()
        if self._events.source is not None:
            asyncio.get_running_loop().remove_reader(self._events.source)
        self._let_go()
        await self.manager.cleanup_resources()
        self._context.destroy(linger=0)

    async def _greet(self, client: AsyncKernelClient) -> None:
        """Wait until the kernel answers and what it publishes arrives.

        ``wait_for_ready`` does the same and then waits for a fifth of a second of silence, which
        takes longer than all the rest and is of no use here: nbclient drops what belongs to no
        cell.
        """
        deadline = monotonic() + _READY_SECONDS
        while monotonic() < deadline and not self.exited.done():
            client.kernel_info()
            try:
                reply = await client.shell_channel.get_msg(timeout=_ANSWER_SECONDS)
                if reply["msg_type"] == "kernel_info_reply":
                    await client.iopub_channel.get_msg(timeout=_PUBLISHED_SECONDS)
                    return
            except Empty:
                continue
        raise SandboxTimeout("the kernel did not answer")

    async def _connect(self, client: AsyncKernelClient) -> None:
        """Open the channels that are used; the heartbeat would need a thread."""
        client.start_channels(stdin=False, hb=False)

    @abstractmethod
    def processes(self) -> list[psutil.Process]:
        """See ``Kernel.processes``."""

    def files_mib(self) -> float:
        """See ``Kernel.files_mib``."""
        return 0.0

    @abstractmethod
    def _let_go(self) -> None:
        """Close what ``_launch`` opened."""

    @abstractmethod
    async def _launch(self, connection: dict[str, Any]) -> dict[str, Any]:
        """Start the kernel; the connection with what only the kernel could know."""

    async def _launched(self, connection: dict[str, Any]) -> tuple[Started, dict[str, Any]]:
        key = connection["key"]
        plain = {**connection, "key": key.decode() if isinstance(key, bytes) else key}
        found = await self._launch(plain)
        if self._started is None:
            raise SandboxTimeout("the kernel was never started")
        return self._started, {**connection, **found}

    def _follow(self, started: Started) -> None:
        """Take charge of what was started, so that it is ended whatever happens next."""
        self._started = started
        self._exited = asyncio.wrap_future(started.exited)

    def _listen(self, source: Source) -> None:
        """Read events as they come."""
        self._events.source = source
        asyncio.get_running_loop().add_reader(source, self._read_events)

    def _read_events(self) -> None:
        if not self._events.read() and self._events.source is not None:
            # Nothing more will come, and an event loop finds that worth telling without end.
            asyncio.get_running_loop().remove_reader(self._events.source)


class SandboxKernel(ConnectedKernel):
    """A forked kernel.

    Args:
        server: The fork server.
        order: What to ask of it, the connection excepted.
        events: Where the recorder's events go.
    """

    def __init__(self, server: ForkServer, order: dict[str, Any], events: EventStream) -> None:
        folder = Path(order["folder"])
        super().__init__(folder, "ipc", str(folder / "ipc" / "k"), events)
        self._server = server
        self._order = order
        self._front = folder / "c"
        largest = max(_MAX_MESSAGE_BYTES, _TIMES_KEPT * order["output_bytes"])
        self._relay = Relay(folder / "ipc" / "k", self._front, largest)
        self._output = -1
        self._pid = 0

    @property
    def lost(self) -> int:
        """Messages too large to be read."""
        return self._relay.lost

    async def _connect(self, client: AsyncKernelClient) -> None:
        """Open the channels, with something between that limits what is sent."""
        client.ip = str(self._front)
        await self._relay.open((client.shell_port, client.iopub_port, client.control_port))
        await super()._connect(client)
        await self._relay.joined(_READY_SECONDS)

    def processes(self) -> list[psutil.Process]:
        """Everything below process 1 of the sandbox."""
        return descendants(self._pid)

    def files_mib(self) -> float:
        """Without namespaces there is no file system of its own, whose size would be limited."""
        if self._order["level"] == "full":
            return 0.0
        folder = Path(self._order["folder"])
        return sum(disk_mib(folder / name) for name in ("home", "tmp"))

    async def _launch(self, connection: dict[str, Any]) -> dict[str, Any]:
        self._output, output = os.pipe()
        report_reader, report = os.pipe()
        pipe = Pipe()
        self._listen(pipe)
        descriptors = [pipe.writer, output, report]
        try:
            fork = self._server.start({**self._order, "connection": connection}, descriptors)
        finally:
            for descriptor in descriptors:
                os.close(descriptor)
        self._follow(fork)
        os.set_blocking(self._output, False)
        asyncio.get_running_loop().add_reader(self._output, self._discard_output)
        self._pid = await asyncio.wrap_future(fork.started)
        self.facts = await _read_report(report_reader)
        return {}

    def _let_go(self) -> None:
        self._relay.close()
        if self._output >= 0:
            asyncio.get_running_loop().remove_reader(self._output)
            os.close(self._output)

    def _discard_output(self) -> None:
        """What processes print outside any cell must neither block them nor be kept."""
        try:
            if not os.read(self._output, _CHUNK):
                asyncio.get_running_loop().remove_reader(self._output)
        except BlockingIOError:
            return


async def _read_report(descriptor: int) -> Facts:
    stream = asyncio.StreamReader()
    loop = asyncio.get_running_loop()
    transport, _ = await loop.connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(stream), os.fdopen(descriptor, "rb")
    )
    try:
        line = await asyncio.wait_for(stream.readline(), _READY_SECONDS)
    except TimeoutError:
        raise SandboxTimeout("the kernel did not become ready") from None
    finally:
        transport.close()
    message = json.loads(line) if line else {"wall": "kernel", "why": "it ended at once"}
    if "missing" in message:
        raise missing_library(message["missing"])
    if "wall" in message:
        raise missing_wall(message["wall"], message["why"])
    return Facts(**message)
