"""Small repositories in the layout of the Hugging Face cache, under their published names.

models--org--name/blobs/<digest>               content
                  snapshots/<commit>/<file>    links to it
                  refs/main                    the commit
"""

import hashlib
import io
import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa  # type: ignore[import-untyped]
import pyarrow.parquet as pq  # type: ignore[import-untyped]
from PIL import Image

from grader.assets.shelves import models_folder

COMMIT = "0123456789abcdef0123456789abcdef01234567"
LATER = "fedcba9876543210fedcba9876543210fedcba98"

VIT = "google/vit-base-patch16-224-in21k"
CLIP = "openai/clip-vit-base-patch32"
BEANS = "AI-Lab-Makerere/beans"
CIFAR = "uoft-cs/cifar10"

_LARGE = (".safetensors", ".bin", ".parquet")

_CARD = """\
---
license: unknown
dataset_info:
  config_name: {config}
  features:
{features}
configs:
- config_name: {config}
  data_files:
{files}
  default: true
---

A few pictures of noise.
"""
_FILES = "  - split: {split}\n    path: {folder}/{split}-*"


def store(cache: Path, repository: str, files: Mapping[str, bytes], commit: str = COMMIT) -> Path:
    """Write a repository as ``huggingface_hub`` does; returns its folder."""
    folder = cache / repository
    (folder / "blobs").mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        blob = folder / "blobs" / blob_name(name, content)
        blob.write_bytes(content)
        link = folder / "snapshots" / commit / name
        link.parent.mkdir(parents=True, exist_ok=True)
        link.symlink_to(Path(*[".."] * (len(Path(name).parts) + 1), "blobs", blob.name))
    (folder / "refs").mkdir(exist_ok=True)
    (folder / "refs" / "main").write_text(commit, encoding="ascii")
    return folder


def blob_name(name: str, content: bytes) -> str:
    if name.endswith(_LARGE):
        return hashlib.sha256(content).hexdigest()
    header = f"blob {len(content)}\0".encode()
    return hashlib.sha1(header + content, usedforsecurity=False).hexdigest()


def model_files(name: str) -> dict[str, bytes]:
    """A shipped checkpoint of this published name."""
    folder = models_folder() / name.replace("/", "--")
    return {file.name: file.read_bytes() for file in folder.iterdir()}


def with_pickled_weights(files: Mapping[str, bytes]) -> dict[str, bytes]:
    """The same checkpoint as older repositories have it: ``pytorch_model.bin`` and no other."""
    import torch
    from safetensors.torch import load

    buffer = io.BytesIO()
    torch.save(load(files["model.safetensors"]), buffer)
    kept = {name: content for name, content in files.items() if name != "model.safetensors"}
    return kept | {"pytorch_model.bin": buffer.getvalue()}


def beans(rows: Mapping[str, int]) -> dict[str, bytes]:
    """As published: ``data/<split>-00000-of-00001.parquet`` and a card."""
    names = ("angular_leaf_spot", "bean_rust", "healthy")
    return _dataset("data", "default", ("image", "labels"), names, rows, "JPEG")


def cifar(rows: Mapping[str, int]) -> dict[str, bytes]:
    """As published: ``plain_text/<split>-00000-of-00001.parquet`` and a card."""
    words = "airplane automobile bird cat deer dog frog horse ship truck"
    return _dataset("plain_text", "plain_text", ("img", "label"), words.split(), rows, "PNG")


def table_of(columns: Mapping[str, Sequence[object]]) -> bytes:
    """A Parquet file with these columns."""
    buffer = io.BytesIO()
    pq.write_table(pa.table(dict(columns)), buffer)
    return buffer.getvalue()


def _dataset(
    folder: str,
    config: str,
    columns: tuple[str, str],
    names: "tuple[str, ...] | list[str]",
    rows: Mapping[str, int],
    encoding: str,
) -> dict[str, bytes]:
    rng = np.random.default_rng(0)
    files = {}
    for split, count in rows.items():
        labels = [int(label) for label in rng.integers(0, len(names), count)]
        pictures = [_picture(rng, encoding) for _ in labels]
        table = table_of({columns[0]: pictures, columns[1]: labels})
        files[f"{folder}/{split}-00000-of-00001.parquet"] = table
    listed = "\n".join(f"          '{number}': {name}" for number, name in enumerate(names))
    features = (
        f"  - name: {columns[0]}\n    dtype: image\n  - name: {columns[1]}\n    dtype:\n"
        f"      class_label:\n        names:\n{listed}"
    )
    splits = "\n".join(_FILES.format(split=split, folder=folder) for split in rows)
    card = _CARD.format(config=config, features=features, files=splits)
    return files | {"README.md": card.encode(), ".gitattributes": b"*.parquet filter=lfs\n"}


def _picture(rng: np.random.Generator, encoding: str) -> dict[str, "bytes | str"]:
    buffer = io.BytesIO()
    noise = rng.integers(0, 256, (32, 32, 3), dtype=np.uint8)
    Image.fromarray(noise).save(buffer, encoding)
    return {"bytes": buffer.getvalue(), "path": f"picture.{encoding.lower()}"}


def fill(cache: Path) -> None:
    """Everything the first lab takes from the Hub; one model with weights of the older kind."""
    store(cache, f"models--{VIT.replace('/', '--')}", with_pickled_weights(model_files(VIT)))
    store(cache, f"models--{CLIP.replace('/', '--')}", model_files(CLIP))
    store(
        cache,
        f"datasets--{BEANS.replace('/', '--')}",
        beans({"train": 30, "validation": 9, "test": 120}),
    )
    store(cache, f"datasets--{CIFAR.replace('/', '--')}", cifar({"train": 50, "test": 130}))


def sharded(files: Mapping[str, bytes]) -> dict[str, bytes]:
    """The same checkpoint with its weights in two files and an index."""
    from safetensors.torch import load, save

    weights = load(files["model.safetensors"])
    names = sorted(weights)
    halves = {
        "model-00001-of-00002.safetensors": names[::2],
        "model-00002-of-00002.safetensors": names[1::2],
    }
    index = {
        "metadata": {},
        "weight_map": {name: shard for shard, part in halves.items() for name in part},
    }
    kept = {name: content for name, content in files.items() if name != "model.safetensors"}
    parts = {
        shard: save({name: weights[name] for name in part}, {"format": "pt"})
        for shard, part in halves.items()
    }
    return kept | parts | {"model.safetensors.index.json": json.dumps(index).encode()}
