"""A Python whose grader finds nothing that only Linux has; libraries find all they want.

Made into an interpreter by ``interpreter``, it takes ``-c code`` and ``-m module`` as Python does.
What stands for a module of the standard library lacks what Windows or macOS lack. Modules of the
grader that only Linux can use cannot be imported.
"""

import builtins
import runpy
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

NO_MODULES = frozenset(
    {"ctypes", "fcntl", "grp", "posix", "pty", "pwd", "resource", "syslog", "termios", "tty"}
)
ONLY_LINUX = frozenset(
    {"door", "fence", "kernel", "landlock", "linux", "seccomp", "server", "walls"}
)
"""Modules of the guest."""

_OS = (
    "O_DIRECTORY O_NOFOLLOW O_NONBLOCK WNOHANG fork forkpty geteuid getgid getpgid getuid killpg "
    "memfd_create mkfifo openpty pidfd_open pipe pipe2 sched_getaffinity set_blocking setpgid "
    "setsid statvfs uname wait waitstatus_to_exitcode"
)
ABSENT = {
    "os": frozenset(_OS.split()),
    "select": frozenset({"poll", "epoll"}),
    "signal": frozenset({"SIGALRM", "SIGHUP", "SIGKILL", "pthread_kill", "setitimer"}),
    "socket": frozenset({"AF_UNIX", "recv_fds", "send_fds"}),
}
INSTEAD: Mapping[str, Mapping[str, Any]] = {
    "os": {"supports_dir_fd": frozenset(), "supports_follow_symlinks": frozenset()},
    "sys": {"platform": "win32"},
}
ROOT = Path(__file__).parent.parent.parent
_IMPORT = builtins.__import__


class View(ModuleType):
    """A module of the standard library as it is elsewhere."""

    def __init__(self, real: ModuleType) -> None:
        super().__init__(real.__name__)
        self.__dict__["real"] = real

    def __getattr__(self, name: str) -> object:
        real: ModuleType = self.__dict__["real"]
        if name in ABSENT.get(real.__name__, ()):
            raise AttributeError(f"there is no {real.__name__}.{name} here")
        return INSTEAD.get(real.__name__, {}).get(name, getattr(real, name))

    def __setattr__(self, name: str, value: object) -> None:
        setattr(self.__dict__["real"], name, value)


def interpreter(folder: Path) -> Path:
    """An executable file that runs as the Python of such a system.

    Args:
        folder: Where it is put.
    """
    path = folder / "python"
    path.write_text(
        f"#!{sys.executable}\n"
        f"import sys\nsys.path[0] = {str(ROOT)!r}\n"
        "from tests.execute import elsewhere\nelsewhere.main()\n",
        encoding="utf-8",
    )
    path.chmod(0o755)
    return path


def main() -> None:
    """Run what the command line says."""
    option, what, *arguments = sys.argv[1:]
    builtins.__import__ = _seen_from(_IMPORT)
    # What the grader takes for the interpreter that runs it, and starts kernels with.
    sys.executable = sys.argv[0]
    sys.argv = [option, *arguments]
    if option == "-m":
        runpy.run_module(what, run_name="__main__", alter_sys=True)
    else:
        # As Python does; this file's own folder is not to be found.
        sys.path[0] = ""
        exec(what, {"__name__": "__main__"})  # noqa: S102 - that is what -c means


def _seen_from(real: Callable[..., ModuleType]) -> Callable[..., ModuleType]:
    def imported(
        name: str,
        globals: Mapping[str, Any] | None = None,
        locals: Mapping[str, Any] | None = None,
        fromlist: Sequence[str] | None = (),
        level: int = 0,
    ) -> ModuleType:
        importer = str((globals or {}).get("__name__", ""))
        package = importer.partition(".")[0]
        if package not in ("grader", "grader_guest"):
            return real(name, globals, locals, fromlist, level)
        if name in NO_MODULES or (package == "grader_guest" and _only_linux(name, fromlist)):
            raise ImportError(f"there is no {name or fromlist} here", name=name)
        found = real(name, globals, locals, fromlist, level)
        viewed = name in ABSENT or (name in INSTEAD and package == "grader")
        return View(found) if viewed and level == 0 else found

    return imported


def _only_linux(name: str, wanted: Sequence[str] | None) -> bool:
    return name in ONLY_LINUX or (not name and not ONLY_LINUX.isdisjoint(wanted or ()))
