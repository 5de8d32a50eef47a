"""CLP002: candidate-set-collapse."""

from collections.abc import Iterator
from typing import Literal

from msgspec import Struct

from grader.detect._clip import (
    BEST,
    LOGITS,
    MOST,
    TEXT_FEATURES,
    answers,
    axis_of,
    compared_over,
    table_behind,
    worked_on,
)
from grader.detect._flow import carries, flow
from grader.detect.api import Sighting, detector
from grader.model import Case, Confidence, EvidenceKind, EvidenceRef, Node, SourceGraph, Tag, say
from grader.patterns import regex

TOKENIZES = regex(r"(?:^|\.)(?:tokenize|tokenizer)$")
"""Names of calls that take texts as first argument."""

FIRST_ONLY = regex(r"\[\s{0,9}0?\s{0,9}:\s{0,9}1\s{0,9}\]")
"""``[:1]`` and ``[0:1]``."""

Why = Literal["one", "from-label"]


class Offered(Struct, frozen=True, kw_only=True):
    """Texts that pictures are compared with in a classification."""

    node: Node
    """Where they are handed to the model."""

    why: Why
    """``one``: there is one of them. ``from-label``: there are several, and some but not all are
    built from the true label."""


@detector(
    code="CLP002",
    name="candidate-set-collapse",
    requires=frozenset({EvidenceKind.SOURCE}),
    since="0.2.0",
    status="stable",
    severity="invalid",
)
def candidate_set_collapse(case: Case) -> Iterator[Sighting]:
    """A zero-shot classification offers the model one answer, or one built from the label.

    ## Why it matters
    A classification chooses among the classes. With one text to choose from, the answer is known
    before the model has seen the picture, and with a text built from the true label the right
    answer is handed to the model with the picture.

    ## Example
    ```python
    # Task 2: CLIP
    from sklearn.metrics import accuracy_score
    from transformers import CLIPModel, CLIPProcessor

    model = CLIPModel.from_pretrained("openai/clip-vit-base-patch32")
    processor = CLIPProcessor.from_pretrained("openai/clip-vit-base-patch32")
    inputs = processor(text=["a photo of a cat"], images=test["img"], return_tensors="pt")
    predictions = model(**inputs).logits_per_image.argmax(dim=-1)
    print(accuracy_score(test["label"], predictions))
    ```

    ## Use instead
    ```python
    # Task 2: CLIP
    from sklearn.metrics import accuracy_score
    from transformers import CLIPModel, CLIPProcessor

    model = CLIPModel.from_pretrained("openai/clip-vit-base-patch32")
    processor = CLIPProcessor.from_pretrained("openai/clip-vit-base-patch32")
    prompts = [f"a photo of a {name}" for name in class_names]
    inputs = processor(text=prompts, images=test["img"], return_tensors="pt")
    predictions = model(**inputs).logits_per_image.argmax(dim=-1)
    print(accuracy_score(test["label"], predictions))
    ```

    ## Verdict
    One candidate is invalid: no other answer is possible. It is likely when read in the code and
    certain when all recorded answers are the same. A candidate built from the label among others
    is major and likely: the other candidates decide how hard it is.

    ## Known limits
    Only texts whose number the code shows are judged, where the best of them is taken or the
    result is scored against labels of a dataset: a description of one picture to see its
    similarity is no classification. That
    class names were cut is seen for `[:1]`. Candidates for each picture drawn from all classes,
    the true one among them, are not judged.

    ## Source
    A deduction, no statistic: the best of one is always this one. A. Radford et al., "Learning
    Transferable Visual Models From Natural Language Supervision" (2021), section 3.1.2: the names
    of all classes of the dataset are the candidates.
    """
    graph = case.evidence.source
    if not any(node.name in LOGITS | TEXT_FEATURES or _asks(node) for node in graph.nodes):
        return
    told: set[str | None] = set()
    for offered in _offered(case, graph):
        task = case.evidence.cell_tasks.get(offered.node.cell)
        if task not in told:
            told.add(task)
            yield _sighting(case, task, offered)


def _offered(case: Case, graph: SourceGraph) -> Iterator[Offered]:
    """Texts of which the best is taken for each picture, that are one or built from labels."""
    found = list(_narrow(case, graph))
    inside = _chosen_from(graph) if found else frozenset()
    for each in found:
        if each.node.id in inside:
            yield each


def _narrow(case: Case, graph: SourceGraph) -> Iterator[Offered]:
    for node in graph.nodes:
        texts = _texts(graph, node)
        if texts is None:
            continue
        if _number(case, graph, texts) == 1:
            yield Offered(node=node, why="one")
        elif _partly_from_label(graph, texts):
            yield Offered(node=node, why="from-label")


