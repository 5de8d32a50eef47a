"""What a mutator is, and the edits mutators share."""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from tests.corpus.notebooks import AnchorError, Notebook, Numbers

Anchors = Mapping[str, Any]
"""The anchors of one task, from the front matter of its notebook."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Site:
    """Where a mutator works: one task of one honest notebook."""

    notebook: Notebook
    task: str

    @property
    def anchors(self) -> Anchors:
        return self.notebook.tasks[self.task]

    def __getitem__(self, anchor: str) -> str:
        """An anchor of the task.

        Raises:
            AnchorError: this notebook has none of this name.
        """
        if anchor not in self.anchors:
            raise AnchorError(f"{self.notebook.name}: {self.task} has no {anchor}")
        return str(self.anchors[anchor])

    @property
    def kind(self) -> str:
        return self["kind"]

    @property
    def classes(self) -> int:
        return int(self["classes"])

    @property
    def names(self) -> str | None:
        """Variable of the class names, where labels are names and not numbers."""
        return self.anchors.get("names")

    def number(self, name: str) -> float:
        """A number the honest notebook printed for this task."""
        return float(self.notebook.numbers[f"{self.task}.{name}"])


Change = Callable[[Site], Notebook]
"""Makes the mutant of an honest notebook; raises ``AnchorError`` where it has no place for it."""

Measured = Callable[[Site, Numbers], bool]
"""Whether the printed numbers of the mutant show the flaw."""

Stated = Callable[[Site, Notebook], bool]
"""Whether the files show the flaw."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Mutator:
    """Plants one flaw."""

    name: str
    """What it does, e.g. ``one-item``."""

    plants: tuple[str, ...]
    """Names of the detector that is to find it; of several, each names the flaw rightly."""

    also: tuple[str, ...] = ()
    """Detectors that may report a consequence of the same flaw."""

    kinds: frozenset[str] = frozenset({"classification"})
    """Kinds of tasks it is for."""

    change: Change
    """Makes the mutant."""

    stated: Stated
    """Proof from the files."""

    measured: Measured | None = None
    """Proof from what the mutant prints when it runs; ``None`` where the files say it all."""

    source: bool = True
    """Whether code changes; otherwise the honest code prints other numbers than were saved."""

    retouch: Change | None = None
    """Applied to the mutant with its outputs, for flaws in what was saved."""

    most: int = 6
    """Most mutants made of it."""


ALL = frozenset({"classification", "retrieval", "captioning", "vqa", "similarity"})
CLASSIFICATION = frozenset({"classification"})


def differs(site: Site, mutant: Notebook) -> bool:
    """The code is no longer the honest one."""
    return mutant.code != site.notebook.code


def added(text: str) -> Stated:
    """Proof that the code has a piece of source that the honest code has not."""
    return lambda site, mutant: text in mutant.code and text not in site.notebook.code


def with_import(notebook: Notebook, module: str, index: int) -> Notebook:
    """The notebook with an import at the top of a cell, unless one stands in a cell already."""
    line = {"np": "import numpy as np"}.get(module, f"import {module}")
    names = rf"^import .*\b{module}\b|^import numpy as np, |^from \w+ import .*\b{module}\b"
    if re.search(names, notebook.code, re.M):
        return notebook
    return notebook.with_source(index, f"{line}\n{notebook.cells[index].source}")


def before_scoring(site: Site, *lines: str) -> Notebook:
    """Lines before the first line of the metrics; what was counted before is counted again."""
    recount = site.anchors.get("recount")
    more = [*lines, *([recount] if recount else [])]
    changed = site.notebook.before(site["at"], *more)
    index = changed.where(site["at"])
    for module in ("np", "random"):
        if any(re.search(rf"(?<![\w.]){module}\.", line) for line in lines):
            changed = with_import(changed, module, index)
    return changed


def scored_as(site: Site, *, truth: str | None = None, pred: str | None = None) -> Notebook:
    """Labels or predictions replaced just before they are scored.

    Args:
        site: Where.
        truth: Expression for the labels; ``T``, ``P``, ``K`` and ``N`` stand for labels,
            predictions, number of classes and the list of class names.
        pred: Expression for the predictions.
    """
    lines = []
    for name, expression in ((site["truth"], truth), (site["pred"], pred)):
        if expression is not None:
            lines.append(f"{name} = {spelled_out(site, expression)}")
    return before_scoring(site, *lines)


