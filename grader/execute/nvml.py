"""GPUs as their driver knows them, through NVML; CUDA itself is never touched here.

CUDA takes a second to start and does not survive a fork, so the supervisor asks the driver's
management library, which ``nvidia-ml-py`` binds.
"""

import importlib
import threading
from collections.abc import Collection
from contextlib import suppress
from functools import cache
from typing import Any, Protocol

from msgspec import Struct

from grader.errors import SandboxUnavailable

_INSTALL = 'pip install "lab-grader[lab]"'
_MIG_ENABLED = 1


class Gpu(Struct, frozen=True, kw_only=True):
    """One NVIDIA GPU of this machine."""

    index: int
    """Number ``nvidia-smi`` gives it."""

    uuid: str
    """What ``CUDA_VISIBLE_DEVICES`` calls it, whatever else is visible."""

    name: str
    """As the driver reports it, e.g. ``NVIDIA H200``."""

    memory_bytes: int
    """All its memory."""

    node: str
    """Its device node below ``/dev``, e.g. ``nvidia0``."""


class Driver(Protocol):
    """What knows the GPUs of this machine."""

    @property
    def version(self) -> str:
        """Version of the driver."""
        ...

    @property
    def gpus(self) -> tuple[Gpu, ...]:
        """Every GPU that is not cut up by MIG, by index."""
        ...

    def free_bytes(self, gpu: Gpu) -> int | None:
        """Memory of a GPU nobody holds now; ``None`` if unknown."""
        ...

    def used_bytes(self, gpu: Gpu, processes: Collection[int]) -> int | None:
        """Memory of a GPU these processes hold now; ``None`` where the driver names none."""
        ...


@cache
def driver() -> Driver:
    """The driver of this machine.

    Raises:
        SandboxUnavailable: If there is none, or nothing to ask it with; saying what to do.
    """
    try:
        # Only those who run notebooks install it.
        library = importlib.import_module("pynvml")
    except ModuleNotFoundError:
        raise SandboxUnavailable(
            f"the Python package nvidia-ml-py, which finds GPUs, is not installed: run {_INSTALL}"
        ) from None
    try:
        library.nvmlInit()
    except library.NVMLError as error:
        raise SandboxUnavailable(
            f"no NVIDIA driver answers on this machine ({error}): install one that "
            "`nvidia-smi` can see, or run with --device cpu"
        ) from None
    return _Nvml(library)


class _Nvml:
    """The driver, asked through NVML; several threads may ask at once."""

    def __init__(self, library: Any) -> None:
        self._library = library
        self._lock = threading.Lock()
        self._handles: dict[str, Any] = {}
        self._found = tuple(
            self._gpu(index)
            for index in range(library.nvmlDeviceGetCount())
            if not self._is_cut_up(library.nvmlDeviceGetHandleByIndex(index))
        )
        self._version = str(library.nvmlSystemGetDriverVersion())

    @property
    def version(self) -> str:
        return self._version

    @property
    def gpus(self) -> tuple[Gpu, ...]:
        return self._found

    def free_bytes(self, gpu: Gpu) -> int | None:
        try:
            with self._lock:
                return int(self._library.nvmlDeviceGetMemoryInfo(self._handles[gpu.uuid]).free)
        except self._library.NVMLError:
            return None

    def used_bytes(self, gpu: Gpu, processes: Collection[int]) -> int | None:
        try:
            with self._lock:
                running = self._library.nvmlDeviceGetComputeRunningProcesses(
                    self._handles[gpu.uuid]
                )
        except self._library.NVMLError:
            return None
        used = [each.usedGpuMemory for each in running if each.pid in processes]
        known = [int(each) for each in used if each is not None]
        return sum(known) if known else None

    def _gpu(self, index: int) -> Gpu:
        library = self._library
        handle = library.nvmlDeviceGetHandleByIndex(index)
        uuid = str(library.nvmlDeviceGetUUID(handle))
        self._handles[uuid] = handle
        return Gpu(
            index=index,
            uuid=uuid,
            name=str(library.nvmlDeviceGetName(handle)),
            memory_bytes=int(library.nvmlDeviceGetMemoryInfo(handle).total),
            node=f"nvidia{library.nvmlDeviceGetMinorNumber(handle)}",
        )

    def _is_cut_up(self, handle: Any) -> bool:
        with suppress(self._library.NVMLError):
            # Most GPUs have no such mode, which is an error.
            return bool(self._library.nvmlDeviceGetMigMode(handle)[0] == _MIG_ENABLED)
        return False
