"""A drawn world of ten classes, standing in for the photographs of CIFAR-10.

Every class has a sibling drawn from the same template. A picture is a blend of its class and the
sibling, most of them far on its own side and a few beyond the middle, so that some pictures cannot
be told apart by any model and the best possible accuracy stays below one.
"""

import numpy as np
from msgspec import Struct

from grader.assets.canvas import Canvas, Color, Pixels, cloud, photograph, vary
from grader.assets.figures import Animal, Flyer, Vehicle

SIZE = 32
"""Side of a picture, in pixels, as published."""

NAMES = (
    "airplane",
    "automobile",
    "bird",
    "cat",
    "deer",
    "dog",
    "frog",
    "horse",
    "ship",
    "truck",
)
"""Class names in label order, as published."""

COLORS: dict[str, Color] = {
    "white": (235, 235, 235),
    "grey": (135, 135, 140),
    "black": (35, 35, 35),
    "brown": (115, 75, 40),
    "orange": (225, 130, 40),
    "green": (60, 145, 60),
    "blue": (50, 85, 190),
    "red": (195, 40, 40),
    "yellow": (235, 205, 60),
}
"""Colors a thing may have."""

BLEND = 0.20
"""Standard deviation of the share a picture takes from the sibling class; beyond one half the
picture looks more like the sibling (about 1 % of pictures)."""

_MOST_BLENDED = 0.7
_JITTER = 0.13
_ODD_SCENERY = 0.3
_OCCLUDED = 0.3


_Figure = Animal | Vehicle | Flyer


class _Kind(Struct, frozen=True, kw_only=True):
    """How a class looks on average."""

    figure: _Figure
    sibling: str
    colors: tuple[str, ...]
    scenery: str


_SCENERY: dict[str, Color] = {
    "sky": (140, 185, 225),
    "road": (125, 125, 120),
    "water": (70, 115, 160),
    "grass": (105, 150, 85),
    "room": (175, 155, 130),
}

_KINDS: dict[str, _Kind] = {
    "airplane": _Kind(
        figure=Flyer(0.40, 0.06, 0.27, 0.14, 0.15, 0.00, 0.00, 0.00),
        sibling="bird",
        colors=("white", "grey", "blue", "red"),
        scenery="sky",
    ),
    "automobile": _Kind(
        figure=Vehicle(0.36, 0.13, -0.02, 0.20, 0.13, 0.00, 0.085, 0.00, 0.00),
        sibling="truck",
        colors=("red", "blue", "white", "black", "yellow", "grey"),
        scenery="road",
    ),
    "bird": _Kind(
        figure=Flyer(0.22, 0.10, 0.24, -0.12, 0.03, 0.09, 0.08, 0.03),
        sibling="airplane",
        colors=("blue", "red", "brown", "yellow", "black", "white"),
        scenery="sky",
    ),
    "cat": _Kind(
        figure=Animal(0.21, 0.12, 0.13, 0.06, 0.08, 0.13, 0.02, 0.12, 0, 0, 0.28, 0.8, 0.030),
        sibling="dog",
        colors=("orange", "grey", "black", "white", "brown"),
        scenery="room",
    ),
    "deer": _Kind(
        figure=Animal(0.19, 0.10, 0.28, 0.03, 0.19, 0.07, 0.08, 0.05, 0, 0.17, 0.05, 0.2, 0.012),
        sibling="horse",
        colors=("brown", "orange", "grey"),
        scenery="grass",
    ),
    "dog": _Kind(
        figure=Animal(0.22, 0.12, 0.18, 0.06, 0.09, 0.11, 0.12, 0, 0.13, 0, 0.16, 0.4, 0.020),
        sibling="cat",
        colors=("brown", "black", "white", "orange"),
        scenery="room",
    ),
    "frog": _Kind(
        figure=Animal(0.21, 0.14, 0.07, 0.10, 0.02, 0.14, 0.05, 0, 0, 0, 0, 0, 0.065),
        sibling="cat",
        colors=("green", "brown", "yellow"),
        scenery="grass",
    ),
    "horse": _Kind(
        figure=Animal(0.24, 0.12, 0.26, 0.05, 0.20, 0.08, 0.12, 0.04, 0, 0, 0.24, -0.9, 0.012),
        sibling="deer",
        colors=("brown", "black", "white", "grey"),
        scenery="grass",
    ),
    "ship": _Kind(
        figure=Vehicle(0.40, 0.14, -0.05, 0.15, 0.12, 0.00, 0.00, 0.15, 0.20),
        sibling="truck",
        colors=("white", "grey", "red", "blue", "black"),
        scenery="water",
    ),
    "truck": _Kind(
        figure=Vehicle(0.40, 0.12, 0.28, 0.11, 0.20, 0.29, 0.090, 0.00, 0.00),
        sibling="automobile",
        colors=("red", "blue", "white", "yellow", "green", "grey"),
        scenery="road",
    ),
}


class Thing(Struct, frozen=True):
    """One picture and what it shows."""

    pixels: Pixels
    """``(32, 32, 3)``."""

    color: str
    """Name of its main color, a key of ``COLORS``."""


def draw_thing(name: str, rng: np.random.Generator) -> Thing:
    """Draw one picture of the class of this name.

    Args:
        name: One of ``NAMES``.
        rng: Source of everything that varies.
    """
    kind = _KINDS[name]
    share = min(abs(rng.normal(0.0, BLEND)), _MOST_BLENDED)
    sibling = _KINDS[kind.sibling]
    look = sibling if rng.random() < share else kind
    color = str(rng.choice(look.colors))
    scenery = str(rng.choice(list(_SCENERY))) if rng.random() < _ODD_SCENERY else look.scenery
    canvas = Canvas(SIZE, cloud(rng, vary(rng, _SCENERY[scenery], 25), 18))
    _blend(kind.figure, sibling.figure, share, rng).draw(canvas, vary(rng, COLORS[color], 22))
    if rng.random() < _OCCLUDED:
        _occlude(canvas, rng)
    return Thing(_frame(photograph(canvas.pixels(), rng, rng.uniform(6.0, 26.0)), rng), color)


def _blend(own: _Figure, other: _Figure, share: float, rng: np.random.Generator) -> _Figure:
    mean = (1.0 - share) * np.array(own) + share * np.array(other)
    lengths = mean * (1.0 + rng.normal(0.0, _JITTER, size=len(mean)))
    return type(own)(*lengths.tolist())


def _occlude(canvas: Canvas, rng: np.random.Generator) -> None:
    x, y = rng.uniform(0.1, 0.9, size=2)
    color = vary(rng, (120, 120, 100), 60)
    canvas.ellipse((x, y), (rng.uniform(0.08, 0.2), rng.uniform(0.08, 0.2)), color)


def _frame(pixels: Pixels, rng: np.random.Generator) -> Pixels:
    moved = np.roll(pixels, rng.integers(-2, 3, size=2), axis=(0, 1))
    return np.ascontiguousarray(moved[:, ::-1]) if rng.random() < 0.5 else moved
