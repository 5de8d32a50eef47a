"""The sandbox: kernels forked from one warm fork server."""

import platform
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from grader.errors import SandboxUnavailable
from grader.execute.events import EventStream
from grader.execute.kernels import KernelSandbox
from grader.execute.sandbox import KernelOptions
from grader.execute.server import ForkServer
from grader.execute.workspace import Workspace

if TYPE_CHECKING:
    from grader.execute.kernel import Kernel


class ForkSandbox(KernelSandbox[ForkServer]):
    """Kernels forked from one warm fork server, behind walls; see ``KernelSandbox``.

    Raises:
        SandboxUnavailable: If this is not Linux.
    """

    def __init__(self, assets: Path, profile: str, how: KernelOptions | None = None) -> None:
        if sys.platform != "linux":
            raise no_walls()
        super().__init__(assets, profile, how)

    def _serve(self, workspace: Workspace) -> ForkServer:
        return ForkServer(
            workspace.folder("server"),
            workspace.lock,
            self._how.environment.python,
            cold=self._how.cold,
            recorder=self._how.recorder,
            complete=self._how.environment.own,
        )

    def _kernel(self, server: ForkServer, order: dict[str, Any], events: EventStream) -> "Kernel":
        # jupyter_client takes half a second to import; see ``_run``.
        from grader.execute.kernel import SandboxKernel

        return SandboxKernel(server, order, events)


def no_walls() -> SandboxUnavailable:
    """The error where the system has no walls."""
    return SandboxUnavailable(
        f"walls round a notebook need Linux, and this is {platform.system()}: run a notebook of "
        "your own with --sandbox none, and grade those of others on Linux"
    )
