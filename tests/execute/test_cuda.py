"""Hard-coded ``cuda`` on a runner without a GPU, where the lab lets notebooks use the CPU."""

import ast
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grader.execute import ForkSandbox, RunOptions
from grader.execute.adapt import adapt
from grader.execute.devices import describe
from grader.labs import load_lab
from grader.model import Adaptation, Cell, Run
from grader.pipeline import conditions
from tests.execute.conftest import notebook, printed

without_gpu = pytest.mark.skipif("MiB" in describe(), reason="this machine has a GPU")


def _adapted(source: str, device: str = "cpu") -> tuple[str, tuple[Adaptation, ...]]:
    cell = Cell(index=4, kind="code", source=source)
    return adapt(cell, device, cuda_on_cpu=True)


CHANGED = {
    'device = torch.device("cuda")': 'device = torch.device("cpu")',
    "model.to('cuda:0')": "model.to('cpu')",
    "x = x.cuda(non_blocking=True)": "x = x.cpu()",
    "(a + b).cuda().sum()": "(a + b).cpu().sum()",
    "f(x.cuda()).cuda(0)": "f(x.cpu()).cpu()",
    'pipe = pipeline("fill-mask", device=0)': 'pipe = pipeline("fill-mask", device="cpu")',
    "torch.cuda.synchronize(); t = time()": "None; t = time()",
    "torch.cuda.set_device('cuda:0')": "None",
    'args = TrainingArguments("out", fp16=True)': 'args = TrainingArguments("out", fp16=False)',
    'def f(x, device="cuda"): return x': 'def f(x, device="cpu"): return x',
    'settings = {"device": "cuda", "cuda": 1}': 'settings = {"device": "cpu", "cuda": 1}',
    'é = "ü"; model.to("cuda")': 'é = "ü"; model.to("cpu")',
    '%time model.to("cpu")\nm.cuda()': '%time model.to("cpu")\nm.cpu()',
    '%%time\nx = "cuda:0"': '%%time\nx = "cpu"',
    "x = x.cuda(\n    0,  # the first\n)\ny = 1": "x = x.cpu(\n\n)\ny = 1",
    "if torch.cuda.is_available():\n    d = 'cuda'\nelse:\n    d = 'cuda'": (
        "if torch.cuda.is_available():\n    d = 'cuda'\nelse:\n    d = 'cpu'"
    ),
}

LEFT = (
    'device = "cuda" if torch.cuda.is_available() else "cpu"',
    'if model.device.type == "cuda": print("cuda")',
    'if device in ("cuda", "mps"): half()',
    'model.to(f"cuda:{rank}")',
    'f"{x.cuda()}"',
    'model.to("cuda:1")',
    "device = name",
    "model.to(device)",
    'hasattr(torch, "cuda")',
    '"""cuda"""',
    "torch.cuda.empty_cache(); torch.cuda.manual_seed_all(1)",
    'pipeline("fill-mask", device=-1)',
    "%env DEVICE=cuda",
    "%%bash\npython train.py --device cuda",
    "x = 'cuda' 'cuda'",
    "not python at all, cuda",
)


@pytest.mark.parametrize(("before", "after"), CHANGED.items())
def test_what_is_written_out_is_put_right_and_listed(before: str, after: str) -> None:
    adapted, found = _adapted(before)
    assert adapted == after
    assert found
    lines = before.split("\n")
    for each in found:
        assert (each.cell, each.text) == (4, lines[each.line - 1])
        assert "this runner has no GPU, and the lab lets it run on the CPU" in each.reason


@pytest.mark.parametrize("source", LEFT)
def test_everything_else_is_left_alone(source: str) -> None:
    assert _adapted(source) == (source, ())


@pytest.mark.parametrize(
    "source",
    [
        'with torch.autocast("cuda", dtype=torch.float16): pass',
        "with torch.cuda.amp.autocast(): pass",
        "scaler = torch.amp.GradScaler('cuda')",
        "scaler = GradScaler()",
        "with torch.autocast(device_type='cuda'): pass",
    ],
)
def test_mixed_precision_is_left_to_torch_which_goes_on_without(source: str) -> None:
    adapted, found = _adapted(source)
    assert adapted == source
    assert [each.line for each in found] == [1]
    assert "mixed precision for GPUs is off" in found[0].reason


