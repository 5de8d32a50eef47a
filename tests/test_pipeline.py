"""Recorded and broken runs go through every stage without a kernel."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from grader.errors import SandboxTimeout, StoreError
from grader.execute import ReplaySandbox, RunOptions, Sandbox
from grader.intake import intake
from grader.model import CellRun, Machine, Outcome, Output, Result, Run, Submission
from grader.pipeline import Job, Setup, conditions, grade_all, grade_one, judge
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
    saved: dict[str, Outcome] = {}
    with ThreadPoolExecutor(2) as engine:
        grade_all(
            jobs, setup, engine, lambda result: saved.update({result.student: result.outcome})
        )
    assert saved == {
        "honest": Outcome.NEEDS_REVIEW,
        "broken": Outcome.UNREADABLE,
        "random-labels": Outcome.HARNESS_ERROR,
    }


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


@dataclass
class Counting:
    """A sandbox that knows whom it ran."""

    behind: Sandbox
    ran: list[str] = field(default_factory=list)

    def run(self, submission: Submission, options: RunOptions) -> Run:
        self.ran.append(submission.student)
        return self.behind.run(submission, options)


def graded_again(store: Store, under: str, *runs: Run) -> tuple[list[str], list[Result]]:
    """Who was run, and what came out."""
    sandbox = Counting(replay(*runs))
    setup = Setup(lab=build.lab(), sandbox=sandbox, store=store, conditions=under)
    jobs = [Job(path=path, student=path.stem) for path in (HONEST, RANDOM)]
    with ThreadPoolExecutor(1) as engine:
        grade_all(jobs, setup, engine, store.save)
    return sandbox.ran, list(store.results())


def test_what_ran_is_run_again_only_under_other_conditions(tmp_path: Path) -> None:
    store, runs = Store(tmp_path), (recorded(HONEST), recorded(RANDOM))
    ran, first = graded_again(store, "a", *runs)
    assert ran == ["honest", "random-labels"]
    ran, second = graded_again(store, "a", *runs)
    assert (ran, second) == ([], first)
    ran, third = graded_again(store, "b", *runs)
    assert ran == ["honest", "random-labels"]
    assert [each.grade for each in third] == [each.grade for each in first]


def test_what_the_machine_failed_at_is_run_again(tmp_path: Path) -> None:
    store = Store(tmp_path)
    lacking = recorded(HONEST).model_copy(update={"outcome": "environment", "message": "x"})
    _, results = graded_again(store, "a", lacking)
    assert [each.outcome for each in results] == [Outcome.ENVIRONMENT, Outcome.HARNESS_ERROR]
    ended = recorded(RANDOM).model_copy(update={"outcome": "timeout", "message": "x"})
    ran, results = graded_again(store, "a", recorded(HONEST), ended)
    assert ran == ["honest", "random-labels"]
    assert results[1].outcome == Outcome.TIMEOUT
    ran, _ = graded_again(store, "a", recorded(HONEST), recorded(RANDOM))
    assert ran == [], "a time limit is the notebook's own end"


def test_a_run_outlives_what_was_to_be_made_of_it(tmp_path: Path) -> None:
    store, runs = Store(tmp_path), (recorded(HONEST), recorded(RANDOM))
    _, (first, _) = graded_again(store, "a", *runs)
    for head in tmp_path.glob("runs/honest-*/*"):
        if head.name != "2-run.json":
            head.unlink()
    assert [each.student for each in store.results()] == ["random-labels"]
    ran, (again, _) = graded_again(store, "a", *runs)
    assert (ran, again) == ([], first)


def test_only_what_decides_a_run_is_among_its_conditions() -> None:
    lab = build.lab()
    base = conditions(lab, {"profile": "tiny"}, 42)
    rubric = lab.model_copy(update={"criteria": lab.criteria[:1], "version": 9, "tasks": ()})
    assert conditions(rubric, {"profile": "tiny"}, 42) == base
    limits = lab.limits.model_copy(update={"cell_seconds": 1.0})
    others = {
        conditions(lab.model_copy(update={"limits": limits}), {"profile": "tiny"}, 42),
        conditions(lab, {"profile": "full"}, 42),
        conditions(lab, {"profile": "tiny"}, 43),
    }
    assert len(others | {base}) == 4


def test_students_who_look_alike_as_files_do_not_share_a_folder(tmp_path: Path) -> None:
    store = Store(tmp_path)
    setup = Setup(lab=build.lab(), sandbox=replay(recorded(HONEST)))
    names = ["a b", "a_b", "a/b", "äb"]
    for name in names:
        store.save(grade_one(Job(path=HONEST, student=name), setup))
    assert sorted(each.student for each in store.results()) == sorted(names)


def test_one_process_at_a_time_writes_into_a_folder(tmp_path: Path) -> None:
    store = Store(tmp_path / "new")
    with store.locked(), pytest.raises(StoreError, match="another grading run"), store.locked():
        pass
    with store.locked():
        pass


def test_what_a_killed_writer_left_is_removed(tmp_path: Path) -> None:
    store = Store(tmp_path)
    info = ClassInfo.model_validate(
        {"lab": "x", "profile": "tiny", "graded_at": "2026-01-01T00:00:00Z"}
    )
    store.begin(info)
    folder = tmp_path / "runs" / "ada-1"
    folder.mkdir(parents=True)
    (folder / ".0-result.json.ab12cd_3").write_text("{")
    (folder / ".own-notes.json").write_text("{}")
    store.begin(info)
    assert [path.name for path in folder.iterdir()] == [".own-notes.json"]
    assert list(store.results()) == []


def test_a_folder_that_cannot_be_written_says_so(tmp_path: Path) -> None:
    (tmp_path / "runs").write_text("a file where a folder should be")
    with pytest.raises(StoreError, match="cannot be written"):
        Store(tmp_path).save(graded(replay(recorded(HONEST))))


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
