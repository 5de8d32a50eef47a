"""A drawn table of dishes, standing in for the photographs of Food101.

Some of its classes are drawn, the others have no picture. Now and then a picture shows two dishes,
or is mostly covered, so that some pictures cannot be told apart by any model.
"""

import numpy as np

from grader.assets.canvas import Canvas, Color, Pixels, cloud, photograph, vary
from grader.assets.plates import DISHES, Brush

SIZE = 64
"""Side of a picture, in pixels; published ones have 512 at most."""

_PUBLISHED = """
    apple_pie baby_back_ribs baklava beef_carpaccio beef_tartare beet_salad beignets bibimbap
    bread_pudding breakfast_burrito bruschetta caesar_salad cannoli caprese_salad carrot_cake
    ceviche cheesecake cheese_plate chicken_curry chicken_quesadilla chicken_wings chocolate_cake
    chocolate_mousse churros clam_chowder club_sandwich crab_cakes creme_brulee croque_madame
    cup_cakes deviled_eggs donuts dumplings edamame eggs_benedict escargots falafel filet_mignon
    fish_and_chips foie_gras french_fries french_onion_soup french_toast fried_calamari fried_rice
    frozen_yogurt garlic_bread gnocchi greek_salad grilled_cheese_sandwich grilled_salmon guacamole
    gyoza hamburger hot_and_sour_soup hot_dog huevos_rancheros hummus ice_cream lasagna
    lobster_bisque lobster_roll_sandwich macaroni_and_cheese macarons miso_soup mussels nachos
    omelette onion_rings oysters pad_thai paella pancakes panna_cotta peking_duck pho pizza
    pork_chop poutine prime_rib pulled_pork_sandwich ramen ravioli red_velvet_cake risotto samosa
    sashimi scallops seaweed_salad shrimp_and_grits spaghetti_bolognese spaghetti_carbonara
    spring_rolls steak strawberry_shortcake sushi tacos takoyaki tiramisu tuna_tartare waffles
    """

NAMES = tuple(_PUBLISHED.split())
"""Class names in label order, as published."""

DRAWN = tuple(DISHES)
"""Names of the classes that have pictures."""

_TABLES: tuple[Color, ...] = ((120, 86, 60), (196, 190, 180), (70, 72, 80), (150, 60, 56))
_SECOND = 0.2
_COVERED = 0.12


def draw_dish(name: str, rng: np.random.Generator) -> Pixels:
    """Draw one picture of the class of this name, ``(64, 64, 3)``.

    Args:
        name: One of ``DRAWN``.
        rng: Source of everything that varies.
    """
    table = _TABLES[rng.integers(len(_TABLES))]
    canvas = Canvas(SIZE, cloud(rng, vary(rng, table, 25), 18))
    if rng.random() < _SECOND:
        _serve(str(rng.choice(DRAWN)), canvas, rng, shift=0.45, radius=0.22)
    _serve(name, canvas, rng, shift=0.09, radius=rng.uniform(0.27, 0.42))
    if rng.random() < _COVERED:
        _cover(canvas, rng)
    return photograph(canvas.pixels(), rng, rng.uniform(5.0, 26.0))


def _serve(
    name: str, canvas: Canvas, rng: np.random.Generator, *, shift: float, radius: float
) -> None:
    x, y = 0.5 + rng.uniform(-shift, shift, size=2)
    DISHES[name](Brush(canvas, (float(x), float(y)), radius, rng))


def _cover(canvas: Canvas, rng: np.random.Generator) -> None:
    x, y = rng.uniform(0.25, 0.75, size=2)
    color = vary(rng, (150, 120, 100), 70)
    canvas.ellipse((x, y), (rng.uniform(0.15, 0.35), rng.uniform(0.15, 0.35)), color)
