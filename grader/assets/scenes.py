"""A drawn world of a few colored shapes on a ground, to be described and asked about.

Everything drawn depends only on the generator it is given. Coordinates of corners are rounded, so
that the last digit of a cosine, which differs between machines, cannot move a pixel.
"""

import math

import numpy as np
from msgspec import Struct

from grader.assets.canvas import Canvas, Color, Pixels, cloud, photograph, vary

SIZE = 64
"""Side of a picture, in pixels."""

COLORS: dict[str, Color] = {
    "red": (205, 40, 40),
    "orange": (235, 140, 40),
    "yellow": (240, 220, 60),
    "green": (40, 140, 60),
    "blue": (45, 75, 200),
    "purple": (130, 55, 160),
    "black": (30, 30, 35),
    "white": (245, 245, 245),
}
"""Colors an object may have."""

GROUNDS: dict[str, Color] = {
    "grass": (125, 170, 100),
    "sand": (215, 190, 140),
    "snow": (215, 222, 230),
    "water": (95, 140, 185),
}
"""What objects lie on."""

_HIDDEN = {"grass": "green", "sand": "yellow", "snow": "white", "water": "blue"}
"""Color that would hardly be seen on a ground."""

MOST = 4
"""Greatest number of objects in one group."""

SIDES = {"left of": (-1, 0), "above": (0, -1)}
"""Where the first of two objects lies, seen from the second; right and down are positive."""

_SPREAD = 20
"""Greatest difference of an object's color from the named one, in gray levels."""

_APART = 0.27
"""Least distance of two objects, center to center, in units of the picture's side."""

_MARGIN = 0.15

Points = tuple[tuple[float, float], ...]


def _around(count: int, *radii: float, start: float = -90.0) -> Points:
    """Corners at equal angles, with these radii in turn, from ``start`` degrees on."""
    angles = [math.radians(start + 360.0 * number / count) for number in range(count)]
    reach = [radii[number % len(radii)] for number in range(count)]
    return tuple(
        (round(r * math.cos(a), 4), round(r * math.sin(a), 4))
        for r, a in zip(reach, angles, strict=True)
    )


_RIM = (*_around(24, 1.0), _around(24, 1.0)[0])
_HOLE = tuple((0.55 * x, 0.55 * y) for x, y in reversed(_RIM))
_ARM = 0.34
_CROSS = (
    *((-_ARM, -1.0), (_ARM, -1.0), (_ARM, -_ARM), (1.0, -_ARM), (1.0, _ARM), (_ARM, _ARM)),
    *((_ARM, 1.0), (-_ARM, 1.0), (-_ARM, _ARM), (-1.0, _ARM), (-1.0, -_ARM), (-_ARM, -_ARM)),
)

SHAPES: dict[str, Points] = {
    "circle": _around(24, 1.0),
    "square": _around(4, 1.2, start=-45.0),
    "triangle": _around(3, 1.2),
    "star": _around(10, 1.25, 0.5),
    "cross": _CROSS,
    "ring": (*_RIM, *_HOLE),
}
"""Corners of each shape around its center, for a radius of one."""


class Group(Struct, frozen=True, kw_only=True):
    """Objects that look alike."""

    shape: str
    """A key of ``SHAPES``."""

    color: str
    """A key of ``COLORS``."""

    count: int
    """From one to ``MOST``."""


class Placed(Struct, frozen=True, kw_only=True):
    """One object where it lies."""

    shape: str
    color: str
    center: tuple[float, float]
    """Right and down, in units of the picture's side."""

    radius: float
    """In the same unit."""


class Scene(Struct, frozen=True, kw_only=True):
    """One picture and all that is true of it."""

    groups: tuple[Group, ...]
    """One or two, different in shape and in color."""

    side: str | None
    """Where the first of two single objects lies, seen from the second: a key of ``SIDES``."""

    ground: str
    """A key of ``GROUNDS``."""

    objects: tuple[Placed, ...]
    """Everything drawn, group by group."""

    pixels: Pixels
    """``(64, 64, 3)``."""

    @property
    def count(self) -> int:
        """Number of objects."""
        return len(self.objects)


