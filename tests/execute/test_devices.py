"""Which GPUs notebooks use, how they share them, and what is said where there is none."""

import json
import os
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grader.errors import SandboxUnavailable
from grader.execute import ForkSandbox, KernelOptions, RunOptions, preflight
from grader.execute.devices import (
    Devices,
    NoSuchGpuError,
    Wanted,
    choose,
    chosen,
    describe,
    of_driver,
    said,
    visible,
)
from grader.execute.leases import Leases
from grader.model import CellRun, Machine, Output, Run
from tests.execute.conftest import notebook, printed
from tests.execute.imaginary import (
    COMPILER,
    GIB,
    ImaginaryDriver,
    devices,
    gpu,
    library,
    machine_with,
)

HERE_IS_A_GPU = describe().count("MiB") > 0
without_gpu = pytest.mark.skipif(HERE_IS_A_GPU, reason="this machine has a GPU")
with_compiler = pytest.mark.skipif(COMPILER is None, reason="needs a C compiler")


@given(st.lists(st.integers(0, 31), unique=True))
def test_what_can_be_written(numbers: list[int]) -> None:
    text = f"cuda:{','.join(map(str, numbers))}" if numbers else "cuda"
    assert Wanted.parse(text) == Wanted(kind="cuda", numbers=tuple(numbers))


@pytest.mark.parametrize("text", ["", "gpu", "cuda:", "cuda:x", "cuda:0,", "cuda:-1", "CPU", "0"])
def test_what_cannot_be_written_is_told_what_can(text: str) -> None:
    with pytest.raises(ValueError, match="write auto, cpu, cuda, cuda:0 or cuda:0,2"):
        Wanted.parse(text)
    with pytest.raises(ValueError, match="twice"):
        Wanted.parse("cuda:1,1")


def test_gpus_are_taken_as_asked() -> None:
    driver = machine_with(3)
    assert chosen(Wanted(kind="cuda"), driver, {}).gpus == driver.gpus
    assert chosen(Wanted(), driver, {}).gpus == driver.gpus
    picked = chosen(Wanted.parse("cuda:2,0"), driver, {}, per_device=2)
    assert [each.index for each in picked.gpus] == [2, 0]
    assert next(iter(said(picked))) == "GPU 2: Imaginary 2, 8192 MiB, shared by up to 2 notebooks"
    with pytest.raises(
        NoSuchGpuError, match=r"no cuda:9 here\. There is cuda:0 Imaginary 0; cuda:1"
    ):
        chosen(Wanted.parse("cuda:1,9"), driver, {})


def test_without_any_gpu_auto_is_the_cpu() -> None:
    assert chosen(Wanted(), machine_with(0), {}) == Devices()
    with pytest.raises(SandboxUnavailable, match="no whole NVIDIA GPU; run with --device cpu"):
        chosen(Wanted(kind="cuda"), machine_with(0), {})
    hidden = {"CUDA_VISIBLE_DEVICES": ""}
    with pytest.raises(SandboxUnavailable, match="that CUDA_VISIBLE_DEVICES= shows"):
        chosen(Wanted(kind="cuda"), machine_with(2), hidden)


@pytest.mark.parametrize(
    ("variable", "indices"),
    [
        (None, [0, 1, 2]),
        ("2,0", [2, 0]),
        (" 1 , GPU-0aaa", [1, 0]),
        ("", []),
        ("-1", []),
        ("0,7,1", [0]),
        ("1,1", [1]),
        ("GPU-", []),
        ("MIG-4a1", []),
    ],
)
def test_what_the_operator_hides_stays_hidden(variable: str | None, indices: list[int]) -> None:
    gpus = tuple(map(gpu, range(3)))
    assert [each.index for each in visible(gpus, variable)] == indices


@without_gpu
def test_asking_for_a_gpu_where_there_is_none_says_what_to_do() -> None:
    with pytest.raises(SandboxUnavailable, match=r"no NVIDIA driver answers.*--device cpu"):
        choose(Wanted(kind="cuda"))
    assert choose(Wanted()) == Devices()
    assert describe() == "none"


