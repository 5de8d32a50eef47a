"""PRD011: label-derived-predictions."""

from collections.abc import Iterator

from grader.detect._flow import SELECTORS, carries, flow, opaque, rows
from grader.detect._metrics import Scoring, recorded
from grader.detect._sides import grouped
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
    Wording,
    say,
    say_many,
)

CHOICES = SELECTORS | {"IfExp", ".where", ".masked_fill", ".masked_fill_"}
SAME = frozenset({"list", "tuple", "numpy.array", "numpy.asarray", "torch.tensor",
                  "torch.as_tensor", ".tolist", ".numpy", ".cpu", ".copy", ".clone"})  # fmt: skip


@detector(
    code="PRD011",
    name="label-derived-predictions",
    requires=frozenset({EvidenceKind.SOURCE}),
    since="0.1.0",
    status="stable",
    severity="invalid",
)
def label_derived_predictions(case: Case) -> Iterator[Sighting]:
    """The predictions are made from the true labels, without a model.

    ## Why it matters
    A prediction that was copied from the answer and sometimes changed scores exactly as well as
    the copying rule decides. No model took part, so nothing was evaluated.

    ## Example
    ```python
    import random
    from datasets import load_dataset
    from sklearn.metrics import accuracy_score
    y_true = load_dataset("uoft-cs/cifar10", split="test")["label"]
    y_pred = [y if random.random() > 0.2 else random.randint(0, 9) for y in y_true]
    print(accuracy_score(y_true, y_pred))
    ```

    ## Use instead
    ```python
    from datasets import load_dataset
    from sklearn.metrics import accuracy_score
    from transformers import pipeline
    test = load_dataset("uoft-cs/cifar10", split="test")
    names = test.features["label"].names
    clip = pipeline("zero-shot-image-classification", model="openai/clip-vit-base-patch32")
    y_pred = [names.index(clip(row["img"], candidate_labels=names)[0]["label"]) for row in test]
    print(accuracy_score(test["label"], y_pred))
    ```

    ## Verdict
    Always `invalid`: no model is measured. `certain` when the run recorded the scoring and not one
    image had gone through a model of the task by then; `likely` from the code alone.

    ## Known limits
    Predictions that a model computed and that were corrected with the labels afterwards are seen
    only where one expression chooses between the two. Labels that pass through a function of an
    unknown library are not seen. Shuffled labels
    and draws with the labels' frequencies are baselines, not predictions made from labels.

    ## Source
    A deduction, no statistic: the label of a row reaches the prediction of that row, a random or
    conditional choice is made on the way, and no model output takes part.
    """
    told: set[str | None] = {task.id for task in case.lab.tasks if task.kind != "classification"}
    for group in grouped(case):
        for scoring in group.scorings if group.task not in told else ():
            at = _derived(case.evidence.source, scoring)
            if at is not None:
                told.add(group.task)
                yield _sighting(group.task, at, _without_model(case, scoring))
                break
            at = _repaired(case.evidence.source, scoring)
            if at is not None:
                told.add(group.task)
                yield _replaced(group.task, at)
                break


def _without_model(case: Case, scoring: Scoring) -> Evaluation | None:
    """The largest recorded evaluation of this scoring that no model took part in."""
    idle = [each for each in recorded(case, scoring) if each.forward_rows == 0]
    return max(idle, key=lambda each: each.n, default=None)


def _sighting(task: str | None, at: Node, evaluation: Evaluation | None) -> Sighting:
    certain = evaluation is not None
    return Sighting(
        severity="invalid",
        confidence=Confidence.CERTAIN if certain else Confidence.LIKELY,
        message=_message(evaluation),
        measured=_measured(evaluation),
        remedy=say(
            "Take each prediction from the model's output for the image, and use the labels only "
            "in the metric call."
        ),
        sure=say("The code shows it, and the recording shows no image going through a model.")
        if certain
        else say("The code shows it; the run did not confirm that no model took part."),
        evidence=(
            EvidenceRef(
                kind=EvidenceKind.SOURCE,
                cell=at.cell,
                line=at.line,
                remark="takes the true label as prediction",
            ),
        ),
        task=task,
    )


