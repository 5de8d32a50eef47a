"""LAB005: labels-from-predictions."""

from collections.abc import Iterator

from grader.detect._flow import carries, flow, opaque
from grader.detect._metrics import running_cells
from grader.detect._truths import (
    ANOTHER,
    Compared,
    compared,
    equalities,
    firsts,
    is_of_loop,
    made_of,
    sound_elsewhere,
    source_of,
)
from grader.detect.api import Sighting, detector
from grader.model import (
    Case,
    Confidence,
    Evaluation,
    EvidenceKind,
    EvidenceRef,
    Node,
    SourceGraph,
    Tag,
    say,
)

OTHERS = (Tag.DATASET, Tag.LABELS, Tag.FILE, Tag.RANDOM)
"""What labels may consist of besides the outputs of a model."""


@detector(
    code="LAB005",
    name="labels-from-predictions",
    requires=frozenset({EvidenceKind.SOURCE}),
    since="0.2.0",
    status="stable",
    severity="invalid",
)
def labels_from_predictions(case: Case) -> Iterator[Sighting]:
    """The true labels are the model's own predictions.

    ## Why it matters
    A model that is compared with itself is always right. The score is perfect whatever the model
    does, so nothing was evaluated.

    ## Example
    ```python
    from datasets import load_dataset
    from sklearn.metrics import accuracy_score
    from transformers import pipeline
    test = load_dataset("uoft-cs/cifar10", split="test")
    classify = pipeline("image-classification", model="google/vit-base-patch16-224")
    y_pred = [classify(image)[0]["label"] for image in test["img"]]
    y_true = list(y_pred)
    print(accuracy_score(y_true, y_pred))
    ```

    ## Use instead
    ```python
    from datasets import load_dataset
    from sklearn.metrics import accuracy_score
    from transformers import pipeline
    test = load_dataset("uoft-cs/cifar10", split="test")
    names = test.features["label"].names
    classify = pipeline("image-classification", model="google/vit-base-patch16-224")
    y_pred = [classify(image)[0]["label"] for image in test["img"]]
    y_true = [names[label] for label in test["label"]]
    print(accuracy_score(y_true, y_pred))
    ```

    ## Verdict
    Invalid: no right answer takes part in the comparison. Certain when the run recorded that the
    labels and the predictions that were scored are one array; likely when only the code shows it.
    A hint where another cell scores the task on labels of a dataset.

    ## Known limits
    Outputs of one call of a model must reach both sides: labels made by another model, as for
    pseudo-labels or a comparison of two models, are not reported. Labels that pass through a
    function of an unknown library are not judged.

    ## Source
    A deduction, no statistic: the same output of a model reaches the labels and the predictions,
    and no dataset, file or random draw is among the values the labels are made of.
    """
    every = compared(case)
    graph = case.evidence.source
    # Captions are compared with references: another detector looks at these.
    sides = (*(each for each in every if each.how != "text"), *equalities(case))
    found = ((each, at) for each in sides if (at := _output(graph, each)) is not None)
    for each, at in firsts(found):
        elsewhere = sound_elsewhere(case, each, lambda one: False, every)
        yield _sighting(case, each, at, _confidence(case, each, elsewhere=elsewhere))


def _output(graph: SourceGraph, scoring: Compared) -> Node | None:
    """The last step that makes labels of a model's output, if they consist of nothing else."""
    true = made_of(graph, scoring.true)
    shared = {node.id for node in made_of(graph, scoring.pred)}
    outputs = {node.id for node in true if Tag.MODEL_OUTPUT in node.tags}
    own = [node for node in true if node.id not in shared]
    same = outputs & shared
    if outputs - shared or carries(own, *OTHERS) or opaque(graph, own):
        return None
    # Both sides of a comparison may be made of outputs of one call, of which each is a part:
    # then neither is the other, and what they are is not known.
    return source_of(graph, scoring.true) if same and _contains(graph, scoring) else None


def _contains(graph: SourceGraph, scoring: Compared) -> bool:
    """Whether the labels are made of the very values the predictions are, not the reverse."""
    core = _core(graph, scoring.pred)
    true, pred = source_of(graph, scoring.true).id, source_of(graph, scoring.pred).id
    if true == core and true != pred:
        return False
    return any(node.id == core for node in flow(graph, scoring.true))


def _core(graph: SourceGraph, node: int) -> int:
    """The value behind names, conversions and loops over it."""
    current = graph.nodes[node]
    while current.deps and _hands_on(graph, current):
        current = graph.nodes[current.deps[0]]
    return current.id


def _hands_on(graph: SourceGraph, node: Node) -> bool:
    plain = {"list", "tuple", "numpy.array", "numpy.asarray", ".tolist", ".copy", ".numpy"}
    return node.kind in {"name", "parameter"} or node.name in plain or is_of_loop(graph, node)


def _confidence(case: Case, scoring: Compared, *, elsewhere: bool) -> Confidence:
    if _one_array(case, scoring) is not None:
        return Confidence.CERTAIN
    return Confidence.HINT if elsewhere else Confidence.LIKELY


def _one_array(case: Case, scoring: Compared) -> Evaluation | None:
    """The recorded evaluation of this scoring whose labels are its predictions."""
    cells = running_cells(case.evidence.source, scoring.node)
    for each in case.evidence.evaluations:
        if each.cell in cells and each.y_true is not None and each.y_true == each.y_pred:
            return each
    return None


SURE = {
    Confidence.CERTAIN: say(
        "The code shows it, and the labels and predictions recorded in our run are one array."
    ),
    Confidence.LIKELY: say("The code shows it; the run did not confirm it."),
    Confidence.HINT: ANOTHER,
}


def _sighting(case: Case, scoring: Compared, at: Node, confidence: Confidence) -> Sighting:
    evaluation = _one_array(case, scoring)
    message = (
        say(
            "The {count} true answers of this evaluation are the model's own predictions, so the "
            "score is perfect whatever the model does.",
            count=evaluation.n,
        )
        if evaluation is not None
        else say(
            "The true answers of this evaluation are the model's own predictions, so the score is "
            "perfect whatever the model does."
        )
    )
    return Sighting(
        severity="invalid",
        confidence=confidence,
        message=message,
        measured=say(
            "The true answers are made of the model's output alone; no dataset and no file takes "
            "part."
        ),
        remedy=say(
            "Take the true answers from the test split, and the model's output only as predictions."
        ),
        sure=SURE[confidence],
        evidence=(
            EvidenceRef(
                kind=EvidenceKind.SOURCE,
                cell=at.cell,
                line=at.line,
                remark="takes the predictions as true answers",
            ),
        ),
        task=scoring.task,
    )
