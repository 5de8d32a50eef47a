"""What happened when a submission ran."""

from typing import Literal

from pydantic import JsonValue

from grader.model._base import Artifact
from grader.model.submission import Output


class GpuShare(Artifact):
    """The GPU a notebook could use."""

    driver: str
    """Version of its driver."""

    cuda: str | None = None
    """Version of CUDA that torch was built for; ``None`` if unknown."""

    memory_mib: int
    """All its memory."""

    share_mib: int
    """What of it this notebook might use; less than all where notebooks share it."""

    notebooks: int = 1
    """Most notebooks that used it at one time, this one included."""

    tf32: str | None = None
    """Operations computed with TF32 unless the notebook says otherwise; ``None`` if unknown."""


class Machine(Artifact):
    """Where it ran; two runs compare only if these agree."""

    python: str
    """Python version, e.g. ``3.11.7``."""

    platform: str
    """Operating system and architecture."""

    device: str
    """GPU as the driver reports it, or ``cpu``."""

    gpu: GpuShare | None = None
    """The same GPU in detail; ``None`` without one."""

    cores: int
    """CPU cores the kernel could use."""

    sandbox: str
    """Walls in force, e.g. ``user net ipc pid mount landlock-7``, or ``none``."""

    seed: int
    """Seed set before the first cell."""

    profile: str
    """Profile of the assets served, e.g. ``tiny``."""

    versions: dict[str, str]
    """Versions of the libraries a result depends on."""


class CellRun(Artifact):
    """One code cell, executed."""

    index: int
    """Index of the cell in the submission."""

    outcome: Literal["ok", "error", "timeout", "killed", "skipped"]
    """What became of it; ``skipped`` cells stand after the one that ended the run."""

    seconds: float
    """Wall time."""

    error: str | None = None
    """Name and message of the exception, e.g. ``NameError: name 'x' is not defined``."""

    outputs: tuple[Output, ...] = ()
    """What it printed and showed, truncated by the sandbox."""


class Event(Artifact):
    """One line the recorder inside the kernel sent out. Never believed on its own."""

    cell: int | None
    """Cell that was running, as the supervisor saw it; ``None`` outside any cell."""

    name: str
    """Kind of event, e.g. ``metric`` or ``forward``."""

    data: dict[str, JsonValue]
    """Its fields, unchecked."""


class Adaptation(Artifact):
    """A line that was not executed as written."""

    cell: int
    """Cell it stands in."""

    line: int
    """One-based line."""

    text: str
    """The line as submitted."""

    reason: str
    """What was done instead and why."""


RunOutcome = Literal["completed", "timeout", "killed", "environment"]


class Run(Artifact):
    """One execution of a submission in a sandbox."""

    submission: str
    """Digest of the submission that ran."""

    outcome: RunOutcome
    """``completed`` even when cells raised; the others name what ended the run."""

    message: str = ""
    """One plain sentence about an outcome other than ``completed``, or about a GPU's memory."""

    machine: Machine
    """Where it ran."""

    conditions: str = ""
    """Digest of everything but the notebook that decides a run; empty when unknown."""

    cells: tuple[CellRun, ...]
    """One entry per code cell, in order."""

    events: tuple[Event, ...] = ()
    """What the recorder sent, in order."""

    recorder_complete: bool = True
    """Whether the recorder lived to the end; otherwise silence means nothing."""

    adaptations: tuple[Adaptation, ...] = ()
    """Lines that were not executed as written."""

    seconds: float = 0.0
    """Wall time of the whole run."""

    peak_memory_mib: float | None = None
    """Most memory its processes were seen to hold, resident; looked at five times a second."""

    peak_gpu_mib: float | None = None
    """Most memory of the GPU they held, as its driver said then; ``None`` if it never did."""

    peak_tensors_mib: float | None = None
    """Most memory torch says its tensors took of the GPU. The kernel says so itself when it ends,
    and a notebook may set it back."""
