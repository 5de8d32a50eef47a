"""Read a page of examples into notebooks with expected findings."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import yaml

from grader.detect.peers import peer_of
from grader.labs import any_lab
from grader.model import (
    Band,
    Case,
    Cell,
    Cohort,
    Comparison,
    Comparisons,
    Difficulty,
    Finding,
    Lab,
    Paired,
    Peer,
    PeerResult,
    Value,
)
from tests import build

BLOCK = re.compile(
    r"^```(?P<kind>python|markdown|output|rerun|recorded|lab|band|cohort)(?: \[(?P<count>\d*)\])?\n"
    r"(?P<body>.*?)^```$",
    re.M | re.S,
)
"""``python [9]`` is a cell with this execution count, ``python []`` one without any."""
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
    bands: list[dict[str, Any]] = field(default_factory=list)
    cohort: list[dict[str, Any]] | None = None

    def case(self) -> Case:
        """The case the detectors get, compared as the pipeline compares it."""
        ran = self.recorded is not None or self.rerun
        plain = build.case(
            *self.cells,
            rerun=self.rerun if ran else None,
            recorded=self.recorded if ran else None,
            lab=self.lab,
        )
        if self.cohort is not None:
            plain = plain.model_copy(update={"cohort": _class_of(plain, self.cohort)})
        if self.bands:
            return plain.model_copy(update={"comparisons": _banded(self.bands)})
        return plain.model_copy(update={"comparisons": _compared(plain)})


def _class_of(case: Case, others: list[dict[str, Any]]) -> Cohort:
    """The case beside others, of each of which a ``cohort`` block tells one result.

    ``labels: same`` stands for the same items in the same order.
    """
    own = peer_of(case.evidence, case.lab)
    peers = []
    for number, each in enumerate(others):
        fields = dict(each)
        mine = own.result(fields["task"])
        if fields.get("labels") == "same":
            fields["labels"] = mine.labels if mine is not None else None
        if isinstance(fields.get("answers"), str):
            fields["answers"] = build.expanded(fields["answers"])
        peers.append(Peer(submission=str(number), results=(PeerResult.model_validate(fields),)))
    return Cohort(own=own, others=tuple(peers))


def _compared(case: Case) -> Comparisons:
    from grader.compare import compare

    return compare(case.evidence, case.lab, None)


def _banded(bands: list[dict[str, Any]]) -> Comparisons:
    """Comparisons with the reference runs that a ``band`` block tells of."""
    entries = []
    for each in bands:
        n, band = each["n"], Band(low=each["low"], high=each["high"], n=128, runs=5, method="test")
        p = each.get("paired")
        paired = Paired(n=n, seed=1, only_submission=0, only_reference=0, p=p or 1, method="exact")
        entries.append(
            Comparison(
                task=each["task"],
                metric=each["metric"],
                recomputed=Value(value=each["value"], n=n, cell=0),
                n=n,
                reference=band,
                paired=None if p is None else paired,
                difficulty=_difficulty(each),
                verdict=each["verdict"],
                why="told by the test",
            )
        )
    return Comparisons(entries=tuple(entries))


def _difficulty(band: dict[str, Any]) -> Difficulty | None:
    found = band.get("difficulty")
    return Difficulty(n=band["n"], **found) if found else None


def read(text: str) -> Example:
    """The example a piece of Markdown describes."""
    example = Example()
    counts: dict[int, int | None] = {}
    for match in BLOCK.finditer(_outdented(text)):
        _add(example, match["kind"], match["body"])
        if match["count"] is not None:
            counts[len(example.cells) - 1] = int(match["count"]) if match["count"] else None
    example.cells = [
        cell.model_copy(update={"execution_count": counts.get(cell.index, cell.execution_count)})
        for cell in example.cells
    ]
    return example


def _outdented(text: str) -> str:
    """Docstring sections may be indented as a whole."""
    return "\n".join(line[4:] if line.startswith("    ```") else line for line in text.splitlines())


def _add(example: Example, kind: str, body: str) -> None:
    if kind == "recorded":
        example.recorded = yaml.safe_load(body) or []
        return
    if kind == "band":
        example.bands = yaml.safe_load(body) or []
        return
    if kind == "cohort":
        example.cohort = yaml.safe_load(body) or []
        return
    if kind == "lab":
        example.lab = {"many kinds": build.many_kinds(), "any": any_lab()}[body.strip()]
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
