"""``grader environment``: the Python and the libraries a lab's notebooks run with."""

import json
from pathlib import Path

import click

from grader.config import cache_folder
from grader.execute.building import environment_of, plan
from grader.execute.environment import Environment
from grader.labs import load_lab
from grader.model import Lab

__all__ = ["environment", "environments_folder", "lab_environment"]


def environments_folder() -> Path:
    """Where environments of labs are kept."""
    return cache_folder() / "environments"


def lab_environment(lab: Lab) -> Environment:
    """What a lab's notebooks run in; built first where need be, which is told.

    Raises:
        SandboxUnavailable: If the interpreter or a requirement cannot be had.
    """
    return environment_of(lab, environments_folder(), _tell)


def _tell(text: str) -> None:
    click.echo(text, err=True)


@click.group()
def environment() -> None:
    """Build the environment of a lab pinned to other library versions, or show it."""


@environment.command()
@click.argument("lab_name", metavar="LAB")
def build(lab_name: str) -> None:
    """Build what the notebooks of LAB run in, unless that was done before."""
    found = lab_environment(load_lab(lab_name))
    click.echo(f"{found.python}: Python {found.version}, {len(found.distributions)} packages")


@environment.command()
@click.argument("lab_name", metavar="LAB")
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text")
def show(lab_name: str, form: str) -> None:
    """Print what the notebooks of LAB run in; builds nothing."""
    lab = load_lab(lab_name)
    planned = plan(lab, environments_folder())
    if planned is not None and not planned.is_built:
        wanted = f"Python {planned.version}, {planned.requirements}"
        click.echo(f"Not built yet ({wanted}): grader environment build {lab_name}")
        return
    found = lab_environment(lab)
    said = {
        "python": str(found.python),
        "version": found.version,
        "own": found.own,
        "distributions": dict(sorted(found.distributions.items())),
    }
    click.echo(json.dumps(said, indent=2) if form == "json" else _text(found))


def _text(found: Environment) -> str:
    whose = "the grader's own" if found.own else "of the lab"
    lines = [f"{found.python} ({whose}), Python {found.version}"]
    lines += [f"{name}=={version}" for name, version in sorted(found.distributions.items())]
    return "\n".join(lines)
