"""Which arrays are compared with which, the likeliest first."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence

from msgspec import Struct

from grader.evidence.provenance.arrays import Captured
from grader.evidence.provenance.candidates import Source
from grader.model import Evaluation, Recording

__all__ = ["Pair", "pairs"]

MOST_PAIRS = 600
"""Pairs that are compared of one notebook. Beyond the first hundred, two decimals match by chance
more often than not; more pairs would make three decimals meaningless too."""

MOST_UNKNOWN = 200
"""Pairs among them of which nothing but their length says that they belong together."""


class Pair(Struct, frozen=True, kw_only=True):
    """Labels and predictions."""

    true: Captured
    said: Captured
    source: Source


def pairs(
    recording: Recording, evaluations: Sequence[Evaluation], arrays: Mapping[str, Captured]
) -> list[Pair]:
    """Pairs of arrays of equal length, each once.

    First what a library or an evaluation compared, then labels and predictions by their use, then
    by their names, then any others.

    Args:
        recording: What was captured.
        evaluations: Scorings rebuilt from it.
        arrays: The arrays, by id.
    """
    found: list[Pair] = []
    seen: set[tuple[str, str, int | None]] = set()
    unordered: set[frozenset[str]] = set()
    for true, said, cell, task in _compared(recording, evaluations):
        if (true, said, cell) not in seen and _fit(arrays, true, said):
            seen.add((true, said, cell))
            unordered.add(frozenset((true, said)))
            found.append(_pair(arrays[true], arrays[said], cell=cell, task=task))
    unknown = 0
    for one, other in _possible(arrays.values()):
        ids = frozenset((one.id, other.id))
        known = one.role == "true" and other.role == "said" and (one.certain or other.certain)
        unknown += not known
        if ids in unordered or (unknown > MOST_UNKNOWN and not known):
            continue
        if len(found) >= MOST_PAIRS:
            break
        unordered.add(ids)
        found.append(_pair(one, other, cell=_later(one, other), known=known))
    return found[:MOST_PAIRS]


Compared = tuple[str, str, int | None, str | None]


def _compared(recording: Recording, evaluations: Sequence[Evaluation]) -> Iterator[Compared]:
    for each in evaluations:
        if each.y_true is not None and each.y_pred is not None:
            yield each.y_true, each.y_pred, each.cell, each.task
    for call in recording.metric_calls:
        if call.y_true is not None and call.y_pred is not None:
            yield call.y_true, call.y_pred, call.cell, None


def _fit(arrays: Mapping[str, Captured], true: str, said: str) -> bool:
    return true in arrays and said in arrays and arrays[true].length == arrays[said].length


def _possible(arrays: Iterable[Captured]) -> Iterator[tuple[Captured, Captured]]:
    """Pairs of equal length, labels first in each, the likeliest pairs first."""
    alike: dict[int, list[Captured]] = defaultdict(list)
    for each in arrays:
        alike[each.length].append(each)
    for of_length in (2, 1, 0):
        for group in alike.values():
            ranked = sorted(group, key=lambda each: (each.role == "", not each.certain))
            yield from _of_rank(ranked, of_length)


def _of_rank(group: Sequence[Captured], rank: int) -> Iterator[tuple[Captured, Captured]]:
    """Pairs whose roles are told for both (2), for one (1) or for none (0).

    Two arrays of labels, or two of predictions, are the least likely, whatever tells so.
    """
    taken = 0
    for place, one in enumerate(group):
        for other in group[place + 1 :]:
            swapped = one.role == "said" or other.role == "true"
            true, said = (other, one) if swapped else (one, other)
            told = 0 if one.role == other.role else bool(one.role) + bool(other.role)
            if told == rank:
                yield true, said
                taken += 1
            if taken >= MOST_PAIRS:
                return


def _earlier(one: int | None, other: int | None) -> int | None:
    return min((each for each in (one, other) if each is not None), default=None)


def _later(one: Captured, other: Captured) -> int | None:
    return max((each for each in (one.cell, other.cell) if each is not None), default=None)


def _pair(
    true: Captured,
    said: Captured,
    *,
    cell: int | None,
    task: str | None = None,
    known: bool = True,
) -> Pair:
    return Pair(
        true=true,
        said=said,
        source=Source(
            of=(true.name, said.name),
            arrays=tuple(dict.fromkeys((true.id, said.id))),
            cell=cell,
            since=_earlier(cell, _later(true, said)),
            n=true.length,
            task=task,
            known=known,
        ),
    )
