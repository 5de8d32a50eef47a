"""What a sandbox must do."""

from collections.abc import Callable
from typing import Literal, Protocol

from msgspec import Struct, field

from grader.execute.devices import Devices
from grader.execute.environment import Environment, own
from grader.model import Limits, Run, Submission


class Progress(Struct, frozen=True, kw_only=True):
    """One code cell has started or ended."""

    student: str
    """Whose notebook."""

    cell: int
    """Index of the cell in the notebook."""

    cells: int
    """Number of code cells."""

    done: int
    """Code cells that have ended."""

    state: Literal["running", "done"]
    """What happened to the cell."""

    seconds: float
    """Wall time since the run began."""


class RunOptions(Struct, frozen=True, kw_only=True):
    """How to run a notebook."""

    limits: Limits = field(default_factory=Limits)
    """Ceilings; reaching one is the submission's outcome."""

    seed: int = 42
    """Seed of every random number generator."""

    cuda_without_gpu: Literal["environment", "cpu"] = "environment"
    """What becomes of a hard-coded ``cuda`` where there is no GPU; see ``Lab``."""

    on_cell: Callable[[Progress], None] | None = None
    """Called as cells start and end, from the thread that called ``run``."""


Level = Literal["full", "landlock", "none"]
"""Every wall or no run; what Linux offers where user namespaces are refused; no wall."""


class KernelOptions(Struct, frozen=True, kw_only=True):
    """How the kernels of one sandbox are made."""

    level: Level = "full"
    """Walls to put up; where one is missing, nothing runs."""

    threads: int = 1
    """Threads a library may use in each kernel."""

    environment: Environment = field(default_factory=own)
    """Python installation they run in."""

    cold: bool = False
    """Whether each kernel imports for itself, instead of being forked from one that did."""

    devices: Devices = field(default_factory=Devices)
    """GPUs they are spread over; without any, the CPU."""

    recorder: bool = True
    """Off only to measure what it costs: a run without it is no evidence."""


class Sandbox(Protocol):
    """Somewhere untrusted code may run."""

    def run(self, submission: Submission, options: RunOptions) -> Run:
        """Run every cell in a fresh kernel, without a network.

        A cell that fails, loops or runs out of memory is recorded in the result; it never
        raises.

        Raises:
            SandboxUnavailable: If nothing could be started.
            SandboxTimeout: If the sandbox itself stopped answering.
        """
        ...
