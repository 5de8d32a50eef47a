"""``grader detectors eval``: how often the detectors are right."""

import json
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import click

from grader.cli.rates.counting import counted
from grader.cli.rates.labelled import labelled, shipped
from grader.cli.rates.measuring import Measured, by_reading, by_running
from grader.cli.rates.page import Report, gates, page
from grader.detect import load_detectors
from grader.store import write_text

__all__ = ["evaluate"]

PAGE = "error-rates.md"
DATA = "error-rates.json"


@click.command("eval")
@click.argument("corpus", required=False, type=click.Path(path_type=Path, file_okay=False))
@click.option("--run", "execute", is_flag=True, help="Run every notebook in the sandbox, too.")
@click.option(
    "--keep",
    type=click.Path(path_type=Path, file_okay=False),
    help="Folder of runs, so that a notebook runs once however often the detectors change.",
)
@click.option("--jobs", default=2, show_default=True, type=click.IntRange(1))
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("docs/detectors"),
    show_default=True,
    help="Folder for the page and its data.",
)
def evaluate(corpus: Path | None, execute: bool, keep: Path | None, jobs: int, out: Path) -> int:
    """Measure error rates on notebooks with known flaws.

    CORPUS is a folder with an index.json; by default that of the repository. Exits with 1 when a
    gate is not met: nothing invalid or major said of an honest notebook, recall of core detectors,
    one finding a flaw.
    """
    with TemporaryDirectory() as made:
        folder = corpus or Path(made)
        if corpus is None:
            shipped(folder)
        report = _report(folder, execute, keep, jobs, out)
    known = load_detectors()
    write_text(out / DATA, report.model_dump_json(indent=1) + "\n")
    write_text(out / PAGE, page(report, known))
    unmet = gates(report, known)
    click.echo(f"{out / PAGE}")
    for each in unmet:
        click.echo(f"not met: {each}")
    click.echo("All gates are met." if not unmet else f"{len(unmet)} gates are not met.")
    return 1 if unmet else 0


def _report(folder: Path, execute: bool, keep: Path | None, jobs: int, out: Path) -> Report:
    notebooks = labelled(folder)
    names = [each.name for each in load_detectors()]
    read = by_reading(folder, notebooks)
    _told("read", read)
    earlier = _earlier(out / DATA)
    report = Report(
        read=counted(read.verdicts, names),
        run=earlier.run if earlier else None,
        ran_on=earlier.ran_on if earlier else "",
        per_second={**(earlier.per_second if earlier else {}), "read": _speed(read)},
    )
    if not execute:
        return report
    ran = by_running(folder, notebooks, keep, jobs)
    _told("run", ran)
    return report.model_copy(
        update={
            "run": counted(ran.verdicts, names),
            "ran_on": datetime.now(UTC).date().isoformat(),
            "per_second": {**report.per_second, "run": _speed(ran)},
        }
    )


def _earlier(path: Path) -> Report | None:
    """What was measured before: runs are not repeated every time."""
    try:
        return Report.model_validate(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError):
        return None


def _speed(measured: Measured) -> float:
    return round(len(measured.verdicts) / max(measured.seconds, 1e-9), 1)


def _told(way: str, measured: Measured) -> None:
    click.echo(f"{way}: {len(measured.verdicts)} notebooks, {_speed(measured):g} a second")
    for each in measured.failed:
        click.echo(f"no answer: {each}")
