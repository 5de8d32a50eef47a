"""Recorded and broken runs go through every stage without a kernel."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from grader.errors import SandboxTimeout
from grader.execute import ReplaySandbox, RunOptions, Sandbox
from grader.intake import intake
from grader.model import CellRun, Machine, Outcome, Output, Result, Run, Submission
from grader.pipeline import Job, Setup, grade_all, grade_one, judge
from grader.store import ClassInfo, Store
from tests import build
from tests.cli.command import SAMPLES

MACHINE = Machine(
    python="3.11", platform="x", device="cpu", cores=1, sandbox="x", seed=1, profile="tiny",
    versions={},
)  # fmt: skip
HONEST, RANDOM = SAMPLES / "honest.ipynb", SAMPLES / "random-labels.ipynb"


def recorded(path: Path, printed: str = "") -> Run:
    """A run in which every cell printed the same."""
    submission = intake(path, build.lab())
    outputs = (Output(kind="stdout", text=printed),) if printed else ()
    cells = tuple(
        CellRun(index=cell.index, outcome="ok", seconds=0.1, outputs=outputs)
        for cell in submission.code_cells
    )
    return Run(submission=submission.digest, outcome="completed", machine=MACHINE, cells=cells)


@dataclass
class Faulty:
    """A sandbox whose machine fails before it answers."""

    behind: Sandbox
    failures: int
    error: Callable[[], Exception] = lambda: SandboxTimeout("no answer")
    calls: int = field(default=0)

    def run(self, submission: Submission, options: RunOptions) -> Run:
        self.calls += 1
        if self.calls <= self.failures:
            raise self.error()
        return self.behind.run(submission, options)


def replay(*runs: Run) -> ReplaySandbox:
    return ReplaySandbox({run.submission: run for run in runs})


def graded(sandbox: Sandbox | None, path: Path = HONEST) -> Result:
    return grade_one(Job(path=path, student="heron"), Setup(lab=build.lab(), sandbox=sandbox))


def test_a_replayed_run_is_graded() -> None:
    result = graded(replay(recorded(HONEST)))
    assert result.outcome == Outcome.NEEDS_REVIEW
    assert result.student == "heron"
    assert result.grade is not None
    assert len(result.grade.criteria) == len(build.lab().criteria)


def test_a_fault_of_the_machine_is_tried_once_more() -> None:
    sandbox = Faulty(replay(recorded(HONEST)), failures=1)
    assert graded(sandbox).outcome != Outcome.HARNESS_ERROR
    assert sandbox.calls == 2


@pytest.mark.parametrize("error", [lambda: SandboxTimeout("no answer"), lambda: KeyError("x")])
def test_a_lasting_fault_costs_no_points(error: Callable[[], Exception]) -> None:
    result = graded(Faulty(replay(), failures=9, error=error))
    assert result.outcome == Outcome.HARNESS_ERROR
    assert result.grade is None
    assert "costs no points" in result.message


def test_what_this_runner_lacks_costs_no_points() -> None:
    lacking = recorded(HONEST).model_copy(
        update={"outcome": "environment", "message": "This runner lacks torchvision."}
    )
    result = graded(replay(lacking))
    assert (result.outcome, result.grade) == (Outcome.ENVIRONMENT, None)


def test_without_a_sandbox_the_notebook_is_only_read() -> None:
    result = graded(None, RANDOM)
    assert result.run is None
    assert result.detection is not None
    assert {"random-labels", "label-derived-predictions"} <= {
        one.name for one in result.detection.findings
    }


def test_one_submission_s_trouble_does_not_touch_the_others(tmp_path: Path) -> None:
    broken = tmp_path / "broken.ipynb"
    broken.write_text('{"cells": [', encoding="utf-8")
    jobs = [Job(path=path, student=path.stem) for path in (HONEST, broken, RANDOM)]
    setup = Setup(lab=build.lab(), sandbox=replay(recorded(HONEST)))
    saved: list[str] = []
    with ThreadPoolExecutor(2) as engine:
        results = grade_all(jobs, setup, engine, lambda result: saved.append(result.student))
    assert [each.student for each in results] == ["honest", "broken", "random-labels"]
    assert sorted(saved) == ["broken", "honest", "random-labels"]
    assert [each.outcome for each in results[1:]] == [Outcome.UNREADABLE, Outcome.HARNESS_ERROR]


def test_what_was_graded_before_an_interruption_is_kept(tmp_path: Path) -> None:
    store = Store(tmp_path)
    jobs = [Job(path=path, student=path.stem) for path in (HONEST, RANDOM)]
    setup = Setup(lab=build.lab(), sandbox=replay(recorded(HONEST), recorded(RANDOM)))

    def save(result: Result) -> None:
        store.save(result)
        raise KeyboardInterrupt

    with ThreadPoolExecutor(1) as engine, pytest.raises(KeyboardInterrupt):
        grade_all(jobs, setup, engine, save)
    assert len(list(store.results())) == 1


def test_stored_evidence_gives_the_same_grade_again(tmp_path: Path) -> None:
    result = graded(replay(recorded(HONEST, "Accuracy: 0.9")))
    store = Store(tmp_path)
    store.begin(
        ClassInfo.model_validate(
            {"lab": "week9-vit-clip", "profile": "tiny", "graded_at": "2026-01-01T00:00:00Z"}
        )
    )
    store.save(result)
    (read,) = store.results()
    assert read == result
    assert read.evidence is not None
    assert judge(read.evidence, read.run, build.lab(), None) == result
