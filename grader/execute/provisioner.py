"""Kernels forked from the warm fork server, as jupyter_client's extension point wants them."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from jupyter_client.provisioning import KernelProvisionerBase

from grader.errors import SandboxUnavailable
from grader.execute.server import Fork

Launcher = Callable[[dict[str, Any]], Awaitable[Fork]]


class ForkProvisioner(KernelProvisionerBase):  # type: ignore[misc]
    """Launches a kernel by asking the fork server; every signal ends the whole sandbox."""

    launcher: Launcher | None = None
    """Starts a kernel for a connection; set by the sandbox."""

    fork: Fork | None = None
    """The kernel, once launched."""

    @property
    def has_process(self) -> bool:
        """Whether a kernel was launched."""
        return self.fork is not None

    async def poll(self) -> int | None:
        """Exit status, or ``None`` while the kernel runs."""
        if self.fork is None:
            return 0
        return self.fork.exited.result() if self.fork.exited.done() else None

    async def wait(self) -> int | None:
        """Wait for the end of everything the kernel started."""
        if self.fork is None:
            return 0
        status: int = await asyncio.wrap_future(self.fork.exited)
        return status

    async def send_signal(self, signum: int) -> None:
        """End the sandbox: a signal a notebook could handle is no use."""
        await self.kill()

    async def kill(self, restart: bool = False) -> None:
        """End the sandbox."""
        if self.fork is not None:
            self.fork.kill()

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
        """Fork a kernel.

        Raises:
            SandboxUnavailable: If the sandbox could not be set up.
        """
        if self.launcher is None:
            raise SandboxUnavailable("grader-fork kernels are started by grader.execute only")
        self.fork = await self.launcher(self.connection_info)
        connection: dict[str, Any] = self.connection_info
        return connection

    async def cleanup(self, restart: bool = False) -> None:
        """Nothing is held here."""
