"""Prompts are read from the source, and only where it shows them."""

import pytest

from grader.compare.prompts import prompts
from tests import build


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ('processor(text=[f"a photo of a {n}" for n in names], images=x)', ("a photo of a {}",)),
        ('t = [f"a {n}!" for n in names]\nprocessor(text=t)', ("a {}!",)),
        ('t = "a photo of {}"\nc = [t.format(n) for n in names]\ntokenizer(c)', ("a photo of {}",)),
        ('tokenizer(["a photo of a " + n for n in names])', ("a photo of a {}",)),
        ('pipe(image, candidate_labels=["cat", "dog"])', ("cat", "dog")),
        ('model.encode_text(tokenize(["one", "two"]))', ("one", "two")),
        ('blip_processor(image, text="a picture of")', ("a picture of",)),
        ('processor(text=["cat", "cat"])', ("cat",)),
        ("processor(text=row['question'])", None),
        ("processor(text=[f'{n}' for n in names])", None),
        ("processor(images=x)", None),
        ("a = a\nprocessor(text=a)", None),
        ("processor(text=", None),
        ("!pip install x\nprocessor(text='a cat')", ("a cat",)),
    ],
)
def test_prompts_of_a_call(source: str, found: tuple[str, ...] | None) -> None:
    case = build.case(build.code(0, source))
    assert prompts(case.evidence, "clip", None) == found


def test_prompts_of_another_task_and_below_the_evaluation_do_not_count() -> None:
    case = build.case(
        build.text(0, "# Task 1: ViT"),
        build.code(1, "vit_processor(text='not this')"),
        build.text(2, "# Task 2: CLIP"),
        build.code(3, "clip_processor(text='this')"),
        build.code(4, "clip_processor(text='nor this')"),
    )
    assert prompts(case.evidence, "clip", 3) == ("this",)
