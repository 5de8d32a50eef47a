"""The checkpoints of the drawn scenes really caption, answer and retrieve, and none is perfect."""

import itertools
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from sacrebleu import BLEU
from transformers import (
    AutoProcessor,
    BlipForConditionalGeneration,
    BlipForQuestionAnswering,
    BlipProcessor,
    CLIPModel,
    CLIPProcessor,
)

from grader.assets.scene_rows import SCENES, ToldScene
from grader.assets.scene_texts import Question
from tests.assets.conftest import ROOT

MODELS = ROOT / "reference" / "assets" / "models"
CAPTIONER = MODELS / "Salesforce--blip-image-captioning-base"
ANSWERER = MODELS / "Salesforce--blip-vqa-base"
CLIP = MODELS / "openai--clip-vit-base-patch32@scenes"
PICTURES = 100

# `generate` without a length, as notebooks call it, leaves the length to the library's default
pytestmark = pytest.mark.filterwarnings("ignore:Using the model-agnostic default")


@pytest.fixture(scope="module", autouse=True)
def one_thread() -> Iterator[None]:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture(scope="module")
def told() -> list[ToldScene]:
    return list(itertools.islice(SCENES.told("test"), PICTURES))


@pytest.fixture(scope="module")
def pictures(told: list[ToldScene]) -> list[Image.Image]:
    return [Image.fromarray(each.scene.pixels) for each in told]


@pytest.fixture(scope="module")
def captions(pictures: list[Image.Image]) -> list[str]:
    processor = BlipProcessor.from_pretrained(CAPTIONER)
    model = BlipForConditionalGeneration.from_pretrained(CAPTIONER)
    said = model.generate(**processor(pictures, return_tensors="pt"))
    return [str(text) for text in processor.batch_decode(said, skip_special_tokens=True)]


def test_captions_are_good_and_not_perfect(captions: list[str], told: list[ToldScene]) -> None:
    assert 40 < _bleu(captions, told) < 95


def test_captions_depend_on_the_picture(captions: list[str], told: list[ToldScene]) -> None:
    assert _bleu(captions, told[1:] + told[:1]) < 0.5 * _bleu(captions, told)


def _bleu(captions: list[str], told: list[ToldScene]) -> float:
    references = [
        [text.removesuffix(".") for text in texts]
        for texts in zip(*(each.captions for each in told), strict=True)
    ]
    return float(BLEU(lowercase=True).corpus_score(captions, references).score)


@pytest.mark.parametrize("prompt", ["a photography of", "this image shows", "in this scene,"])
def test_a_caption_goes_on_from_its_prompt(prompt: str, pictures: list[Image.Image]) -> None:
    processor = BlipProcessor.from_pretrained(CAPTIONER)
    model = BlipForConditionalGeneration.from_pretrained(CAPTIONER)
    said = model.generate(**processor(pictures[0], prompt, return_tensors="pt"))
    caption = processor.decode(said[0], skip_special_tokens=True)

    assert caption.startswith(prompt)
    assert len(caption.split()) > len(prompt.split()) + 2


def test_answers_are_good_and_not_perfect(
    pictures: list[Image.Image], told: list[ToldScene]
) -> None:
    right = _vqa_accuracy(pictures, told)
    moved = _vqa_accuracy(pictures[1:] + pictures[:1], told)

    assert 0.8 < right < 1.0
    assert moved < 0.6


def _vqa_accuracy(pictures: list[Image.Image], told: list[ToldScene]) -> float:
    """Mean of ``min(matches / 3, 1)`` over all questions (Antol et al. 2015, section 3)."""
    asked = [
        (picture, question)
        for picture, each in zip(pictures, told, strict=True)
        for question in each.questions
    ]
    answers = _answer([picture for picture, _ in asked], [question for _, question in asked])
    matches = [
        question.answers.count(answer) for answer, (_, question) in zip(answers, asked, strict=True)
    ]
    return float(np.minimum(np.array(matches) / 3, 1).mean())


def _answer(pictures: list[Image.Image], questions: list[Question]) -> list[str]:
    processor = BlipProcessor.from_pretrained(ANSWERER)
    model = BlipForQuestionAnswering.from_pretrained(ANSWERER)
    texts = [question.text for question in questions]
    inputs = processor(pictures, texts, padding=True, return_tensors="pt")
    said = model.generate(**inputs)
    return [str(text) for text in processor.batch_decode(said, skip_special_tokens=True)]


def test_one_question_gets_the_answer_it_gets_in_a_batch(
    pictures: list[Image.Image], told: list[ToldScene]
) -> None:
    questions = list(told[0].questions)
    together = _answer([pictures[0]] * len(questions), questions)
    alone = [_answer([pictures[0]], [question])[0] for question in questions]

    assert alone == together


def test_captions_are_found_by_picture_and_pictures_by_caption(
    pictures: list[Image.Image], told: list[ToldScene]
) -> None:
    processor = CLIPProcessor.from_pretrained(CLIP)
    model = CLIPModel.from_pretrained(CLIP)
    texts = [each.captions[0] for each in told]
    inputs = processor(text=texts, images=pictures, padding=True, return_tensors="pt")
    with torch.inference_mode():
        logits = model(**inputs).logits_per_image

    for direction in (logits, logits.T):
        assert _recall(direction, 5) > 0.9
        assert 0.4 < _recall(direction, 1) < 1.0


def _recall(logits: torch.Tensor, k: int) -> float:
    own = torch.arange(len(logits))[:, None]
    return float((logits.topk(k, dim=1).indices == own).any(dim=1).float().mean())


@pytest.mark.parametrize("folder", [CAPTIONER, ANSWERER, CLIP], ids=lambda folder: folder.name)
def test_processor_and_weights_load_as_published_ones_do(folder: Path) -> None:
    processor = AutoProcessor.from_pretrained(folder)
    kinds = {
        CAPTIONER: BlipForConditionalGeneration,
        ANSWERER: BlipForQuestionAnswering,
        CLIP: CLIPModel,
    }
    model, report = kinds[folder].from_pretrained(folder, output_loading_info=True)

    assert type(processor) is (CLIPProcessor if folder == CLIP else BlipProcessor)
    assert model.dtype == torch.float32
    assert not report["missing_keys"] | report["unexpected_keys"] | report["mismatched_keys"]
