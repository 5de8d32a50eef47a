"""Run the honest notebooks and keep what they print: ``python -m tests.corpus``.

For maintainers, after a change of the assets, of a notebook or of a mutator.
"""

import json
import tempfile
from collections.abc import Container, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import click

from grader.assets import prepare
from grader.execute import ForkSandbox, Sandbox
from grader.labs import load_lab
from grader.model import Run
from tests.corpus.mutants import OUTPUTS, Mutant, digest_of, kept_outputs, known_outputs, mutants
from tests.corpus.notebooks import HERE, LABS, Notebook, honest, read_source
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
            path for path in sorted((HERE / lab).glob("*.txt")) if not names or path.stem in names
        ]
        if paths:
            _refresh(lab, paths)


@main.command("mutants")
@click.option("--lab", "labs", multiple=True, type=click.Choice(LABS))
@click.option("--limit", type=int, help="Run at most so many of each lab.")
@click.argument("mutators", nargs=-1)
def run_mutants(labs: Sequence[str], limit: int | None, mutators: Sequence[str]) -> None:
    """Run what the mutators MUTATORS, or all, made, where its outputs are not known yet."""
    for lab in labs or LABS:
        made = [each for each in mutants() if each.site.notebook.lab == lab]
        changed = [each for each in made if each.mutator.source]
        wanted = [
            each
            for each in changed
            if _is_unknown(each) and (not mutators or each.mutator.name in mutators)
        ]
        _run_all(lab, _one_of_each_first(wanted)[:limit], {each.id for each in changed})


@main.command()
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False))
def write(folder: Path) -> None:
    """Write every notebook below FOLDER, with an index of what is wrong with which."""
    index = [
        _written(folder, f"{each.lab}/{each.name}/honest", each, each.lab) for each in honest()
    ]
    for mutant in mutants():
        row = _written(folder, mutant.id, mutant.notebook, mutant.notebook.lab)
        index.append({**row, "plants": mutant.mutator.plants, "also": mutant.mutator.also})
    (folder / "index.json").write_text(json.dumps(index, indent=1), encoding="utf-8")


def _written(folder: Path, name: str, notebook: Notebook, lab: str) -> dict[str, object]:
    path = folder / f"{name}.ipynb"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(notebook.as_ipynb(), encoding="utf-8")
    return {"id": name, "file": f"{name}.ipynb", "lab": lab}


def _is_unknown(mutant: Mutant) -> bool:
    known = known_outputs(mutant.changed.lab).get(mutant.id)
    return known is None or known["digest"] != digest_of(mutant.changed)


def _one_of_each_first(wanted: Sequence[Mutant]) -> list[Mutant]:
    """In an order in which a run that is interrupted has seen most mutators."""
    seen: dict[str, int] = {}
    ranked = []
    for each in wanted:
        rank = seen[each.mutator.name] = seen.get(each.mutator.name, 0) + 1
        ranked.append((rank, each))
    return [each for _, each in sorted(ranked, key=lambda pair: pair[0])]


def _run_all(lab: str, wanted: Sequence[Mutant], current: Container[str]) -> None:
    known = {name: kept for name, kept in known_outputs(lab).items() if name in current}
    _save(lab, known)
    if not wanted:
        return
    home = prepare(load_lab(lab))
    with ForkSandbox(home.root, home.profile) as sandbox:
        for mutant in wanted:
            run, printed = ran(mutant.changed, sandbox)
            known[mutant.id] = kept_outputs(mutant.changed, printed)
            _save(lab, known)
            click.echo(f"{mutant.id}: {run.outcome} in {run.seconds:.1f} s {_failed(run)}")
            if not _shown(mutant, printed):
                click.echo(f"  not shown by {printed.numbers}")


def _shown(mutant: Mutant, printed: Notebook) -> bool:
    """Whether the numbers show the flaw; numbers that are missing show nothing."""
    measured = mutant.mutator.measured
    try:
        return measured is None or measured(mutant.site, printed.numbers)
    except KeyError:
        return False


def _save(lab: str, known: Mapping[str, object]) -> None:
    OUTPUTS.mkdir(exist_ok=True)
    lines = (f"{json.dumps(name)}: {json.dumps(known[name])}" for name in sorted(known))
    text = "{\n" + ",\n".join(lines) + "\n}\n"
    (OUTPUTS / f"{lab}.json").write_text(text, encoding="utf-8")


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
