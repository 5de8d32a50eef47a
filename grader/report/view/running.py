"""How the notebook was run."""

from msgspec import Struct

from grader.model import Adaptation, CellRun, Limits, Machine, Outcome, Run
from grader.report.text import UNKNOWN, count, cut, duration, plural
from grader.report.view.against import warnings
from grader.report.view.evaluated import Fact
from grader.report.view.reading import Reading

__all__ = ["Running", "StoppedCell", "running"]

MAX_ROWS = 20
NOT_RUN = "Your notebook was not run."
COUNTING = "Cells are counted from 0, text cells included."
_ENDED = {
    "error": "stopped with an error",
    "timeout": "was still running at the time limit",
    "killed": "was running when the kernel stopped",
}
_MARKED = (Outcome.GRADED, Outcome.NEEDS_REVIEW)
"""Outcomes whose verdict is about the evaluations, so that what the run says stands here."""

_PROFILES = {
    "tiny": "Small stand-ins under the names your notebook uses (profile tiny). They were trained "
    "on little data, so scores differ from those of the published models.",
    "full": "Published versions, under the names your notebook uses (profile full).",
}


class StoppedCell(Struct, frozen=True):
    """A cell that did not end well."""

    cell: int
    what: str
    error: str


class Running(Struct, frozen=True, kw_only=True):
    """The run in words."""

    summary: str
    notes: tuple[str, ...]
    stopped: tuple[StoppedCell, ...]
    adaptations: tuple[Adaptation, ...]
    left_out: str
    facts: tuple[Fact, ...]


def running(reading: Reading) -> Running:
    """Facts of the run, or that there was none."""
    result = reading.result
    run = result.run
    notes = (*(result.submission.notes if result.submission else ()), *_doubts(reading))
    if run is None:
        return Running(
            summary=f"{NOT_RUN} {COUNTING}" if result.evidence else NOT_RUN,
            notes=notes,
            stopped=(),
            adaptations=(),
            left_out="",
            facts=tuple(_always(reading)),
        )
    stopped = [_stopped(cell) for cell in run.cells if cell.outcome in _ENDED]
    hidden = max(0, len(stopped) - MAX_ROWS)
    return Running(
        summary=_summary(
            run, said="" if result.outcome in _MARKED else result.message or run.message
        ),
        notes=notes,
        stopped=tuple(stopped[:MAX_ROWS]),
        adaptations=run.adaptations[:MAX_ROWS],
        left_out=f"{plural(hidden, 'more cell')} stopped as well." if hidden else "",
        facts=(*_facts(run, reading.context.lab.limits), *_always(reading)),
    )


def _doubts(reading: Reading) -> tuple[str, ...]:
    """Warnings about the reference, which only a reviewer can do something about."""
    return warnings(reading.result) if reading.audience == "reviewer" else ()


def _summary(run: Run, *, said: str) -> str:
    ran = sum(cell.outcome != "skipped" for cell in run.cells)
    broken = sum(cell.outcome == "error" for cell in run.cells)
    every = f"All {len(run.cells)}" if ran == len(run.cells) else f"{ran} of {len(run.cells)}"
    # Where there are no namespaces, the filter of system calls refuses every network.
    walled = {"net", "seccomp"} & set(run.machine.sandbox.split())
    network = " without network" if walled else ""
    errors = plural(broken, "cell") if broken else "No cell"
    ended = f" {run.message}" if run.message and run.message != said else ""
    left = len(run.cells) - ran
    skipped = f" {plural(left, 'cell')} after it {'was' if left == 1 else 'were'} not run."
    return (
        f"{every} code cells ran once, top to bottom, in a new kernel{network}. "
        f"{errors} stopped with an error.{ended}{skipped if left else ''}{_cut(run)} {COUNTING}"
    )


def _cut(run: Run) -> str:
    long = sum(any(each.truncated for each in cell.outputs) for cell in run.cells)
    return f" {plural(long, 'cell')} showed more than is kept." if long else ""


def _stopped(cell: CellRun) -> StoppedCell:
    return StoppedCell(cell.index, _ENDED[cell.outcome], cut(cell.error or "", 400))


def _facts(run: Run, limits: Limits) -> list[Fact]:
    machine = run.machine
    versions = [f"{name} {version}" for name, version in sorted(machine.versions.items())]
    used = f"{duration(run.seconds)} of {duration(limits.run_seconds)} allowed"
    slow = sorted(run.cells, key=lambda cell: -cell.seconds)[:3]
    slowest = [f"cell {cell.index}, {duration(cell.seconds)}" for cell in slow if cell.seconds >= 1]
    return [
        Fact("Time", f"{used}. Slowest: {'; '.join(slowest)}" if slowest else used),
        Fact("Models and data", _PROFILES.get(machine.profile, f"Profile {machine.profile}.")),
        Fact("Device", _device(machine)),
        *_memory(run, limits),
        Fact("Platform", machine.platform),
        Fact("Sandbox", _sandbox(machine.sandbox)),
        Fact("Seed", f"{machine.seed}, set before the first cell"),
        Fact("Versions", ", ".join([f"Python {machine.python}", *versions])),
    ]


def _device(machine: Machine) -> str:
    cores = plural(machine.cores, "CPU core")
    gpu = machine.gpu
    if gpu is None:
        return f"{machine.device}; {cores}"
    cuda = f", CUDA {gpu.cuda}" if gpu.cuda else ""
    shared = f", shared by up to {gpu.notebooks} notebooks" if gpu.notebooks > 1 else ""
    tf32 = f", TF32 for {gpu.tf32}" if gpu.tf32 and gpu.tf32 != "off" else ""
    return f"{machine.device}{shared}; driver {gpu.driver}{cuda}{tf32}; {cores}"


def _memory(run: Run, limits: Limits) -> list[Fact]:
    """Most memory seen in use, where it was looked at."""
    said = []
    if run.peak_memory_mib is not None:
        said.append(f"up to {count(round(run.peak_memory_mib))} of {count(limits.memory_mib)} MiB")
    gpu, seen = run.machine.gpu, run.peak_gpu_mib
    if gpu is not None:
        # What torch says of itself leaves out what CUDA and other libraries take.
        held = seen if seen is not None else run.peak_tensors_mib
        used = f"up to {count(round(held))}" if held is not None else UNKNOWN
        said.append(f"of the GPU {used} of {count(gpu.share_mib)} MiB")
    return [Fact("Memory", "; ".join(said))] if said else []


def _sandbox(walls: str) -> str:
    if walls == "none":
        return "none: there was no sandbox, so nothing kept this run apart from the machine"
    return walls


def _always(reading: Reading) -> list[Fact]:
    context, result = reading.context, reading.result
    cells = result.submission.cells if result.submission else None
    held = f", {plural(len(cells), 'cell')}" if cells is not None else ""
    name = result.path.replace("\\", "/").rpartition("/")[2] or UNKNOWN
    return [
        Fact("Rubric", f"{context.lab.id}, version {context.lab.version}"),
        Fact("Submission", f"sha256:{result.digest[:16]}…, {name}{held}"),
        Fact("Grader", context.grader_version),
    ]
