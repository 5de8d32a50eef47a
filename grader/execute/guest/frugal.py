"""What a kernel must not do to stay small and quick to start.

A forked kernel shares the fork server's memory until it touches it, and touching an object, were it
only to look at it, copies its page.
"""

from __future__ import annotations

import inspect
import sys
from types import ModuleType, TracebackType

from .foreign import Foreign, library

_FRAMES_SHOWN = 60


def install() -> None:
    """Do once, in the fork server, what every kernel would do again."""
    _forget_debugger()
    _compile_conversions()
    # Asked about any frame, it notes the file of every module, and kernels inherit the notes.
    inspect.getmodule(sys._getframe())


def shorten_tracebacks(shell: Foreign) -> None:
    """Keep what a failing cell shows from taking longer than the cell.

    To show one line of a cell, IPython searches every module for the file the cell was compiled
    under, which takes 10 ms, in vain: 20 s for a recursion that has no end.
    """
    file_name = library("ipykernel.compiler").get_file_name

    def name(info: Foreign) -> None:
        inspect.modulesbyfile[file_name(info.raw_cell)] = shell.user_module.__name__

    shell.events.register("pre_run_cell", name)
    shell.set_custom_exc((RecursionError,), _show_ends)


def _show_ends(
    shell: Foreign,
    kind: type[BaseException],
    error: BaseException,
    trace: TracebackType,
    tb_offset: int | None = None,
) -> None:
    """Show where a recursion began and where it ended."""
    frames: list[TracebackType] = []
    each: TracebackType | None = trace
    while each is not None:
        frames.append(each)
        each = each.tb_next
    if len(frames) > 2 * _FRAMES_SHOWN:
        frames[_FRAMES_SHOWN - 1].tb_next = frames[-_FRAMES_SHOWN]
    shell.showtraceback((kind, error, trace), tb_offset=tb_offset)


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
