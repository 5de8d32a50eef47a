"""MET007: batch-mean-aggregation."""

import re
from collections.abc import Iterator, Sequence

from msgspec import Struct

from grader.detect._items import batch_sizes
from grader.detect._metrics import dead, names_of, running_cells
from grader.detect._samples import source_ref
from grader.detect.api import Sighting, detector
from grader.model import (
    Case,
    Confidence,
    Evaluation,
    EvidenceKind,
    Node,
    Reported,
    SourceGraph,
    Tag,
    Wording,
    say,
)
from grader.patterns import regex

MEANS = regex(r"(?:^|\.)(?:mean|average|fmean|nanmean)$")
"""Calls that average what they are given."""

BATCHES = regex(
    r"loader|(?:^|[^a-z])dl(?:[^a-z]|$)|batche?s|\.iter$|\.batch$|array_split|iterator", re.I
)
"""Names of what is iterated a batch at a time."""

TRAINS = regex(r"\.backward\(|optimi[sz]er\.step\(|train_on_batch\(|\.fit\(")
"""Marks of cells that train: their running means watch the training."""

SCORE = regex(r"acc|score|f1|precision|recall|correct|bleu", re.I)
LOSS = regex(r"loss|perte|损失", re.I)
DIGITS = 3
"""Fewest decimals from which a printed number tells the two means apart."""


class _Mean(Struct, frozen=True, kw_only=True):
    """A mean of scores of batches."""

    node: Node
    """The mean."""

    size: int | None
    """Items in a batch, where the source says so."""


class _Shown(Struct, frozen=True, kw_only=True):
    """A number that our run printed and that is such a mean."""

    number: Reported
    pooled: float
    size: int
    n: int


@detector(
    code="MET007",
    name="batch-mean-aggregation",
    requires=frozenset({EvidenceKind.SOURCE}),
    since="0.2.0",
    status="stable",
    severity="major",
)
def batch_mean_aggregation(case: Case) -> Iterator[Sighting]:
    """A score is the mean of the scores of batches, so items of a smaller batch count for more.

    ## Why it matters
    When the last batch is smaller, each of its items weighs more than the others, and the result
    is not the share of right answers. Means of per-batch precision, recall or F1 are not the score
    of the whole set at all.

    ## Example
    ```python
    # Task 2: CLIP
    import numpy as np

    scores = []
    for images, labels in test_loader:
        predictions = model(images).logits.argmax(dim=1)
        scores.append((predictions == labels).float().mean().item())
    print("Accuracy:", np.mean(scores))
    ```

    ## Use instead
    ```python
    # Task 2: CLIP
    correct = total = 0
    for images, labels in test_loader:
        predictions = model(images).logits.argmax(dim=1)
        correct += (predictions == labels).sum().item()
        total += len(labels)
    print("Accuracy:", correct / total)
    ```

    ## Verdict
    `major` and `certain` when our run printed the mean of the batches to 3 decimals or more and
    the recorded labels and predictions give another accuracy: the number is then not what it is
    called. `minor` and `likely` from the code alone, because the difference may be none. Silent
    when batches are known to be of one size, because the two
    are then the same.

    ## Known limits
    Running means of a cell that trains are left alone, and so are means over classes, folds,
    epochs or single items, and losses. What is iterated must be a loader by its name or steps
    of more than one. Batches that a library makes by itself are not seen.

    ## Source
    Arithmetic: with b batches of size m and a last one of size r, an item of the last one weighs
    m / r times as much as any other.
    """
    graph = case.evidence.source
    seen: set[str | None] = set()
    for node in graph.nodes:
        found = _mean(graph, node)
        task = case.evidence.cell_tasks.get(node.cell)
        if found is None or task in seen or dead(graph, node) or _trains(case, node):
            continue
        shown = _shown(case, found)
        if shown is not None or not _even(case, found):
            seen.add(task)
            yield _sighting(task, found, shown)


def _mean(graph: SourceGraph, node: Node) -> _Mean | None:
    """Whether a node averages scores of batches."""
    parts = _averaged(graph, node)
    if parts is None:
        return None
    for inner in parts:
        if _is_score(graph, inner) and inner.id != node.id:
            size = _stepped(graph, inner)
            if size is not None or _by_batch(graph, inner, node):
                return _Mean(node=node, size=size or None)
    return None


def _averaged(graph: SourceGraph, node: Node) -> Sequence[Node] | None:
    """What goes into a mean: items of a comprehension, what was appended or added up."""
    if node.kind == "call" and MEANS.search(node.name):
        given = [each.node for each in node.arguments[:1]] or [node.receiver or node.id]
    elif node.name == "Div" and len(node.deps) == 2 and _counts_batches(graph, node.deps[1]):
        given = [node.deps[0]]
    else:
        return None
    inside = _gathered(graph, given[0])
    return [] if any(LOSS.search(names_of(graph, each.id)) for each in inside) else inside


def _counts_batches(graph: SourceGraph, position: int) -> bool:
    """Whether a value is the number of batches, or of scores in a list."""
    node = graph.nodes[position]
    if node.kind != "call" or node.name != "len" or not node.arguments:
        return False
    given = node.arguments[0].node
    named = f"{graph.nodes[given].name} {names_of(graph, given)}"
    return bool(BATCHES.search(named)) or bool(SCORE.search(named))


