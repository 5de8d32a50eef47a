"""The walls round one kernel: namespaces, a root folder of its own, Landlock, seccomp.

The kernel's root folder is built from nothing, so what is not named here does not exist for
it: no other submission, no reference, no home folder, no socket of a service.
"""

from __future__ import annotations

import os
import platform
import resource
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from . import landlock, linux, seccomp
from .order import STUDENT, Layout, Order, WallError

_T = TypeVar("_T")

# Read in the fork server: in a new user namespace every id reads as 65534 until it is mapped.
_USER, _GROUP = os.geteuid(), os.getegid()

NAMESPACES = linux.NEW_USER | linux.NEW_NET | linux.NEW_IPC | linux.NEW_PID | linux.NEW_MOUNT
NAMES = ("user", "net", "ipc", "pid", "mount")

SYSTEM = ("usr", "bin", "sbin", "lib", "lib32", "lib64", "libx32", "nix/store", "sys")
ETC = (
    "alternatives",
    "ca-certificates",
    "fonts",
    "ld.so.cache",
    "ld.so.conf",
    "ld.so.conf.d",
    "localtime",
    "mime.types",
    "os-release",
    "ssl",
)
_DEVICES = ("null", "zero", "full", "random", "urandom")
_GPU_DEVICES = ("nvidiactl", "nvidia-uvm*", "nvidia-modeset", "nvidia-caps/*")
"""What every user of a GPU needs, beside the node of the GPU itself."""

_DEVICE_LINKS = {
    "fd": "/proc/self/fd",
    "stdin": "/proc/self/fd/0",
    "stdout": "/proc/self/fd/1",
    "stderr": "/proc/self/fd/2",
    "ptmx": "pts/ptmx",
}
_MAX_TASKS = 768
MAX_DESCRIPTORS = 4096
_MAX_FILES = 1 << 18
_PID_LIMIT = "proc/sys/kernel/pid_max"
_LIMITS = {
    resource.RLIMIT_CORE: 0,
    resource.RLIMIT_NOFILE: MAX_DESCRIPTORS,
    resource.RLIMIT_FSIZE: 2 << 30,
}


def enclose(order: Order) -> None:
    """Build the root folder of the new namespaces and move into it; as their process 1.

    Raises:
        WallError: Naming the wall that could not be put up.
    """
    attempt("user namespace", _map_own_user)
    attempt("mount namespace", lambda: _build(order, Layout.inside()))


def confine(order: Order) -> tuple[str, ...]:
    """Give up every right not needed, for good; returns the names of all walls in force.

    Raises:
        WallError: Naming the wall that could not be put up.
    """
    layout, abi = Layout.inside(), landlock.version()
    attempt("resource limits", lambda: set_limits(order.cpu_seconds, tasks=True))
    attempt("capabilities", linux.drop_privileges)
    readable = [Path("/", name) for name in ("usr", "nix/store", "sys", "etc", "proc", "dev")]
    readable += [Path("/", name).resolve() for name in SYSTEM]
    readable += [*order.python, layout.assets, layout.hub]
    writable = [layout.home, layout.tmp, layout.ipc, Path("/dev/shm"), Path("/dev/pts")]  # noqa: S108
    writable += [path for path in Path("/dev").rglob("*") if path.is_char_device()]
    rules = [landlock.Rule(path, landlock.READ) for path in readable]
    rules += [landlock.Rule(path, landlock.WRITE) for path in writable]
    attempt("Landlock", lambda: landlock.restrict(rules, abi))
    filtered = attempt("seccomp", seccomp.restrict)
    limited = _USER != 0 or _pid_limit_is_own()
    optional = (name for name, there in (("seccomp", filtered), ("pids", limited)) if there)
    return (*NAMES, f"landlock-{abi}", *optional)


def set_limits(cpu_seconds: int, *, tasks: bool) -> None:
    """Set the limits the kernel enforces on each process.

    Args:
        cpu_seconds: Processor time of one process.
        tasks: Whether to limit those of the user, which outside of a user namespace are all of
            the user's on this machine.
    """
    limits = {**_LIMITS, resource.RLIMIT_CPU: cpu_seconds}
    if tasks:
        limits[resource.RLIMIT_NPROC] = _MAX_TASKS
    for limit, ceiling in limits.items():
        _, hard = resource.getrlimit(limit)
        lower = ceiling if hard == resource.RLIM_INFINITY else min(ceiling, hard)
        resource.setrlimit(limit, (lower, lower))


def devices(order: Order) -> list[Path]:
    """Device nodes a kernel may use: the harmless ones, and those of its GPU."""
    return [*(Path("/dev", name) for name in _DEVICES), *_gpu_nodes(order)]


def attempt(wall: str, action: Callable[[], _T]) -> _T:
    """What an action returns.

    Raises:
        WallError: If it fails, naming the wall.
    """
    try:
        return action()
    except OSError as error:
        raise WallError(wall, str(error)) from error


