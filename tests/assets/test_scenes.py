"""The drawn scenes: the same everywhere, and everything said about them true of the drawing."""

import hashlib
import io
import itertools
import re
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from grader.assets.scene_rows import (
    SCENES,
    DrawnScenes,
    caption_row,
    encode_png,
    question_rows,
    write_captions,
)
from grader.assets.scene_texts import ANNOTATORS, CAPTIONS, KINDS, Question, ask, describe, plural
from grader.assets.scenes import COLORS, GROUNDS, SHAPES, SIZE, Scene, draw_scene

SEEDS = st.integers(0, 2**32)
NUMBERS = {"a": 1, "an": 1, "two": 2, "three": 3, "four": 4}
FIRST_PICTURES = "859fbebfd981ffd1890bedd5708135079ceaa440c7b64db6ceda34db812760aa"
"""SHA-256 of the files of the first twenty test pictures: they are the same on every machine."""


def test_files_are_the_same_on_every_machine() -> None:
    digest = hashlib.sha256()
    for _, file in itertools.islice(SCENES.pictures("test"), 20):
        digest.update(file)

    assert digest.hexdigest() == FIRST_PICTURES


@given(SEEDS)
@settings(max_examples=50, deadline=None)
def test_same_seed_tells_the_same(seed: int) -> None:
    first, second = _told(seed), _told(seed)

    assert first[0].pixels.tobytes() == second[0].pixels.tobytes()
    assert first[1:] == second[1:]


@given(SEEDS)
@settings(max_examples=100, deadline=None)
def test_objects_are_the_groups_and_lie_apart_inside(seed: int) -> None:
    scene = draw_scene(np.random.default_rng(seed))

    looks = Counter((placed.shape, placed.color) for placed in scene.objects)
    assert looks == {(group.shape, group.color): group.count for group in scene.groups}
    assert scene.pixels.shape == (SIZE, SIZE, 3)
    for placed in scene.objects:
        assert all(placed.radius < at < 1.0 - placed.radius for at in placed.center)
    for one, other in itertools.combinations(scene.objects, 2):
        assert np.hypot(*np.subtract(one.center, other.center)) > one.radius + other.radius


@given(SEEDS)
@settings(max_examples=60, deadline=None)
def test_an_object_has_its_color_at_its_place(seed: int) -> None:
    scene = draw_scene(np.random.default_rng(seed))
    blank = np.median(scene.pixels.reshape(-1, 3), axis=0)

    for placed in scene.objects:
        if placed.shape != "ring":
            x, y = (round(at * SIZE) for at in placed.center)
            seen = scene.pixels[y - 1 : y + 2, x - 1 : x + 2].reshape(-1, 3).mean(axis=0)
            assert np.abs(seen - blank).max() > 12


@given(SEEDS)
@settings(max_examples=200, deadline=None)
def test_captions_are_five_different_true_sentences(seed: int) -> None:
    scene, captions, _ = _told(seed)

    assert len(set(captions)) == len(captions) == CAPTIONS
    for caption in captions:
        assert caption[0].isupper()
        assert caption.endswith(".")
        _check_caption(scene, caption.lower())


def _check_caption(scene: Scene, caption: str) -> None:
    color, shape = "|".join(COLORS), "|".join(SHAPES)
    named = re.findall(rf"(an|a|two|three|four) ({color}) ({shape})(?:es|s)?\b", caption)
    true = {(group.count, group.color, group.shape) for group in scene.groups}
    assert {(NUMBERS[number], *look) for number, *look in named} == true
    assert {name for name in GROUNDS if f"the {name}" in caption} <= {scene.ground}
    sides = {"left of": (0, 1), "right of": (0, -1), "above": (1, 1), "below": (1, -1)}
    for words, (axis, sign) in sides.items():
        if words in caption:
            first = next(p for p in scene.objects if p.shape == named[0][2])
            second = next(p for p in scene.objects if p.shape == named[1][2])
            assert sign * (second.center[axis] - first.center[axis]) > 0.2


@given(SEEDS)
@settings(max_examples=200, deadline=None)
def test_answers_are_true_of_the_drawing(seed: int) -> None:
    scene, _, questions = _told(seed)

    assert [question.kind for question in questions] == [
        kind for kind in KINDS if kind != "side" or scene.side
    ]
    for question in questions:
        assert len(question.answers) == ANNOTATORS
        assert question.answer == _true_answer(scene, question)


