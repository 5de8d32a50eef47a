"""Parameter counts against models built from the same configuration, without memory."""

from typing import Any

import pytest
import torch
import transformers

from grader.metrics.parameters import ARCHITECTURES, parameters

SMALL_VISION = {
    "hidden_size": 24,
    "intermediate_size": 40,
    "num_hidden_layers": 3,
    "num_attention_heads": 2,
    "image_size": 20,
    "patch_size": 8,
    "num_channels": 3,
}
SMALL_TEXT = {
    "vocab_size": 31,
    "hidden_size": 16,
    "intermediate_size": 28,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "max_position_embeddings": 9,
    "projection_dim": 12,
    "bos_token_id": 1,
    "eos_token_id": 2,
    "pad_token_id": 0,
}
SMALL = {"vision_config": SMALL_VISION, "text_config": SMALL_TEXT, "projection_dim": 12}
LARGE_CLIP = {
    "vision_config": {
        "hidden_size": 1024,
        "intermediate_size": 4096,
        "num_hidden_layers": 24,
        "num_attention_heads": 16,
        "patch_size": 14,
    },
    "text_config": {"hidden_size": 768, "intermediate_size": 3072, "num_attention_heads": 12},
    "projection_dim": 768,
}
LABELS = {str(number): f"class {number}" for number in range(1000)}
UNTIED = {
    **SMALL,
    "tie_word_embeddings": False,
    "text_config": {**SMALL_TEXT, "tie_word_embeddings": False},
}
BLIP = ("BlipForConditionalGeneration", "BlipForQuestionAnswering", "BlipForImageTextRetrieval")


def built(architecture: str, config: dict[str, Any]) -> tuple[dict[str, int], dict[str, Any]]:
    """Parts of the library's own model on the meta device, and its whole configuration."""
    model_class = getattr(transformers, architecture)
    made = model_class.config_class.from_dict(config)
    with torch.device("meta"):
        model = model_class(made)
    counts: dict[str, int] = {}
    for name, parameter in model.named_parameters():
        part = name.split(".")[0]
        counts[part] = counts.get(part, 0) + parameter.numel()
    return counts, made.to_dict()


@pytest.mark.parametrize(
    ("architecture", "config"),
    [
        ("CLIPModel", {}),
        ("CLIPModel", {"vision_config": {"patch_size": 16}}),
        ("CLIPModel", LARGE_CLIP),
        ("CLIPModel", SMALL),
        ("ViTForImageClassification", {"id2label": LABELS}),
        ("ViTForImageClassification", {**SMALL_VISION, "qkv_bias": False}),
        *((name, {}) for name in BLIP),
        *((name, {**SMALL, "image_text_hidden_size": 10}) for name in BLIP),
        *((name, UNTIED) for name in BLIP[:2]),
        (BLIP[0], {**SMALL, "tie_word_embeddings": False}),
    ],
)
def test_every_part_has_as_many_as_the_model_built(
    architecture: str, config: dict[str, Any]
) -> None:
    counts, whole = built(architecture, config)
    found = parameters(config, architecture)
    assert found.parts == counts
    assert found.total == sum(counts.values())
    assert parameters(whole, architecture).parts == counts


def test_published_models() -> None:
    """The totals their authors or their model cards give."""
    assert parameters({}, "CLIPModel").total == 151_277_313
    assert parameters(LARGE_CLIP, "CLIPModel").total == 427_616_513
    assert parameters({"id2label": LABELS}, "ViTForImageClassification").total == 86_567_656


def test_blip_uses_its_word_embeddings_twice_and_counts_them_once() -> None:
    """The number most often given, 247,414,076, has the matrix a second time as the head's."""
    blip = parameters({}, "BlipForConditionalGeneration")
    assert blip.total == 223_971_644
    assert blip.total + 30_524 * 768 == 247_414_076


def test_what_is_left_to_train_when_the_encoders_are_frozen() -> None:
    clip = parameters({"architectures": ["CLIPModel"]})
    assert clip.trainable("visual_projection", "text_projection") == 655_360
    assert clip.trainable("visual_projection", "visual_projection") == 768 * 512
    assert clip.trainable() == 0
    assert clip.trainable(*clip.parts) == clip.total


def test_part_that_does_not_exist_is_named_with_those_that_do() -> None:
    with pytest.raises(ValueError, match=r"no part head; its parts are vit, classifier\."):
        parameters({}, "ViTForImageClassification").trainable("head")


@pytest.mark.parametrize(
    ("config", "words"),
    [
        ({}, "an unnamed model"),
        ({"model_type": "blip"}, "an unnamed model"),
        ({"architectures": ["ResNetForImageClassification"]}, "ResNetForImageClassification"),
        (
            {"architectures": ["CLIPModel"], "projection_dim": 0},
            "projection_dim must be a positive",
        ),
        (
            {"architectures": ["CLIPModel"], "text_config": {"hidden_size": "512"}},
            "hidden_size must be a positive",
        ),
    ],
)
def test_configuration_that_tells_too_little_is_refused(config: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        parameters(config)


def test_every_architecture_exists_in_the_library() -> None:
    assert all(hasattr(transformers, name) for name in ARCHITECTURES)
