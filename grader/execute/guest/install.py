"""Install every hook, once, in the fork server."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from . import assets, forwards, hosted, metrics, namespace, tampering, training
from .foreign import Foreign
from .recorder import Recorder
from .sealed import seal


class Controls(NamedTuple):
    """All the fork server keeps of the recorder, and nothing that shows any of it.

    A notebook can see every frame below its own, down to the one that started the kernel.
    """

    start: Callable[[int, Foreign, Path], None]
    """Record everything this shell runs, to this descriptor, from now on."""

    stop: Callable[[], None]
    """Write the last events."""


def install(*, recording: bool = True) -> Controls:
    """Wrap the functions whose use is recorded.

    Args:
        recording: Off, assets are served and nothing else is touched; to measure what the
            recorder costs.
    """
    hosted.install()
    recorder = Recorder()
    assets.install(recorder)
    if recording:
        metrics.install(recorder)
        training.install(recorder)
        forwards.install(recorder)
    watch = tampering.Watch(recorder)
    if recording:
        sys.addaudithook(watch.notice)
    # Looked up here: in a kernel it would touch, and so copy, the names of 5,000 modules.
    own = [name for name in sys.modules if _is_own(name)]

    def start(descriptor: int, shell: Foreign, folder: Path) -> None:
        if recorder.active:
            recorder.tamper("called", "start")
            return
        recorder.start(descriptor if recording else None, folder)
        if recording:
            watch.begin(shell)
            _after_each_cell(recorder, shell, watch)
        for name in own:
            del sys.modules[name]

    def stop() -> None:
        with recorder.quietly("stop"):
            recorder.stop()

    return Controls(seal(start), seal(stop))


def _is_own(module: str) -> bool:
    return module == __package__ or module.startswith(f"{__package__}.")


def _after_each_cell(recorder: Recorder, shell: Foreign, watch: tampering.Watch) -> None:
    watcher = namespace.Watcher(shell)
    trigger = type(shell.events).trigger.__code__

    def after_cell(*_: object) -> None:
        if not tampering.called_by(trigger):
            recorder.tamper("called", "post_run_cell")
            return
        with recorder.quietly("namespace"):
            for name, found in watcher.changes():
                recorder.emit("named", name=name, array=recorder.stored(found))
        with recorder.quietly("tampering"):
            watch.inspect()
        recorder.end_cell()

    shell.events.register("post_run_cell", seal(after_cell))
