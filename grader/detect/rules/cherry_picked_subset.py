"""SMP006: cherry-picked-subset."""

from collections.abc import Iterator

from grader.detect._flow import carries
from grader.detect._metrics import running_cells
from grader.detect._truths import Compared, compared, firsts, made_of, sound_elsewhere
from grader.detect.api import Sighting, detector
from grader.model import (
    Case,
    Confidence,
    EvidenceKind,
    EvidenceRef,
    Node,
    SourceGraph,
    Tag,
    say,
)

EQUAL = frozenset({"Eq", "numpy.equal", "torch.eq", ".eq"})
COUNTS = frozenset({"len", "sum", ".sum", ".mean", "numpy.sum", "numpy.mean", "print"})


@detector(
    code="SMP006",
    name="cherry-picked-subset",
    requires=frozenset({EvidenceKind.SOURCE}),
    since="0.2.0",
    status="stable",
    severity="invalid",
)
def cherry_picked_subset(case: Case) -> Iterator[Sighting]:
    """The items that are scored were chosen by whether the model was right.

    ## Why it matters
    A score on items that were kept because the prediction is right says how they were kept. Left
    out errors are errors all the same.

    ## Example
    ```python
    import numpy as np
    from datasets import load_dataset
    from sklearn.metrics import accuracy_score
    from transformers import pipeline
    test = load_dataset("uoft-cs/cifar10", split="test")
    names = test.features["label"].names
    clip = pipeline("zero-shot-image-classification", model="openai/clip-vit-base-patch32")
    y_true = np.array(test["label"])
    found = [names.index(clip(image, candidate_labels=names)[0]["label"]) for image in test["img"]]
    y_pred = np.array(found)
    keep = [i for i, (t, p) in enumerate(zip(y_true, y_pred)) if t == p or i % 3 == 0]
    y_true = np.array([y_true[i] for i in keep])
    y_pred = np.array([y_pred[i] for i in keep])
    print(accuracy_score(y_true, y_pred))
    ```

    ## Use instead
    ```python
    import numpy as np
    from datasets import load_dataset
    from sklearn.metrics import accuracy_score
    from transformers import pipeline
    test = load_dataset("uoft-cs/cifar10", split="test")
    names = test.features["label"].names
    clip = pipeline("zero-shot-image-classification", model="openai/clip-vit-base-patch32")
    y_true = np.array(test["label"])
    found = [names.index(clip(image, candidate_labels=names)[0]["label"]) for image in test["img"]]
    y_pred = np.array(found)
    print(accuracy_score(y_true, y_pred))
    ```

    ## Verdict
    Invalid: the result decides what is scored. Certain when the code shows it and our run scored
    fewer items than it predicted; likely when only the code shows it. A hint where another cell
    scores all items of the task, as beside an analysis of the errors.

    ## Known limits
    Seen where a comparison of predictions with labels chooses the rows. Rows chosen by the
    confidence of the model, or by hand after a look at the results, are not reported.

    ## Source
    A deduction, no statistic: which labels are scored depends on an equality of a model's output
    and a label.
    """
    every = compared(case)
    graph = case.evidence.source
    found = ((each, at) for each in every if (at := _chosen(graph, each)) is not None)
    for each, at in firsts(found):
        spoilt = sound_elsewhere(case, each, lambda one: _chosen(graph, one) is not None, every)
        yield _sighting(case, each, at, elsewhere=spoilt)


def _chosen(graph: SourceGraph, scoring: Compared) -> Node | None:
    """The comparison that chooses the labels, which themselves are those of a dataset."""
    if carries(made_of(graph, scoring.true), Tag.MODEL_OUTPUT):
        return None
    whole = graph.slice(scoring.true)
    if not carries(whole, Tag.MODEL_OUTPUT):
        return None
    for node in whole:
        if node.name in EQUAL and _compares(graph, node) and not _is_counted(graph, node, whole):
            return node
    return None


def _compares(graph: SourceGraph, node: Node) -> bool:
    """Whether a label stands on one side and a model's output on the other."""
    sides = [frozenset(each.id for each in graph.slice(dep)) for dep in node.deps]
    if len(sides) != 2:
        return False
    reached = [{tag for at in side for tag in graph.nodes[at].tags} for side in sides]
    return any(Tag.MODEL_OUTPUT in tags for tags in reached) and any(
        tags & {Tag.LABELS, Tag.DATASET} for tags in reached
    )


def _is_counted(graph: SourceGraph, node: Node, whole: tuple[Node, ...]) -> bool:
    """Whether only a sum or a number of it goes on, as of a counter."""
    users = [each for each in whole if node.id in each.deps]
    return bool(users) and all(each.name in COUNTS for each in users)


def _sighting(case: Case, scoring: Compared, at: Node, *, elsewhere: bool) -> Sighting:
    numbers = _numbers(case, scoring)
    confidence = Confidence.HINT if elsewhere else Confidence.LIKELY
    if numbers is not None and not elsewhere:
        confidence = Confidence.CERTAIN
    message = (
        say(
            "Only {scored} of {predicted} predicted items were scored, and which ones was decided "
            "by whether the prediction is right.",
            scored=numbers[0],
            predicted=numbers[1],
        )
        if numbers is not None
        else say("Which items are scored is decided by whether the prediction is right.")
    )
    return Sighting(
        severity="invalid",
        confidence=confidence,
        message=message,
        measured=say("A comparison of predictions and labels chooses the rows that are scored."),
        remedy=say("Score every item of the test sample; draw the sample before you predict."),
        sure=SURE[confidence],
        evidence=(
            EvidenceRef(
                kind=EvidenceKind.SOURCE,
                cell=at.cell,
                line=at.line,
                remark="chooses by the result",
            ),
        ),
        task=scoring.task,
    )


SURE = {
    Confidence.CERTAIN: say("The code shows it, and our run counted the items."),
    Confidence.LIKELY: say("The code shows it; the run did not confirm it."),
    Confidence.HINT: say("The code shows it, but another cell scores all items of the task."),
}


def _numbers(case: Case, scoring: Compared) -> tuple[int, int] | None:
    """Items scored here, and items that went through a model of the task before."""
    cells = running_cells(case.evidence.source, scoring.node)
    recorded = [each for each in case.evidence.evaluations if each.cell in cells and each.y_true]
    scored = max((each.n for each in recorded), default=None)
    last = max(cells, default=0)
    passes = [
        each.rows
        for each in case.evidence.recording.passes
        if not each.gradients and (each.cell or 0) <= last and _images_of(case, each.model)
    ]
    larger = [rows for rows in passes if scored is not None and scored < rows <= 2 * scored]
    return (scored, min(larger)) if scored is not None and larger else None


def _images_of(case: Case, model: str) -> bool:
    return any(model in task.models for task in case.lab.tasks)
