"""What people say about a drawn scene: captions, and questions with the answers of ten people."""

from collections.abc import Callable, Iterable

import numpy as np
from msgspec import Struct

from grader.assets.scenes import COLORS, SHAPES, Group, Scene

CAPTIONS = 5
"""Captions of every picture, as in COCO."""

ANNOTATORS = 10
"""People who answer every question, as in VQA."""

KINDS = ("color", "count", "shape", "exists", "side", "ground")
"""What a question is about."""

_SLIP = 0.07
"""Chance that a person answers something near the truth instead."""

_NUMBERS = ("zero", "one", "two", "three", "four", "five", "six")
_PLACES = {"grass": "on the grass", "sand": "on the sand", "snow": "in the snow"}
_PLACES |= {"water": "in the water"}
_OPPOSITE = {"left of": "right of", "above": "below"}

_ONE_GROUP = (
    "{a} {place}.",
    "A picture of {a} {place}.",
    "There {is_} {a} {place}.",
    "{a} lying {place}.",
    "A view of {a} {place}.",
    "{a} can be seen {place}.",
    "A drawing of {a}.",
)
_TWO_GROUPS = (
    "{a} and {b} {place}.",
    "A picture of {a} and {b} {place}.",
    "There are {a} and {b} {place}.",
    "{a} with {b} {place}.",
    "{b} and {a} {place}.",
    "{a} lying near {b}.",
    "A drawing of {a} and {b}.",
)
_SIDE_BY_SIDE = (
    "{a} {side} {b}.",
    "{a} {side} {b} {place}.",
    "{b} {opposite} {a} {place}.",
    "A picture of {a} {side} {b} {place}.",
    "{a} lying {side} {b}.",
    "There is {a} {side} {b} {place}.",
    "{a} and {b} {place}.",
)
"""Seven sentences for each kind of scene, of which five are chosen."""

_NEAR = {
    "red": "orange",
    "orange": "yellow",
    "yellow": "orange",
    "green": "blue",
    "blue": "purple",
    "purple": "blue",
    "black": "dark blue",
    "white": "gray",
    "circle": "ball",
    "square": "box",
    "triangle": "cone",
    "star": "flower",
    "cross": "plus",
    "ring": "circle",
    "yes": "no",
    "no": "yes",
    "grass": "green",
    "sand": "beach",
    "snow": "ice",
    "water": "sea",
}
"""What a person says who does not say what most say."""


class Question(Struct, frozen=True, kw_only=True):
    """A question about one scene."""

    text: str
    """As a person writes it, e.g. ``What color is the star?``."""

    kind: str
    """One of ``KINDS``."""

    answer: str
    """What is true."""

    answers: tuple[str, ...]
    """What ten people said, most of them the truth."""


def describe(scene: Scene, rng: np.random.Generator) -> tuple[str, ...]:
    """Five different captions of a scene, as five people would write them.

    Args:
        scene: What is described.
        rng: Source of the choice.
    """
    sentences = _sentences(scene)
    chosen = rng.permutation(len(sentences))[:CAPTIONS]
    return tuple(sentences[number] for number in chosen)


def ask(scene: Scene, rng: np.random.Generator) -> tuple[Question, ...]:
    """One question of every kind that the scene allows, each with ten answers.

    Args:
        scene: What is asked about.
        rng: Source of the choice, and of the slips of the people who answer.
    """
    asked = [(kind, *_ASK[kind](scene, rng)) for kind in KINDS if kind != "side" or scene.side]
    return tuple(
        Question(text=text, kind=kind, answer=answer, answers=_answers(answer, rng))
        for kind, text, answer in asked
    )


def name_group(group: Group) -> str:
    """A group in words: ``a red circle``, ``two red circles``."""
    if group.count == 1:
        return f"{'an' if group.color[0] in 'aeiou' else 'a'} {group.color} {group.shape}"
    return f"{_NUMBERS[group.count]} {group.color} {plural(group.shape)}"


