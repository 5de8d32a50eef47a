"""GPUs that are not there: what is decided before anything is computed needs no more."""

import shutil
import subprocess
from collections.abc import Collection
from dataclasses import dataclass, field
from pathlib import Path

from grader.execute.devices import Devices
from grader.execute.nvml import Gpu

GIB = 1 << 30
SOURCE = Path(__file__).with_name("imaginary_nvml.c")
COMPILER = shutil.which("cc") or shutil.which("gcc")


def gpu(index: int, memory_bytes: int = 8 * GIB) -> Gpu:
    return Gpu(
        index=index,
        uuid=f"GPU-{index}aaa-bbbb",
        name=f"Imaginary {index}",
        memory_bytes=memory_bytes,
        node=f"nvidia{index}",
    )


@dataclass
class ImaginaryDriver:
    """Knows as many GPUs as it is told to, and says of them what it is told to."""

    gpus: tuple[Gpu, ...]
    version: str = "580.1"
    free: int | None = 8 * GIB
    used: int | None = None
    asked: list[str] = field(default_factory=list)

    def free_bytes(self, gpu: Gpu) -> int | None:
        self.asked.append(gpu.uuid)
        return self.free

    def used_bytes(self, gpu: Gpu, processes: Collection[int]) -> int | None:
        return self.used if processes else None


def machine_with(number: int, **said: int | None) -> ImaginaryDriver:
    return ImaginaryDriver(gpus=tuple(map(gpu, range(number))), **said)  # type: ignore[arg-type]


def devices(number: int, per_device: int = 1, **said: int | None) -> Devices:
    driver = machine_with(number, **said)
    return Devices(gpus=driver.gpus, per_device=per_device, driver=driver)


def library(folder: Path) -> Path:
    """Compile a driver's management library that knows two GPUs; returns its folder."""
    if COMPILER is None:
        raise RuntimeError("no C compiler")
    target = folder / "libnvidia-ml.so.1"
    subprocess.run([COMPILER, "-shared", "-fPIC", "-o", target, SOURCE], check=True)
    return folder
