"""Honest notebooks, their anchors, and the numbers they print."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Any

import nbformat
import yaml

HERE = Path(__file__).parent
LABS = ("week9-vit-clip", "module08-vlm", "tp1-multimodal")

_FRONT = re.compile(r"\A---\n(?P<front>.*?)^---\n", re.M | re.S)
_CODE = re.compile(r"^```python\n(?P<code>.*?)^```$", re.M | re.S)
_CELL_END = re.compile(r"^\+\+\+$", re.M)
_HOLE = re.compile(r"\{\{(?P<name>[\w.@]{1,60})(?::(?P<form>[^{}]{1,8}))?\}\}")
_SENTENCE = re.compile(r"(?<=[.!?])\s+|(?<=[\u3002\uff01\uff1f])")

Outputs = tuple[Mapping[str, Any], ...]
"""What a cell printed and showed, as nbformat keeps it."""

Numbers = Mapping[str, str]
"""Printed numbers by name, as they stand in the outputs."""


class AnchorError(ValueError):
    """A piece of source that a mutator wants to change does not stand there once."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Cell:
    """One cell of a notebook of the corpus."""

    kind: str
    """``code`` or ``markdown``."""

    source: str
    """Its text. In text cells ``{{clip.accuracy:%}}`` stands for a printed number."""

    outputs: Outputs = ()
    """What it printed; none where it is not known."""

    count: int | None = None
    """Its execution count."""

    @property
    def printed(self) -> str:
        """Its outputs as plain text."""
        return "".join(_plain(output) for output in self.outputs)


@dataclass(frozen=True, kw_only=True, slots=True)
class Notebook:
    """A notebook with what mutators need to know of it."""

    name: str
    """Name of its file."""

    lab: str
    """The lab it answers."""

    style: str
    """What it is an example of."""

    cells: tuple[Cell, ...]
    """Its cells, in order."""

    tasks: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """Anchors of every task: pieces of source that stand once in the code, variables, facts."""

    shown: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """Names of the numbers that a pattern finds in all outputs, from top to bottom."""

    places: Mapping[str, int] = field(default_factory=dict)
    """Cell that printed each number in the honest run; empty where no run is known yet."""

    @property
    def code(self) -> str:
        """All code cells."""
        return "\n".join(cell.source for cell in self.cells if cell.kind == "code")

    @property
    def text(self) -> str:
        """All text cells, numbers not filled in."""
        return "\n\n".join(cell.source for cell in self.cells if cell.kind == "markdown")

    @property
    def numbers(self) -> dict[str, str]:
        """What was printed, by name; what is not found is not there."""
        return {name: value for name, (_, value) in self._found().items()}

    def placed(self) -> "Notebook":
        """The notebook, with the places where its numbers were printed now."""
        return replace(self, places={name: cell for name, (cell, _) in self._found().items()})

    def _found(self) -> dict[str, tuple[int, str]]:
        """Cell and value of every number.

        Where the places are known, a number counts in its own cell only, so that one that is no
        longer printed is not taken for the next of its kind.
        """
        found: dict[str, tuple[int, str]] = {}
        for pattern, names in self.shown.items():
            matches = [
                (index, match[1])
                for index, cell in enumerate(self.cells)
                for match in re.finditer(pattern, cell.printed, re.M)
            ]
            for name in names:
                place = self.places.get(name)
                position = next(
                    (i for i, (cell, _) in enumerate(matches) if place in (None, cell)), None
                )
                if position is not None:
                    found[name] = matches.pop(position)
        return found

    def where(self, anchor: str, kind: str = "code") -> int:
        """Index of the one cell that holds ``anchor`` once.

        Raises:
            AnchorError: it stands nowhere, or more than once.
        """
        cells = [i for i, cell in enumerate(self.cells) if cell.kind == kind]
        times = sum(self.cells[index].source.count(anchor) for index in cells)
        if times != 1:
            raise AnchorError(f"{self.name}: {anchor!r} stands {times} times")
        return next(index for index in cells if anchor in self.cells[index].source)

    def edited(self, anchor: str, new: str, kind: str = "code") -> "Notebook":
        """The notebook with other text in place of ``anchor``."""
        index = self.where(anchor, kind)
        changed = self.cells[index].source.replace(anchor, new)
        return self.with_source(index, changed)

    def with_source(self, index: int, source: str) -> "Notebook":
        """The notebook with another source in one cell."""
        cells = list(self.cells)
        cells[index] = replace(cells[index], source=source)
        return replace(self, cells=tuple(cells))

    def before(self, anchor: str, *lines: str) -> "Notebook":
        """The notebook with lines before the one of ``anchor``, indented like it."""
        index = self.where(anchor)
        whole = self.cells[index].source
        source = whole.splitlines()
        at = whole[: whole.index(anchor)].count("\n")
        indent = source[at][: len(source[at]) - len(source[at].lstrip())]
        source[at:at] = [indent + line if line else "" for line in lines]
        return self.with_source(index, "\n".join(source))

    def printing(self, index: int, outputs: Outputs) -> "Notebook":
        """The notebook with other outputs of one cell."""
        cells = list(self.cells)
        cells[index] = replace(cells[index], outputs=outputs)
        return replace(self, cells=tuple(cells))

    def stripped(self) -> "Notebook":
        """The notebook as it is before it runs: no outputs, no counts."""
        return replace(self, cells=tuple(replace(c, outputs=(), count=None) for c in self.cells))

    def filled(self) -> "Notebook":
        """The notebook with the printed numbers in its text.

        A sentence that speaks of a number which was not printed is left out.
        """
        numbers = self.numbers
        cells = (
            replace(cell, source=filled(cell.source, numbers)) if cell.kind == "markdown" else cell
            for cell in self.cells
        )
        return replace(self, cells=tuple(cells))

    def as_ipynb(self) -> str:
        """The file that a student hands in."""
        made = nbformat.v4.new_notebook(metadata=_METADATA)
        for index, cell in enumerate(self.filled().cells):
            node = _node(cell)
            node["id"] = f"cell-{index:02d}"
            made.cells.append(node)
        return str(nbformat.writes(made)) + "\n"


