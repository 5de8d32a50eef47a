"""NUM006: range-or-monotonicity-violated."""

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from grader.detect.api import Sighting, Undecided, detector
from grader.model import (
    METRICS,
    Average,
    Case,
    Confidence,
    EvidenceKind,
    EvidenceRef,
    Node,
    Output,
    Reported,
    SourceGraph,
)

CHANGE = re.compile(
    r"Δ|\b(by|chang\w*|decreas\w*|delta|diff\w*|drop\w*|faster|gain\w*|gap|improv\w*|increas\w*|"
    r"loss|more|relative|slower|than)\b",
    re.I,
)
"""Words beside a difference between scores, which may have any sign and size."""

TOP_K = re.compile(
    r"\btop[\s_-]?(?P<k>[15])\b(?:[\s_-]*acc(?:uracy)?)?\s*(?:@\d+\s*)?[:=]?\s*"
    r"(?P<number>\d+(?:\.\d+)?)\s*(?P<percent>%?)",
    re.I,
)
"""Top-1 and top-5 accuracy as outputs spell them."""

ERROR = re.compile(r"\berr(or)?s?\b", re.I)
"""Top-k *errors* run the other way."""

PERCENT_SIGNS = ("%", "\N{FULLWIDTH PERCENT SIGN}")
"""How outputs and texts mark a percentage."""

NEAR = 6
"""Most lines between precision, recall and F1 that belong together."""

JENSEN: frozenset[Average] = frozenset({"macro", "micro"})
"""Averages for which F1 never exceeds 2PR/(P+R)."""

TRIPLE = frozenset({"precision", "recall", "f1"})

USUAL_ZERO_DIVISION = (0, 1, 0.0, 1.0, "warn")
"""Settings of ``zero_division`` that keep every class in every mean."""

OWN_AVERAGE = re.compile(r"classification_report$|^torchmetrics\.|^torcheval\.")
"""Calls that average without being told how, or leave out classes that never occur."""

