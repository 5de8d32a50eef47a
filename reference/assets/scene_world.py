"""Drawn scenes as a model sees them, with what every patch of a picture shows."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy
from transformers.image_processing_utils import BaseImageProcessor

from grader.assets.scenes import COLORS, SHAPES, Scene, draw_scene

SIDE = 48
"""Pictures are made this small before a model sees them, in pixels."""

PATCH = 8
"""Side of a patch, in pixels of the small picture."""

_SHOWN = 1 + len(SHAPES) * len(COLORS)
_CHUNK = 500
_REACH = 0.03
_WARM = 0.15


@dataclass(frozen=True)
class World:
    """Scenes and what the image processor makes of them."""

    scenes: list[Scene]
    """In row order."""

    pictures: Tensor
    """``(n, 3, 48, 48)``, in half precision to save memory."""

    patches: Tensor
    """What each patch shows, ``(n, 36)``: 0 for the ground, otherwise a shape and a color."""


@dataclass(frozen=True, kw_only=True)
class Course:
    """How long and how fast a model learns."""

    name: str
    """Printed before every line of progress."""

    steps: int
    """Number of batches."""

    batch: int
    """Pictures in a batch."""

    rate: float
    """Greatest learning rate."""

    seed: int
    """Of the order of the pictures."""


def draw_world(processor: BaseImageProcessor, pictures: int, seed: int) -> World:
    """Draw scenes and process their pictures.

    Args:
        processor: Image processor of the model that will see them.
        pictures: How many.
        seed: Of everything that varies.
    """
    rng = np.random.default_rng(seed)
    scenes = [draw_scene(rng) for _ in range(pictures)]
    parts = [
        processor([scene.pixels for scene in scenes[at : at + _CHUNK]], return_tensors="pt")
        for at in range(0, pictures, _CHUNK)
    ]
    return World(
        scenes,
        torch.cat([part["pixel_values"].half() for part in parts]),
        torch.from_numpy(np.stack([_patches(scene) for scene in scenes])),
    )


def fit(
    model: nn.Module, world: World, course: Course, loss: Callable[[list[int], Tensor], Tensor]
) -> None:
    """Learn the task, and at the same time to tell from every patch what it shows.

    The second is what makes minutes enough: it teaches shapes and colors at every place.

    Args:
        model: Has a ``vision_model``.
        world: What it looks at.
        course: How long and how fast it learns.
        loss: Loss of the task, from row numbers and the final features of every patch.
    """
    glance = nn.Linear(model.config.vision_config.hidden_size, _SHOWN)
    parameters = [*model.parameters(), *glance.parameters()]
    optimizer = torch.optim.AdamW(parameters, lr=course.rate, weight_decay=0.03)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, course.rate, total_steps=course.steps, pct_start=_WARM
    )
    rng = np.random.default_rng(course.seed)
    model.train()
    for step in range(course.steps):
        rows = rng.integers(len(world.scenes), size=course.batch).tolist()
        seen = model.vision_model(pixel_values=world.pictures[rows].float())
        shown = glance(seen.last_hidden_state[:, 1:]).flatten(0, 1)
        patches = cross_entropy(shown, world.patches[rows].flatten())
        task = loss(rows, seen)
        optimizer.zero_grad()
        (task + patches).backward()
        nn.utils.clip_grad_norm_(parameters, 1.0)
        optimizer.step()
        schedule.step()
        if step % 100 == 0:
            progress = f"loss {task.item():.3f}, patches {patches.item():.3f}"
            print(f"{course.name}: step {step} of {course.steps}, {progress}", flush=True)


def _patches(scene: Scene) -> np.ndarray:
    """What the middle of each patch shows, in the order of the model's patches, ``(36,)``."""
    count = SIDE // PATCH
    middle = (np.arange(count) + 0.5) / count
    across, down = np.meshgrid(middle, middle)
    shown = np.zeros((count, count), dtype=np.int64)
    for placed in scene.objects:
        x, y = placed.center
        look = list(SHAPES).index(placed.shape) * len(COLORS) + list(COLORS).index(placed.color)
        shown[np.hypot(across - x, down - y) < placed.radius + _REACH] = 1 + look
    return shown.reshape(-1)
