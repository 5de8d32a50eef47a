"""Install every hook, once, in the fork server."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from . import (
    assets,
    draws,
    forwards,
    gpu,
    hosted,
    matrices,
    metrics,
    namespace,
    scored,
    served,
    tampering,
    texts,
    training,
    urls,
    weights,
)
from .attempts import Attempts
from .caught import Clauses
from .foreign import Foreign
from .recorder import Recorder, Send
from .sealed import seal


class Controls(NamedTuple):
    """All the fork server keeps of the recorder, and nothing that shows any of it.

    A notebook can see every frame below its own, down to the one that started the kernel.
    """

    start: Callable[[Send, Foreign, Path], None]
    """Send everything this shell runs, from now on."""

    stop: Callable[[], None]
    """Write the last events."""


_SERVING = (
    assets.serve_datasets,
    assets.serve_metrics,
    assets.watch_models,
    urls.serve_requests,
    urls.serve_urllib,
    urls.serve_pictures,
    urls.serve_httpx,
)
_RECORDING = (
    metrics.watch_functions,
    metrics.watch_modules,
    texts.install,
    scored.install,
    training.install,
    served.watch_datasets,
    served.watch_processors,
    forwards.install,
    weights.install,
    draws.install,
)


def install(*, recording: bool = True, complete: bool = True) -> Controls:
    """Wrap the functions whose use is recorded.

    Args:
        recording: Off, assets are served and nothing else is touched; to measure what the
            recorder costs.
        complete: Whether every library has to be there.

    Raises:
        ImportError: If one that has to be there is missing.
    """
    hosted.install()
    recorder = Recorder()
    for fit in (*_SERVING, *(_RECORDING if recording else ())):
        _fit(recorder, fit, complete)
    clauses = Clauses(recorder)
    attempts = Attempts(recorder)
    watch = tampering.Watch(recorder, clauses, attempts)
    if recording:
        clauses.install()
        attempts.install()
        sys.addaudithook(watch.notice)
    # Looked up here: in a kernel it would touch, and so copy, the names of 5,000 modules.
    own = [name for name in sys.modules if _is_own(name)]

    def start(send: Send, shell: Foreign, folder: Path) -> None:
        if recorder.active:
            recorder.tamper("called", "start")
            return
        recorder.shell = shell
        recorder.start(send if recording else None, folder)
        if recording:
            watch.begin(shell)
            _after_each_cell(recorder, shell, watch)
        for name in own:
            del sys.modules[name]

    def stop() -> None:
        _tell_gpu(recorder)
        with recorder.quietly("stop"):
            recorder.stop()

    return Controls(seal(start), seal(stop))


def _fit(recorder: Recorder, fit: Callable[[Recorder], None], complete: bool) -> None:
    try:
        fit(recorder)
    except ImportError:
        # What is not there, or cannot be imported, no notebook can use.
        if complete:
            raise
    except Exception as error:
        # A version whose functions are elsewhere: its use would go unseen.
        if complete:
            raise
        recorder.unhooked.append((fit.__module__.rpartition(".")[2], type(error).__name__))


def _tell_gpu(recorder: Recorder) -> None:
    with recorder.quietly("gpu"):
        peak = gpu.peak_bytes()
        if peak is not None:
            recorder.emit("gpu", peak=peak)


def _is_own(module: str) -> bool:
    return module == __package__ or module.startswith(f"{__package__}.")


def _after_each_cell(recorder: Recorder, shell: Foreign, watch: tampering.Watch) -> None:
    watcher, tables = namespace.Watcher(shell), matrices.Watcher(shell)
    trigger = type(shell.events).trigger.__code__

    def after_cell(*_: object) -> None:
        if not tampering.called_by(trigger):
            recorder.tamper("called", "post_run_cell")
            return
        with recorder.quietly("namespace"):
            watcher.tell(recorder)
        with recorder.quietly("matrices"):
            tables.tell(recorder)
        with recorder.quietly("tampering"):
            watch.inspect()
        recorder.end_cell()

    shell.events.register("post_run_cell", seal(after_cell))
