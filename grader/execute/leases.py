"""Who may use a GPU: so many notebooks at a time, and no more."""

import threading
from collections import Counter, deque
from collections.abc import Collection, Iterator
from contextlib import contextmanager

from msgspec import Struct

from grader.errors import SandboxUnavailable
from grader.execute.devices import Devices
from grader.execute.nvml import Driver, Gpu

_CONTEXT_BYTES = 768 << 20
"""Memory CUDA and its libraries take of a GPU for each process before any tensor is made.

About 500 MiB for a CUDA 12 context with cuBLAS loaded on recent data-centre GPUs, and some more
for cuDNN's workspaces.
"""

_LEAST_SHARE_FOR_TENSORS = 0.5
_FREE_WHEN_UNUSED = 0.9
"""Part of a GPU's memory that is free while nobody uses it; its driver keeps a few per cent."""


class Lease(Struct, frozen=True, kw_only=True):
    """The right of one notebook to one GPU, for as long as it runs."""

    gpu: Gpu

    notebooks: int
    """Most notebooks that use the GPU at one time, this one included."""

    driver: Driver
    """Who measures what is used."""

    free_bytes: int | None
    """Memory of the GPU nobody held as the lease began; ``None`` if unknown."""

    @property
    def share_bytes(self) -> int:
        """Memory of the GPU this notebook may use in all."""
        return self.gpu.memory_bytes // self.notebooks

    @property
    def tensor_bytes(self) -> int:
        """What of the share tensors may take; 0 for no ceiling but the GPU's own."""
        if self.notebooks == 1:
            return 0
        least = int(self.share_bytes * _LEAST_SHARE_FOR_TENSORS)
        return max(self.share_bytes - _CONTEXT_BYTES, least)

    @property
    def was_in_use(self) -> bool:
        """Whether other programs held some of the GPU as the lease began."""
        if self.notebooks > 1 or self.free_bytes is None:
            return False
        return self.free_bytes < self.gpu.memory_bytes * _FREE_WHEN_UNUSED

    def used_bytes(self, processes: Collection[int]) -> int | None:
        """Memory of the GPU these processes hold now; ``None`` if unknown."""
        return self.driver.used_bytes(self.gpu, processes)


class Leases:
    """Hands out the GPUs of one sandbox; several threads may ask at once.

    First come, first served; the least used GPU is given away first.
    """

    def __init__(self, devices: Devices) -> None:
        self._devices = devices
        self._changed = threading.Condition()
        self._waiting: deque[object] = deque()
        self._held: Counter[str] = Counter()
        self._closed = False

    @contextmanager
    def hold(self, only: Gpu | None = None) -> Iterator[Lease | None]:
        """Wait for a GPU and have it until the context ends; ``None`` where there are none.

        Args:
            only: This GPU and no other.

        Raises:
            SandboxUnavailable: If the sandbox is closed meanwhile.
        """
        driver = self._devices.driver
        if driver is None:
            yield None
            return
        gpu = self._take((only,) if only is not None else self._devices.gpus)
        try:
            yield Lease(
                gpu=gpu,
                notebooks=self._devices.per_device,
                driver=driver,
                free_bytes=driver.free_bytes(gpu),
            )
        finally:
            with self._changed:
                self._held[gpu.uuid] -= 1
                self._changed.notify_all()

    @property
    def waiting(self) -> int:
        """How many wait for a GPU now."""
        with self._changed:
            return len(self._waiting)

    def close(self) -> None:
        """Give nothing away any more; those who wait are told so."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def _take(self, gpus: Collection[Gpu]) -> Gpu:
        ticket = object()
        with self._changed:
            self._waiting.append(ticket)
            try:
                self._changed.wait_for(lambda: self._closed or self._turn(ticket, gpus))
                if self._closed:
                    raise SandboxUnavailable("the sandbox is closed")
                gpu = min(gpus, key=self._load)
                self._held[gpu.uuid] += 1
                return gpu
            finally:
                self._waiting.remove(ticket)
                # Whoever stands behind is first now.
                self._changed.notify_all()

    def _turn(self, ticket: object, gpus: Collection[Gpu]) -> bool:
        free = min(map(self._load, gpus)) < self._devices.per_device
        return free and self._waiting[0] is ticket

    def _load(self, gpu: Gpu) -> int:
        return self._held[gpu.uuid]
