"""The sandbox without walls, for systems that have none: an own notebook on an own machine."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from grader.execute.events import EventStream
from grader.execute.fork import ForkSandbox, no_walls
from grader.execute.kernels import KernelSandbox
from grader.execute.sandbox import KernelOptions
from grader.execute.workspace import Workspace

if TYPE_CHECKING:
    from grader.execute.kernel import Kernel
    from grader.execute.plainserver import PlainServer


class PlainSandbox(KernelSandbox["PlainServer"]):
    """Kernels in ordinary processes, on any system; see ``KernelSandbox``.

    A notebook may do what its user may. What it starts ends with it, wall time and memory are
    limited, and the same is recorded as behind walls.

    Raises:
        SandboxUnavailable: If walls are asked for.
    """

    def __init__(self, assets: Path, profile: str, how: KernelOptions) -> None:
        if how.level != "none":
            raise no_walls()
        super().__init__(assets, profile, how)

    @property
    def conditions(self) -> dict[str, object]:
        """What decides the outcome of a notebook here; see ``KernelSandbox.conditions``."""
        return {**super().conditions, "processes": "plain"}

    def _serve(self, workspace: Workspace) -> "PlainServer":
        # jupyter_client takes half a second to import, which a static check must not pay.
        from grader.execute.plainserver import PlainServer

        return PlainServer(self._how.environment, recorder=self._how.recorder)

    def _kernel(
        self, server: "PlainServer", order: dict[str, Any], events: EventStream
    ) -> "Kernel":
        # As above.
        from grader.execute.plainkernel import PlainKernel

        return PlainKernel(server, order, events)


def open_sandbox(
    assets: Path, profile: str, how: KernelOptions, *, system: str = sys.platform
) -> ForkSandbox | PlainSandbox:
    """The sandbox for this system.

    Args:
        assets: Folder with ``serving.json`` and ``hub/``.
        profile: Name of the assets' profile.
        how: How its kernels are made.
        system: The system, as ``sys.platform`` names it.

    Raises:
        SandboxUnavailable: If walls are asked for on a system that has none.
    """
    kind = ForkSandbox if system == "linux" else PlainSandbox
    return kind(assets, profile, how)
