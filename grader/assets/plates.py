"""How a dish looks from where it is served: shapes in the coordinates of the dish itself.

The middle of a dish is (0, 0), and it reaches about 1 in every direction.
"""

from collections.abc import Callable

import numpy as np
from msgspec import Struct

from grader.assets.canvas import Canvas, Color, vary

WHITE, CREAM, TAN = (238, 236, 230), (240, 224, 178), (222, 180, 116)
GOLD, YELLOW, ORANGE = (214, 158, 70), (240, 208, 80), (226, 132, 48)
BROWN, DARK, BLACK = (128, 78, 42), (74, 44, 30), (34, 32, 34)
RED, PINK, PURPLE = (190, 42, 36), (236, 150, 170), (122, 26, 74)
GREEN, LIME = (64, 130, 52), (150, 186, 84)

_SPREAD = 16


class Brush(Struct, frozen=True):
    """Draws in the coordinates of one dish, every color a little off."""

    canvas: Canvas
    center: tuple[float, float]
    radius: float
    rng: np.random.Generator

    def disc(self, x: float, y: float, r: float, color: Color) -> None:
        """Fill a circle."""
        self.oval(x, y, (r, r), color)

    def oval(self, x: float, y: float, radii: tuple[float, float], color: Color) -> None:
        """Fill an upright ellipse."""
        lengths = (radii[0] * self.radius, radii[1] * self.radius)
        self.canvas.ellipse(self._at(x, y), lengths, self._near(color))

    def area(self, points: list[tuple[float, float]], color: Color) -> None:
        """Fill a polygon."""
        self.canvas.polygon([self._at(x, y) for x, y in points], self._near(color))

    def stroke(self, points: list[tuple[float, float]], color: Color, width: float) -> None:
        """Draw an open line."""
        corners = [self._at(x, y) for x, y in points]
        self.canvas.line(corners, self._near(color), width * self.radius)

    def box(self, x: float, y: float, half: float, color: Color) -> None:
        """Fill a square, turned by any angle."""
        turn = self.rng.uniform(0.0, np.pi / 2) + np.arange(4) * np.pi / 2
        corners = [(x + half * float(np.cos(a)), y + half * float(np.sin(a))) for a in turn]
        self.area(corners, color)

    def one_of(self, *colors: Color) -> Color:
        """One of these colors."""
        return colors[int(self.rng.integers(len(colors)))]

    def spots(self, count: int, reach: float) -> list[tuple[float, float]]:
        """Places about the middle, give or take a few, none farther away than ``reach``."""
        number = max(1, count + int(self.rng.integers(-1, 2)))
        angles = self.rng.uniform(0.0, 2 * np.pi, number)
        distances = reach * np.sqrt(self.rng.uniform(0.0, 1.0, number))
        return [
            (float(d * np.cos(a)), float(d * np.sin(a)))
            for a, d in zip(angles, distances, strict=True)
        ]

    def _at(self, x: float, y: float) -> tuple[float, float]:
        return self.center[0] + x * self.radius, self.center[1] + y * self.radius

    def _near(self, color: Color) -> Color:
        return vary(self.rng, color, _SPREAD)


def _plate(b: Brush) -> None:
    b.disc(0, 0, 1.0, WHITE)
    b.disc(0, 0, 0.78, (226, 226, 222))


def _bowl(b: Brush, content: Color) -> None:
    b.disc(0, 0, 1.0, b.one_of(WHITE, BLACK, (60, 84, 130)))
    b.disc(0, 0, 0.82, content)


def _noodles(b: Brush, color: Color, reach: float) -> None:
    b.disc(0, 0, reach * 0.9, color)
    darker = (int(color[0] * 0.8), int(color[1] * 0.75), int(color[2] * 0.65))
    for number, (x, y) in enumerate(b.spots(16, reach * 0.8)):
        bend, length = b.rng.uniform(-0.3, 0.3, 2)
        line = [(x - 0.3, y - length), (x, y + bend), (x + 0.3, y + length)]
        b.stroke(line, darker if number % 2 else color, 0.07)


def _wedge(b: Brush, layers: tuple[Color, ...], top: Color) -> None:
    _plate(b)
    height = 1.0 / len(layers)
    for number, color in enumerate(layers):
        y = -0.3 + number * height
        b.area([(-0.7, y), (0.75, y), (0.75, y + height), (-0.7, y + height)], color)
    b.area([(-0.7, -0.3), (0.75, -0.3), (0.35, -0.65), (-0.1, -0.65)], top)


def _pizza(b: Brush) -> None:
    b.disc(0, 0, 1.0, TAN)
    b.disc(0, 0, 0.86, ORANGE)
    for x, y in b.spots(8, 0.7):
        b.disc(x, y, 0.2, YELLOW)
    for x, y in b.spots(7, 0.7):
        b.disc(x, y, 0.15, RED)


