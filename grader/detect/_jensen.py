"""Precision, recall and F1 that stand together, and the bound on macro F1 they break."""

from collections import defaultdict
from collections.abc import Iterator, Sequence

from msgspec import Struct

from grader.model import Average, Case, Node, Reported, SourceGraph
from grader.patterns import regex

NEAR = 6
"""Most lines between precision, recall and F1 that belong together."""

JENSEN: frozenset[Average] = frozenset({"macro", "micro"})
"""Averages for which F1 never exceeds 2PR/(P+R)."""

TRIPLE = frozenset({"precision", "recall", "f1"})

USUAL_ZERO_DIVISION = (0, 1, 0.0, 1.0, "warn")
"""Settings of ``zero_division`` that keep every class in every mean."""

OWN_AVERAGE = regex(r"classification_report$|^torchmetrics\.|^torcheval\.")
"""Calls that average without being told how, or leave out classes that never occur."""


class TooHigh(Struct, frozen=True, kw_only=True):
    """Three printed scores of which F1 is above what the other two allow."""

    precision: Reported
    """Precision."""

    recall: Reported
    """Recall."""

    f1: Reported
    """F1."""

    @property
    def bound(self) -> float:
        """2PR/(P+R), with the printed numbers taken as exact."""
        total = self.precision.value + self.recall.value
        return 2 * self.precision.value * self.recall.value / total if total else 0.0


def f1_too_high(case: Case) -> Iterator[TooHigh]:
    """F1 of outputs above 2PR/(P+R), where they are macro or micro averages."""
    groups: dict[tuple[str, int, int, Average | None], list[Reported]] = defaultdict(list)
    for number in case.evidence.reported:
        groups[number.source, number.cell, number.output, number.average].append(number)
    for (_, cell, _, average), numbers in groups.items():
        found = _triple(numbers)
        if found is None or not _is_above_bound(found):
            continue
        if average in JENSEN or (average is None and _only_macro_called(case, cell)):
            yield found


def _triple(numbers: Sequence[Reported]) -> TooHigh | None:
    """Precision, recall and F1 that stand together, each once; ``None`` otherwise."""
    chosen = [each for each in numbers if each.metric in TRIPLE]
    by_metric = {each.metric: each for each in chosen}
    if len(chosen) != 3 or len(by_metric) != 3:
        return None
    lines = [each.line for each in chosen]
    if max(lines) - min(lines) > NEAR or not all(0 <= each.value <= 1 for each in chosen):
        return None
    return TooHigh(precision=by_metric["precision"], recall=by_metric["recall"], f1=by_metric["f1"])


def _is_above_bound(found: TooHigh) -> bool:
    precision, recall = (
        each.value + 10.0**-each.decimals for each in (found.precision, found.recall)
    )
    bound = 2 * precision * recall / (precision + recall)
    return found.f1.value - 0.5 * 10.0**-found.f1.decimals > bound


def _only_macro_called(case: Case, cell: int) -> bool:
    """Whether every metric call whose result reaches this cell names the macro average."""
    graph = case.evidence.source
    feeding = {
        each.id for node in graph.nodes if node.cell == cell for each in graph.slice(node.id)
    }
    calls = [graph.nodes[each] for each in feeding if graph.nodes[each].kind == "call"]
    if any(OWN_AVERAGE.search(call.name) for call in calls):
        return False
    return {average for call in calls for average in _averages(graph, call)} == {"macro"}


def _averages(graph: SourceGraph, call: Node) -> Iterator[str]:
    for argument in call.arguments:
        value = graph.nodes[argument.node].value
        if argument.name == "average":
            yield str(value)
        if argument.name == "zero_division" and value not in USUAL_ZERO_DIVISION:
            yield "classes left out"
