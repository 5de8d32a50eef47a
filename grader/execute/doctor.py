"""What this machine offers, and what the sandbox therefore holds: tried, not looked up."""

import json
import os
import platform
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any

import psutil
from msgspec import Struct

from grader.execute import devices, gaps, machine, scratch
from grader.execute.environment import own
from grader.execute.server import environment

_GUEST = Path(__file__).parent / "guest"
_GIB = 1 << 30
_MEMORY_BYTES = 1 << 30
_SECONDS = 60.0
_BOOTSTRAP = """
import importlib.util, sys
folder, asked = sys.argv[1:3]
spec = importlib.util.spec_from_file_location(
    "grader_guest", folder + "/__init__.py", submodule_search_locations=[folder])
sys.modules["grader_guest"] = importlib.util.module_from_spec(spec)
from grader_guest.probe import main
main(asked)
"""
_SYSCTL = Path("/proc/sys")


class Offer(Struct, frozen=True, kw_only=True):
    """One thing the machine has or lacks."""

    name: str
    found: str
    remedy: str = ""
    """The one command that provides it."""


class Attempt(Struct, frozen=True, kw_only=True):
    """One attack, tried at every level."""

    name: str
    none: str
    """Why it was refused without walls; empty where it succeeded."""

    full: str | None
    """The same behind all walls; ``None`` where they could not be put up."""

    landlock: str | None = None
    """The same at the level landlock."""

    @property
    def holds(self) -> bool:
        """Whether the full level stops it."""
        return bool(self.full)

    @property
    def fenced(self) -> bool:
        """Whether the level landlock stops it."""
        return bool(self.landlock)

    @property
    def proven(self) -> bool:
        """Whether it is known to succeed without the walls."""
        return not self.none


class Examination(Struct, frozen=True, kw_only=True):
    """Everything ``grader doctor`` says about this machine."""

    offers: tuple[Offer, ...]
    walls: tuple[str, ...]
    """Walls of the full level that stand; none where one is missing."""

    missing: str
    """Which wall could not be put up and why; empty where all stand."""

    remedy: str
    """The one command that helps; empty where none is needed or known."""

    attempts: tuple[Attempt, ...]

    fence: tuple[str, ...] = ()
    """Walls of the level landlock that stand; none where one is missing."""

    fence_missing: str = ""
    """Which wall of the level landlock could not be put up and why."""

    abi: int = 0
    """Version of Landlock the level landlock was tried with."""

    @property
    def full_holds(self) -> bool:
        """Whether notebooks of others can be run here."""
        known = gaps.FULL
        return not self.missing and all(e.holds or e.name in known for e in self.attempts)

    @property
    def landlock_holds(self) -> bool:
        """Whether the level landlock leaves nothing open but what it is known to."""
        known = gaps.landlock(self.abi)
        return bool(self.fence) and all(e.fenced or e.name in known for e in self.attempts)


def examine(abi: int | None = None) -> Examination:
    """Try every wall on this machine; takes about a second and changes nothing.

    Args:
        abi: Pretend that Landlock is no newer, to see what the level landlock then leaves open.
    """
    if sys.platform != "linux":
        missing = f"this is {platform.system()}; the walls are Linux's"
        return Examination(offers=_common(), walls=(), missing=missing, remedy="", attempts=())
    found = _probed(abi)
    full, fence, none = (found[level] for level in ("full", "landlock", "none"))
    return Examination(
        offers=(*_common(), *_linux(found["abi"], full, fence)),
        walls=tuple(full.get("walls", ())),
        missing=_missing(full),
        remedy=_remedy(full.get("wall", "")),
        attempts=tuple(
            Attempt(
                name=name,
                none=refused,
                full=full.get("attempts", {}).get(name),
                landlock=fence.get("attempts", {}).get(name),
            )
            for name, refused in none.get("attempts", {}).items()
        ),
        fence=tuple(fence.get("walls", ())),
        fence_missing=_missing(fence),
        abi=found["abi"] if abi is None else min(abi, found["abi"]),
    )


