"""See that a kernel really reaches its GPU, before a class is started."""

import json
from typing import Any

from grader.errors import SandboxUnavailable
from grader.execute.nvml import Gpu
from grader.model import Cell, Limits, Run, Submission

_SIDE = 256
_MEMORY_TOLERANCE = 0.1
"""What the driver keeps for itself differs between its accounts by a few per cent."""

LIMITS = Limits(cell_seconds=120, run_seconds=120)
"""CUDA starts within seconds; a driver that hangs shall not keep a class waiting for long."""

_SOURCE = f"""
import glob, json
said = {{"nodes": sorted(glob.glob("/dev/nvidia*"))}}
try:
    import torch
    said.update(torch=torch.__version__, cuda=torch.version.cuda)
    ones = torch.ones({_SIDE}, {_SIDE}, device="cuda")
    said["product"] = (ones @ ones).sum().item()
    said["count"] = torch.cuda.device_count()
    said["memory"] = torch.cuda.get_device_properties(0).total_memory
except Exception as error:
    said["error"] = f"{{type(error).__name__}}: {{error}}"
print(json.dumps(said))
"""


def notebook() -> Submission:
    """One cell that multiplies matrices on the GPU and says what it found."""
    cell = Cell(index=0, kind="code", source=_SOURCE)
    return Submission(student="", lab="", path="", digest="", cells=(cell,))


def check(run: Run, gpu: Gpu) -> None:
    """Look at what became of ``notebook`` with a lease on this GPU.

    Raises:
        SandboxUnavailable: If the kernel did not reach it, saying why and what to do.
    """
    printed = "".join(output.text for cell in run.cells for output in cell.outputs)
    try:
        said: dict[str, Any] = json.loads(printed)
    except ValueError:
        ended = run.message or next((cell.error for cell in run.cells if cell.error), "no answer")
        said = {"error": ended}
    why = _why(said, gpu)
    if why:
        raise SandboxUnavailable(
            f"notebooks cannot use GPU {gpu.index} ({gpu.name}): {why}; or run with --device cpu"
        )


def _why(said: dict[str, Any], gpu: Gpu) -> str:
    """Why the GPU was not reached and what to do; empty if it was."""
    if "torch" in said and said["cuda"] is None:
        return (
            f"torch {said['torch']} was built without CUDA; install a build with CUDA, "
            "see https://pytorch.org/get-started"
        )
    if "error" in said:
        missing = _missing_node(said["nodes"], gpu) if "nodes" in said else ""
        return missing or next(iter(said["error"].splitlines()), "no reason given")
    if said["product"] != _SIDE**3:
        return f"a product of matrices came out wrong ({said['product']:g})"
    if said["count"] != 1:
        return f"the kernel sees {said['count']} GPUs instead of this one"
    if abs(said["memory"] / gpu.memory_bytes - 1) > _MEMORY_TOLERANCE:
        return f"the kernel sees a GPU with {said['memory'] >> 20} MiB of memory, another one"
    return ""


def _missing_node(nodes: list[str], gpu: Gpu) -> str:
    needed = [f"/dev/{name}" for name in (gpu.node, "nvidiactl", "nvidia-uvm")]
    missing = [node for node in needed if node not in nodes]
    if not missing:
        return ""
    return (
        f"{' and '.join(missing)} cannot be seen in the sandbox; "
        "`sudo nvidia-modprobe -u -c=0` makes device nodes"
    )