def _true_answer(scene: Scene, question: Question) -> str:
    """The answer worked out from what was drawn and from the words of the question alone."""
    words = re.findall(r"[a-z]+", question.text.lower())
    shapes = [s for w in words for s in SHAPES if w in (s, plural(s))]
    colors = [w for w in words if w in COLORS]
    meant = [
        placed
        for placed in scene.objects
        if (not shapes or placed.shape in shapes) and (not colors or placed.color in colors)
    ]
    if question.kind == "side":
        return _true_side(scene, question.text.lower(), shapes)
    if question.kind == "count":
        return str(len(meant))
    if question.kind == "exists":
        return "yes" if meant else "no"
    answers = {"color": meant[0].color, "shape": meant[0].shape, "ground": scene.ground}
    return answers[question.kind]


def _true_side(scene: Scene, text: str, shapes: list[str]) -> str:
    axis = 0 if "left" in text or "right" in text else 1
    sign = 1 if "right" in text or "below" in text else -1
    at = {placed.shape: sign * placed.center[axis] for placed in scene.objects}
    if text.startswith("what"):
        return next(shape for shape in at if at[shape] > at[shapes[0]])
    return "yes" if at[shapes[0]] > at[shapes[1]] else "no"


def test_ten_people_mostly_agree_and_sometimes_do_not() -> None:
    told = itertools.islice(SCENES.told("test"), 100)
    questions = [question for scene in told for question in scene.questions]
    right = [question.answers.count(question.answer) for question in questions]

    assert min(right) >= 3
    assert 0.85 < np.mean(right) / ANNOTATORS < 0.99


def test_splits_and_answers_are_varied() -> None:
    questions = [q for told in itertools.islice(SCENES.told("test"), 300) for q in told.questions]
    for kind in KINDS:
        answers = Counter(question.answer for question in questions if question.kind == kind)
        assert max(answers.values()) < 0.65 * sum(answers.values()), kind


def test_no_picture_is_in_two_places() -> None:
    served = [served for split in SCENES.splits for served in SCENES.pictures(split)]
    urls, pictures = zip(*served, strict=True)

    assert len(set(pictures)) == len(set(urls)) == len(served) == sum(SCENES.splits.values())


def test_caption_rows_have_the_published_columns() -> None:
    told = next(SCENES.told("validation"))
    row = caption_row(told, "validation", 0)

    assert list(row) == [
        "filepath",
        "sentids",
        "filename",
        "imgid",
        "split",
        "sentences",
        "cocoid",
        "url",
    ]
    assert row["split"] == "val"
    assert row["sentences"] == list(told.captions)
    assert row["url"] == f"http://images.cocodataset.org/{row['filepath']}/{row['filename']}"
    assert row["url"] == next(SCENES.pictures("validation"))[0]


def test_captions_load_as_a_dataset(tmp_path: Path) -> None:
    small = DrawnScenes(id=SCENES.id, splits={"train": 3, "validation": 2, "restval": 1})
    write_captions(small, tmp_path / "captions")

    # imports for a second; no other test needs it
    from datasets import load_dataset

    loaded = load_dataset(str(tmp_path / "captions"), cache_dir=str(tmp_path / "cache"))

    assert {split: part.num_rows for split, part in loaded.items()} == small.splits
    told = list(small.told("validation"))
    assert loaded["validation"][1] == caption_row(told[1], "validation", 1)


def test_question_rows_have_ten_numbered_answers() -> None:
    told = next(SCENES.told("test"))
    rows = question_rows(told)

    assert [row["question"] for row in rows] == [question.text for question in told.questions]
    assert len({row["question_id"] for row in rows}) == len(rows)
    for row in rows:
        assert [answer["answer_id"] for answer in row["answers"]] == list(range(1, 11))
        assert row["answer_type"] in {"yes/no", "number", "other"}


def test_two_datasets_of_other_ids_show_other_pictures() -> None:
    other = DrawnScenes(id="somebody/else", splits=SCENES.splits)

    assert next(other.pictures("test"))[1] != next(SCENES.pictures("test"))[1]


@given(st.integers(1, 40), st.integers(1, 40), SEEDS)
@settings(max_examples=50, deadline=None)
def test_encoded_picture_reads_back(height: int, width: int, seed: int) -> None:
    pixels = np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)
    image = Image.open(io.BytesIO(encode_png(pixels)))

    assert (image.format, image.mode) == ("PNG", "RGB")
    assert (np.asarray(image) == pixels).all()


def test_picture_too_large_for_one_block_is_refused() -> None:
    with pytest.raises(ValueError, match="200 x 200"):
        encode_png(np.zeros((200, 200, 3), dtype=np.uint8))


def _told(seed: int) -> tuple[Scene, tuple[str, ...], tuple[Question, ...]]:
    rng = np.random.default_rng(seed)
    scene = draw_scene(rng)
    return scene, describe(scene, rng), ask(scene, rng)
