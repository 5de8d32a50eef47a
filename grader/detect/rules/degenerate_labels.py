"""LAB006: degenerate-labels."""

from collections.abc import Iterator

from grader.detect._canonical import DECISIVE, judged, pair, served_labels
from grader.detect._flow import carries, flow, opaque
from grader.detect._samples import scoring_ref, source_ref
from grader.detect._truths import (
    ORIGINS,
    SURE,
    Compared,
    by_code,
    compared,
    firsts,
    made_of,
    order,
    sound_elsewhere,
)
from grader.detect.api import Sighting, detector
from grader.model import (
    Case,
    Confidence,
    Evaluation,
    EvidenceKind,
    EvidenceRef,
    Node,
    PrintedMatrix,
    SourceGraph,
    Tag,
    Task,
    Wording,
    say,
)

FILLED = frozenset({
    "numpy.zeros", "numpy.ones", "numpy.full", "numpy.zeros_like", "numpy.ones_like",
    "torch.zeros", "torch.ones", "torch.full", "torch.zeros_like", "torch.ones_like",
    "tensorflow.zeros", "tensorflow.ones", "itertools.repeat",
})  # fmt: skip
"""Calls that repeat one value."""

FEWEST = 10
"""Fewest items of a printed matrix of which one class is no accident."""


@detector(
    code="LAB006",
    name="degenerate-labels",
    requires=frozenset({EvidenceKind.SOURCE}),
    since="0.2.0",
    status="stable",
    severity="invalid",
    follows=frozenset({"single-sample-eval"}),
)
def degenerate_labels(case: Case) -> Iterator[Sighting]:
    """Every true label of an evaluation is the same class.

    ## Why it matters
    When all labels are one class, the accuracy is only the share of predictions of this class, and
    precision, recall and F1 of all other classes do not exist. A program that names one class
    always would be perfect.

    ## Example
    ```python
    import numpy as np
    from datasets import load_dataset
    from sklearn.metrics import accuracy_score
    from transformers import pipeline
    test = load_dataset("AI-Lab-Makerere/beans", split="test")
    classify = pipeline("image-classification", model="nateraw/vit-base-beans")
    y_pred = np.array([int(classify(image)[0]["label"][-1]) for image in test["image"]])
    y_true = np.zeros(len(y_pred), dtype=int)
    print(accuracy_score(y_true, y_pred))
    ```

    ## Use instead
    ```python
    import numpy as np
    from datasets import load_dataset
    from sklearn.metrics import accuracy_score
    from transformers import pipeline
    test = load_dataset("AI-Lab-Makerere/beans", split="test")
    classify = pipeline("image-classification", model="nateraw/vit-base-beans")
    y_pred = np.array([int(classify(image)[0]["label"][-1]) for image in test["image"]])
    y_true = np.array(test["labels"])
    print(accuracy_score(y_true, y_pred))
    ```

    ## Verdict
    Invalid and certain when our run scored labels of one class although the dataset has several
    for these very pictures. Major and likely when the code fills the labels with one value, or a
    printed confusion matrix of a library that puts true classes into rows has one row only. A hint
    where another cell scores the task on labels of a dataset.

    ## Known limits
    A sample in which the dataset itself has one class only is reported by `class-coverage-gap`.
    Nothing is said of code that fills tensors of ones and others of zeros, as for real and made-up
    pictures.
    Labels that are computed for each file are judged by what was recorded or printed, not by
    reading the code.

    ## Source
    A deduction, no statistic. `confusion_matrix` of scikit-learn has true classes in its rows. The
    number of 10 items of a matrix is chosen; 20 recorded items are what a label order is told from.
    """
    certain = list(_recorded(case))
    yield from certain
    every = compared(case)
    graph = case.evidence.source
    known = {each.task for each in certain}
    filled = ((each, at) for each in every if (at := _filled(graph, each)) is not None)
    found = list(firsts(filled))
    for each, at in found:
        if each.task not in known or not known:
            elsewhere = sound_elsewhere(case, each, lambda one: False, every)
            yield _read(case, each, at, elsewhere=elsewhere)
    # What a run counted goes before what a matrix looks like.
    counted = any(pair(case, best) is not None for _, best in judged(case))
    if not certain and not found and not counted:
        yield from _printed(case)


def _recorded(case: Case) -> Iterator[Sighting]:
    for task, best in judged(case):
        both = pair(case, best)
        if both is None or best.n < DECISIVE or len(set(both[0])) > 1:
            continue
        served = served_labels(case, task, best)
        if served is not None and len(set(served)) > 1:
            yield _counted(case, task, best, len(set(served)))


