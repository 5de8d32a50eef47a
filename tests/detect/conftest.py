"""Collect ``specs/*.md`` as tests.

A spec is a page about one detector. Its first heading names the detector, each second-level
heading is one case. Blocks of a case: ``python`` is a code cell, ``markdown`` a text cell,
``output`` what the cell above printed in the file handed in, ``rerun`` what it printed in our
run, ``recorded`` (YAML) what the recorder saw; with one of the last two, the notebook was run.
A ``lab`` block that says ``many kinds`` stands for the lab of ``build.many_kinds``, with tasks
``# Captioning``, ``# Answering``, ``# Retrieval`` and ``# Similarity``; one that says ``any`` for
no lab at all.
A ``band`` block (YAML) holds what the comparison with reference runs says: ``task``, ``metric``,
``value``, ``n``, ``low``, ``high``, ``verdict``, and ``paired``, the p of McNemar's test.
A trailing ``# finding: CODE (severity confidence)`` comment is the only assertion there is:
every marked line must be pointed at, and nothing else may be found.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from grader.detect import detect, load_detectors
from tests.detect import spec

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

HEADING = re.compile(r"^# `(?P<name>[a-z0-9-]+)` \(`(?P<code>[A-Z]{3}\d{3})`\)$", re.M)
CASE = re.compile(r"^## (?P<title>.+?)\n(?P<body>.*?)(?=^## |\Z)", re.M | re.S)


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> Spec | None:
    if file_path.suffix == ".md" and file_path.parent.name == "specs":
        page: Spec = Spec.from_parent(parent, path=file_path)
        return page
    return None


class Spec(pytest.File):
    def collect(self) -> Iterable[SpecCase]:
        text = self.path.read_text(encoding="utf-8")
        heading = HEADING.search(text)
        if heading is None or heading["name"] != self.path.stem:
            raise self.CollectError(f"{self.path.name}: first heading must name it")
        for match in CASE.finditer(_unfenced(text)):
            case: SpecCase = SpecCase.from_parent(self, name=match["title"])
            case.code = heading["code"]
            case.body = match["body"].replace("\0", "#")
            yield case


def _unfenced(text: str) -> str:
    """Hide the ``#`` of headings inside fences, which do not start a case."""
    parts = re.split(r"(^```.*?^```$)", text, flags=re.M | re.S)
    return "".join(
        re.sub(r"^#", "\0", part, flags=re.M) if part.startswith("```") else part for part in parts
    )


class SpecCase(pytest.Item):
    code: str
    body: str

    def runtest(self) -> None:
        example = spec.read(self.body)
        assert example.cells, "a case needs at least one cell"
        chosen = [each for each in load_detectors() if each.code == self.code]
        assert chosen, f"no detector has the code {self.code}"
        detection = detect(example.case(), chosen)
        crashed = [each.reason for each in detection.unassessed if "Error:" in each.reason]
        assert crashed == []
        assert list(spec.mismatches(example, detection.findings)) == []

    def repr_failure(  # type: ignore[override]
        self, excinfo: pytest.ExceptionInfo[BaseException]
    ) -> str:
        return str(excinfo.value)
