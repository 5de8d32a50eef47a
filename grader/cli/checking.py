"""``grader check``: a student looks at an own notebook before handing it in."""

from pathlib import Path

import click

from grader.cli.profile import profile_option, with_profile
from grader.cli.running import How, how_options
from grader.cli.setting import class_setup, label
from grader.errors import SubmissionError
from grader.labs import lab_names
from grader.model import SEVERITIES, Confidence, EvidenceRef, Finding, Lab, Outcome, Result
from grader.pipeline import Job, Setup, grade_one, load_lab, starter_of

__all__ = ["check"]

GRAVE = ("invalid", "major")


@click.command()
@click.argument("notebook", type=click.Path(path_type=Path))
@click.option("--lab", "lab_name", help="Lab it answers; needed when there are several.")
@click.option("--run", "execute", is_flag=True, help="Run it in the sandbox too, as grading does.")
@profile_option
@how_options
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text")
def check(
    notebook: Path,
    lab_name: str | None,
    execute: bool,
    profile: str | None,
    how: How,
    form: str,
) -> int:
    """Check one NOTEBOOK, by reading it only unless --run is given.

    Exits with 1 when a finding is major or worse.
    """
    lab = with_profile(load_lab(lab_name or _only_lab()), profile)
    job = Job(path=notebook, student=notebook.stem)
    if execute:
        with class_setup(lab, how=how) as setup:
            result = grade_one(job, setup)
    else:
        result = grade_one(job, Setup(lab=lab, starter=starter_of(lab)))
    if result.outcome == Outcome.UNREADABLE:
        raise SubmissionError(f"{notebook}: {result.message}")
    click.echo(_json(result, lab) if form == "json" else _text(result))
    if result.outcome == Outcome.HARNESS_ERROR:
        return 3
    return 1 if any(one.severity in GRAVE for one in _shown(result)) else 0


def _only_lab() -> str:
    names = lab_names()
    if len(names) == 1:
        return names[0]
    raise click.UsageError(f"Say which lab with --lab: {', '.join(names)}.")


def _shown(result: Result) -> list[Finding]:
    """Findings for the student's eyes: no hints, nothing the starter came with."""
    found = result.detection.findings if result.detection else ()
    return [one for one in found if one.confidence != Confidence.HINT and not one.from_starter]


def _json(result: Result, lab: Lab) -> str:
    # pandas and jinja2 stay off the path of the text form, which must answer in a second.
    from grader.publishing import document

    return document([result], lab)


def _text(result: Result) -> str:
    findings = _shown(result)
    lines = [f"{result.path}: {result.message}"] if result.message else []
    for one in findings:
        lines += ["", *_finding(result.path, one)]
    lines += ["", _closing(result, findings)]
    return "\n".join(lines).lstrip("\n")


def _finding(path: str, one: Finding) -> list[str]:
    where, *others = [_place(ref) for ref in one.evidence]
    lines = [
        f"{path}: {where}: {one.code} {one.name} ({label(one)})",
        f"   {one.message}",
        f"   {one.remedy}",
    ]
    return [*lines, f"   See also {'; '.join(others)}."] if others else lines


def _place(ref: EvidenceRef) -> str:
    return f"cell {ref.cell}, line {ref.line}" if ref.line is not None else f"cell {ref.cell}"


def _closing(result: Result, findings: list[Finding]) -> str:
    counts = [
        f"{sum(one.severity == severity for one in findings)} {severity}"
        for severity in SEVERITIES
        if any(one.severity == severity for one in findings)
    ]
    silent = len(result.detection.unassessed) if result.detection else 0
    found = f"Findings: {', '.join(counts)}." if counts else "No findings."
    how = "" if result.run else " The notebook was read, not run; `--run` looks further."
    unknown = f" {silent} checks could not be made." if silent else ""
    return f"{found}{unknown}{how}"
