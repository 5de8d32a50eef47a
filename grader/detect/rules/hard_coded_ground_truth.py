"""LAB004: hard-coded-ground-truth."""

import re
from collections.abc import Iterator

from grader.detect._canonical import judged
from grader.detect._flow import carries, flow, opaque
from grader.detect._metrics import dead, names_of, running_cells
from grader.detect._truths import (
    ANOTHER,
    ORIGINS,
    Compared,
    compared,
    equalities,
    firsts,
    made_of,
    order,
    sound_elsewhere,
    task_of,
)
from grader.detect.api import Sighting, detector
from grader.model import (
    Case,
    Confidence,
    Evaluation,
    EvidenceKind,
    EvidenceRef,
    Node,
    Severity,
    SourceGraph,
    Tag,
    say,
    say_many,
)
from grader.patterns import regex

FEWEST = 5
"""Fewest typed labels of a classification; fewer show how a metric works."""

FEWEST_RELEVANT = 2
"""Fewest typed right answers to a search."""

SEARCH = regex(r"recall|precision|hit|(?<![a-z])(?:mrr|ndcg|map)(?![a-z])", re.I)
RIGHT = regex(r"relevan|truth|gold|(?<![a-z])gt(?![a-z])|label|expected|correct|target", re.I)
LISTS = frozenset({"List", "Tuple", "Set"})


@detector(
    code="LAB004",
    name="hard-coded-ground-truth",
    requires=frozenset({EvidenceKind.SOURCE}),
    since="0.2.0",
    status="stable",
    severity="major",
    follows=frozenset({"degenerate-labels"}),
)
def hard_coded_ground_truth(case: Case) -> Iterator[Sighting]:
    """The right answers of an evaluation are typed into the notebook.

    ## Why it matters
    Nobody can tell where typed answers come from, or whether they were written before or after
    the predictions were seen. A score computed from them says nothing about the dataset.

    ## Example
    ```python
    from datasets import load_dataset
    from sklearn.metrics import accuracy_score
    from transformers import pipeline
    test = load_dataset("AI-Lab-Makerere/beans", split="test").select(range(6))
    classify = pipeline("image-classification", model="nateraw/vit-base-beans")
    y_pred = [classify(image)[0]["label"] for image in test["image"]]
    y_true = ["healthy", "healthy", "bean_rust", "healthy", "bean_rust", "angular_leaf_spot"]
    print(accuracy_score(y_true, y_pred))
    ```

    ## Use instead
    ```python
    from datasets import load_dataset
    from sklearn.metrics import accuracy_score
    from transformers import pipeline
    test = load_dataset("AI-Lab-Makerere/beans", split="test")
    names = test.features["labels"].names
    classify = pipeline("image-classification", model="nateraw/vit-base-beans")
    y_pred = [classify(image)[0]["label"] for image in test["image"]]
    y_true = [names[label] for label in test["labels"]]
    print(accuracy_score(y_true, y_pred))
    ```

    ## Verdict
    Major where the pictures come from a dataset, whose answers were left aside. Minor when the run
    shows that the typed labels are those of the dataset. To be reviewed where the pictures are
    files or links: then somebody has to say how they were labelled. Certain when the labels
    recorded in our run are the typed ones; likely when only the code shows them; a hint where
    another cell scores the task on labels of a dataset.

    ## Known limits
    Examples whose predictions, or whose inputs, are typed too are left alone, and so are fewer
    than 5 typed labels of a classification. Of a search two typed answers are enough, where the
    function's name says that it computes recall, precision or the like and the variable's name
    that it holds the truth.
    Answers typed into another file are not seen.

    ## Source
    A deduction, no statistic: the right answers consist of literals, and no dataset, file, model
    output or random draw is among their values. The number 5 is chosen: a worked example in a
    manual has four items or fewer.
    """
    every = compared(case)
    graph = case.evidence.source
    sides = (*every, *equalities(case))
    found = ((each, at) for each in sides if (at := _typed(graph, each)) is not None)
    seen = list(firsts(found))
    for each, at in seen:
        elsewhere = sound_elsewhere(case, each, lambda one: False, every)
        yield _sighting(case, each, at, elsewhere=elsewhere)
    for search, at in firsts(_searches(case)):
        yield _sighting(case, search, at, elsewhere=False)
    if not seen:
        yield from _recorded_alone(case)


def _typed(graph: SourceGraph, scoring: Compared) -> Node | None:
    """The list of literals the right answers are, when the predictions are none."""
    at, count = _literals(graph, scoring.true)
    if at is None or count < FEWEST or not _computed(graph, scoring.pred):
        return None
    return at


def _literals(graph: SourceGraph, node: int) -> tuple[Node | None, int]:
    """The largest list of literals among the values of a node, and the items of all of them."""
    lists = _lists(graph, node)
    largest = max(lists, key=lambda each: len(each.deps), default=None)
    return largest, sum(_items(graph, each) for each in lists)


def _lists(graph: SourceGraph, node: int) -> list[Node]:
    """Lists of literals a value consists of; none when something else decides what stands there."""
    kept = made_of(graph, node)
    if carries(flow(graph, node, order(graph)), *ORIGINS) or opaque(graph, kept):
        return []
    return [each for each in kept if _is_typed(graph, each)]


