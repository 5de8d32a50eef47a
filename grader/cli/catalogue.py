"""``grader labs`` and ``grader detectors``: what there is."""

from difflib import get_close_matches

import click

from grader.detect import Detector, load_detectors
from grader.labs import lab_names, load_lab

__all__ = ["detectors", "labs"]


@click.command()
def labs() -> None:
    """List the labs, with their tasks and points."""
    for name in lab_names():
        lab = load_lab(name)
        tasks = ", ".join(task.id for task in lab.tasks)
        click.echo(f"{name}  {lab.title}")
        click.echo(f"  version {lab.version}, {lab.max_score:g} points, tasks: {tasks}")


@click.command()
@click.argument("name", required=False)
def detectors(name: str | None) -> None:
    """List the detectors, or print the manual page of NAME (a name or a code)."""
    if name is not None:
        click.echo(_page(_find(name)))
        return
    width = max(len(each.name) for each in load_detectors())
    for each in load_detectors():
        click.echo(f"{each.code}  {each.name:{width}}  {each.summary}")


def _find(name: str) -> Detector:
    known = load_detectors()
    for each in known:
        if name.lower() in (each.name, each.code.lower()):
            return each
    close = get_close_matches(name.lower(), [each.name for each in known], n=1, cutoff=0.4)
    hint = f" Did you mean {close[0]!r}?" if close else ""
    raise click.UsageError(f"There is no detector {name!r}.{hint}")


def _page(each: Detector) -> str:
    needs = ", ".join(sorted(each.requires))
    facts = f"Needs: {needs}. Since {each.since}. Status: {each.status}."
    return f"# {each.name} ({each.code})\n\n{each.explanation}\n{facts}"
