"""The supervisor's end of the fork server."""

import contextlib
import json
import site
import socket
import subprocess
import threading
from concurrent.futures import Future
from pathlib import Path
from typing import Any

from msgspec import Struct, field

from grader.errors import SandboxTimeout, SandboxUnavailable
from grader.execute import devices
from grader.execute.environment import own

_GUEST = Path(__file__).parent / "guest"
_BOOTSTRAP = """
import sys
# The folder it is started in: nothing is imported from there. From Python 3.11 on, -P does this.
del sys.path[0]
import importlib.util, json
folder, module, options = sys.argv[1:]
spec = importlib.util.spec_from_file_location(
    "grader_guest", folder + "/__init__.py", submodule_search_locations=[folder])
sys.modules["grader_guest"] = importlib.util.module_from_spec(spec)
importlib.import_module("grader_guest." + module).main(**json.loads(options))
"""
_MESSAGE_BYTES = 1 << 16
_WARM_SECONDS = 300.0
_STOP_SECONDS = 10.0
_ENDED = "the fork server has ended"
_INSTALL = 'pip install "lab-grader[lab]"'


class Fork(Struct, frozen=True):
    """One kernel, as the fork server knows it."""

    id: int
    server: "ForkServer"
    started: "Future[int]" = field(default_factory=Future)
    """Process id of the sandbox, once forked."""
    exited: "Future[int]" = field(default_factory=Future)
    """Exit status of the kernel, once every process of its sandbox is gone."""

    def kill(self) -> None:
        """End every process of the sandbox, whatever its handlers do."""
        self.server.send({"kill": self.id})