def _is_typed(graph: SourceGraph, node: Node) -> bool:
    if node.kind != "collection" or node.name not in LISTS or not node.deps:
        return False
    return all(_is_literal(graph, graph.nodes[dep]) for dep in node.deps)


def _is_literal(graph: SourceGraph, node: Node) -> bool:
    inner = graph.nodes[node.deps[0]] if len(node.deps) == 1 else None
    negative = node.kind == "operation" and inner is not None and inner.kind == "literal"
    return node.kind == "literal" or negative


def _items(graph: SourceGraph, node: Node) -> int:
    """Items of a list, repeated as often as the code says."""
    for user in graph.nodes[node.id + 1 : node.id + 4]:
        if user.name == "Mult" and node.id in user.deps:
            factors = [graph.nodes[dep].value for dep in user.deps if dep != node.id]
            return len(node.deps) * next((each for each in factors if type(each) is int), 1)
    return len(node.deps)


def _computed(graph: SourceGraph, pred: int) -> bool:
    """Whether predictions come from something that is read, not from typed examples."""
    whole = flow(graph, pred)
    return carries(whole, Tag.DATASET, Tag.FILE) or opaque(graph, whole)


def _searches(case: Case) -> Iterator[tuple[Compared, Node]]:
    """Calls of the notebook's own recall and the like whose right answers are typed."""
    graph = case.evidence.source
    for node in graph.nodes:
        if node.kind != "call" or node.name not in graph.own_calls or len(node.arguments) < 2:
            continue
        if not SEARCH.search(node.name) or dead(graph, node):
            continue
        given = [each.node for each in node.arguments]
        right = [each for each in given if RIGHT.search(names_of(graph, each))]
        others = [each for each in given if each not in right and _computed(graph, each)]
        at, count = _literals(graph, right[0]) if len(right) == 1 and others else (None, 0)
        if at is not None and count >= FEWEST_RELEVANT:
            task = task_of(case, node, at)
            yield Compared(node=node, true=right[0], pred=others[0], how="by-hand", task=task), at


def _recorded(case: Case, scoring: Compared, at: Node) -> Evaluation | None:
    """The recorded evaluation of this scoring whose labels are the typed ones."""
    graph, recording = case.evidence.source, case.evidence.recording
    cells = running_cells(graph, scoring.node)
    typed = {graph.nodes[dep].value for each in _lists(graph, scoring.true) for dep in each.deps}
    for each in case.evidence.evaluations:
        labels = recording.labels(each.y_true) if each.cell in cells else None
        if labels and set(labels) <= typed and len(labels) >= len(at.deps):
            return each
    return None


def _recorded_alone(case: Case) -> Iterator[Sighting]:
    """Typed labels a run scored in a way the source does not show, e.g. in a class of its own."""
    graph, recording = case.evidence.source, case.evidence.recording
    for task, best in judged(case):
        labels = recording.labels(best.y_true)
        names = {each.name for each in recording.named if each.array == best.y_true}
        last = {each.name: each.node for each in graph.bindings if each.name in names}
        for node in last.values() if labels else ():
            at, count = _literals(graph, node)
            if at is not None and count == len(labels or ()) and count >= FEWEST:
                scoring = Compared(node=at, true=node, pred=node, how="by-hand", task=task.id)
                yield _told(case, scoring, at, best, Confidence.CERTAIN)
                break


def _severity(graph: SourceGraph, scoring: Compared, evaluation: Evaluation | None) -> Severity:
    if evaluation is not None and evaluation.origin is not None:
        return "minor"
    known = evaluation is not None and scoring.true == scoring.pred
    from_dataset = carries(flow(graph, scoring.pred), Tag.DATASET)
    return "major" if from_dataset or known else "review"


SURE = {
    Confidence.CERTAIN: say("The code shows it, and our run recorded the typed answers as labels."),
    Confidence.LIKELY: say("The code shows it; the scoring itself was not recorded."),
    Confidence.HINT: ANOTHER,
}


def _sighting(case: Case, scoring: Compared, at: Node, *, elsewhere: bool) -> Sighting:
    evaluation = _recorded(case, scoring, at)
    confidence = Confidence.CERTAIN if evaluation is not None else Confidence.LIKELY
    if elsewhere:
        confidence = Confidence.HINT
    return _told(case, scoring, at, evaluation, confidence)


def _told(
    case: Case,
    scoring: Compared,
    at: Node,
    evaluation: Evaluation | None,
    confidence: Confidence,
) -> Sighting:
    graph = case.evidence.source
    _, count = _literals(graph, scoring.true)
    return Sighting(
        severity=_severity(graph, scoring, evaluation),
        confidence=confidence,
        message=say_many(
            "{n} right answer of this evaluation is typed into the notebook, so the score does "
            "not tell how good the model is on the dataset.",
            "All {n} right answers of this evaluation are typed into the notebook, so the score "
            "does not tell how good the model is on the dataset.",
            count,
        ),
        measured=say(
            "The right answers consist of {count} typed values; no dataset and no file takes part.",
            count=count,
        ),
        remedy=say(
            "Read the right answers from the dataset, or say in the text who labelled these items "
            "and how."
        ),
        sure=SURE[confidence],
        evidence=(
            EvidenceRef(
                kind=EvidenceKind.SOURCE,
                cell=at.cell,
                line=at.line,
                remark=f"holds {count} typed answers",
            ),
        ),
        task=scoring.task,
    )
