"""What the supervisor orders: one kernel, and where its things are."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

STUDENT = "student"

Level = Literal["full", "landlock", "none"]
"""All walls; what Linux offers where user namespaces are refused; no wall."""


class WallError(Exception):
    """A wall could not be put up."""

    def __init__(self, wall: str, why: str) -> None:
        self.wall = wall
        self.why = why
        super().__init__(f"{wall}: {why}")


@dataclass(frozen=True)
class Order:
    """One kernel to start. Paths are those of the supervisor."""

    id: int
    """Number of the kernel, for the exchange with the supervisor."""

    level: Level
    """Which walls to put up."""

    folder: Path
    """Folder of this run, holding ``home``, ``tmp``, ``ipc`` and ``root``."""

    python: tuple[Path, ...]
    """Folders of the Python installation."""

    hidden: tuple[Path, ...]
    """Folders that stay invisible although they lie in one of those."""

    assets: Path
    """Folder with ``serving.json``."""

    connection: dict[str, Any]
    """Contents of the kernel's connection file, ``ip`` excepted."""

    seed: int
    """Seed of every random number generator."""

    threads: int
    """Threads a library may use."""

    memory_bytes: int
    """Ceiling of the private memory file systems together with the rest."""

    disk_bytes: int
    """Ceiling of all files the notebook keeps at one time."""

    cpu_seconds: int
    """Processor time of one process, all its threads together."""

    output_bytes: int
    """Text the supervisor keeps of a cell."""

    outputs: int
    """Outputs the supervisor keeps of a cell."""

    gpu: str
    """What CUDA may see, as ``CUDA_VISIBLE_DEVICES`` says it; empty for no GPU."""

    gpu_bytes: int
    """Ceiling of what torch's tensors may take of that GPU; 0 for none."""

    gpu_name: str = ""
    """What its driver calls it."""

    gpu_node: str = ""
    """Its device node below ``/dev``; those of other GPUs are not shown."""

    @classmethod
    def of(cls, data: dict[str, Any]) -> Order:
        """Read an order from parsed JSON."""
        paths = {name: Path(data[name]) for name in ("folder", "assets")}
        lists = {name: tuple(map(Path, data[name])) for name in ("python", "hidden")}
        return cls(**{**data, **paths, **lists})


@dataclass(frozen=True)
class Layout:
    """Where the kernel finds its things."""

    home: Path
    """Home folder; everything the kernel may keep is below it or in ``tmp``."""

    tmp: Path
    """Temporary folder."""

    ipc: Path
    """Folder of the kernel's sockets."""

    assets: Path
    """Folder with ``serving.json``."""

    hub: Path
    """Hugging Face hub cache."""

    @classmethod
    def of(cls, order: Order) -> Layout:
        """Where this order's kernel finds them."""
        return cls.inside() if order.level == "full" else cls.outside(order)

    @classmethod
    def inside(cls) -> Layout:
        """The same places for every notebook, so that paths in outputs repeat."""
        return cls(
            home=Path("/home", STUDENT),
            tmp=Path("/tmp"),  # noqa: S108 - the kernel's own, in its own mount namespace
            ipc=Path("/run/kernel"),
            assets=Path("/assets"),
            hub=Path("/hub"),
        )

    @classmethod
    def outside(cls, order: Order) -> Layout:
        """The supervisor's own paths, where there is no mount namespace."""
        folder = order.folder
        return cls(
            home=folder / "home",
            tmp=folder / "tmp",
            ipc=folder / "ipc",
            assets=order.assets,
            hub=order.assets / "hub",
        )
