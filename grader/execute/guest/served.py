"""Rows of datasets that are handed to the notebook, and what processors make of their pictures."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from . import plain
from .assets import dataset_origin
from .digests import Digester
from .foreign import Foreign, library
from .recorder import Memory, Recorder

_MAX_ROWS = plain.MAX_ELEMENTS
_LABELS = ("label", "labels")
_PIXELS = "pixel_values"
_PICTURE, _PICTURES = 3, 4
"""Dimensions of an array of one picture, and of several."""


class _Columns(NamedTuple):
    """What is looked at in the rows of a dataset."""

    dataset: str | None
    split: str | None
    image: str | None
    label: str | None


@dataclass
class _Handed:
    """Rows of one dataset with the same columns; what is unknown of one is unknown of all."""

    rows: int = 0
    images: list[str] | None = field(default_factory=list)
    labels: list[int | str] | None = field(default_factory=list)


class _Served:
    """Gathers rows, and tells of them when the cell ends."""

    def __init__(self, recorder: Recorder, digester: Digester) -> None:
        self._recorder, self._digester = recorder, digester
        self._columns = Memory()
        self._handed: dict[tuple[str | None, str | None, bool, bool], _Handed] = {}
        recorder.at_cell_end.append(self._flush)

    def see(self, dataset: Foreign, value: Foreign, key: Foreign = None) -> None:
        """Look at what a dataset handed out: a row, rows by column, a list of rows, a column."""
        recorder = self._recorder
        if not recorder.active or recorder.inside("reading"):
            return
        with recorder.digesting("served"):
            columns = self._columns.get(dataset)
            if columns is None:
                columns = self._columns[dataset] = _columns(dataset)
            if type(key) is str and type(value) is list:
                value = {key: value}
            if type(value) is dict:
                self._see_row(columns, value)
            elif type(value) is list:
                for row in value:
                    if type(row) is dict:
                        self._see_row(columns, row)

    def see_lazy(self, value: Foreign) -> None:
        """Look at what ``map`` or ``filter`` decodes for the notebook's function."""
        images = value if type(value) is list else [value]
        if images and self._recorder.active and self._digester.is_picture(images[0]):
            with self._recorder.digesting("served"):
                self._see_row(_Columns(None, None, "image", None), {"image": images})

    def _see_row(self, columns: _Columns, row: dict[str, Foreign]) -> None:
        images = _cells(row, columns.image, _PICTURES)
        labels = _cells(row, columns.label, 1)
        rows = _number(row, images, labels)
        key = (columns.dataset, columns.split, images is not None, labels is not None)
        into = self._handed.setdefault(key, _Handed())
        into.rows += rows
        full = into.rows > _MAX_ROWS
        if full:
            self._recorder.drop("served rows", "number", rows)
        into.images = _joined(into.images, None if full else self._digests(images))
        into.labels = _joined(into.labels, None if full else _plain(labels))

    def _digests(self, images: Sequence[Foreign] | None) -> list[str] | None:
        found = None if images is None else [self._digester.picture(each) for each in images]
        return None if found is None or None in found else [each for each in found if each]

    def _flush(self) -> None:
        with self._recorder.quietly("served"):
            handed, self._handed = self._handed, {}
            for (dataset, split, _, _), each in handed.items():
                self._recorder.emit(
                    "served",
                    dataset=dataset,
                    split=split,
                    rows=each.rows,
                    images=self._stored(each.images, "row digests"),
                    labels=self._stored(each.labels, "arrays"),
                )

    def _stored(self, values: list[Foreign] | None, kind: str) -> dict[str, Foreign] | None:
        if not values:
            return None
        return self._recorder.stored(plain.Labels(len(values), values), kind)


def watch_datasets(recorder: Recorder) -> None:
    """Watch what is read of a ``datasets.Dataset``, by index, slice, column or iteration."""
    kind = library("datasets.arrow_dataset").Dataset
    served = _Served(recorder, Digester(recorder))

    def enter(args: tuple[Foreign, ...], _kwargs: dict[str, Foreign]) -> Foreign:
        return args, recorder.enter("serve")

    def leave(note: Foreign, ended: bool, value: Foreign) -> None:
        args, outermost = note
        recorder.leave("serve")
        if outermost and ended:
            served.see(args[0], value, args[1] if len(args) > 1 else None)

    def each(args: tuple[Foreign, ...], _ended: bool, value: Foreign) -> None:
        if not recorder.inside("serve"):
            served.see(args[0], value)

    # Older versions have not all of them.
    for name in {"__getitem__", "__getitems__"} & set(vars(kind)):
        recorder.hooks.watch(kind, name, enter, leave)
    for name in {"__iter__", "iter"} & set(vars(kind)):
        recorder.hooks.iterate(kind, name, each)
    _watch_lazy(recorder, served)


def _watch_lazy(recorder: Recorder, served: _Served) -> None:
    """Watch rows whose columns are decoded when the notebook's function asks for them."""
    module = library("datasets.formatting.formatting")

    def enter(_args: tuple[Foreign, ...], _kwargs: dict[str, Foreign]) -> bool:
        return True

    def leave(_note: Foreign, ended: bool, value: Foreign) -> None:
        if ended:
            served.see_lazy(value)

    for name in ("LazyRow", "LazyBatch"):
        kind = getattr(module, name, None)
        if kind is not None and "format" in vars(kind):
            recorder.hooks.watch(kind, "format", enter, leave)


