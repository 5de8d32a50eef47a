"""Run the honest notebooks and keep what they print: ``python -m tests.corpus``.

For maintainers, after a change of the assets, of a notebook or of a mutator.
"""

import json
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import click

from grader.assets import prepare
from grader.execute import ForkSandbox, Sandbox
from grader.labs import load_lab
from grader.model import Run
from tests.corpus.notebooks import HERE, LABS, Notebook, read_source
from tests.refresh_samples import refresh as rerun


@click.group()
def main() -> None:
    """Keep the corpus of honest notebooks fresh."""


@main.command()
@click.option("--lab", "labs", multiple=True, type=click.Choice(LABS))
@click.argument("names", nargs=-1)
def refresh(labs: Sequence[str], names: Sequence[str]) -> None:
    """Run the notebooks NAMES, or all, and write them with their outputs."""
    for lab in labs or LABS:
        paths = [
            path for path in sorted((HERE / lab).glob("*.md")) if not names or path.stem in names
        ]
        if paths:
            _refresh(lab, paths)


def _refresh(lab: str, paths: Sequence[Path]) -> None:
    home = prepare(load_lab(lab))
    with ForkSandbox(home.root, home.profile) as sandbox:
        for path in paths:
            run, printed = ran(read_source(path), sandbox)
            path.with_suffix(".ipynb").write_text(printed.as_ipynb(), encoding="utf-8")
            click.echo(f"{path.stem}: {run.outcome} in {run.seconds:.1f} s {_failed(run)}")


def _failed(run: Run) -> str:
    failed = (f"cell {cell.index}: {cell.error}" for cell in run.cells if cell.outcome != "ok")
    return " ".join((run.message, *failed)).strip()


def ran(notebook: Notebook, sandbox: Sandbox) -> tuple[Run, Notebook]:
    """A run of a notebook, and the notebook with the outputs of that run.

    Args:
        notebook: What is run; its own outputs do not matter.
        sandbox: Where.
    """
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"{notebook.name}.ipynb"
        path.write_text(notebook.stripped().as_ipynb(), encoding="utf-8")
        run = rerun(path, load_lab(notebook.lab), sandbox)  # type: ignore[arg-type]
        nodes = json.loads(path.read_text(encoding="utf-8"))["cells"]
    cells = [
        replace(cell, outputs=tuple(node.get("outputs", ())), count=node.get("execution_count"))
        for cell, node in zip(notebook.cells, nodes, strict=True)
    ]
    return run, replace(notebook, cells=tuple(cells))


if __name__ == "__main__":
    main()