def _donuts(b: Brush) -> None:
    b.disc(0, 0, 0.95, GOLD)
    b.disc(0, 0, 0.82, b.one_of(PINK, DARK, WHITE))
    for x, y in b.spots(12, 0.75):
        b.disc(x, y, 0.06, b.one_of(YELLOW, RED, LIME, WHITE))
    b.disc(0, 0, 0.3, (150, 130, 110))


def _hamburger(b: Brush) -> None:
    b.oval(0, 0.55, (0.85, 0.32), GOLD)
    b.area([(-0.95, 0.15), (0.95, 0.15), (0.95, 0.45), (-0.95, 0.45)], DARK)
    b.area([(-0.95, 0.0), (0.95, 0.0), (0.85, 0.22), (-0.85, 0.22)], YELLOW)
    b.area([(-1.0, -0.15), (1.0, -0.15), (1.0, 0.06), (-1.0, 0.06)], GREEN)
    b.oval(0, -0.4, (0.9, 0.42), GOLD)
    for x, y in b.spots(8, 0.5):
        b.disc(x, -0.5 + y * 0.3, 0.05, CREAM)


def _hot_dog(b: Brush) -> None:
    b.oval(0, 0, (1.05, 0.45), TAN)
    b.oval(0, 0, (1.1, 0.22), (168, 66, 44))
    wave = [(x, 0.1 * (-1) ** number) for number, x in enumerate(np.linspace(-0.9, 0.9, 9))]
    b.stroke([(float(x), y) for x, y in wave], YELLOW, 0.1)


def _french_fries(b: Brush) -> None:
    for x, y in b.spots(22, 0.75):
        dx, dy = b.rng.uniform(-0.35, 0.35), b.rng.uniform(0.2, 0.45)
        color = b.one_of(YELLOW, GOLD)
        b.stroke([(x - dx, y - dy), (x + dx, y + dy)], color, 0.13)


def _sushi(b: Brush) -> None:
    b.area([(-1.1, -0.7), (1.1, -0.7), (1.1, 0.7), (-1.1, 0.7)], BLACK)
    for x in (-0.68, 0.0, 0.68):
        for y in (-0.34, 0.34):
            b.disc(x, y, 0.33, (30, 54, 44))
            b.disc(x, y, 0.27, WHITE)
            b.disc(x, y, 0.12, b.one_of(ORANGE, RED, LIME))


def _pancakes(b: Brush) -> None:
    _plate(b)
    for y in (0.4, 0.22, 0.04, -0.14):
        b.oval(0, y, (0.8, 0.36), BROWN)
        b.oval(0, y - 0.06, (0.8, 0.33), GOLD)
    b.box(0, -0.2, 0.2, YELLOW)


def _waffles(b: Brush) -> None:
    b.area([(-0.85, -0.85), (0.85, -0.85), (0.85, 0.85), (-0.85, 0.85)], GOLD)
    for at in np.linspace(-0.7, 0.7, 5).tolist():
        b.stroke([(at, -0.85), (at, 0.85)], BROWN, 0.1)
        b.stroke([(-0.85, at), (0.85, at)], BROWN, 0.1)


def _ice_cream(b: Brush) -> None:
    b.area([(-0.45, 0.0), (0.45, 0.0), (0.0, 1.1)], GOLD)
    for x, y in ((-0.3, -0.15), (0.3, -0.15), (0.0, -0.6)):
        b.disc(x, y, 0.42, b.one_of(PINK, WHITE, BROWN, LIME))


def _macarons(b: Brush) -> None:
    for x, y in ((-0.55, -0.5), (0.55, -0.5), (-0.55, 0.45), (0.55, 0.45)):
        color = b.one_of(PINK, LIME, YELLOW, (170, 150, 210))
        b.oval(x, y + 0.16, (0.45, 0.24), color)
        b.oval(x, y + 0.04, (0.42, 0.14), WHITE)
        b.oval(x, y - 0.14, (0.45, 0.24), color)


def _edamame(b: Brush) -> None:
    b.disc(0, 0, 1.0, WHITE)
    for x, y in b.spots(11, 0.7):
        step = b.rng.uniform(-0.14, 0.14)
        for number in (-1, 0, 1):
            b.disc(x + 0.16 * number, y + step * number, 0.14, (98, 164, 60))


def _spaghetti_bolognese(b: Brush) -> None:
    _plate(b)
    _noodles(b, YELLOW, 0.78)
    for x, y in b.spots(14, 0.4):
        b.disc(x, y, 0.16, (142, 52, 30))


def _spaghetti_carbonara(b: Brush) -> None:
    _plate(b)
    _noodles(b, CREAM, 0.78)
    for x, y in b.spots(8, 0.6):
        b.box(x, y, 0.13, (206, 110, 100))


