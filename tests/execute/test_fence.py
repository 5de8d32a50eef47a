"""The level landlock: what notebooks need works at it, and what it cannot do it says."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from grader.execute import ForkSandbox, RunOptions
from grader.execute.doctor import examine
from grader.execute.environment import own
from grader.execute.scratch import create
from grader.model import Limits, Run
from tests.execute.conftest import notebook, printed

pytestmark = pytest.mark.sandbox

GUEST = Path(__file__).parents[2] / "grader/execute/guest"


@pytest.fixture(scope="module")
def run(fence: ForkSandbox) -> Callable[..., Run]:
    def runner(*sources: str, **limits: float) -> Run:
        ceilings = Limits.model_validate({"cell_seconds": 60, "run_seconds": 120, **limits})
        return fence.run(notebook(*sources), RunOptions(limits=ceilings))

    return runner


PROCESSES = {
    "import multiprocessing\n"
    "with multiprocessing.get_context('fork').Pool(2) as pool: print(pool.map(abs, [-1, -2]))": (
        "[1, 2]"
    ),
    # Its server is connected to by a socket with a path.
    "with multiprocessing.Manager() as manager: print(manager.list([1]))": "[1]",
    # So are the workers that hand over tensors.
    "import torch\nfrom torch.utils.data import DataLoader, TensorDataset\n"
    "data = DataLoader(TensorDataset(torch.ones(6, 2)), batch_size=2, num_workers=2)\n"
    "print(sum(batch.sum().item() for batch, in data))": "12.0",
    "from joblib import Parallel, delayed\n"
    "print(Parallel(n_jobs=2)(delayed(abs)(n) for n in (-1, -2, -3)))": "[1, 2, 3]",
    "from multiprocessing import shared_memory\n"
    "block = shared_memory.SharedMemory(create=True, size=8)\n"
    "block.close(); block.unlink(); print('shared')": "shared",
    "import psutil\n"
    "print(psutil.virtual_memory().total > 0, psutil.Process().memory_info().rss > 0, "
    "psutil.cpu_percent() >= 0)": "True True True",
    "import subprocess, sys\n"
    "print(subprocess.run([sys.executable, '-c', 'print(6 * 7)'], capture_output=True, text=True)"
    ".stdout)": "42",
}

FILES = {
    "import shutil, tarfile, zipfile, pathlib\n"
    "pathlib.Path('a.txt').write_text('x'); shutil.copy2('a.txt', 'b.txt')\n"
    "for kind in ('gztar', 'zip'): shutil.make_archive('c', kind, '.', 'a.txt')\n"
    "tarfile.open('c.tar.gz').extractall('d', filter='data')\n"
    "zipfile.ZipFile('c.zip').extractall('e')\n"
    "print(open('b.txt').read(), open('d/a.txt').read(), open('e/a.txt').read())": "x x x",
    "import torch\ntorch.save(torch.ones(2), 't.pt'); print(torch.load('t.pt').tolist())": (
        "[1.0, 1.0]"
    ),
    "from datasets import Dataset\ndata = Dataset.from_dict({'a': [1, 2]})\n"
    "data.map(lambda row: {'b': row['a'] * 2}).save_to_disk('data')\n"
    "print(Dataset.load_from_disk('data')['b'][:])": "[2, 4]",
    "from transformers import BertConfig, BertModel\n"
    "config = BertConfig(hidden_size=8, num_hidden_layers=1, num_attention_heads=1, "
    "intermediate_size=8, vocab_size=8)\n"
    "BertModel(config).save_pretrained('m')\n"
    "print(BertModel.from_pretrained('m').config.hidden_size)": "8",
    "import tempfile\nprint(open(tempfile.mkstemp()[1], 'w').write('abc'))": "3",
    "import getpass, os\nprint(getpass.getuser(), os.path.basename(os.getcwd()))": "student work",
}

COMMANDS = {
    "!echo one; echo two >&2; ls; cat /proc/cpuinfo | head -c 9": "one\ntwo\nprocessor",
    "!false\nprint(_exit_code)": "1",
    "found = !echo listed\nprint(found)": "['listed']",
    "%%bash\necho b; head -c 3 < <(echo hello)": "b\nhel",
    "%cd /tmp/..\n%cd -q ~/work\n!printf '\\377'": "/\n\N{REPLACEMENT CHARACTER}",
}


@pytest.mark.parametrize("cases", [PROCESSES, FILES, COMMANDS], ids=["processes", "files", "shell"])
def test_what_notebooks_need_works(run: Callable[..., Run], cases: dict[str, str]) -> None:
    result = run(*cases)
    assert [cell.error for cell in result.cells] == [None] * len(cases)
    shown = [printed(result, index) for index in range(len(cases))]
    assert shown == list(cases.values())
    assert result.recorder_complete


def test_the_level_is_recorded(run: Callable[..., Run]) -> None:
    result = run("import matplotlib.pyplot as plt; plt.plot([1, 2]); plt.show()")
    walls = result.machine.sandbox.split()
    assert walls[0].startswith("landlock-")
    assert walls[1:] == ["seccomp"]
    assert result.cells[0].outputs[0].kind == "display"


def test_a_missing_network_is_noticed_at_once(run: Callable[..., Run]) -> None:
    result = run(
        "import urllib.request\nurllib.request.urlopen('https://example.org/x')",
        "import socket\nsocket.create_connection(('127.0.0.1', 80), 5)",
    )
    assert [cell.outcome for cell in result.cells] == ["error", "error"]
    assert all(cell.seconds < 2 for cell in result.cells)


def test_metadata_is_not_changed_but_said_to_be(run: Callable[..., Run]) -> None:
    result = run(
        "import os\nopen('f', 'w').close()\nos.chmod('f', 0o777); os.utime('f', (1, 1))\n"
        "print(oct(os.stat('f').st_mode & 0o111), os.stat('f').st_mtime > 1)"
    )
    assert printed(result) == "0o0 True"


def test_a_fork_bomb_is_killed_without_a_limit_of_the_kernel(run: Callable[..., Run]) -> None:
    # Of a small process, which is forked a hundred times faster than a kernel.
    bomb = (
        "import subprocess, sys\n"
        "code = 'import os, time\\nfor _ in range(300):\\n"
        "    if os.fork() == 0: time.sleep(60); os._exit(0)\\ntime.sleep(9)'\n"
        "subprocess.run([sys.executable, '-I', '-S', '-c', code])"
    )
    result = run(bomb, "1", memory_mib=1_000_000)
    assert result.message == "Cell 0 started more than 256 processes."


def test_files_are_measured_and_limited(run: Callable[..., Run]) -> None:
    write = (
        "import os, time\nos.makedirs('a/b'); os.chdir('a/b')\n"
        "open('large', 'wb').write(os.urandom(96 << 20)); time.sleep(9)"
    )
    result = run(write, "1", disk_mib=64)
    assert result.outcome == "killed"
    assert result.message == "Cell 0 kept more than 64 MiB of files."


def test_ordinary_processes_hold_sockets_of_their_own_only(run: Callable[..., Run]) -> None:
    result = run(
        "import os, socket, tempfile, threading\n"
        "path = tempfile.mkdtemp() + '/s'\n"
        "server = socket.socket(socket.AF_UNIX); server.bind(path); server.listen()\n"
        "client = socket.socket(socket.AF_UNIX)\n"
        "thread = threading.Thread(target=client.connect, args=(path,)); thread.start()\n"
        "connection, _ = server.accept(); thread.join(); client.sendall(b'hi')\n"
        "print(connection.recv(2).decode())\n"
        "os.chdir(os.path.dirname(path)); again = socket.socket(socket.AF_UNIX)\n"
        "again.connect('s'); print('relative')\n"
        "for bad in ('/run/docker.sock', path + '/../../../s', '\\0abstract', path + 'x'):\n"
        "    try: socket.socket(socket.AF_UNIX).connect(bad); print('connected')\n"
        "    except OSError as error: print(type(error).__name__)"
    )
    assert printed(result).split("\n")[:2] == ["hi", "relative"]
    assert "connected" not in printed(result)
    assert "FileNotFoundError" in printed(result)


HIDDEN = """
import importlib.util, json, os, sys
folder, order = sys.argv[1:]
spec = importlib.util.spec_from_file_location(
    "grader_guest", folder + "/__init__.py", submodule_search_locations=[folder])
