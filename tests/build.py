"""Small builders for artifacts, so tests name only what they are about."""

from collections.abc import Mapping, Sequence
from functools import cache
from hashlib import sha256
from typing import Any

from grader.evidence import Truth, assemble
from grader.labs import load_lab
from grader.model import (
    METRICS,
    Attempt,
    Case,
    CaughtException,
    Cell,
    CellRun,
    Comparisons,
    ForwardPass,
    Lab,
    LabelArray,
    LoadedAsset,
    Matrix,
    MetricCall,
    ModelPass,
    NamedArray,
    NamedMatrix,
    Output,
    PreparedImages,
    RandomDraw,
    Recording,
    RowNorms,
    ServedRows,
    Submission,
    Tampering,
    Task,
    TextMetricCall,
    TrainerCall,
    TrainingSteps,
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


COLOURS = ("red", "blue", "green", "black", "white", "yellow", "Grey")
SHAPES = ("circle", "square", "triangle", "star", "cross", "ring", "arrow", "heart")
RECALLS = tuple(name for name in METRICS if "_recall_at_" in name)


def _captions(index: int) -> tuple[str, ...]:
    """Five captions of one picture, of which no other has any."""
    one, other = f"{COLOURS[index % 7]} {SHAPES[index % 8]}", SHAPES[index * 3 % 7]
    return (
        f"A {one} beside a {other} number {index}.",
        f"a {other} and a {one} with the number {index} on it",
        f"Number {index}: there is a {one} near a {other}",
        f"the {other} of number {index} is left of a small {one}",
        f"two things, {one} and {other}, and the number {index}",
    )


WORLD = "yerevann/coco-karpathy"
QUESTIONS = "Graphcore/vqa"
CAPTIONS = {
    (WORLD, "test"): tuple(_captions(index) for index in range(120)),
    (WORLD, "train"): tuple(_captions(index) for index in range(120, 300)),
}
"""Captions the tests pretend to have served: five a picture."""

ANSWERS = {
    (QUESTIONS, "test"): tuple(
        (COLOURS[index * 5 % 7],) * 8 + (COLOURS[index % 6], "it is") for index in range(200)
    )
}
"""Answers of ten people the tests pretend to have served."""


@cache
def lab() -> Lab:
    """The shipped lab."""
    return load_lab("week9-vit-clip")


@cache
def many_kinds() -> Lab:
    """The shipped lab with one task of every kind that is no classification."""
    blip, clip = "Salesforce/blip-image-captioning-base", "openai/clip-vit-base-patch32"
    tasks = (
        _task("captioning", "Captioning", blip, WORLD, "bleu1 bleu2 bleu3 bleu4 meteor cider"),
        _task(
            "vqa", "Answering", "Salesforce/blip-vqa-base", QUESTIONS, "vqa_accuracy exact_match"
        ),
        _task("retrieval", "Retrieval", clip, WORLD, " ".join(RECALLS)),
        _task("similarity", "Similarity", clip, "pictures", "similarity_score"),
    )
    return lab().model_copy(update={"tasks": tasks, "criteria": (), "answers": ()})


KEPT = frozenset({"y_true", "y_pred", "array", "predictions", "images", "labels", "inputs"})
"""Fields of facts that name an array; a spec writes the array itself."""

shipped = lab
"""The shipped lab, where ``lab`` is an argument."""


def _task(kind: str, title: str, model: str, dataset: str, metrics: str) -> Task:
    return Task.model_validate(
        {
            "id": kind,
            "kind": kind,
            "title": title,
            "keywords": [title.lower()],
            "metrics": metrics.split(),
            "models": [model],
            "datasets": [dataset],
            "min_n": 50,
        }
    )


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
    lab: Lab | None = None,
) -> Case:
    """A case as the detectors see it.

    Args:
        cells: The notebook.
        rerun: What each cell printed in our run, by index.
        recorded: Facts of the recorder; ``None`` means that the notebook was not run.
        comparisons: How the numbers compare.
        lab: What was asked; by default the shipped lab.
    """
    made, asked = submission(*cells), lab or shipped()
    ran = rerun is not None or recorded is not None
    runs = tuple(_cell_run(cell.index, (rerun or {}).get(cell.index)) for cell in made.code_cells)
    evidence = assemble(
        made,
        asked,
        rerun=runs if ran else None,
        recording=recording(recorded or []) if ran else None,
        truth=Truth(labels=TRUTH, captions=CAPTIONS, answers=ANSWERS),
    )
    return Case(lab=asked, evidence=evidence, comparisons=comparisons or Comparisons())


