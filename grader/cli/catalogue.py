"""``grader labs`` and ``grader detectors``: what there is."""

import json
from difflib import get_close_matches

import click

from grader.cli.rates.command import evaluate
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


class _Detectors(click.Group):
    """Takes a word that is no command for the name of a detector."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Put the command that lists and prints before anything that is no command."""
        words = [each for each in args if not each.startswith("-")]
        named = words and words[0] in self.commands
        wants_help = bool({"-h", "--help"} & set(args))
        return super().parse_args(ctx, args if named or wants_help else ["show", *args])


@click.group(cls=_Detectors)
def detectors() -> None:
    """List the detectors, print the manual page of one, or measure error rates.

    `grader detectors` lists them, `grader detectors NAME` prints the page of a name or a code, both
    with --format json for programs.
    """


@detectors.command()
@click.argument("name", required=False)
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text")
def show(name: str | None, form: str) -> None:
    """List the detectors, or print the manual page of NAME (a name or a code)."""
    wanted = [_find(name)] if name is not None else list(load_detectors())
    if form == "json":
        click.echo(json.dumps([_row(each) for each in wanted], indent=2, ensure_ascii=False))
        return
    if name is not None:
        click.echo(_page(wanted[0]))
        return
    width = max(len(each.name) for each in load_detectors())
    for each in load_detectors():
        click.echo(f"{each.code}  {each.name:{width}}  {each.summary}")


detectors.add_command(evaluate)


def _row(each: Detector) -> dict[str, object]:
    return {
        "code": each.code,
        "name": each.name,
        "family": each.family,
        "severity": each.severity,
        "status": each.status,
        "evidence": sorted(each.requires),
        "since": each.since,
        "summary": each.summary,
        "explanation": each.explanation,
    }


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
    severity = f"Severity: {each.severity} at most. " if each.severity else ""
    facts = f"{severity}Needs: {needs}. Since {each.since}. Status: {each.status}."
    return f"# {each.name} ({each.code})\n\n{each.explanation}\n{facts}"
