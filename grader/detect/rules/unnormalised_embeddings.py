"""CLP001: unnormalised-embeddings."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from msgspec import Struct

from grader.detect._clip import Product, Side, is_divided, is_normalised, products
from grader.detect.api import Sighting, detector
from grader.model import (
    Case,
    Confidence,
    EvidenceKind,
    EvidenceRef,
    Matrix,
    Recording,
    Severity,
    SourceGraph,
    TaskKind,
    Wording,
    say,
)

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

UNIT = 0.01
"""Most by which the length of a normalised vector differs from 1, in half precision too."""


class Lengths(Struct, frozen=True, kw_only=True):
    """Lengths of embeddings that were multiplied, as recorded."""

    low: float
    """The smallest."""

    high: float
    """The largest."""

    @property
    def unit(self) -> bool:
        """Whether all are 1."""
        return abs(self.low - 1) <= UNIT and abs(self.high - 1) <= UNIT


@detector(
    code="CLP001",
    name="unnormalised-embeddings",
    requires=frozenset({EvidenceKind.SOURCE}),
    since="0.2.0",
    status="stable",
    severity="major",
)
def unnormalised_embeddings(case: Case) -> Iterator[Sighting]:
    """Embeddings of CLIP are multiplied without being divided by their length.

    ## Why it matters
    `get_image_features` and `get_text_features` give vectors of different lengths. Their product
    is no cosine similarity: among several texts, one with a long vector wins more often than it
    should, and the same goes for pictures where a picture is looked for.

    ## Example
    ```python
    # Task 2: CLIP
    from transformers import CLIPModel

    model = CLIPModel.from_pretrained("openai/clip-vit-base-patch32")
    image_features = model.get_image_features(**images)
    text_features = model.get_text_features(**texts)
    similarity = image_features @ text_features.T
    ```

    ## Use instead
    ```python
    # Task 2: CLIP
    from transformers import CLIPModel

    model = CLIPModel.from_pretrained("openai/clip-vit-base-patch32")
    image_features = model.get_image_features(**images)
    text_features = model.get_text_features(**texts)
    image_features = image_features / image_features.norm(dim=-1, keepdim=True)
    text_features = text_features / text_features.norm(dim=-1, keepdim=True)
    similarity = image_features @ text_features.T
    ```

    ## Verdict
    In a classification the length of a picture's vector scales all its similarities alike and
    changes no answer: minor. The length of a text's vector changes answers, and in retrieval and
    in the similarities themselves both do: major. Likely when read in the code; certain when the
    lengths were recorded. Where both matrices were recorded, the answers are taken once more with
    normalised vectors, and it is minor when none changes.

    ## Known limits
    Multiplications of `get_image_features` or `encode_image` with `get_text_features` or
    `encode_text` are judged, however many functions lie between. Anything on the way whose name
    speaks of a norm counts as a normalisation. `logits_per_image`, `image_embeds` and
    `text_embeds` of CLIP are normalised by the model. A multiplication is left alone where
    another one of the same task uses normalised vectors, as after a first try.

    ## Source
    A. Radford et al., "Learning Transferable Visual Models From Natural Language Supervision"
    (2021), figure 3: both embeddings are divided by their L2 norm before the product.
    """
    graph = case.evidence.source
    judged: dict[str | None, list[tuple[Product, list[Side]]]] = {}
    for product in products(graph):
        task = case.evidence.cell_tasks.get(product.node.cell)
        judged.setdefault(task, []).append((product, _raw(case, graph, product)))
    for task, several in judged.items():
        if all(sides for _, sides in several):
            yield _sighting(case, task, *several[-1])


def _raw(case: Case, graph: SourceGraph, product: Product) -> list[Side]:
    """The sides that were not divided by their length."""
    given: dict[Side, int] = {"images": product.images, "texts": product.texts}
    raw: list[Side] = [side for side, node in given.items() if not is_normalised(graph, node)]
    if not raw or is_divided(graph, product):
        return []
    return [side for side in raw if not _known_unit(case, graph, given[side])]


def _known_unit(case: Case, graph: SourceGraph, node: int) -> bool:
    lengths = _lengths(case.evidence.recording, _name(graph, node), graph.nodes[node].cell)
    return lengths is not None and lengths.unit


def _name(graph: SourceGraph, node: int) -> str:
    """The variable a factor stands in; empty where it stands in none."""
    current = graph.nodes[node]
    while current.kind != "name" and current.receiver is not None and current.receiver < current.id:
        current = graph.nodes[current.receiver]
    return current.name if current.kind == "name" else ""


def _lengths(recording: Recording, name: str, cell: int) -> Lengths | None:
    """Lengths of the rows last recorded under a name, up to the end of a cell."""
    found = [
        each
        for each in recording.norms
        if each.name == name and (each.cell is None or each.cell <= cell)
    ]
    return Lengths(low=found[-1].low, high=found[-1].high) if found else None


def _kind(case: Case, task: str | None) -> TaskKind | None:
    return next((each.kind for each in case.lab.tasks if each.id == task), None)


def _matters(kind: TaskKind | None, sides: list[Side]) -> bool:
    return "texts" in sides or kind in {"retrieval", "similarity"}


def _changed(case: Case, product: Product, kind: TaskKind | None) -> tuple[int, int] | None:
    """Best matches that change with normalised vectors, and how many there are.

    Of pictures in a classification, of both in retrieval; ``None`` where either matrix was not
    recorded, or the similarities themselves are the result.
    """
    graph, recording = case.evidence.source, case.evidence.recording
    if kind == "similarity" or not recording.named_matrices:
        return None
    names = (_name(graph, product.images), _name(graph, product.texts))
    images, texts = (_matrix(recording, name, product.node.cell) for name in names)
    if images is None or texts is None or images.columns != texts.columns:
        return None
    # numpy takes a moment to import; the static check never comes here
    left, right = _values(images), _values(texts)
    raw, normal = left @ right.T, _unit(left) @ _unit(right).T
    axes = (1, 0) if kind == "retrieval" else (1,)
    changed = sum(int((raw.argmax(axis) != normal.argmax(axis)).sum()) for axis in axes)
    return changed, sum(raw.shape[1 - axis] for axis in axes)


def _matrix(recording: Recording, name: str, cell: int) -> Matrix | None:
    found = [
        recording.matrices.get(each.matrix)
        for each in recording.named_matrices
        if each.name == name and (each.cell is None or each.cell <= cell)
    ]
    known = found[-1] if found else None
    return known if known is not None and known.values is not None else None


def _values(matrix: Matrix) -> "NDArray[np.float64]":
    import numpy as np

    return np.array(matrix.values, dtype=np.float64).reshape(matrix.rows, matrix.columns)


def _unit(values: "NDArray[np.float64]") -> "NDArray[np.float64]":
    import numpy as np

    lengths = np.linalg.norm(values, axis=1, keepdims=True)
    # A row of zeros stays one.
    divided: NDArray[np.float64] = values / np.where(lengths > 0, lengths, 1.0)
    return divided


def _sighting(case: Case, task: str | None, product: Product, sides: list[Side]) -> Sighting:
    kind, graph = _kind(case, task), case.evidence.source
    changed = _changed(case, product, kind)
    matters = _matters(kind, sides) if changed is None else changed[0] > 0
    severity: Severity = "major" if matters else "minor"
    node = product.texts if sides == ["texts"] else product.images
    name, cell = _name(graph, node), product.node.cell
    lengths = _lengths(case.evidence.recording, name, cell)
    sure = say("Read in the code; the lengths were not recorded.")
    if lengths is not None:
        sure = say("The lengths were recorded when the notebook was run.")
    return Sighting(
        severity=severity,
        confidence=Confidence.LIKELY if lengths is None else Confidence.CERTAIN,
        task=task,
        message=_message(sides, changed, matters=matters),
        measured=_measured(lengths, name, changed),
        remedy=say(
            "Divide each vector by its length before multiplying, for example "
            "`features = features / features.norm(dim=-1, keepdim=True)`."
        ),
        sure=sure,
        evidence=(
            EvidenceRef(
                kind=EvidenceKind.SOURCE,
                cell=cell,
                line=product.node.line,
                end_line=product.node.end_line,
                remark="multiplies the embeddings",
            ),
        ),
    )


def _message(sides: list[Side], changed: tuple[int, int] | None, *, matters: bool) -> Wording:
    which = {
        "images": say("of the pictures"),
        "texts": say("of the texts"),
        "both": say("of pictures and texts"),
    }["both" if len(sides) > 1 else sides[0]]
    if changed is not None and matters:
        return say(
            "The embeddings {which} are not divided by their length, so the product is no cosine "
            "similarity; with normalised vectors {changed} of {n} best matches are others.",
            which=which,
            changed=changed[0],
            n=changed[1],
        )
    if matters:
        return say(
            "The embeddings {which} are not divided by their length, so the product is no cosine "
            "similarity and long vectors win more often than they should.",
            which=which,
        )
    return say(
        "The embeddings {which} are not divided by their length, so the product is no cosine "
        "similarity, although no best match changes by it.",
        which=which,
    )


def _measured(lengths: Lengths | None, name: str, changed: tuple[int, int] | None) -> Wording:
    if lengths is None:
        return say("No division by the length lies between the model and the product.")
    read = say(
        "Lengths of the rows of `{name}`: {low} to {high}, not 1.",
        name=name,
        low=f"{lengths.low:.2f}",
        high=f"{lengths.high:.2f}",
    )
    if changed is None:
        return read
    return say(
        "{read} Best matches that change with normalised vectors: {changed} of {n}.",
        read=read,
        changed=changed[0],
        n=changed[1],
    )
