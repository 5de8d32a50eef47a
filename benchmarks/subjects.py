"""The models compared: small ones as shipped, and the published architectures.

The published ones are built from their configuration with random weights, which cost the same
arithmetic as trained ones. Their captions have a fixed length, because a model that has learned
nothing never ends one.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from pictures import addressed, photos, stored
from predicting import Blip, Clip, Predictor, Vit
from transformers import (
    AutoImageProcessor,
    BertTokenizer,
    BlipConfig,
    BlipForConditionalGeneration,
    BlipProcessor,
    CLIPConfig,
    CLIPModel,
    CLIPProcessor,
    ViTConfig,
    ViTForImageClassification,
    logging,
)

from grader.assets.shelves import models_folder

__all__ = ["PUBLISHED", "TINY", "Subject"]

logging.set_verbosity_error()
logging.disable_progress_bar()

_THINGS = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")
_LABELS = tuple(f"a photo of a {thing}" for thing in _THINGS)
_CLIP = models_folder() / "openai--clip-vit-base-patch32"
_VIT = models_folder() / "google--vit-base-patch16-224-in21k"
_BLIP = models_folder() / "Salesforce--blip-image-captioning-base"
_LAB, _VLM_LAB = "week9-vit-clip", "module08-vlm"

_LARGE_VISION = {
    "hidden_size": 1024,
    "intermediate_size": 4096,
    "num_hidden_layers": 24,
    "num_attention_heads": 16,
    "patch_size": 14,
}
_LARGE_TEXT = {"hidden_size": 768, "intermediate_size": 3072, "num_attention_heads": 12}
"""Where CLIP ViT-L/14 differs from ViT-B/32, which has the defaults of transformers."""

_CAPTION = {"min_new_tokens": 12, "max_new_tokens": 12}
"""About the length of a caption of COCO, and of BLIP's."""

_PHOTOS = 64
"""Pictures drawn for the published architectures, and used again for more."""


@dataclass(frozen=True, kw_only=True)
class Subject:
    """A model to be compared, and what it predicts from."""

    name: str
    profile: str
    """``tiny`` or ``published``."""

    pictures: Callable[[], Sequence[bytes]]
    """Encoded pictures, as many as there are."""

    build: Callable[[], Predictor]
    """The model on the CPU, in evaluation mode."""

    writes: bool = False
    """Whether it writes captions, which takes many more steps than naming a class."""


def _tiny_vit() -> Predictor:
    # The checkpoint has no head; a notebook trains one.
    torch.manual_seed(0)
    model = ViTForImageClassification.from_pretrained(_VIT, num_labels=3).eval()
    return Vit(model=model, processor=AutoImageProcessor.from_pretrained(_VIT))


def _tiny_clip() -> Predictor:
    model = CLIPModel.from_pretrained(_CLIP).eval()
    return Clip(model=model, processor=CLIPProcessor.from_pretrained(_CLIP), labels=_LABELS)


def _tiny_blip() -> Predictor:
    model = BlipForConditionalGeneration.from_pretrained(_BLIP).eval()
    return Blip(model=model, processor=BlipProcessor.from_pretrained(_BLIP))


def _vit() -> Predictor:
    torch.manual_seed(0)
    model = ViTForImageClassification(ViTConfig(num_labels=len(_LABELS))).eval()
    return Vit(model=model, processor=_images(_VIT, 224))


def _clip(
    vision: Mapping[str, int] | None = None, text: Mapping[str, int] | None = None
) -> Predictor:
    # The published vocabulary is not shipped. A smaller one costs the same, a prompt being about
    # as long; the model looks for its end by the number of that token.
    tokenizer = CLIPProcessor.from_pretrained(_CLIP).tokenizer
    words: dict[str, Any] = {**(text or {}), "eos_token_id": tokenizer.eos_token_id}
    width = words.get("hidden_size", 512)
    torch.manual_seed(0)
    config = CLIPConfig(text_config=words, vision_config=dict(vision or {}), projection_dim=width)
    processor = CLIPProcessor(image_processor=_images(_CLIP, 224), tokenizer=tokenizer)
    return Clip(model=CLIPModel(config).eval(), processor=processor, labels=_LABELS)


def _large_clip() -> Predictor:
    return _clip(_LARGE_VISION, _LARGE_TEXT)


def _blip() -> Predictor:
    torch.manual_seed(0)
    config = BlipConfig(vision_config={"image_size": 384})
    model = BlipForConditionalGeneration(config).eval()
    # Any words do to print what a model says that has learned nothing.
    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    others = [f"w{number}" for number in range(config.text_config.vocab_size - len(special))]
    tokenizer = BertTokenizer(vocab={word: at for at, word in enumerate(special + others)})
    processor = BlipProcessor(image_processor=_images(_BLIP, 384), tokenizer=tokenizer)
    return Blip(model=model, processor=processor, length=_CAPTION)


def _images(shipped: Path, side: int) -> Any:  # noqa: ANN401 - any image processor
    """The processor of a small model, for pictures of the published size."""
    found = AutoImageProcessor.from_pretrained(shipped)
    square = {"height": side, "width": side}
    found.size = {"shortest_edge": side} if found.do_center_crop else square
    found.crop_size = square
    return found


def _photos() -> Sequence[bytes]:
    return photos(_PHOTOS)


TINY = (
    Subject(
        name="ViT",
        profile="tiny",
        pictures=lambda: stored(_LAB, "AI-Lab-Makerere/beans", "image"),
        build=_tiny_vit,
    ),
    Subject(
        name="CLIP",
        profile="tiny",
        pictures=lambda: stored(_LAB, "uoft-cs/cifar10", "img"),
        build=_tiny_clip,
    ),
    Subject(
        name="BLIP captions",
        profile="tiny",
        pictures=lambda: addressed(_VLM_LAB),
        build=_tiny_blip,
        writes=True,
    ),
)
PUBLISHED = (
    Subject(name="ViT-B/16", profile="published", pictures=_photos, build=_vit),
    Subject(name="CLIP ViT-B/32", profile="published", pictures=_photos, build=_clip),
    Subject(name="CLIP ViT-L/14", profile="published", pictures=_photos, build=_large_clip),
    Subject(
        name="BLIP base captions", profile="published", pictures=_photos, build=_blip, writes=True
    ),
)
