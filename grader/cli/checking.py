"""``grader check``: look at notebooks before they are handed in, or any notebook at all."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import click
from msgspec import Struct

from grader.cli.check_options import Choice, choice_options
from grader.cli.check_paths import notebooks
from grader.cli.check_settings import settings_for
from grader.cli.check_told import Checked, told
from grader.cli.profile import profile_option, with_profile
from grader.cli.running import How, how_options
from grader.detect import Detector, chosen, load_detectors
from grader.labs import any_lab, lab_names
from grader.languages import in_language
from grader.model import Confidence, Finding, Lab, Outcome
from grader.pipeline import Job, Setup, grade_one, load_lab, starter_of

__all__ = ["check"]

GRAVE = ("invalid", "major")


class _Wanted(Struct, frozen=True, kw_only=True):
    """What is to be checked, for what."""

    paths: tuple[Path, ...]
    lab: Lab
    detectors: tuple[Detector, ...]


@click.command()
@click.argument("paths", nargs=-1, metavar="[PATH]...")
@choice_options
@click.option("--run", "execute", is_flag=True, help="Run them in the sandbox too; needs --lab.")
@profile_option
@how_options
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json", "sarif", "github"]),
    default="text",
    help="For people, for programs, for code scanning, for GitHub Actions.",
)
def check(
    paths: tuple[str, ...],
    choice: Choice,
    execute: bool,
    profile: str | None,
    how: How,
    form: str,
) -> int:
    """Check notebooks and reports: files, folders or patterns; the folder you are in by default.

    They are read only, unless --run is given. Detectors are named by name, code or the first
    letters of codes, several with commas: --select SMP,random-labels. The table [tool.grader] of
    pyproject.toml may hold lab, select, ignore and exclude. A comment `# grader: allow[NAME]` on a
    line, above it, or on the first line of a cell keeps a detector silent there.

    Exits with 1 when a finding is major or worse, with 2 when a file cannot be read.
    """
    choice = choice.beside(settings_for([Path(each) for each in paths]))
    wanted = _Wanted(
        paths=tuple(notebooks(paths or (".",), choice.exclude)),
        lab=with_profile(_lab(choice.lab, execute), profile),
        detectors=chosen(load_detectors(), select=choice.select, ignore=choice.ignore),
    )
    with _setup(wanted, execute, how) as setup:
        checked = [_checked(path, setup, choice.language or "en") for path in wanted.paths]
    for each in checked:
        if each.result.outcome == Outcome.UNREADABLE:
            click.echo(f"Error: {each.result.path}: {each.result.message}", err=True)
    for line in told(checked, wanted.lab, wanted.detectors, form):
        click.echo(line)
    return _code(checked)


def _lab(name: str | None, execute: bool) -> Lab:
    if name is not None:
        return load_lab(name)
    if execute:
        raise click.UsageError(
            "A run serves the models and data of a lab: say which with --lab: "
            f"{', '.join(lab_names())}."
        )
    return any_lab()


@contextmanager
def _setup(wanted: _Wanted, execute: bool, how: How) -> Iterator[Setup]:
    if not execute:
        yield Setup(lab=wanted.lab, starter=starter_of(wanted.lab), detectors=wanted.detectors)
        return
    # What runs notebooks takes a while to import.
    from msgspec.structs import replace

    from grader.cli.setting import class_setup

    with class_setup(wanted.lab, how=how) as setup:
        yield replace(setup, detectors=wanted.detectors)


def _checked(path: Path, setup: Setup, language: str) -> Checked:
    result = grade_one(Job(path=path, student=path.stem), setup)
    found = result.detection.findings if result.detection else ()
    shown = [in_language(one, language) for one in found if _is_shown(one)]
    return Checked(result=result, findings=tuple(shown), allowed=sum(one.allowed for one in found))


def _is_shown(one: Finding) -> bool:
    """Findings for the student's eyes: no hints, nothing the starter came with."""
    return not (one.confidence == Confidence.HINT or one.from_starter or one.allowed)


def _code(checked: Sequence[Checked]) -> int:
    outcomes = {each.result.outcome for each in checked}
    if Outcome.HARNESS_ERROR in outcomes:
        return 3
    if Outcome.UNREADABLE in outcomes:
        return 2
    return 1 if any(one.severity in GRAVE for each in checked for one in each.findings) else 0