def _ramen(b: Brush) -> None:
    _bowl(b, (176, 112, 56))
    _noodles(b, YELLOW, 0.5)
    b.oval(0.4, -0.3, (0.26, 0.3), WHITE)
    b.disc(0.4, -0.3, 0.14, ORANGE)
    b.area([(-0.7, -0.5), (-0.2, -0.6), (-0.2, -0.2), (-0.7, -0.1)], BLACK)
    for x, y in b.spots(7, 0.6):
        b.disc(x, y, 0.07, GREEN)


def _miso_soup(b: Brush) -> None:
    _bowl(b, (196, 150, 92))
    for x, y in b.spots(6, 0.6):
        b.box(x, y, 0.17, WHITE)
    for x, y in b.spots(6, 0.6):
        b.disc(x, y, 0.07, GREEN)


def _guacamole(b: Brush) -> None:
    _bowl(b, LIME)
    for x, y in b.spots(9, 0.65):
        b.disc(x, y, 0.14, (124, 164, 66))
    for x, y in b.spots(5, 0.6):
        b.box(x, y, 0.08, RED)


def _hummus(b: Brush) -> None:
    _bowl(b, (218, 190, 140))
    b.disc(0, 0, 0.5, (232, 208, 160))
    b.disc(0.05, 0, 0.27, (196, 160, 50))
    for x, y in b.spots(5, 0.6):
        b.disc(x, y, 0.07, (170, 70, 40))


def _beet_salad(b: Brush) -> None:
    _plate(b)
    for x, y in b.spots(7, 0.65):
        b.oval(x, y, (0.24, 0.14), GREEN)
    for x, y in b.spots(9, 0.6):
        b.box(x, y, 0.2, PURPLE)


def _caprese_salad(b: Brush) -> None:
    _plate(b)
    for number, x in enumerate(np.linspace(-0.6, 0.6, 5).tolist()):
        b.oval(x, 0.0, (0.25, 0.42), RED if number % 2 == 0 else WHITE)
    for x, y in b.spots(4, 0.4):
        b.oval(x, y, (0.16, 0.09), GREEN)


def _greek_salad(b: Brush) -> None:
    _bowl(b, (128, 160, 84))
    for x, y in b.spots(7, 0.65):
        b.disc(x, y, 0.18, RED)
    for x, y in b.spots(6, 0.6):
        b.box(x, y, 0.18, WHITE)
    for x, y in b.spots(6, 0.65):
        b.disc(x, y, 0.1, (50, 34, 50))


def _chocolate_cake(b: Brush) -> None:
    _wedge(b, (DARK, BROWN, DARK, BROWN), DARK)


def _cheesecake(b: Brush) -> None:
    _wedge(b, (CREAM, CREAM, CREAM, (176, 122, 66)), b.one_of(CREAM, RED))


def _red_velvet_cake(b: Brush) -> None:
    _wedge(b, (RED, WHITE, RED, WHITE, RED), WHITE)


def _tacos(b: Brush) -> None:
    for x in (-0.35, 0.35):
        b.disc(x, 0.15, 0.72, YELLOW)
        for dx, dy in b.spots(9, 0.5):
            color = b.one_of(GREEN, RED, BROWN)
            b.disc(x + dx, -0.45 + dy * 0.3, 0.13, color)
        b.area([(x - 0.75, 0.2), (x + 0.75, 0.2), (x + 0.4, 0.9), (x - 0.4, 0.9)], GOLD)


def _steak(b: Brush) -> None:
    _plate(b)
    b.oval(-0.1, 0, (0.7, 0.48), BROWN)
    b.oval(0.25, 0.1, (0.45, 0.4), BROWN)
    for at in (-0.5, -0.2, 0.1, 0.4):
        b.stroke([(at - 0.12, 0.35), (at + 0.12, -0.35)], DARK, 0.09)


DISHES: dict[str, Callable[[Brush], None]] = {
    "beet_salad": _beet_salad,
    "caprese_salad": _caprese_salad,
    "cheesecake": _cheesecake,
    "chocolate_cake": _chocolate_cake,
    "donuts": _donuts,
    "edamame": _edamame,
    "french_fries": _french_fries,
    "greek_salad": _greek_salad,
    "guacamole": _guacamole,
    "hamburger": _hamburger,
    "hot_dog": _hot_dog,
    "hummus": _hummus,
    "ice_cream": _ice_cream,
    "macarons": _macarons,
    "miso_soup": _miso_soup,
    "pancakes": _pancakes,
    "pizza": _pizza,
    "ramen": _ramen,
    "red_velvet_cake": _red_velvet_cake,
    "spaghetti_bolognese": _spaghetti_bolognese,
    "spaghetti_carbonara": _spaghetti_carbonara,
    "steak": _steak,
    "sushi": _sushi,
    "tacos": _tacos,
    "waffles": _waffles,
}
"""Draws the dish of this name."""
