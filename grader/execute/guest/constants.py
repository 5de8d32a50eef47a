"""Constants of libraries that name the fork server's folders.

``datasets.config.HF_DATASETS_CACHE`` and its like are computed when a library is imported, which
is before the fork. They are looked up once, in the fork server: a search in every kernel would
touch each object of each module, and with it copy 60 MiB of shared memory.
"""

from __future__ import annotations

import functools
import sys
from collections.abc import Mapping
from pathlib import PurePath
from typing import NamedTuple

from .foreign import Foreign

WARM_HOME = "GRADER_WARM_HOME"
"""Variable naming the folder that stands for the home until a kernel moves in."""

_CACHING_LIBRARIES = frozenset(
    {"accelerate", "datasets", "evaluate", "huggingface_hub", "torch", "transformers"}
)


class Constant(NamedTuple):
    """One name of one module."""

    module: Foreign
    name: str


@functools.cache
def naming(folder: str) -> tuple[Constant, ...]:
    """Constants of the caching libraries whose text or path holds ``folder``.

    The fork server asks first, so that its kernels inherit the answer.
    """
    modules = [
        module
        for name, module in list(sys.modules.items())
        if name.partition(".")[0] in _CACHING_LIBRARIES
    ]
    return tuple(
        Constant(module, name)
        for module in modules
        for name, value in list(vars(module).items())
        if (type(value) is str or isinstance(value, PurePath)) and folder in str(value)
    )


def move(constants: tuple[Constant, ...], places: Mapping[str, str]) -> None:
    """Point constants at other folders: place before -> place now, longest first."""
    for module, name in constants:
        value = getattr(module, name)
        setattr(module, name, type(value)(moved(str(value), places)))


def moved(text: str, places: Mapping[str, str]) -> str:
    """``text`` with every folder in ``places`` replaced."""
    for old, new in places.items():
        text = text.replace(old, new)
    return text
