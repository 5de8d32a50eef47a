"""Drawing in unit coordinates, and what a camera does to a drawing.

Everything drawn depends only on the generator it is given, so that the same seed gives the same
pixels on every machine.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

Color = tuple[int, int, int]
Points = Sequence[tuple[float, float]]
Pixels = NDArray[np.uint8]
"""``(height, width, 3)``, RGB."""

_OVERSAMPLING = 3


class Canvas:
    """A square drawing, oversampled so that edges come out smooth.

    Coordinates run from 0 to 1, right and down; lengths are in the same unit.
    """

    def __init__(self, size: int, background: Pixels) -> None:
        self._size = size
        self._side = size * _OVERSAMPLING
        image = Image.fromarray(background)
        self._image = image.resize((self._side, self._side), Image.Resampling.BILINEAR)
        self._draw = ImageDraw.Draw(self._image)

    def polygon(self, points: Points, fill: Color) -> None:
        """Fill the polygon with these corners."""
        self._draw.polygon([(x * self._side, y * self._side) for x, y in points], fill=fill)

    def ellipse(self, center: tuple[float, float], radii: tuple[float, float], fill: Color) -> None:
        """Fill an upright ellipse; nothing is drawn where a radius is not positive."""
        if min(radii) <= 0:
            return
        (x, y), (rx, ry) = center, radii
        box = [v * self._side for v in (x - rx, y - ry, x + rx, y + ry)]
        self._draw.ellipse(box, fill=fill)

    def line(self, points: Points, fill: Color, width: float) -> None:
        """Draw an open line of this width; nothing is drawn where it is thinner than a hair."""
        pixels = round(width * self._side)
        if pixels > 0:
            corners = [(x * self._side, y * self._side) for x, y in points]
            self._draw.line(corners, fill=fill, width=pixels)

    def pixels(self) -> Pixels:
        """The finished drawing, ``(size, size, 3)``."""
        return np.asarray(self._image.reduce(_OVERSAMPLING), dtype=np.uint8)


def cloud(rng: np.random.Generator, color: Color, spread: int, grid: int = 4) -> Pixels:
    """A coarse field of colors around ``color``, ``(grid, grid, 3)``, for use as background."""
    field = np.array(color) + rng.integers(-spread, spread + 1, size=(grid, grid, 3))
    return np.clip(field, 0, 255).astype(np.uint8)


def photograph(pixels: Pixels, rng: np.random.Generator, noise: float) -> Pixels:
    """The drawing as a camera sees it: exposure, tint, and noise of this standard deviation."""
    exposure = rng.uniform(0.7, 1.2)
    tint = rng.normal(0.0, 8.0, size=3)
    grain = rng.normal(0.0, noise, size=pixels.shape)
    seen = (pixels.astype(np.float64) - 128.0) * exposure + 128.0 + tint + grain
    return np.clip(np.rint(seen), 0, 255).astype(np.uint8)


def vary(rng: np.random.Generator, color: Color, spread: int) -> Color:
    """A color near this one."""
    r, g, b = np.clip(np.array(color) + rng.integers(-spread, spread + 1, size=3), 0, 255)
    return int(r), int(g), int(b)
