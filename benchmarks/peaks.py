"""Arithmetic a device could do at most, and what a model needs for one picture."""

from collections.abc import Callable
from dataclasses import dataclass
from time import perf_counter

import torch
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils.flop_counter import FlopCounterMode

__all__ = ["TERA", "Peak", "flops", "peak", "wait"]

TERA = 1e12

_SIDE = 2048
_PRODUCTS = 5
_TABLE = {
    "H200 NVL": (835.5, "NVIDIA H200 datasheet, H200 NVL"),
    "H200": (989.5, "NVIDIA H200 datasheet, H200 SXM"),
    "A100": (312.0, "NVIDIA A100 datasheet"),
    "T4": (65.0, "NVIDIA T4 datasheet"),
}
"""Part of a GPU's name to teraFLOP/s of its tensor cores in 16 bits with dense matrices. Where a
datasheet gives the figure for sparse ones (H200), half of it."""


@dataclass(frozen=True, kw_only=True)
class Peak:
    """What a device could do at most."""

    flops: float
    """Floating-point operations a second; a multiplication and an addition are two."""

    source: str
    """Where the figure comes from."""


def peak(device: torch.device) -> Peak:
    """The published peak of a known GPU; else what a product of two matrices reaches here."""
    name = torch.cuda.get_device_name(device) if device.type == "cuda" else ""
    for known, (tera, source) in _TABLE.items():
        if known in name.replace("-", " "):
            return Peak(flops=tera * TERA, source=f"{source}, 16 bits, dense")
    kind = torch.float16 if device.type == "cuda" else torch.float32
    matrix = torch.ones(_SIDE, _SIDE, device=device, dtype=kind)
    best = max(_rate(matrix) for _ in range(_PRODUCTS))
    return Peak(flops=best, source=f"fastest of {_PRODUCTS} products of {_SIDE} x {_SIDE} matrices")


def _rate(matrix: torch.Tensor) -> float:
    wait(matrix.device)
    began = perf_counter()
    matrix @ matrix
    wait(matrix.device)
    return 2.0 * _SIDE**3 / (perf_counter() - began)


def wait(device: torch.device) -> None:
    """Until a GPU has done all it was given; a CPU is never behind."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)


def flops(compute: Callable[[], object]) -> float:
    """Floating-point operations of all matrix products and convolutions a call does.

    Attention is computed as plain matrix products meanwhile: not every fused kernel is counted.
    """
    with sdpa_kernel(SDPBackend.MATH), FlopCounterMode(display=False) as counter:
        compute()
    return float(counter.get_total_flops())
