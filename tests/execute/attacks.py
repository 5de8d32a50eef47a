"""Attacks on the machine: each is a cell that prints REACHED when it succeeds."""

import ctypes
import os
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import grader

MARKER = "operator-secret-of-the-tests"

ATTACKS = {
    "read a file of the operator": "assert open(SECRET).read() == 'secret'",
    "see that a file exists": "os.stat(SECRET)",
    "read a private key": "assert open(KEY).read()",
    "read the rubric": "assert open(RUBRIC).read()",
    "read the grader": "assert open(GRADER).read()",
    "import the grader": "import grader.model",
    "read another submission": "assert open(SIBLING + '/answer.txt').read()",
    "write into another submission": "open(SIBLING + '/planted', 'w').write('x')",
    "write outside": "open(os.path.dirname(SECRET) + '/planted', 'w').write('x')",
    "change modes outside": "os.chmod(SECRET, 0o640)\n"
    "assert os.stat(SECRET).st_mode & 0o777 == 0o640",
    "write into the assets": "open(os.environ['HF_HUB_CACHE'] + '/planted', 'w').write('x')",
    "write into the Python installation": "open(sys.prefix + '/planted', 'w').close()\n"
    "os.remove(sys.prefix + '/planted')",
    "connect by TCP": "socket.create_connection(TCP, 2)",
    "send by UDP": "socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b'x', UDP)",
    "connect to a UNIX socket": "socket.socket(socket.AF_UNIX).connect(PATH_SOCKET)",
    "connect to an abstract socket": "socket.socket(socket.AF_UNIX).connect(ABSTRACT_SOCKET)",
    "see a process": "assert b'operator' in open(f'/proc/{VICTIM}/cmdline', 'rb').read()",
    # Inside a PID namespace the number may be another process's.
    "signal a process": "try: same = b'operator' in open(f'/proc/{VICTIM}/cmdline', 'rb').read()\n"
    "except PermissionError: same = True\n"
    "assert same\nos.kill(VICTIM, 0)",
    "change a process's limits": "resource.prlimit(VICTIM, resource.RLIMIT_CORE)",
    "read the operator's environment": "assert MARKER in open(f'/proc/{VICTIM}/environ').read()",
    "share System V memory": "assert ctypes.CDLL(None).shmget(SHARED, 8, 0) >= 0",
    "attach System V memory by its number": "shmat = ctypes.CDLL(None).shmat\n"
    "shmat.restype = ctypes.c_ssize_t\nassert shmat(SEGMENT, None, 0) != -1",
    "open a message queue": "assert ctypes.CDLL(None).mq_open(QUEUE.encode(), 0) >= 0",
    "use shared memory whose name it knows": "assert open(KNOWN_MEMORY).read() == 'shared'",
    "list shared memory": "assert os.path.basename(KNOWN_MEMORY) in os.listdir('/dev/shm')",
    "write to a terminal": "open(TERMINAL, 'wb', buffering=0).write(b'x')",
}

# Beyond what an ordinary process may do, so there is nothing to compare with.
CLIMBS = {
    "inherit the operator's environment": "assert MARKER in open('/proc/self/environ').read() "
    "or MARKER in str(os.environ)",
    "open a vsock": "socket.socket(40)",
    "make a user namespace": "assert ctypes.CDLL(None).unshare(0x10000000) == 0",
    "mount": "assert ctypes.CDLL(None).mount(b'x', b'/tmp', b'tmpfs', 0, None) == 0",
    "use a kernel keyring": "assert ctypes.CDLL(None).syscall(250, 0, -3, 0) >= 0",
    "use io_uring": "assert ctypes.CDLL(None).syscall(425, 1, bytes(120)) >= 0",
    "replace the kernel's sockets": "assert os.listdir('/run/kernel')",
    # Only root can empty the bounding set, which gives nothing to who can gain no privileges.
    "hold a capability": "state = dict(line.split()[:2] for line in open('/proc/self/status') "
    "if line.startswith(('Cap', 'NoNewPrivs')))\n"
    "sets = [int(state[name + ':'], 16) for name in ('CapInh', 'CapPrm', 'CapEff', 'CapAmb')]\n"
    "assert any(sets) or state['NoNewPrivs:'] == '0'",
    "open an inherited descriptor": "assert [fd for fd in os.listdir('/proc/self/fd') "
    "if 'grader-' in os.path.realpath('/proc/self/fd/' + fd)]",
}


