"""Progress on the terminal while notebooks run; nothing at all when there is no terminal."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock
from typing import Protocol

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.progress import (
    Progress as Bars,
)

from grader.execute import Progress
from grader.model import Result

__all__ = ["Watcher", "shown_progress"]


class Watcher(Protocol):
    """Told what happens."""

    def cell(self, progress: Progress) -> None:
        """A cell started or ended."""

    def finished(self, result: Result) -> None:
        """A submission is graded."""


class _Silent:
    def cell(self, progress: Progress) -> None:
        """Say nothing."""

    def finished(self, result: Result) -> None:
        """Say nothing."""


class _Bars:
    """One bar for the class and one for each notebook that runs."""

    def __init__(self, bars: Bars, total: int) -> None:
        self._bars = bars
        self._class = bars.add_task("class", total=total)
        self._running: dict[str, TaskID] = {}
        self._lock = Lock()

    def cell(self, progress: Progress) -> None:
        with self._lock:
            if progress.student not in self._running:
                task = self._bars.add_task(progress.student, total=progress.cells)
                self._running[progress.student] = task
            self._bars.update(
                self._running[progress.student],
                completed=progress.done,
                description=f"{progress.student}, cell {progress.cell}",
            )

    def finished(self, result: Result) -> None:
        with self._lock:
            task = self._running.pop(result.student, None)
            if task is not None:
                self._bars.remove_task(task)
            self._bars.advance(self._class)
            self._bars.console.print(f"{result.student}: {result.outcome}", highlight=False)


@contextmanager
def shown_progress(total: int) -> Iterator[Watcher]:
    """A watcher that draws on standard error while the context is open."""
    if not sys.stderr.isatty():
        yield _Silent()
        return
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("left"),
        TimeRemainingColumn(),
    )
    with Bars(*columns, console=Console(stderr=True), transient=True) as bars:
        yield _Bars(bars, total)
