"""Mutants: honest notebooks with one flaw planted."""

import ast
import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache
from hashlib import sha256

from tests.corpus.mutators import MUTATORS, Mutator, Site
from tests.corpus.notebooks import HERE, AnchorError, Notebook, honest

OUTPUTS = HERE / "outputs"
"""What the mutants printed when they ran, by lab; see ``python -m tests.corpus mutants``."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Mutant:
    """One notebook with one planted flaw."""

    site: Site
    mutator: Mutator

    notebook: Notebook
    """What is handed in: changed sources with the outputs of their own run where they are
    known, otherwise without any outputs; the numbers in the text are those of the outputs."""

    changed: Notebook
    """The change alone, with the outputs of the honest run."""

    ran: bool
    """Whether the outputs are those of a run of the changed sources, or were meant to be
    other ones."""

    @property
    def id(self) -> str:
        """E.g. ``week9-vit-clip/loop-counters/vit/one-item``."""
        return name_of(self.site, self.mutator)


def name_of(site: Site, mutator: Mutator) -> str:
    """Lab, notebook, task and mutator."""
    return f"{site.notebook.lab}/{site.notebook.name}/{site.task}/{mutator.name}"


def sites() -> Iterator[Site]:
    """Every task of every honest notebook."""
    for notebook in honest():
        for task in notebook.tasks:
            yield Site(notebook=notebook, task=task)


@cache
def mutants() -> tuple[Mutant, ...]:
    """Every mutant, always the same and in the same order."""
    return tuple(each for mutator in MUTATORS for each in _mutants_of(mutator))


def _mutants_of(mutator: Mutator) -> Iterator[Mutant]:
    possible = [
        made for site in sites() if site.kind in mutator.kinds for made in _changed(mutator, site)
    ]
    for site, changed in _spread(possible, mutator):
        yield _mutant(mutator, site, changed)


def _changed(mutator: Mutator, site: Site) -> Iterator[tuple[Site, Notebook]]:
    try:
        changed = mutator.change(site)
    except (AnchorError, KeyError):
        # This notebook has no place for this flaw.
        return
    if parses(changed, site.notebook):
        yield site, changed


def _spread(possible: list[tuple[Site, Notebook]], mutator: Mutator) -> list[tuple[Site, Notebook]]:
    """At most so many, chosen by a digest so that no notebook is always left out."""

    def place(pair: tuple[Site, Notebook]) -> str:
        return sha256(name_of(pair[0], mutator).encode()).hexdigest()

    chosen = {id(pair) for pair in sorted(possible, key=place)[: mutator.most]}
    return [pair for pair in possible if id(pair) in chosen]


def _mutant(mutator: Mutator, site: Site, changed: Notebook) -> Mutant:
    if not mutator.source:
        return Mutant(site=site, mutator=mutator, notebook=changed, changed=changed, ran=True)
    printed = with_known_outputs(changed, name_of(site, mutator))
    ran = printed is not None
    notebook = printed if printed is not None else changed.stripped()
    if ran and mutator.retouch is not None:
        notebook = mutator.retouch(replace(site, notebook=notebook))
    return Mutant(site=site, mutator=mutator, notebook=notebook, changed=changed, ran=ran)


def parses(changed: Notebook, honest_one: Notebook) -> bool:
    """Whether every changed code cell is Python, but for the lines that are notebook commands."""
    before = {cell.source for cell in honest_one.cells}
    for cell in changed.cells:
        if cell.kind != "code" or cell.source in before:
            continue
        lines = ("pass" if line[:1] in "!%" and line else line for line in cell.source.split("\n"))
        try:
            ast.parse("\n".join(lines))
        except SyntaxError:
            return False
    return True


def digest_of(notebook: Notebook) -> str:
    """Of the code cells, so that outputs of another version are not used."""
    return sha256(notebook.code.encode()).hexdigest()[:16]


@cache
def known_outputs(lab: str) -> dict[str, dict[str, object]]:
    """Outputs of the mutants of a lab that were run, by mutant."""
    path = OUTPUTS / f"{lab}.json"
    if not path.exists():
        return {}
    known: dict[str, dict[str, object]] = json.loads(path.read_text(encoding="utf-8"))
    return known


def with_known_outputs(changed: Notebook, name: str) -> Notebook | None:
    """The notebook with the outputs of its own run; ``None`` where that run is not known."""
    kept = known_outputs(changed.lab).get(name)
    if kept is None or kept["digest"] != digest_of(changed):
        return None
    cells = list(changed.cells)
    for index, (count, outputs) in dict(kept["cells"]).items():  # type: ignore[call-overload]
        cells[int(index)] = replace(cells[int(index)], count=count, outputs=tuple(outputs))
    return replace(changed, cells=tuple(cells))


def kept_outputs(changed: Notebook, printed: Notebook) -> dict[str, object]:
    """What ``with_known_outputs`` needs: the cells that do not show what the honest run showed."""
    cells = {
        str(index): [after.count, list(after.outputs)]
        for index, (before, after) in enumerate(zip(changed.cells, printed.cells, strict=True))
        if before.printed != after.printed or before.count != after.count
    }
    return {"digest": digest_of(changed), "cells": cells}