@contextmanager
def targets(folder: Path) -> Iterator[str]:
    """Things to attack, running; the code that names them."""
    with ExitStack() as stack:
        sibling = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="grader-")))
        names: dict[str, object] = {
            "SECRET": _write(folder / "secret.txt", "secret"),
            "KEY": _write(folder / ".ssh/id_test", "key"),
            "SIBLING": str(_write(sibling / "home/answer.txt", "42")).removesuffix("/answer.txt"),
            "RUBRIC": str(Path(grader.__file__).parents[1] / "rubrics/week9-vit-clip/lab.yaml"),
            "GRADER": grader.__file__,
            "MARKER": MARKER,
            "RESULTS": _write(folder / "out/results.json", "{}"),
            "SPARE": _write(folder / "spare.txt", "spare"),
            "SUPERVISOR": os.getpid(),
            "SHARED": 0x6772,
        }
        (sibling / "home/spare").mkdir()
        names |= _sockets(stack, folder, sibling)
        names |= _shared(stack)
        victim = subprocess.Popen(
            [sys.executable, "-c", "input('operator')"],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            env={"OPERATOR_TOKEN": MARKER},
        )
        stack.callback(lambda: (victim.communicate(b"\\n"), victim.wait()))
        names["VICTIM"] = victim.pid
        code = "\n".join(f"{name} = {value!r}" for name, value in names.items())
        yield f"import ctypes, os, resource, socket, sys\n{code}"


def cell(attack: str) -> str:
    body = "\n".join(f"    {line}" for line in attack.splitlines())
    outcome = "    print('REACHED')\nexcept BaseException as error:\n    print(repr(error))"
    return f"try:\n{body}\n{outcome}"


def _shared(stack: ExitStack) -> dict[str, object]:
    """What processes of one user share although they do not know one another."""
    libc = ctypes.CDLL(None, use_errno=True)
    segment = libc.shmget(0x6772, 8, 0o1600)
    stack.callback(lambda: libc.shmctl(segment, 0, None))
    queue = f"/grader-{os.getpid()}"
    made = libc.mq_open(queue.encode(), os.O_CREAT | os.O_RDWR, 0o600, None)
    assert made >= 0, os.strerror(ctypes.get_errno())
    stack.callback(libc.mq_unlink, queue.encode())
    stack.callback(os.close, made)
    memory = Path("/dev/shm", f"grader-{os.getpid()}")  # noqa: S108 - the place for it
    memory.write_text("shared")
    stack.callback(memory.unlink)
    ours, theirs = os.openpty()
    for descriptor in (ours, theirs):
        stack.callback(os.close, descriptor)
    return {
        "SEGMENT": segment,
        "QUEUE": queue,
        "KNOWN_MEMORY": str(memory),
        "TERMINAL": os.ttyname(theirs),
    }


def _sockets(stack: ExitStack, folder: Path, sibling: Path) -> dict[str, object]:
    stream, datagram = socket.SOCK_STREAM, socket.SOCK_DGRAM
    kinds: dict[str, tuple[int, int, tuple[str, int] | str]] = {
        "TCP": (socket.AF_INET, stream, ("127.0.0.1", 0)),
        "TCP6": (socket.AF_INET6, stream, ("::1", 0)),
        "UDP": (socket.AF_INET, datagram, ("127.0.0.1", 0)),
        "PATH_SOCKET": (socket.AF_UNIX, stream, str(folder / "s")),
        "SIBLING_SOCKET": (socket.AF_UNIX, stream, str(sibling / "ipc-k-3")),
        "DATAGRAMS": (socket.AF_UNIX, datagram, str(folder / "d")),
        "ABSTRACT_SOCKET": (socket.AF_UNIX, stream, f"\0grader-{os.getpid()}"),
        "ABSTRACT_DATAGRAMS": (socket.AF_UNIX, datagram, f"\0grader-d-{os.getpid()}"),
    }
    names: dict[str, object] = {}
    for name, (family, kind, address) in kinds.items():
        listener = stack.enter_context(socket.socket(family, kind))
        listener.bind(address)
        if kind == socket.SOCK_STREAM:
            listener.listen()
        names[name] = listener.getsockname()
    return names


def _write(path: Path, text: str) -> str:
    path.parent.mkdir(exist_ok=True, parents=True)
    path.write_text(text)
    return str(path)
