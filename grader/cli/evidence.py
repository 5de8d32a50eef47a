"""``grader evidence``: what a notebook or report shows, and where its numbers come from."""

from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

from grader.cli.profile import profile_option, with_profile
from grader.cli.running import How, how_options
from grader.cli.setting import class_setup
from grader.labs import any_lab, lab_names
from grader.model import (
    EvaluationRow,
    EvidenceFile,
    Lab,
    NumberRow,
    Place,
    PrintedMatrix,
    ProvenanceVerdict,
    Quotation,
)
from grader.pipeline import Setup, load_lab, look_at, starter_of

__all__ = ["evidence"]

NARROWEST = 140
"""Columns a table is laid out for where the terminal is narrower or there is none."""

LONGEST_NAME = 44
VERDICTS: dict[ProvenanceVerdict, str] = {
    "explained": "green",
    "contradicted": "red",
    "unexplained": "yellow",
    "undecidable": "dim",
}


@click.command()
@click.argument("notebook", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--lab", "lab_name", help="Lab it answers; any notebook or report if not given.")
@click.option("--run", "execute", is_flag=True, help="Run it in the sandbox; needs --lab.")
@profile_option
@how_options
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text")
def evidence(
    notebook: Path,
    lab_name: str | None,
    execute: bool,
    profile: str | None,
    how: How,
    form: str,
) -> int:
    """Say where each number of NOTEBOOK stands and what explains or contradicts it.

    Lists the evaluations it makes or tells of: task, split, items, classes, model and cell. Without
    --run the file alone is read. A report in Markdown or plain text is read, too.
    """
    found = _found(notebook, with_profile(_lab(lab_name, execute), profile), execute, how)
    if form == "json":
        click.echo(found.model_dump_json(by_alias=True, indent=2))
    else:
        _print(found)
    return 0


def _lab(name: str | None, execute: bool) -> Lab:
    if name is not None:
        return load_lab(name)
    if execute:
        raise click.UsageError(
            "A run serves the models and data of a lab: say which with --lab: "
            f"{', '.join(lab_names())}."
        )
    return any_lab()


def _found(path: Path, lab: Lab, execute: bool, how: How) -> EvidenceFile:
    # The pages' templates stay off the path of commands that write none.
    from grader.report.exports.evidence_json import evidence_file

    if execute:
        with class_setup(lab, how=how) as setup:
            run, gathered = look_at(path, setup)
    else:
        run, gathered = look_at(path, Setup(lab=lab, starter=starter_of(lab)))
    if execute and run is None:
        raise click.UsageError("A report cannot be run: leave out --run.")
    return evidence_file(gathered, run)


def _print(found: EvidenceFile) -> None:
    console = Console(highlight=False)
    console.width = max(console.width, NARROWEST)
    console.print(Text(_head(found)))
    for each in found.unparsed:
        console.print(Text(f"cell {each.cell}, line {each.line}: left out: {each.reason}"))
    _section(console, "Evaluations", _evaluations(found))
    _section(console, "Numbers", _numbers(found))
    _section(console, "Matrices", _listed([_matrix(each) for each in found.matrices]))
    _section(console, "Quotations", _listed([_quotation(each) for each in found.quotations]))
    console.print()
    for line in _closing(found):
        console.print(Text(line))


def _section(console: Console, title: str, table: Table | None) -> None:
    if table is not None:
        console.print()
        console.print(Text(title, style="bold"))
        console.print(table)


def _head(found: EvidenceFile) -> str:
    kind = "report" if found.form == "report" else "notebook"
    ran = "read, not run"
    if found.ran:
        whole = "recorded to the end" if found.recorded else "not recorded to the end"
        ran = f"run: {found.outcome}, {whole}"
    cells = "one cell" if found.cells == 1 else f"{found.cells} cells"
    return f"{found.path}: {kind} of {cells}, {ran}"


def _evaluations(found: EvidenceFile) -> Table | None:
    if not found.evaluations:
        return None
    table = _table(
        "Where", "Known from", "Task", "n", "Split", "Classes", "Model", "Data", "Scores"
    )
    for each in found.evaluations:
        table.add_row(
            Text(_where_evaluated(each)),
            Text(each.basis),
            Text(f"{each.task or '?'}{' *' if each.headline else ''}"),
            _count(each.n),
            Text(each.split or "?"),
            _count(each.classes),
            Text(_short(each.model or "?")),
            Text(_short(each.dataset or "?")),
            Text(", ".join(f"{name} {value:.4f}" for name, value in each.scores.items())),
        )
    return table


def _numbers(found: EvidenceFile) -> Table | None:
    if not found.numbers:
        return None
    table = _table("Where", "Number", "What", "Of", "Origin", "Because")
    for each in found.numbers:
        verdict = Text(each.verdict or "", style=VERDICTS[each.verdict] if each.verdict else "")
        table.add_row(
            Text(_where(each.figure.place)),
            Text(each.figure.printed),
            Text(_what(each)),
            Text(_of(each)),
            verdict,
            Text(each.reason),
        )
    return table


def _what(row: NumberRow) -> str:
    figure = row.figure
    metric = f" = {figure.metric}" if figure.metric and figure.metric != figure.name else ""
    average = f" ({figure.average})" if figure.average else ""
    return f"{_short(figure.name)}{metric}{average}"


def _of(row: NumberRow) -> str:
    figure = row.figure
    marks = ("hedged", "target", "cited", "disclaimed")
    parts = [
        figure.model or figure.task or "",
        figure.split or "",
        f"n={figure.n:,}" if figure.n is not None else "",
        *(mark for mark in marks if getattr(figure, mark)),
    ]
    return ", ".join(part for part in parts if part)


def _listed(rows: Sequence[tuple[str, str]]) -> Table | None:
    if not rows:
        return None
    table = _table("Where", "What")
    for where, what in rows:
        table.add_row(Text(where), Text(what))
    return table


def _matrix(each: PrintedMatrix) -> tuple[str, str]:
    size = f"{len(each.values)} x {len(each.values[0]) if each.values else 0}"
    cut = ", not printed whole" if each.truncated else ""
    captions = f": {'; '.join(each.rows)}" if each.rows else ""
    title = f" {each.title}" if each.title else ""
    return _where(each.place), f"{each.kind},{title} {size}{cut}{captions}"


def _quotation(each: Quotation) -> tuple[str, str]:
    if each.found is None:
        found = "no outputs to look in"
    elif each.found:
        found = f"stands in cell {', '.join(map(str, each.found[:5]))}"
    else:
        found = "stands in no cell"
    return _where(each.place), f'"{each.text}": {found}'


def _closing(found: EvidenceFile) -> Iterator[str]:
    verdicts = Counter(each.verdict for each in found.numbers if each.verdict)
    if verdicts:
        told = ", ".join(f"{verdicts[name]} {name}" for name in VERDICTS if verdicts[name])
        yield f"Scores, losses, similarities and shares: {told}."
    coverage = found.coverage
    if coverage.numbers:
        yield f"Text: {coverage.understood} of {coverage.numbers} numbers were understood."
    if coverage.missed:
        lines = ", ".join(_where(each) for each in coverage.missed[:10])
        more = f" and {len(coverage.missed) - 10} more" if len(coverage.missed) > 10 else ""
        yield f"Not understood: {lines}{more}."
    if any(each.headline for each in found.evaluations):
        yield "* the evaluation its task is judged by."


def _table(*columns: str) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 2, 0, 0))
    for name in columns:
        table.add_column(name, justify="right" if name in ("n", "Classes", "Number") else "left")
    return table


def _where(place: Place) -> str:
    if place.file_line is not None:
        return f"line {place.file_line}"
    kind = {"saved": "output", "rerun": "re-run", "text": "text"}[place.source]
    return f"cell {place.cell}, {kind} line {place.line}"


def _where_evaluated(each: EvaluationRow) -> str:
    if each.file_line is not None:
        return f"line {each.file_line}"
    line = f", line {each.line}" if each.line is not None else ""
    return "?" if each.cell is None else f"cell {each.cell}{line}"


def _count(value: int | None) -> Text:
    return Text("?" if value is None else f"{value:,}")


def _short(text: str) -> str:
    return text if len(text) <= LONGEST_NAME else f"{text[: LONGEST_NAME - 1]}…"
