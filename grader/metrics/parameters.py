"""How many parameters a published architecture has, by arithmetic on its configuration."""

from collections.abc import Callable, Mapping
from typing import Any

from msgspec import Struct

__all__ = ["ARCHITECTURES", "Parameters", "parameters"]

Values = Mapping[str, int]

CLIP_TEXT: Values = {
    "vocab_size": 49408,
    "hidden_size": 512,
    "intermediate_size": 2048,
    "num_hidden_layers": 12,
    "max_position_embeddings": 77,
}
CLIP_VISION: Values = {
    "hidden_size": 768,
    "intermediate_size": 3072,
    "num_hidden_layers": 12,
    "num_channels": 3,
    "image_size": 224,
    "patch_size": 32,
}
VIT: Values = {**CLIP_VISION, "patch_size": 16}
BLIP_TEXT: Values = {
    "vocab_size": 30524,
    "hidden_size": 768,
    "intermediate_size": 3072,
    "num_hidden_layers": 12,
    "max_position_embeddings": 512,
}
BLIP_VISION: Values = {**VIT, "image_size": 384}
"""What transformers takes where ``config.json`` is silent, which leaves out what equals it."""


class Parameters(Struct, frozen=True, kw_only=True):
    """Parameters of a model; those of weights used twice count once, buffers not at all."""

    architecture: str
    parts: dict[str, int]
    """Name of each module or parameter at the top of the model to the parameters it holds. Weights
    that two parts share count in the first."""

    @property
    def total(self) -> int:
        """All parameters."""
        return sum(self.parts.values())

    def trainable(self, *kept: str) -> int:
        """What is left to train when all but the parts named are frozen.

        Raises:
            ValueError: If the model has no such part.
        """
        if unknown := set(kept).difference(self.parts):
            raise ValueError(
                f"{self.architecture} has no part {', '.join(sorted(unknown))}; "
                f"its parts are {', '.join(self.parts)}."
            )
        return sum(self.parts[name] for name in set(kept))


def parameters(config: Mapping[str, Any], architecture: str | None = None) -> Parameters:
    """Parameters of a transformers model, computed here from its configuration, without weights.

    CLIP ViT-B/32 has 151,277,313, of which 655,360 in its two projections. BLIP base for
    captioning has 223,971,644, of which earlier versions of transformers held the word embeddings
    a second time, as the matrix of the head: 247,414,076, the number most often given. The layers
    summed are those of transformers 5; tests compare every part with models built there.

    Args:
        config: Content of ``config.json`` or ``config.to_dict()``.
        architecture: One of ``ARCHITECTURES``; by default what the configuration says.

    Raises:
        ValueError: If the architecture is not named or not known, or a size is no positive number.
    """
    name = architecture or next(iter(config.get("architectures") or ()), None)
    if name not in ARCHITECTURES:
        known = ", ".join(ARCHITECTURES)
        raise ValueError(f"Parameters of {name or 'an unnamed model'} are unknown; of {known} not.")
    return Parameters(architecture=name, parts=ARCHITECTURES[name](config))


def _clip(config: Mapping[str, Any]) -> dict[str, int]:
    text = _values(config.get("text_config"), CLIP_TEXT)
    vision = _values(config.get("vision_config"), CLIP_VISION)
    shared = _values(config, {"projection_dim": 512})["projection_dim"]
    h = text["hidden_size"]
    return {
        "logit_scale": 1,
        "text_model": (text["vocab_size"] + text["max_position_embeddings"]) * h
        + text["num_hidden_layers"] * _layer(text)
        + _norm(h),
        # a norm before the layers and one after, and patches without bias
        "vision_model": _patches(vision, bias=False)
        + vision["num_hidden_layers"] * _layer(vision)
        + 2 * _norm(vision["hidden_size"]),
        "visual_projection": vision["hidden_size"] * shared,
        "text_projection": h * shared,
    }


def _vit(config: Mapping[str, Any]) -> dict[str, int]:
    values = _values(config, VIT)
    h, layers = values["hidden_size"], values["num_hidden_layers"]
    without = 0 if config.get("qkv_bias", True) else 3 * h
    labels = _values(config, {"num_labels": len(config.get("id2label") or (0, 1))})["num_labels"]
    return {
        "vit": _patches(values, bias=True) + layers * (_layer(values) - without) + _norm(h),
        "classifier": _linear(h, labels),
    }


