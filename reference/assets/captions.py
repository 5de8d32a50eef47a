"""Captions for the drawn things, and a small tokenizer in CLIP's format that covers them."""

import json
from pathlib import Path

from tokenizers import Tokenizer, pre_tokenizers
from tokenizers.models import BPE
from tokenizers.trainers import BpeTrainer
from transformers import CLIPTokenizer

from grader.assets.things import COLORS, NAMES

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

_COMMON = (
    "a an the this that these is are was of in on at with and or to from photo photograph picture "
    "image drawing painting sketch blurry bright dark clear good bad low high resolution quality "
    "close up cropped centered small large big little tiny pixelated type kind class category "
    "object animal vehicle pet showing shows depicting containing i see can you one two standing "
    "flying driving sailing sitting sky road water grass room background side view cute old new "
    "what not no who dogs cats birds horses ships trucks planes cars people person man woman"
)
_POSITIONS = 77
"""Longest text of the published model, in tokens."""

_VOCABULARY = 1000
_WORD_END = "</w>"


def names_of(name: str) -> tuple[str, ...]:
    """The class's own name, then its synonyms."""
    return (name, *SYNONYMS.get(name, ()))


def build_tokenizer(folder: Path) -> CLIPTokenizer:
    """Learn a byte-pair vocabulary from the captions and save it in CLIP's format.

    Args:
        folder: Where the tokenizer's files go.
    """
    vocabulary, merges = _learn()
    tokenizer = CLIPTokenizer(vocab=vocabulary, merges=merges, model_max_length=_POSITIONS)
    tokenizer.save_pretrained(folder)
    tokenizer.backend_tokenizer.model.save(str(folder))
    return tokenizer


def _learn() -> tuple[dict[str, int], list[tuple[str, str]]]:
    """Vocabulary in the published order: bytes, bytes that end a word, merges, then the marks."""
    learner = Tokenizer(BPE(end_of_word_suffix=_WORD_END))
    learner.pre_tokenizer = CLIPTokenizer().backend_tokenizer.pre_tokenizer
    letters = sorted(pre_tokenizers.ByteLevel.alphabet())
    trainer = BpeTrainer(
        vocab_size=_VOCABULARY,
        initial_alphabet=letters,
        end_of_word_suffix=_WORD_END,
        show_progress=False,
    )
    learner.train_from_iterator(_corpus(), trainer)
    merges = [tuple(pair) for pair in json.loads(learner.to_str())["model"]["merges"]]
    tokens = [*letters, *(letter + _WORD_END for letter in letters)]
    tokens += [left + right for left, right in merges]
    tokens += ["<|startoftext|>", "<|endoftext|>"]
    return {token: number for number, token in enumerate(dict.fromkeys(tokens))}, merges


def _corpus() -> list[str]:
    words = [*_COMMON.split(), *COLORS]
    words += [noun for name in NAMES for noun in names_of(name)]
    return [template.format(word) for word in words for template in TEMPLATES]
