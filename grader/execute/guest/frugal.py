"""What a kernel must not do to stay small and quick to start.

A forked kernel shares the fork server's memory until it touches it, and touching an object, were it
only to look at it, copies its page.
"""

import sys
from types import ModuleType

from .foreign import library


def install() -> None:
    """Do once, in the fork server, what every kernel would do again."""
    _forget_debugger()
    _compile_conversions()


def _forget_debugger() -> None:
    """For its debugger, ipykernel lists the files of 5,000 modules: 40 MiB of pages, 20 ms."""
    nothing_loaded = ModuleType("sys")
    vars(nothing_loaded).update(vars(sys), modules={})
    library("ipykernel.ipkernel").sys = nothing_loaded
    debugger = sys.modules.get("ipykernel.debugger")
    if debugger is not None:
        debugger._is_debugpy_available = False  # type: ignore[attr-defined]


def _compile_conversions() -> None:
    """Loading its first checkpoint, transformers 5 compiles 1,000 patterns, which takes 70 ms."""
    conversions = sys.modules.get("transformers.conversion_mapping")
    known = getattr(conversions, "get_checkpoint_conversion_mapping", None)
    if known is not None:
        known("clip")
