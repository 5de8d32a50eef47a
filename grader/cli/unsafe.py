"""The option ``--sandbox``, and the second yes that grading without walls needs."""

import os
import sys
from typing import Literal

import click

__all__ = ["UNSAFE", "Level", "agree", "sandbox_option"]

Level = Literal["full", "landlock", "none"]

UNSAFE = "LAB_GRADER_UNSAFE"
"""Environment variable that says ``yes`` where nobody can be asked."""

WARNING = (
    "Without the sandbox, every notebook can read and change your files, use the network, and "
    "change what is recorded of other notebooks."
)

FENCED = (
    "Notebooks run at the level landlock; `grader doctor` lists what it leaves open and what "
    "closes it."
)

sandbox_option = click.option(
    "--sandbox",
    type=click.Choice(["full", "landlock", "none"]),
    default="full",
    show_default=True,
    help="Walls round a notebook. landlock is for machines that refuse user namespaces; none is "
    "for notebooks you trust as your own.",
)


def agree(level: Level) -> None:
    """Make sure that whoever grades others' notebooks without walls means it.

    Raises:
        click.UsageError: If nobody can be asked and the variable does not say so.
        click.Abort: If the answer is no.
    """
    if level == "landlock":
        click.echo(FENCED, err=True)
        return
    if level == "full" or os.environ.get(UNSAFE) == "yes":
        return
    if not sys.stdin.isatty():
        raise click.UsageError(f"{WARNING} To do it all the same, set {UNSAFE}=yes.")
    click.confirm(f"{WARNING} Run them all the same?", abort=True)
