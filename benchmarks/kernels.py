"""What the benchmarks of single kernels share: submissions, the fork server, its memory."""

import tempfile
from pathlib import Path

import nbformat
import psutil
from lab_notebook import notebook

from grader.execute import ForkSandbox
from grader.intake import intake
from grader.model import Cell, Lab, Submission

__all__ = ["fork_server", "memory_mib", "of_cell", "real_lab", "used_by_kernels"]

_MIB = 1 << 20


def real_lab(lab: Lab) -> Submission:
    """The notebook of the benchmarks, as a student hands it in."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "student.ipynb"
        nbformat.write(notebook("student"), file)
        return intake(file, lab)


def of_cell(source: str) -> Submission:
    """A submission of one cell."""
    cell = Cell(index=0, kind="code", source=source)
    return Submission(student="", lab="", path="", digest="", cells=(cell,))


def fork_server(sandbox: ForkSandbox) -> psutil.Process:
    """The process of a sandbox's fork server, which is started if need be."""
    before = set(psutil.Process().children())
    if not sandbox.warm_seconds:
        raise ValueError("the fork server imported nothing")
    (server,) = set(psutil.Process().children()) - before
    return server


def memory_mib(server: psutil.Process) -> float:
    """Proportional memory (PSS) of a fork server and all its kernels together, in MiB."""
    processes = [server, *server.children(recursive=True)]
    return float(sum(each.memory_full_info().pss for each in processes)) / _MIB


def used_by_kernels(server: psutil.Process) -> float:
    """CPU seconds of all kernels of a fork server that have ended."""
    times = server.cpu_times()
    return float(times.children_user + times.children_system)