def plural(shape: str) -> str:
    """The shape's name for several."""
    return f"{shape}es" if shape.endswith("s") else f"{shape}s"


def _sentences(scene: Scene) -> list[str]:
    first, second = scene.groups[0], scene.groups[-1]
    words = {
        "a": name_group(first),
        "b": name_group(second),
        "place": _PLACES[scene.ground],
        "is_": "is" if first.count == 1 else "are",
        "side": _spoken(scene.side or "left of"),
        "opposite": _spoken(_OPPOSITE[scene.side or "left of"]),
    }
    templates = _SIDE_BY_SIDE if scene.side else _TWO_GROUPS
    templates = templates if len(scene.groups) == 2 else _ONE_GROUP
    sentences = [template.format(**words) for template in templates]
    return [sentence[0].upper() + sentence[1:] for sentence in sentences]


def _spoken(side: str) -> str:
    return f"to the {side}" if side in ("left of", "right of") else side


def _ask_color(scene: Scene, rng: np.random.Generator) -> tuple[str, str]:
    group = _some(scene, rng)
    if group.count == 1:
        return f"What color is the {group.shape}?", group.color
    return f"What color are the {plural(group.shape)}?", group.color


def _ask_count(scene: Scene, rng: np.random.Generator) -> tuple[str, str]:
    group = _some(scene, rng)
    asked = {
        plural(group.shape): group.count,
        f"{group.color} {plural(group.shape)}": group.count,
        "objects": scene.count,
    }
    name = str(rng.choice(list(asked)))
    return f"How many {name} are there?", str(asked[name])


def _ask_shape(scene: Scene, rng: np.random.Generator) -> tuple[str, str]:
    group = _some(scene, rng)
    verb, noun = ("is", "object") if group.count == 1 else ("are", "objects")
    return f"What shape {verb} the {group.color} {noun}?", group.shape


def _ask_exists(scene: Scene, rng: np.random.Generator) -> tuple[str, str]:
    group = _some(scene, rng)
    shape, color = group.shape, group.color
    if rng.random() < 0.5:
        return f"Is there a {color} {shape}?".replace("a orange", "an orange"), "yes"
    if rng.random() < 0.5:
        shape = _other(shape, SHAPES, rng)
    else:
        color = _other(color, COLORS, rng)
    there = any((look.shape, look.color) == (shape, color) for look in scene.groups)
    text = f"Is there a {color} {shape}?".replace("a orange", "an orange")
    return text, "yes" if there else "no"


def _ask_side(scene: Scene, rng: np.random.Generator) -> tuple[str, str]:
    first, second = scene.groups
    side = scene.side or ""
    if rng.random() < 0.5:
        side, first, second = _OPPOSITE[side], second, first
    if rng.random() < 0.5:
        return f"What is {_spoken(side)} the {second.shape}?", first.shape
    if rng.random() < 0.5:
        return f"Is the {first.shape} {_spoken(side)} the {second.shape}?", "yes"
    return f"Is the {second.shape} {_spoken(side)} the {first.shape}?", "no"


def _ask_ground(scene: Scene, rng: np.random.Generator) -> tuple[str, str]:
    del rng
    return "What is in the background?", scene.ground


_ASK: dict[str, Callable[[Scene, np.random.Generator], tuple[str, str]]] = {
    "color": _ask_color,
    "count": _ask_count,
    "shape": _ask_shape,
    "exists": _ask_exists,
    "side": _ask_side,
    "ground": _ask_ground,
}


def _some(scene: Scene, rng: np.random.Generator) -> Group:
    return scene.groups[int(rng.integers(len(scene.groups)))]


def _other(name: str, names: Iterable[str], rng: np.random.Generator) -> str:
    return str(rng.choice([other for other in names if other != name]))


def _answers(answer: str, rng: np.random.Generator) -> tuple[str, ...]:
    near = _NEAR[answer] if answer in _NEAR else str(int(answer) + int(rng.choice([-1, 1])))
    return tuple(near if rng.random() < _SLIP else answer for _ in range(ANNOTATORS))