def _cell_run(index: int, printed: str | None) -> CellRun:
    outputs = (Output(kind="stdout", text=printed),) if printed is not None else ()
    return CellRun(index=index, outcome="ok", seconds=0.1, outputs=outputs)


def recording(facts: Facts) -> Recording:
    """A recording of these facts; arrays may be lists or run lengths like ``0x50 1x50``."""
    arrays: dict[str, LabelArray] = {}
    matrices: dict[str, Matrix] = {}

    def keep_matrix(rows: Sequence[Sequence[float]]) -> str:
        values = tuple(float(value) for row in rows for value in row)
        name = sha256(repr((len(rows), values)).encode()).hexdigest()[:16]
        matrices[name] = Matrix(id=name, rows=len(rows), columns=len(rows[0]), values=values)
        return name

    def keep(value: Any) -> str | None:  # noqa: ANN401 - straight from YAML
        if value is None:
            return None
        values = tuple(expanded(value) if isinstance(value, str) else value)
        name = sha256(repr(values).encode()).hexdigest()[:16]
        arrays[name] = LabelArray(id=name, length=len(values), values=values)
        return name

    kept: list[tuple[str, dict[str, Any]]] = [
        (
            kind,
            {
                key: keep(v)
                if key in KEPT
                else tuple(map(keep, v))
                if key == "references"
                else keep_matrix(v)
                if key == "matrix"
                else v
                for key, v in f.items()
            },
        )
        for fact in facts
        for kind, f in fact.items()
    ]
    for kind, fields in kept:
        if kind == "metric" and "n" not in fields and fields.get("y_true"):
            fields["n"] = arrays[fields["y_true"]].length
        if kind == "text_metric" and "n" not in fields and fields.get("predictions"):
            fields["n"] = arrays[fields["predictions"]].length
    return Recording(
        loads=tuple(LoadedAsset(**f) for kind, f in kept if kind == "load"),
        metric_calls=tuple(MetricCall(**f) for kind, f in kept if kind == "metric"),
        trainer_calls=tuple(TrainerCall(**f) for kind, f in kept if kind == "trainer"),
        forwards=tuple(ForwardPass(**f) for kind, f in kept if kind == "forward"),
        named=tuple(NamedArray(**f) for kind, f in kept if kind == "named"),
        text_metrics=tuple(TextMetricCall(**f) for kind, f in kept if kind == "text_metric"),
        named_matrices=tuple(NamedMatrix(**f) for kind, f in kept if kind == "named_matrix"),
        served=tuple(ServedRows(**f) for kind, f in kept if kind == "served"),
        prepared=tuple(PreparedImages(**f) for kind, f in kept if kind == "prepared"),
        passes=tuple(ModelPass(**f) for kind, f in kept if kind == "pass"),
        training=tuple(TrainingSteps(**f) for kind, f in kept if kind == "training"),
        draws=tuple(RandomDraw(**f) for kind, f in kept if kind == "draw"),
        norms=tuple(RowNorms(**f) for kind, f in kept if kind == "norms"),
        attempts=tuple(Attempt(**f) for kind, f in kept if kind == "attempt"),
        caught=tuple(CaughtException(**f) for kind, f in kept if kind == "caught"),
        matrices=matrices,
        arrays=arrays,
        tampering=tuple(Tampering(**f) for kind, f in kept if kind == "tamper"),
        complete=not any(kind == "tamper" for kind, _ in kept),
    )


def expanded(text: str) -> list[int | str]:
    """Labels written as run lengths."""
    values: list[int | str] = []
    for part in text.split():
        label, _, times = part.partition("x")
        values += [int(label) if label.lstrip("-").isdigit() else label] * int(times or 1)
    return values