def _missing(level: dict[str, Any]) -> str:
    return f"{level['wall']}: {level['why']}" if "wall" in level else ""


def _probed(abi: int | None) -> dict[str, Any]:
    with _targets() as (folder, targets):
        run = scratch.create(folder / "run")
        assets = folder / "assets"
        (assets / "hub").mkdir(parents=True)
        warm = folder / "warm"
        warm.mkdir()
        order = {
            "id": 0,
            "level": "full",
            "folder": str(run),
            "python": [str(each) for each in own().folders],
            "hidden": [str(each) for each in machine.private_folders()],
            "assets": str(assets),
            "connection": {},
            "seed": 0,
            "threads": 1,
            "memory_bytes": _MEMORY_BYTES,
            "disk_bytes": _MEMORY_BYTES,
            "cpu_seconds": int(_SECONDS),
            "output_bytes": _MEMORY_BYTES,
            "outputs": 1,
            "gpu": "",
            "gpu_bytes": 0,
        }
        targets["assets"] = str(assets)
        asked = json.dumps({"order": order, "targets": targets, "abi": abi})
        done = subprocess.run(  # noqa: S603 - our own interpreter and module
            [sys.executable, "-P", "-c", _BOOTSTRAP, str(_GUEST), asked],
            env=environment(warm, own().python),
            capture_output=True,
            text=True,
            timeout=_SECONDS,
            check=False,
        )
        scratch.remove(run)
    if done.returncode or not done.stdout:
        why = {"wall": "kernel", "why": done.stderr.strip() or f"exit status {done.returncode}"}
        return {"abi": 0, "none": {}, "landlock": why, "full": why}
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


