"""Have the detectors look at labelled notebooks, as files or as runs."""

import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from msgspec import Struct

from grader.cli.rates.counting import Verdict, verdict
from grader.cli.rates.labelled import Labelled
from grader.cli.running import How
from grader.model import Result
from grader.pipeline import Job, Setup, grade_all, load_lab, starter_of

__all__ = ["Measured", "by_reading", "by_running"]


class Measured(Struct, frozen=True, kw_only=True):
    """What was said, and how long that took."""

    verdicts: tuple[Verdict, ...]
    """In the order of the notebooks."""

    seconds: float
    """Wall time of looking, what is made ready before left out."""

    failed: tuple[str, ...]
    """Notebooks of which nothing could be said, with the reason."""


def by_reading(folder: Path, notebooks: Sequence[Labelled]) -> Measured:
    """Look at the files alone, one after another."""
    results: dict[str, Result] = {}
    started = time.perf_counter()
    for lab, group in _by_lab(notebooks).items():
        found = load_lab(lab)
        setup = Setup(lab=found, starter=starter_of(found))
        with ThreadPoolExecutor(1) as engine:
            grade_all(_jobs(folder, group), setup, engine, _keeper(results))
    return _measured(notebooks, results, time.perf_counter() - started)


def by_running(
    folder: Path, notebooks: Sequence[Labelled], kept: Path | None, jobs: int
) -> Measured:
    """Run every notebook in the sandbox.

    Args:
        folder: Where the notebooks are.
        notebooks: What is known of them.
        kept: Folder of runs: what ran before under the same conditions is not run again.
        jobs: Notebooks that run at once.
    """
    # What runs notebooks takes a while to import.
    from grader.cli.setting import class_setup
    from grader.store import Store

    results: dict[str, Result] = {}
    seconds = 0.0
    for lab, group in _by_lab(notebooks).items():
        store = Store(kept / lab) if kept is not None else None
        with class_setup(load_lab(lab), store=store, how=How()) as setup:
            started = time.perf_counter()
            with ThreadPoolExecutor(jobs) as engine:
                grade_all(_jobs(folder, group), setup, engine, _keeper(results))
            seconds += time.perf_counter() - started
    return _measured(notebooks, results, seconds)


def _by_lab(notebooks: Sequence[Labelled]) -> dict[str, list[Labelled]]:
    groups: dict[str, list[Labelled]] = defaultdict(list)
    for each in notebooks:
        groups[each.lab].append(each)
    return groups


def _jobs(folder: Path, notebooks: Sequence[Labelled]) -> list[Job]:
    return [Job(path=folder / each.file, student=each.id) for each in notebooks]


def _keeper(results: dict[str, Result]) -> Callable[[Result], None]:
    def keep(result: Result) -> None:
        # All but what the detectors said would fill the memory with runs.
        results[result.student] = result.model_copy(update={"run": None, "evidence": None})

    return keep


def _measured(
    notebooks: Sequence[Labelled], results: dict[str, Result], seconds: float
) -> Measured:
    verdicts, failed = [], []
    for each in notebooks:
        result = results[each.id]
        if result.detection is None:
            failed.append(f"{each.id}: {result.outcome}: {result.message}")
        else:
            verdicts.append(verdict(each, result.detection))
    return Measured(verdicts=tuple(verdicts), seconds=seconds, failed=tuple(failed))
