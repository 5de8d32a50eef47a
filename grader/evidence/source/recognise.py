"""What a call, an attribute or an item means, by the knowledge tables."""

from collections.abc import Sequence

from msgspec import Struct

from grader.evidence.source import knowledge
from grader.evidence.source.draft import Draft, Role, bits
from grader.evidence.source.splits import (
    file_split,
    folder_split,
    own_folder_split,
    query_split,
)
from grader.model import Tag

METRIC, LABELS, LIMIT, RANDOM = (
    bits(Tag.METRIC),
    bits(Tag.LABELS),
    bits(Tag.LIMIT),
    bits(Tag.RANDOM),
)
DATASET, MODEL, FIT, FILE = bits(Tag.DATASET), bits(Tag.MODEL), bits(Tag.FIT), bits(Tag.FILE)
MODEL_OUTPUT = bits(Tag.MODEL_OUTPUT)
ANY_DATA = bits(Tag.DATASET, Tag.FILE, Tag.LABELS)
KEPT = Role.DATA | Role.ROWS | Role.ITEM | Role.PAIRS | Role.MATCHES | Role.OUTPUT
OF_ITEMS = Role.DATA | Role.PAIRS | Role.OUTPUT | Role.SCHEMA


class Meaning(Struct):
    """What was recognised."""

    tags: int = 0
    role: Role = Role.NONE
    split: str | None = None
    limit: int | None = None
    bound: int | None = None
    splits: tuple[str | None, ...] | None = None


class Values(Struct, frozen=True):
    """The arguments of a call as drafts."""

    positional: Sequence[Draft]
    named: dict[str, Draft]

    def at(self, position: int, *names: str) -> Draft | None:
        """An argument by position or by any of its names."""
        for name in names:
            if name in self.named:
                return self.named[name]
        return self.positional[position] if len(self.positional) > position else None


def function_call(path: str, values: Values) -> Meaning:
    """A call of a library function or class by its dotted name."""
    path = knowledge.canonical(path)
    meaning = Meaning()
    if knowledge.draws(path):
        meaning.tags |= RANDOM
    if path in knowledge.GENERATORS:
        meaning.role |= Role.GENERATOR
    if knowledge.is_metric(path):
        meaning.tags |= METRIC
    if knowledge.makes_measure(path):
        meaning.role |= Role.MEASURE
    if knowledge.makes_model(path):
        _model(path, meaning)
    _datalike(path, values, meaning)
    _wrapping(path, values, meaning)
    _sizes(path, values, meaning)
    return meaning


def _model(path: str, meaning: Meaning) -> None:
    meaning.tags |= MODEL
    meaning.role |= Role.MODEL
    if knowledge.TRAINER.match(path):
        meaning.role |= Role.TRAINER


def _dataset(path: str, values: Values, meaning: Meaning) -> None:
    meaning.tags |= DATASET
    meaning.role |= Role.DATA | Role.ROWS
    if path.startswith("torchvision.") or path.endswith(knowledge.FOLDER_DATASETS[:2]):
        meaning.role |= Role.PAIRS
    if path.startswith("keras.datasets."):
        meaning.splits = ("train", "test")
    chosen = values.named.get("return_X_y")
    if chosen is not None and chosen.fact.const is True:
        meaning.role |= Role.XY
    train = values.at(1, "train") if path.startswith("torchvision.") else None
    if train is not None and isinstance(train.fact.const, bool):
        meaning.split = "train" if train.fact.const else "test"
    elif train is not None and isinstance(train.fact.const, str):
        read_split(train.fact.const, meaning)
    _named_split(values, meaning)
    if "with_info" in values.named:
        # A pair of the splits and a description of them.
        meaning.splits = None
    _loaded_folder(path, values, meaning)
    if meaning.split is None and path.endswith(knowledge.FOLDER_DATASETS):
        meaning.split = folder_split(values.at(0, "root", "directory"))


def _loaded_folder(path: str, values: Values, meaning: Meaning) -> None:
    """The split a folder is named for, that ``load_dataset`` would call ``train``."""
    if path == "datasets.load_from_disk":
        meaning.split = file_split(values.at(0, "dataset_path"))
    elif path == "datasets.load_dataset":
        named = file_split(values.named.get("data_dir")) or own_folder_split(values.at(0, "path"))
        meaning.split = named or meaning.split
        if named is not None and "split" not in values.named:
            meaning.splits = (named,)


def _named_split(values: Values, meaning: Meaning) -> None:
    wanted = values.named.get("split") or values.named.get("subset")
    if wanted is None:
        return
    if isinstance(wanted.fact.const, str):
        read_split(wanted.fact.const, meaning)
    elif wanted.fact.splits is not None:
        meaning.splits = wanted.fact.splits


