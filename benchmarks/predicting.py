"""Predicting picture by picture, as students do, and in batches, as a reference run should.

``loop`` calls the processor, which reads the prompts again, and then the model for every picture:
``classify_image_clip`` and ``generate_caption_blip`` of a student's notebook (seed 003).
``batched`` reads the prompts once, decodes and resizes in threads while the model computes, and may
compute in 16 bits, as the staff notebooks do; beyond them it uses every core and sends a picture's
bytes to the device rather than floating-point numbers.
"""

import io
import os
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
import torch
from PIL import Image

__all__ = ["Blip", "Clip", "Predictions", "Predictor", "Vit", "batched", "loop", "next_batch"]

_AT_ONCE = 8
"""Pictures a thread prepares in one call of the processor, which has a cost of its own."""


@dataclass(frozen=True, kw_only=True)
class Predictions:
    """What a model said of some pictures."""

    texts: tuple[str, ...]
    """Best class, or caption."""

    probabilities: np.ndarray
    """Of every class, shape (pictures, classes); of a model that writes, shape (pictures, 0)."""


class Predictor(Protocol):
    """A model with its processor, on a device."""

    model: Any
    processor: Any

    def one(self, picture: Image.Image) -> Predictions:
        """Predict from one picture, as students do."""
        ...

    def prompts(self) -> torch.Tensor:
        """Whatever is the same for all pictures, computed once."""
        ...

    def many(self, pixels: torch.Tensor, prompts: torch.Tensor) -> torch.Tensor:
        """Predict from normalised pixels, shape (pictures, 3, height, width), on the device."""
        ...

    def said(self, outputs: Sequence[torch.Tensor]) -> Predictions:
        """What ``many`` returned for each batch, in words."""
        ...


@dataclass(frozen=True, kw_only=True)
class Vit:
    """A model with one output for each class."""

    model: Any
    processor: Any

    def one(self, picture: Image.Image) -> Predictions:
        """Softmax of one picture's logits."""
        inputs = self.processor(images=picture, return_tensors="pt").to(self.model.device)
        with torch.no_grad():
            logits = self.model(**inputs).logits
        return self.said([logits])

    def prompts(self) -> torch.Tensor:
        """Nothing is asked."""
        return torch.empty(0)

    def many(self, pixels: torch.Tensor, prompts: torch.Tensor) -> torch.Tensor:
        """Logits, shape (pictures, classes)."""
        logits: torch.Tensor = self.model(pixel_values=pixels).logits
        return logits

    def said(self, outputs: Sequence[torch.Tensor]) -> Predictions:
        """The best classes."""
        names = self.model.config.id2label
        return _classes(outputs, [names[number] for number in sorted(names)])


@dataclass(frozen=True, kw_only=True)
class Clip:
    """A model that compares a picture with every prompt."""

    model: Any
    processor: Any
    labels: tuple[str, ...]

    def one(self, picture: Image.Image) -> Predictions:
        """``classify_image_clip`` of seed 003."""
        inputs = self.processor(
            text=list(self.labels), images=picture, return_tensors="pt", padding=True
        ).to(self.model.device)
        with torch.no_grad():
            logits = self.model(**inputs).logits_per_image
        return self.said([logits])

    def prompts(self) -> torch.Tensor:
        """Embeddings of unit length times the model's scale, shape (labels, width)."""
        inputs = self.processor(text=list(self.labels), return_tensors="pt", padding=True)
        features = self.model.get_text_features(**inputs.to(self.model.device)).pooler_output
        scaled: torch.Tensor = _of_unit_length(features) * self.model.logit_scale.exp()
        return scaled

    def many(self, pixels: torch.Tensor, prompts: torch.Tensor) -> torch.Tensor:
        """Logits, shape (pictures, labels)."""
        features = self.model.get_image_features(pixel_values=pixels).pooler_output
        # Logits of CLIP lie near 25, where bfloat16 has steps of an eighth: classes would tie.
        with torch.autocast(pixels.device.type, enabled=False):
            return _of_unit_length(features) @ prompts.T

    def said(self, outputs: Sequence[torch.Tensor]) -> Predictions:
        """The best labels."""
        return _classes(outputs, self.labels)


@dataclass(frozen=True, kw_only=True)
class Blip:
    """A model that writes captions."""

    model: Any
    processor: Any
    length: Mapping[str, int] = field(default_factory=lambda: {"max_length": 50})
    """Options of ``generate``; those of seed 003 by default."""

    def one(self, picture: Image.Image) -> Predictions:
        """``generate_caption_blip`` of seed 003."""
        inputs = self.processor(images=picture, return_tensors="pt").to(self.model.device)
        with torch.no_grad():
            tokens = self.model.generate(**inputs, **self.length)
        return self.said([tokens])

    def prompts(self) -> torch.Tensor:
        """Nothing is asked."""
        return torch.empty(0)

    def many(self, pixels: torch.Tensor, prompts: torch.Tensor) -> torch.Tensor:
        """Tokens, shape (pictures, length of the longest caption)."""
        tokens: torch.Tensor = self.model.generate(pixel_values=pixels, **self.length)
        return tokens

    def said(self, outputs: Sequence[torch.Tensor]) -> Predictions:
        """The captions."""
        texts = [
            text
            for tokens in outputs
            for text in self.processor.batch_decode(tokens, skip_special_tokens=True)
        ]
        return Predictions(texts=tuple(texts), probabilities=np.empty((len(texts), 0)))


