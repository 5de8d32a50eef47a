"""Digests that tell pictures, and what models are given of them, apart from all others.

Two pictures have one digest if they have the same pixels, whatever file they came in and whether
they are an image or an array; the harness knows the digests of what it serves. What a processor
made of a picture has one digest there and in the model it is given to.
"""

from __future__ import annotations

import hashlib
import warnings
from typing import Callable

from . import plain
from .foreign import Foreign, library, loaded
from .recorder import Recorder

CHARACTERS = 16
"""Of a digest in hexadecimal: among a million pictures two have the same with a chance of 1 in 37
million."""

_MAX_SAMPLED = 1 << 14
"""Numbers of one input that are digested, evenly spread: a picture of 224 x 224 has 150,000."""
_WITHOUT_COLORS = 2
_COLORS = 3
_PICTURE_DIMENSIONS = 3
_SIMPLE_MODES = ("RGB", "L")


class Digester:
    """Digests within the bounds of a recorder.

    Functions of libraries are looked up when it is made: a notebook may replace them.
    """

    def __init__(self, recorder: Recorder) -> None:
        self._recorder = recorder
        image: Foreign = library("PIL.Image").Image
        self._image = image
        self._convert: Callable[..., Foreign] = image.convert
        self._to_bytes: Callable[..., bytes] = image.tobytes
        self._size: Callable[..., tuple[int, int]] = image.size.fget
        tensor: Foreign = getattr(loaded("torch"), "Tensor", None)
        self._tensor = tensor
        self._detach: Callable[..., Foreign] = getattr(tensor, "detach", None)  # type: ignore[assignment]
        self._numpy = library("numpy")
        self._array = self._numpy.ndarray

    def is_picture(self, value: Foreign) -> bool:
        """Whether it is an image of Pillow's, or an array of pixels."""
        kind = type(value)
        if kind is self._array:
            return _is_of_pixels(value.dtype == "uint8", value.shape, -1)
        if kind is self._tensor:
            return _is_of_pixels(str(value.dtype) == "torch.uint8", tuple(value.shape), 0)
        return plain.is_class_of_library(kind, "PIL") and issubclass(kind, self._image)

    def picture(self, value: Foreign) -> str | None:
        """Of the width, the height and the pixels as RGB, row by row.

        ``None`` if it is no picture, or too much was digested already.
        """
        if not self.is_picture(value):
            return None
        if isinstance(value, self._image):
            width, height = self._size(value)
        elif type(value) is self._array:
            height, width = value.shape[:2]
        else:
            height, width = value.shape[-2:]
        if not self._recorder.may_digest(_COLORS * width * height):
            return None
        digest = hashlib.sha256(f"{width}x{height}".encode())
        digest.update(self._pixels(value))
        return digest.hexdigest()[:CHARACTERS]

    def rows(self, batch: Foreign) -> list[str] | None:
        """Of every row of a batch of inputs; ``None`` if too much was digested already.

        Args:
            batch: Tensor or array of numbers, the first dimension of which counts the rows.
        """
        flat = batch.reshape(batch.shape[0], -1)
        step = max(1, flat.shape[1] // _MAX_SAMPLED)
        sample = flat[:, ::step]
        if not self._recorder.may_digest(4 * sample.shape[0] * sample.shape[1]):
            return None
        plain_rows = self._plain(sample)
        return [hashlib.sha256(row).hexdigest()[:CHARACTERS] for row in plain_rows]

    def matrix(self, value: Foreign) -> Foreign:
        """The elements of a tensor or array as an array of 32-bit floats."""
        return self._plain(value)

    def _plain(self, value: Foreign) -> Foreign:
        if type(value) is self._tensor:
            value = self._detach(value).cpu()
            value = (value.float() if value.is_floating_point() else value).numpy()
        kind = "<f4" if value.dtype.kind == "f" else "<i8"
        return self._numpy.ascontiguousarray(value, dtype=kind)

    def _pixels(self, value: Foreign) -> bytes:
        if isinstance(value, self._image):
            if value.mode in _SIMPLE_MODES:
                return self._to_bytes(self._convert(value, "RGB"))
            with warnings.catch_warnings():
                # About what the notebook did not ask for.
                warnings.simplefilter("ignore")
                return self._to_bytes(self._convert(value, "RGB"))
        if type(value) is self._tensor:
            value = self._detach(value).cpu().numpy()
            value = value.transpose(1, 2, 0) if value.ndim == _PICTURE_DIMENSIONS else value
        if value.ndim == _WITHOUT_COLORS:
            value = value[:, :, None]
        if value.shape[-1] == 1:
            value = value.repeat(_COLORS, axis=-1)
        return value.tobytes()  # type: ignore[no-any-return]


def _is_of_pixels(bytes_each: bool, shape: tuple[int, ...], colors: int) -> bool:
    if not bytes_each or 0 in shape:
        return False
    if len(shape) == _WITHOUT_COLORS:
        return min(shape) > 1
    return len(shape) == _PICTURE_DIMENSIONS and shape[colors] in (1, _COLORS)
