"""Encoded pictures to predict from: those the tiny profile serves, or drawn ones of photo size."""

import io

import numpy as np
import pyarrow.parquet as pq  # type: ignore[import-untyped]
from PIL import Image

from grader.assets import prepare
from grader.labs import load_lab

__all__ = ["addressed", "photos", "stored"]

WIDTH, HEIGHT = 500, 375
"""Size of most pictures of COCO, which seed 003's notebooks score."""

_QUALITY = 90
_GRAIN = 12
"""Levels of noise added, which makes files about as large as those of photos."""


def stored(lab: str, dataset: str, column: str) -> list[bytes]:
    """Files of the test pictures of a dataset that a lab serves."""
    offered = load_lab(lab)
    folder = prepare(offered, offered.profile).datasets[dataset]
    (file,) = folder.glob("data/test-*.parquet")
    return [picture["bytes"] for picture in pq.read_table(file)[column].to_pylist()]


def addressed(lab: str) -> list[bytes]:
    """Files a lab serves at addresses."""
    offered = load_lab(lab)
    home = prepare(offered, offered.profile)
    files = (home.urls[address] for address in sorted(home.urls))
    return [file.read_bytes() for file in files]


def photos(number: int) -> list[bytes]:
    """JPEG files of soft shapes under noise, the same at every call."""
    random = np.random.default_rng(0)
    return [_photo(random) for _ in range(number)]


def _photo(random: np.random.Generator) -> bytes:
    shapes = Image.fromarray(random.integers(0, 256, (9, 12, 3), dtype=np.uint8))
    soft = np.asarray(shapes.resize((WIDTH, HEIGHT), Image.Resampling.BICUBIC), dtype=np.int16)
    noisy = soft + random.integers(-_GRAIN, _GRAIN + 1, soft.shape)
    file = io.BytesIO()
    Image.fromarray(noisy.clip(0, 255).astype(np.uint8)).save(file, "JPEG", quality=_QUALITY)
    return file.getvalue()
