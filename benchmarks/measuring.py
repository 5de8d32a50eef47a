"""Running a command and knowing what it took; facts about the machine; results as JSON."""

import importlib.metadata
import json
import os
import platform
import subprocess
import sys
import tempfile
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from time import perf_counter

import psutil

from grader.execute.machine import description

__all__ = ["CommandError", "Timing", "facts", "run", "together", "write_results"]

RESULTS = Path(__file__).parent / "results"

_LIBRARIES = ("torch", "transformers", "datasets", "scikit-learn", "ipykernel", "nbclient")
_LAST_CHARACTERS = 3000


class CommandError(Exception):
    """A tool did not do what is being timed."""


@dataclass(frozen=True, kw_only=True)
class Timing:
    """What one command took."""

    wall_seconds: float
    """From its start to its end."""

    cpu_seconds: float
    """User and system time of it and of everything it waited for."""


def run(
    command: Sequence[str],
    *,
    cwd: Path,
    environment: Mapping[str, str],
    accepted: Collection[int] = (0,),
) -> Timing:
    """Run a command to its end.

    Raises:
        CommandError: If its exit code is not accepted, with the end of what it said.
    """
    began = perf_counter()
    with tempfile.TemporaryFile() as said:
        process = subprocess.Popen(  # noqa: S603 - commands of the benchmark itself
            command,
            cwd=cwd,
            env=dict(environment),
            stdin=subprocess.DEVNULL,
            stdout=said,
            stderr=said,
        )
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        wall = perf_counter() - began
        said.seek(0)
        text = said.read().decode("utf-8", "replace")
    if process.returncode not in accepted:
        raise CommandError(
            f"{command[0]} ended with {process.returncode}: ...{text[-_LAST_CHARACTERS:]}"
        )
    return Timing(wall_seconds=wall, cpu_seconds=usage.ru_utime + usage.ru_stime)


def together(wall_seconds: float, timings: Iterable[Timing]) -> Timing:
    """Several commands as one: wall time of all, CPU time added up."""
    return Timing(wall_seconds=wall_seconds, cpu_seconds=sum(each.cpu_seconds for each in timings))


def facts() -> dict[str, object]:
    """The machine, the versions that matter, and how busy it is right now."""
    return {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "cpu": _cpu(),
        "cores": os.cpu_count(),
        "memory_gib": round(psutil.virtual_memory().total / 2**30, 1),
        "system": description(),
        "python": platform.python_version(),
        "versions": {name: importlib.metadata.version(name) for name in _LIBRARIES},
        "load_average": [round(each, 2) for each in os.getloadavg()],
    }


def _cpu() -> str:
    for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.processor()


def write_results(name: str, machine: Mapping[str, object], figures: Mapping[str, object]) -> Path:
    """Write one benchmark's figures as ``results/<date>-<name>.json``."""
    RESULTS.mkdir(exist_ok=True)
    file = RESULTS / f"{datetime.now(UTC):%Y-%m-%d}-{name}.json"
    load_after = [round(each, 2) for each in os.getloadavg()]
    document = {
        "benchmark": name,
        "command": " ".join(["python", f"benchmarks/{Path(sys.argv[0]).name}", *sys.argv[1:]]),
        "machine": {**machine, "load_average_after": load_after},
        **figures,
    }
    file.write_text(json.dumps(document, indent=1, default=asdict) + "\n", encoding="utf-8")
    return file
