"""``grader reference``: run the staff notebook and record what it reaches."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import click

from grader.cli.profile import profile_option, with_profile
from grader.cli.running import How, how_options
from grader.cli.setting import class_setup
from grader.compare import record
from grader.config import data_folder
from grader.errors import LabError
from grader.evidence import gather
from grader.execute import RunOptions, execute
from grader.intake import intake
from grader.model import Evidence, Lab, Machine
from grader.pipeline import Setup, load_lab
from grader.store import load_reference, reference_path, write_text

__all__ = ["reference"]


@click.group()
def reference() -> None:
    """Run the staff notebook of a lab, or show what its runs reached."""


@reference.command()
@click.argument("lab_name", metavar="LAB")
@click.option("--seeds", default=5, show_default=True, type=click.IntRange(3))
@click.option("--out", type=click.Path(path_type=Path), help="Write the record here instead.")
@profile_option
@how_options
def run(lab_name: str, seeds: int, out: Path | None, profile: str | None, how: How) -> None:
    """Run the staff notebook of LAB with several seeds and record the bands."""
    lab = with_profile(load_lab(lab_name), profile)
    notebook = data_folder("reference") / lab.id / "solution.ipynb"
    if not notebook.is_file():
        raise LabError(f"{notebook}: the lab has no staff notebook to run.")
    evidence: dict[int, Evidence] = {}
    machines: list[Machine] = []
    with class_setup(lab, how=how) as setup:
        for seed in range(1, seeds + 1):
            evidence[seed], machine = _run(notebook, lab, replace(setup, seed=seed))
            machines.append(machine)
            click.echo(f"seed {seed}: {_said(evidence[seed], lab)}")
    made = record(lab, evidence, machines[0], on=datetime.now(UTC).date())
    path = out or reference_path(lab.id, lab.profile)
    write_text(path, made.model_dump_json() + "\n")
    click.echo(f"Record: {path}")


@reference.command()
@click.argument("lab_name", metavar="LAB")
@profile_option
def show(lab_name: str, profile: str | None) -> None:
    """Print the bands recorded for LAB."""
    lab = with_profile(load_lab(lab_name), profile)
    found = load_reference(lab.id, lab.profile)
    if found is None:
        raise LabError(
            f"No reference run of {lab.id} with the profile {lab.profile} is recorded; "
            f"`grader reference run {lab.id} --profile {lab.profile}`."
        )
    click.echo(f"{found.lab}, profile {found.profile}, seeds {list(found.seeds)}, {found.date}")
    for score in found.scores:
        average = f" ({score.average})" if score.average else ""
        band = score.band
        click.echo(
            f"{score.task:6} {score.metric + average:22} {band.low:.4f} to {band.high:.4f}"
            f"  n={band.n}  {band.method}"
        )


def _run(notebook: Path, lab: Lab, setup: Setup) -> tuple[Evidence, Machine]:
    submission = intake(notebook, lab)
    if setup.sandbox is None:
        raise LabError("A reference run needs a sandbox.")
    options = RunOptions(limits=lab.limits, seed=setup.seed, cuda_without_gpu=lab.cuda_without_gpu)
    done = execute(submission, setup.sandbox, options)
    wrong = [f"cell {cell.index}: {cell.error}" for cell in done.cells if cell.outcome != "ok"]
    if wrong:
        raise LabError(f"{notebook}: the staff notebook did not run through: {'; '.join(wrong)}")
    return gather(submission, done, lab, setup.truth), done.machine


def _said(evidence: Evidence, lab: Lab) -> str:
    best = {task.id: evidence.best(task.id) for task in lab.tasks}
    return ", ".join(
        f"{task} accuracy {each.scores.get('accuracy', float('nan')):.4f} (n={each.n})"
        for task, each in best.items()
        if each is not None
    )