class ForkServer:
    """A warm process that forks kernels on demand; safe to use from several threads.

    One serves every device: it sees no GPU, and CUDA is first touched in a kernel, which is told
    which GPU it may see.

    Args:
        folder: Where its files go; must not exist yet.
        lock: A descriptor it holds for as long as it or a kernel of it may write files.
        python: Interpreter it and its kernels run in.
        cold: Whether every kernel imports for itself instead.
        recorder: Whether its kernels record.
        complete: Whether every library of the labs has to be installed; otherwise what is not
            there is left out.

    Raises:
        SandboxUnavailable: If it cannot start, or a library of the labs is not installed.
        SandboxTimeout: If it does not get warm.
    """

    def __init__(
        self,
        folder: Path,
        lock: int | None,
        python: Path,
        *,
        cold: bool,
        recorder: bool,
        complete: bool = True,
    ) -> None:
        self._forks: dict[int, Fork] = {}
        self._lock = threading.Lock()
        self._ended = False
        self._log = folder / "log"
        warm = folder / "warm"
        (warm / "hub").mkdir(parents=True)
        self._socket, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs, self._log.open("wb") as log:
            descriptor = theirs.fileno()
            options = {"cold": cold, "recording": recorder, "complete": complete}
            self._process = subprocess.Popen(  # noqa: S603 - our own interpreter and module
                command(python, "server", {"descriptor": descriptor, **options}),
                pass_fds=[descriptor] if lock is None else [descriptor, lock],
                env=environment(warm, python),
                cwd=warm,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        try:
            self.warm_seconds = self._wait_until_warm()
        except BaseException:
            # Ctrl-C too, which comes while it imports more often than not.
            self._process.kill()
            self._process.wait()
            self._socket.close()
            raise
        self._reader = threading.Thread(target=self._listen, name="fork-server", daemon=True)
        self._reader.start()

    @property
    def ended(self) -> bool:
        """Whether the process is gone, and every kernel with it."""
        return self._ended

    def start(self, order: dict[str, Any], descriptors: list[int]) -> Fork:
        """Ask for a kernel; the descriptors are copied to it.

        Raises:
            SandboxUnavailable: If the server has ended.
        """
        fork = Fork(order["id"], self)
        for future in (fork.started, fork.exited):
            # An interrupted run must not cancel what the listening thread is going to set.
            future.set_running_or_notify_cancel()
        with self._lock:
            if self._ended:
                raise SandboxUnavailable(_ENDED)
            text = json.dumps({"start": order}).encode()
            self._forks[fork.id] = fork
            try:
                socket.send_fds(self._socket, [text], descriptors)
            except OSError as error:
                del self._forks[fork.id]
                self._ended = True
                raise SandboxUnavailable(f"{_ENDED}: {error}") from error
        return fork

    def send(self, message: dict[str, Any]) -> None:
        """Send a message; does nothing when the server has ended, and its kernels with it."""
        with self._lock:
            try:
                self._socket.send(json.dumps(message).encode())
            except OSError:
                return

    def close(self) -> None:
        """End the server and every kernel."""
        self._stop()
        self._reader.join()
        self._socket.close()

    def _stop(self) -> None:
        # It fails if the other end is gone already.
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        try:
            self._process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _wait_until_warm(self) -> float:
        self._socket.settimeout(_WARM_SECONDS)
        try:
            text = self._socket.recv(_MESSAGE_BYTES)
        except TimeoutError:
            raise SandboxTimeout("the fork server did not finish importing") from None
        finally:
            self._socket.settimeout(None)
        message = json.loads(text) if text else {}
        if "missing" in message:
            raise missing_library(message["missing"])
        if "warm" not in message:
            raise SandboxUnavailable(f"the fork server ended while starting: {self._last_words()}")
        if message["threads"] != 1:
            raise SandboxUnavailable(
                f"a library started {message['threads'] - 1} threads on import, "
                "which do not survive a fork; --cold does without forks"
            )
        if message["gpu"]:
            raise SandboxUnavailable(
                "a library used the GPU on import, which does not survive a fork; "
                "--cold does without forks"
            )
        return float(message["warm"])

    def _last_words(self) -> str:
        lines = self._log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
        return lines[-1] if lines else "no message"

    def _listen(self) -> None:
        while True:
            try:
                text = self._socket.recv(_MESSAGE_BYTES)
            except OSError:
                text = b""
            if not text:
                break
            self._notice(json.loads(text))
        with self._lock:
            self._ended = True
            forks = list(self._forks.values())
        for fork in forks:
            _fail(fork, SandboxUnavailable(_ENDED))

    def _notice(self, message: dict[str, Any]) -> None:
        if "started" in message:
            self._forks[message["started"]].started.set_result(message["pid"])
        elif "refused" in message:
            fork = self._forks.pop(message["refused"])
            _fail(fork, missing_wall(message["wall"], message["why"]))
        elif "exited" in message:
            self._forks.pop(message["exited"]).exited.set_result(message["status"])


def command(python: Path, module: str, options: dict[str, object]) -> list[str]:
    """The command that runs ``main`` of a module of the guest, with these arguments."""
    return [str(python), "-c", _BOOTSTRAP, str(_GUEST), module, json.dumps(options)]


def missing_library(name: str) -> SandboxUnavailable:
    """The error for a library of the labs that is not there, with what to do about it."""
    return SandboxUnavailable(f"the Python package {name} is not installed: run {_INSTALL}")


def missing_wall(wall: str, why: str) -> SandboxUnavailable:
    """The error for a wall that could not be put up, with what to do about it."""
    advice = (
        "allow unprivileged user namespaces on this machine, or run with --sandbox landlock "
        "(`grader doctor` says how, and what that leaves open)"
    )
    if wall in ("Landlock", "seccomp"):
        advice = "`grader doctor` says what this machine has and lacks"
    if wall == "kernel":
        advice = "see the message above"
    return SandboxUnavailable(f"the sandbox cannot be set up here ({wall}: {why}); {advice}")


def environment(warm: Path, python: Path) -> dict[str, str]:
    """The whole environment of the fork server and its kernels.

    Nothing is inherited but where the driver of a GPU lies.
    """
    cache = warm / ".cache"
    values = {
        "PATH": f"{python.parent}:/usr/local/bin:/usr/bin:/bin",
        "LANG": "C.UTF-8",
        "HOME": str(warm),
        "GRADER_WARM_HOME": str(warm),
        "IPYTHONDIR": str(warm / ".ipython"),
        "MPLCONFIGDIR": str(cache / "matplotlib"),
        "MPLBACKEND": "module://matplotlib_inline.backend_inline",
        "HF_HOME": str(cache / "huggingface"),
        "HF_HUB_CACHE": str(warm / "hub"),
        "HF_HUB_OFFLINE": "1",
        "HF_DATASETS_OFFLINE": "1",
        "HF_EVALUATE_OFFLINE": "1",
        "HF_HUB_DISABLE_TELEMETRY": "1",
        "HF_HUB_DISABLE_PROGRESS_BARS": "1",
        "DO_NOT_TRACK": "1",
        "WANDB_DISABLED": "true",
        "TOKENIZERS_PARALLELISM": "false",
        "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
        "MKL_NUM_THREADS": "1",
        # Threads do not survive a fork; pyarrow's allocator starts one on import.
        "JE_ARROW_MALLOC_CONF": "background_thread:false",
        "PYTHONHASHSEED": "0",
        "PYTHONDONTWRITEBYTECODE": "1",
        # Nothing may touch CUDA before the fork; a kernel is told what it may see.
        "CUDA_VISIBLE_DEVICES": "",
        "PYTORCH_NVML_BASED_CUDA_CHECK": "1",
        **devices.of_driver(),
    }
    if python == own().python and site.ENABLE_USER_SITE:
        values["PYTHONUSERBASE"] = site.getuserbase()
    else:
        values["PYTHONNOUSERSITE"] = "1"
    return values


def _fail(fork: Fork, error: SandboxUnavailable) -> None:
    for future in (fork.started, fork.exited):
        if not future.done():
            future.set_exception(error)
