"""Train the stand-in for ``google/vit-base-patch16-224-in21k`` on a broad world of leaves."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from flora import CLASSES, draw_plant
from torch import nn
from torch.nn.functional import cross_entropy
from transformers import ViTConfig, ViTImageProcessor, ViTModel

from grader.assets.leaves import SIZE

SEED = 10_001
"""Far from the seeds of the served pictures."""

_PICTURES = 24_000
_STEPS = 3_000
_BATCH = 128
_RATE = 1.2e-3
_WIDTH = 128
_LAYERS = 3
_HEADS = 4

_FEATURE_SCALE = 8.0
"""Factor on the final features. With it, and a small ``initializer_range`` for the new head, the
learning rates and the few epochs that suit the published checkpoint suit this one too."""

_INITIALIZER_RANGE = 0.002


@dataclass(frozen=True)
class _World:
    """Pictures with their attributes."""

    pictures: torch.Tensor
    labels: dict[str, torch.Tensor]


def train_vit(folder: Path) -> None:
    """Pre-train and save the model, without any classification head, and its image processor.

    Args:
        folder: Where the checkpoint goes; must exist.
    """
    torch.manual_seed(SEED)
    processor = ViTImageProcessor(size={"height": SIZE, "width": SIZE})
    model = ViTModel(_config())
    _fit(model, _draw_world(processor))
    with torch.no_grad():
        model.layernorm.weight.mul_(_FEATURE_SCALE)
        model.layernorm.bias.mul_(_FEATURE_SCALE)
        model.pooler.dense.weight.div_(_FEATURE_SCALE)
    model.config.initializer_range = _INITIALIZER_RANGE
    model.eval().save_pretrained(folder)
    processor.save_pretrained(folder)


def _config() -> ViTConfig:
    return ViTConfig(
        image_size=SIZE,
        patch_size=16,
        hidden_size=_WIDTH,
        intermediate_size=4 * _WIDTH,
        num_hidden_layers=_LAYERS,
        num_attention_heads=_HEADS,
    )


def _draw_world(processor: ViTImageProcessor) -> _World:
    rng = np.random.default_rng(SEED)
    plants = [draw_plant(rng) for _ in range(_PICTURES)]
    pictures = processor([plant.pixels for plant in plants], return_tensors="pt")["pixel_values"]
    labels = {name: torch.tensor([plant.labels[name] for plant in plants]) for name in CLASSES}
    return _World(pictures, labels)


def _fit(model: ViTModel, world: _World) -> None:
    """Predict every attribute from the class token, and from the pooled output."""
    heads = nn.ModuleDict({name: nn.Linear(2 * _WIDTH, count) for name, count in CLASSES.items()})
    parameters = [*model.parameters(), *heads.parameters()]
    optimizer = torch.optim.AdamW(parameters, lr=_RATE, weight_decay=0.05)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, _RATE, total_steps=_STEPS)
    rng = np.random.default_rng(SEED)
    model.train()
    for step in range(_STEPS):
        rows = torch.from_numpy(rng.integers(_PICTURES, size=_BATCH))
        loss = _loss(model, heads, _turned(world.pictures[rows], rng), rows, world)
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(parameters, 1.0)
        optimizer.step()
        schedule.step()
        if step % 100 == 0:
            print(f"vit: step {step} of {_STEPS}, loss {loss.item():.3f}", flush=True)


def _turned(pictures: torch.Tensor, rng: np.random.Generator) -> torch.Tensor:
    """The batch in one of the eight ways a square can lie."""
    turned = torch.rot90(pictures, int(rng.integers(4)), dims=(2, 3))
    return turned.flip(3) if rng.random() < 0.5 else turned


def _loss(
    model: ViTModel,
    heads: nn.ModuleDict,
    pictures: torch.Tensor,
    rows: torch.Tensor,
    world: _World,
) -> torch.Tensor:
    output = model(pixel_values=pictures)
    features = torch.cat([output.last_hidden_state[:, 0], output.pooler_output], dim=1)
    losses = [
        cross_entropy(heads[name](features), labels[rows], ignore_index=-1)
        for name, labels in world.labels.items()
    ]
    return torch.stack(losses).mean()