def read_split(text: str, meaning: Meaning) -> None:
    """A split expression such as ``test[:20]``."""
    found = knowledge.SPLIT_TEXT.match(text)
    if found is None:
        return
    meaning.split = knowledge.split_of(found["split"])
    rows = found["rows"]
    if rows is None:
        return
    meaning.tags |= LIMIT
    start, colon, stop = rows.partition(":")
    if colon and stop.strip().isdecimal() and (start.strip() or "0").isdecimal():
        meaning.limit = max(0, int(stop) - int(start.strip() or "0"))


def _datalike(path: str, values: Values, meaning: Meaning) -> None:
    if knowledge.loads_dataset(path):
        _dataset(path, values, meaning)
    if knowledge.reads_file(path):
        meaning.tags |= FILE
        meaning.split = file_split(values.at(0))
        if knowledge.TABLES.match(path):
            meaning.role |= Role.DATA | Role.ROWS
    if path in knowledge.LISTINGS:
        meaning.role |= Role.DATA | Role.ROWS
        meaning.split = folder_split(values.at(0))


def _wrapping(path: str, values: Values, meaning: Meaning) -> None:
    first = values.at(0, "dataset", "data")
    if first is None:
        return
    if path in knowledge.COMPARISONS and len(values.positional) > 1:
        meaning.role |= compared_role(first, values.positional[1])
    last = path.rpartition(".")[2]
    if path in knowledge.WRAPPERS or last in {"tqdm", "trange", "DataLoader"}:
        meaning.role |= first.fact.role & (KEPT | Role.MODEL)
        meaning.bound = first.fact.bound
    elif path == "next":
        meaning.role |= item_role(first.fact.role)
        if first.fact.batch is not None:
            limited(meaning, first.fact.batch)
    elif path in knowledge.COUNTERS and first.fact.role & Role.MATCHES:
        meaning.role |= Role.MATCHES
        if last in knowledge.SUMMARIES:
            meaning.tags |= METRIC


def _sizes(path: str, values: Values, meaning: Meaning) -> None:
    if path == "range" or path in knowledge.INDEX_MAKERS:
        meaning.bound = range_size(values)
    elif path in knowledge.SAMPLERS:
        size = values.at(knowledge.SAMPLERS[path], "k", "size")
        meaning.bound = whole(size)
    elif path in knowledge.SUBSETS:
        rows = values.at(1, "indices")
        limited(meaning, None if rows is None else rows.fact.bound)
        meaning.role |= _kept(values.at(0, "dataset"))
    elif path == "itertools.islice":
        limited(meaning, range_size(Values(values.positional[1:], {})))
        meaning.role |= _kept(values.at(0))
    elif path == "len" and values.positional:
        meaning.bound = values.positional[0].fact.bound
    elif path in {"zip", "min"}:
        _smallest(path, values, meaning)


def _smallest(path: str, values: Values, meaning: Meaning) -> None:
    if path == "min":
        known = [size for value in values.positional if (size := whole(value)) is not None]
    else:
        known = [v.fact.bound for v in values.positional if v.fact.bound is not None]
    if known:
        meaning.bound = min(known)
    if path == "zip" and known and any(v.reach & ANY_DATA for v in values.positional):
        limited(meaning, min(known))


def item_role(role: Role) -> Role:
    """What the items of a value are."""
    kept = role & OF_ITEMS
    return kept | Role.ITEM if role & Role.DATA else kept


def _kept(value: Draft | None) -> Role:
    return Role.NONE if value is None else value.fact.role & KEPT


def limited(meaning: Meaning, rows: int | None) -> None:
    """Only some rows are kept, this many where it is known."""
    meaning.tags |= LIMIT
    meaning.limit = meaning.bound = rows


def whole(value: Draft | None) -> int | None:
    """A number of rows: a constant, or the smallest of several as ``min`` gives it."""
    if value is None or isinstance(value.fact.const, bool):
        return None
    if isinstance(value.fact.const, int):
        return value.fact.const if value.fact.const >= 0 else None
    counted = value.name in {"min", "len"} or value.kind in {"name", "parameter"}
    return value.fact.bound if counted and not value.fact.role else None


def range_size(values: Values) -> int | None:
    """Items of a ``range``."""
    ends = [whole(value) for value in values.positional]
    if len(ends) == 1:
        return ends[0]
    if not ends or ends[0] is None or ends[1] is None:
        return None
    step = ends[2] if len(ends) > 2 else 1
    return len(range(ends[0], ends[1], step)) if step else None


def method_call(name: str, receiver: Draft, values: Values) -> Meaning:
    """A call of a method of a value."""
    role = receiver.fact.role
    meaning = Meaning()
    if name in knowledge.FITS or (name == "train" and role & Role.TRAINER):
        meaning.tags |= FIT
    if role & Role.GENERATOR and name in knowledge.DRAWS:
        meaning.tags |= RANDOM
    if role & Role.MODEL and name in knowledge.KEEPS_MODEL:
        meaning.role |= role & (Role.MODEL | Role.TRAINER)
    if role & Role.MEASURE:
        meaning.role |= Role.MEASURE if name in {"to", "clone", "cuda", "cpu"} else Role.NONE
    _outputs(name, receiver, meaning)
    _scores(name, receiver, values, meaning)
    _rows(name, receiver, values, meaning)
    if name in knowledge.READER_METHODS:
        meaning.tags |= FILE
    if name in {"pop", "get"} and values.positional:
        key = values.positional[0].fact.const
        meaning.tags |= label_tags(key, receiver) if isinstance(key, str) else 0
    if name in knowledge.DATASET_METHODS | knowledge.LISTING_METHODS:
        meaning.tags |= DATASET if name in knowledge.DATASET_METHODS else 0
        meaning.role |= Role.DATA | Role.ROWS
        meaning.split = folder_split(values.at(0, "directory")) or folder_split(receiver)
        _named_split(values, meaning)
    return meaning


