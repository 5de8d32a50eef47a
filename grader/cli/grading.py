"""``grader grade``, ``grader demo`` and ``grader rescore``."""

import os
import signal
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click
from msgspec import Struct, field

from grader.cli.profile import profile_option, with_profile
from grader.cli.running import How, how_options
from grader.cli.setting import class_setup
from grader.cli.stopping import Stopped, stoppable
from grader.cli.unsafe import agree
from grader.config import data_folder
from grader.intake import HandIn, digest, handed_in
from grader.model import Lab, Limits, Outcome, Result
from grader.pipeline import Job, among_others, grade_all, load_lab, rejudged
from grader.store import ClassInfo, HandedIn, Store, load_reference

__all__ = ["demo", "grade", "rescore"]

DEMO_LAB = "week9-vit-clip"
DEMO_SECONDS = 20.0
"""Time limit of a cell in the demonstration, where one notebook never ends on purpose."""


class Wanted(Struct, frozen=True, kw_only=True):
    """How to grade, as the command line says it."""

    lab_name: str
    out: Path
    jobs: int
    timeout: float | None
    fresh: bool
    profile: str | None = None
    form: str = "table"
    how: How = field(default_factory=How)


@click.command()
@click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--lab", "lab_name", required=True, help="Lab the submissions answer.")
@click.option("--out", required=True, type=click.Path(path_type=Path), help="Folder for results.")
@click.option("--jobs", default=os.cpu_count() or 1, show_default=True, type=click.IntRange(1))
@click.option(
    "--timeout", type=click.FloatRange(min=0, min_open=True), help="Seconds for one cell."
)
@click.option("--fresh", is_flag=True, help="Run again what ran before with this --out.")
@profile_option
@how_options
@click.option("--format", "form", type=click.Choice(["table", "json"]), default="table")
def grade(paths: tuple[Path, ...], **options: Any) -> int:  # noqa: ANN401 - as declared above
    """Grade notebooks: files, folders or zip files in PATHS.

    Stopped at any moment, the same command goes on where it stopped: what ran before with the
    same limits, assets and versions is not run again.
    """
    wanted = Wanted(**options)
    agree(wanted.how.sandbox)
    lab = with_profile(load_lab(wanted.lab_name), wanted.profile)
    lab = _limited(lab, wanted.timeout)
    return _grade_class(handed_in(paths, lab), lab, wanted)


@click.command()
@click.option("--out", default="out/demo", type=click.Path(path_type=Path), show_default=True)
@click.option("--jobs", default=os.cpu_count() or 1, show_default=True, type=click.IntRange(1))
def demo(out: Path, jobs: int) -> int:
    """Grade the sample submissions and show what comes out."""
    wanted = Wanted(lab_name=DEMO_LAB, out=out, jobs=jobs, timeout=DEMO_SECONDS, fresh=True)
    lab = _limited(load_lab(DEMO_LAB), wanted.timeout)
    return _grade_class(handed_in([data_folder("submissions") / DEMO_LAB], lab), lab, wanted)


@click.command()
@click.argument("out", type=click.Path(path_type=Path))
@click.option("--lab", "lab_name", help="Use this lab's rubric instead of the one graded with.")
@click.option("--format", "form", type=click.Choice(["table", "json"]), default="table")
def rescore(out: Path, lab_name: str | None, form: str) -> int:
    """Score the stored evidence in OUT again with the present rubric; runs nothing."""
    store = Store(out)
    info = store.info()
    lab = with_profile(load_lab(lab_name or info.lab), info.profile)
    with store.locked():
        judged = rejudged(store.results(), lab, load_reference(lab.id, lab.profile))
        results = among_others(judged, lab)
        for result in results:
            store.save(result)
        return _finish(results, lab, out, info.graded_at, form)


def _limited(lab: Lab, cell_seconds: float | None) -> Lab:
    if cell_seconds is None:
        return lab
    limits: Limits = lab.limits.model_copy(update={"cell_seconds": cell_seconds})
    return lab.model_copy(update={"limits": limits})


def _grade_class(files: Sequence[HandIn], lab: Lab, wanted: Wanted) -> int:
    store = Store(wanted.out)
    try:
        with stoppable(), store.locked():
            now = datetime.now(UTC)
            results = _graded(files, lab, wanted, store, now)
            return _finish(results, lab, wanted.out, now, wanted.form)
    except KeyboardInterrupt as interrupt:
        message = f"Stopped. What was graded is kept in {wanted.out}; the same command goes on."
        click.echo(message, err=True)
        return 128 + (interrupt.number if isinstance(interrupt, Stopped) else signal.SIGINT)


def _graded(
    files: Sequence[HandIn], lab: Lab, wanted: Wanted, store: Store, now: datetime
) -> list[Result]:
    # rich takes a tenth of a second to import, which `grader check` has no use for.
    from grader.cli.progress import shown_progress

    work = [Job(path=each.path, student=each.student, notes=each.notes) for each in files]
    submissions = [HandedIn(student=each.student, digest=digest(each.path)) for each in work]
    if wanted.fresh:
        store.forget(submissions)
    with (
        shown_progress(len(work)) as progress,
        ThreadPoolExecutor(max_workers=wanted.jobs) as engine,
        # Left first: once the sandbox is closed, what the workers still do ends at once.
        class_setup(
            lab,
            on_cell=progress.cell,
            store=store,
            submissions=submissions,
            how=wanted.how,
        ) as setup,
    ):
        _tell(store.settled(submissions, setup.conditions), len(work))
        info = ClassInfo(
            lab=wanted.lab_name,
            profile=lab.profile,
            graded_at=now,
            submissions=tuple(submissions),
        )
        store.begin(info)
        read = {each.student: each for each in submissions}

        def save(result: Result) -> None:
            store.save(result)
            read[result.student] = HandedIn(student=result.student, digest=result.digest)
            progress.finished(result)

        grade_all(work, setup, engine, save)
    if tuple(read.values()) != info.submissions:
        # A file was replaced meanwhile.
        store.begin(info.model_copy(update={"submissions": tuple(read.values())}))
    alone = list(store.results())
    results = among_others(alone, lab)
    for before, after in zip(alone, results, strict=True):
        if after.detection != before.detection:
            store.save(after)
    return results


def _tell(settled: int, total: int) -> None:
    if settled:
        message = f"{settled} of {total} ran before and are not run again (--fresh runs all)."
        click.echo(message, err=True)


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
