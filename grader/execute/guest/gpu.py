"""The GPU of one kernel: made visible, set to repeat itself, and limited.

CUDA does not survive a fork. Nothing here touches it: what needs it waits until the notebook
first uses it.
"""

from __future__ import annotations

import functools
from pathlib import Path

from .foreign import Foreign, loaded
from .order import Order

_WORKSPACE = ":4096:8"
"""Eight workspaces of 4 MiB: with it cuBLAS repeats its results (NVIDIA's cuBLAS documentation,
"Results Reproducibility")."""


def environment(order: Order) -> dict[str, str]:
    """Variables CUDA and torch read when they start."""
    return {
        "CUDA_VISIBLE_DEVICES": order.gpu,
        "CUBLAS_WORKSPACE_CONFIG": _WORKSPACE,
        # Then torch.cuda.is_available() asks the driver, which leaves a later fork possible.
        "PYTORCH_NVML_BASED_CUDA_CHECK": "1",
    }


def settle(order: Order) -> None:
    """Set torch so that runs repeat, and limit what it takes of the GPU.

    ``torch.use_deterministic_algorithms`` would do more, but raises where an operation has no
    deterministic form; an honest notebook may use one. TF32 stays as torch has it. A notebook
    can undo the limit; the supervisor sees what it takes, where the driver tells.
    """
    torch = loaded("torch")
    if torch is None or not order.gpu:
        return
    torch.backends.cudnn.deterministic = True
    torch.backends.cudnn.benchmark = False
    if order.gpu_bytes:
        # Called when the notebook first uses CUDA.
        torch.cuda._lazy_call(functools.partial(_limit, torch, order.gpu_bytes))


def facts(order: Order) -> dict[str, str]:
    """What is recorded of the GPU before any student code runs."""
    if not order.gpu:
        return {"device": "cpu"}
    torch = loaded("torch")
    return {
        "device": order.gpu_name,
        "cuda": str(torch.version.cuda or "") if torch is not None else "",
        "tf32": _tf32(torch) if torch is not None else "",
    }


def peak_bytes() -> int | None:
    """Most memory torch's tensors took of the GPU; ``None`` if torch did not use it."""
    torch = loaded("torch")
    if torch is None or not torch.cuda.is_initialized():
        return None
    return int(torch.cuda.max_memory_allocated())


def touched() -> bool:
    """Whether a library that was imported has used a GPU, so that no fork of this process can."""
    torch = loaded("torch")
    if torch is not None and torch.cuda.is_initialized():
        return True
    return any(_target(each).startswith("/dev/nvidia") for each in Path("/proc/self/fd").iterdir())


def _target(descriptor: Path) -> str:
    try:
        return str(descriptor.readlink())
    except OSError:
        # The one that lists the folder.
        return ""


def _limit(torch: Foreign, ceiling: int) -> None:
    total = torch.cuda.get_device_properties(0).total_memory
    torch.cuda.set_per_process_memory_fraction(min(1.0, ceiling / total), 0)


def _tf32(torch: Foreign) -> str:
    """Which operations may use TF32, in torch's words."""
    where = {"matmul": torch.backends.cuda.matmul, "convolutions": torch.backends.cudnn}
    return " ".join(name for name, settings in where.items() if settings.allow_tf32) or "off"
