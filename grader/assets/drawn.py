"""The drawn datasets, with the columns and class names of the published ones."""

import io
import json
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from msgspec import Struct
from PIL import Image

from grader.assets import dishes, leaves, things
from grader.assets.canvas import Pixels

_README = """\
---
license: bsd-3-clause
pretty_name: Drawn stand-in for {id}
---

A stand-in for `{id}`: drawings with the same columns and class names, and none of its pictures.
"""


class Drawn(Struct, frozen=True, kw_only=True):
    """A dataset that is drawn when it is first needed."""

    id: str
    """Id of the published dataset it stands in for."""

    names: tuple[str, ...]
    """Class names in label order."""

    draw: Callable[[str, np.random.Generator], Pixels]
    """Draws one picture of the class of this name."""

    image_column: str
    """As published."""

    label_column: str
    """As published."""

    splits: dict[str, int]
    """Number of pictures by split."""

    path_column: str | None = None
    """Column with a file name that tells the class, where the published dataset has one."""

    by_class: bool = False
    """Whether rows are ordered by class, as published, rather than mixed."""

    drawn: tuple[str, ...] = ()
    """Names of the classes that have pictures, where not all of them have."""

    opening: int = 0
    """Row of the test split, of the same class, that changes places with the first one. Many
    notebooks try ``test[0]`` first; as in the published data, a good model gets it right."""

    def labels(self, split: str) -> tuple[int, ...]:
        """Labels of the split in row order; classes drawn differ by one row at most."""
        classes = np.array([self.names.index(name) for name in self.drawn or self.names])
        labels = np.sort(classes[np.arange(self.splits[split]) % len(classes)])
        if not self.by_class:
            self._generator(split).shuffle(labels)
        return tuple(labels.tolist())

    def pictures(self, split: str) -> Iterator[Pixels]:
        """Pictures of the split in row order."""
        for row, label in enumerate(self.labels(split)):
            yield self.draw(self.names[label], self._generator(split, self._place(split, row)))

    def _place(self, split: str, row: int) -> int:
        exchanged = {0: self.opening, self.opening: 0} if split == "test" else {}
        return exchanged.get(row, row)

    def _generator(self, *place: str | int) -> np.random.Generator:
        """A generator of its own for every place, the same on every machine."""
        return np.random.default_rng(zlib.crc32(json.dumps([self.id, *place]).encode()))


DATASETS = (
    Drawn(
        id="AI-Lab-Makerere/beans",
        names=leaves.NAMES,
        draw=leaves.draw_bean_leaf,
        image_column="image",
        label_column="labels",
        splits={"train": 420, "validation": 60, "test": 128},
        path_column="image_file_path",
        by_class=True,
        opening=1,
    ),
    Drawn(
        id="uoft-cs/cifar10",
        names=things.NAMES,
        draw=lambda name, rng: things.draw_thing(name, rng).pixels,
        image_column="img",
        label_column="label",
        splits={"train": 1000, "test": 2000},
    ),
    Drawn(
        id="ethz/food101",
        names=dishes.NAMES,
        drawn=dishes.DRAWN,
        draw=dishes.draw_dish,
        image_column="image",
        label_column="label",
        splits={"train": 300, "validation": 250},
        by_class=True,
    ),
)
"""The datasets of the ``tiny`` profile."""


def write_dataset(source: Drawn, folder: Path) -> None:
    """Draw a dataset and write it as ``datasets.load_dataset`` reads it from a folder.

    Args:
        source: The dataset to draw.
        folder: Where its card and its Parquet files go; created.
    """
    # pyarrow costs 0.2 s and is not needed where the home is already prepared
    import pyarrow as pa  # type: ignore[import-untyped]
    import pyarrow.parquet as pq  # type: ignore[import-untyped]

    (folder / "data").mkdir(parents=True)
    (folder / "README.md").write_text(_README.format(id=source.id), encoding="utf-8")
    features = json.dumps({"info": {"features": _features(source)}})
    for split in source.splits:
        table = pa.table(_columns(source, split)).replace_schema_metadata({"huggingface": features})
        pq.write_table(table, folder / "data" / f"{split}-00000-of-00001.parquet")


def _features(source: Drawn) -> dict[str, Any]:
    """Features as ``datasets`` stores them in the schema of a Parquet file."""
    features: dict[str, Any] = {}
    if source.path_column:
        features[source.path_column] = {"dtype": "string", "_type": "Value"}
    features[source.image_column] = {"_type": "Image"}
    features[source.label_column] = {"names": list(source.names), "_type": "ClassLabel"}
    return features


def _columns(source: Drawn, split: str) -> dict[str, list[Any]]:
    labels = source.labels(split)
    files = [
        f"{split}/{source.names[label]}/{source.names[label]}_{split}.{row}.png"
        for row, label in enumerate(labels)
    ]
    images = [
        {"bytes": _png(pixels), "path": Path(file).name if source.path_column else f"{row}.png"}
        for row, (pixels, file) in enumerate(zip(source.pictures(split), files, strict=True))
    ]
    columns: dict[str, list[Any]] = {source.path_column: files} if source.path_column else {}
    return columns | {source.image_column: images, source.label_column: list(labels)}


def _png(pixels: Pixels) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, format="PNG", compress_level=1)
    return buffer.getvalue()
