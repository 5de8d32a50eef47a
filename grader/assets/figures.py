"""Templates of the things drawn: an animal, a vehicle and something that flies.

A template is a tuple of lengths in units of the picture's side, so that two things of one template
can be blended by averaging their lengths.
"""

from typing import NamedTuple

from grader.assets.canvas import Canvas, Color

_WHITE: Color = (240, 240, 240)
_BLACK: Color = (20, 20, 20)
_GLASS: Color = (175, 205, 220)


class Animal(NamedTuple):
    """An animal seen from the side, looking right."""

    body_x: float
    body_y: float
    legs: float
    leg_width: float
    neck: float
    head: float
    muzzle: float
    pointed_ears: float
    floppy_ears: float
    antlers: float
    tail: float
    tail_rise: float
    eye: float

    def draw(self, canvas: Canvas, color: Color) -> None:
        """Draw it on the canvas, mainly in this color."""
        x, y = 0.43, 0.58
        dark = shade(color, 0.75)
        for at in (-0.75, -0.4, 0.4, 0.75):
            foot = x + at * self.body_x
            canvas.line([(foot, y), (foot, y + self.body_y + self.legs)], dark, self.leg_width)
        rump = (x - 0.9 * self.body_x, y - 0.3 * self.body_y)
        tip = (rump[0] - self.tail * 0.6, rump[1] - self.tail * self.tail_rise)
        canvas.line([rump, tip], dark, 0.045 if self.tail > 0.02 else 0.0)
        canvas.ellipse((x, y), (self.body_x, self.body_y), color)
        chest = (x + 0.7 * self.body_x, y - 0.2 * self.body_y)
        head = (chest[0] + 0.08 + 0.4 * self.neck, chest[1] - 0.06 - self.neck)
        canvas.line([chest, head], color, 0.09)
        self._draw_head(canvas, head, color)

    def _draw_head(self, canvas: Canvas, head: tuple[float, float], color: Color) -> None:
        x, y = head
        dark = shade(color, 0.7)
        self._draw_antlers(canvas, head)
        canvas.ellipse((x + self.head, y + 0.03), (self.muzzle, 0.5 * self.head), dark)
        for side in (-0.7, 0.5):
            at, high = x + side * self.head, y - 0.5 * self.head
            canvas.polygon(
                [(at - 0.04, high), (at + 0.04, high), (at, high - 1.3 * self.pointed_ears)], color
            )
        canvas.ellipse((x, y), (self.head, self.head), color)
        canvas.ellipse(
            (x - 0.8 * self.head, y + 0.02),
            (0.4 * self.floppy_ears, 0.9 * self.floppy_ears),
            dark,
        )
        canvas.ellipse((x + 0.3 * self.head, y - 0.5 * self.head), (self.eye, self.eye), _WHITE)
        canvas.ellipse((x + 0.3 * self.head, y - 0.5 * self.head), (0.015, 0.015), _BLACK)

    def _draw_antlers(self, canvas: Canvas, head: tuple[float, float]) -> None:
        width = 0.03 if self.antlers > 0.04 else 0.0
        top = head[1] - self.head - self.antlers
        for side in (-1.0, 1.0):
            tip = (head[0] + side * 0.6 * self.antlers, top)
            canvas.line([head, tip], _BLACK, width)
            canvas.line([(tip[0], top + 0.08), (tip[0] + side * 0.06, top + 0.02)], _BLACK, width)


class Vehicle(NamedTuple):
    """A vehicle or vessel seen from the side."""

    length: float
    height: float
    cabin_at: float
    cabin_width: float
    cabin_height: float
    load: float
    wheel: float
    taper: float
    mast: float

    def draw(self, canvas: Canvas, color: Color) -> None:
        """Draw it on the canvas, mainly in this color."""
        x, y = 0.5, 0.62
        top, bottom = y - self.height / 2, y + self.height / 2
        self._draw_cabin(canvas, (x + self.cabin_at, top), color)
        left, right = x - self.length, x + self.length
        if self.load > 0.04:
            edge = x + 0.12
            box = [(left, bottom), (left, top - self.load), (edge, top - self.load), (edge, bottom)]
            canvas.polygon(box, shade(color, 1.1))
        canvas.polygon(
            [(left, top), (right, top), (right - self.taper, bottom), (left + self.taper, bottom)],
            color,
        )
        for at in (left + 0.16, right - 0.16):
            canvas.ellipse((at, bottom), (self.wheel, self.wheel), _BLACK)
            canvas.ellipse((at, bottom), (0.4 * self.wheel, 0.4 * self.wheel), _WHITE)

    def _draw_cabin(self, canvas: Canvas, at: tuple[float, float], color: Color) -> None:
        x, base = at
        half, top = self.cabin_width, base - self.cabin_height
        if self.mast > 0.05:
            canvas.line([(x, base), (x, top - self.mast)], _BLACK, 0.03)
        canvas.polygon(
            [(x - half, base), (x - 0.8 * half, top), (x + 0.8 * half, top), (x + half, base)],
            shade(color, 0.85),
        )
        canvas.polygon(
            [
                (x - 0.7 * half, base - 0.02),
                (x - 0.6 * half, top + 0.03),
                (x + 0.6 * half, top + 0.03),
                (x + 0.7 * half, base - 0.02),
            ],
            _GLASS,
        )


class Flyer(NamedTuple):
    """Something that flies, seen from the side, its nose to the right."""

    length: float
    height: float
    wing: float
    sweep: float
    fin: float
    head: float
    beak: float
    eye: float

    def draw(self, canvas: Canvas, color: Color) -> None:
        """Draw it on the canvas, mainly in this color."""
        x, y = 0.5, 0.52
        dark = shade(color, 0.75)
        tail, nose = x - self.length, x + self.length
        canvas.polygon([(tail, y), (tail - 0.02, y - self.fin), (tail + 0.14, y)], dark)
        canvas.polygon([(tail + 0.08, y), (tail - 0.08, y - 0.03), (tail - 0.08, y + 0.04)], dark)
        for side in (-1.0, 1.0):
            tip = (x - self.sweep, y + side * self.wing - max(0.0, -self.sweep))
            canvas.polygon([(x - 0.08, y), (x + 0.1, y), tip], dark if side < 0 else color)
        canvas.ellipse((x, y), (self.length, self.height), color)
        beak = nose + self.head + self.beak
        canvas.polygon([(nose, y - 0.07), (nose, y), (beak, y - 0.03)], (225, 160, 40))
        canvas.ellipse((nose, y - 0.04), (self.head, self.head), color)
        canvas.ellipse((nose + 0.01, y - 0.06), (self.eye, self.eye), _BLACK)


def shade(color: Color, factor: float) -> Color:
    """The color made darker (below 1) or lighter (above 1)."""
    r, g, b = (min(255, int(channel * factor)) for channel in color)
    return r, g, b