@contextmanager
def _targets() -> Iterator[tuple[Path, dict[str, Any]]]:
    """Things to attack, all of them ours."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="doctor-")))
        secret = folder / "secret"
        secret.write_text("x", encoding="ascii")
        abstract = f"grader-doctor-{secrets.token_hex(8)}"
        kinds: dict[str, tuple[int, int, tuple[str, int] | str]] = {
            "tcp": (socket.AF_INET, socket.SOCK_STREAM, ("127.0.0.1", 0)),
            "udp": (socket.AF_INET, socket.SOCK_DGRAM, ("127.0.0.1", 0)),
            "unix": (socket.AF_UNIX, socket.SOCK_STREAM, str(folder / "socket")),
            "abstract": (socket.AF_UNIX, socket.SOCK_STREAM, f"\0{abstract}"),
        }
        listening: dict[str, Any] = {}
        for name, (family, kind, address) in kinds.items():
            listener = stack.enter_context(socket.socket(family, kind))
            listener.bind(address)
            if kind == socket.SOCK_STREAM:
                listener.listen()
            listening[name] = listener.getsockname()
        command = Path(f"/proc/{os.getpid()}/cmdline").read_bytes()
        word = command.split(b"\0")[0].decode(errors="replace")
        yield (
            folder,
            {
                "file": str(secret),
                "tcp": listening["tcp"][1],
                "udp": listening["udp"][1],
                "unix": listening["unix"],
                "abstract": abstract,
                "pid": os.getpid(),
                "word": word,
                "library": _library(),
                "terminal": _terminal(stack),
                "shared": _shared_memory(stack, abstract),
            },
        )


def _terminal(stack: ExitStack) -> str:
    """Path of a terminal; of nothing where none can be made."""
    try:
        ours, theirs = os.openpty()
    except OSError:
        return f"{os.devnull}/none"
    for descriptor in (ours, theirs):
        stack.callback(os.close, descriptor)
    return os.ttyname(theirs)


def _shared_memory(stack: ExitStack, name: str) -> str:
    """Path of shared memory; of nothing where there is none."""
    path = Path("/dev/shm", name)  # noqa: S108 - the C library's place for it
    with suppress(OSError):
        path.touch(mode=0o600)
        stack.callback(path.unlink)
    return str(path)


def _library() -> str:
    """A file every notebook can read: the C library, or another shared object."""
    lines = Path("/proc/self/maps").read_text(encoding="utf-8").splitlines()
    files = [line.split(maxsplit=5)[5] for line in lines if line.count("/")]
    shared = [each for each in files if ".so" in each]
    return next((each for each in shared if "libc" in each), shared[0] if shared else "/usr")


def _common() -> tuple[Offer, ...]:
    memory = psutil.virtual_memory()
    return (
        Offer(name="system", found=machine.description()),
        Offer(name="cores", found=str(os.cpu_count() or 1)),
        Offer(
            name="memory",
            found=f"{memory.total / _GIB:.1f} GiB, {memory.available / _GIB:.1f} GiB free",
        ),
        Offer(name="GPU", found=devices.describe()),
    )


def _linux(abi: int, full: dict[str, Any], fence: dict[str, Any]) -> tuple[Offer, ...]:
    wall = full.get("wall", "")
    namespaces = wall not in ("namespaces", "user namespace", "mount namespace")
    walls = full.get("walls", ())
    return (
        Offer(
            name="user namespaces",
            found="yes" if namespaces else f"refused ({full['why']}){_why_refused()}",
            remedy="" if namespaces else _remedy(wall),
        ),
        Offer(
            name="Landlock",
            found=f"ABI {abi}" if abi else "not in this kernel",
            remedy="" if abi else _remedy("Landlock"),
        ),
        Offer(name="seccomp", found=_seccomp(walls, fence)),
        Offer(name="limit of tasks", found=_tasks(walls, wall)),
        Offer(name="control groups", found=_control_groups()),
        Offer(
            name="bubblewrap", found=f"{shutil.which('bwrap') or 'not installed'}; not needed here"
        ),
    )


def _seccomp(walls: tuple[str, ...], fence: dict[str, Any]) -> str:
    stands = [
        name
        for name, there in (("full", walls), ("landlock", fence.get("walls", ())))
        if "seccomp" in there
    ]
    return f"yes, at the levels {' and '.join(stands)}" if stands else "not in force here"


def _tasks(walls: tuple[str, ...], wall: str) -> str:
    if "pids" in walls:
        return "held by the kernel"
    return "unknown" if wall else "counted from outside: root on a kernel before 6.14"


def _control_groups() -> str:
    """Whether a group of our own can be made: tried, and undone."""
    lines = Path("/proc/self/cgroup").read_text(encoding="ascii", errors="replace").splitlines()
    own = next((line.partition("::")[2] for line in lines if line.startswith("0::")), None)
    root = Path("/sys/fs/cgroup")
    if own is None or not (root / "cgroup.controllers").exists():
        return "no version 2; memory is watched from outside"
    made = root / own.lstrip("/") / f"grader-{secrets.token_hex(4)}"
    try:
        made.mkdir()
    except OSError as error:
        return f"not delegated ({error.strerror}); memory is watched from outside"
    made.rmdir()
    return "delegated, not used; memory is watched from outside"


def _read_setting(name: str) -> str:
    try:
        return (_SYSCTL / name).read_text(encoding="ascii").strip()
    except OSError:
        return ""


_SETTINGS = (
    ("kernel/apparmor_restrict_unprivileged_userns", "1", "0"),
    ("kernel/unprivileged_userns_clone", "0", "1"),
    ("user/max_user_namespaces", "0", "10000"),
)
"""Settings that refuse a user namespace: the value that does, and one that does not."""


def _closed() -> tuple[str, str] | None:
    for name, refusing, allowing in _SETTINGS:
        if _read_setting(name) == refusing:
            return name.replace("/", "."), allowing
    return None


def _why_refused() -> str:
    closed = _closed()
    return f", because of {closed[0]}" if closed else ", perhaps by the container it runs in"


def _remedy(wall: str) -> str:
    """The one command that provides what is missing."""
    if wall in ("namespaces", "user namespace", "mount namespace"):
        closed = _closed()
        if closed is not None:
            return f"sudo sysctl -w {closed[0]}={closed[1]}"
        return "docker run --security-opt seccomp=unconfined --security-opt systempaths=unconfined"
    if wall == "Landlock":
        return "a kernel from 5.13 on with landlock in the boot parameter lsm="
    return ""
