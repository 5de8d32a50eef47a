"""Running out of a GPU's memory, and whose doing it is.

A notebook that had the whole GPU ran out of it by itself: its cell failed, and the run says how
much there was. One that shared the GPU, or found part of it taken by other programs, was given
less than the GPU has, which is the runner's doing: nothing is scored, and it runs again.
"""

import re
from collections.abc import Sequence

from grader.execute.leases import Lease
from grader.model import CellRun

_MIB = 1 << 20
_OUT = re.compile(
    r"^OutOfMemoryError: |CUDA out of memory|CUDA error: out of memory"
    r"|CUBLAS_STATUS_ALLOC_FAILED|cudaErrorMemoryAllocation"
)
"""Messages of torch 2 and of the libraries it calls."""


def first_shortage(cells: Sequence[CellRun]) -> int | None:
    """Index of the first cell that ran out of the GPU's memory, by what its error says."""
    found = (cell.index for cell in cells if cell.error and _OUT.search(cell.error))
    return next(found, None)


def is_ours(lease: Lease) -> bool:
    """Whether the notebook was given less memory than the GPU has."""
    return lease.notebooks > 1 or lease.was_in_use


def said_of(cell: int, lease: Lease) -> str:
    """What to say of a cell that ran out of the GPU's memory."""
    total = f"{lease.gpu.memory_bytes // _MIB} MiB"
    ran_out = f"Cell {cell} ran out of GPU memory"
    again = "It has to run again with a GPU of its own."
    if lease.notebooks > 1:
        return (
            f"{ran_out}: up to {lease.notebooks} notebooks share the {lease.gpu.name}, and this "
            f"one could use {lease.share_bytes // _MIB} of its {total}. {again}"
        )
    if lease.was_in_use and lease.free_bytes is not None:
        return (
            f"{ran_out}: other programs held some of the {lease.gpu.name}, and "
            f"{lease.free_bytes // _MIB} of its {total} were free. {again}"
        )
    return f"{ran_out}, with all {total} of the {lease.gpu.name} its own."