def _filled(graph: SourceGraph, scoring: Compared) -> Node | None:
    """Where labels are filled with one value, if they consist of nothing else."""
    kept = made_of(graph, scoring.true)
    if carries(flow(graph, scoring.true, order(graph)), *ORIGINS) or opaque(graph, kept):
        return None
    if not carries(flow(graph, scoring.pred), Tag.MODEL_OUTPUT):
        return None
    if _has_both(graph):
        return None
    makers = [node for node in kept if node.name in FILLED or _repeats(graph, node)]
    stored = any(node.name in {"store", ".append", ".extend", "Add"} for node in kept)
    return makers[0] if len(makers) == 1 and not stored else None


def _has_both(graph: SourceGraph) -> bool:
    """Whether tensors of ones and of zeros are filled, as for what is real and what is made up."""
    names = {node.name.removesuffix("_like") for node in graph.nodes if node.name in FILLED}
    return {"torch.ones", "torch.zeros"} <= names


def _repeats(graph: SourceGraph, node: Node) -> bool:
    """Whether it is ``[value] * times``."""
    if node.name != "Mult":
        return False
    lists = [graph.nodes[dep] for dep in node.deps if graph.nodes[dep].kind == "collection"]
    return len(lists) == 1 and len(lists[0].deps) == 1


def _printed(case: Case) -> Iterator[Sighting]:
    """Confusion matrices in which one class alone was true."""
    cells = {cell.index: cell.source for cell in case.evidence.submission.code_cells}
    for matrix in case.evidence.matrices:
        source = cells.get(matrix.place.cell, "")
        known = "confusion_matrix" in source or "ConfusionMatrixDisplay" in source
        if matrix.kind == "confusion" and known and not matrix.truncated and _one_row(matrix):
            yield _shown(case, matrix)
            return


def _one_row(matrix: PrintedMatrix) -> bool:
    filled = [row for row in matrix.values if any(row)]
    predicted = [column for column in zip(*matrix.values, strict=True) if any(column)]
    return len(filled) == 1 and len(predicted) > 1 and sum(filled[0]) >= FEWEST


def _message(count: int) -> Wording:
    return say(
        "All {count} true labels of this evaluation are one class, so the accuracy is only the "
        "share of predictions of this class.",
        count=count,
    )


REMEDY = say(
    "Print how often each label occurs, for example with `collections.Counter(y_true)`, and repair "
    "the line that makes the labels."
)


def _counted(case: Case, task: Task, best: Evaluation, classes: int) -> Sighting:
    return Sighting(
        severity="invalid",
        confidence=Confidence.CERTAIN,
        message=_message(best.n),
        measured=say(
            "Classes among the labels scored: 1; among the labels the dataset has for these "
            "pictures: {classes}.",
            classes=classes,
        ),
        remedy=REMEDY,
        sure=say("Counted in our run, picture by picture."),
        evidence=(scoring_ref(case, best.cell or 0, "scores labels of one class"),),
        task=task.id,
    )


def _read(case: Case, scoring: Compared, at: Node, *, elsewhere: bool) -> Sighting:
    confidence = by_code(elsewhere=elsewhere)
    return Sighting(
        severity="major",
        confidence=confidence,
        message=say(
            "Every true label of this evaluation is the same value, so the accuracy is only the "
            "share of predictions of this class."
        ),
        measured=say("The labels are filled with one value; no dataset and no file takes part."),
        remedy=REMEDY,
        sure=SURE[confidence],
        evidence=(source_ref(at, "fills the labels with one value"),),
        task=scoring.task,
    )


def _shown(case: Case, matrix: PrintedMatrix) -> Sighting:
    count = int(sum(sum(row) for row in matrix.values))
    return Sighting(
        severity="major",
        confidence=Confidence.LIKELY,
        message=_message(count),
        measured=say(
            "Rows of the printed confusion matrix with any item: 1 of {rows}.",
            rows=len(matrix.values),
        ),
        remedy=REMEDY,
        sure=say("Read off the printed matrix, whose rows are the true classes."),
        evidence=(
            EvidenceRef(
                kind=EvidenceKind.SAVED if matrix.place.source == "saved" else EvidenceKind.RERUN,
                cell=matrix.place.cell,
                line=matrix.place.line,
                remark="has one true class",
            ),
        ),
        task=case.evidence.cell_tasks.get(matrix.place.cell),
    )