def draw_scene(rng: np.random.Generator) -> Scene:
    """Draw one scene: one group, two objects side by side, or two groups.

    Args:
        rng: Source of everything that varies.
    """
    kind = rng.choice(["group", "pair", "groups"], p=[0.35, 0.4, 0.25])
    counts = {"group": [MOST], "pair": [1, 1], "groups": [3, 2]}[str(kind)]
    shapes = rng.permutation(list(SHAPES)).tolist()
    colors = rng.permutation(list(COLORS)).tolist()
    groups = tuple(
        Group(shape=shapes[place], color=colors[place], count=int(rng.integers(1, most + 1)))
        for place, most in enumerate(counts)
    )
    side = str(rng.choice(list(SIDES))) if sum(group.count for group in groups) == 2 else None
    side = side if len(groups) == 2 else None
    ground = _choose_ground(groups, rng)
    objects = _place(groups, side, rng)
    return Scene(
        groups=groups,
        side=side,
        ground=ground,
        objects=objects,
        pixels=_draw(objects, ground, rng),
    )


def _choose_ground(groups: tuple[Group, ...], rng: np.random.Generator) -> str:
    colors = {group.color for group in groups}
    return str(rng.choice([name for name in GROUNDS if _HIDDEN[name] not in colors]))


def _place(
    groups: tuple[Group, ...], side: str | None, rng: np.random.Generator
) -> tuple[Placed, ...]:
    looks = [group for group in groups for _ in range(group.count)]
    centers = _spread(len(looks), rng) if side is None else _side_by_side(side, rng)
    return tuple(
        Placed(
            shape=look.shape,
            color=look.color,
            center=center,
            radius=round(rng.uniform(0.085, 0.12), 4),
        )
        for look, center in zip(looks, centers, strict=True)
    )


def _spread(count: int, rng: np.random.Generator) -> list[tuple[float, float]]:
    """Random places that leave the objects apart; starts again where they got stuck."""
    while True:
        centers: list[tuple[float, float]] = []
        for _ in range(20 * count):
            x, y = rng.uniform(_MARGIN, 1.0 - _MARGIN, size=2).round(4).tolist()
            if all(math.dist((x, y), other) >= _APART for other in centers):
                centers.append((x, y))
            if len(centers) == count:
                return centers


def _side_by_side(side: str, rng: np.random.Generator) -> list[tuple[float, float]]:
    """Two places, the first on this side of the second and nearly in line with it."""
    across, down = SIDES[side]
    gap, slip = rng.uniform(0.3, 0.5), rng.uniform(-0.12, 0.12)
    dx, dy = across * gap + abs(down) * slip, down * gap + abs(across) * slip
    x, y = _between(dx, rng), _between(dy, rng)
    return [
        (round(x + dx / 2, 4), round(y + dy / 2, 4)),
        (round(x - dx / 2, 4), round(y - dy / 2, 4)),
    ]


def _between(distance: float, rng: np.random.Generator) -> float:
    """The middle of two places this far apart that both lie inside."""
    edge = _MARGIN + abs(distance) / 2
    return float(rng.uniform(edge, 1.0 - edge))


def _draw(objects: tuple[Placed, ...], ground: str, rng: np.random.Generator) -> Pixels:
    canvas = Canvas(SIZE, cloud(rng, vary(rng, GROUNDS[ground], 14), 16))
    for placed in objects:
        turn = math.radians(rng.uniform(-12.0, 12.0))
        canvas.polygon(_corners(placed, turn), vary(rng, COLORS[placed.color], _SPREAD))
    return photograph(canvas.pixels(), rng, rng.uniform(4.0, 16.0))


def _corners(placed: Placed, turn: float) -> list[tuple[float, float]]:
    (x, y), radius = placed.center, placed.radius
    cosine, sine = round(math.cos(turn), 4), round(math.sin(turn), 4)
    turned = [(u * cosine - v * sine, u * sine + v * cosine) for u, v in SHAPES[placed.shape]]
    return [(round(x + radius * u, 4), round(y + radius * v, 4)) for u, v in turned]