SCRIPT = """
import json, os
from msgspec.structs import asdict
from grader.execute import nvml
driver = nvml.driver()
first, second = driver.gpus
used = [driver.used_bytes(first, ids) for ids in ([os.getpid()], [os.getpid(), 1], [2], [])]
print(json.dumps({
    "version": driver.version,
    "gpus": [asdict(each) for each in driver.gpus],
    "free": driver.free_bytes(second),
    "used": [*used, driver.used_bytes(second, [os.getpid()])],
}))
"""


def test_libraries_of_the_driver_that_lie_elsewhere_are_found_in_a_kernel(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "driver").mkdir()
    (tmp_path / "driver" / "libcuda.so.1").touch()
    (tmp_path / "other").mkdir()
    monkeypatch.setenv("LD_LIBRARY_PATH", f"{tmp_path / 'other'}:{tmp_path / 'driver'}:")
    assert of_driver() == {"LD_LIBRARY_PATH": str(tmp_path / "driver")}
    monkeypatch.setenv("LD_LIBRARY_PATH", str(tmp_path / "other"))
    assert of_driver() == {}


@with_compiler
def test_the_driver_is_asked_through_its_library(tmp_path: Path) -> None:
    environment = {**os.environ, "LD_LIBRARY_PATH": str(library(tmp_path))}
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT], env=environment, capture_output=True, text=True, check=True
    )
    found = json.loads(done.stdout)
    assert found["version"] == "580.1"
    assert [(each["index"], each["uuid"], each["node"]) for each in found["gpus"]] == [
        (0, "GPU-0aaa", "nvidia4"),
        (1, "GPU-1aaa", "nvidia5"),
    ], "what MIG cut up is left alone"
    assert {each["memory_bytes"] for each in found["gpus"]} == {8 * GIB}
    assert found["free"] == 7 * GIB
    mib = 1 << 20
    assert found["used"] == [5 * mib, 12 * mib, None, None, None]


@settings(max_examples=25, deadline=None)
@given(
    gpus=st.integers(1, 4),
    per_device=st.integers(1, 3),
    jobs=st.lists(st.sampled_from(["works", "fails"]), min_size=1, max_size=24),
)
def test_no_gpu_is_used_by_more_than_it_may(gpus: int, per_device: int, jobs: list[str]) -> None:
    leases = Leases(devices(gpus, per_device))
    using: Counter[str] = Counter()
    most: Counter[str] = Counter()
    lock = threading.Lock()

    def work(outcome: str) -> None:
        with leases.hold() as lease:
            assert lease is not None
            with lock:
                using[lease.gpu.uuid] += 1
                most[lease.gpu.uuid] = max(most[lease.gpu.uuid], using[lease.gpu.uuid])
            time.sleep(0.001)
            with lock:
                using[lease.gpu.uuid] -= 1
            if outcome == "fails":
                raise ValueError(outcome)

    with ThreadPoolExecutor(len(jobs)) as engine:
        ended = [engine.submit(work, job).exception(timeout=30) for job in jobs]
    assert [error is not None for error in ended] == [job == "fails" for job in jobs]
    assert max(most.values()) <= per_device
    # Whatever happened, everything was given back: all of it can be had at once.
    held = [leases.hold() for _ in range(gpus * per_device)]
    taken = [each.__enter__() for each in held]
    spread = Counter(lease.gpu.uuid for lease in taken if lease)
    assert set(spread.values()) == {per_device}


def test_the_least_used_gpu_comes_first_and_so_does_who_came_first() -> None:
    leases = Leases(devices(2))
    order: list[int] = []
    waiting: list[threading.Thread] = []
    with leases.hold() as one, leases.hold() as two:
        assert one is not None
        assert two is not None
        assert one.gpu != two.gpu
        only = one.gpu

        def work(number: int) -> None:
            with leases.hold(only):
                order.append(number)

        for number in range(5):
            waiting.append(threading.Thread(target=work, args=(number,)))
            waiting[-1].start()
            deadline = time.monotonic() + 10
            while leases.waiting <= number and time.monotonic() < deadline:
                time.sleep(0.001)
    for each in waiting:
        each.join(10)
    assert order == [0, 1, 2, 3, 4]