def loop(predictor: Predictor, pictures: Sequence[bytes]) -> Predictions:
    """Predict from encoded pictures one after another."""
    every = [predictor.one(Image.open(io.BytesIO(picture))) for picture in pictures]
    return Predictions(
        texts=tuple(text for each in every for text in each.texts),
        probabilities=np.concatenate([each.probabilities for each in every]),
    )


def batched(
    predictor: Predictor, pictures: Sequence[bytes], size: int, kind: torch.dtype | None
) -> Predictions:
    """Predict from encoded pictures in batches.

    Args:
        predictor: The model.
        pictures: Encoded pictures.
        size: Pictures in a batch.
        kind: What autocast computes in; None for no autocast.
    """
    device = predictor.model.device
    scale, outputs = _Scale(predictor), list[torch.Tensor]()
    with torch.inference_mode():
        # In full precision: it is done once, and every prediction depends on it.
        prompts = predictor.prompts()
        # One context for all batches: autocast converts the weights once and keeps them.
        with torch.autocast(device.type, dtype=kind, enabled=kind is not None):
            for pixels in _batches(predictor, pictures, size):
                moved = pixels.to(device, non_blocking=True)
                outputs.append(predictor.many(scale(moved), prompts))
        return predictor.said(outputs)


def next_batch(predictor: Predictor, pictures: Sequence[bytes]) -> torch.Tensor:
    """Encoded pictures as ``Predictor.many`` wants them, prepared here and now."""
    pixels = _pixels(_images_of(predictor), pictures)
    return _Scale(predictor)(pixels.to(predictor.model.device))


class _Scale:
    """Turns bytes on the device into the numbers its image processor would have made of them."""

    def __init__(self, predictor: Predictor) -> None:
        images = _images_of(predictor)
        # Made once: a copy of its own for every batch would wait for the batch before.
        self._mean, self._spread = (
            torch.tensor(each, device=predictor.model.device).reshape(-1, 1, 1)
            for each in (images.image_mean, images.image_std)
        )
        self._factor = images.rescale_factor

    def __call__(self, pixels: torch.Tensor) -> torch.Tensor:
        return (pixels * self._factor - self._mean) / self._spread


def _batches(predictor: Predictor, pictures: Sequence[bytes], size: int) -> Iterator[torch.Tensor]:
    """Pixels of each batch as bytes, prepared in threads ahead of their use."""
    parts = [pictures[start : start + _AT_ONCE] for start in range(0, len(pictures), _AT_ONCE)]
    waiting: list[torch.Tensor] = []
    pinned = predictor.model.device.type == "cuda"
    for pixels in _ahead(parts, lambda part: _pixels(_images_of(predictor), part), 4 * size):
        waiting.append(pixels)
        if sum(map(len, waiting)) >= size:
            together = torch.cat(waiting)
            yield together[:size].pin_memory() if pinned else together[:size]
            waiting = [together[size:]] if len(together) > size else []
    if waiting:
        yield torch.cat(waiting)


def _ahead(
    parts: Sequence[Sequence[bytes]],
    prepare: Callable[[Sequence[bytes]], torch.Tensor],
    pictures: int,
) -> Iterator[torch.Tensor]:
    """Results in order, of which threads compute so many pictures' beforehand, and no more."""
    most = max(pictures // _AT_ONCE, 2)
    under_way: deque[Future[torch.Tensor]] = deque()
    with ThreadPoolExecutor(os.cpu_count()) as threads:
        for part in parts:
            under_way.append(threads.submit(prepare, part))
            if len(under_way) == most:
                yield under_way.popleft().result()
        while under_way:
            yield under_way.popleft().result()


def _pixels(images: Any, encoded: Sequence[bytes]) -> torch.Tensor:  # noqa: ANN401 - any processor
    opened = [Image.open(io.BytesIO(each)).convert("RGB") for each in encoded]
    done = images(images=opened, do_rescale=False, do_normalize=False, return_tensors="pt")
    pixels: torch.Tensor = done.pixel_values
    return pixels


def _images_of(predictor: Predictor) -> Any:  # noqa: ANN401 - any image processor
    return getattr(predictor.processor, "image_processor", predictor.processor)


def _of_unit_length(features: torch.Tensor) -> torch.Tensor:
    return torch.nn.functional.normalize(features.float(), dim=-1)


def _classes(outputs: Sequence[torch.Tensor], names: Sequence[str]) -> Predictions:
    # One copy from the device at the end: fetching every batch would wait for every batch.
    probabilities = torch.cat(list(outputs)).float().softmax(dim=-1).cpu().numpy()
    best = probabilities.argmax(axis=-1)
    return Predictions(texts=tuple(names[each] for each in best), probabilities=probabilities)