sys.modules["grader_guest"] = importlib.util.module_from_spec(spec)
from grader_guest import fence
from grader_guest.order import Order
order = Order.of(json.loads(order))
fence.confine(order)
top = order.python[0]
for name in ("lib/open.txt", "lib/new/open.txt", "lib/hidden/secret.txt", "lib/link/secret.txt"):
    try:
        print((top / name).read_text())
    except OSError as error:
        print(type(error).__name__)
print(sorted(os.listdir(top / "lib")))
"""


def test_what_is_hidden_in_a_readable_folder_stays_hidden(tmp_path: Path) -> None:
    python, hidden = tmp_path / "python", tmp_path / "python/lib/hidden"
    for path in (python / "lib/open.txt", python / "lib/new/open.txt", hidden / "secret.txt"):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(path.parent.name)
    (python / "lib/link").symlink_to(hidden)
    run = create(tmp_path / "run")
    order = {
        "id": 0,
        "level": "landlock",
        "folder": str(run),
        "python": [str(python), *map(str, own().folders)],
        "hidden": [str(hidden)],
        "assets": str(tmp_path / "assets"),
        "connection": {},
        **dict.fromkeys(("seed", "threads", "output_bytes", "outputs", "gpu_bytes"), 0),
        **dict.fromkeys(("memory_bytes", "disk_bytes"), 1 << 30),
        "cpu_seconds": 60,
        "gpu": "",
    }
    done = subprocess.run(
        [sys.executable, "-P", "-c", HIDDEN, str(GUEST), json.dumps(order)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout.splitlines() == [
        "lib",
        "new",
        "PermissionError",
        "PermissionError",
        "['hidden', 'link', 'new', 'open.txt']",
    ], done.stderr


@pytest.mark.parametrize(("abi", "gaps"), [(3, {"signal another process"}), (6, set())])
def test_an_older_landlock_leaves_open_what_doctor_says(abi: int, gaps: set[str]) -> None:
    found = examine(abi)
    if found.abi < abi:
        pytest.skip(f"this kernel has Landlock {found.abi}")
    assert found.fence[0] == f"landlock-{abi}"
    opened = {each.name for each in found.attempts if not each.fenced}
    assert found.landlock_holds
    assert opened & {"signal another process"} == gaps


def test_a_landlock_that_lets_files_be_emptied_is_none() -> None:
    found = examine(2)
    assert not found.landlock_holds
    assert "at least 3 is needed" in found.fence_missing
