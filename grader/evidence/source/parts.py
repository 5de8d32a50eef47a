"""What an attribute or an item of a value means."""

from grader.evidence.source import knowledge
from grader.evidence.source.draft import NOTHING, Constant, Draft, Fact, Role, bits
from grader.evidence.source.recognise import (
    ANY_DATA,
    DATASET,
    KEPT,
    LABELS,
    METRIC,
    MODEL_OUTPUT,
    Meaning,
    item_role,
    label_tags,
    limited,
)
from grader.model import Tag


def attribute(name: str, receiver: Draft) -> Meaning:
    """An attribute of a value."""
    role = receiver.fact.role
    meaning = Meaning(role=role & (KEPT | Role.SCHEMA))
    if name == "classes" and receiver.reach & DATASET and not role & (Role.PAIRS | Role.SCHEMA):
        meaning = Meaning(tags=LABELS, role=Role.ROWS)
    elif name in knowledge.SCHEMA:
        meaning.role = Role.SCHEMA
    elif role & Role.PREDICTION or name == "label_ids":
        meaning = _part_of_prediction(PREDICTION_PARTS.get(name))
    elif name in knowledge.OUTPUT_FIELDS:
        meaning = Meaning(tags=MODEL_OUTPUT, role=Role.OUTPUT)
    elif role & Role.MODEL and name not in {"config"}:
        meaning.role |= Role.MODEL
    else:
        meaning.tags |= label_tags(name, receiver)
    return meaning


PREDICTION_PARTS = {"predictions": 0, "label_ids": 1, "metrics": 2}


def _part_of_prediction(part: Constant) -> Meaning:
    if part == 0:
        return Meaning(tags=MODEL_OUTPUT, role=Role.OUTPUT)
    if part == 1:
        return Meaning(tags=LABELS)
    return Meaning(tags=METRIC) if part == 2 else Meaning()


def item(key: Draft | None, constant: Constant, receiver: Draft) -> Meaning:
    """An item of a value under a key; ``constant`` where the key is known."""
    role = receiver.fact.role
    if role & Role.PREDICTION:
        return _part_of_prediction(constant)
    meaning = Meaning(role=role & (KEPT | Role.SCHEMA))
    if isinstance(constant, str):
        _text_item(constant, receiver, meaning)
    elif isinstance(constant, int):
        _numbered_item(constant, receiver, meaning)
    elif key is not None:
        _computed_item(key, receiver, meaning)
    return meaning


def _computed_item(key: Draft, receiver: Draft, meaning: Meaning) -> None:
    role = receiver.fact.role
    if role & Role.SCHEMA or key.name in {"Tuple", "Slice"}:
        return
    rows = key.fact.index if key.fact.index is not None else key.fact.bound
    listed = key.fact.index is None and key.fact.bound is not None
    meaning.role = role & KEPT if listed else item_role(role)
    if rows is not None and role & Role.ROWS and receiver.reach & ANY_DATA:
        limited(meaning, rows)


def _text_item(key: str, receiver: Draft, meaning: Meaning) -> None:
    meaning.tags |= label_tags(key, receiver)
    if receiver.fact.role & (Role.SCHEMA | Role.OUTPUT | Role.ITEM):
        return
    if receiver.fact.role & Role.DATA or receiver.reach & bits(Tag.DATASET):
        folder = receiver.fact.splits
        # Of a folder named for its split, ``load_dataset`` calls all that is there ``train``.
        only = folder[0] if folder is not None and len(folder) == 1 and key == "train" else None
        meaning.split = only or knowledge.split_of(key)


def _numbered_item(key: int, receiver: Draft, meaning: Meaning) -> None:
    role = receiver.fact.role
    if role & Role.SCHEMA:
        return
    if role & Role.XY or (role & Role.PAIRS and role & Role.ITEM):
        meaning.tags |= LABELS if key == 1 else 0
        return
    if key == 0 and receiver.fact.role & Role.MODEL:
        # ``model, preprocess = clip.load(...)``
        meaning.role |= Role.MODEL
        return
    splits = receiver.fact.splits
    if splits is not None and -len(splits) <= key < len(splits):
        meaning.split = splits[key]
        if receiver.name.endswith(".load_data"):
            meaning.role |= Role.XY
        return
    meaning.role = item_role(role)


def slice_item(start: int | None, stop: int | None, receiver: Draft) -> Meaning:
    """``value[start:stop]`` with non-negative ends where they are known, else ``None``."""
    role = receiver.fact.role
    rows = None if stop is None else max(0, stop - (start or 0))
    meaning = Meaning(role=role & (KEPT | Role.SCHEMA), bound=rows)
    if role & Role.DATA and not role & Role.ITEM:
        meaning.role |= Role.ROWS
    if not role & (Role.ITEM | Role.SCHEMA) and _has_rows(receiver):
        limited(meaning, rows)
    return meaning


def _has_rows(value: Draft) -> bool:
    """Whether a slice of a value takes some of its rows, not the best of its scores."""
    if value.fact.role & (Role.ROWS | Role.DATA):
        return bool(value.fact.role & Role.DATA or value.reach & ANY_DATA)
    read = value.reach & ANY_DATA and not value.reach & MODEL_OUTPUT
    return bool(read) and not value.fact.role and not isinstance(value.fact.const, str)


def element(iterable: Draft) -> Fact:
    """What is known of one item of an iterable."""
    fact = iterable.fact
    role = item_role(fact.role)
    if iterable.name in {"range", "numpy.arange", "torch.arange"} or _typed_in(iterable):
        return Fact(index=fact.bound)
    return Fact(role=role) if role else NOTHING


def _typed_in(iterable: Draft) -> bool:
    return bool(iterable.fact.fields) and not iterable.reach and iterable.fact.items is None
