"""How well similarities find what belongs together."""

from collections.abc import Sequence
from math import comb

import numpy as np
from msgspec import Struct
from numpy.typing import ArrayLike, NDArray

from grader.metrics._checks import matrix

__all__ = ["Retrieval", "hits_at_k", "recall_at_k", "retrieval", "similarity_score"]


class Retrieval(Struct, frozen=True, kw_only=True):
    """Recall@K of retrieval between images and captions, in both directions."""

    images: int
    captions: int
    image_to_text: dict[int, float]
    """K to the share of images with at least one of their captions among the K most similar."""
    text_to_image: dict[int, float]
    """K to the share of captions whose image is among the K most similar."""


def hits_at_k(scores: ArrayLike, relevant: ArrayLike, k: int) -> NDArray[np.float64]:
    """Whether each query finds at least one relevant item among its ``k`` best; by numpy.

    Equal scores have no order, so a query whose place depends on them counts with the
    probability of a hit when every order of the tied items is equally likely (McSherry & Najork
    2008, "Computing information retrieval performance measures efficiently in the presence of
    tied scores"). Constant scores thus give what chance gives, neither 0 nor 1; without ties
    each value is 0 or 1.

    Args:
        scores: Shape (queries, items), higher is more similar.
        relevant: Booleans of the same shape; at least one true in each row.
        k: From 1 to the number of items.

    Returns:
        Shape (queries,), each from 0 to 1.

    Raises:
        ValueError: If shapes differ, a query has nothing to find, or ``k`` is out of range.
    """
    table, wanted = matrix(scores, "scores"), np.asarray(relevant, dtype=bool)
    if wanted.shape != table.shape:
        raise ValueError(f"scores have shape {table.shape}, relevant {wanted.shape}.")
    if not wanted.any(axis=1).all():
        raise ValueError("A query has no relevant item, so nothing can be found for it.")
    if not 1 <= k <= table.shape[1]:
        raise ValueError(f"k must lie between 1 and {table.shape[1]}, the number of items: {k}.")
    best = np.where(wanted, table, -np.inf).max(axis=1, keepdims=True)
    level = table == best
    places = zip(
        (table > best).sum(axis=1).tolist(),
        level.sum(axis=1).tolist(),
        (level & wanted).sum(axis=1).tolist(),
        strict=True,
    )
    return np.array([_hit(k - ahead, tied, found) for ahead, tied, found in places])


def _hit(slots: int, tied: int, relevant: int) -> float:
    """Probability that ``slots`` drawn of ``tied`` items hold one of the ``relevant`` ones."""
    slots = min(max(slots, 0), tied)
    return 1.0 - comb(tied - relevant, slots) / comb(tied, slots)


def recall_at_k(scores: ArrayLike, relevant: ArrayLike, k: int) -> float:
    """Share of queries with at least one relevant item among the ``k`` best; by numpy.

    Recall@K as papers on retrieval with images and captions report it (e.g. Karpathy & Fei-Fei
    2015, section 4.1): with five captions an image, one among the best K is enough. It is not the
    share of all relevant items found.

    Args:
        scores: Shape (queries, items), higher is more similar.
        relevant: Booleans of the same shape; at least one true in each row.
        k: From 1 to the number of items.

    Returns:
        From 0 to 1; ties count as in ``hits_at_k``.

    Raises:
        ValueError: As ``hits_at_k``.
    """
    return float(hits_at_k(scores, relevant, k).mean())


def retrieval(
    similarity: ArrayLike, owners: Sequence[int] | None = None, ks: Sequence[int] = (1, 5, 10)
) -> Retrieval:
    """Recall@K in both directions between images and captions; by numpy.

    Args:
        similarity: Shape (images, captions), higher is more similar.
        owners: Row of the image each caption was written for, shape (captions,); by default the
            matrix is square and caption i belongs to image i.
        ks: The K to compute, each at most the smaller side of the matrix.

    Raises:
        ValueError: If an image has no caption, an owner does not exist, a K is out of range, or
            the matrix is not square where no owners are given.
    """
    table = matrix(similarity, "similarity")
    belongs = _belongs(table.shape, owners)
    return Retrieval(
        images=table.shape[0],
        captions=table.shape[1],
        image_to_text={k: recall_at_k(table, belongs, k) for k in ks},
        text_to_image={k: recall_at_k(table.T, belongs.T, k) for k in ks},
    )


def _belongs(shape: tuple[int, ...], owners: Sequence[int] | None) -> NDArray[np.bool_]:
    images, captions = shape
    if owners is None:
        if images != captions:
            raise ValueError(f"{images} images and {captions} captions: say whose each caption is.")
        return np.eye(images, dtype=bool)
    rows = np.asarray(owners)
    if rows.shape != (captions,):
        raise ValueError(f"{captions} captions but {rows.size} owners.")
    if rows.min() < 0 or rows.max() >= images:
        raise ValueError(f"Owners must lie between 0 and {images - 1}.")
    return np.asarray(np.arange(images)[:, None] == rows[None, :])


def similarity_score(similarity: ArrayLike) -> float:
    """Mean similarity of matching pairs minus mean similarity of all others; by numpy.

    With S of shape (N, N), row and column i belonging together::

        trace(S) / N - (sum(S) - trace(S)) / (N^2 - N)

    Equation (1) of the lab on multimodality (``tp1-multimodal``). Cosine similarities give from
    -2 to 2; 0 is no separation. A constant added to all similarities changes nothing.

    Args:
        similarity: Shape (n, n), n at least 2.

    Raises:
        ValueError: If the matrix is not square or smaller than 2 by 2.
    """
    table = matrix(similarity, "similarity")
    n = table.shape[0]
    if table.shape != (n, n) or n < 2:
        raise ValueError(f"similarity must be square with n of at least 2, not {table.shape}.")
    apart = ~np.eye(n, dtype=bool)
    return float(table.diagonal().mean() - table[apart].mean())
