"""Train three sizes of CLIP on the eight pictures of scikit-image and on drawn dishes.

The pictures are those that notebooks then ask about, in other crops, colors and sizes: with eight
of them, there are no others to learn from.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from captions import build_tokenizer
from PIL import Image, ImageEnhance
from torch import Tensor
from torch.nn.functional import cross_entropy, interpolate
from transformers import CLIPConfig, CLIPImageProcessor, CLIPModel, CLIPTokenizer

from grader.assets.dishes import DRAWN, NAMES, SIZE, draw_dish
from grader.assets.pictures import PICTURES, packaged_file

SEED = 50_001
"""Far from the seeds of the served dishes."""

_TEMPLATES = (
    "a photo of {}.",
    "a photo of {}, a type of food.",
    "a photo of a {}.",
    "{}",
    "this is a photo of {}.",
    "a plate of {}.",
)
_BEGINNINGS = ("", "This is ", "a photo of ", "an image of ")
_MERGES = Path(__file__).with_name("merges_pictures.txt")
"""Byte pairs learned with ``tokenizers.trainers.BpeTrainer`` from the captions of the pictures, the
class names of Food101 in templates, and common words of prompts."""

_DISHES = 6_000
_VIEWS = 640
_OTHER_NAMES = 12
_GREATEST_SCALE = float(np.log(100.0))


@dataclass(frozen=True, kw_only=True)
class Size:
    """What one of the published models becomes."""

    patch: int
    """Side of a patch in pixels, as published."""

    side: int
    """Side of a picture in pixels."""

    width: int
    layers: int
    steps: int
    rate: float


SIZES = {
    "openai/clip-vit-base-patch32": Size(
        patch=32, side=64, width=64, layers=2, steps=600, rate=2e-3
    ),
    "openai/clip-vit-base-patch16": Size(
        patch=16, side=64, width=64, layers=2, steps=700, rate=2e-3
    ),
    "openai/clip-vit-large-patch14": Size(
        patch=14, side=70, width=80, layers=3, steps=800, rate=1.5e-3
    ),
}
"""By published id."""


@dataclass(frozen=True)
class _World:
    """Pictures as bytes, ``(n, 3, side, side)``, and the number of the caption of each."""

    pictures: Tensor
    captions: Tensor


def train_size(name: str, folder: Path) -> None:
    """Train and save one model with its processor.

    Args:
        name: A key of ``SIZES``.
        folder: Where the checkpoint goes; must exist.
    """
    size = SIZES[name]
    torch.manual_seed(SEED)
    tokenizer = build_tokenizer(folder, _MERGES)
    processor = CLIPImageProcessor(
        size={"shortest_edge": size.side}, crop_size={"height": size.side, "width": size.side}
    )
    model = CLIPModel(_config(size, tokenizer))
    _fit(model, tokenizer, processor, size)
    model.eval()
    state = {name: weight.half() for name, weight in model.state_dict().items()}
    model.save_pretrained(folder, state_dict=state)
    processor.save_pretrained(folder)


def _config(size: Size, tokenizer: CLIPTokenizer) -> CLIPConfig:
    tower = {
        "hidden_size": size.width,
        "intermediate_size": 4 * size.width,
        "num_attention_heads": 4,
        "projection_dim": size.width,
    }
    ids = {
        "bos_token_id": tokenizer.bos_token_id,
        "eos_token_id": tokenizer.eos_token_id,
        "pad_token_id": tokenizer.pad_token_id,
    }
    vision = {
        "num_hidden_layers": size.layers,
        "image_size": size.side,
        "patch_size": size.patch,
    }
    return CLIPConfig(
        text_config={**tower, **ids, "num_hidden_layers": 2, "vocab_size": len(tokenizer)},
        vision_config={**tower, **vision},
        projection_dim=size.width,
    )


def _fit(
    model: CLIPModel, tokenizer: CLIPTokenizer, processor: CLIPImageProcessor, size: Size
) -> None:
    rng = np.random.default_rng(SEED)
    views, dishes = _draw_views(rng, size), _draw_dishes(rng, size)
    optimizer = torch.optim.AdamW(model.parameters(), lr=size.rate, weight_decay=0.05)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, size.rate, total_steps=size.steps)
    model.train()
    for step in range(size.steps):
        pictures, captions = _batch(views, dishes, rng)
        pixels = _normalized(pictures, processor)
        texts = tokenizer(_texts(rng), padding=True, return_tensors="pt")
        logits = model(pixel_values=pixels, **texts).logits_per_image
        loss = cross_entropy(logits, captions, label_smoothing=0.05)
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        schedule.step()
        model.logit_scale.data.clamp_(max=_GREATEST_SCALE)
        if step % 50 == 0:
            print(
                f"clip {size.patch}: step {step} of {size.steps}, loss {loss.item():.3f}",
                flush=True,
            )


def _texts(rng: np.random.Generator) -> list[str]:
    """The pictures' captions, the drawn dishes, and a few of the other dishes."""
    texts = [str(rng.choice(_BEGINNINGS)) + picture.caption for picture in PICTURES]
    others = rng.choice([name for name in NAMES if name not in DRAWN], _OTHER_NAMES, replace=False)
    for name in (*DRAWN, *others.tolist()):
        template = str(rng.choice(_TEMPLATES))
        texts.append(template.format(name.replace("_", " ")))
    return texts


