"""What can be computed of a matrix of similarities or scores."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from grader.evidence.provenance.candidates import SIMILARITIES, Candidate, Source
from grader.evidence.provenance.labels import Encoded
from grader.model import FigureKind, Label

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

__all__ = ["best_class_candidates", "cosine_candidates", "recall_candidates", "top_k_candidates"]

MOST_ELEMENTS = 1_024
"""Most elements of a matrix whose single elements are looked at: it is printed whole then."""

ELEMENTS = frozenset[FigureKind]({"similarity", "probability"})
"""Kinds of numbers that a single element can be."""

BEST = 5
"""Best classes of a row that are recorded."""

TIED_WORK = 40_000
"""Most elements of a matrix with equal similarities whose Recall@K is computed: each query then
counts with its probability of a hit, which is slow."""


def cosine_candidates(table: "Floats", source: Source) -> Iterator[Candidate]:
    """Mean, extremes, diagonal against the rest, and single elements of a small matrix."""
    named = {
        "mean similarity": float(table.mean()),
        "smallest similarity": float(table.min()),
        "largest similarity": float(table.max()),
    }
    for function, value in named.items():
        yield Candidate(
            source=source, function=function, metric=None, value=value, kinds=SIMILARITIES
        )
    yield from _of_diagonal(table, source)
    for value in sorted({*table.ravel().tolist()}) if table.size <= MOST_ELEMENTS else ():
        yield Candidate(
            source=source, function="an element", metric=None, value=value, kinds=ELEMENTS
        )


def _of_diagonal(table: "Floats", source: Source) -> Iterator[Candidate]:
    size = table.shape[0]
    if table.shape != (size, size) or size < 2:
        return
    own = float(table.diagonal().mean())
    rest = float((table.sum() - table.trace()) / (size * size - size))
    named = {
        ("diagonal mean minus mean of the rest", "similarity_score"): own - rest,
        ("mean of the diagonal", None): own,
        ("mean beside the diagonal", None): rest,
    }
    for (function, metric), value in named.items():
        yield Candidate(
            source=source, function=function, metric=metric, value=value, kinds=SIMILARITIES
        )


def recall_candidates(table: "Floats", source: Source, ks: Sequence[int]) -> Iterator[Candidate]:
    """Recall@K in both directions, the rows read as images and as captions.

    Caption ``j`` belongs to image ``j // k`` where there are ``k`` times as many captions.
    """
    rows, columns = table.shape
    for images, direction in ((table, "image_to_text"), (table.T, "text_to_image")):
        if not images.shape[1] % images.shape[0]:
            other = "text_to_image" if direction == "image_to_text" else "image_to_text"
            for name, hits in ((direction, _hits(images, ks)), (other, _hits_back(images, ks))):
                yield from _recalls(name, hits, source)
        if rows == columns:
            # Both directions of a square matrix were just looked at.
            return


def _recalls(direction: str, hits: dict[int, float], source: Source) -> Iterator[Candidate]:
    words = direction.replace("_", " ")
    for k, value in hits.items():
        yield Candidate(
            source=source,
            function=f"recall@{k}, {words}",
            metric=f"{direction}_recall_at_{k}",
            value=value,
        )


def _hits(table: "Floats", ks: Sequence[int]) -> dict[int, float]:
    """Share of rows with one of their own columns among the K largest, by K."""
    import numpy as np

    images, captions = table.shape
    owners = np.arange(captions) // (captions // images)
    return _shares(table, np.arange(images)[:, None] == owners[None, :], ks)


def _hits_back(table: "Floats", ks: Sequence[int]) -> dict[int, float]:
    """Share of columns whose own row is among the K largest, by K."""
    import numpy as np

    images, captions = table.shape
    owners = np.arange(captions) // (captions // images)
    return _shares(table.T, owners[:, None] == np.arange(images)[None, :], ks)


def _shares(scores: "Floats", wanted: "NDArray[np.bool_]", ks: Sequence[int]) -> dict[int, float]:
    """Shares of queries found among the K best; with ties as ``hits_at_k`` counts them."""
    import numpy as np

    possible = [k for k in ks if k <= scores.shape[1]]
    best = np.where(wanted, scores, -np.inf).max(axis=1, keepdims=True)
    ahead = (scores > best).sum(axis=1)
    tied = bool(((scores == best).sum(axis=1) > (wanted & (scores == best)).sum(axis=1)).any())
    if not tied or scores.size > TIED_WORK:
        return {k: float((ahead < k).mean()) for k in possible}
    from grader.metrics.retrieval import hits_at_k

    return {k: float(hits_at_k(scores, wanted, k).mean()) for k in possible}


def top_k_candidates(
    table: "Floats", true: Encoded, source: Source, ks: Sequence[int]
) -> Iterator[Candidate]:
    """Share of rows whose label is among the K best columns, equal scores in the label's favour.

    Args:
        table: Scores, items by classes.
        true: Labels of the items, as numbers of the columns.
        source: What they are.
        ks: The K to compute.
    """
    # numpy takes a moment to import; the static check never comes here
    import numpy as np

    columns = table.shape[1]
    if not all(isinstance(each, int) and 0 <= each < columns for each in true.labels):
        return
    labels = np.array(true.labels, dtype=np.int64)[true.codes]
    own = table[np.arange(len(labels)), labels][:, None]
    ahead = (table > own).sum(axis=1)
    for k in ks:
        if 1 < k < columns:
            yield Candidate(
                source=source,
                function=f"top-{k} accuracy",
                metric=f"top{k}_accuracy",
                value=float((ahead < k).mean()),
            )


def best_class_candidates(
    best: Sequence[Label], true: Encoded, source: Source, ks: Sequence[int]
) -> Iterator[Candidate]:
    """Share of rows whose label is among the K first of the best classes, for K up to five.

    Args:
        best: The five best classes of each row, as ``3 1 4 0 2``.
        true: Labels of the rows.
        source: What they are.
        ks: The K to compute.
    """
    rows = [str(each).split()[:BEST] for each in best]
    own = [str(true.labels[code]) for code in true.codes.tolist()]
    for k in (k for k in ks if 1 < k <= BEST):
        hits = sum(label in row[:k] for label, row in zip(own, rows, strict=True))
        yield Candidate(
            source=source,
            function=f"top-{k} accuracy",
            metric=f"top{k}_accuracy",
            value=hits / len(rows),
        )
