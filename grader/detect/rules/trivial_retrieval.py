"""CLP004: trivial-retrieval."""

import re
from collections.abc import Iterable, Iterator

from msgspec import Struct

from grader.detect._clip import LOGITS, products
from grader.detect._flow import flow
from grader.detect._samples import source_ref
from grader.detect.api import Sighting, detector
from grader.model import (
    Case,
    Confidence,
    EvidenceKind,
    EvidenceRef,
    Figure,
    Matrix,
    Node,
    SourceGraph,
    Tag,
    Task,
    say,
)
from grader.patterns import regex

RANK = regex(r"recall_at_(\d{1,4})$")
RECALL = regex(r"recall_?\s?@|recall_at|\bR@\d", re.I)
"""How code that measures retrieval calls it."""

EASY = 0.25
"""Chance of a hit without looking from which a Recall@K says little."""

SAME = 1e-4
"""Most by which both halves of the similarities of pictures with themselves differ."""


class Gallery(Struct, frozen=True, kw_only=True):
    """The pictures among which one is looked for."""

    n: int
    """How many."""

    ref: EvidenceRef
    """Where that shows."""

    recorded: bool
    """Whether they were counted in our run."""


@detector(
    code="CLP004",
    name="trivial-retrieval",
    requires=frozenset({EvidenceKind.SOURCE}),
    since="0.2.0",
    status="stable",
    severity="major",
    follows=frozenset({"single-sample-eval", "tiny-eval-sample", "duplicated-eval-items"}),
)
def trivial_retrieval(case: Case) -> Iterator[Sighting]:
    """A search cannot miss: it returns the whole gallery, or the query itself.

    ## Why it matters
    Recall@K asks whether the right picture is among the first K. In a gallery of K pictures it
    always is, and with a few more it is most of the time, however the pictures are ordered.
    Whoever looks for a picture in a gallery that holds it finds it as well.

    ## Example
    ```python
    # Image-text retrieval
    from datasets import load_dataset
    from transformers import CLIPModel

    gallery = load_dataset("yerevann/coco-karpathy", split="test").select(range(5))
    model = CLIPModel.from_pretrained("openai/clip-vit-base-patch32")
    pictures = unit_length(model.get_image_features(**processor(images=gallery["image"])))
    captions = unit_length(model.get_text_features(**processor(text=gallery["sentences"])))
    print("Recall@5:", recall(pictures @ captions.T, 5))
    ```

    ```lab
    many kinds
    ```

    ## Use instead
    ```python
    # Image-text retrieval
    from datasets import load_dataset
    from transformers import CLIPModel

    gallery = load_dataset("yerevann/coco-karpathy", split="test").select(range(500))
    model = CLIPModel.from_pretrained("openai/clip-vit-base-patch32")
    pictures = unit_length(model.get_image_features(**processor(images=gallery["image"])))
    captions = unit_length(model.get_text_features(**processor(text=gallery["sentences"])))
    print("Recall@5:", recall(pictures @ captions.T, 5))
    ```

    ```lab
    many kinds
    ```

    ## Verdict
    Major when the gallery holds no more than K pictures or every query is in it, minor when a
    search without looking hits every fourth time or more often. Certain when our run counted the
    gallery, likely when the code or the output gives its size. A small gallery is also a small
    sample, so the finding is folded under `tiny-eval-sample` where that speaks.

    ## Known limits
    The K are those of the outputs, or those the task asks for. Without a run the size is known
    where every picture comes past one limit with a number, or where it stands beside the recall.
    Pictures twice in a gallery are counted twice here; see `duplicated-eval-items`.

    ## Source
    A draw of K out of n pictures holds the right one with probability K/n, which is 1 for n = K.
    """
    for task in case.lab.tasks:
        if task.kind != "retrieval":
            continue
        k = _largest_k(case, task)
        gallery = _gallery(case, task)
        if k is not None and gallery is not None and k / gallery.n >= EASY:
            yield _too_small(task, k, gallery)
        elif (matrix := _judged_matrix(case, task)) is not None and _of_themselves(matrix):
            yield _in_its_gallery(case, task, matrix)


def _largest_k(case: Case, task: Task) -> int | None:
    shown = [each.metric for each in case.evidence.figures if each.task == task.id and each.metric]
    for metrics in (shown, task.metrics):
        ranks = [int(found[1]) for each in metrics if (found := RANK.search(each))]
        if ranks:
            return max(ranks)
    return None


def _gallery(case: Case, task: Task) -> Gallery | None:
    judged_by = case.evidence.best(task.id)
    if judged_by is not None and judged_by.kind == "retrieval":
        ref = _recall_ref(case, task, judged_by.cell or 0)
        return Gallery(n=judged_by.n, ref=ref, recorded=True)
    found = [*_beside_recalls(case, task), *_in_code(case, task)]
    return max(found, key=lambda each: each.n, default=None)


