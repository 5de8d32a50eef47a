"""``--device``: what can be written, and what is said where a GPU cannot be used."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from grader.execute.devices import describe
from tests.cli.command import ROOT, Done, grader
from tests.execute.imaginary import COMPILER, library

LAB = "week9-vit-clip"
without_gpu = pytest.mark.skipif("MiB" in describe(), reason="this machine has a GPU")
with_compiler = pytest.mark.skipif(COMPILER is None, reason="needs a C compiler")


def test_what_is_no_device_is_a_usage_error(notebook: Path) -> None:
    done = grader("check", notebook, "--lab", LAB, "--run", "--device", "cuda:x")
    assert done.code == 2
    assert "'cuda:x' is not a device; write auto, cpu, cuda, cuda:0 or cuda:0,2" in done.err


@without_gpu
def test_asking_for_a_gpu_fails_before_any_notebook_runs(notebook: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    done = grader("grade", notebook, "--lab", LAB, "--out", out, "--device", "cuda")
    assert done.code == 3
    assert "no NVIDIA driver answers on this machine" in done.err
    assert "--device cpu" in done.err
    assert not list(out.glob("runs/*"))


def _with_imaginary_gpus(folder: Path, *arguments: str | Path) -> Done:
    done = subprocess.run(
        [sys.executable, "-m", "grader", *map(str, arguments)],
        capture_output=True,
        text=True,
        cwd=ROOT,
        env={**os.environ, "LD_LIBRARY_PATH": str(library(folder))},
        check=False,
    )
    return Done(done.returncode, done.stdout, done.stderr)


@without_gpu
@with_compiler
def test_a_gpu_that_is_not_there_is_a_usage_error(notebook: Path, tmp_path: Path) -> None:
    done = _with_imaginary_gpus(
        tmp_path, "check", notebook, "--lab", LAB, "--run", "--device", "cuda:9"
    )
    assert done.code == 2
    assert "There is no cuda:9 here. There is cuda:0 Imaginary 0; cuda:1 Imaginary 1." in done.err


@pytest.mark.slow
@pytest.mark.sandbox
@without_gpu
@with_compiler
def test_auto_falls_back_to_the_cpu_and_says_why(notebook: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    command = ("grade", notebook, "--lab", LAB, "--out", out, "--device", "auto")
    done = _with_imaginary_gpus(tmp_path, *command)
    assert done.code == 0, done.err
    assert "Notebooks run on the CPU: notebooks cannot use GPU 0 (Imaginary 0)" in done.err
    runs = [json.loads(each.read_text()) for each in out.glob("runs/**/2-run.json")]
    assert [each["machine"]["device"] for each in runs] == ["cpu"]
    assert runs[0]["machine"]["gpu"] is None
    assert runs[0]["peak_memory_mib"] > 50
