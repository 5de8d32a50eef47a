"""``grader grade``, ``grader demo`` and ``grader rescore``."""

import os
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import click

from grader.cli.setting import class_setup
from grader.config import data_folder
from grader.intake import find, student_names
from grader.model import Lab, Limits, Outcome, Result
from grader.pipeline import Job, grade_all, load_lab, rejudged
from grader.store import ClassInfo, Store, load_reference

__all__ = ["demo", "grade", "rescore"]

DEMO_LAB = "week9-vit-clip"
DEMO_SECONDS = 20.0
"""Time limit of a cell in the demonstration, where one notebook never ends on purpose."""


@click.command()
@click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--lab", "lab_name", required=True, help="Lab the submissions answer.")
@click.option("--out", required=True, type=click.Path(path_type=Path), help="Folder for results.")
@click.option("--jobs", default=os.cpu_count() or 1, show_default=True, type=click.IntRange(1))
@click.option(
    "--timeout", type=click.FloatRange(min=0, min_open=True), help="Seconds for one cell."
)
@click.option("--format", "form", type=click.Choice(["table", "json"]), default="table")
def grade(
    paths: tuple[Path, ...],
    lab_name: str,
    out: Path,
    jobs: int,
    timeout: float | None,
    form: str,
) -> int:
    """Grade notebooks: files or folders in PATHS."""
    lab = _limited(load_lab(lab_name), timeout)
    files = find(paths)
    return _grade_class(files, lab, lab_name, out, jobs, form)


@click.command()
@click.option("--out", default="out/demo", type=click.Path(path_type=Path), show_default=True)
@click.option("--jobs", default=os.cpu_count() or 1, show_default=True, type=click.IntRange(1))
def demo(out: Path, jobs: int) -> int:
    """Grade the sample submissions and show what comes out."""
    lab = _limited(load_lab(DEMO_LAB), DEMO_SECONDS)
    files = find([data_folder("submissions") / DEMO_LAB])
    return _grade_class(files, lab, DEMO_LAB, out, jobs, "table")


@click.command()
@click.argument("out", type=click.Path(path_type=Path))
@click.option("--lab", "lab_name", help="Use this lab's rubric instead of the one graded with.")
@click.option("--format", "form", type=click.Choice(["table", "json"]), default="table")
def rescore(out: Path, lab_name: str | None, form: str) -> int:
    """Score the stored evidence in OUT again with the present rubric; runs nothing."""
    store = Store(out)
    info = store.info()
    lab = load_lab(lab_name or info.lab)
    results = rejudged(store.results(), lab, load_reference(lab.id, info.profile))
    for result in results:
        store.save(result)
    return _finish(results, lab, out, info.graded_at, form)


def _limited(lab: Lab, cell_seconds: float | None) -> Lab:
    if cell_seconds is None:
        return lab
    limits: Limits = lab.limits.model_copy(update={"cell_seconds": cell_seconds})
    return lab.model_copy(update={"limits": limits})


def _grade_class(
    files: Iterable[Path], lab: Lab, lab_name: str, out: Path, jobs: int, form: str
) -> int:
    # rich takes a tenth of a second to import, which `grader check` has no use for.
    from grader.cli.progress import shown_progress

    names = student_names(tuple(files))
    work = [Job(path=path, student=student) for path, student in names.items()]
    store, now = Store(out), datetime.now(UTC)
    store.begin(ClassInfo(lab=lab_name, profile=lab.profile, graded_at=now))
    with (
        shown_progress(len(work)) as progress,
        class_setup(lab, on_cell=progress.cell) as setup,
        ThreadPoolExecutor(max_workers=jobs) as engine,
    ):

        def save(result: Result) -> None:
            store.save(result)
            progress.finished(result)

        results = grade_all(work, setup, engine, save)
    return _finish(results, lab, out, now, form)


def _finish(results: list[Result], lab: Lab, out: Path, at: datetime, form: str) -> int:
    # Templates and tables are needed only once something was graded.
    from grader.cli.tables import print_table
    from grader.publishing import document, publish

    page = publish(results, lab, out, graded_at=at)
    if form == "json":
        click.echo(document(results, lab))
    else:
        print_table(results)
        click.echo(f"Class page: {page}")
        click.echo(f"Pages of the students: {out / 'students'}")
        click.echo(f"Files: {out / 'results.json'}, {out / 'grades.csv'}")
    failed = any(each.outcome == Outcome.HARNESS_ERROR for each in results)
    return 3 if failed else 0
