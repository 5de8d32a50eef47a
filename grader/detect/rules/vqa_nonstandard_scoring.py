"""BLP003: vqa-nonstandard-scoring."""

from collections.abc import Iterator

from grader.detect._metrics import dead
from grader.detect._samples import source_ref
from grader.detect._texts import DECODED, is_generated, iterated, keys, made_of, value_of
from grader.detect.api import Sighting, detector
from grader.model import Case, Confidence, EvidenceKind, Node, Severity, SourceGraph, Tag, say

ONE = frozenset({"multiple_choice_answer", "answer", "gt_answer", "ground_truth"})
"""Columns with the one right answer of a question."""

SEVERAL = frozenset({"answers"})
"""Columns with the answers of several people."""

TEXT = frozenset({".lower", ".strip", ".casefold", ".upper", ".replace", "str", *DECODED})
"""Calls whose result is a text."""

GAP = 0.05
"""Difference from which the conclusion about a model may change."""

SCORES = ("exact_match", "vqa_accuracy", "accuracy")


@detector(
    code="BLP003",
    name="vqa-nonstandard-scoring",
    requires=frozenset({EvidenceKind.SOURCE}),
    since="0.2.0",
    status="stable",
    severity="major",
    follows=frozenset({"answer-leak-in-prompt"}),
)
def vqa_nonstandard_scoring(case: Case) -> Iterator[Sighting]:
    """An answer counts as right when it merely contains the right one, or stands in it.

    ## Why it matters
    `"no"` stands in `"not sure"` and `"snow"`, `"1"` in `"10"`. A score that counts such answers
    is higher than the accuracy it is called, and cannot be compared with published ones.

    ## Example
    ```python
    # Task 3: VQA
    from datasets import load_dataset
    vqa = load_dataset("lmms-lab/VQAv2", split="validation[:100]")
    said = processor.batch_decode(blip.generate(**inputs), skip_special_tokens=True)
    right = [row["multiple_choice_answer"] for row in vqa]
    print("Accuracy:", sum(r in s for s, r in zip(said, right)) / len(right))
    ```

    ## Use instead
    ```python
    # Task 3: VQA
    from datasets import load_dataset
    vqa = load_dataset("lmms-lab/VQAv2", split="validation[:100]")
    said = processor.batch_decode(blip.generate(**inputs), skip_special_tokens=True)
    right = [row["multiple_choice_answer"] for row in vqa]
    print("Exact match:", sum(r == s for s, r in zip(said, right)) / len(right))
    ```

    ## Verdict
    Major when our run printed a score more than five points above the exact match of the same
    answers, else minor. Certain when both were seen in our run; likely when only the code shows
    the comparison.

    ## Known limits
    Whether an answer is among those of several people (`answer in answers`) is not meant and not
    reported. Answers that are compared by a function of another library are not judged, and
    neither are texts whose columns have unusual names.

    ## Source
    The accuracy of VQA compares whole answers, made alike first: min(number of people who gave
    this answer / 3, 1) (S. Antol et al., "VQA: visual question answering", 2015). The five points
    are chosen.
    """
    graph = case.evidence.source
    inside = [node for node in graph.nodes if node.name == "In"]
    if not inside:
        return
    scored = {node.cell for node in graph.nodes if Tag.METRIC in node.tags}
    scored |= {node.cell for node in graph.calls("sum", ".mean", ".sum", "numpy.mean")}
    inside = [node for node in inside if node.cell in scored]
    for node in inside:
        if not dead(graph, node) and _in_part(graph, node, inside):
            yield _sighting(case, node)
            return


def _in_part(graph: SourceGraph, node: Node, others: list[Node]) -> bool:
    """Whether a model's answer is looked for in the right one, or the other way round."""
    if len(node.deps) != 2:
        return False
    sides = [made_of(graph, dep) for dep in node.deps]
    generated = [is_generated(side) for side in sides]
    if generated[0] == generated[1]:
        return False
    right = keys(sides[generated.index(False)])
    if not right & (ONE | SEVERAL):
        return False
    both = any(_turned(graph, node, other) for other in others)
    holder = graph.nodes[node.deps[1]]
    return both or (_is_text(graph, holder) and (generated[1] or not right & SEVERAL))


def _turned(graph: SourceGraph, node: Node, other: Node) -> bool:
    """Whether another comparison has the same operands the other way round."""
    names = [graph.nodes[dep].deps for dep in node.deps]
    theirs = [graph.nodes[dep].deps for dep in other.deps]
    return bool(names[0]) and other.cell == node.cell and names == theirs[::-1]


def _is_text(graph: SourceGraph, node: Node) -> bool:
    """Whether a value is one text, not a list of them."""
    if node.kind == "call":
        return node.name in TEXT
    if iterated(graph, node) is not None:
        return True
    value = value_of(graph, node.id)
    if value.kind == "call":
        return value.name in TEXT
    return value.kind == "subscript" and value.name != "Slice" and value.value not in SEVERAL


def _sighting(case: Case, node: Node) -> Sighting:
    gap = _gap(case, node.cell)
    severity: Severity = "minor"
    if gap is None:
        measured = say("Answers are compared with `in`, not with `==`.")
    else:
        printed, exact = gap
        severity = "major" if printed - exact > GAP else "minor"
        measured = say(
            "Printed in our run: {printed}. Exact match of the same answers: {exact}.",
            printed=f"{printed:.4f}",
            exact=f"{exact:.4f}",
        )
    return Sighting(
        severity=severity,
        confidence=Confidence.LIKELY if gap is None else Confidence.CERTAIN,
        task=case.evidence.cell_tasks.get(node.cell),
        message=say(
            "An answer counts as right here when it contains the right one or stands in it: "
            '`"no"` is found in `"not sure"`, `"1"` in `"10"`.'
        ),
        measured=measured,
        remedy=say(
            "Write answers alike (lower case, no punctuation) and compare whole answers, or use "
            "the accuracy of VQA over the answers of all people."
        ),
        sure=say("The code shows it; the run did not confirm it.")
        if gap is None
        else say("Answers and printed score were recorded in our run."),
        evidence=(source_ref(node, "looks for one answer in the other"),),
    )


def _gap(case: Case, cell: int) -> tuple[float, float] | None:
    """The highest score our run printed there, and the exact match of the same answers."""
    exact = [
        each.scores["exact_match"]
        for each in case.evidence.evaluations
        if each.kind == "vqa" and "exact_match" in each.scores
    ]
    printed = [
        each.value
        for each in case.evidence.reported
        if each.source == "rerun" and each.cell == cell and each.metric in SCORES
        and each.metric != "vqa_accuracy" and 0 <= each.value <= 1
    ]  # fmt: skip
    return (max(printed), max(exact)) if len(exact) == 1 and printed else None