def _map_own_user() -> None:
    Path("/proc/self/setgroups").write_text("deny", encoding="ascii")
    Path("/proc/self/uid_map").write_text(f"{_USER} {_USER} 1", encoding="ascii")
    Path("/proc/self/gid_map").write_text(f"{_GROUP} {_GROUP} 1", encoding="ascii")


def _build(order: Order, layout: Layout) -> None:
    linux.make_private()
    root = order.folder / "root"
    _mount_scratch(order)
    sources = _sources(order, layout)
    trees = {target: linux.copy_tree(source) for target, source in sources.items()}
    linux.mount("tmpfs", root, "size=4m,mode=755")
    _populate(root, order)
    for target in sorted(trees, key=lambda path: len(path.parts)):
        _attach(trees[target], root / target.relative_to("/"), sources[target].is_dir())
    for path in order.hidden:
        if (root / path.relative_to("/")).is_dir():
            linux.mount("tmpfs", root / path.relative_to("/"), "size=4k,mode=755")
    linux.change_root(root)
    linux.set_read_only(Path("/"))
    for path in (layout.home, layout.tmp, layout.ipc, Path("/dev/shm"), Path("/dev/pts")):  # noqa: S108
        linux.set_writable(path)


def _mount_scratch(order: Order) -> None:
    """Give home and temporary folder one file system of their own, of limited size."""
    disk = order.folder / "disk"
    linux.mount("tmpfs", disk, f"size={order.disk_bytes},nr_inodes={_MAX_FILES},mode=755")
    for name in ("home", "tmp"):
        (disk / name).mkdir(mode=0o700)


def _sources(order: Order, layout: Layout) -> dict[Path, Path]:
    """What is visible: place inside -> place outside."""
    same = [Path("/", name) for name in SYSTEM] + [Path("/etc", name) for name in ETC]
    same += devices(order)
    found = {path: path for path in same if path.exists() and not path.is_symlink()}
    found |= {
        path: path.resolve() for path in same if path.parent == Path("/etc") and path.exists()
    }
    for path in sorted(order.python):
        if not any(path.is_relative_to(known) for known in found):
            found[path] = path
    found[layout.home] = order.folder / "disk/home"
    found[layout.tmp] = order.folder / "disk/tmp"
    found[layout.ipc] = order.folder / "ipc"
    found[layout.assets] = order.assets
    found[layout.hub] = (order.assets / "hub").resolve()
    return found


def _gpu_nodes(order: Order) -> list[Path]:
    """Device nodes of the GPU that was ordered, and of no other."""
    patterns = (order.gpu_node, *_GPU_DEVICES) if order.gpu_node else ()
    return [path for pattern in patterns for path in Path("/dev").glob(pattern)]


def _attach(tree: int, target: Path, is_folder: bool) -> None:
    if is_folder:
        target.mkdir(parents=True, exist_ok=True)
    else:
        target.parent.mkdir(parents=True, exist_ok=True)
        target.touch()
    linux.attach_tree(tree, target)
    os.close(tree)


def _populate(root: Path, order: Order) -> None:
    for name in SYSTEM:
        path = Path("/", name)
        if path.is_symlink():
            (root / name).symlink_to(path.readlink())
    # Where Colab's notebooks keep their files.
    (root / "content").symlink_to(Layout.inside().home / "work")
    _write_accounts(root / "etc")
    for name in ("proc", "dev/pts", "dev/shm", "var/tmp"):
        (root / name).mkdir(parents=True)
    for name, target in _DEVICE_LINKS.items():
        (root / "dev" / name).symlink_to(target)
    linux.mount("proc", root / "proc")
    (root / "proc/sys/user/max_user_namespaces").write_text("0", encoding="ascii")
    if _pid_limit_is_own():
        (root / _PID_LIMIT).write_text(str(_MAX_TASKS), encoding="ascii")
    linux.mount("devpts", root / "dev/pts", "newinstance,ptmxmode=0666,mode=620")
    linux.mount("tmpfs", root / "dev/shm", f"size={order.memory_bytes // 4},mode=1777")


def _pid_limit_is_own() -> bool:
    """Whether ``pid_max`` belongs to the PID namespace: since Linux 6.14; global before.

    Only root needs it: RLIMIT_NPROC does not hold root.
    """
    version = tuple(int(part) for part in platform.release().split("-")[0].split(".")[:2])
    return _USER == 0 and version >= (6, 14)


def _write_accounts(etc: Path) -> None:
    """The files a library asks for its user's name and its host's."""
    etc.mkdir()
    files = {
        "passwd": f"{STUDENT}:x:{_USER}:{_GROUP}::/home/{STUDENT}:/bin/sh\n",
        "group": f"{STUDENT}:x:{_GROUP}:\n",
        "hosts": "127.0.0.1 localhost\n",
        "nsswitch.conf": "passwd: files\ngroup: files\nhosts: files\n",
    }
    for name, text in files.items():
        (etc / name).write_text(text, encoding="ascii")
