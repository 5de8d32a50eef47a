"""SMP004: class-coverage-gap."""

from collections.abc import Iterator

from grader.detect._canonical import Labels, judged
from grader.detect._rows import ScoredRows, scored_rows
from grader.detect._samples import scoring_ref
from grader.detect._truths import task_of
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
    Task,
    say,
    say_many,
)

EXPECTED = 5
"""Items a class would have on average: with fewer, a class may be missing by chance."""

COMPARES = frozenset({"Lt", "LtE", "Gt", "GtE", "Eq", "NotEq", "In", "NotIn"})


@detector(
    code="SMP004",
    name="class-coverage-gap",
    requires=frozenset({EvidenceKind.SOURCE}),
    since="0.2.0",
    status="stable",
    severity="major",
    follows=frozenset({"degenerate-labels", "single-sample-eval"}),
)
def class_coverage_gap(case: Case) -> Iterator[Sighting]:
    """Some classes never appear among the true labels of an evaluation.

    ## Why it matters
    A macro average is the mean over all classes. When a class has no test item, the average does
    not describe it, and an easy selection of classes makes a model look better than it is.

    ## Example
    ```python
    # Task 2: CLIP
    from datasets import load_dataset
    from sklearn.metrics import f1_score
    test = load_dataset("uoft-cs/cifar10", split="test").filter(lambda row: row["label"] < 9)
    y_pred = [predict(image) for image in test["img"]]
    print(f1_score(test["label"], y_pred, average="macro"))
    ```

    ## Use instead
    ```python
    # Task 2: CLIP
    from datasets import load_dataset
    from sklearn.metrics import f1_score
    test = load_dataset("uoft-cs/cifar10", split="test")
    y_pred = [predict(image) for image in test["img"]]
    print(f1_score(test["label"], y_pred, average="macro"))
    ```

    ## Verdict
    Minor, and major when only one class is left. Certain when the labels were counted in the run
    and the lab says how many classes there are; likely when only the code leaves rows out by their
    label.

    ## Known limits
    A notebook that names the classes it chose, and offers the model only these, is reported too:
    the reader has to know. Silent where a class would have fewer than 5 items on average, as of
    101 classes with 200 items: then some are missing by chance.

    ## Source
    Counted. With 5 items expected, the chance that a given class is missing from a random sample
    is below 1 % (exp(-5)); a sample of 10 classes lacks one with 7 % at most, and fewer the larger
    it is.
    """
    known: set[str | None] = set()
    for sighting in _recorded(case):
        known.add(sighting.task)
        yield sighting
    counted = {task.id for task, best in judged(case) if best.classes is not None}
    for each, at in _read(case):
        task = task_of(case, each.node, at)
        if task not in known | counted:
            known.add(task)
            yield _left_out(task, at)


def _recorded(case: Case) -> Iterator[Sighting]:
    for task, best in judged(case):
        labels = case.evidence.recording.labels(best.y_true)
        if labels is None or task.classes is None or best.n < EXPECTED * task.classes:
            continue
        missing = task.classes - len(set(labels))
        if missing > 0 and _are_of(labels, task):
            yield _counted(case, task, best, missing)


def _are_of(labels: Labels, task: Task) -> bool:
    """Whether the labels are numbers or names of the task's classes."""
    numbers = all(isinstance(each, int) and 0 <= each < (task.classes or 0) for each in labels)
    return numbers or set(labels) <= set(task.class_names)


def _read(case: Case) -> Iterator[tuple[ScoredRows, Node]]:
    """Scored rows that are chosen by their label."""
    graph = case.evidence.source
    for each in scored_rows(graph):
        for node in each.data:
            if node.kind == "call" and node.name == ".filter" and _by_label(graph, node):
                yield each, node
                break


def _by_label(graph: SourceGraph, node: Node) -> bool:
    """Whether a filter compares the label of a row with a number or a name that is typed."""
    # The body of the function a filter is given stands between the function and the call.
    first = min((each.node for each in node.arguments), default=node.id)
    return any(
        inner.name in COMPARES and _typed_beside_label(graph, inner)
        for inner in graph.nodes[first : node.id]
    )


def _typed_beside_label(graph: SourceGraph, node: Node) -> bool:
    sides = [graph.slice(dep) for dep in node.deps]
    labelled = [any(Tag.LABELS in each.tags or _is_label(each) for each in side) for side in sides]
    typed = [all(each.kind in {"literal", "collection"} for each in side) for side in sides]
    return any(labelled) and any(typed)


def _is_label(node: Node) -> bool:
    return node.kind == "subscript" and node.value in {"label", "labels", "fine_label"}


REMEDY = say(
    "Draw the sample from all classes, or name the classes that were left out beside the score."
)


def _counted(case: Case, task: Task, best: Evaluation, missing: int) -> Sighting:
    classes = task.classes or 0
    return Sighting(
        severity="major" if missing == classes - 1 else "minor",
        confidence=Confidence.CERTAIN,
        message=say_many(
            "{n} of {classes} classes has no item among the {count} that were scored, so the macro "
            "averages do not describe it.",
            "{n} of {classes} classes have no item among the {count} that were scored, so the "
            "macro averages do not describe them.",
            missing,
            classes=classes,
            count=best.n,
        ),
        measured=say(
            "Classes among the true labels: {present} of {classes}.",
            present=classes - missing,
            classes=classes,
        ),
        remedy=REMEDY,
        sure=say("Counted in our run."),
        evidence=(scoring_ref(case, best.cell or 0, f"scores {classes - missing} classes"),),
        task=task.id,
    )


def _left_out(task: str | None, at: Node) -> Sighting:
    return Sighting(
        severity="minor",
        confidence=Confidence.LIKELY,
        message=say(
            "Rows are left out by their label before they are scored, so the score does not "
            "describe every class."
        ),
        measured=say("A filter compares the label of each row with a typed value."),
        remedy=REMEDY,
        sure=say("Read in the notebook, not counted in a run."),
        evidence=(
            EvidenceRef(
                kind=EvidenceKind.SOURCE,
                cell=at.cell,
                line=at.line,
                remark="keeps rows by their label",
            ),
        ),
        task=task,
    )