def _recall_ref(case: Case, task: Task, cell: int) -> EvidenceRef:
    """The recall that a cell prints, the last of our run before those of the file."""
    shown = [each.place for each in _recalls(case, task) if each.place.cell == cell]
    shown.sort(key=lambda place: place.source == "rerun")
    if not shown:
        return EvidenceRef(kind=EvidenceKind.SOURCE, cell=cell)
    return EvidenceRef(kind=EvidenceKind(shown[-1].source), cell=cell, line=shown[-1].line)


def _recalls(case: Case, task: Task) -> Iterator[Figure]:
    """Recalls in outputs."""
    for each in case.evidence.figures:
        recall = each.metric is not None and RANK.search(each.metric)
        if recall and each.task == task.id and each.place.source != "text":
            yield each


def _beside_recalls(case: Case, task: Task) -> Iterator[Gallery]:
    """Sizes that outputs give beside a recall."""
    for each in _recalls(case, task):
        if each.n:
            kind = EvidenceKind(each.place.source)
            ref = EvidenceRef(kind=kind, cell=each.place.cell, line=each.place.line)
            yield Gallery(n=each.n, ref=ref, recorded=False)


def _in_code(case: Case, task: Task) -> Iterator[Gallery]:
    """Limits past which every picture comes that is compared with texts in cells of the task."""
    graph = case.evidence.source
    made = [(each.node, each.images) for each in products(graph)]
    made += [(node, node.id) for node in graph.nodes if node.name in LOGITS]
    for node, images in made:
        if _searches(case, task, node):
            limits = [each for each in flow(graph, images) if each.limit]
            bounding = [each for each in limits if _bounds(graph, images, each)]
            if bounding:
                least = min(bounding, key=lambda each: each.limit or 0)
                n = least.limit or 0
                yield Gallery(n=n, ref=source_ref(least, f"keeps {n} rows"), recorded=False)


def _searches(case: Case, task: Task, node: Node) -> bool:
    """Whether the similarities of a cell are for this task."""
    owner = case.evidence.cell_tasks.get(node.cell)
    if owner is not None:
        return owner == task.id
    sources = (each.source for each in case.evidence.submission.code_cells)
    return any(RECALL.search(source) for source in sources)


def _bounds(graph: SourceGraph, images: int, limit: Node) -> bool:
    """Whether no data reach the pictures but through this limit."""

    def through(node: Node) -> Iterable[int]:
        return () if node.id == limit.id else graph.content(node)

    return not any(
        Tag.DATASET in node.tags and node.id != limit.id for node in flow(graph, images, through)
    )


def _judged_matrix(case: Case, task: Task) -> Matrix | None:
    judged_by = case.evidence.best(task.id)
    name = judged_by.matrix if judged_by is not None else None
    return case.evidence.recording.matrices.get(name) if name is not None else None


def _of_themselves(matrix: Matrix) -> bool:
    """Whether every row is the best of itself, and both halves of the matrix are the same."""
    values, n = matrix.values, matrix.rows
    if values is None or n != matrix.columns or len(values) != n * n:
        return False
    # numpy takes a moment to import; the static check never comes here
    import numpy as np

    table = np.array(values).reshape(n, n)
    alike = np.allclose(table, table.T, atol=SAME)
    return bool(alike and (table.argmax(axis=1) == np.arange(n)).all())


def _too_small(task: Task, k: int, gallery: Gallery) -> Sighting:
    whole = gallery.n <= k
    message = say(
        "The gallery holds {n} pictures, so Recall@{k} is 1 whatever the model does.",
        n=gallery.n,
        k=k,
    )
    if not whole:
        message = say(
            "The gallery holds {n} pictures, so Recall@{k} is {chance} by guessing already.",
            n=gallery.n,
            k=k,
            chance=f"{k / gallery.n:.2f}",
        )
    sure = say("Read in the notebook, not counted in a run.")
    if gallery.recorded:
        sure = say("Counted in our run.")
    return Sighting(
        severity="major" if whole else "minor",
        confidence=Confidence.CERTAIN if gallery.recorded else Confidence.LIKELY,
        task=task.id,
        message=message,
        measured=say("Pictures in the gallery: {n}. Largest K: {k}.", n=gallery.n, k=k),
        remedy=say(
            "Search a gallery of at least {n} pictures and give its size next to the score.",
            n=max(task.min_n, 20 * k),
        ),
        sure=sure,
        evidence=(gallery.ref,),
    )


def _in_its_gallery(case: Case, task: Task, matrix: Matrix) -> Sighting:
    judged_by = case.evidence.best(task.id)
    cell = judged_by.cell if judged_by is not None else None
    return Sighting(
        severity="major",
        confidence=Confidence.CERTAIN,
        task=task.id,
        message=say(
            "All {n} queries stand in the gallery that is searched, so each finds itself first.",
            n=matrix.rows,
        ),
        measured=say("The matrix of similarities equals its transpose, row by row."),
        remedy=say("Leave the query out of its gallery, or compare pictures with texts."),
        sure=say("The matrix was recorded in our run."),
        evidence=(_recall_ref(case, task, cell or 0),),
    )
