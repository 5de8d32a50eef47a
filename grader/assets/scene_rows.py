"""The drawn scenes as published datasets lay them out: COCO captions, and VQA questions.

The captions dataset has no pictures in it but their URLs, as the published one; whoever serves it
serves the pictures under those URLs too.
"""

import itertools
import json
import struct
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from msgspec import Struct

from grader.assets.canvas import Pixels
from grader.assets.scene_texts import Question, ask, describe
from grader.assets.scenes import Scene, draw_scene

_FIRST_ID = 900_000_000_000
"""First number of a picture, far beyond those of COCO: no URL is that of a published picture."""

_IDS_OF_SPLIT = 1_000_000
_URL = "http://images.cocodataset.org"
_YEARS = {"train": "train2014", "validation": "val2014", "test": "val2014", "restval": "val2014"}
_SHORT = {"validation": "val"}

_README = """\
---
license: bsd-3-clause
pretty_name: Drawn stand-in for {id}
---

A stand-in for `{id}`: captions of drawings in the same columns. The pictures of the published
dataset are not in it, and no URL in it is one of theirs.
"""

_ANSWER_TYPES = {"count": "number", "exists": "yes/no"}
_QUESTION_WORDS = {
    "color": "what color is the",
    "count": "how many",
    "shape": "what",
    "exists": "is there a",
    "side": "none of the above",
    "ground": "what is in the",
}


class ToldScene(Struct, frozen=True, kw_only=True):
    """One scene of a dataset with all that people said about it."""

    number: int
    """The picture's number, ``cocoid`` in COCO."""

    scene: Scene
    """What the picture shows."""

    captions: tuple[str, ...]
    """Five."""

    questions: tuple[Question, ...]
    """Each with ten answers."""


class DrawnScenes(Struct, frozen=True, kw_only=True):
    """A dataset of scenes that is drawn when it is first needed."""

    id: str
    """Id of the published dataset it stands in for."""

    splits: dict[str, int]
    """Number of pictures by split; names as in ``yerevann/coco-karpathy``."""

    def told(self, split: str) -> Iterator[ToldScene]:
        """Scenes of the split in row order, the same on every machine."""
        first = _FIRST_ID + list(self.splits).index(split) * _IDS_OF_SPLIT
        for row in range(self.splits[split]):
            rng = np.random.default_rng(zlib.crc32(json.dumps([self.id, split, row]).encode()))
            scene = draw_scene(rng)
            yield ToldScene(
                number=first + row,
                scene=scene,
                captions=describe(scene, rng),
                questions=ask(scene, rng),
            )

    def pictures(self, split: str) -> Iterator[tuple[str, bytes]]:
        """URL and file of every picture of the split, in row order."""
        for told in self.told(split):
            yield locate(told.number, split), encode_png(told.scene.pixels)


SCENES = DrawnScenes(
    id="yerevann/coco-karpathy",
    splits={"train": 400, "validation": 100, "test": 500, "restval": 50},
)
"""The captions of the ``tiny`` profile."""


class DrawnQuestions(Struct, frozen=True, kw_only=True):
    """Questions about drawn scenes, with the pictures in the rows as published."""

    id: str
    """Id of the published dataset it stands in for."""

    scenes: DrawnScenes
    """What is asked about."""

    splits: dict[str, tuple[str, int]]
    """Split of the scenes, and how many of its first pictures, by split."""

    def told(self, split: str) -> Iterator[ToldScene]:
        """Scenes asked about in the split, in row order."""
        of_scenes, count = self.splits[split]
        return itertools.islice(self.scenes.told(of_scenes), count)


QUESTIONS = DrawnQuestions(id="lmms-lab/VQAv2", scenes=SCENES, splits={"validation": ("test", 200)})
"""The questions of the ``tiny`` profile: about pictures that no model was trained on."""


def locate(number: int, split: str) -> str:
    """URL of a picture, as COCO writes it."""
    return f"{_URL}/{_YEARS[split]}/{_file_name(number, split)}"


def write_captions(source: DrawnScenes, folder: Path) -> None:
    """Draw the scenes and write their captions as ``datasets.load_dataset`` reads them.

    Args:
        source: The dataset to draw.
        folder: Where its card and its Parquet files go; created. The pictures stand in
            ``source.pictures``.
    """
    # pyarrow costs 0.2 s and is not needed where the home is already prepared
    import pyarrow as pa  # type: ignore[import-untyped]
    import pyarrow.parquet as pq  # type: ignore[import-untyped]

    (folder / "data").mkdir(parents=True)
    (folder / "README.md").write_text(_README.format(id=source.id), encoding="utf-8")
    for split in source.splits:
        rows = [caption_row(told, split, row) for row, told in enumerate(source.told(split))]
        pq.write_table(
            pa.Table.from_pylist(rows), folder / "data" / f"{split}-00000-of-00001.parquet"
        )