def test_who_waits_for_a_gpu_is_told_when_the_sandbox_closes() -> None:
    leases = Leases(devices(1))
    with leases.hold(), ThreadPoolExecutor(1) as engine:

        def wait() -> None:
            with leases.hold():
                pytest.fail("there is none left")

        waiting = engine.submit(wait)
        time.sleep(0.05)
        assert not waiting.done()
        leases.close()
        assert isinstance(waiting.exception(timeout=10), SandboxUnavailable)


def test_a_share_leaves_room_for_what_cuda_itself_takes() -> None:
    with Leases(devices(1, per_device=1)).hold() as alone:
        assert alone is not None
        assert (alone.share_bytes, alone.tensor_bytes) == (8 * GIB, 0)
    with Leases(devices(1, per_device=4)).hold() as shared:
        assert shared is not None
        assert shared.share_bytes == 2 * GIB
        assert GIB <= shared.tensor_bytes < 2 * GIB


OUT_OF_MEMORY = (
    "import torch\nraise torch.cuda.OutOfMemoryError('CUDA out of memory. Tried to allocate 9 GiB')"
)


Imagined = tuple[ForkSandbox, ImaginaryDriver]


def _imagined(assets: Path, per_device: int) -> Iterator[Imagined]:
    driver = machine_with(2)
    chosen = Devices(gpus=driver.gpus, per_device=per_device, driver=driver)
    with ForkSandbox(assets, "tiny", KernelOptions(devices=chosen)) as sandbox:
        yield sandbox, driver


@pytest.fixture(scope="module")
def alone(assets: Path) -> Iterator[Imagined]:
    yield from _imagined(assets, 1)


@pytest.fixture(scope="module")
def sharing(assets: Path) -> Iterator[Imagined]:
    yield from _imagined(assets, 2)


@pytest.mark.sandbox
def test_a_lease_reaches_the_kernel_and_the_record(sharing: Imagined) -> None:
    sandbox, driver = sharing
    driver.used = 3 << 20
    shown = (
        "import os, torch\n"
        "print(os.environ['CUDA_VISIBLE_DEVICES'], os.environ['CUBLAS_WORKSPACE_CONFIG'])\n"
        "print(torch.backends.cudnn.deterministic, torch.backends.cudnn.benchmark)\n"
        "print(torch.cuda.is_initialized())"
    )
    run = sandbox.run(notebook(shown, OUT_OF_MEMORY, "print('on')"), RunOptions())
    assert printed(run).splitlines() == ["GPU-0aaa-bbbb :4096:8", "True False", "False"]
    assert run.machine.device == "Imaginary 0"
    share = run.machine.gpu
    assert share is not None
    assert (share.driver, share.memory_mib, share.share_mib) == ("580.1", 8192, 4096)
    assert run.peak_gpu_mib == 3.0
    # A smaller share than the GPU has is the runner's doing: nothing is scored.
    assert run.outcome == "environment"
    assert run.message == (
        "Cell 1 ran out of GPU memory: up to 2 notebooks share the Imaginary 0, and this one "
        "could use 4096 of its 8192 MiB. It has to run again with a GPU of its own."
    )
    assert printed(run, 2) == "on"


@pytest.mark.sandbox
def test_taking_more_than_a_share_ends_the_notebook_and_is_not_scored(sharing: Imagined) -> None:
    sandbox, driver = sharing
    driver.used = 5 * GIB
    run = sandbox.run(notebook("import time; time.sleep(30)", "1"), RunOptions())
    assert run.outcome == "environment"
    assert run.message.startswith("Cell 0 ran out of GPU memory: up to 2 notebooks share")
    assert [cell.outcome for cell in run.cells] == ["killed", "skipped"]
    assert run.peak_gpu_mib == 5 * 1024


@pytest.mark.sandbox
def test_running_out_of_a_whole_gpu_is_the_cells_error_and_says_so(alone: Imagined) -> None:
    sandbox, driver = alone
    driver.free = 8 * GIB
    run = sandbox.run(notebook(OUT_OF_MEMORY), RunOptions())
    assert run.outcome == "completed"
    assert run.cells[0].outcome == "error"
    assert run.message == (
        "Cell 0 ran out of GPU memory, with all 8192 MiB of the Imaginary 0 its own."
    )