def _gathered(graph: SourceGraph, position: int) -> list[Node]:
    """Values that were gathered one by one, over names, loops and containers."""
    found: list[Node] = []
    waiting: list[int] = [position]
    seen: set[int] = set()
    while waiting and len(seen) < 60:
        current = waiting.pop()
        if current in seen:
            continue
        seen.add(current)
        node = graph.nodes[current]
        found.append(node)
        if _is_score(graph, node):
            continue
        if node.name in {"ListComp", "GeneratorExp"}:
            waiting += node.deps[:1]
        elif node.kind != "call" or node.name in {
            ".append", "sum", "numpy.array", "torch.tensor", ".item", "float", "torch.stack",
            ".extend",
        }:  # fmt: skip
            waiting += node.deps
    return found


def _is_score(graph: SourceGraph, node: Node) -> bool:
    """Whether a node is a score by itself: a library's metric, a mean or a share of matches."""
    if Tag.METRIC not in node.tags:
        return False
    summed = node.name.rpartition(".")[2] == "sum"
    return node.kind in {"call", "operation"} and not summed and node.name != "Add"


def _stepped(graph: SourceGraph, inner: Node) -> int | None:
    """The step of the range whose variable cuts the batches; 0 when it is not a literal."""
    for node in graph.slice(inner.id):
        if node.kind == "call" and node.name == "range" and len(node.arguments) == 3:
            value = _literal(graph, node.arguments[2].node)
            if value != 1 and node.cell == inner.cell:
                return value or 0
    return None


def _literal(graph: SourceGraph, position: int) -> int | None:
    node = graph.nodes[position]
    while node.kind in {"name", "parameter"} and len(node.deps) == 1:
        node = graph.nodes[node.deps[0]]
    return node.value if type(node.value) is int else None


def _by_batch(graph: SourceGraph, inner: Node, mean: Node) -> bool:
    """Whether a score is of one round of a loop over batches."""
    if inner.branch != "loop" and mean.branch == inner.branch and inner.function == mean.function:
        return False
    return any(
        BATCHES.search(graph.nodes[dep].name)
        for node in graph.slice(inner.id)
        if node.name == "iter" and node.cell == inner.cell
        for dep in node.deps
    )


def _trains(case: Case, node: Node) -> bool:
    cells = {cell.index: cell.source for cell in case.evidence.submission.code_cells}
    return bool(TRAINS.search(cells.get(node.cell, "")))


def _evaluations(case: Case, found: _Mean) -> list[Evaluation]:
    cells = running_cells(case.evidence.source, found.node)
    return [
        each
        for each in case.evidence.evaluations
        if each.cell in cells and each.kind == "classification" and each.y_pred is not None
    ]


def _even(case: Case, found: _Mean) -> bool:
    """Whether all batches are known to be of one size."""
    sizes = {each.n for each in _evaluations(case, found)}
    batches = (found.size,) if found.size else batch_sizes(case)
    return bool(sizes) and bool(batches) and all(n % size == 0 for n in sizes for size in batches)


def _shown(case: Case, found: _Mean) -> _Shown | None:
    """The printed number that is the mean of the batches and not the accuracy."""
    cells = running_cells(case.evidence.source, found.node)
    numbers = [
        each
        for each in case.evidence.reported
        if each.source == "rerun" and each.cell in cells and each.metric == "accuracy"
    ]
    for evaluation in _evaluations(case, found) if numbers else ():
        for size in (found.size,) if found.size else batch_sizes(case):
            mean, pooled = _both(case, evaluation, size)
            for each in numbers if mean is not None and pooled is not None else ():
                near = 0.5 * 10.0**-each.decimals + 1e-9
                other = abs(each.value - float(pooled or 0.0)) > near
                if each.decimals >= DIGITS and other and abs(each.value - float(mean or 0)) <= near:
                    return _Shown(
                        number=each, pooled=float(pooled or 0.0), size=size, n=evaluation.n
                    )
    return None


def _both(case: Case, evaluation: Evaluation, size: int) -> tuple[float | None, float | None]:
    """The mean of the accuracies of batches, and the accuracy; ``None`` when unknown."""
    true = case.evidence.recording.labels(evaluation.y_true)
    pred = case.evidence.recording.labels(evaluation.y_pred)
    if not true or not pred or len(true) != len(pred) or size < 2:
        return None, None
    right = [str(one) == str(other) for one, other in zip(true, pred, strict=True)]
    batches = [right[start : start + size] for start in range(0, len(right), size)]
    return sum(sum(each) / len(each) for each in batches) / len(batches), sum(right) / len(right)


def _sighting(task: str | None, found: _Mean, shown: _Shown | None) -> Sighting:
    return Sighting(
        severity="major" if shown else "minor",
        confidence=Confidence.CERTAIN if shown else Confidence.LIKELY,
        message=_message(shown),
        measured=_measured(found, shown),
        remedy=say(
            "Collect the labels and predictions of all batches and compute the score once, or "
            "divide the number of right answers by the number of items."
        ),
        sure=say("Computed from the recorded labels and predictions, and printed by our run.")
        if shown
        else say("The code shows it; the run did not confirm it."),
        evidence=(source_ref(found.node, "averages scores of batches"),),
        task=task,
    )


def _message(shown: _Shown | None) -> Wording:
    if shown is None:
        return say(
            "The score is the mean of the scores of batches, so items of a smaller last batch "
            "count for more."
        )
    return say(
        "The accuracy {printed} is the mean over batches of {size}; over all {n} items it is "
        "{pooled}.",
        printed=shown.number.printed,
        size=shown.size,
        n=shown.n,
        pooled=f"{shown.pooled:.4f}",
    )


def _measured(found: _Mean, shown: _Shown | None) -> Wording:
    if shown is not None:
        return say("Items in the last batch: {n}.", n=shown.n % shown.size or shown.size)
    if found.size:
        return say("Items in a batch: {n}.", n=found.size)
    return say("A score is computed for every batch, and their mean is shown.")
