"""Everything that can be computed of what was captured."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from math import isfinite
from typing import TYPE_CHECKING

from msgspec import Struct

from grader.evidence.provenance.arrays import Arrays, Captured, captured, is_whole, table_of
from grader.evidence.provenance.candidates import Candidate, Source
from grader.evidence.provenance.labels import label_candidates
from grader.evidence.provenance.logged import (
    counter_candidates,
    evaluated,
    losses,
    mean_candidates,
)
from grader.evidence.provenance.pairs import Pair, pairs
from grader.evidence.provenance.parts import divided
from grader.evidence.provenance.tables import (
    best_class_candidates,
    cosine_candidates,
    recall_candidates,
    top_k_candidates,
)
from grader.evidence.provenance.texts import text_candidates
from grader.model import Evaluation, NamedMatrix, Recording

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = ["search"]

MOST_MATRICES = 60
"""Matrices that are looked at of one notebook."""

MOST_LABELS_OF_SCORES = 4
"""Arrays of labels that a matrix of scores is compared with, the likeliest first."""

MOST_CANDIDATES = 40_000
"""Values that are kept of one notebook."""

OF_A_MATRIX = 4.0
"""Work of an element of a matrix, where that of an element of a pair is 1."""

USUAL = (1, 3, 5, 10)
"""The K of Recall@K and top-K that are tried where no number names one."""


def search(
    recording: Recording,
    evaluations: Sequence[Evaluation],
    class_names: Sequence[Sequence[str]] = (),
    ks: Sequence[int] = (),
) -> list[Candidate]:
    """Values of functions of captured arrays, matrices, texts and logs.

    Nothing that the student's process merely says is among them, such as the result of a metric
    function or a float in a variable. Work and memory are bounded; what is known to belong
    together comes first.

    Args:
        recording: What was captured.
        evaluations: Scorings rebuilt from it.
        class_names: Names of the classes of each task, in label order.
        ks: The K of Recall@K and top-K that numbers name, beside the usual ones.
    """
    recording = divided(recording)
    work = _Work(
        recording=recording,
        evaluations=evaluations,
        arrays=Arrays(recording=recording, class_names=class_names),
        known=captured(recording, evaluations),
        ks=sorted({*USUAL, *ks}),
    )
    numbers = (each for each in work.candidates() if isfinite(each.value))
    return list(islice(numbers, MOST_CANDIDATES))


class _Work(Struct, frozen=True, kw_only=True):
    """What was captured, and how much of it may still be looked at."""

    recording: Recording
    evaluations: Sequence[Evaluation]
    arrays: Arrays
    known: Mapping[str, Captured]
    ks: Sequence[int]

    def candidates(self) -> Iterator[Candidate]:
        """Values of every family, what is surest first."""
        names = {array: each.name for array, each in self.known.items()}
        names |= {each.matrix: each.name for each in self.recording.named_matrices}
        first = {array: each.cell for array, each in self.known.items()}
        compared = pairs(self.recording, self.evaluations, self.known)
        held = {each.y_pred for each in self.evaluations if each.scores and each.y_pred}
        yield from evaluated(self.evaluations, names, first)
        yield from losses(self.recording)
        yield from self._of_pairs(compared)
        yield from self._of_matrices()
        yield from self._of_best_classes()
        yield from text_candidates(self.recording, held)
        yield from mean_candidates(self.recording)
        yield from counter_candidates(self.recording, {pair.true.length for pair in compared})

    def _of_pairs(self, compared: Sequence[Pair]) -> Iterator[Candidate]:
        arrays = self.arrays
        for pair in compared:
            true, said = arrays.elements(pair.true.id), arrays.elements(pair.said.id)
            if true is not None and said is not None and arrays.take(pair.true.length):
                yield from label_candidates(true, said, pair.source, arrays.class_names)

    def _of_matrices(self) -> Iterator[Candidate]:
        first: dict[str, NamedMatrix] = {}
        for each in self.recording.named_matrices:
            first.setdefault(each.matrix, each)
        for each in islice(first.values(), MOST_MATRICES):
            matrix = self.recording.matrices.get(each.matrix)
            if matrix is None or not is_whole(matrix):
                continue
            if self.arrays.take(matrix.rows * matrix.columns * OF_A_MATRIX):
                source = Source(
                    of=(each.name,), arrays=(each.matrix,), cell=each.cell, n=matrix.rows
                )
                table = table_of(matrix)
                yield from cosine_candidates(table, source)
                yield from recall_candidates(table, source, self.ks)
                yield from self._top_k(table, source)

    def _top_k(self, table: "NDArray[np.float64]", source: Source) -> Iterator[Candidate]:
        """Top-K accuracy of a matrix with a row for each of some labels."""
        for each in self._labels_of(len(table)):
            labels = self.arrays.elements(each.id)
            if labels is not None:
                later = [one for one in (each.cell, source.cell) if one is not None]
                both = Source(
                    of=(each.name, *source.of),
                    arrays=(each.id, *source.arrays),
                    cell=max(later, default=None),
                    n=len(table),
                )
                yield from top_k_candidates(table, labels, both, self.ks)

    def _of_best_classes(self) -> Iterator[Candidate]:
        """Top-K accuracy by the five best classes of each row that went through a model."""
        for each in self.recording.passes:
            best = self.recording.labels(each.top5)
            for true in self._labels_of(len(best)) if best else ():
                labels = self.arrays.elements(true.id)
                if best and labels is not None and self.arrays.take(len(best) * OF_A_MATRIX):
                    source = Source(
                        of=(true.name, f"best classes of {each.model}"),
                        arrays=(true.id, each.top5 or ""),
                        cell=each.cell,
                        n=len(best),
                    )
                    yield from best_class_candidates(best, labels, source, self.ks)

    def _labels_of(self, length: int) -> list[Captured]:
        """Arrays of so many labels, the surest first."""
        fitting = [
            each for each in self.known.values() if each.role == "true" and each.length == length
        ]
        return sorted(fitting, key=lambda each: not each.certain)[:MOST_LABELS_OF_SCORES]
