"""A kernel in an ordinary process, reached through the loopback interface."""

import asyncio
import json
import secrets
import socket
from collections.abc import Coroutine
from hmac import compare_digest
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import psutil

from grader.errors import SandboxTimeout, SandboxUnavailable
from grader.execute.events import Connection, EventStream
from grader.execute.kernel import ConnectedKernel, Facts
from grader.execute.plainserver import PlainServer
from grader.execute.server import missing_library

if TYPE_CHECKING:
    from grader.execute.processtree import ProcessTree

_Found = TypeVar("_Found")

_ADDRESS = "127.0.0.1"
_READY_SECONDS = 300.0
"""It imports everything first, from a cold disk perhaps."""
_TOKEN_SECONDS = 5.0
_TOKEN_BYTES = 16
_LINE_BYTES = 1 << 16


class PlainKernel(ConnectedKernel):
    """A kernel that ``PlainServer`` starts.

    Args:
        server: What starts it.
        order: What to ask of it, the connection excepted.
        events: Where the recorder's events go.
    """

    def __init__(self, server: PlainServer, order: dict[str, Any], events: EventStream) -> None:
        self._folder = Path(order["folder"])
        super().__init__(self._folder, "tcp", _ADDRESS, events)
        self._server = server
        self._order = order
        self._tree: ProcessTree | None = None

    def processes(self) -> list[psutil.Process]:
        """The kernel and all it started."""
        return self._tree.living() if self._tree is not None else []

    def files_mib(self) -> float:
        """Nothing: how full a student's own disk gets is not measured."""
        return 0.0

    async def _launch(self, connection: dict[str, Any]) -> dict[str, Any]:
        # The kernel takes free ports and says which: ports chosen here could be gone by then.
        ports = {name: 0 for name in connection if name.endswith("_port")}
        token = secrets.token_hex(_TOKEN_BYTES)
        with socket.create_server((_ADDRESS, 0)) as listener:
            listener.setblocking(False)
            task = {
                "order": {**self._order, "connection": {**connection, **ports}},
                "address": _ADDRESS,
                "port": listener.getsockname()[1],
                "token": token,
            }
            self._tree = self._server.start(task, self._folder)
            self._follow(self._tree)
            with await self._unless_ended(_accepted(listener, token.encode())) as report:
                events = await self._unless_ended(_accepted(listener, token.encode()))
                self._listen(Connection(events))
                line = await self._unless_ended(_line(report))
        message: dict[str, Any] = json.loads(line) if line else {"why": self._last_words()}
        if "missing" in message:
            raise missing_library(message["missing"])
        if "why" in message:
            raise SandboxUnavailable(f"the kernel cannot be set up here: {message['why']}")
        found: dict[str, Any] = message.pop("ports")
        self.facts = Facts(**message)
        return found

    def _let_go(self) -> None:
        """Nothing but the events' connection stays open."""

    async def _unless_ended(self, waiting: Coroutine[Any, Any, _Found]) -> _Found:
        """What this gives, unless the kernel ends first.

        Raises:
            SandboxUnavailable: If the kernel ends.
            SandboxTimeout: If neither happens.
        """
        task = asyncio.create_task(waiting)
        either: set[asyncio.Future[Any]] = {task, self.exited}
        try:
            await asyncio.wait(either, timeout=_READY_SECONDS, return_when=asyncio.FIRST_COMPLETED)
            if task.done():
                return task.result()
        finally:
            task.cancel()
        if self.exited.done():
            raise SandboxUnavailable(f"the kernel ended while starting: {self._last_words()}")
        raise SandboxTimeout("the kernel did not become ready")

    def _last_words(self) -> str:
        text = (self._folder / "log").read_text(encoding="utf-8", errors="replace")
        lines = text.strip().splitlines()
        return lines[-1] if lines else "no message"


async def _accepted(listener: socket.socket, token: bytes) -> socket.socket:
    """The next connection that says the token."""
    loop = asyncio.get_running_loop()
    while True:
        connection, _ = await loop.sock_accept(listener)
        try:
            said = await asyncio.wait_for(_exactly(connection, len(token)), _TOKEN_SECONDS)
            if compare_digest(said, token):
                return connection
        except (TimeoutError, OSError):
            pass
        except BaseException:
            connection.close()
            raise
        connection.close()


async def _exactly(connection: socket.socket, size: int) -> bytes:
    loop = asyncio.get_running_loop()
    found = b""
    while len(found) < size and (chunk := await loop.sock_recv(connection, size - len(found))):
        found += chunk
    return found


async def _line(connection: socket.socket) -> bytes:
    loop = asyncio.get_running_loop()
    found = b""
    while not found.endswith(b"\n") and len(found) < _LINE_BYTES:
        chunk = await loop.sock_recv(connection, _LINE_BYTES)
        if not chunk:
            break
        found += chunk
    return found