def write_questions(source: DrawnQuestions, folder: Path) -> None:
    """Draw the scenes and write their questions as ``datasets.load_dataset`` reads them.

    Args:
        source: What to ask.
        folder: Where its card and its Parquet files go; created.
    """
    # pyarrow costs 0.2 s and is not needed where the home is already prepared
    import pyarrow as pa
    import pyarrow.parquet as pq

    (folder / "data").mkdir(parents=True)
    (folder / "README.md").write_text(_README.format(id=source.id), encoding="utf-8")
    for split in source.splits:
        rows = []
        for told in source.told(split):
            image = {"bytes": encode_png(told.scene.pixels), "path": f"{told.number}.png"}
            rows += [row | {"image": image} for row in question_rows(told)]
        table = pa.Table.from_pylist(rows)
        text = {"dtype": "string", "_type": "Value"}
        number = {"dtype": "int64", "_type": "Value"}
        answer = {"answer": text, "answer_confidence": text, "answer_id": number}
        features: dict[str, Any] = {
            name: number if pa.types.is_integer(table.schema.field(name).type) else text
            for name in table.schema.names
        }
        features |= {"image": {"_type": "Image"}, "answers": [answer]}
        known = json.dumps({"info": {"features": features}})
        pq.write_table(
            table.replace_schema_metadata({"huggingface": known}),
            folder / "data" / f"{split}-00000-of-00001.parquet",
            compression="zstd",
        )


def caption_row(told: ToldScene, split: str, row: int) -> dict[str, Any]:
    """One row of ``yerevann/coco-karpathy``: the published columns in their order.

    Args:
        told: The scene.
        split: Name of its split.
        row: Its place in the split.
    """
    sentences = list(told.captions)
    first = len(sentences) * told.number
    return {
        "filepath": _YEARS[split],
        "sentids": list(range(first, first + len(sentences))),
        "filename": _file_name(told.number, split),
        "imgid": row,
        "split": _SHORT.get(split, split),
        "sentences": sentences,
        "cocoid": told.number,
        "url": locate(told.number, split),
    }


def question_rows(told: ToldScene) -> list[dict[str, Any]]:
    """The rows of one picture in the columns of VQA v2, without the picture itself.

    Args:
        told: The scene.
    """
    return [
        {
            "question_type": _QUESTION_WORDS[question.kind],
            "multiple_choice_answer": question.answer,
            "answers": [
                {"answer": answer, "answer_confidence": "yes", "answer_id": person}
                for person, answer in enumerate(question.answers, start=1)
            ],
            "image_id": told.number,
            "answer_type": _answer_type(question),
            "question_id": told.number * 1_000 + place,
            "question": question.text,
        }
        for place, question in enumerate(told.questions)
    ]


def encode_png(pixels: Pixels) -> bytes:
    """A PNG file whose bytes depend on nothing but the pixels.

    Compressors differ between builds of Pillow, so the data is stored as it is, in one block.

    Args:
        pixels: ``(height, width, 3)``; less than 64 KiB in all.

    Raises:
        ValueError: If one block cannot hold the picture.
    """
    height, width, channels = pixels.shape
    lines = np.zeros((height, 1 + width * channels), dtype=np.uint8)
    lines[:, 1:] = pixels.reshape(height, -1)
    raw = lines.tobytes()
    if len(raw) > 0xFFFF:
        raise ValueError(f"A picture of {width} x {height} does not fit in one stored block.")
    stored = b"\x78\x01\x01" + struct.pack("<HH", len(raw), 0xFFFF - len(raw)) + raw
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunks = [
        (b"IHDR", header),
        (b"IDAT", stored + struct.pack(">I", zlib.adler32(raw))),
        (b"IEND", b""),
    ]
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(name, data) for name, data in chunks)


def _chunk(name: bytes, data: bytes) -> bytes:
    checked = name + data
    return struct.pack(">I", len(data)) + checked + struct.pack(">I", zlib.crc32(checked))


def _file_name(number: int, split: str) -> str:
    return f"COCO_{_YEARS[split]}_{number:012d}.jpg"


def _answer_type(question: Question) -> str:
    if question.answer in ("yes", "no"):
        return "yes/no"
    return _ANSWER_TYPES.get(question.kind, "other")