def _message(evaluation: Evaluation | None) -> Wording:
    if evaluation is None:
        return say(
            "The predictions are built from the true labels here, so the score measures this line "
            "and no model."
        )
    return say_many(
        "The predictions are built from the true labels here, so the score measures this line and "
        "no model ({n} prediction, 0 images through a model of the task).",
        "The predictions are built from the true labels here, so the score measures this line and "
        "no model ({n} predictions, 0 images through a model of the task).",
        evaluation.n,
    )


def _measured(evaluation: Evaluation | None) -> Wording:
    if evaluation is None:
        return say(
            "Every value that flows into the predictions: the true labels and a choice, but no "
            "output of a model."
        )
    return say_many(
        "{n} prediction was scored, and 0 images had gone through a model of this task by then.",
        "{n} predictions were scored, and 0 images had gone through a model of this task by then.",
        evaluation.n,
    )


def _replaced(task: str | None, at: Node) -> Sighting:
    return Sighting(
        severity="invalid",
        confidence=Confidence.LIKELY,
        message=say(
            "Some predictions of the model are replaced by the true label of the item here, so the "
            "score is not the model's."
        ),
        measured=say("What a test chooses between here: an output of a model, and the true label."),
        remedy=say("Score the predictions as the model made them, right and wrong ones."),
        sure=say("The code shows it; how many predictions it changes is not known."),
        evidence=(
            EvidenceRef(
                kind=EvidenceKind.SOURCE,
                cell=at.cell,
                line=at.line,
                remark="takes the true label for some",
            ),
        ),
        task=task,
    )


def _derived(graph: SourceGraph, scoring: Scoring) -> Node | None:
    """Where a label becomes a prediction, if nothing else does."""
    whole = flow(graph, scoring.y_pred)
    if carries(whole, Tag.MODEL_OUTPUT, Tag.MODEL):
        return None
    truth = {node.id for node in flow(graph, scoring.y_true)}
    kept = flow(graph, scoring.y_pred, rows(graph))
    core = _core(graph, scoring.y_true)
    if not any(node.id == core or Tag.LABELS in node.tags for node in kept):
        return None
    if opaque(graph, (node for node in kept if node.id not in truth)):
        return None
    choices = [node for node in kept if _chooses(node) and node.id not in truth]
    draws = [node for node in whole if Tag.RANDOM in node.tags and node.id not in truth]
    return next(iter(choices or draws), None)


def _repaired(graph: SourceGraph, scoring: Scoring) -> Node | None:
    """Where a test decides between what a model predicted and the true label of the same item."""
    core = _core(graph, scoring.y_true)
    for node in flow(graph, scoring.y_pred):
        if node.name != "IfExp" or len(node.deps) != 3:
            continue
        labels = [_is_label(graph, dep, core) for dep in node.deps[1:]]
        others = [dep for dep, label in zip(node.deps[1:], labels, strict=True) if not label]
        if len(others) == 1 and carries(flow(graph, others[0]), Tag.MODEL_OUTPUT):
            return node
    return None


def _is_label(graph: SourceGraph, position: int, core: int) -> bool:
    """Whether a value is an item of the true labels, or a label read from the data."""
    behind = _iterated(graph, position)
    node = graph.nodes[position if behind is None else behind]
    while node.kind in {"name", "parameter"} and len(node.deps) == 1:
        node = graph.nodes[node.deps[0]]
    return Tag.LABELS in node.tags or (behind is not None and _core(graph, node.id) == core)


def _iterated(graph: SourceGraph, position: int) -> int | None:
    """What a loop variable runs over; ``None`` for other values.

    Of ``zip`` and ``enumerate`` the graph has the right part already, under a subscript.
    """
    node = graph.nodes[position]
    while node.kind in {"name", "parameter"} and len(node.deps) == 1:
        node = graph.nodes[node.deps[0]]
    if node.kind == "subscript" and type(node.value) is int and node.deps:
        node = graph.nodes[node.deps[0]]
    return node.deps[0] if node.name == "iter" and node.deps else None


def _chooses(node: Node) -> bool:
    """Whether a node is one of several values by a test; a loop's ``phi`` has no test."""
    return node.name in CHOICES or (node.name == "phi" and len(node.deps) > 2)


def _core(graph: SourceGraph, node: int) -> int:
    """The value behind names and conversions."""
    current = graph.nodes[node]
    while current.deps and (current.kind in {"name", "parameter"} or current.name in SAME):
        current = graph.nodes[current.deps[0]]
    return current.id
