"""Small builders for artifacts, so tests name only what they are about."""

from collections.abc import Mapping, Sequence
from functools import cache
from hashlib import sha256
from typing import Any

from grader.evidence import assemble
from grader.labs import load_lab
from grader.model import (
    Case,
    Cell,
    CellRun,
    Comparisons,
    ForwardPass,
    Lab,
    LabelArray,
    LoadedAsset,
    MetricCall,
    NamedArray,
    Output,
    Recording,
    Submission,
    Tampering,
    TrainerCall,
)

Facts = Sequence[Mapping[str, Mapping[str, Any]]]
"""Recorded facts as a spec writes them: ``[{"forward": {"cell": 1, ...}}, ...]``."""

TRUTH = {
    ("uoft-cs/cifar10", "test"): tuple(index * 7 % 10 for index in range(2000)),
    ("uoft-cs/cifar10", "train"): tuple(index * 3 % 10 for index in range(1000)),
    ("AI-Lab-Makerere/beans", "test"): tuple([0] * 43 + [1] * 43 + [2] * 42),
    ("AI-Lab-Makerere/beans", "train"): tuple(index % 3 for index in range(300)),
}
"""Labels the tests pretend to have served."""


@cache
def lab() -> Lab:
    """The shipped lab."""
    return load_lab("week9-vit-clip")


def code(index: int, source: str, *outputs: str) -> Cell:
    """A code cell that printed ``outputs``."""
    shown = tuple(Output(kind="stdout", text=text) for text in outputs)
    count = index + 1 if outputs else None
    return Cell(index=index, kind="code", source=source, execution_count=count, outputs=shown)


def text(index: int, source: str) -> Cell:
    """A Markdown cell."""
    return Cell(index=index, kind="markdown", source=source)


def submission(*cells: Cell | str, student: str = "heron") -> Submission:
    """A notebook of these cells; strings are code cells."""
    made = tuple(code(i, each) if isinstance(each, str) else each for i, each in enumerate(cells))
    digest = sha256("\0".join(cell.source for cell in made).encode()).hexdigest()
    return Submission(
        student=student, lab="week9-vit-clip", path=f"{student}.ipynb", digest=digest, cells=made
    )


def case(
    *cells: Cell | str,
    rerun: Mapping[int, str] | None = None,
    recorded: Facts | None = None,
    comparisons: Comparisons | None = None,
) -> Case:
    """A case as the detectors see it.

    Args:
        cells: The notebook.
        rerun: What each cell printed in our run, by index.
        recorded: Facts of the recorder; ``None`` means that the notebook was not run.
        comparisons: How the numbers compare.
    """
    made = submission(*cells)
    ran = rerun is not None or recorded is not None
    runs = tuple(_cell_run(cell.index, (rerun or {}).get(cell.index)) for cell in made.code_cells)
    evidence = assemble(
        made,
        lab(),
        rerun=runs if ran else None,
        recording=recording(recorded or []) if ran else None,
        truth=TRUTH,
    )
    return Case(lab=lab(), evidence=evidence, comparisons=comparisons or Comparisons())


def _cell_run(index: int, printed: str | None) -> CellRun:
    outputs = (Output(kind="stdout", text=printed),) if printed is not None else ()
    return CellRun(index=index, outcome="ok", seconds=0.1, outputs=outputs)


def recording(facts: Facts) -> Recording:
    """A recording of these facts; arrays may be lists or run lengths like ``0x50 1x50``."""
    arrays: dict[str, LabelArray] = {}

    def keep(value: Any) -> str | None:  # noqa: ANN401 - straight from YAML
        if value is None:
            return None
        values = tuple(_expanded(value) if isinstance(value, str) else value)
        name = sha256(repr(values).encode()).hexdigest()[:16]
        arrays[name] = LabelArray(id=name, length=len(values), values=values)
        return name

    kept: list[tuple[str, dict[str, Any]]] = [
        (
            kind,
            {key: keep(v) if key in ("y_true", "y_pred", "array") else v for key, v in f.items()},
        )
        for fact in facts
        for kind, f in fact.items()
    ]
    for kind, fields in kept:
        if kind == "metric" and "n" not in fields and fields.get("y_true"):
            fields["n"] = arrays[fields["y_true"]].length
    return Recording(
        loads=tuple(LoadedAsset(**f) for kind, f in kept if kind == "load"),
        metric_calls=tuple(MetricCall(**f) for kind, f in kept if kind == "metric"),
        trainer_calls=tuple(TrainerCall(**f) for kind, f in kept if kind == "trainer"),
        forwards=tuple(ForwardPass(**f) for kind, f in kept if kind == "forward"),
        named=tuple(NamedArray(**f) for kind, f in kept if kind == "named"),
        arrays=arrays,
        tampering=tuple(Tampering(**f) for kind, f in kept if kind == "tamper"),
        complete=not any(kind == "tamper" for kind, _ in kept),
    )


def _expanded(text: str) -> list[int | str]:
    values: list[int | str] = []
    for part in text.split():
        label, _, times = part.partition("x")
        values += [int(label) if label.lstrip("-").isdigit() else label] * int(times or 1)
    return values
