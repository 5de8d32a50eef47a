"""Words of the drawn scenes: a small vocabulary in BERT's format, prompts, and common questions."""

import re
import string

import numpy as np
from transformers import BertTokenizer

from grader.assets.scene_texts import Question, ask, describe, name_group
from grader.assets.scenes import COLORS, GROUNDS, SHAPES, Scene, draw_scene

PROMPTS = (
    "a photo of",
    "a photography of",
    "an image of",
    "this image shows",
    "this picture shows",
    "in this scene,",
)
"""Beginnings that notebooks give a caption, beside those of the captions themselves."""

_OTHER_WORDS = """
    cat dog person man woman child people animal animals bird car truck horse food table vehicle
    object objects main shape shapes color colors colour many number text written exact say sign
    what where who why when how which is are was there this that these it in on at of the a an
    and or do does doing done can could you see describe happened right left before after photo
    taken indoors outdoors inside outside nothing none no yes not thinking holding sitting standing
    big small large tiny more most than same different number one two three four five six seven
    eight nine ten zero picture drawing painting background foreground top bottom middle next
    """
"""Other words of notebooks, so that their prompts are not spelled out letter by letter."""

_SCENES = 2_000
_LONGEST = 64
_FIRST = "[DEC]"
"""What every caption and answer begins with, as published."""


def build_tokenizer() -> BertTokenizer:
    """The tokenizer of both models, with every word of the scenes' captions and questions."""
    words = sorted(_words())
    letters = [*string.ascii_lowercase, *string.digits]
    tokens = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *string.punctuation, *letters]
    tokens += [f"##{letter}" for letter in letters]
    tokens += [word for word in words if len(word) > 1]
    tokens.append(_FIRST)
    vocabulary = {token: number for number, token in enumerate(dict.fromkeys(tokens))}
    marks = {"bos_token": _FIRST}
    return BertTokenizer(vocab=vocabulary, model_max_length=_LONGEST, **marks)


def common_questions(scene: Scene, rng: np.random.Generator) -> list[Question]:
    """Questions that notebooks ask of any picture, with the answers that hold here."""
    group = scene.groups[0]
    only = name_group(group)
    asked = {
        "what is in the image?": only,
        "what is in the picture?": only,
        "what color is the main object?": group.color,
        "is this indoors or outdoors?": "outdoors",
        "how many people are in the image?": "0",
        "how many objects are in this image?": str(scene.count),
        "what is the person doing?": "no person",
        "is there a person in the image?": "no",
        "is there a cat?": "no",
        "is there a dog?": "no",
        "where is this?": scene.ground,
    }
    texts = rng.permutation(list(asked))[:2].tolist()
    return [Question(text=text, kind="common", answer=asked[text], answers=()) for text in texts]


def _words() -> set[str]:
    rng = np.random.default_rng(0)
    texts = [_OTHER_WORDS, *PROMPTS, *COLORS, *SHAPES, *GROUNDS]
    for _ in range(_SCENES):
        scene = draw_scene(rng)
        texts += describe(scene, rng)
        asked = [*ask(scene, rng), *common_questions(scene, rng)]
        texts += [text for question in asked for text in (question.text, question.answer)]
    return set(re.findall(r"[a-z]+", " ".join(texts).lower()))
