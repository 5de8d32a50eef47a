"""A broad drawn world of leaves, for pre-training the ViT stand-in.

Its labels are attributes: outline, color of the blade, and kind, color and number of the marks. The
conditions of a bean leaf are not among them.
"""

from dataclasses import dataclass

import numpy as np

from grader.assets.canvas import Color, Pixels, vary
from grader.assets.leaves import Mark, Outline, draw_leaf

OUTLINES = (
    Outline(),
    Outline(width=0.14),
    Outline(width=0.38, length=0.40),
    Outline(lobes=2, width=0.34),
    Outline(lobes=4, width=0.34),
    Outline(tip=2.4),
)
"""Oval, narrow, round, two shapes with lobes, long-tipped."""

BLADES: tuple[Color, ...] = (
    (75, 140, 60),
    (165, 185, 70),
    (50, 90, 70),
    (150, 60, 60),
    (120, 70, 140),
    (200, 160, 60),
)
"""Green, lime, dark green, red, purple, yellow."""

MARK_KINDS = ("round", "angular", "haloed")
"""What a mark looks like; with its size this makes six kinds."""

MARK_COLORS: tuple[Color, ...] = (
    (235, 235, 225),
    (30, 30, 35),
    (70, 90, 170),
    (205, 110, 160),
    (120, 115, 105),
    (95, 65, 40),
    (200, 110, 50),
)
"""White, black, blue, pink, grey, brown, orange."""

AMOUNTS = (0, 2, 5, 10, 18)
"""Mean number of marks at each level; the first has none."""

CLASSES = {
    "outline": len(OUTLINES),
    "blade": len(BLADES),
    "kind": 2 * len(MARK_KINDS),
    "color": len(MARK_COLORS),
    "amount": len(AMOUNTS),
}
"""Number of classes of each attribute."""


@dataclass(frozen=True)
class Plant:
    """One picture and its attributes."""

    pixels: Pixels
    """``(64, 64, 3)``."""

    labels: dict[str, int]
    """By attribute; -1 where a leaf without marks has no such attribute."""


def draw_plant(rng: np.random.Generator) -> Plant:
    """Draw one leaf with attributes chosen at random."""
    labels = {name: int(rng.integers(count)) for name, count in CLASSES.items()}
    shape = OUTLINES[labels["outline"]]
    outline = Outline(
        length=shape.length * rng.uniform(0.88, 1.05),
        width=shape.width * rng.uniform(0.85, 1.1),
        tip=shape.tip,
        lobes=shape.lobes,
        color=vary(rng, BLADES[labels["blade"]], 20),
    )
    marks = _marks(labels, rng)
    if not marks:
        labels |= {"kind": -1, "color": -1, "amount": 0}
    return Plant(draw_leaf(outline, marks, rng, rng.uniform(4.0, 18.0)), labels)


def _marks(labels: dict[str, int], rng: np.random.Generator) -> tuple[Mark, ...]:
    amount = labels["amount"]
    count = 1 + rng.poisson(AMOUNTS[amount]) if amount else 0
    return tuple(_mark(labels["kind"], MARK_COLORS[labels["color"]], rng) for _ in range(count))


def _mark(kind: int, color: Color, rng: np.random.Generator) -> Mark:
    large, shape = divmod(kind, len(MARK_KINDS))
    mean = 0.05 if large else 0.03
    return Mark(
        radius=mean * rng.uniform(0.7, 1.3),
        color=vary(rng, color, 18),
        halo=rng.uniform(0.5, 1.1) if MARK_KINDS[shape] == "haloed" else 0.0,
        halo_color=vary(rng, (210, 200, 120), 40),
        angular=MARK_KINDS[shape] == "angular",
    )