def spelled_out(site: Site, expression: str) -> str:
    """An expression with the notebook's own variables for ``T``, ``P``, ``K`` and ``N``."""
    words = {
        "T": site["truth"],
        "P": site["pred"],
        "K": str(site.anchors.get("classes", "")),
        "N": site.names or "",
    }
    return re.sub(r"\b[TPKN]\b", lambda match: words[match[0]], expression)


def by_labels(site: Site, numbers: str, names: str) -> str:
    """The expression for labels that are numbers, or for those that are names."""
    return names if site.names else numbers


def needs_free_length(site: Site) -> None:
    """Raise where other arrays of the notebook have the length of the labels."""
    if site.anchors.get("fixed"):
        raise AnchorError(f"{site.notebook.name}: the labels of {site.task} have a fixed length")


def in_code(site: Site, pattern: str, new: str) -> Notebook:
    """The one place of the code that a pattern finds, written anew.

    Raises:
        AnchorError: the pattern finds no place, or several.
    """
    found = [
        (index, match)
        for index, cell in enumerate(site.notebook.cells)
        if cell.kind == "code"
        for match in re.finditer(pattern, cell.source)
    ]
    if len(found) != 1:
        raise AnchorError(f"{site.notebook.name}: {pattern} is found {len(found)} times")
    index, match = found[0]
    source = site.notebook.cells[index].source
    return site.notebook.with_source(
        index, source[: match.start()] + match.expand(new) + source[match.end() :]
    )


def every(site: Site, pattern: str, new: str) -> Notebook:
    """All places of the code that a pattern finds, written anew.

    Raises:
        AnchorError: there is none.
    """
    notebook = site.notebook
    for index, cell in enumerate(notebook.cells):
        if cell.kind == "code":
            notebook = notebook.with_source(index, re.sub(pattern, new, cell.source))
    if notebook.code == site.notebook.code:
        raise AnchorError(f"{notebook.name}: {pattern} is not found")
    return notebook


def cell_of(site: Site, anchor: str) -> int:
    """Index of the cell of an anchor."""
    return site.notebook.where(site[anchor])


def reprinted(notebook: Notebook, name: str, value: str) -> Notebook:
    """The notebook with another printed number, where ``shown`` says it stands.

    Raises:
        AnchorError: the number was not printed.
    """
    index, output, start, end = next(_places(notebook, name), (-1, -1, 0, 0))
    if index < 0:
        raise AnchorError(f"{notebook.name}: {name} was not printed")
    old = notebook.cells[index].outputs[output]
    return notebook.printing(
        index,
        tuple(
            _with_text(each, text_of(each)[:start] + value + text_of(each)[end:])
            if each is old
            else each
            for each in notebook.cells[index].outputs
        ),
    )


def text_of(output: Mapping[str, Any]) -> str:
    """The plain text of an output."""
    text = output.get("text", output.get("data", {}).get("text/plain", ""))
    return "".join(text)


def _with_text(output: Mapping[str, Any], text: str) -> Mapping[str, Any]:
    if "text" in output:
        return {**output, "text": text}
    return {**output, "data": {"text/plain": text}}


def _places(notebook: Notebook, name: str) -> Iterator[tuple[int, int, int, int]]:
    for pattern, names in notebook.shown.items():
        if name in names:
            matches = [
                (index, number, match.start(1), match.end(1))
                for index, cell in enumerate(notebook.cells)
                for number, output in enumerate(cell.outputs)
                for match in re.finditer(pattern, text_of(output), re.M)
            ]
            position = list(names).index(name)
            yield from matches[position : position + 1]


def replaced_in_output(
    site: Site, anchor: str, pattern: str, new: Callable[[re.Match[str]], str]
) -> Notebook:
    """The notebook with other text where a pattern is first found in the outputs of a cell.

    Args:
        site: Where.
        anchor: Stands in the cell that printed it.
        pattern: What is written anew.
        new: The text in its place.

    Raises:
        AnchorError: no output of the cell has it.
    """
    index = cell_of(site, anchor)
    outputs = list(site.notebook.cells[index].outputs)
    for number, output in enumerate(outputs):
        text = text_of(output)
        match = re.search(pattern, text, re.M)
        if match:
            text = text[: match.start()] + new(match) + text[match.end() :]
            outputs[number] = _with_text(output, text)
            return site.notebook.printing(index, tuple(outputs))
    raise AnchorError(f"{site.notebook.name}: no output has {pattern}")
