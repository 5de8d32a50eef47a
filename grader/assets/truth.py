"""What is true of every row that is served: its picture's digests, and label, captions, answers.

A notebook may hold a picture as the file the dataset stores or as decoded pixels; both are told
apart from every other by a digest, the second of which does not depend on how it was encoded.
"""

import hashlib
import io
import os
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct
from PIL import Image, ImageOps

from grader.assets.digests import combined
from grader.assets.rows import quiet

_CAPTIONS = ("sentences", "captions", "caption")
_ANSWERS = ("answers", "answer", "multiple_choice_answer")
_ADDRESSES = ("url", "image_url", "coco_url")
_LABELS = ("label", "labels")
_TEXTS = (_ADDRESSES, _CAPTIONS, _ANSWERS)
DIGEST_CHARACTERS = 16
"""Of a picture's digest, as the recorder in a notebook sends it."""

_AT_ONCE = 1000
"""Rows held in memory together; pictures of a dataset may be many times larger than that."""


class Row(Struct, frozen=True, kw_only=True):
    """One row of a served dataset."""

    encoded: str = ""
    """SHA-256 of the picture's file as the dataset stores it; empty without a picture."""

    pixels: str = ""
    """See ``pixels_digest``; empty without a picture, or where it cannot be decoded."""

    url: str = ""
    """Address of the picture, in datasets that hold addresses."""

    label: int | None = None
    """Its class, where the dataset has classes."""

    captions: tuple[str, ...] = ()
    """Its captions, where it has some."""

    answers: tuple[str, ...] = ()
    """Answers to its question, one for each person asked."""


Truth = Mapping[tuple[str, str], tuple[Row, ...]]
"""Rows in order, by dataset id (not alias) and split."""

_STORED = msgspec.json.Decoder(dict[str, tuple[Row, ...]])


def pixels_digest(picture: Image.Image) -> str:
    """SHA-256 of width, height and the pixels as RGB, row by row."""
    digest = hashlib.sha256(f"{picture.width}x{picture.height}".encode())
    digest.update(picture.convert("RGB").tobytes())
    return digest.hexdigest()


def image_digest(pixels: str) -> str:
    """How the recorder names the picture with this digest of its pixels."""
    return pixels[:DIGEST_CHARACTERS]


def read_truth(folder: Path, datasets: Mapping[str, Path], *, largest: int | None = None) -> Truth:
    """Read what was written here before; make it, dataset by dataset, where it was not.

    Args:
        folder: Where it is kept, one file a dataset; created.
        datasets: Folder of each dataset by id.
        largest: Bytes of a dataset that it is still made of; a larger one is left out.
    """
    found: dict[tuple[str, str], tuple[Row, ...]] = {}
    for name, place in datasets.items():
        file = folder / f"{name.replace('/', '--')}.json"
        if not file.is_file():
            if largest is not None and _size(place) > largest:
                continue
            _write(file, rows_of(place))
        for split, rows in _STORED.decode(file.read_bytes()).items():
            found[name, split] = rows
    return found


def rows_of(folder: Path) -> dict[str, tuple[Row, ...]]:
    """Read a served dataset, by split.

    Args:
        folder: Data files, or what ``save_to_disk`` wrote.
    """
    # imports for a second, which a class whose truth is known need not wait for
    import datasets

    with (
        quiet(),
        tempfile.TemporaryDirectory() as scratch,
        ThreadPoolExecutor(os.cpu_count()) as pool,
    ):
        if (folder / "dataset_dict.json").exists():
            loaded = datasets.load_from_disk(str(folder))
        else:
            loaded = datasets.load_dataset(str(folder), cache_dir=scratch)
        return {str(split): tuple(_rows(part, pool)) for split, part in loaded.items()}


def content_digest(rows: Mapping[str, Iterable[Row]]) -> str:
    """Digest of a drawn dataset, as a lab declares it: of the pixels, labels and texts of its rows.

    Files may come out of another version of a library with other bytes and the same pixels.
    """
    return combined(
        (" ".join((f"{split}/{number} {row.label}", *row.captions, *row.answers)), row.pixels)
        for split, part in rows.items()
        for number, row in enumerate(part)
    )


def _rows(part: Any, pool: ThreadPoolExecutor) -> Iterator[Row]:  # noqa: ANN401 - a Dataset
    import datasets

    kinds = part.features
    picture = _first(name for name, kind in kinds.items() if isinstance(kind, datasets.Image))
    labelled = (name for name, kind in kinds.items() if isinstance(kind, datasets.ClassLabel))
    label = _first((*labelled, *(name for name in _LABELS if name in kinds)))
    columns = (picture, label, *(_present(names, kinds) for names in _TEXTS))
    kept = part.select_columns(sorted({column for column in columns if column}))
    if picture:
        kept = kept.cast_column(picture, datasets.Image(decode=False))
    for batch in kept.iter(_AT_ONCE):
        listed = [
            dict(zip(batch, values, strict=True)) for values in zip(*batch.values(), strict=True)
        ]
        yield from pool.map(lambda row: _row(row, columns), listed)


def _row(row: Mapping[str, Any], columns: tuple[str, ...]) -> Row:
    picture, label, address, captions, answers = (row.get(column) for column in columns)
    file = picture.get("bytes") if picture else None
    return Row(
        encoded=hashlib.sha256(file).hexdigest() if file else "",
        pixels=_decoded(file) if file else "",
        url=str(address or ""),
        label=label if isinstance(label, int) and label >= 0 else None,
        captions=_texts(captions),
        answers=_texts(answers),
    )


def _decoded(file: bytes) -> str:
    """The digest of what a notebook is handed: turned upright where the file says how."""
    try:
        with Image.open(io.BytesIO(file)) as picture:
            return pixels_digest(ImageOps.exif_transpose(picture))
    except (OSError, ValueError, Image.DecompressionBombError):
        return ""


def _texts(value: object) -> tuple[str, ...]:
    """Texts written as one, as several, or each as ``{"answer": ...}`` or ``{"raw": ...}``."""
    if isinstance(value, str):
        return (value,)
    if isinstance(value, dict):
        return _texts(value.get("answer", value.get("raw")))
    if isinstance(value, list):
        return tuple(text for each in value for text in _texts(each))
    return ()


def _first(names: Iterable[str]) -> str:
    return next(iter(names), "")


def _present(names: Iterable[str], kinds: Mapping[str, object]) -> str:
    return _first(name for name in names if name in kinds)


def _size(folder: Path) -> int:
    """Bytes of all files in a folder."""
    return sum(each.stat().st_size for each in folder.rglob("*") if each.is_file())


def _write(file: Path, rows: dict[str, tuple[Row, ...]]) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=file.parent, prefix=".new-")
    with os.fdopen(handle, "wb") as stream:
        stream.write(msgspec.json.encode(rows))
    Path(name).replace(file)