def _outputs(name: str, receiver: Draft, meaning: Meaning) -> None:
    role = receiver.fact.role
    if role & Role.TRAINER and name == "predict":
        meaning.role |= Role.PREDICTION
    elif role & Role.GENERATOR:
        return
    elif name in knowledge.PREDICTS or (role & Role.MODEL and name in knowledge.MODEL_PREDICTS):
        meaning.tags |= MODEL_OUTPUT
        meaning.role |= Role.OUTPUT


def _scores(name: str, receiver: Draft, values: Values, meaning: Meaning) -> None:
    role = receiver.fact.role
    compared = {"predictions", "references"} & values.named.keys()
    if name in {"compute", "result"}:
        scored = bool(role & Role.MEASURE or compared)
    elif name in knowledge.MEASURING:
        scored = bool(role & Role.MEASURE)
    elif name == "score":
        scored = bool(role & (Role.MODEL | Role.MEASURE)) or len(values.positional) == 2
    else:
        scored = name == "evaluate"
    meaning.tags |= METRIC if scored else 0
    if scored:
        return
    if role & Role.MATCHES and name in knowledge.COUNTS | {"eq"}:
        meaning.role |= Role.MATCHES
        if name in knowledge.SUMMARIES:
            meaning.tags |= METRIC
    elif name in {"eq", "equal"} and values.positional:
        meaning.role |= compared_role(receiver, values.positional[0])


def differing_role(left: Draft, right: Draft) -> Role:
    """Whether ``!=`` or ``in`` compares predictions with labels, by where they come from.

    Other than ``==`` they have many other uses, e.g. with the id of a padding token.
    """
    computed = [bool(side.reach & MODEL_OUTPUT) for side in (left, right)]
    labelled = [
        bool(side.reach & LABELS) and not side.reach & MODEL_OUTPUT for side in (left, right)
    ]
    apart = any(a and b for a, b in zip(computed, reversed(labelled), strict=True))
    return Role.MATCHES if apart else Role.NONE


def compared_role(left: Draft, right: Draft) -> Role:
    """Whether an equality of two values compares predictions with labels, by its shape."""
    return Role.NONE if _known(left) or _known(right) else Role.MATCHES


def _known(side: Draft) -> bool:
    """Whether a side of an equality is a constant, a counter or a size, not a label."""
    fact = side.fact
    typed = side.kind in {"literal", "collection"} or fact.path is not None
    sized = side.name in {"len", "type", ".shape", ".size", ".dim"}
    return typed or sized or fact.const is not None or fact.index is not None


def _rows(name: str, receiver: Draft, values: Values, meaning: Meaning) -> None:
    role = receiver.fact.role
    if name == "query" and role & Role.DATA and values.positional:
        meaning.split = query_split(values.positional[0].fact.const)
    if role & Role.DATA and name not in {"keys", "unique", "nunique", "count"}:
        meaning.role |= role & (Role.DATA | Role.ROWS | Role.ITEM | Role.PAIRS | Role.SCHEMA)
    if role & Role.GENERATOR:
        return
    if name == "select" and values.positional:
        limited(meaning, values.positional[0].fact.bound)
    elif name == "select" and "indices" in values.named:
        limited(meaning, values.named["indices"].fact.bound)
    elif name in knowledge.SELECTS and (receiver.reach & ANY_DATA or role & Role.DATA):
        size = values.at(0, "n", "count", "k")
        limited(meaning, 5 if size is None and name == "head" else whole(size))


def value_call(callee: Draft, values: Values) -> Meaning:
    """A call of a value: a model, a metric object."""
    meaning = Meaning()
    if callee.fact.role & Role.MODEL:
        meaning.tags |= MODEL_OUTPUT
        meaning.role |= Role.OUTPUT
    if callee.fact.role & Role.MEASURE and values.positional:
        meaning.tags |= METRIC
    return meaning


def label_tags(key: str, receiver: Draft) -> int:
    """``LABELS`` where the key names a label column of something read from a dataset."""
    role = receiver.fact.role
    if role & (Role.SCHEMA | Role.OUTPUT) or not knowledge.is_label(key):
        return 0
    read = receiver.reach & ANY_DATA and not receiver.reach & MODEL_OUTPUT
    return LABELS if role & Role.DATA or read else 0
