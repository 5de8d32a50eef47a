"""Metrics of texts that were called once an item, taken together."""

import hashlib
import json
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from itertools import zip_longest

from grader.model import Label, LabelArray, Recording, TextMetricCall

__all__ = ["pooled"]

Item = tuple[str, tuple[str, ...]]
"""A text that was scored, and the texts it was compared with."""


def pooled(recording: Recording) -> Recording:
    """The recording, with calls of one function on single texts in one cell made one call.

    ``sentence_bleu`` called once a caption scores one item at a time, yet what is printed rests on
    all of them. An item that is scored several times, say for BLEU-1 to BLEU-4, counts once. The
    value of the call is the mean where every value is known.
    """
    groups: dict[tuple[int | None, str, str], list[TextMetricCall]] = defaultdict(list)
    for call in recording.text_metrics:
        groups[call.cell, call.library, call.function].append(call)
    arrays = dict(recording.arrays)
    calls: list[TextMetricCall] = []
    for group in groups.values():
        items = [_item(call, recording) for call in group]
        known = [item for item in items if item is not None]
        if len(known) < len(items) or len(set(known)) < 2:
            calls += group
        else:
            calls.append(_one(group, _once(known), arrays))
    return recording.model_copy(update={"text_metrics": tuple(calls), "arrays": arrays})


def _item(call: TextMetricCall, recording: Recording) -> Item | None:
    """The one item of a call; ``None`` when it has several or could not be read."""
    said = _text(recording.labels(call.predictions))
    references = [_text(recording.labels(each)) for each in call.references]
    if call.n != 1 or said is None or not references or None in references:
        return None
    return said, tuple(each for each in references if each)


def _text(values: Sequence[Label] | None) -> str | None:
    return values[0] if values and len(values) == 1 and isinstance(values[0], str) else None


def _once(items: Sequence[Item]) -> list[Item]:
    """The items without the repetitions all of them have, in order."""
    times = min(Counter(items).values())
    return [item for item, index in _numbered(items) if index % times == 0]


def _numbered(items: Sequence[Item]) -> Iterator[tuple[Item, int]]:
    """Each item with how often it stood before."""
    seen: Counter[Item] = Counter()
    for item in items:
        yield item, seen[item]
        seen[item] += 1


def _one(
    group: Sequence[TextMetricCall], items: Sequence[Item], arrays: dict[str, LabelArray]
) -> TextMetricCall:
    streams = zip_longest(*(references for _, references in items), fillvalue="")
    values = [call.value for call in group if call.value is not None]
    return group[0].model_copy(
        update={
            "predictions": _kept([said for said, _ in items], arrays),
            "references": tuple(_kept(stream, arrays) for stream in streams),
            "n": len(items),
            "value": sum(values) / len(values) if len(values) == len(group) else None,
        }
    )


def _kept(texts: Sequence[str], arrays: dict[str, LabelArray]) -> str:
    values = tuple(texts)
    name = hashlib.sha256(json.dumps(values).encode()).hexdigest()[:32]
    arrays[name] = LabelArray(id=name, length=len(values), values=values)
    return name