def _blip_captioning(config: Mapping[str, Any]) -> dict[str, int]:
    return {"vision_model": _blip_vision(config), "text_decoder": _blip_decoder(config)}


def _blip_answering(config: Mapping[str, Any]) -> dict[str, int]:
    return {
        "vision_model": _blip_vision(config),
        "text_encoder": _blip_text(config),
        "text_decoder": _blip_decoder(config),
    }


def _blip_matching(config: Mapping[str, Any]) -> dict[str, int]:
    h = _values(config.get("text_config"), BLIP_TEXT)["hidden_size"]
    seen = _values(config.get("vision_config"), BLIP_VISION)["hidden_size"]
    shared = _values(config, {"image_text_hidden_size": 256})["image_text_hidden_size"]
    return {
        "vision_model": _blip_vision(config),
        "text_encoder": _blip_text(config),
        "vision_proj": _linear(seen, shared),
        "text_proj": _linear(h, shared),
        "itm_head": _linear(h, 2),
    }


ARCHITECTURES: dict[str, Callable[[Mapping[str, Any]], dict[str, int]]] = {
    "CLIPModel": _clip,
    "ViTForImageClassification": _vit,
    "BlipForConditionalGeneration": _blip_captioning,
    "BlipForQuestionAnswering": _blip_answering,
    "BlipForImageTextRetrieval": _blip_matching,
}
"""Class of transformers to the function that counts its parts."""


def _blip_vision(config: Mapping[str, Any]) -> int:
    vision = _values(config.get("vision_config"), BLIP_VISION)
    layers = vision["num_hidden_layers"] * _layer(vision)
    return _patches(vision, bias=True) + layers + _norm(vision["hidden_size"])


def _blip_text(config: Mapping[str, Any]) -> int:
    """BERT whose layers also attend to the image's patches."""
    text = _values(config.get("text_config"), BLIP_TEXT)
    seen = _values(config.get("vision_config"), BLIP_VISION)["hidden_size"]
    h = text["hidden_size"]
    crossing = 2 * _linear(h, h) + 2 * _linear(seen, h) + _norm(h)
    embeddings = (text["vocab_size"] + text["max_position_embeddings"]) * h + _norm(h)
    return embeddings + text["num_hidden_layers"] * (_layer(text) + crossing)


def _blip_decoder(config: Mapping[str, Any]) -> int:
    """The same with a head, whose matrix is that of the word embeddings.

    Where both levels of the configuration untie them, the head holds its own and another bias.
    """
    text = _values(config.get("text_config"), BLIP_TEXT)
    h, words = text["hidden_size"], text["vocab_size"]
    tied = any(
        each.get("tie_word_embeddings", True) for each in (config, config.get("text_config") or {})
    )
    return _blip_text(config) + _linear(h, h) + _norm(h) + words + (0 if tied else words * (h + 1))


def _layer(values: Values) -> int:
    """Self-attention, two linear layers, and a norm for each half."""
    h, inner = values["hidden_size"], values["intermediate_size"]
    return 4 * _linear(h, h) + _linear(h, inner) + _linear(inner, h) + 2 * _norm(h)


def _patches(values: Values, *, bias: bool) -> int:
    """Patch embedding, class token and one position for each patch and the token."""
    h, patch = values["hidden_size"], values["patch_size"]
    patches = (values["image_size"] // patch) ** 2
    return h * (values["num_channels"] * patch**2 + bias) + h + (patches + 1) * h


def _linear(inputs: int, outputs: int) -> int:
    return inputs * outputs + outputs


def _norm(width: int) -> int:
    return 2 * width


def _values(config: Mapping[str, Any] | None, defaults: Values) -> dict[str, int]:
    found = {name: (config or {}).get(name, default) for name, default in defaults.items()}
    for name, value in found.items():
        if not isinstance(value, int) or value < 1:
            raise ValueError(f"{name} must be a positive whole number, not {value!r}.")
    return found
