"""What the page says of the GPU a notebook ran on, and of its memory."""

import pytest

from grader.model import GpuShare, Result
from grader.report import student_page
from tests.report import sample_findings as facts
from tests.report import sample_results as sample
from tests.report.reading_html import Page

SHARE = GpuShare(
    driver="580.95.05",
    cuda="12.8",
    memory_mib=143771,
    share_mib=71885,
    notebooks=2,
    tf32="convolutions",
)

ALLOWED = f"{facts.LAB.limits.memory_mib:,}"


def ran_with(gpu: GpuShare | None, **measured: float | str | None) -> Result:
    result = sample.honest()
    assert result.run is not None
    machine = result.run.machine.model_copy(
        update={"gpu": gpu, "device": "NVIDIA H200" if gpu else "cpu"}
    )
    run = result.run.model_copy(update={"machine": machine, **measured})
    return result.model_copy(update={"run": run})


def text_of(result: Result) -> str:
    return Page(student_page(result, facts.CONTEXT).html).text


def test_the_gpu_its_driver_and_the_memory_used_are_named() -> None:
    text = text_of(ran_with(SHARE, peak_memory_mib=2048.4, peak_gpu_mib=30000.0))
    assert (
        "NVIDIA H200, shared by up to 2 notebooks; driver 580.95.05, CUDA 12.8, TF32 for "
        "convolutions; 2 CPU cores" in text
    )
    assert f"up to 2,048 of {ALLOWED} MiB; of the GPU up to 30,000 of 71,885 MiB" in text


@pytest.mark.parametrize(
    ("measured", "said"),
    [
        ({}, "of the GPU unknown of 71,885 MiB"),
        ({"peak_tensors_mib": 12.0}, "of the GPU up to 12 of 71,885 MiB"),
        ({"peak_tensors_mib": 0.0}, "of the GPU up to 0 of 71,885 MiB"),
    ],
)
def test_what_was_not_measured_is_unknown_and_never_zero(
    measured: dict[str, float], said: str
) -> None:
    assert said in text_of(ran_with(SHARE, **measured))


def test_without_a_gpu_none_is_mentioned() -> None:
    assert "GPU" not in text_of(ran_with(None))
    assert f"up to 431 of {ALLOWED} MiB" in text_of(ran_with(None, peak_memory_mib=431.2))


def test_a_graded_run_that_ran_out_of_gpu_memory_says_so() -> None:
    said = "Cell 4 ran out of GPU memory, with all 143771 MiB of the NVIDIA H200 its own."
    result = ran_with(SHARE, message=said)
    assert text_of(result.model_copy(update={"message": said})).count(said) == 1