CERTAIN_FROM = 100.0
"""A bare number up to here may be a percentage typed without its sign."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Broken:
    """A law that printed numbers break."""

    law: str
    """Which law."""

    task: str | None
    """Task."""

    message: str
    """One sentence with the numbers."""

    ref: EvidenceRef
    """Where they stand."""


@detector(
    code="NUM006",
    name="range-or-monotonicity-violated",
    requires=frozenset({EvidenceKind.SOURCE}),
    since="0.1.0",
)
def range_or_monotonicity_violated(case: Case) -> Iterator[Sighting]:
    """A printed score is impossible, whatever the predictions were.

    ## Why it matters
    Accuracy, precision, recall and F1 lie between 0 and 1, macro F1 cannot exceed the harmonic
    mean of macro precision and macro recall, and top-5 accuracy is at least top-1 accuracy. A
    number that breaks one of these was not computed as it is named.

    ## Example
    ```python
    # Task 2: CLIP
    print(f"Accuracy: {accuracy:.2%}")
    ```

    ```output
    Accuracy: 8895.00%
    ```

    ## Use instead
    ```python
    # Task 2: CLIP
    print(f"Accuracy: {accuracy:.2%}")
    ```

    ```output
    Accuracy: 88.95%
    ```

    ## Known limits
    A bare number from 1 to 100 may be a percentage without its sign and is left alone. The bound
    on F1 holds for macro and micro averages only; it is applied where the output, or every metric
    call that reaches the cell, names such an average, and the three numbers stand close together
    in one output. Numbers beside words of comparison ("change", "gap") are left alone, and so are
    numbers in the text. CIDEr and similarity scores have other ranges and are left alone.

    ## Source
    Macro F1 is at most 2PR/(P+R) of macro precision P and macro recall R: Jensen's inequality,
    proved by J. Opitz and S. Burst, "Macro F1 and macro F1" (2019). Rounding of every printed
    number is granted, by cutting as well.
    """
    if not case.evidence.kinds & {EvidenceKind.SAVED, EvidenceKind.RERUN}:
        raise Undecided("The notebook holds no outputs.", needs="saved outputs or a run")
    found: dict[tuple[str, str | None], list[Broken]] = defaultdict(list)
    for broken in (*_out_of_range(case), *_f1_too_high(case), *_top_k(case)):
        found[broken.law, broken.task].append(broken)
    for (_, task), several in found.items():
        yield _sighting(task, several)


def _out_of_range(case: Case) -> Iterator[Broken]:
    texts = _lines(case)
    for number in case.evidence.reported:
        text = texts.get((number.source, number.cell, number.output, number.line), "")
        if _impossible(number) and not CHANGE.search(text):
            yield Broken(
                law="range",
                task=number.task,
                message=f"The output gives {METRICS[number.metric].spoken} {number.printed}",
                ref=_output_ref(number),
            )


def _impossible(number: Reported) -> bool:
    if not METRICS[number.metric].hundredths:
        return False
    rounding = 0.5 * 10.0**-number.decimals
    if number.value < -rounding:
        return True
    if number.printed.rstrip().endswith(PERCENT_SIGNS):
        return number.value > 1 + rounding
    return number.value > CERTAIN_FROM + rounding


def _f1_too_high(case: Case) -> Iterator[Broken]:
    groups: dict[tuple[str, int, int, Average | None], list[Reported]] = defaultdict(list)
    for number in case.evidence.reported:
        groups[number.source, number.cell, number.output, number.average].append(number)
    for (_, cell, _, average), numbers in groups.items():
        named = average in JENSEN or (average is None and _only_macro_called(case, cell))
        triple = _triple(numbers)
        if named and triple is not None:
            yield from _above_bound(*triple)


def _triple(numbers: Sequence[Reported]) -> tuple[Reported, Reported, Reported] | None:
    """Precision, recall and F1 that stand together, each once; ``None`` otherwise."""
    chosen = [each for each in numbers if each.metric in TRIPLE]
    by_metric = {each.metric: each for each in chosen}
    if len(chosen) != 3 or len(by_metric) != 3:
        return None
    lines = [each.line for each in chosen]
    if max(lines) - min(lines) > NEAR or not all(0 <= each.value <= 1 for each in chosen):
        return None
    return by_metric["precision"], by_metric["recall"], by_metric["f1"]


def _above_bound(precision: Reported, recall: Reported, f1: Reported) -> Iterator[Broken]:
    highest = [each.value + 10.0**-each.decimals for each in (precision, recall)]
    bound = 2 * highest[0] * highest[1] / (highest[0] + highest[1])
    if f1.value - 0.5 * 10.0**-f1.decimals > bound:
        total = precision.value + recall.value
        mean = 2 * precision.value * recall.value / total if total else 0.0
        yield Broken(
            law="f1",
            task=f1.task,
            message=(
                f"F1 {f1.printed} is above {mean:.4f}, the most that precision "
                f"{precision.printed} and recall {recall.printed} allow"
            ),
            ref=_output_ref(f1),
        )


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


def _top_k(case: Case) -> Iterator[Broken]:
    seen: dict[tuple[str, int, int], dict[str, list[tuple[float, int, str]]]] = {}
    for (source, cell, output, line), text in _lines(case).items():
        if ERROR.search(text) or CHANGE.search(text):
            continue
        for match in TOP_K.finditer(text):
            values = seen.setdefault((source, cell, output), defaultdict(list))
            scale = 0.01 if match["percent"] else 1.0
            value = float(match["number"]) * scale
            values[match["k"]].append((value, line, match["number"] + match["percent"]))
    for (source, cell, _), values in seen.items():
        yield from _top_1_above_top_5(case, source, cell, values)


def _top_1_above_top_5(
    case: Case, source: str, cell: int, values: dict[str, list[tuple[float, int, str]]]
) -> Iterator[Broken]:
    if len(values["1"]) != 1 or len(values["5"]) != 1:
        return
    (first, line, printed), (fifth, _, printed_fifth) = values["1"][0], values["5"][0]
    # One of them a fraction, the other a percentage without its sign: not comparable.
    same_scale = (first <= 1) == (fifth <= 1)
    if same_scale and first > fifth + 10.0 ** -_decimals(printed_fifth):
        yield Broken(
            law="top-k",
            task=case.evidence.cell_tasks.get(cell),
            message=f"Top-1 accuracy {printed} is above top-5 accuracy {printed_fifth}",
            ref=EvidenceRef(kind=EvidenceKind(source), cell=cell, line=line),
        )


def _decimals(printed: str) -> int:
    decimals = len(printed.rstrip("%").partition(".")[2])
    return decimals + 2 if printed.endswith("%") else decimals


def _lines(case: Case) -> dict[tuple[str, int, int, int], str]:
    """Lines of all outputs by source, cell, output and line number."""
    found: dict[tuple[str, int, int, int], str] = {}
    for cell in case.evidence.submission.code_cells:
        found |= _numbered("saved", cell.index, cell.outputs)
    for run in case.evidence.rerun:
        found |= _numbered("rerun", run.index, run.outputs)
    return found


def _numbered(
    source: str, cell: int, outputs: Sequence[Output]
) -> dict[tuple[str, int, int, int], str]:
    return {
        (source, cell, index, line): text
        for index, output in enumerate(outputs)
        for line, text in enumerate(output.text.splitlines(), start=1)
    }


def _output_ref(number: Reported) -> EvidenceRef:
    return EvidenceRef(kind=EvidenceKind(number.source), cell=number.cell, line=number.line)


REMEDIES = {
    "range": "Scores lie between 0 and 1 (0 % and 100 %); check that none is scaled twice.",
    "f1": "Compute precision, recall and F1 from the same predictions with the same average.",
    "top-k": "Check that both are computed from the same predictions.",
}
"""What to do, by law."""


def _sighting(task: str | None, several: Sequence[Broken]) -> Sighting:
    messages = list(dict.fromkeys(each.message for each in several))
    return Sighting(
        severity="major",
        confidence=Confidence.CERTAIN,
        task=task,
        message=f"{'; '.join(messages)}, which no predictions can give.",
        measured=f"Numbers that break the rule: {len(messages)}.",
        remedy=REMEDIES[several[0].law],
        sure="Arithmetic, with the rounding of the printed numbers allowed for.",
        evidence=tuple(each.ref for each in several),
    )
