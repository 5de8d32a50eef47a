"""DAT005: test-set-tuning."""

from collections.abc import Iterator

from grader.detect._samples import source_ref
from grader.detect._splits import Scored, resolved, rows_of, scored, task_of
from grader.detect.api import Sighting, detector
from grader.model import Case, Confidence, EvidenceKind, Node, SourceGraph, Tag, say

CHOOSES = frozenset({
    "max", "min", "sorted", ".argmax", ".argmin", ".idxmax", ".idxmin", "numpy.argmax",
    "numpy.argmin", "torch.argmax", "numpy.argsort", ".sort_values", ".nlargest", ".most_common",
    "heapq.nlargest", "operator.itemgetter", ".argsort", ".topk",
})  # fmt: skip
"""Calls that pick the best of several."""

COMPARES = frozenset({"Gt", "GtE", "Lt", "LtE"})

MANY = 3
"""Candidates from which on choosing among them is called tuning; see the manual page."""


@detector(
    code="DAT005",
    name="test-set-tuning",
    requires=frozenset({EvidenceKind.SOURCE}),
    since="0.2.0",
    status="stable",
    severity="minor",
)
def test_set_tuning(case: Case) -> Iterator[Sighting]:
    """The best of several variants is chosen by its score on the rows that are scored.

    ## Why it matters
    Of several variants one is the best on any sample, by luck alone. The score of the winner on
    the rows that chose it is too high; how much shows only on rows that had no part in it.

    ## Example
    ```python
    from datasets import load_dataset
    from sklearn.metrics import accuracy_score
    test = load_dataset("uoft-cs/cifar10", split="test")
    scores = {}
    for template in ["{}", "a photo of a {}", "a drawing of a {}"]:
        answers = classify(test["img"], template)
        scores[template] = accuracy_score(test["label"], answers)
    best = max(scores, key=scores.get)
    final = classify(test["img"], best)
    print(accuracy_score(test["label"], final))
    ```

    ## Use instead
    ```python
    from datasets import load_dataset
    from sklearn.metrics import accuracy_score
    dev = load_dataset("uoft-cs/cifar10", split="train[:500]")
    test = load_dataset("uoft-cs/cifar10", split="test")
    scores = {}
    for template in ["{}", "a photo of a {}", "a drawing of a {}"]:
        answers = classify(dev["img"], template)
        scores[template] = accuracy_score(dev["label"], answers)
    best = max(scores, key=scores.get)
    final = classify(test["img"], best)
    print(accuracy_score(test["label"], final))
    ```

    ## Verdict
    Minor: among m variants with the same true score the winner is too high by about
    sigma * sqrt(2 ln m), with sigma the standard error; for 12 prompts on 500 images that is three
    points at most. Likely: the source shows that predictions depend on a choice among scores of
    the same rows; what was chosen is not recorded.

    ## Known limits
    Models that are compared with all results shown are no tuning and not reported, nor is a choice
    between two. A choice made by a person who ran the cell several times leaves no trace. Where
    the highest score in the loop is printed itself, without a second evaluation, nothing is said.

    ## Source
    A deduction: the predictions scored last depend on a maximum or a comparison of scores that
    were computed in a loop on rows of the same part. The size of the effect is that of the
    expected maximum of m normal variables.
    """
    graph = case.evidence.source
    done: set[str | None] = set()
    for each in scored(graph) if _may_choose(graph) else ():
        task = task_of(case, each)
        tried = _tried(graph, each) if task not in done and "test" in each.rows.splits else None
        if tried is not None:
            done.add(task)
            yield _sighting(case, tried, each, task)


def _may_choose(graph: SourceGraph) -> bool:
    """Whether anything is scored in a loop at all."""
    return any(_is_tried(node) for node in graph.tagged(Tag.METRIC))


def _is_tried(node: Node) -> bool:
    return node.branch == "loop" or node.function is not None


def _tried(graph: SourceGraph, each: Scored) -> Node | None:
    """A score in a loop over the same rows, by which what is scored here was chosen."""
    of_scoring = {part.key for part in each.rows.parts if part.split == "test"}
    for choice in _choices(graph, each):
        for score in graph.flow(choice.id):
            if Tag.METRIC not in score.tags or score.id >= each.node.id or not _loops(graph, score):
                continue
            keys = {part.key for part in rows_of(graph, score.id).parts if part.split == "test"}
            if keys & of_scoring:
                return score
    return None


def _choices(graph: SourceGraph, each: Scored) -> Iterator[Node]:
    """Where one of several is picked by their scores, on the way to what is scored."""
    for side in each.sides:
        for node in graph.flow(side):
            if node.name in CHOOSES and _of_scores(graph, node):
                yield node
            elif node.name == "phi":
                for dep in node.deps:
                    if graph.nodes[dep].name in COMPARES and _of_scores(graph, graph.nodes[dep]):
                        yield graph.nodes[dep]


def _of_scores(graph: SourceGraph, node: Node) -> bool:
    return any(Tag.METRIC in each.tags for each in graph.flow(node.id) if each.id != node.id)


def _loops(graph: SourceGraph, score: Node) -> bool:
    """Whether it is a score of each of at least three candidates, as far as they are seen."""
    if score.branch != "loop" and score.function is None:
        return False
    several = _candidates(graph, score)
    return several is None or several >= MANY


def _candidates(graph: SourceGraph, score: Node) -> int | None:
    """How many are tried, where they are listed in the source; the longest of several lists."""
    sizes = [
        len(listed.deps) // (2 if listed.name == "Dict" else 1)
        for node in graph.flow(score.id)
        if node.name == "iter" and node.deps
        for listed in (graph.nodes[resolved(graph, node.deps[0])],)
        if listed.name in {"List", "Tuple", "Dict"} and listed.deps
    ]
    return max(sizes, default=None)


def _sighting(case: Case, tried: Node, each: Scored, task: str | None) -> Sighting:
    return Sighting(
        severity="minor",
        confidence=Confidence.LIKELY,
        message=say(
            "Several variants are scored in a loop (line {tried}) and the best one is scored again "
            "on the same test rows (line {line}). This score is too high: the test rows have "
            "chosen the winner.",
            tried=tried.line,
            line=each.node.line,
        ),
        measured=say(
            "What is scored depends on a choice among scores of the same part of the data."
        ),
        remedy=say(
            "Choose on validation data or on a part of the training split, then score the chosen "
            "variant once on the test split."
        ),
        sure=say("The code shows by which rows the choice is made; the choice is not recorded."),
        evidence=(
            source_ref(tried, "scores every variant on test rows"),
            source_ref(each.node, "scores the best one again"),
        ),
        task=task,
    )
