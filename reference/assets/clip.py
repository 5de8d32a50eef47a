"""Train the stand-in for ``openai/clip-vit-base-patch32`` on drawn things and their captions."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from captions import TEMPLATES, build_tokenizer, names_of
from torch.nn.functional import cross_entropy
from transformers import (
    CLIPConfig,
    CLIPImageProcessor,
    CLIPModel,
    CLIPProcessor,
    CLIPTokenizer,
)

from grader.assets.things import COLORS, NAMES, SIZE, draw_thing

SEED = 20_001
"""Far from the seeds of the served pictures."""

_PICTURES = 16_000
_STEPS = 2_000
_BATCH = 128
_RATE = 1.5e-3
_WIDTH = 96
_LAYERS = 3
_HEADS = 4
_PROJECTION = 64


@dataclass(frozen=True)
class _World:
    """Pictures with the class and the color each shows."""

    pictures: torch.Tensor
    classes: torch.Tensor
    colors: torch.Tensor


def train_clip(folder: Path) -> None:
    """Train and save the model with its processor.

    Args:
        folder: Where the checkpoint goes; must exist.
    """
    torch.manual_seed(SEED)
    tokenizer = build_tokenizer(folder)
    processor = CLIPProcessor(_image_processor(), tokenizer)
    model = CLIPModel(_config(tokenizer))
    _fit(model, tokenizer, _draw_world(processor.image_processor))
    model.eval().save_pretrained(folder)
    processor.image_processor.save_pretrained(folder)


def _image_processor() -> CLIPImageProcessor:
    """Published steps at the stored size, so that resizing and cropping change nothing."""
    return CLIPImageProcessor(
        size={"shortest_edge": SIZE}, crop_size={"height": SIZE, "width": SIZE}
    )


def _config(tokenizer: CLIPTokenizer) -> CLIPConfig:
    tower = {
        "hidden_size": _WIDTH,
        "intermediate_size": 4 * _WIDTH,
        "num_attention_heads": _HEADS,
        "projection_dim": _PROJECTION,
    }
    ids = {
        "bos_token_id": tokenizer.bos_token_id,
        "eos_token_id": tokenizer.eos_token_id,
        "pad_token_id": tokenizer.pad_token_id,
    }
    return CLIPConfig(
        text_config={**tower, **ids, "num_hidden_layers": 2, "vocab_size": len(tokenizer)},
        vision_config={
            **tower,
            "num_hidden_layers": _LAYERS,
            "image_size": SIZE,
            "patch_size": 8,
        },
        projection_dim=_PROJECTION,
    )


def _draw_world(processor: CLIPImageProcessor) -> _World:
    rng = np.random.default_rng(SEED)
    classes = rng.integers(len(NAMES), size=_PICTURES)
    things = [draw_thing(NAMES[number], rng) for number in classes]
    pictures = processor([thing.pixels for thing in things], return_tensors="pt")["pixel_values"]
    colors = [list(COLORS).index(thing.color) for thing in things]
    return _World(pictures, torch.from_numpy(classes), torch.tensor(colors))


def _fit(model: CLIPModel, tokenizer: CLIPTokenizer, world: _World) -> None:
    optimizer = torch.optim.AdamW(model.parameters(), lr=_RATE, weight_decay=0.02)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, _RATE, total_steps=_STEPS)
    rng = np.random.default_rng(SEED)
    model.train()
    for step in range(_STEPS):
        rows = torch.from_numpy(rng.integers(_PICTURES, size=_BATCH))
        loss = _loss(model, tokenizer, world, rows, rng)
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        schedule.step()
        model.logit_scale.data.clamp_(max=float(np.log(100.0)))
        if step % 100 == 0:
            print(f"clip: step {step} of {_STEPS}, loss {loss.item():.3f}", flush=True)


def _loss(
    model: CLIPModel,
    tokenizer: CLIPTokenizer,
    world: _World,
    rows: torch.Tensor,
    rng: np.random.Generator,
) -> torch.Tensor:
    """Contrast every picture with all class names, and with all colored names in the batch."""
    classes, colors = world.classes[rows], world.colors[rows]
    pairs, positions = torch.unique(classes * len(COLORS) + colors, return_inverse=True)
    plain = [_caption(number, None, rng) for number in range(len(NAMES))]
    colored = [
        _caption(pair // len(COLORS), list(COLORS)[pair % len(COLORS)], rng)
        for pair in pairs.tolist()
    ]
    inputs = tokenizer(plain + colored, padding=True, return_tensors="pt")
    output = model(pixel_values=world.pictures[rows], **inputs)
    named, described = output.logits_per_image.split([len(plain), len(colored)], dim=1)
    back = cross_entropy(described.T, _first_rows(positions, len(pairs)))
    return cross_entropy(named, classes) + cross_entropy(described, positions) + 0.2 * back


def _first_rows(positions: torch.Tensor, count: int) -> torch.Tensor:
    """For each caption, one picture of the batch that it describes."""
    rows = torch.zeros(count, dtype=torch.long)
    rows[positions.flip(0)] = torch.arange(len(positions) - 1, -1, -1)
    return rows


def _caption(number: int, color: str | None, rng: np.random.Generator) -> str:
    nouns = names_of(NAMES[number])
    noun = nouns[0] if rng.random() < 0.6 else str(rng.choice(nouns))
    template = str(rng.choice(TEMPLATES))
    return template.format(noun if color is None else f"{color} {noun}")
