"""Train the CLIP of the drawn scenes, for retrieval among them."""

from pathlib import Path

import numpy as np
import torch
from captions import build_tokenizer
from scene_words import PROMPTS
from scene_world import PATCH, SIDE, Course, draw_world, fit
from torch import Tensor
from torch.nn.functional import cross_entropy
from transformers import CLIPConfig, CLIPImageProcessor, CLIPModel, CLIPTokenizer
from transformers.modeling_outputs import BaseModelOutputWithPooling

from grader.assets.scene_texts import describe

SEED = 40_001
"""Far from the seeds of the served pictures."""

_PICTURES = 24_000
_COURSE = Course(name="scene clip", steps=1_300, batch=96, rate=1.5e-3, seed=SEED)
_WIDTH = 96
_LAYERS = 3
_HEADS = 4
_PROJECTION = 64
_PROMPTED = 0.1
_GREATEST_SCALE = float(np.log(100.0))


def train_scene_clip(folder: Path) -> None:
    """Train and save the model with its processor.

    Args:
        folder: Where the checkpoint goes; must exist.
    """
    torch.manual_seed(SEED)
    tokenizer = build_tokenizer(folder)
    size = {"height": SIDE, "width": SIDE}
    processor = CLIPImageProcessor(size={"shortest_edge": SIDE}, crop_size=size)
    model = CLIPModel(_config(tokenizer))
    world = draw_world(processor, _PICTURES, SEED)
    rng = np.random.default_rng(SEED)
    captions = [describe(scene, rng) for scene in world.scenes]

    def loss(rows: list[int], seen: BaseModelOutputWithPooling) -> Tensor:
        texts = [_prompted(str(rng.choice(captions[row])), rng) for row in rows]
        inputs = tokenizer(texts, padding=True, return_tensors="pt")
        spoken = model.text_model(**inputs).pooler_output
        return _contrast(model, seen.pooler_output, spoken)

    fit(model, world, _COURSE, loss)
    model.logit_scale.data.clamp_(max=_GREATEST_SCALE)
    model.eval()
    state = {name: weight.half() for name, weight in model.state_dict().items()}
    model.save_pretrained(folder, state_dict=state)
    processor.save_pretrained(folder)


def _contrast(model: CLIPModel, seen: Tensor, spoken: Tensor) -> Tensor:
    """Loss of telling which caption belongs to which picture, both ways."""
    images = torch.nn.functional.normalize(model.visual_projection(seen), dim=-1)
    texts = torch.nn.functional.normalize(model.text_projection(spoken), dim=-1)
    scale = model.logit_scale.clamp(max=_GREATEST_SCALE).exp()
    logits = scale * images @ texts.T
    own = torch.arange(len(logits))
    return (cross_entropy(logits, own) + cross_entropy(logits.T, own)) / 2


def _prompted(caption: str, rng: np.random.Generator) -> str:
    return f"{rng.choice(PROMPTS)} {caption}" if rng.random() < _PROMPTED else caption


def _config(tokenizer: CLIPTokenizer) -> CLIPConfig:
    tower = {
        "hidden_size": _WIDTH,
        "intermediate_size": 4 * _WIDTH,
        "num_attention_heads": _HEADS,
        "projection_dim": _PROJECTION,
    }
    ids = {
        "bos_token_id": tokenizer.bos_token_id,
        "eos_token_id": tokenizer.eos_token_id,
        "pad_token_id": tokenizer.pad_token_id,
    }
    vision = {"num_hidden_layers": _LAYERS, "image_size": SIDE, "patch_size": PATCH}
    return CLIPConfig(
        text_config={**tower, **ids, "num_hidden_layers": 2, "vocab_size": len(tokenizer)},
        vision_config={**tower, **vision},
        projection_dim=_PROJECTION,
    )
