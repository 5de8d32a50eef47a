"""Captions for the drawn things, and a small tokenizer in CLIP's format that covers them."""

from pathlib import Path

from tokenizers import pre_tokenizers
from transformers import CLIPTokenizer

TEMPLATES = (
    "a photo of a {}.",
    "a photo of the {}.",
    "a drawing of a {}.",
    "the {}.",
    "a blurry photo of a small {}.",
    "this is a photo of {}.",
    "this is a photo of a {}.",
)
"""Sentences a name is put into. Others that students use ("a picture of a {}.", "{}") are left
out, so that a score depends on the prompt as it does with the published model."""

SYNONYMS = {
    "airplane": ("plane", "aeroplane", "jet"),
    "automobile": ("car",),
    "cat": ("kitten",),
    "deer": ("stag",),
    "dog": ("puppy",),
    "frog": ("toad",),
    "horse": ("pony",),
    "ship": ("boat",),
    "truck": ("lorry",),
}
"""Other names of a class."""

_POSITIONS = 77
"""Longest text of the published model, in tokens."""

_WORD_END = "</w>"
_MERGES = Path(__file__).with_name("merges.txt")
"""Byte pairs learned with ``tokenizers.trainers.BpeTrainer`` from the captions, other common words
of prompts in the same sentences, and the names of colors. Stored because the trainer breaks ties
differently in every run."""


def names_of(name: str) -> tuple[str, ...]:
    """The class's own name, then its synonyms."""
    return (name, *SYNONYMS.get(name, ()))


def build_tokenizer(folder: Path, merges_file: Path = _MERGES) -> CLIPTokenizer:
    """Build the tokenizer from the stored byte pairs and save it in CLIP's format.

    Args:
        folder: Where the tokenizer's files go.
        merges_file: The byte pairs.
    """
    merges = _read_merges(merges_file)
    tokenizer = CLIPTokenizer(vocab=_vocabulary(merges), merges=merges, model_max_length=_POSITIONS)
    tokenizer.save_pretrained(folder)
    tokenizer.backend_tokenizer.model.save(str(folder))
    return tokenizer


def _read_merges(file: Path) -> list[tuple[str, str]]:
    lines = file.read_text(encoding="utf-8").splitlines()[1:]
    pairs = [line.split(" ") for line in lines]
    return [(left, right) for left, right in pairs]


def _vocabulary(merges: list[tuple[str, str]]) -> dict[str, int]:
    """Numbers in the published order: bytes, bytes that end a word, merges, then the marks."""
    letters = sorted(pre_tokenizers.ByteLevel.alphabet())
    tokens = [*letters, *(letter + _WORD_END for letter in letters)]
    tokens += [left + right for left, right in merges]
    tokens += ["<|startoftext|>", "<|endoftext|>"]
    return {token: number for number, token in enumerate(dict.fromkeys(tokens))}
