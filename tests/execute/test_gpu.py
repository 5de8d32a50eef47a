"""Notebooks on a real GPU; skipped where there is none, or torch cannot use it.

``pytest -m gpu`` runs them alone.
"""

import importlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from grader.errors import SandboxUnavailable
from grader.execute import ForkSandbox, KernelOptions, RunOptions
from grader.execute.devices import Devices, Wanted, choose
from grader.model import Limits
from tests.execute.conftest import notebook, printed

MIB = 1 << 20


def _why_not() -> str:
    """Why nothing here can run; empty where it can."""
    try:
        choose(Wanted(kind="cuda"))
    except SandboxUnavailable as error:
        return str(error)
    torch = importlib.import_module("torch")
    return "" if torch.version.cuda else f"torch {torch.__version__} was built without CUDA"


pytestmark = [
    pytest.mark.gpu,
    pytest.mark.sandbox,
    pytest.mark.skipif(bool(_why_not()), reason=_why_not() or "a GPU"),
]


def _devices(per_device: int) -> Devices:
    return choose(Wanted(kind="cuda"), per_device)


@pytest.fixture(scope="module")
def alone(assets: Path) -> Iterator[ForkSandbox]:
    with ForkSandbox(assets, "tiny", KernelOptions(devices=_devices(1))) as made:
        yield made


@pytest.fixture(scope="module")
def sharing(assets: Path) -> Iterator[ForkSandbox]:
    with ForkSandbox(assets, "tiny", KernelOptions(devices=_devices(2))) as made:
        yield made


def test_every_gpu_is_reached_through_the_walls(alone: ForkSandbox) -> None:
    alone.prove()


def test_the_record_says_what_was_used(alone: ForkSandbox) -> None:
    source = (
        "import time, torch\n"
        "kept = torch.ones(256, 1024, 1024, device='cuda')\n"
        "torch.cuda.synchronize(); time.sleep(1)\n"
        "print(torch.cuda.get_device_name(), torch.version.cuda)"
    )
    run = alone.run(notebook(source), RunOptions())
    gpu, share = _devices(1).gpus[0], run.machine.gpu
    assert share is not None
    assert run.machine.device == gpu.name
    assert printed(run) == f"{gpu.name} {share.cuda}"
    assert share.driver
    assert share.memory_mib == share.share_mib == gpu.memory_bytes // MIB
    assert run.peak_tensors_mib == pytest.approx(1024, rel=0.01)
    # The driver may not tell which process holds what, in a container for one.
    assert run.peak_gpu_mib is None or run.peak_gpu_mib > 1024


def test_a_notebook_sees_its_own_gpu_whatever_it_asks_to_see(alone: ForkSandbox) -> None:
    source = (
        "import os; os.environ['CUDA_VISIBLE_DEVICES'] = '0'\n"
        "import glob, torch\n"
        "print(torch.cuda.device_count(), torch.zeros(1).cuda().item())\n"
        "print(len(glob.glob('/dev/nvidia[0-9]*')))"
    )
    run = alone.run(notebook(source), RunOptions())
    assert printed(run).splitlines() == ["1 0.0", "1"]


def test_the_same_notebook_gives_the_same_numbers(alone: ForkSandbox) -> None:
    source = (
        "import torch\n"
        "model = torch.nn.Sequential(torch.nn.Conv2d(3, 8, 3), torch.nn.Flatten(),\n"
        "                            torch.nn.Linear(8 * 30 * 30, 10)).cuda()\n"
        "step = torch.optim.SGD(model.parameters(), lr=0.1)\n"
        "for _ in range(20):\n"
        "    x, y = torch.randn(16, 3, 32, 32).cuda(), torch.randint(10, (16,)).cuda()\n"
        "    step.zero_grad(); loss = torch.nn.functional.cross_entropy(model(x), y)\n"
        "    loss.backward(); step.step()\n"
        "print(loss.item().hex())"
    )
    first, second = (alone.run(notebook(source), RunOptions(seed=7)) for _ in range(2))
    assert first.cells[0].outcome == "ok"
    assert printed(first) == printed(second)


def test_running_out_of_the_whole_gpu_is_the_cells_error(alone: ForkSandbox) -> None:
    source = "import torch\ntorch.empty(1 << 50, dtype=torch.uint8, device='cuda')"
    run = alone.run(notebook(source, "print('on')"), RunOptions())
    assert [cell.outcome for cell in run.cells] == ["error", "ok"]
    assert run.outcome == "completed"
    assert "Cell 0 ran out of GPU memory, with all" in run.message


def test_a_share_is_a_ceiling_and_running_into_it_is_not_scored(sharing: ForkSandbox) -> None:
    size = int(_devices(2).gpus[0].memory_bytes * 0.6)
    source = f"import torch\ntorch.empty({size}, dtype=torch.uint8, device='cuda')"
    run = sharing.run(notebook(source), RunOptions())
    assert "out of memory" in (run.cells[0].error or "")
    assert run.outcome == "environment"
    assert "up to 2 notebooks share" in run.message


def test_two_notebooks_share_a_gpu(sharing: ForkSandbox) -> None:
    source = (
        "import time, torch\nx = torch.ones(4, device='cuda'); time.sleep(2); print(x.sum().item())"
    )
    with ThreadPoolExecutor(2) as engine:
        cells = [notebook(source), notebook(source)]
        runs = list(engine.map(lambda each: sharing.run(each, RunOptions()), cells))
    assert [printed(run) for run in runs] == ["4.0", "4.0"]


def test_a_notebook_that_never_ends_leaves_nothing_on_the_gpu(alone: ForkSandbox) -> None:
    size = int(_devices(1).gpus[0].memory_bytes * 0.5)
    endless = (
        f"import torch\nx = torch.empty({size}, dtype=torch.uint8, device='cuda')\nwhile True: x[0]"
    )
    limits = Limits(cell_seconds=15)
    assert alone.run(notebook(endless), RunOptions(limits=limits)).outcome == "timeout"
    after = alone.run(
        notebook("import torch\nfree, all = torch.cuda.mem_get_info()\nprint(free / all > 0.9)"),
        RunOptions(),
    )
    assert printed(after) == "True"


def test_the_cpu_can_be_asked_for_all_the_same(sandbox: ForkSandbox) -> None:
    source = (
        "import glob, torch\nprint(torch.cuda.is_available(), glob.glob('/dev/nvidia*'), end='')"
    )
    run = sandbox.run(notebook(source), RunOptions())
    assert printed(run) == "False []"
    assert run.machine.device == "cpu"