@pytest.mark.sandbox
def test_running_out_of_what_other_programs_left_is_nobodys_mistake(alone: Imagined) -> None:
    sandbox, driver = alone
    driver.free = 5 * GIB
    run = sandbox.run(notebook(OUT_OF_MEMORY), RunOptions())
    assert run.outcome == "environment"
    assert "other programs held some of the Imaginary 0, and 5120 of its 8192 MiB" in run.message


REACHED = {
    "nodes": ["/dev/nvidia0", "/dev/nvidia-uvm", "/dev/nvidiactl"],
    "torch": "2.13.0",
    "cuda": "12.8",
    "product": 256.0**3,
    "count": 1,
    "memory": 8 * GIB - (100 << 20),
}


def _said(changed: dict[str, object], cell_error: str | None = None) -> Run:
    text = json.dumps({**REACHED, **changed}) if cell_error is None else ""
    machine = Machine(
        python="3.11",
        platform="Linux",
        device="Imaginary 0",
        cores=1,
        sandbox="none",
        seed=42,
        profile="tiny",
        versions={},
    )
    output = Output(kind="stdout", text=text)
    cell = CellRun(index=0, outcome="ok", seconds=1.0, error=cell_error, outputs=(output,))
    return Run(submission="", outcome="completed", machine=machine, cells=(cell,))


def test_a_gpu_that_multiplies_is_reached() -> None:
    preflight.check(_said({}), gpu(0))


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"cuda": None, "error": "AssertionError: x"}, "built without CUDA; install a build"),
        (
            {"error": "RuntimeError: no device", "nodes": ["/dev/nvidiactl"]},
            "/dev/nvidia0 and /dev/nvidia-uvm cannot be seen in the sandbox; `sudo nvidia-modprobe",
        ),
        ({"error": "RuntimeError: driver too old\nmore"}, "RuntimeError: driver too old; or run"),
        ({"product": 1.0}, "a product of matrices came out wrong"),
        ({"count": 2}, "sees 2 GPUs instead of this one"),
        ({"memory": 16 * GIB}, "a GPU with 16384 MiB of memory, another one"),
    ],
)
def test_a_gpu_that_is_not_reached_is_told_with_what_to_do(
    changed: dict[str, object], why: str
) -> None:
    with pytest.raises(SandboxUnavailable) as told:
        preflight.check(_said(changed), gpu(0))
    assert why in str(told.value)
    assert "GPU 0 (Imaginary 0)" in str(told.value)
    assert str(told.value).endswith("or run with --device cpu")


def test_a_preflight_that_says_nothing_tells_what_ended_it() -> None:
    with pytest.raises(SandboxUnavailable, match="MemoryError: too much"):
        preflight.check(_said({}, cell_error="MemoryError: too much"), gpu(0))


@pytest.mark.sandbox
@without_gpu
def test_a_gpu_that_kernels_do_not_reach_is_noticed_before_any_notebook(alone: Imagined) -> None:
    sandbox, _ = alone
    with pytest.raises(SandboxUnavailable, match=r"notebooks cannot use GPU 0 .Imaginary 0."):
        sandbox.prove()


@pytest.mark.sandbox
def test_on_the_cpu_no_gpu_shows_and_running_out_of_one_is_only_an_error(
    sandbox: ForkSandbox,
) -> None:
    shown = (
        "import os, glob; print(repr(os.environ['CUDA_VISIBLE_DEVICES']), glob.glob('/dev/nv*'))"
    )
    run = sandbox.run(notebook(shown, OUT_OF_MEMORY), RunOptions())
    assert printed(run) == "'' []"
    assert (run.machine.device, run.machine.gpu) == ("cpu", None)
    assert (run.outcome, run.message) == ("completed", "")
    assert run.peak_gpu_mib is None
    assert run.peak_memory_mib is not None
    assert run.peak_memory_mib > 50


def test_runs_on_another_gpu_do_not_count_as_made(assets: Path) -> None:
    def conditions(chosen: Devices) -> dict[str, object]:
        with ForkSandbox(assets, "tiny", KernelOptions(devices=chosen)) as sandbox:
            return sandbox.conditions

    assert conditions(devices(1)) != conditions(Devices())
    assert conditions(devices(1)) != conditions(devices(2))
    assert conditions(devices(2)) == conditions(devices(2, per_device=2))