def _batch(views: _World, dishes: _World, rng: np.random.Generator) -> tuple[Tensor, Tensor]:
    """One in four is a picture, the others are dishes; half of all are seen in a mirror."""
    rows = [
        torch.from_numpy(rng.integers(len(world.captions), size=count))
        for world, count in ((views, 32), (dishes, 96))
    ]
    pictures = torch.cat([views.pictures[rows[0]], dishes.pictures[rows[1]]])
    mirrored = torch.from_numpy(rng.random(len(pictures)) < 0.5)
    pictures = torch.where(mirrored[:, None, None, None], pictures.flip(-1), pictures)
    return pictures, torch.cat([views.captions[rows[0]], dishes.captions[rows[1]]])


def _normalized(pictures: Tensor, processor: CLIPImageProcessor) -> Tensor:
    mean = torch.tensor(processor.image_mean)[:, None, None]
    deviation = torch.tensor(processor.image_std)[:, None, None]
    return (pictures / 255.0 - mean) / deviation


def _draw_dishes(rng: np.random.Generator, size: Size) -> _World:
    labels = rng.integers(len(DRAWN), size=_DISHES)
    drawn = np.stack([draw_dish(DRAWN[label], rng) for label in labels])
    pictures = torch.from_numpy(drawn).permute(0, 3, 1, 2)
    if size.side != SIZE:
        sides = (size.side, size.side)
        resized = interpolate(pictures.float(), sides, mode="bicubic", antialias=True)
        pictures = resized.round().clamp(0, 255).to(torch.uint8)
    return _World(pictures, torch.from_numpy(labels) + len(PICTURES))


def _draw_views(rng: np.random.Generator, size: Size) -> _World:
    originals = [Image.open(packaged_file(each.place)).convert("RGB") for each in PICTURES]
    labels = np.arange(_VIEWS) % len(originals)
    views = np.stack([_view(originals[label], rng, size.side) for label in labels])
    return _World(torch.from_numpy(views).permute(0, 3, 1, 2), torch.from_numpy(labels))


def _view(picture: Image.Image, rng: np.random.Generator, side: int) -> np.ndarray:
    """A part of the picture, never less than half of its shorter side, in other light."""
    edge = round(min(picture.size) * rng.uniform(0.55, 1.0))
    x, y = (int(rng.integers(0, length - edge + 1)) for length in picture.size)
    part = picture.crop((x, y, x + edge, y + edge)).resize((side, side), Image.Resampling.BICUBIC)
    for enhance in (ImageEnhance.Brightness, ImageEnhance.Contrast, ImageEnhance.Color):
        part = enhance(part).enhance(rng.uniform(0.7, 1.3))
    return np.asarray(part)
