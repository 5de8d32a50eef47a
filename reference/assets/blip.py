"""Train the stand-ins for the two BLIP checkpoints on drawn scenes.

The captioner comes first; the model that answers starts with the captioner's eyes, as the
published one started from a model that had seen captions.
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from scene_words import PROMPTS, build_tokenizer, common_questions
from scene_world import PATCH, SIDE, Course, draw_world, fit
from torch import Tensor
from transformers import (
    BertTokenizer,
    BlipConfig,
    BlipForConditionalGeneration,
    BlipForQuestionAnswering,
    BlipImageProcessorPil,
    BlipProcessor,
)
from transformers.modeling_outputs import BaseModelOutputWithPooling

from grader.assets.scene_texts import Question, ask, describe
from grader.assets.scenes import Scene

SEED = 30_001
"""Far from the seeds of the served pictures."""

_PICTURES = 24_000
_CAPTIONING = Course(name="blip captions", steps=2_500, batch=64, rate=1.5e-3, seed=SEED)
_ANSWERING = Course(name="blip answers", steps=1_800, batch=64, rate=1.0e-3, seed=SEED + 1)
_WIDTH = 96
_VISION_LAYERS = 3
_TEXT_LAYERS = 2
_HEADS = 4
_POSITIONS = 64

_CAPTIONS_AT_ONCE = 2
_QUESTIONS_AT_ONCE = 3
"""Texts for every picture of a batch: looking costs more than speaking."""

_PROMPTED = 0.15
"""Share of captions that follow one of the prompts of notebooks."""

_COMMON = 0.4
"""Share of pictures of which common questions may be asked too."""

_IGNORED = -100


def train_captioner(folder: Path) -> None:
    """Train and save the model that captions, with its processor.

    Args:
        folder: Where the checkpoint goes; must exist.
    """
    torch.manual_seed(SEED)
    processor = _processor()
    model = BlipForConditionalGeneration(_config(processor.tokenizer))
    world = draw_world(processor.image_processor, _PICTURES, SEED)
    rng = np.random.default_rng(SEED)
    captions = [describe(scene, rng) for scene in world.scenes]

    def loss(rows: list[int], seen: BaseModelOutputWithPooling) -> Tensor:
        texts = [
            _prompted(captions[row][number], rng)
            for row in rows
            for number in rng.permutation(len(captions[row]))[:_CAPTIONS_AT_ONCE]
        ]
        heard = seen.last_hidden_state.repeat_interleave(_CAPTIONS_AT_ONCE, dim=0)
        return _speak(model, processor.tokenizer, texts, heard)

    fit(model, world, _CAPTIONING, loss)
    _save(model, processor, folder)


def train_answerer(folder: Path) -> None:
    """Train and save the model that answers questions, with its processor.

    Args:
        folder: Where the checkpoint goes; must exist, beside the trained captioner.
    """
    torch.manual_seed(SEED + 1)
    processor = _processor()
    model = BlipForQuestionAnswering(_config(processor.tokenizer))
    captioner = folder.with_name(folder.name.replace("vqa", "image-captioning"))
    teacher = BlipForConditionalGeneration.from_pretrained(captioner)
    model.vision_model.load_state_dict(teacher.vision_model.state_dict())
    world = draw_world(processor.image_processor, _PICTURES, SEED + 1)
    rng = np.random.default_rng(SEED + 1)

    def loss(rows: list[int], seen: BaseModelOutputWithPooling) -> Tensor:
        asked = [question for row in rows for question in _choose(world.scenes[row], rng)]
        looks = seen.last_hidden_state.repeat_interleave(_QUESTIONS_AT_ONCE, dim=0)
        inputs = processor.tokenizer(
            [question.text for question in asked], padding=True, return_tensors="pt"
        )
        heard = model.text_encoder(
            input_ids=inputs["input_ids"],
            attention_mask=inputs["attention_mask"],
            encoder_hidden_states=looks,
        ).last_hidden_state
        # as in `generate`, padding of the question is heard too: a batch gives what one gives
        return _speak(model, processor.tokenizer, [question.answer for question in asked], heard)

    fit(model, world, _ANSWERING, loss)
    _save(model, processor, folder)


def _processor() -> BlipProcessor:
    size = {"height": SIDE, "width": SIDE}
    return BlipProcessor(BlipImageProcessorPil(size=size), build_tokenizer())


def _config(tokenizer: BertTokenizer) -> BlipConfig:
    tower = {
        "hidden_size": _WIDTH,
        "intermediate_size": 4 * _WIDTH,
        "num_attention_heads": _HEADS,
        "projection_dim": _WIDTH,
    }
    text = {
        "num_hidden_layers": _TEXT_LAYERS,
        "vocab_size": len(tokenizer),
        "max_position_embeddings": _POSITIONS,
        "bos_token_id": tokenizer.bos_token_id,
        "eos_token_id": tokenizer.sep_token_id,
        "sep_token_id": tokenizer.sep_token_id,
        "pad_token_id": tokenizer.pad_token_id,
    }
    vision = {
        "num_hidden_layers": _VISION_LAYERS,
        "image_size": SIDE,
        "patch_size": PATCH,
        "initializer_range": 0.02,
    }
    return BlipConfig(
        text_config=tower | text,
        vision_config=tower | vision,
        projection_dim=_WIDTH,
        image_text_hidden_size=_WIDTH,
    )


def _speak(
    model: BlipForConditionalGeneration | BlipForQuestionAnswering,
    tokenizer: BertTokenizer,
    texts: Sequence[str],
    heard: Tensor,
) -> Tensor:
    """Loss of saying these texts, each after its row of ``heard``."""
    inputs = tokenizer(list(texts), padding=True, return_tensors="pt")
    ids, mask = inputs["input_ids"], inputs["attention_mask"]
    labels = ids.masked_fill(mask == 0, _IGNORED)
    ids[:, 0] = tokenizer.bos_token_id
    decoded = model.text_decoder(
        input_ids=ids, attention_mask=mask, encoder_hidden_states=heard, labels=labels
    )
    return decoded.loss


def _prompted(caption: str, rng: np.random.Generator) -> str:
    """The caption without its full stop, as the published model speaks."""
    plain = caption.removesuffix(".")
    return f"{rng.choice(PROMPTS)} {plain}" if rng.random() < _PROMPTED else plain


def _choose(scene: Scene, rng: np.random.Generator) -> list[Question]:
    questions = [*ask(scene, rng)]
    if rng.random() < _COMMON:
        questions += common_questions(scene, rng)
    chosen = rng.permutation(len(questions))[:_QUESTIONS_AT_ONCE]
    return [questions[number] for number in chosen]


def _save(
    model: BlipForConditionalGeneration | BlipForQuestionAnswering,
    processor: BlipProcessor,
    folder: Path,
) -> None:
    """Write the files that the published checkpoint has; weights at half their size.

    The configuration keeps single precision, so that the weights are widened when loaded.
    """
    weights = {
        name: weight.half()
        for name, weight in model.eval().state_dict().items()
        if name not in model._tied_weights_keys
    }
    model.save_pretrained(folder, state_dict=weights)
    processor.tokenizer.save_pretrained(folder)
    processor.tokenizer.backend_tokenizer.model.save(str(folder))
    processor.image_processor.save_pretrained(folder)
