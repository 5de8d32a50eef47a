"""CLP005: softmax-axis-or-direction."""

from collections.abc import Iterator

from msgspec import Struct

from grader.detect._clip import (
    BEST,
    LOGITS,
    MOST,
    Table,
    answers,
    axis_of,
    compared_over,
    products,
    table_behind,
    worked_on,
)
from grader.detect._metrics import running_cells
from grader.detect.api import Sighting, detector
from grader.model import (
    Case,
    Confidence,
    EvidenceKind,
    EvidenceRef,
    Node,
    Severity,
    SourceGraph,
    Wording,
    say,
)

SOFTMAX = frozenset({
    ".softmax", ".log_softmax", "torch.softmax", "torch.nn.functional.softmax",
    "torch.nn.functional.log_softmax", "scipy.special.softmax",
})  # fmt: skip


class Turned(Struct, frozen=True, kw_only=True):
    """A call that compares pictures with one another where texts are to be compared."""

    call: Node
    """The call."""

    takes_best: bool
    """Whether it takes the best picture of a text; otherwise it is a softmax over pictures."""

    axis: int
    """The axis it names."""

    table: Table
    """The similarities."""


@detector(
    code="CLP005",
    name="softmax-axis-or-direction",
    requires=frozenset({EvidenceKind.SOURCE}),
    since="0.2.0",
    status="stable",
    severity="major",
)
def softmax_axis_or_direction(case: Case) -> Iterator[Sighting]:
    """The pictures compete with one another where the class names should.

    ## Why it matters
    A picture gets the class whose text fits it best, so the texts are compared for each picture.
    A softmax over the pictures of a batch gives other numbers, which depend on what else is in
    the batch, and with one picture at a time all of them are 1.

    ## Example
    ```python
    # Task 2: CLIP
    from sklearn.metrics import accuracy_score
    from transformers import CLIPModel, CLIPProcessor

    model = CLIPModel.from_pretrained("openai/clip-vit-base-patch32")
    processor = CLIPProcessor.from_pretrained("openai/clip-vit-base-patch32")
    inputs = processor(text=prompts, images=test["img"], return_tensors="pt", padding=True)
    probs = model(**inputs).logits_per_image.softmax(dim=0)
    print(accuracy_score(test["label"], probs.argmax(dim=-1)))
    ```

    ## Use instead
    ```python
    # Task 2: CLIP
    from sklearn.metrics import accuracy_score
    from transformers import CLIPModel, CLIPProcessor

    model = CLIPModel.from_pretrained("openai/clip-vit-base-patch32")
    processor = CLIPProcessor.from_pretrained("openai/clip-vit-base-patch32")
    inputs = processor(text=prompts, images=test["img"], return_tensors="pt", padding=True)
    probs = model(**inputs).logits_per_image.softmax(dim=-1)
    print(accuracy_score(test["label"], probs.argmax(dim=-1)))
    ```

    ## Verdict
    Major and likely: the axis stands in the code, and the best class is then taken of the result,
    or it reaches a score against labels of a dataset. Certain when the recorded answers are not
    the best classes of the model's own outputs; minor when they are, so that the axis made no
    difference.

    ## Known limits
    Only an axis written as a number, on all of `logits_per_image`, `logits_per_text` or a product
    of embeddings, is judged; `logits_per_image[0].softmax(dim=0)` is right for one picture. The
    search for the best picture of a text, as in retrieval, is not looked at.

    ## Source
    A. Radford et al., "Learning Transferable Visual Models From Natural Language Supervision"
    (2021), section 3.1.2: the probabilities are normalised over the classes by a softmax.
    """
    graph = case.evidence.source
    if not (any(node.name in LOGITS for node in graph.nodes) or products(graph)):
        return
    told: set[str | None] = set()
    for turned in _turned(graph):
        task = case.evidence.cell_tasks.get(turned.call.cell)
        classifies = _classifies(case, task)
        # The best picture of a text is what retrieval asks for.
        if (classifies or not turned.takes_best) and task not in told:
            told.add(task)
            yield _sighting(case, task if classifies else None, turned)