def watch_processors(recorder: Recorder) -> None:
    """Watch what image processors of transformers make of pictures."""
    prepared = _Prepared(recorder, Digester(recorder))
    for kind in _processors():
        for name in ("__call__", "preprocess"):
            if name in vars(kind):
                prepared.watch(kind, name)


def _processors() -> Iterator[Foreign]:
    base = library("transformers.image_processing_utils").BaseImageProcessor
    yield base
    try:
        quick = library("transformers.image_processing_utils_fast")
    except ImportError:
        # Older than they are, or without what they are made with.
        return
    kind = getattr(quick, "BaseImageProcessorFast", None)
    if kind is not None and kind is not base:
        yield kind


class _Prepared:
    """Gathers pictures and what was made of them, and tells of them when the cell ends."""

    def __init__(self, recorder: Recorder, digester: Digester) -> None:
        self._recorder, self._digester = recorder, digester
        self._images: list[str] = []
        self._inputs: list[str] = []
        recorder.at_cell_end.append(self._flush)

    def watch(self, kind: Foreign, name: str) -> None:
        """Watch one method."""
        recorder = self._recorder

        def enter(args: tuple[Foreign, ...], kwargs: dict[str, Foreign]) -> Foreign:
            return recorder.enter("prepare"), args[1] if len(args) > 1 else kwargs.get("images")

        def leave(note: Foreign, ended: bool, value: Foreign) -> None:
            outermost, images = note
            recorder.leave("prepare")
            if outermost and ended and recorder.active:
                with recorder.digesting("prepared"):
                    self._see(images, value)

        recorder.hooks.watch(kind, name, enter, leave)

    def _see(self, images: Foreign, value: Foreign) -> None:
        given, made = self._pictures(images), _pixels(value)
        if made is None or len(made) != len(given):
            return
        if len(self._images) + len(given) > _MAX_ROWS:
            self._recorder.drop("prepared rows", "number", len(given))
            return
        digests = [self._digester.picture(each) for each in given]
        rows = self._rows(made)
        if rows is not None and None not in digests:
            self._images += [each for each in digests if each is not None]
            self._inputs += rows

    def _rows(self, made: Foreign) -> list[str] | None:
        if type(made) is not list:
            return self._digester.rows(made)
        parts = [self._digester.rows(each[None]) for each in made]
        return None if None in parts else [digest for part in parts for digest in part or ()]

    def _pictures(self, images: Foreign) -> list[Foreign]:
        """The pictures given: one, several, or several lists of them."""
        if type(images) in (list, tuple):
            return [each for inner in images for each in self._pictures(inner)]
        return [images] if self._digester.is_picture(images) else []

    def _flush(self) -> None:
        with self._recorder.quietly("prepared"):
            images, self._images = self._images, []
            inputs, self._inputs = self._inputs, []
            if images:
                self._recorder.emit(
                    "prepared",
                    images=self._stored(images),
                    inputs=self._stored(inputs),
                )

    def _stored(self, digests: list[str]) -> dict[str, Foreign]:
        return self._recorder.stored(plain.Labels(len(digests), [*digests]), "row digests")


def _pixels(value: Foreign) -> Foreign:
    """What a processor made: a batch, or a list of arrays; ``None`` if it is something else."""
    data = getattr(value, "__dict__", {}).get("data")
    found = data.get(_PIXELS) if type(data) is dict else None
    if type(found) is list:
        return found if found and all(_is_array(each, _PICTURE) for each in found) else None
    return found if _is_array(found, _PICTURES) else None


def _is_array(value: Foreign, dimensions: int) -> bool:
    kind = type(value)
    named = (kind.__module__, kind.__name__) in (("numpy", "ndarray"), ("torch", "Tensor"))
    return named and value.ndim == dimensions


def _columns(dataset: Foreign) -> _Columns:
    kinds = library("datasets")
    features = dataset.features
    images = (name for name, kind in features.items() if isinstance(kind, kinds.Image))
    classes = (name for name, kind in features.items() if isinstance(kind, kinds.ClassLabel))
    split = getattr(dataset, "split", None)
    return _Columns(
        dataset_origin(dataset),
        None if split is None else str(split),
        next(images, None),
        next(classes, next((name for name in _LABELS if name in features), None)),
    )


def _cells(row: dict[str, Foreign], column: str | None, batched: int) -> list[Foreign] | None:
    """A column of a row, or of rows by column, as a list; ``None`` where it is not there.

    Args:
        row: One row, or several by column.
        column: Its name.
        batched: Dimensions of an array that holds the column of several rows.
    """
    if column is None or column not in row:
        return None
    value = row[column]
    if type(value) is list:
        return value
    return list(value) if _is_array(value, batched) else [value]


def _number(row: dict[str, Foreign], *columns: list[Foreign] | None) -> int:
    """How many rows they are."""
    known = [len(each) for each in columns if each is not None]
    if known:
        return known[0]
    values = list(row.values())
    # Without picture and label, rows by column look like a row of lists.
    alike = {len(each) if type(each) is list else 0 for each in values}
    return max(alike) if len(alike) == 1 and max(alike) else 1


def _plain(labels: list[Foreign] | None) -> list[int | str] | None:
    found = None if labels is None else plain.labels(labels)
    return None if found is None else found.values


def _joined(kept: list[Foreign] | None, new: list[Foreign] | None) -> list[Foreign] | None:
    if kept is None or new is None:
        return None
    kept += new
    return kept
