"""The kernel proper, the same on every system and behind every wall."""

from __future__ import annotations

import json
import os
import random
import sys
from collections.abc import Callable
from pathlib import Path

from . import constants, flood, frugal, gpu, hosted
from .foreign import Foreign, library, loaded
from .install import Controls
from .order import STUDENT, Layout, Order
from .recorder import Send

Prepare = Callable[[], Controls]
"""Gives the recorder's controls: those of the fork server, or made on the spot."""

Ready = Callable[[Foreign], None]
"""Called with the kernel's application once it listens, before it answers anything."""


def serve(order: Order, prepare: Prepare, send: Send, ready: Ready) -> None:
    """Be the kernel until the notebook ends.

    Args:
        order: What was asked for.
        prepare: Gives the recorder's controls.
        send: Where the recorder writes.
        ready: Tells the supervisor.
    """
    layout = Layout.of(order)
    _move_in(order, layout)
    controls = prepare()
    try:
        application = _application(order, layout)
        hosted.start(application, terminals=order.level != "landlock")
        controls.start(send, application.shell, layout.assets)
        _seed(order)
        ready(application)
        application.start()
    finally:
        controls.stop()


def _move_in(order: Order, layout: Layout) -> None:
    """Point every library at the kernel's own folders, in the environment and in memory."""
    warm = os.environ.pop(constants.WARM_HOME)
    places = {str(Path(warm, "hub")): str(layout.hub), warm: str(layout.home)}
    for name, value in os.environ.items():
        os.environ[name] = constants.moved(value, places)
    constants.move(constants.naming(warm), places)
    os.environ.update(
        USER=STUDENT,
        LOGNAME=STUDENT,
        TMPDIR=str(layout.tmp),
        GRADER_SEED=str(order.seed),
        **gpu.environment(order),
    )
    library("tempfile").tempdir = None
    work = layout.home / "work"
    work.mkdir(exist_ok=True)
    os.chdir(work)
    sys.path.insert(0, "")


def _seed(order: Order) -> None:
    random.seed(order.seed)
    numpy, torch = loaded("numpy"), loaded("torch")
    if numpy is not None:
        numpy.random.seed(order.seed % (1 << 32))
    if torch is not None:
        torch.manual_seed(order.seed)
        if torch.get_num_threads() != order.threads:
            torch.set_num_threads(order.threads)
    gpu.settle(order)


def _application(order: Order, layout: Layout) -> Foreign:
    """The kernel, its sockets bound, its loop not yet started."""
    connection = dict(order.connection)
    if connection["transport"] == "ipc":
        connection["ip"] = str(layout.ipc / "k")
    file = layout.home / ".kernel.json"
    file.write_text(json.dumps(connection), encoding="utf-8")
    kernelapp = library("ipykernel.kernelapp")
    application = kernelapp.IPKernelApp.instance()
    flood.prepare(application)
    application.initialize(
        ["-f", str(file), "--HistoryManager.hist_file=:memory:", "--IPKernelApp.log_level=50"]
    )
    flood.install(application.shell, order.output_bytes, order.outputs)
    frugal.shorten_tracebacks(application.shell)
    # Whatever the notebook leaves running ends with the sandbox; ipykernel would wait half a
    # minute for children nobody waits for, and the recorder would lose its last word.
    application.kernel._progressively_terminate_all_children = _leave_children
    return application


async def _leave_children() -> None:
    return
