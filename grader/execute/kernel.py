"""One kernel: started, talked to, and gone afterwards."""

import asyncio
import json
import os
from dataclasses import dataclass
from pathlib import Path
from queue import Empty
from time import monotonic
from typing import Any, Protocol

import zmq.asyncio
from jupyter_client import AsyncKernelClient, AsyncKernelManager
from jupyter_client.kernelspec import KernelSpec

from grader.errors import SandboxTimeout
from grader.execute.events import EventStream
from grader.execute.provisioner import ForkProvisioner
from grader.execute.server import Fork, ForkServer, missing_wall

_READY_SECONDS = 120.0
_ANSWER_SECONDS = 1.0
_PUBLISHED_SECONDS = 0.2
_GOODBYE_SECONDS = 5.0
_GONE_SECONDS = 30.0
_CHUNK = 1 << 16
_MAX_MESSAGE_BYTES = 256 << 20
"""A message beyond is lost, and those sent with it."""
_MAX_MESSAGES = 8
"""Messages read ahead; the others wait in the kernel, whose memory is limited."""


@dataclass(frozen=True, kw_only=True)
class Facts:
    """What the kernel said before any student code ran."""

    sandbox: str
    """Walls in force."""

    device: str
    """GPU, or ``cpu``."""


class Kernel(Protocol):
    """A kernel a session drives, used within one event loop."""

    manager: AsyncKernelManager
    """What nbclient asks whether it lives."""

    facts: Facts
    """What it said when it was ready."""

    pid: int
    """The process all others of the sandbox descend from."""

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


class SandboxKernel:
    """A forked kernel and its connections; used within one event loop.

    Args:
        server: The fork server.
        order: What to ask of it, the connection excepted.
        events: Where the recorder's events go.
    """

    def __init__(self, server: ForkServer, order: dict[str, Any], events: EventStream) -> None:
        self._server = server
        self._order = order
        self._events = events
        self._context = zmq.asyncio.Context()
        # Options of a socket count only if set before it connects.
        self._context.setsockopt(zmq.MAXMSGSIZE, _MAX_MESSAGE_BYTES)
        self._context.setsockopt(zmq.RCVHWM, _MAX_MESSAGES)
        folder = Path(order["folder"])
        self.manager = AsyncKernelManager(
            context=self._context,
            transport="ipc",
            ip=str(folder / "ipc" / "k"),
            connection_file=str(folder / "kernel.json"),
        )
        spec = KernelSpec(argv=[], display_name="Python", language="python")
        self.manager._kernel_spec = spec
        self.manager.provisioner = ForkProvisioner(parent=self.manager, kernel_spec=spec)
        self.manager.provisioner.launcher = self._launch
        self._output = -1
        self._fork: Fork | None = None
        self._exited: asyncio.Future[int] | None = None
        self.client: AsyncKernelClient | None = None
        self.facts = Facts(sandbox="none", device="cpu")
        self.pid = 0

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
        loop = asyncio.get_running_loop()
        loop.add_reader(self._events.reader, self._events.read)
        await self.manager.start_kernel()
        client = self.manager.client()
        self.client = client
        client.start_channels()
        await self._greet(client)
        return client

    def kill(self) -> None:
        """End every process of the sandbox."""
        if self._fork is not None:
            self._fork.kill()

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
        loop = asyncio.get_running_loop()
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
        loop.remove_reader(self._events.reader)
        if self._output >= 0:
            loop.remove_reader(self._output)
            os.close(self._output)
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

    async def _launch(self, connection: dict[str, Any]) -> Fork:
        key = connection["key"]
        plain = {**connection, "key": key.decode() if isinstance(key, bytes) else key}
        self._output, output = os.pipe()
        report_reader, report = os.pipe()
        descriptors = [self._events.writer, output, report]
        try:
            fork = self._server.start({**self._order, "connection": plain}, descriptors)
        finally:
            for descriptor in descriptors:
                os.close(descriptor)
        os.set_blocking(self._output, False)
        asyncio.get_running_loop().add_reader(self._output, self._discard_output)
        self._fork = fork
        self._exited = asyncio.wrap_future(fork.exited)
        self.pid = await asyncio.wrap_future(fork.started)
        self.facts = await _read_report(report_reader)
        return fork

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
    if "wall" in message:
        raise missing_wall(message["wall"], message["why"])
    return Facts(**message)
