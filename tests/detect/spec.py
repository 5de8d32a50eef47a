"""Read a page of examples into notebooks with expected findings."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import yaml

from grader.model import Case, Cell, Comparisons, Finding, Lab
from tests import build

BLOCK = re.compile(
    r"^```(?P<kind>python|markdown|output|rerun|recorded|lab)\n(?P<body>.*?)^```$", re.M | re.S
)
EXPECT = re.compile(
    r"\s*(?:#|<!--|<-)\s*finding:\s*(?P<codes>[A-Z]{3}\d{3}(?:,\s*[A-Z]{3}\d{3})*)"
    r"(?:\s*\((?P<words>[a-z ]+)\))?\s*(?:-->)?$"
)
SEVERITIES = {"invalid", "major", "minor", "review"}


@dataclass(frozen=True)
class Expected:
    """One marked line."""

    cell: int
    line: int
    code: str
    words: frozenset[str]


@dataclass
class Example:
    """A notebook with what was recorded of it."""

    cells: list[Cell] = field(default_factory=list)
    rerun: dict[int, str] = field(default_factory=dict)
    recorded: list[dict[str, dict[str, Any]]] | None = None
    expected: list[Expected] = field(default_factory=list)
    lab: Lab | None = None

    def case(self) -> Case:
        """The case the detectors get, compared as the pipeline compares it."""
        ran = self.recorded is not None or self.rerun
        plain = build.case(
            *self.cells,
            rerun=self.rerun if ran else None,
            recorded=self.recorded if ran else None,
            lab=self.lab,
        )
        return plain.model_copy(update={"comparisons": _compared(plain)})


def _compared(case: Case) -> Comparisons:
    from grader.compare import compare

    return compare(case.evidence, case.lab, None)


def read(text: str) -> Example:
    """The example a piece of Markdown describes."""
    example = Example()
    for match in BLOCK.finditer(_outdented(text)):
        _add(example, match["kind"], match["body"])
    return example


def _outdented(text: str) -> str:
    """Docstring sections may be indented as a whole."""
    return "\n".join(line[4:] if line.startswith("    ```") else line for line in text.splitlines())


def _add(example: Example, kind: str, body: str) -> None:
    if kind == "recorded":
        example.recorded = yaml.safe_load(body) or []
        return
    if kind == "lab":
        example.lab = {"many kinds": build.many_kinds()}[body.strip()]
        return
    index = len(example.cells) if kind in ("python", "markdown") else len(example.cells) - 1
    clean = _expectations(example, index, body)
    if kind == "python":
        example.cells.append(build.code(index, clean))
    elif kind == "markdown":
        example.cells.append(build.text(index, clean))
    elif kind == "output":
        example.cells[-1] = build.code(index, example.cells[-1].source, clean)
    else:
        example.rerun[index] = clean


def _expectations(example: Example, cell: int, body: str) -> str:
    lines = []
    for number, line in enumerate(body.rstrip("\n").splitlines(), start=1):
        match = EXPECT.search(line)
        if match:
            words = frozenset((match["words"] or "").split())
            for code in match["codes"].split(","):
                example.expected.append(Expected(cell, number, code.strip(), words))
            line = line[: match.start()]
        lines.append(line)
    return "\n".join(lines)


def mismatches(example: Example, findings: tuple[Finding, ...]) -> Iterator[str]:
    """Every marked line that was not found, every finding that was not marked."""
    for want in example.expected:
        hits = [one for one in findings if _points_at(one, want)]
        if not hits:
            yield f"cell {want.cell} line {want.line}: {want.code} expected, not found"
        for hit in hits:
            said = {hit.severity, hit.confidence.value}
            if not want.words <= said:
                yield f"cell {want.cell} line {want.line}: {want.code} is {sorted(said)}"
    for one in findings:
        if not any(_points_at(one, want) for want in example.expected):
            where = [(ref.cell, ref.line) for ref in one.evidence]
            yield f"{one.code} at {where} was not expected: {one.message}"


def _points_at(finding: Finding, want: Expected) -> bool:
    return finding.code == want.code and any(
        (ref.cell, ref.line) == (want.cell, want.line) for ref in finding.evidence
    )