def test_nothing_is_changed_where_there_is_a_gpu_or_the_lab_does_not_say_so() -> None:
    for source in CHANGED:
        assert _adapted(source, "NVIDIA H200") == (source, ())
        assert adapt(Cell(index=0, kind="code", source=source)) == (source, ())


@settings(max_examples=60, deadline=None)
@given(st.lists(st.sampled_from([*CHANGED, *LEFT[:13]]), min_size=1, max_size=6))
def test_lines_keep_their_numbers_and_a_second_time_changes_nothing(parts: list[str]) -> None:
    # A cell magic counts only in the first line, and elsewhere is no Python.
    source = "\n".join(part for part in parts if not part.startswith("%"))
    adapted, found = _adapted(source)
    assert adapted.count("\n") == source.count("\n")
    ast.parse(adapted)
    changed = {
        number
        for number, (one, other) in enumerate(
            zip(source.split("\n"), adapted.split("\n"), strict=True), start=1
        )
        if one != other
    }
    assert {each.line for each in found} <= changed
    assert _adapted(adapted)[0] == adapted


def test_a_cell_nested_beyond_reason_is_left_alone() -> None:
    source = f"x = {'+'.join(['1'] * 3000)}\nmodel.to('cuda')"
    assert _adapted(source) == (source, ())


def test_a_long_cell_takes_no_longer_than_reading_it() -> None:
    source = "model.to('cuda')\n" * 10_000
    began = time.process_time()
    adapted, found = _adapted(source)
    assert adapted == "model.to('cpu')\n" * 10_000
    assert len(found) == 10_000
    assert time.process_time() - began < 15


TRAINING = """
import torch
from torch.cuda.amp import GradScaler
device = torch.device("cuda")
torch.cuda.set_device(0); torch.cuda.reset_peak_memory_stats()
model = torch.nn.Linear(4, 2).cuda()
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
scaler = GradScaler()
x, y = torch.randn(8, 4).to("cuda"), torch.zeros(8, dtype=torch.long, device="cuda:0")
for _ in range(3):
    optimizer.zero_grad()
    with torch.autocast("cuda", dtype=torch.float16):
        loss = torch.nn.functional.cross_entropy(model(x), y)
    scaler.scale(loss).backward()
    scaler.step(optimizer)
    scaler.update()
torch.cuda.synchronize()
torch.cuda.empty_cache()
torch.cuda.manual_seed_all(7)
"""
SHOWING = "print(model.weight.device, loss.dtype, bool(loss.isfinite()))"
PIPELINE = """
from transformers import pipeline, ViTConfig, ViTForImageClassification, ViTImageProcessor
tiny = ViTConfig(hidden_size=8, num_hidden_layers=1, num_attention_heads=1, intermediate_size=8,
                 image_size=16, patch_size=8)
pipe = pipeline("image-classification", model=ViTForImageClassification(tiny),
                image_processor=ViTImageProcessor(size={"height": 16, "width": 16}), device=0)
print(pipe.device)
"""


@pytest.mark.sandbox
@without_gpu
def test_a_notebook_for_a_gpu_trains_on_the_cpu_where_the_lab_says_so(
    sandbox: ForkSandbox,
) -> None:
    cells = notebook(TRAINING, SHOWING, PIPELINE)
    run = sandbox.run(cells, RunOptions(cuda_without_gpu="cpu"))
    assert [cell.error for cell in run.cells] == [None, None, None]
    assert run.outcome == "completed"
    assert printed(run, 1) == "cpu torch.float32 True"
    assert printed(run, 2).endswith("cpu")
    assert {each.line for each in run.adaptations if each.cell == 0} == {
        *(4, 5, 6, 8, 9, 12, 17),
    }
    assert [each.line for each in run.adaptations if each.cell == 2] == [6]


@pytest.mark.sandbox
@without_gpu
def test_otherwise_the_same_notebook_lacks_a_gpu(sandbox: ForkSandbox) -> None:
    run: Run = sandbox.run(notebook(TRAINING), RunOptions())
    assert run.outcome == "environment"
    assert run.message == "This runner has no NVIDIA GPU, which cell 0 asks for."
    assert run.adaptations == ()


def test_the_labs_choice_decides_whether_a_run_counts_as_made() -> None:
    lab = load_lab("week9-vit-clip")
    assert lab.cuda_without_gpu == "environment"
    other = lab.model_copy(update={"cuda_without_gpu": "cpu"})
    assert conditions(lab, {}, 42) != conditions(other, {}, 42)