def _classifies(case: Case, task: str | None) -> bool:
    return all(each.kind == "classification" for each in case.lab.tasks if each.id == task)


def _turned(graph: SourceGraph) -> Iterator[Turned]:
    found = list(_over_images(graph))
    if not found:
        return
    scored = frozenset(each for _, inside in answers(graph) for each in inside)
    used = scored.union(*(_through(graph, each) for each in graph.calls(*BEST)[:MOST]))
    for each in found:
        if each.call.id in (scored if each.takes_best else used):
            yield each


def _over_images(graph: SourceGraph) -> Iterator[Turned]:
    """Calls that work along the axis of the pictures."""
    for call in graph.calls(*SOFTMAX, *BEST)[:MOST]:
        axis = axis_of(graph, call)
        table = table_behind(graph, worked_on(call)) if axis is not None else None
        if axis is not None and table is not None and compared_over(axis, table.rows) == "images":
            yield Turned(call=call, takes_best=call.name in BEST, axis=axis, table=table)


def _through(graph: SourceGraph, best: Node) -> frozenset[int]:
    """Nodes whose values are compared over the texts, or all with one another, by a call."""
    table = table_behind(graph, worked_on(best))
    if table is None:
        return frozenset()
    axis = axis_of(graph, best)
    return (
        table.through if axis is None or compared_over(axis, table.rows) == "texts" else frozenset()
    )


def _changed(case: Case, turned: Turned) -> tuple[int, int] | None:
    """Recorded answers that are not the best class of the model's output, and all of them."""
    recording = case.evidence.recording
    cells = running_cells(case.evidence.source, turned.table.origin)
    said = [
        labels
        for each in recording.passes
        if each.cell in cells and each.method == "forward"
        and (labels := recording.labels(each.predictions)) is not None
    ]  # fmt: skip
    for each in case.evidence.evaluations:
        scored = recording.labels(each.y_pred)
        for best in said:
            if scored is not None and len(scored) == len(best) and _are_numbers(scored):
                return sum(a != b for a, b in zip(scored, best, strict=True)), len(best)
    return None


def _are_numbers(labels: tuple[int | str, ...]) -> bool:
    return all(isinstance(each, int) for each in labels)


def _sighting(case: Case, task: str | None, turned: Turned) -> Sighting:
    changed = _changed(case, turned)
    severity: Severity = "minor" if changed is not None and changed[0] == 0 else "major"
    confidence = Confidence.LIKELY
    sure = say("Read in the code; what came of it was not recorded.")
    if changed is not None:
        confidence = Confidence.CERTAIN
        sure = say("The axis stands in the code, and what came of it was recorded.")
    return Sighting(
        severity=severity,
        confidence=confidence,
        task=task,
        message=_message(turned),
        measured=_measured(turned, changed),
        remedy=say(
            "Compare the class names of each picture: `softmax(dim=-1)` and `argmax(dim=-1)` on "
            "`logits_per_image`, whose rows are pictures."
        ),
        sure=sure,
        evidence=(
            EvidenceRef(
                kind=EvidenceKind.SOURCE,
                cell=turned.call.cell,
                line=turned.call.line,
                end_line=turned.call.end_line,
                remark="compares pictures with one another",
            ),
        ),
    )


def _message(turned: Turned) -> Wording:
    if turned.takes_best:
        return say(
            "The best value is taken along axis {axis}, over the pictures, so the answer is a "
            "picture for each class name and not a class for each picture.",
            axis=str(turned.axis),
        )
    return say(
        "The softmax runs along axis {axis}, over the pictures of a batch and not over the class "
        "names, so what a picture is taken for depends on the other pictures.",
        axis=str(turned.axis),
    )


def _measured(turned: Turned, changed: tuple[int, int] | None) -> Wording:
    if changed is None:
        return say("Axis named in the code: {axis}.", axis=str(turned.axis))
    return say(
        "Answers that are not the best class of the model's output: {different} of {n}.",
        different=changed[0],
        n=changed[1],
    )