_METADATA = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}


def _node(cell: Cell) -> Any:  # noqa: ANN401 - nbformat has no types
    if cell.kind == "markdown":
        return nbformat.v4.new_markdown_cell(cell.source)
    outputs = [nbformat.from_dict(output) for output in cell.outputs]
    return nbformat.v4.new_code_cell(cell.source, outputs=outputs, execution_count=cell.count)


def _plain(output: Mapping[str, Any]) -> str:
    text = output.get("text") or output.get("data", {}).get("text/plain", "")
    return str("".join(text))


def filled(text: str, numbers: Numbers) -> str:
    """Text with numbers in its holes; sentences whose number is unknown are left out."""
    return "\n".join(_line(line, numbers) for line in text.split("\n"))


def _line(line: str, numbers: Numbers) -> str:
    if not _HOLE.search(line):
        return line
    if line.startswith("|"):
        return "" if _unknown(line, numbers) else _put(line, numbers)
    kept = [part for part in _SENTENCE.split(line) if not _unknown(part, numbers)]
    join = "" if re.search(r"[\u3002\uff01\uff1f]", line) else " "
    return _put(join.join(kept), numbers)


def _unknown(part: str, numbers: Numbers) -> bool:
    return any(match["name"] not in numbers for match in _HOLE.finditer(part))


def _put(part: str, numbers: Numbers) -> str:
    return _HOLE.sub(lambda hole: spelled(numbers[hole["name"]], hole["form"] or ""), part)


def spelled(value: str, form: str) -> str:
    """A printed number as a text writes it.

    Args:
        value: As it was printed.
        form: Empty: as printed. ``%``: ``90.62%``. ``,%``: ``90,62 %``. ``,``: ``0,9062``.
            ``%1``: ``90.6%``.
    """
    if not form:
        return value
    if form == ",":
        return value.replace(".", ",")
    places = 1 if form.endswith("1") else 2
    percent = f"{float(value) * 100:.{places}f}"
    return percent.replace(".", ",") + " %" if form.startswith(",") else percent + "%"


def read_source(path: Path) -> Notebook:
    """A notebook as it is written down: YAML between two lines of dashes, then its cells.

    Fenced Python blocks are code cells, what stands between them is a text cell each, and a
    line ``+++`` ends a text cell. Holes in the text are not filled.
    """
    text = path.read_text(encoding="utf-8")
    front = _FRONT.match(text)
    if front is None:
        raise AnchorError(f"{path.name}: no front matter")
    about = yaml.safe_load(front["front"])
    return Notebook(
        name=path.stem,
        lab=path.parent.name,
        style=about["style"],
        cells=tuple(_cells(text[front.end() :])),
        tasks=about["tasks"],
        shown=about["shown"],
    )


def _cells(text: str) -> Iterator[Cell]:
    last = 0
    for block in _CODE.finditer(text):
        yield from _texts(text[last : block.start()])
        yield Cell(kind="code", source=block["code"].rstrip("\n"))
        last = block.end()
    yield from _texts(text[last:])


def _texts(text: str) -> Iterator[Cell]:
    for part in _CELL_END.split(text):
        if part.strip():
            yield Cell(kind="markdown", source=part.strip())


@cache
def honest() -> tuple[Notebook, ...]:
    """Every honest notebook with its saved outputs, its text not filled in."""
    return tuple(_with_outputs(path) for lab in LABS for path in sorted((HERE / lab).glob("*.txt")))


def _with_outputs(path: Path) -> Notebook:
    notebook = read_source(path)
    saved = json.loads(path.with_suffix(".ipynb").read_text(encoding="utf-8"))["cells"]
    cells = [
        replace(cell, outputs=tuple(node.get("outputs", ())), count=node.get("execution_count"))
        for cell, node in zip(notebook.cells, saved, strict=True)
    ]
    return replace(notebook, cells=tuple(cells)).placed()