def _chosen_from(graph: SourceGraph) -> frozenset[int]:
    """Nodes among the values of which the best text of a picture is taken."""
    inside: set[int] = set()
    for _, made_of in answers(graph):
        if any(_chooses(graph.nodes[each]) for each in made_of):
            inside |= made_of
    for best in graph.calls(*BEST)[:MOST]:
        table, axis = table_behind(graph, worked_on(best)), axis_of(graph, best)
        if table is not None and axis is not None and compared_over(axis, table.rows) == "texts":
            inside.update(each.id for each in flow(graph, table.origin.id))
    return frozenset(inside)


def _chooses(node: Node) -> bool:
    """Whether a call takes the best; the answer to "more than 0.25" is none among candidates."""
    return node.name in BEST or _asks(node)


def _asks(node: Node) -> bool:
    return any(each.name == "candidate_labels" for each in node.arguments)


def _texts(graph: SourceGraph, node: Node) -> int | None:
    """The candidates a call is given; ``None`` when it is no such call."""
    if _asks(node):
        return next(each.node for each in node.arguments if each.name == "candidate_labels")
    if node.name == ".logits_per_image" or node.name in TEXT_FEATURES:
        given = graph.nearest(node.id, lambda each: _text_argument(each) is not None)
        return _text_argument(given) if given is not None else None
    return None


def _text_argument(node: Node) -> int | None:
    if node.kind != "call":
        return None
    for each in node.arguments:
        if each.name == "text":
            return each.node
    if TOKENIZES.search(node.name) and node.arguments and node.arguments[0].name is None:
        return node.arguments[0].node
    return None


def _number(case: Case, graph: SourceGraph, position: int) -> int | None:
    """How many texts a node is; ``None`` when the code does not show it."""
    node = graph.nodes[position]
    # Loops join later values to earlier names; a name is followed backwards only.
    while (same := _as_many(node)) is not None and same < node.id:
        node = graph.nodes[same]
    if node.name in {"List", "Tuple"}:
        starred = any(graph.nodes[each].name == "Starred" for each in node.deps)
        return None if starred else len(node.deps) or None
    if node.name == "JoinedStr" or (isinstance(node.value, str) and node.kind == "literal"):
        return 1
    if node.name == "Slice" and FIRST_ONLY.search(_line(case, node)):
        return 1
    return None


def _as_many(node: Node) -> int | None:
    """The node with as many items, behind a name or a list made of each of its items."""
    if node.kind == "name" and len(node.deps) == 1:
        return node.deps[0]
    return node.deps[1] if node.name == "ListComp" and len(node.deps) == 2 else None


def _line(case: Case, node: Node) -> str:
    cells = {cell.index: cell.source for cell in case.evidence.submission.code_cells}
    lines = cells.get(node.cell, "").split("\n")
    return lines[node.line - 1] if 0 < node.line <= len(lines) else ""


def _partly_from_label(graph: SourceGraph, position: int) -> bool:
    """Whether some but not all of the texts of a typed list hold the label of a row."""
    node = graph.nodes[position]
    while node.kind == "name" and len(node.deps) == 1 and node.deps[0] < node.id:
        node = graph.nodes[node.deps[0]]
    if node.name != "List":
        return False
    held = [carries(flow(graph, each), Tag.LABELS) for each in node.deps]
    return any(held) and not all(held)


def _all_alike(case: Case, task: str | None) -> int | None:
    """How many answers were recorded of a task, when all of them are the same."""
    judged_by = case.evidence.best(task) if task is not None else None
    answered = case.evidence.recording.labels(judged_by.y_pred) if judged_by else None
    return len(answered) if answered and len(answered) > 1 == len(set(answered)) else None


def _sighting(case: Case, task: str | None, offered: Offered) -> Sighting:
    line = EvidenceRef(
        kind=EvidenceKind.SOURCE,
        cell=offered.node.cell,
        line=offered.node.line,
        end_line=offered.node.end_line,
        remark="offers the candidates",
    )
    remedy = say(
        "Make one text for each class name and compare every picture with all of them: "
        '`[f"a photo of a {name}" for name in class_names]`.'
    )
    if offered.why == "from-label":
        return Sighting(
            severity="major",
            confidence=Confidence.LIKELY,
            task=task,
            message=say(
                "Among the texts a picture is compared with, one is built from its true label, so "
                "the choice is not among all classes and depends on the answer."
            ),
            measured=say("The label of the row is among the values the candidates are made of."),
            remedy=remedy,
            sure=say("Read in the code; how the other candidates were chosen is not judged."),
            evidence=(line,),
        )
    n = _all_alike(case, task)
    sure = say("Read in the code; the answers were not recorded.")
    measured = say("Texts each picture is compared with: 1.")
    if n is not None:
        sure = say("Read in the code, and every recorded answer is the same.")
        measured = say(
            "Texts each picture is compared with: 1. Different answers among {n}: 1.", n=n
        )
    return Sighting(
        severity="invalid",
        confidence=Confidence.LIKELY if n is None else Confidence.CERTAIN,
        task=task,
        message=say(
            "Each picture is compared with one text only, so no other answer is possible and the "
            "score says nothing about the model."
        ),
        measured=measured,
        remedy=remedy,
        sure=sure,
        evidence=(line,),
    )
