"""Which GPUs notebooks may use."""

import os
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Literal

from msgspec import Struct

from grader.errors import SandboxUnavailable
from grader.execute import nvml
from grader.execute.nvml import Driver, Gpu

_MIB = 1 << 20
_CUDA = re.compile(r"cuda(?::(?P<numbers>\d+(?:,\d+)*))?")
VISIBLE = "CUDA_VISIBLE_DEVICES"
"""Variable with which whoever runs the grader says what it may use."""


class NoSuchGpuError(ValueError):
    """A GPU was asked for by a number there is none of."""


class Wanted(Struct, frozen=True, kw_only=True):
    """What ``--device`` says."""

    kind: Literal["auto", "cpu", "cuda"] = "auto"
    """``auto`` takes GPUs where notebooks reach them and the CPU otherwise."""

    numbers: tuple[int, ...] = ()
    """Which GPUs, as CUDA would number those visible to the grader; none means all."""

    @classmethod
    def parse(cls, text: str) -> "Wanted":
        """Read ``auto``, ``cpu``, ``cuda``, ``cuda:0`` or ``cuda:0,2``.

        Raises:
            ValueError: If it is none of these, or names a GPU twice.
        """
        if text == "auto":
            return cls(kind="auto")
        if text == "cpu":
            return cls(kind="cpu")
        match = _CUDA.fullmatch(text)
        if match is None:
            raise ValueError(
                f"{text!r} is not a device; write auto, cpu, cuda, cuda:0 or cuda:0,2."
            )
        numbers = tuple(int(each) for each in (match["numbers"] or "").split(",") if each)
        if len(set(numbers)) < len(numbers):
            raise ValueError(f"{text!r} names a GPU twice.")
        return cls(kind="cuda", numbers=numbers)


class Devices(Struct, frozen=True, kw_only=True):
    """GPUs that the notebooks of one sandbox are spread over; without any, the CPU."""

    gpus: tuple[Gpu, ...] = ()

    per_device: int = 1
    """Most notebooks that share a GPU at one time."""

    driver: Driver | None = None
    """Where the GPUs were found."""

    @property
    def conditions(self) -> dict[str, object]:
        """What of it decides the outcome of a notebook."""
        if self.driver is None:
            return {"device": "cpu"}
        return {
            # How many share one does not count: running out of a share settles nothing.
            "device": sorted({(gpu.name, gpu.memory_bytes) for gpu in self.gpus}),
            "driver": self.driver.version,
        }


def choose(wanted: Wanted, per_device: int = 1) -> Devices:
    """Find the GPUs asked for; only the driver is asked, so it takes milliseconds.

    Raises:
        SandboxUnavailable: If GPUs are asked for and there are none, saying what to do.
        NoSuchGpuError: If one is asked for by a number beyond those there are.
    """
    if wanted.kind == "cpu":
        return Devices()
    try:
        driver = nvml.driver()
    except SandboxUnavailable:
        if wanted.kind == "auto":
            return Devices()
        raise
    return chosen(wanted, driver, os.environ, per_device)


def chosen(
    wanted: Wanted, driver: Driver, environment: Mapping[str, str], per_device: int = 1
) -> Devices:
    """The same with a driver and an environment at hand; see ``choose``."""
    gpus = visible(driver.gpus, environment.get(VISIBLE))
    if not gpus and wanted.kind == "auto":
        return Devices()
    if not gpus:
        hidden = f" that {VISIBLE}={environment[VISIBLE]} shows" if VISIBLE in environment else ""
        raise SandboxUnavailable(
            f"this machine has no whole NVIDIA GPU{hidden}; run with --device cpu"
        )
    beyond = [number for number in wanted.numbers if number >= len(gpus)]
    if beyond:
        there = "; ".join(f"cuda:{number} {gpu.name}" for number, gpu in enumerate(gpus))
        raise NoSuchGpuError(f"There is no cuda:{beyond[0]} here. There is {there}.")
    picked = tuple(gpus[number] for number in wanted.numbers) or gpus
    return Devices(gpus=picked, per_device=per_device, driver=driver)


def visible(gpus: Sequence[Gpu], variable: str | None) -> tuple[Gpu, ...]:
    """GPUs that ``CUDA_VISIBLE_DEVICES`` shows, in its order, read as CUDA reads it.

    Numbers count as ``nvidia-smi`` does. The first entry that names no GPU ends the list. Parts
    that MIG made of a GPU are not used.
    """
    if variable is None:
        return tuple(gpus)
    found: list[Gpu] = []
    for entry in variable.split(","):
        gpu = _named(entry.strip(), gpus)
        if gpu is None or gpu in found:
            break
        found.append(gpu)
    return tuple(found)


def _named(entry: str, gpus: Sequence[Gpu]) -> Gpu | None:
    if entry.startswith("GPU-"):
        named = [gpu for gpu in gpus if gpu.uuid.startswith(entry)]
        return named[0] if len(named) == 1 else None
    return next((gpu for gpu in gpus if entry == str(gpu.index)), None)


def said(devices: Devices) -> Iterator[str]:
    """One line about each GPU, for people."""
    for gpu in devices.gpus:
        share = f", shared by up to {devices.per_device} notebooks"
        shared = share if devices.per_device > 1 else ""
        yield f"GPU {gpu.index}: {gpu.name}, {gpu.memory_bytes // _MIB} MiB{shared}"


def describe() -> str:
    """The GPUs of this machine and their driver in one line, or why there is none."""
    try:
        driver = nvml.driver()
    except SandboxUnavailable as error:
        nodes = sorted(Path("/dev").glob("nvidia[0-9]*"))
        return f"{len(nodes)} device nodes, but {error}" if nodes else "none"
    gpus = "; ".join(f"{gpu.name}, {gpu.memory_bytes // _MIB} MiB" for gpu in driver.gpus)
    return f"{gpus or 'none whole'}; driver {driver.version}"


def of_driver() -> dict[str, str]:
    """Environment that lets a kernel find the driver's libraries.

    Where they are not where the system's loader looks, as in many containers, the grader was
    told the folder itself.
    """
    folders = [str(each) for each in driver_folders()]
    return {"LD_LIBRARY_PATH": os.pathsep.join(folders)} if folders else {}


def driver_folders() -> tuple[Path, ...]:
    """Folders of ``LD_LIBRARY_PATH`` that hold the driver's part of CUDA."""
    named = os.environ.get("LD_LIBRARY_PATH", "").split(os.pathsep)
    return tuple(Path(each) for each in named if each and Path(each, "libcuda.so.1").exists())
