"""What the metric calls of a cell are handed and asked for, as far as its source tells."""

import re
from typing import Literal

from grader.model import Average, Case, Node, SourceGraph
from grader.patterns import regex

METRIC_CALL = regex(
    r"\b(?P<name>accuracy_score|classification_report|confusion_matrix)\s{0,3}\(\s{0,20}"
    r"(?:y_true\s{0,3}=\s{0,3})?(?P<true>[\w.]{1,60})\s{0,20},\s{0,20}"
    r"(?:y_pred\s{0,3}=\s{0,3})?(?P<pred>[\w.]{1,60})\s{0,20}(?P<more>[,)])"
)
"""Calls of scikit-learn with plain names for both arrays."""

AVERAGED = regex(r"(?:^|\.)(?:precision|recall|f1|fbeta)_score$|fscore_support$")
"""Calls of scikit-learn that average over classes, or look at one class when not told how."""

OWN_AVERAGE = regex(r"classification_report$|^torchmetrics\.|^torcheval\.|\.compute$")
"""Calls that average in a way of their own."""

USUAL = frozenset({"average", "zero_division", "y_true", "y_pred", "predictions", "references"})
"""Arguments of metric calls under which every class and every item counts alike."""


def called_average(case: Case, cell: int) -> Average | Literal["binary"] | None:
    """The average that every metric call whose result reaches a cell asks for, if it is one.

    A call of scikit-learn that names none scores one class of two, and raises for more.
    """
    graph = case.evidence.source
    calls = [node for node in _working(case, cell) if node.kind == "call"]
    if any(OWN_AVERAGE.search(call.name) and not _is_plain(call) for call in calls):
        return None
    averaging = [call for call in calls if AVERAGED.search(call.name) or _is_averaged(call)]
    asked = {_average(graph, call) for call in averaging}
    only = asked.pop() if len(asked) == 1 else None
    return only if only in ("macro", "weighted", "micro", "binary") else None  # type: ignore[return-value]


def _is_plain(call: Node) -> bool:
    """Whether a call averages in no way of its own.

    A report as text is read as such and gives no numbers; a module of ``evaluate`` computes what
    scikit-learn does.
    """
    named = {argument.name for argument in call.arguments}
    if call.name.endswith("classification_report"):
        return "output_dict" not in named
    return {"predictions", "references"} <= named


def _is_averaged(call: Node) -> bool:
    """Whether a module of ``evaluate`` is told how to average; accuracy never is."""
    return call.name == ".compute" and any(each.name == "average" for each in call.arguments)


def _working(case: Case, cell: int) -> list[Node]:
    """What flows into a cell, and what stands in the notebook's own functions that it calls."""
    graph = case.evidence.source
    source = next((c.source for c in case.evidence.submission.cells if c.index == cell), "")
    # Such functions print what they compute.
    own = [node for node in graph.nodes if node.function and f"{node.function}(" in source]
    return [*_feeding(graph, cell), *own]


def scored_whole(case: Case, cell: int) -> bool:
    """Whether a cell's scores come from calls that score all items at once.

    They do when a call of ``accuracy_score`` flows into it, and nothing there takes a mean.
    """
    names = {node.name for node in _working(case, cell) if node.kind == "call"}
    means = any(re.search(r"(?:^|\.)(?:mean|average|nanmean)$", name) for name in names)
    return not means and any(name.endswith("accuracy_score") for name in names)


def _feeding(graph: SourceGraph, cell: int) -> list[Node]:
    """Nodes of a cell and all they depend on, in execution order; each is looked at once."""
    waiting = [node.id for node in graph.nodes if node.cell == cell]
    seen: set[int] = set()
    while waiting:
        current = waiting.pop()
        if current not in seen:
            seen.add(current)
            waiting.extend(graph.nodes[current].deps)
    return [graph.nodes[each] for each in sorted(seen)]


def _average(graph: SourceGraph, call: Node) -> str:
    """What a call asks for; ``other`` when it leaves out or weighs anything."""
    named = {each.name: graph.nodes[each.node].value for each in call.arguments if each.name}
    if not set(named) <= USUAL:
        return "other"
    if call.name.endswith("fscore_support") and "average" not in named:
        return "other"
    zero = named.get("zero_division", 0)
    return str(named.get("average", "binary")) if zero in (0, 1, "warn") else "other"


def handed(source: str, function: str) -> tuple[str, str] | None:
    """Names of labels and predictions that the one call of a function in a source is handed.

    ``None`` where it is called otherwise than once, or not with two plain names.
    """
    calls = [found for found in METRIC_CALL.finditer(source) if found["name"] == function]
    if len(calls) != 1 or source.count(f"{function}(") != 1:
        return None
    return calls[0]["true"], calls[0]["pred"]


def same_arrays(case: Case, cell: int, one: str, other: str) -> bool | None:
    """Whether two metric calls of a cell are handed the same two names.

    ``None`` when the cell does not hold exactly one of each in a form that can be compared.
    """
    source = next((c.source for c in case.evidence.submission.cells if c.index == cell), "")
    first, second = handed(source, one), handed(source, other)
    return None if first is None or second is None else first == second
