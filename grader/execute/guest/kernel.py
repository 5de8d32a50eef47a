"""One kernel: process 1 of its namespaces, and the kernel proper as its child."""

import json
import os
import random
import signal
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple, NoReturn

from . import constants, flood, hosted, linux, walls
from .foreign import Foreign, library
from .install import Controls
from .order import STUDENT, Layout, Order, WallError

Prepare = Callable[[], Controls]
"""Gives the recorder's controls: those of the fork server, or made on the spot."""

_FAILED = 70


class Streams(NamedTuple):
    """Descriptors handed over by the supervisor."""

    events: int
    """Where the recorder writes."""

    output: int
    """What the process prints outside any cell."""

    report: int
    """One JSON line: ready, or which wall failed."""


class _Gate(NamedTuple):
    """Two pipe ends between process 1 and the kernel."""

    read: int
    write: int


def main(order: Order, streams: Streams, prepare: Prepare) -> NoReturn:
    """Run one kernel to its end; never returns to the fork server's loop."""
    status = _FAILED
    try:
        status = _supervise(order, streams, prepare)
    except WallError as error:
        _report(streams, {"wall": error.wall, "why": error.why})
    except BaseException:  # noqa: BLE001 - a child must never fall back into the server's loop
        _report(streams, {"wall": "kernel", "why": traceback.format_exc(limit=-6)})
    finally:
        os._exit(status)


def kill_descendants(pid: int) -> None:
    """Kill every descendant of a process that adopts orphans, until none is left."""
    while found := _descendants(pid):
        for each in found:
            try:
                os.kill(each, signal.SIGKILL)
            except ProcessLookupError:
                continue


def _descendants(pid: int) -> list[int]:
    """Living descendants, zombies left out."""
    parents: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal():
            try:
                fields = (entry / "stat").read_text(encoding="utf-8", errors="replace")
            except OSError:
                continue
            state, parent = fields.rpartition(")")[2].split()[:2]
            if state not in "ZX":
                parents.setdefault(int(parent), []).append(int(entry.name))
    found: list[int] = []
    waiting = [pid]
    while waiting:
        children = parents.get(waiting.pop(), [])
        found += children
        waiting += children
    return found


def _supervise(order: Order, streams: Streams, prepare: Prepare) -> int:
    _keep_only(streams)
    os.setsid()
    linux.die_with_parent()
    if order.level == "full":
        walls.enclose(order)
    else:
        linux.adopt_orphans()
    bound, release = _Gate(*os.pipe()), _Gate(*os.pipe())
    child = os.fork()
    if child == 0:
        os.close(bound.read)
        os.close(release.write)
        _become_kernel(order, streams, prepare, _Gate(release.read, bound.write))
    os.close(bound.write)
    if os.read(bound.read, 1) and order.level == "full":
        # The sockets stay open; their folder, which the supervisor connects through, is
        # now out of the student's reach.
        linux.unmount(Layout.inside().ipc)
        linux.drop_privileges()
    os.write(release.write, b".")
    os.closerange(0, max(*streams, *bound, *release) + 1)
    status = _wait(child)
    if order.level != "full":
        kill_descendants(os.getpid())
    return status


def _wait(child: int) -> int:
    """Reap everything until the kernel ends; its exit status as a shell gives it."""
    while True:
        pid, status = os.wait()
        if pid == child:
            code = os.waitstatus_to_exitcode(status)
            return code if code >= 0 else 128 - code


def _become_kernel(order: Order, streams: Streams, prepare: Prepare, gate: _Gate) -> NoReturn:
    status = _FAILED
    try:
        linux.die_with_parent()
        _redirect(streams)
        names = walls.confine(order) if order.level != "none" else ()
        _serve(order, streams, prepare, gate, " ".join(names) or "none")
        status = 0
    except SystemExit as error:
        status = error.code if isinstance(error.code, int) else 0
    except WallError as error:
        _report(streams, {"wall": error.wall, "why": error.why})
    except BaseException:  # noqa: BLE001 - a child must never fall back into the server's loop
        _report(streams, {"wall": "kernel", "why": traceback.format_exc(limit=-6)})
    finally:
        os._exit(status)


def _serve(order: Order, streams: Streams, prepare: Prepare, gate: _Gate, names: str) -> None:
    """Be the kernel until the notebook ends."""
    layout = Layout.of(order)
    _move_in(order, layout)
    controls = prepare()
    try:
        application = _application(order, layout)
        hosted.start(application)
        controls.start(streams.events, application.shell, layout.assets)
        _seed(order)
        os.write(gate.write, b".")
        os.read(gate.read, 1)
        os.close(gate.write)
        os.close(gate.read)
        _report(streams, {"sandbox": names, "device": _device()})
        os.close(streams.report)
        application.start()
    finally:
        controls.stop()


def _keep_only(streams: Streams) -> None:
    for entry in Path("/proc/self/fd").iterdir():
        descriptor = int(entry.name)
        if descriptor > 2 and descriptor not in streams:
            try:
                os.close(descriptor)
            except OSError:
                continue


def _redirect(streams: Streams) -> None:
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    os.dup2(streams.output, 1)
    os.dup2(streams.output, 2)
    os.close(streams.output)


def _report(streams: Streams, message: dict[str, str]) -> None:
    try:
        os.write(streams.report, json.dumps(message).encode() + b"\n")
    except OSError:
        # Already closed: the kernel was ready before, and its end tells the rest.
        return


def _move_in(order: Order, layout: Layout) -> None:
    """Point every library at the kernel's own folders, in the environment and in memory."""
    warm = os.environ.pop(constants.WARM_HOME)
    places = {f"{warm}/hub": str(layout.hub), warm: str(layout.home)}
    for name, value in os.environ.items():
        os.environ[name] = constants.moved(value, places)
    constants.move(constants.naming(warm), places)
    os.environ.update(
        USER=STUDENT,
        LOGNAME=STUDENT,
        TMPDIR=str(layout.tmp),
        GRADER_SEED=str(order.seed),
    )
    library("tempfile").tempdir = None
    work = layout.home / "work"
    work.mkdir(exist_ok=True)
    os.chdir(work)
    sys.path.insert(0, "")


def _seed(order: Order) -> None:
    torch = library("torch")
    random.seed(order.seed)
    library("numpy").random.seed(order.seed % (1 << 32))
    torch.manual_seed(order.seed)
    if torch.get_num_threads() != order.threads:
        torch.set_num_threads(order.threads)


def _device() -> str:
    if not Path("/dev/nvidiactl").exists():
        return "cpu"
    cuda = library("torch").cuda
    return str(cuda.get_device_name()) if cuda.is_available() else "cpu"


def _application(order: Order, layout: Layout) -> Foreign:
    """The kernel, its sockets bound, its loop not yet started."""
    connection = {**order.connection, "ip": str(layout.ipc / "k")}
    file = layout.home / ".kernel.json"
    file.write_text(json.dumps(connection), encoding="utf-8")
    kernelapp = library("ipykernel.kernelapp")
    application = kernelapp.IPKernelApp.instance()
    flood.prepare(application)
    application.initialize(
        ["-f", str(file), "--HistoryManager.hist_file=:memory:", "--IPKernelApp.log_level=50"]
    )
    flood.install(application.shell, order.output_bytes, order.outputs)
    # Whatever the notebook leaves running ends with the sandbox; ipykernel would wait half a
    # minute for children nobody waits for, and the recorder would lose its last word.
    application.kernel._progressively_terminate_all_children = _leave_children
    return application


async def _leave_children() -> None:
    return
