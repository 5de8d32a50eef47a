"""Write the outputs of a fresh run into the sample notebooks: ``python -m tests.refresh_samples``.

For maintainers, after a change of the assets or of a sample. Outputs that were typed by hand, and
files that are broken on purpose, are left as they are.
"""

from collections.abc import Iterator
from pathlib import Path

import click
import nbformat

from grader.assets import prepare
from grader.config import data_folder
from grader.execute import ForkSandbox, RunOptions, execute
from grader.intake import intake
from grader.labs import load_lab
from grader.model import CellRun, Lab, Output, Run

WEEK9 = "week9-vit-clip"
BROKEN = frozenset({"empty", "truncated-json"})
"""Samples with nothing to run."""

TYPED = {"stale-output": frozenset({9})}
"""Cells whose saved outputs are the planted mistake, by sample."""

CELL_SECONDS = 30.0
"""Enough for every cell of every sample; ends the endless loop of one."""


@click.command()
@click.option("--lab", "lab_name", default=WEEK9, show_default=True)
@click.argument("names", nargs=-1)
def main(lab_name: str, names: tuple[str, ...]) -> None:
    """Refresh the samples NAMES, or all of them and the staff notebook."""
    lab = load_lab(lab_name)
    home = prepare(lab)
    with ForkSandbox(home.root, home.profile) as sandbox:
        for path in _paths(lab.id, names):
            run = refresh(path, lab, sandbox)
            click.echo(f"{path.stem}: {run.outcome} in {run.seconds:.1f} s {run.message}")


def refresh(path: Path, lab: Lab, sandbox: ForkSandbox) -> Run:
    """Run one notebook and save what it printed.

    Args:
        path: The notebook; overwritten.
        lab: The lab it answers.
        sandbox: Where it runs.
    """
    limits = lab.limits
    if lab.id == WEEK9:
        limits = limits.model_copy(update={"cell_seconds": CELL_SECONDS})
    options = RunOptions(limits=limits)
    run = execute(intake(path, lab), sandbox, options)
    notebook = nbformat.read(path, as_version=4)
    for count, cell in enumerate(run.cells, start=1):
        if cell.index not in TYPED.get(path.stem, ()):
            _save(cell, count, notebook.cells[cell.index])
    nbformat.validate(notebook)
    nbformat.write(notebook, path)
    return run


def _paths(lab: str, names: tuple[str, ...]) -> Iterator[Path]:
    samples = data_folder("submissions") / lab
    solution = data_folder("reference") / lab / "solution.ipynb"
    known = {path.stem: path for path in (*sorted(samples.glob("*.ipynb")), solution)}
    for name in names or known:
        if name not in known:
            raise click.BadParameter(f"there is no sample {name!r}; there are {', '.join(known)}")
        if name not in BROKEN:
            yield known[name]


def _save(cell: CellRun, count: int, node: nbformat.NotebookNode) -> None:
    """Outputs and count as a student's editor saves them; what never ended shows nothing."""
    ended = cell.outcome in ("ok", "error")
    node.execution_count = count if ended else None
    outputs = [_output(cell, each, count) for each in cell.outputs if each.kind != "stderr"]
    node.outputs = outputs if ended else []


def _output(cell: CellRun, output: Output, count: int) -> nbformat.NotebookNode:
    if output.kind == "stdout":
        return nbformat.v4.new_output("stream", name="stdout", text=output.text)
    if output.kind == "error":
        name, _, message = (cell.error or "").partition(": ")
        lines = output.text.splitlines()
        return nbformat.v4.new_output("error", ename=name, evalue=message, traceback=lines)
    data = {"text/plain": output.text} | ({"text/html": output.html} if output.html else {})
    if output.kind == "result":
        return nbformat.v4.new_output("execute_result", data=data, execution_count=count)
    return nbformat.v4.new_output("display_data", data=data)


if __name__ == "__main__":
    main()
