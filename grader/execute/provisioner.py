"""Kernels a sandbox starts in its own way, as jupyter_client's extension point wants them."""

import asyncio
from collections.abc import Awaitable, Callable
from concurrent.futures import Future
from typing import Any, Protocol

from jupyter_client.provisioning import KernelProvisionerBase

from grader.errors import SandboxUnavailable


class Started(Protocol):
    """A kernel that was started, and everything it starts."""

    @property
    def exited(self) -> Future[int]:
        """Exit status of the kernel, once nothing of it is left."""
        ...

    def kill(self) -> None:
        """End all of it, whatever its handlers do."""
        ...


Launcher = Callable[[dict[str, Any]], Awaitable[tuple[Started, dict[str, Any]]]]
"""Starts a kernel for a connection, and says what the connection came to be."""


class SandboxProvisioner(KernelProvisionerBase):  # type: ignore[misc]
    """Launches a kernel by asking a sandbox; every signal ends the whole sandbox."""

    launcher: Launcher | None = None
    """Starts a kernel for a connection; set by the sandbox."""

    started: Started | None = None
    """The kernel, once launched."""

    @property
    def has_process(self) -> bool:
        """Whether a kernel was launched."""
        return self.started is not None

    async def poll(self) -> int | None:
        """Exit status, or ``None`` while the kernel runs."""
        if self.started is None:
            return 0
        return self.started.exited.result() if self.started.exited.done() else None

    async def wait(self) -> int | None:
        """Wait for the end of everything the kernel started."""
        if self.started is None:
            return 0
        status: int = await asyncio.wrap_future(self.started.exited)
        return status

    async def send_signal(self, signum: int) -> None:
        """End the sandbox: a signal a notebook could handle is no use."""
        await self.kill()

    async def kill(self, restart: bool = False) -> None:
        """End the sandbox."""
        if self.started is not None:
            self.started.kill()

    async def terminate(self, restart: bool = False) -> None:
        """End the sandbox."""
        await self.kill()

    async def pre_launch(self, **kwargs: object) -> dict[str, Any]:
        """Write the connection file."""
        self.parent.write_connection_file()
        self.connection_info = self.parent.get_connection_info()
        arguments: dict[str, Any] = await super().pre_launch(cmd=[], **kwargs)
        return arguments

    async def launch_kernel(self, cmd: list[str], **kwargs: object) -> dict[str, Any]:
        """Start a kernel.

        Raises:
            SandboxUnavailable: If the sandbox could not be set up.
        """
        if self.launcher is None:
            raise SandboxUnavailable("grader-fork kernels are started by grader.execute only")
        self.started, self.connection_info = await self.launcher(self.connection_info)
        connection: dict[str, Any] = self.connection_info
        return connection

    async def cleanup(self, restart: bool = False) -> None:
        """Nothing is held here."""
