"""Drawn leaves: three conditions of a bean leaf, standing in for the Beans photographs.

A diseased leaf blends the marks of its own disease with those of the other, and a mild case looks
much like a healthy leaf, so that some leaves cannot be told apart by any model.
"""

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from grader.assets.canvas import Canvas, Color, Pixels, cloud, photograph, vary

SIZE = 64
"""Side of a picture, in pixels."""

Floats = NDArray[np.float64]
Points = NDArray[np.float64]
"""``(n, 2)``, in units of the picture's side."""

NAMES = ("angular_leaf_spot", "bean_rust", "healthy")
"""Condition names in label order, as published."""

BLEND = 0.20
"""Standard deviation of the share a diseased leaf takes from the other disease."""

_MOST_BLENDED = 0.75
_MEAN_MARKS = 14.0
_MILD = 0.5
"""Least severity of a disease: the share of the mean number of marks."""

_BLEMISHES = 1.0
"""Mean number of marks on a healthy leaf."""

_SOIL: tuple[Color, ...] = ((120, 95, 70), (95, 110, 70), (150, 140, 120), (60, 80, 50))


class Mark(Struct, frozen=True, kw_only=True):
    """How one spot on a leaf looks."""

    radius: float
    """In units of the picture's side."""

    color: Color
    """Of the spot itself."""

    halo: float = 0.0
    """Width of the ring around it, in radii."""

    halo_color: Color = (205, 195, 80)
    """Of the ring."""

    angular: bool = False
    """Whether it is a polygon rather than round."""


class Outline(Struct, frozen=True, kw_only=True):
    """The shape and color of a leaf."""

    length: float = 0.44
    """Half the length, in units of the picture's side."""

    width: float = 0.27
    """Half the greatest width."""

    tip: float = 1.4
    """Sharpness of the tip; 1 is symmetric."""

    lobes: int = 0
    """Number of lobes along each edge."""

    color: Color = (75, 140, 60)
    """Of the blade."""


def draw_leaf(
    outline: Outline, marks: tuple[Mark, ...], rng: np.random.Generator, noise: float
) -> Pixels:
    """Draw one leaf with these marks at random places, ``(64, 64, 3)``.

    Args:
        outline: Shape and color of the blade.
        marks: Spots, drawn in this order.
        rng: Source of places, angle, background and noise.
        noise: Standard deviation of the camera's noise, in gray levels.
    """
    soil = _SOIL[int(rng.integers(len(_SOIL)))]
    canvas = Canvas(SIZE, cloud(rng, vary(rng, soil, 20), 25))
    turn = _turn(rng)
    canvas.polygon(_place(_edge(outline), turn), outline.color)
    _draw_veins(canvas, outline, turn)
    along = rng.uniform(0.12, 0.88, size=len(marks))
    across = rng.uniform(-0.8, 0.8, size=len(marks))
    for mark, place in zip(marks, _place(_at(outline, along, across), turn), strict=True):
        _draw_mark(canvas, mark, place, rng)
    return photograph(canvas.pixels(), rng, noise)


def draw_bean_leaf(name: str, rng: np.random.Generator) -> Pixels:
    """Draw one bean leaf in the condition of this name, ``(64, 64, 3)``.

    Args:
        name: One of ``NAMES``.
        rng: Source of everything that varies.
    """
    outline = Outline(
        length=rng.uniform(0.38, 0.47),
        width=rng.uniform(0.22, 0.32),
        tip=rng.uniform(1.2, 1.6),
        color=vary(rng, (75, 140, 60), 25),
    )
    marks = _blemishes(rng) if name == "healthy" else _lesions(name, rng)
    return draw_leaf(outline, marks, rng, rng.uniform(4.0, 14.0))


def _lesions(name: str, rng: np.random.Generator) -> tuple[Mark, ...]:
    share = min(abs(rng.normal(0.0, BLEND)), _MOST_BLENDED)
    rust = share if name == "angular_leaf_spot" else 1.0 - share
    severity = rng.uniform(_MILD, 1.4)
    count = 1 + rng.poisson(_MEAN_MARKS * severity * (0.75 + 0.6 * rust))
    return tuple(_lesion(rust, rng) for _ in range(count))


def _blemishes(rng: np.random.Generator) -> tuple[Mark, ...]:
    rust = rng.random()
    return tuple(_lesion(rust, rng) for _ in range(rng.poisson(_BLEMISHES)))


def _lesion(rust: float, rng: np.random.Generator) -> Mark:
    """A spot between angular leaf spot (``rust`` 0) and rust (1)."""
    angular, rusty = np.array([80.0, 52.0, 32.0]), np.array([175.0, 85.0, 35.0])
    r, g, b = ((1.0 - rust) * angular + rust * rusty).astype(int).tolist()
    mean = 0.054 - 0.022 * rust
    return Mark(
        radius=mean * rng.uniform(0.6, 1.4),
        color=vary(rng, (r, g, b), 18),
        halo=max(0.0, rust - 0.2) * rng.uniform(0.5, 1.3),
        angular=bool(rng.random() > rust),
    )


def _edge(outline: Outline) -> Points:
    """Corners around the blade in its own frame, ``(n, 2)``."""
    along = np.linspace(0.0, 1.0, 24)
    return np.concatenate([_at(outline, along, 1.0), _at(outline, along[::-1], -1.0)])


def _at(outline: Outline, along: float | Floats, across: float | Floats) -> Points:
    """Points at these shares of the length and of the half width, ``(n, 2)``."""
    steps = np.atleast_1d(along)
    half = outline.width * np.sin(np.pi * steps**outline.tip) ** 0.8
    lobed = half * (1.0 - 0.3 * np.sin(np.pi * outline.lobes * steps) ** 2)
    return np.stack([(1.0 - 2.0 * steps) * outline.length, across * lobed], axis=1)


def _turn(rng: np.random.Generator) -> Floats:
    angle = rng.uniform(0.0, 2.0 * np.pi)
    x, y = rng.uniform(0.46, 0.54, size=2)
    return np.array([[np.cos(angle), -np.sin(angle), x], [np.sin(angle), np.cos(angle), y]])


def _place(points: Points, turn: Floats) -> list[tuple[float, float]]:
    placed = points @ turn[:, :2].T + turn[:, 2]
    return [(float(x), float(y)) for x, y in placed]


def _draw_veins(canvas: Canvas, outline: Outline, turn: Floats) -> None:
    r, g, b = outline.color
    pale: Color = (min(255, r + 35), min(255, g + 35), min(255, b + 30))
    canvas.line(_place(_at(outline, np.array([0.0, 1.0]), 0.0), turn), pale, 0.018)
    for along in (0.25, 0.45, 0.65):
        for side in (-0.8, 0.8):
            vein = _at(outline, np.array([along, along + 0.12]), np.array([0.0, side]))
            canvas.line(_place(vein, turn), pale, 0.01)


def _draw_mark(
    canvas: Canvas, mark: Mark, at: tuple[float, float], rng: np.random.Generator
) -> None:
    ring = mark.radius * (1.0 + mark.halo)
    if mark.halo > 0.15:
        canvas.ellipse(at, (ring, ring), mark.halo_color)
    if not mark.angular:
        canvas.ellipse(at, (mark.radius, mark.radius), mark.color)
        return
    angles = np.sort(rng.uniform(0.0, 2.0 * np.pi, size=5))
    reach = mark.radius * rng.uniform(0.7, 1.5, size=5)
    corners = zip(at[0] + reach * np.cos(angles), at[1] + reach * np.sin(angles), strict=True)
    canvas.polygon([(float(x), float(y)) for x, y in corners], mark.color)
